//! Differences as JSON, one object a line.
//!
//! A value is the JSON of its kind: NULL is `null`, integers and finite reals are numbers with all their digits,
//! decimals, dates, times, uuids, text and JSON documents are strings. What JSON cannot say is an object with one
//! member: `{"$blob":"00ff"}`, `{"$text":"ff"}` for text that is not UTF-8 (both in hexadecimal), `{"$real":"NaN"}`.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::value::{ControlCharacters, hex, plain};
use super::{DiffColumn, DiffTable, DiffWriter, Difference};
use crate::model::value::ValueRef;
use crate::wire::json::write_line;

/// Writes one object a difference.
#[derive(Debug)]
pub struct JsonDiff<W> {
    out: W,
    table: DiffTable,
}

impl<W: Write> JsonDiff<W> {
    /// A writer of the differences of `table`.
    pub fn new(out: W, table: DiffTable) -> Self {
        Self { out, table }
    }
}

impl<W: Write> DiffWriter for JsonDiff<W> {
    fn difference(&mut self, difference: &Difference<'_>) -> io::Result<()> {
        write_line(&mut self.out, &Object { table: &self.table, difference })
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

struct Object<'a> {
    table: &'a DiffTable,
    difference: &'a Difference<'a>,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { table, difference } = self;
        let key: Vec<_> = difference.key(table).collect();
        let names: Vec<&str> = difference
            .differing
            .iter()
            .filter_map(|&position| table.columns.get(position))
            .map(|column| column.source.as_str())
            .collect();
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("table", &table.name)?;
        map.serialize_entry("kind", difference.kind.as_str())?;
        map.serialize_entry("key", &Row(key))?;
        map.serialize_entry("source", &Row::of(table, difference.source, |column| &column.source))?;
        map.serialize_entry("target", &Row::of(table, difference.target, |column| &column.target))?;
        map.serialize_entry("columns", &names)?;
        map.end()
    }
}

struct Row<'a>(Vec<(&'a str, ValueRef<'a>)>);

impl<'a> Row<'a> {
    fn of(
        table: &'a DiffTable,
        values: Option<&'a [ValueRef<'a>]>,
        name: fn(&'a DiffColumn) -> &'a str,
    ) -> Option<Self> {
        let names = table.columns.iter().map(name);
        values.map(|values| Self(names.zip(values.iter().copied()).collect()))
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Value(*value))))
    }
}

struct Value<'a>(ValueRef<'a>);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tagged = |serializer: S, tag: &'static str, text: &str| {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(tag, text)?;
            map.end()
        };
        match self.0 {
            ValueRef::Boolean(b) => serializer.serialize_bool(b),
            ValueRef::Integer(n) => serializer.serialize_i128(n),
            ValueRef::Real(x) if x.is_finite() => serializer.serialize_f64(x),
            ValueRef::Real(x) => tagged(serializer, "$real", &x.to_string()),
            ValueRef::Blob(bytes) => tagged(serializer, "$blob", &hex(bytes)),
            ValueRef::Text(bytes) | ValueRef::Json(bytes) if std::str::from_utf8(bytes).is_err() => {
                tagged(serializer, "$text", &hex(bytes))
            }
            other => match plain(other, ControlCharacters::Kept) {
                Some(text) => serializer.serialize_str(&text),
                None => serializer.serialize_unit(),
            },
        }
    }
}
