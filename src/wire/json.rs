//! JSON text that is safe to print: one line, without a character that a terminal would act on or hide.

use std::io::{self, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::{Formatter, Serializer};

use super::WireError;
use crate::base::escape;

/// Compact JSON with every character that [`escape::is_unsafe`] names written as `\uXXXX`.
struct Printable;

impl Formatter for Printable {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        for (position, c) in fragment.char_indices().filter(|&(_, c)| escape::is_unsafe(c)) {
            writer.write_all(&fragment.as_bytes()[written..position])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = position + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }
}

/// Writes one value as one line, with a single call of the writer.
pub fn write_line<T: Serialize + ?Sized>(out: &mut dyn Write, value: &T) -> io::Result<()> {
    let mut line = Vec::with_capacity(256);
    value.serialize(&mut Serializer::with_formatter(&mut line, Printable)).map_err(io::Error::from)?;
    line.push(b'\n');
    out.write_all(&line)
}

/// One value as text without a line end.
///
/// # Errors
/// When the value cannot be JSON, such as a map whose keys are not text.
pub fn to_text<T: Serialize + ?Sized>(value: &T) -> io::Result<String> {
    let mut line = Vec::new();
    write_line(&mut line, value)?;
    line.pop();
    String::from_utf8(line).map_err(io::Error::other)
}

/// Reads a value; `what` names it in the error.
pub(super) fn read<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, WireError> {
    serde_json::from_str(text)
        .map_err(|cause| WireError::Malformed { what, cause: escape::visible(&cause.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_on_or_hides_is_written_as_it_is() {
        let hostile = "\u{1b}[2J\n\u{7f}\u{9b}31m\u{202e}x\u{2028}\u{feff}\u{e0041}\0\"\\é名";
        let text = to_text(hostile).unwrap();
        assert_eq!(text, r#""\u001b[2J\n\u007f\u009b31m\u202ex\u2028\ufeff\udb40\udc41\u0000\"\\é名""#);
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }

    #[test]
    fn names_of_fields_are_escaped_as_well() {
        let mut map = serde_json::Map::new();
        map.insert("a\u{9b}b".to_owned(), serde_json::Value::Null);
        assert_eq!(to_text(&map).unwrap(), r#"{"a\u009bb":null}"#);
    }

    #[test]
    fn a_line_is_written_at_once() {
        struct Calls(usize);
        impl Write for Calls {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += 1;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut calls = Calls(0);
        write_line(&mut calls, &vec!["a\u{9b}"; 100]).unwrap();
        assert_eq!(calls.0, 1);
    }
}
