//! The condition language of the memory store: a subset of SQL, for scopes and CHECK constraints.
//!
//! ```text
//! condition := term { AND term }
//! term      := operand ( = | <> | < | <= | > | >= ) literal  |  column IS [NOT] NULL
//! operand   := column | length(column)
//! column    := name | "name"
//! literal   := number | 'text' | TRUE | FALSE
//! ```
//!
//! Values compare in key order; a comparison with NULL is unknown, and a row is in scope only when the condition is
//! true (a CHECK fails only when it is false).

use super::types::{characters, parse_literal};
use crate::model::key::Key;
use crate::model::schema::Table;
use crate::model::types::LogicalType;
use crate::model::value::Value;

/// A condition on the rows of one table.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    terms: Vec<Term>,
}

#[derive(Debug, Clone)]
enum Term {
    Compare { column: usize, length: bool, comparison: Comparison, literal: Key },
    Null { column: usize, wanted: bool },
}

#[derive(Debug, Clone, Copy)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Filter {
    /// Reads a condition on a table. Errors: what is wrong with it, in words.
    pub(super) fn parse(text: &str, table: &Table) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let terms = tokens.split(|token| token.eq_ignore_ascii_case("and"));
        Ok(Self { terms: terms.map(|term| parse_term(term, table)).collect::<Result<_, _>>()? })
    }

    /// Whether the condition is true or false of a row, or none when it is unknown.
    pub(super) fn evaluate(&self, row: &[Value]) -> Option<bool> {
        let mut result = Some(true);
        for term in &self.terms {
            match term.evaluate(row) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => result = None,
            }
        }
        result
    }

    /// Whether the condition is true of a row.
    pub(super) fn holds(&self, row: &[Value]) -> bool {
        self.evaluate(row) == Some(true)
    }
}

impl Term {
    fn evaluate(&self, row: &[Value]) -> Option<bool> {
        match self {
            Self::Null { column, wanted } => Some(matches!(row[*column], Value::Null) == *wanted),
            Self::Compare { column, length, comparison, literal } => {
                let value = match &row[*column] {
                    Value::Null => return None,
                    Value::Text(bytes) if *length => Value::Integer(characters(bytes) as i128),
                    value => value.clone(),
                };
                let order = Key::from_values(&[value]).cmp(literal);
                Some(match comparison {
                    Comparison::Equal => order.is_eq(),
                    Comparison::NotEqual => order.is_ne(),
                    Comparison::Less => order.is_lt(),
                    Comparison::LessOrEqual => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    Comparison::GreaterOrEqual => order.is_ge(),
                })
            }
        }
    }
}

fn parse_term(tokens: &[String], table: &Table) -> Result<Term, String> {
    let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let (length, name, rest) = match words.as_slice() {
        ["length", "(", name, ")", rest @ ..] => (true, *name, rest),
        [name, rest @ ..] => (false, *name, rest),
        [] => return Err("a condition is missing".into()),
    };
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    let position = |name: &str| table.columns.iter().position(|column| column.name == name);
    let column = position(name).ok_or_else(|| format!("no such column: {name}"))?;
    let logical = if length {
        LogicalType::Integer { bits: 64, signed: true }
    } else {
        table.columns[column].logical_type.clone()
    };
    let comparison = match rest {
        [is, null] if is.eq_ignore_ascii_case("is") && null.eq_ignore_ascii_case("null") => {
            return Ok(Term::Null { column, wanted: true });
        }
        [is, not, null] if [is, not, null].map(|word| word.to_ascii_lowercase()) == ["is", "not", "null"] => {
            return Ok(Term::Null { column, wanted: false });
        }
        ["=", _] => Comparison::Equal,
        ["<>", _] => Comparison::NotEqual,
        ["<", _] => Comparison::Less,
        ["<=", _] => Comparison::LessOrEqual,
        [">", _] => Comparison::Greater,
        [">=", _] => Comparison::GreaterOrEqual,
        _ => return Err(format!("not understood: {}", words.join(" "))),
    };
    let literal = parse_literal(rest[1], &logical).ok_or_else(|| format!("no literal: {}", rest[1]))?;
    Ok(Term::Compare { column, length, comparison, literal: Key::from_values(&[literal]) })
}

/// Words, quoted names and texts, and operators.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => quoted_length(rest, first).ok_or_else(|| format!("unended quote: {rest}"))?,
            '<' if rest.starts_with("<>") || rest.starts_with("<=") => 2,
            '>' if rest.starts_with(">=") => 2,
            '=' | '<' | '>' | '(' | ')' => 1,
            _ => rest.find(|c: char| c.is_whitespace() || "=<>()'\"".contains(c)).unwrap_or(rest.len()),
        };
        out.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(out)
}

fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut position = 1;
    loop {
        position += text[position..].find(quote)? + 1;
        if !text[position..].starts_with(quote) {
            return Some(position);
        }
        position += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition::TableDefinition;
    use super::*;

    fn table() -> Table {
        TableDefinition::new("t").integer("n").text("type").text("odd name").table
    }

    fn row(n: i128, kind: Option<&str>) -> [Value; 3] {
        [Value::Integer(n), kind.map_or(Value::Null, Value::text), Value::text("")]
    }

    #[test]
    fn conditions_are_true_false_or_unknown() {
        let check = |text: &str, row: &[Value]| Filter::parse(text, &table()).unwrap().evaluate(row);
        assert_eq!(check("type = 'work'", &row(1, Some("work"))), Some(true));
        assert_eq!(check("type = 'work'", &row(1, Some("rent"))), Some(false));
        assert_eq!(check("type <> 'work'", &row(1, None)), None);
        assert_eq!(check("type IS NULL AND n >= 3", &row(3, None)), Some(true));
        assert_eq!(check("n < 3 and type = 'it''s'", &row(2, Some("it's"))), Some(true));
        assert_eq!(check("\"odd name\" = ''", &row(2, None)), Some(true));
        assert_eq!(check("length(type) <= 2", &row(2, Some("éé"))), Some(true));
        assert_eq!(check("type = 'x' AND n = 9", &row(1, None)), Some(false));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for text in ["", "nope = 1", "n ~ 3", "n = ", "type = 'x", "n = abc"] {
            assert!(Filter::parse(text, &table()).is_err(), "{text}");
        }
    }
}
