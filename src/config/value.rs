//! A checked value, and how it is written in TOML.

use std::fmt::Write;
use std::time::Duration;

use super::units;
use crate::base::escape;
use crate::model::settings::{Literal, Secret, TimeOfDay};

/// The value of a key after its kind was checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A switch.
    Boolean(bool),
    /// A whole number.
    Count(u64),
    /// A share from 0 to 1.
    Ratio(f64),
    /// Bytes.
    Size(u64),
    /// Time.
    Duration(Duration),
    /// Text of any sort; paths are absolute.
    Text(String),
    /// Names, or the words of a command.
    Texts(Vec<String>),
    /// Source column and target column, in the order written.
    Mapping(Vec<(String, String)>),
    /// Target column and value, in the order written.
    Literals(Vec<(String, Literal)>),
    /// Times of day, ascending.
    Times(Vec<TimeOfDay>),
    /// A database.
    Url {
        /// Without a password.
        url: String,
        /// The password that stood in it.
        secret: Option<Secret>,
    },
}

impl Value {
    /// The value in TOML, on one line, without secrets; it reads back as the same value.
    pub(crate) fn to_toml(&self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Count(value) => value.to_string(),
            Self::Ratio(value) => format!("{value:?}"),
            Self::Size(0) => "0".to_owned(),
            Self::Size(value) => quote(&units::format_size(*value)),
            Self::Duration(value) => quote(&humantime::format_duration(*value).to_string()),
            Self::Text(text) | Self::Url { url: text, .. } => quote(text),
            Self::Texts(texts) => list(texts.iter().map(|text| quote(text))),
            Self::Mapping(pairs) => table(pairs.iter().map(|(key, value)| (key, quote(value)))),
            Self::Literals(pairs) => table(pairs.iter().map(|(key, value)| (key, literal(value)))),
            Self::Times(times) => list(times.iter().map(|time| quote(&time.to_string()))),
        }
    }
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Boolean(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::Real(value) => format!("{value:?}"),
        Literal::Text(text) => quote(text),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn table<'a>(pairs: impl Iterator<Item = (&'a String, String)>) -> String {
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{} = {value}", key_name(key))).collect();
    if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
}

/// `name` as a TOML key: bare where it can be.
pub(crate) fn key_name(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if is_bare { name.to_owned() } else { quote_literally(name) }
}

/// `text` as a TOML value: a basic string whose unsafe characters are escaped, and in which nothing is replaced
/// from the environment when it is read again.
pub(crate) fn quote(text: &str) -> String {
    quote_literally(&text.replace("${", "$${"))
}

/// `text` as a TOML basic string whose unsafe characters are escaped.
pub(crate) fn quote_literally(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        let mut buffer = [0; 4];
        let alone: &str = c.encode_utf8(&mut buffer);
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if escape::visible(alone) != alone => {
                let _ = write!(out, "\\U{:08X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_toml_on_one_line() {
        let shown = [
            Value::Ratio(0.0),
            Value::Size(96 << 20),
            Value::Duration(Duration::from_mins(90)),
            Value::Text("a\"b\\c\n\u{1b}\u{202e}${HOME}".to_owned()),
            Value::Mapping(vec![("a b".to_owned(), "c".to_owned())]),
            Value::Literals(vec![
                ("x".to_owned(), Literal::Real(1.0)),
                ("y".to_owned(), Literal::Boolean(true)),
            ]),
            Value::Times(vec![TimeOfDay { hour: 2, minute: 5, second: 9 }]),
        ]
        .map(|value| value.to_toml());
        assert_eq!(
            shown,
            [
                "0.0",
                "\"96 MiB\"",
                "\"1h 30m\"",
                "\"a\\\"b\\\\c\\U0000000A\\U0000001B\\U0000202E$${HOME}\"",
                "{ \"a b\" = \"c\" }",
                "{ x = 1.0, y = true }",
                "[\"02:05:09\"]",
            ]
        );
    }
}
