//! A configuration file as text, read within limits, and the way from a byte to its line.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Fault};
use super::origin::shown_path;
use crate::base::{human, limits};

/// The text of one configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    /// Reads the file at `path`: UTF-8, with or without a byte order mark, at most [`limits::CONFIG_FILE_BYTES_MAX`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let bytes = read_limited(path, limits::CONFIG_FILE_BYTES_MAX)
            .map_err(|fault| ConfigError::one(shown_path(path), fault))?;
        Self::from_bytes(path, bytes)
    }

    /// Takes `bytes` as what the file at `path` holds, with the checks of [`Self::read`].
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, ConfigError> {
        let at = |line: usize| format!("{}:{line}", shown_path(path));
        if bytes.len() as u64 > limits::CONFIG_FILE_BYTES_MAX {
            return Err(ConfigError::one(shown_path(path), too_large(limits::CONFIG_FILE_BYTES_MAX)));
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(ConfigError::one(at(1), Fault::new("the file is UTF-16").hint("save it as UTF-8")));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
            ConfigError::one(
                at(Lines::of(&valid).count()),
                Fault::new("these bytes are not UTF-8").hint("save the file as UTF-8"),
            )
        })?;
        let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned);
        if let Some(offset) = text.find('\0') {
            let fault = Fault::new("the file holds a NUL byte")
                .hint("it is not a text file, or it was cut; write it again");
            return Err(ConfigError::one(at(Lines::of(&text[..offset]).count()), fault));
        }
        Ok(Self { path: path.to_owned(), text })
    }

    /// The path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text, without a byte order mark.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The lines of this text.
    pub(crate) fn lines(&self) -> Lines {
        Lines::of(&self.text)
    }
}

/// Where each line begins.
#[derive(Debug, Clone)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    /// How many there are; an empty text has one.
    fn count(&self) -> usize {
        self.0.len() + 1
    }

    /// The line, counted from 1, of the first byte of `span`.
    pub(crate) fn number(&self, span: &Range<usize>) -> usize {
        self.0.partition_point(|newline| *newline < span.start) + 1
    }
}

fn too_large(bytes_max: u64) -> Fault {
    Fault::new(format!("the file is larger than {}", human::bytes(bytes_max)))
        .hint("this is not a configuration file")
}

/// The whole content of the file at `path`, or a fault when it has more than `bytes_max`.
pub(crate) fn read_limited(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Fault> {
    let failed = |error: std::io::Error| Fault::new(format!("cannot be read: {error}"));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > bytes_max { Err(too_large(bytes_max)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        Document::from_bytes(Path::new("a.toml"), bytes.to_vec()).unwrap_err().to_string()
    }

    #[test]
    fn a_byte_order_mark_is_dropped_and_lines_are_counted_from_one() {
        let document = Document::from_bytes(Path::new("a.toml"), b"\xef\xbb\xbfa\r\nb\nc".to_vec()).unwrap();
        assert_eq!(document.text(), "a\r\nb\nc");
        let lines = document.lines();
        assert_eq!([0, 3, 5].map(|at| lines.number(&(at..at))), [1, 2, 3]);
    }

    #[test]
    fn what_is_not_text_is_refused_with_its_line() {
        assert!(message(b"a\nb\xff").starts_with("a.toml:2: these bytes are not UTF-8"));
        assert!(message(b"a\n\nb\0").starts_with("a.toml:3: the file holds a NUL byte"));
        assert!(message(b"\xff\xfea\0").starts_with("a.toml:1: the file is UTF-16"));
        assert!(message(&vec![b'#'; (1 << 20) + 1]).starts_with("a.toml: the file is larger than 1.0 MiB"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Document::read(Path::new("/nonexistent/a.toml")).unwrap_err().to_string();
        assert!(error.starts_with("/nonexistent/a.toml: cannot be read: No such file"), "{error}");
    }
}
