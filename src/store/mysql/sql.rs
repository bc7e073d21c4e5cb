//! SQL text: names, conditions from the configuration, literals.

use std::fmt::Write as _;

use crate::model::schema::TableName;

/// A name in backticks.
pub(super) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A table's name, with its database where it has one.
pub(super) fn table(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quote(schema), quote(&name.name)),
        None => quote(&name.name),
    }
}

/// Names in backticks, with commas.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quote).collect::<Vec<_>>().join(", ")
}

/// A condition as one expression of its own; a newline ends what might be a comment.
pub(super) fn parenthesised(expression: &str) -> String {
    format!("({expression}\n)")
}

/// Why a text from outside is not one expression; none when it is closed in itself.
pub(super) fn expression_fault(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let (mut position, mut depth) = (0, 0i32);
    while let Some(&byte) = bytes.get(position) {
        let rest = &bytes[position..];
        match byte {
            b'\'' | b'"' | b'`' => match quoted_length(rest) {
                Some(length) => position += length - 1,
                None => return Some(format!("a {} is not closed", char::from(byte))),
            },
            b'(' => depth += 1,
            b')' if depth == 0 => return Some("a parenthesis is closed that was not opened".to_owned()),
            b')' => depth -= 1,
            b';' => return Some("a `;` ends it".to_owned()),
            b'#' => return Some("it holds a comment".to_owned()),
            b'-' if rest.starts_with(b"--") => return Some("it holds a comment".to_owned()),
            b'/' if rest.starts_with(b"/*") => return Some("it holds a comment".to_owned()),
            b'?' => return Some("it holds a parameter".to_owned()),
            0 => return Some("it holds a NUL character".to_owned()),
            _ => {}
        }
        position += 1;
    }
    if depth > 0 {
        return Some("a parenthesis is not closed".to_owned());
    }
    text.trim().is_empty().then(|| "it is empty".to_owned())
}

/// Bytes of the quoted text that `bytes` begin with.
fn quoted_length(bytes: &[u8]) -> Option<usize> {
    let quote = bytes[0];
    let mut position = 1;
    loop {
        match *bytes.get(position)? {
            b'\\' if quote != b'`' => position += 2,
            byte if byte == quote && bytes.get(position + 1) == Some(&quote) => position += 2,
            byte if byte == quote => return Some(position + 1),
            _ => position += 1,
        }
    }
}

/// A text literal, for a session in which a backslash escapes.
pub(super) fn text_literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for c in text.chars() {
        match c {
            '\'' => literal.push_str("''"),
            '\\' => literal.push_str("\\\\"),
            '\0' => literal.push_str("\\0"),
            // The `mysql` shell on some systems takes it for the end of input.
            '\u{1a}' => literal.push_str("\\Z"),
            c => literal.push(c),
        }
    }
    literal.push('\'');
    literal
}

/// A literal of bytes.
pub(super) fn bytes_literal(bytes: &[u8]) -> String {
    let mut literal = String::with_capacity(bytes.len() * 2 + 3);
    literal.push_str("x'");
    for byte in bytes {
        let _ = write!(literal, "{byte:02x}");
    }
    literal.push('\'');
    literal
}

/// `?` so many times, with commas.
pub(super) fn marks(count: usize) -> String {
    let mut marks = "?, ".repeat(count);
    marks.truncate(marks.len().saturating_sub(2));
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_cannot_break_out() {
        assert_eq!(quote("a`b"), "`a``b`");
        assert_eq!(text_literal("it's \\ \0"), "'it''s \\\\ \\0'");
        assert_eq!(bytes_literal(&[0, 255]), "x'00ff'");
        assert_eq!((marks(0), marks(3)), (String::new(), "?, ?, ?".to_owned()));
    }

    #[test]
    fn a_condition_is_one_expression() {
        for good in
            ["kind = 'rent'", "(a = 1) OR b = 'x)'", "a = 'it''s; \\' --'", "`a#b` = \"(\"", "a - -1 > 2"]
        {
            assert_eq!(expression_fault(good), None, "{good}");
        }
        for bad in ["", "1) OR (1", "a = 'x", "1; DROP TABLE t", "a -- b", "a /* b", "a # b", "(a", "a = ?"] {
            assert!(expression_fault(bad).is_some(), "{bad}");
        }
    }
}
