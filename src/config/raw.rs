//! A value as it was written, whatever it was written in: a TOML file, an environment variable or a flag.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Fault;
use super::expand::{Environment, expand};
use super::key::Kind;
use crate::base::escape::visible_short;
use crate::base::human;

/// A value without structure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number; `None` when it does not fit in 64 bits.
    Integer(Option<i64>),
    /// A number with a fraction; may be infinite or not a number.
    Real(f64),
    /// Text after replacement, and as it was written.
    Text {
        /// After replacement from the environment.
        text: String,
        /// Before it, for messages.
        written: String,
    },
    /// A date or time, as written.
    Date(String),
    /// A list or table where none may stand.
    Nested,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Raw {
    /// A value without structure.
    Scalar(Scalar),
    /// A list.
    List(Vec<Scalar>),
    /// A table, in the order written.
    Table(Vec<(String, Scalar)>),
}

impl Scalar {
    fn text(written: &str, environment: &Environment) -> Result<Self, Fault> {
        Ok(Self::Text { text: expand(written, environment)?, written: written.to_owned() })
    }

    fn from_toml(value: &DeValue<'_>, environment: &Environment) -> Result<Self, Fault> {
        Ok(match value {
            DeValue::String(text) => Self::text(text, environment)?,
            DeValue::Integer(number) => {
                Self::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok())
            }
            DeValue::Float(number) => Self::Real(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(value) => Self::Boolean(*value),
            DeValue::Datetime(date) => Self::Date(date.to_string()),
            DeValue::Array(_) | DeValue::Table(_) => Self::Nested,
        })
    }

    /// What this is, for a message: `text "many"`, `the number 5`.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Boolean(value) => format!("{value}"),
            Self::Integer(Some(number)) => format!("the number {number}"),
            Self::Integer(None) => "a number beyond 64 bits".to_owned(),
            Self::Real(number) => format!("the number {number:?}"),
            Self::Text { written, .. } => {
                format!("text \"{}\"", visible_short(written, super::units::SHOWN_MAX))
            }
            Self::Date(date) => format!("the date or time {date}"),
            Self::Nested => "a list or table".to_owned(),
        }
    }
}

impl Raw {
    /// A value of a file.
    pub(crate) fn from_toml(value: &DeValue<'_>, environment: &Environment) -> Result<Self, Fault> {
        match value {
            DeValue::Array(items) => {
                let items = items.iter().map(|item| Scalar::from_toml(item.get_ref(), environment));
                Ok(Self::List(items.collect::<Result<_, _>>()?))
            }
            DeValue::Table(table) => {
                let pairs = in_order(table).into_iter().map(|(key, _, value)| {
                    Ok((key.to_owned(), Scalar::from_toml(value.get_ref(), environment)?))
                });
                Ok(Self::Table(pairs.collect::<Result<_, Fault>>()?))
            }
            scalar => Ok(Self::Scalar(Scalar::from_toml(scalar, environment)?)),
        }
    }

    /// A value of a flag or an environment variable: TOML where `kind` has structure or numbers, else the text itself.
    /// Nothing is replaced in it: the shell has done so.
    pub(crate) fn from_text(text: &str, kind: Kind) -> Result<Self, Fault> {
        let nothing = Environment::new();
        let plain = |text: &str| Scalar::Text { text: text.to_owned(), written: text.to_owned() };
        let has_structure = text.starts_with(['[', '{']);
        match kind {
            Kind::Columns | Kind::Times | Kind::Command | Kind::Mapping | Kind::Literals if has_structure => {
                let value = DeValue::parse(text)
                    .map_err(|error| Fault::new(format!("is not TOML: {}", error.message())))?;
                Self::from_toml(value.get_ref(), &nothing)
            }
            Kind::Columns | Kind::Times => {
                Ok(Self::List(text.split(',').map(|item| plain(item.trim())).collect()))
            }
            Kind::Boolean
            | Kind::BooleanOrCount
            | Kind::Count(..)
            | Kind::Ratio
            | Kind::Size(_)
            | Kind::Duration(..) => {
                let number = DeValue::parse(text).ok().filter(|value| {
                    matches!(value.get_ref(), DeValue::Boolean(_) | DeValue::Integer(_) | DeValue::Float(_))
                });
                match number {
                    Some(value) => Self::from_toml(value.get_ref(), &nothing),
                    None => Ok(Self::Scalar(plain(text))),
                }
            }
            _ => Ok(Self::Scalar(plain(text))),
        }
    }

    /// What this is, for a message.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Scalar(scalar) => scalar.describe(),
            Self::List(items) => format!("a list of {}", human::count(items.len() as u64)),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}

/// The entries of `table` in the order written, which the parser does not keep, with the places of their names.
pub(crate) fn in_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a str, Range<usize>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> =
        table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect();
    entries.sort_by_key(|(_, span, _)| span.start);
    entries
}
