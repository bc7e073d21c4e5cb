//! The outer shape of SQL text: words, quoted things, comments, symbols. Enough to say that a condition is one
//! expression and nothing else, and where a foreign key is declared; not a parser.

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Letters, digits, `_` and `$`: a keyword, a bare name or a number.
    Word(&'a str),
    /// A string, a quoted name, with its quotes.
    Quoted,
    /// Any other character that is not blank.
    Symbol(char),
}

/// What cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unterminated(pub(super) &'static str);

/// Splits SQL text into tokens; comments and blanks are left out.
pub(super) fn tokens(sql: &str) -> Result<Vec<Token<'_>>, Unterminated> {
    let mut rest = sql;
    let mut tokens = Vec::new();
    while let Some(c) = rest.chars().next() {
        rest = match c {
            c if c.is_whitespace() => &rest[c.len_utf8()..],
            '-' if rest.starts_with("--") => rest.split_once('\n').map_or("", |(_, rest)| rest),
            '/' if rest.starts_with("/*") => rest[2..].split_once("*/").ok_or(Unterminated("a comment"))?.1,
            '\'' | '"' | '`' => {
                tokens.push(Token::Quoted);
                after_quoted(rest, c)?
            }
            '[' => {
                tokens.push(Token::Quoted);
                rest.split_once(']').ok_or(Unterminated("a name in brackets"))?.1
            }
            c if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..end]));
                &rest[end..]
            }
            c => {
                tokens.push(Token::Symbol(c));
                &rest[c.len_utf8()..]
            }
        };
    }
    Ok(tokens)
}

fn is_word(c: char) -> bool {
    c == '_' || c == '$' || c.is_ascii_alphanumeric() || !c.is_ascii()
}

/// What follows the string or name that `text` starts with; a doubled quote stands for one.
fn after_quoted(text: &str, quote: char) -> Result<&str, Unterminated> {
    let mut rest = &text[1..];
    loop {
        rest = rest.split_once(quote).ok_or(Unterminated("a quote"))?.1;
        match rest.strip_prefix(quote) {
            Some(more) => rest = more,
            None => return Ok(rest),
        }
    }
}

/// Why a text is not one expression that can stand in parentheses, or none when it can.
///
/// Only what could reach out of the parentheses is refused here; whether the expression means something is for SQLite.
pub(super) fn expression_fault(text: &str) -> Option<String> {
    if text.contains('\0') {
        return Some("it holds a NUL character".to_owned());
    }
    let tokens = match tokens(text) {
        Ok(tokens) => tokens,
        Err(Unterminated(what)) => return Some(format!("{what} in it is not closed")),
    };
    let mut depth = 0i32;
    for (position, token) in tokens.iter().enumerate() {
        match token {
            Token::Symbol('(') => depth += 1,
            Token::Symbol(')') if depth == 0 => {
                return Some("a parenthesis in it was never opened".to_owned());
            }
            Token::Symbol(')') => depth -= 1,
            Token::Symbol(';') => return Some("it holds a `;`".to_owned()),
            Token::Symbol(mark @ ('?' | '@' | ':')) => {
                return Some(format!("it holds a parameter (`{mark}`)"));
            }
            Token::Word(word) if word.starts_with('$') => {
                return Some(format!("it holds a parameter (`{word}`)"));
            }
            Token::Symbol(',') if depth == 0 => return Some("it is a list".to_owned()),
            Token::Word(word) if position == 0 && word.eq_ignore_ascii_case("select") => {
                return Some("it is a statement; put a subquery in parentheses".to_owned());
            }
            _ => {}
        }
    }
    match (tokens.is_empty(), depth) {
        (true, _) => Some("it is empty".to_owned()),
        (false, 0) => None,
        (false, _) => Some("a parenthesis in it is not closed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_one_expression() {
        for good in [
            "type = 'work'",
            "a = 1 -- why",
            "(a or b) and c in (1, 2)",
            "name = 'it''s; (' and \"odd)name\" > 2",
            "id in (select id from other where x = ')')",
            "[a;b] = 1 /* ( */",
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
            "a = ?",
            "a = :x",
            "a = $x",
            "a, b",
            "(a",
            "select 1",
            "a = '\0'",
        ] {
            assert!(expression_fault(bad).is_some(), "{bad}");
        }
    }
}
