//! Whether a condition from the configuration is one expression and nothing else.

/// Why a text is not one expression that can stand in parentheses, or none when it can.
///
/// Only what could reach out of the parentheses is refused here; whether it means something is for the server. Dollar
/// signs outside of quotes are refused: they would be parameters or strings.
pub(super) fn expression_fault(text: &str) -> Option<&'static str> {
    if text.contains('\0') {
        return Some("it holds a NUL character");
    }
    let mut depth = 0i32;
    let mut seen = false;
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let next = match c {
            c if c.is_whitespace() => &rest[c.len_utf8()..],
            '-' if rest.starts_with("--") => rest.split_once('\n').map_or("", |(_, rest)| rest),
            '/' if rest.starts_with("/*") => match after_comment(rest) {
                Some(rest) => rest,
                None => return Some("a comment in it is not closed"),
            },
            '\'' | '"' => match after_quoted(rest, c, c == '\'' && matches!(before, 'e' | 'E')) {
                Some(rest) => rest,
                None => return Some("a quote in it is not closed"),
            },
            ';' => return Some("it holds a `;`"),
            '$' => return Some("it holds a `$`"),
            ',' if depth == 0 => return Some("it is a list"),
            '(' => {
                depth += 1;
                &rest[1..]
            }
            ')' if depth == 0 => return Some("a parenthesis in it was never opened"),
            ')' => {
                depth -= 1;
                &rest[1..]
            }
            c => &rest[c.len_utf8()..],
        };
        seen |= !c.is_whitespace() && !rest.starts_with("--") && !rest.starts_with("/*");
        before = c;
        rest = next;
    }
    match (seen, depth) {
        (false, _) => Some("it is empty"),
        (true, 0) => None,
        (true, _) => Some("a parenthesis in it is not closed"),
    }
}

/// What follows a comment; they nest.
fn after_comment(text: &str) -> Option<&str> {
    let mut rest = &text[2..];
    let mut depth = 1;
    while depth > 0 {
        let (open, close) = (rest.find("/*"), rest.find("*/")?);
        match open.filter(|open| *open < close) {
            Some(open) => {
                depth += 1;
                rest = &rest[open + 2..];
            }
            None => {
                depth -= 1;
                rest = &rest[close + 2..];
            }
        }
    }
    Some(rest)
}

/// What follows the string or name that `text` starts with.
fn after_quoted(text: &str, quote: char, escapes: bool) -> Option<&str> {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((_, c)) = characters.next() {
        if escapes && c == '\\' {
            characters.next()?;
        } else if c == quote {
            match characters.peek() {
                Some((_, next)) if *next == quote => drop(characters.next()),
                Some((at, _)) => return Some(&text[*at..]),
                None => return Some(""),
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_one_expression() {
        for good in [
            "type = 'work'",
            "a::text = 'x' -- why",
            "(a or b) and c in (1, 2)",
            "name = 'it''s; (' and \"odd)name\" > 2",
            "a = E'\\'; (' /* ( /* ; */ ) */",
            "id in (select id from other where x = ')')",
        ] {
            assert_eq!(expression_fault(good), None, "{good}");
        }
        for bad in [
            "",
            "  -- nothing",
            "a = 1; drop table t",
            "1) or (1",
            "1) from t /*",
            "'open",
            "E'\\'",
            "a = $1",
            "a = $$x$$",
            "a, b",
            "(a",
            "a /* /* */",
            "a = '\0'",
        ] {
            assert!(expression_fault(bad).is_some(), "{bad}");
        }
    }
}
