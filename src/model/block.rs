//! Rows on the move: one buffer for many rows, lossless, without an allocation for each value.
//!
//! A row is its fields in view order, each a tag byte, for variable lengths a 32-bit length, and the value as its
//! engine holds it. Two rows of the same view are equal in the exact form when, and only when, their bytes are equal:
//! a field's end follows from its tag and length, so no separator can be forged, and NULL is a tag of its own.
//!
//! Each row carries its memcomparable key and, when a column needs a common form, its compare form.

use super::compare::{self, CompareForm};
use super::key::{self, Key};
use super::value::{Value, ValueRef};
use crate::base::planted::{Bug, is_planted};

const TAG_NULL: u8 = 0;
const TAG_INTEGER: u8 = 1;
const TAG_INTEGER_WIDE: u8 = 2;
const TAG_REAL: u8 = 3;
const TAG_TEXT: u8 = 4;
const TAG_BLOB: u8 = 5;
const TAG_DECIMAL: u8 = 6;
const TAG_JSON: u8 = 7;
const TAG_UUID: u8 = 8;
const TAG_DATE: u8 = 9;
const TAG_TIME: u8 = 10;
const TAG_TIMESTAMP: u8 = 11;
const TAG_TIMESTAMP_UTC: u8 = 12;
const TAG_BOOLEAN: u8 = 13;

/// Rows of one view, in the order they were read.
#[derive(Debug, Clone, Default)]
pub struct RowBlock {
    rows: Packed,
    keys: Packed,
    /// Compare forms; empty when every column is compared exactly, since then the row's bytes serve.
    forms: Packed,
}

/// Byte strings end to end in one buffer.
#[derive(Debug, Clone, Default)]
struct Packed {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Packed {
    fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.bytes[start..self.ends[index] as usize]
    }

    fn end(&mut self) {
        self.ends.push(u32::try_from(self.bytes.len()).expect("a block is far smaller than 4 GiB"));
    }

    fn with_same_room(&self) -> Self {
        Self { bytes: Vec::with_capacity(self.bytes.len()), ends: Vec::with_capacity(self.ends.len()) }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Cuts the last string off.
    fn split_last(&mut self) -> Self {
        let Some(_) = self.ends.pop() else { return Self::default() };
        let bytes = self.bytes.split_off(self.ends.last().map_or(0, |&end| end as usize));
        Self { ends: vec![bytes.len() as u32], bytes }
    }
}

impl RowBlock {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.ends.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.ends.is_empty()
    }

    /// Bytes held, for limits.
    pub fn size_bytes(&self) -> usize {
        self.rows.bytes.len() + self.keys.bytes.len() + self.forms.bytes.len()
    }

    /// The encoded key of a row.
    pub fn key(&self, index: usize) -> &[u8] {
        self.keys.get(index)
    }

    /// The key of a row, owned.
    pub fn key_owned(&self, index: usize) -> Key {
        Key::from_encoded(self.keys.get(index))
    }

    /// The lossless bytes of a row.
    pub fn row(&self, index: usize) -> &[u8] {
        self.rows.get(index)
    }

    /// What decides equality, and is hashed, for a row.
    pub fn compare_form(&self, index: usize) -> &[u8] {
        if self.forms.ends.is_empty() { self.rows.get(index) } else { self.forms.get(index) }
    }

    /// The fields of a row.
    pub fn fields(&self, index: usize) -> Fields<'_> {
        Fields { bytes: self.rows.get(index) }
    }

    /// One field of a row.
    ///
    /// # Panics
    /// When the row has fewer fields.
    pub fn field(&self, index: usize, column: usize) -> ValueRef<'_> {
        self.fields(index).nth(column).expect("the view has this column")
    }

    /// Appends a copy of a row of another block of the same view.
    pub fn push_row_of(&mut self, other: &Self, index: usize) {
        self.rows.bytes.extend_from_slice(other.rows.get(index));
        self.rows.end();
        self.keys.bytes.extend_from_slice(other.keys.get(index));
        self.keys.end();
        if !other.forms.ends.is_empty() {
            self.forms.bytes.extend_from_slice(other.forms.get(index));
            self.forms.end();
        }
    }

    /// An empty block with room for as much as this one holds.
    fn with_same_room(&self) -> Self {
        Self {
            rows: self.rows.with_same_room(),
            keys: self.keys.with_same_room(),
            forms: self.forms.with_same_room(),
        }
    }

    /// Removes all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.keys.clear();
        self.forms.clear();
    }
}

/// The fields of one encoded row, in view order.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields of a row that [`BlockBuilder`] encoded.
    pub fn of(row: &'a [u8]) -> Self {
        Self { bytes: row }
    }

    fn take<const N: usize>(&mut self) -> &'a [u8; N] {
        let (head, rest) = self.bytes.split_first_chunk::<N>().expect("a row is encoded whole");
        self.bytes = rest;
        head
    }

    fn take_sized(&mut self) -> &'a [u8] {
        let length = u32::from_le_bytes(*self.take::<4>()) as usize;
        let (head, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        head
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<ValueRef<'a>> {
        if self.bytes.is_empty() {
            return None;
        }
        let [tag] = *self.take::<1>();
        Some(match tag {
            TAG_NULL => ValueRef::Null,
            TAG_INTEGER => ValueRef::Integer(i64::from_le_bytes(*self.take::<8>()).into()),
            TAG_INTEGER_WIDE => ValueRef::Integer(i128::from_le_bytes(*self.take::<16>())),
            TAG_REAL => ValueRef::Real(f64::from_le_bytes(*self.take::<8>())),
            TAG_TEXT => ValueRef::Text(self.take_sized()),
            TAG_BLOB => ValueRef::Blob(self.take_sized()),
            TAG_DECIMAL => ValueRef::Decimal(
                std::str::from_utf8(self.take_sized()).expect("decimal digits were encoded from a string"),
            ),
            TAG_JSON => ValueRef::Json(self.take_sized()),
            TAG_UUID => ValueRef::Uuid(self.take::<16>()),
            TAG_DATE => ValueRef::Date(i32::from_le_bytes(*self.take::<4>())),
            TAG_TIME => ValueRef::Time(i64::from_le_bytes(*self.take::<8>())),
            TAG_TIMESTAMP => ValueRef::Timestamp(i64::from_le_bytes(*self.take::<8>())),
            TAG_TIMESTAMP_UTC => ValueRef::TimestampUtc(i64::from_le_bytes(*self.take::<8>())),
            TAG_BOOLEAN => ValueRef::Boolean(self.take::<1>()[0] != 0),
            other => unreachable!("field tag {other} was never encoded"),
        })
    }
}

/// Appends one field in the lossless form.
pub fn encode_field(value: ValueRef<'_>, out: &mut Vec<u8>) {
    fn sized(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
        out.push(tag);
        let length = u32::try_from(bytes.len()).expect("no engine stores a value of 4 GiB");
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(bytes);
    }
    fn fixed<const N: usize>(tag: u8, bytes: [u8; N], out: &mut Vec<u8>) {
        out.push(tag);
        out.extend_from_slice(&bytes);
    }
    match value {
        ValueRef::Null => out.push(TAG_NULL),
        ValueRef::Integer(n) => match i64::try_from(n) {
            Ok(n) => fixed(TAG_INTEGER, n.to_le_bytes(), out),
            Err(_) => fixed(TAG_INTEGER_WIDE, n.to_le_bytes(), out),
        },
        ValueRef::Real(x) => fixed(TAG_REAL, x.to_le_bytes(), out),
        ValueRef::Text(bytes) => sized(TAG_TEXT, bytes, out),
        ValueRef::Blob(bytes) => sized(TAG_BLOB, bytes, out),
        ValueRef::Decimal(text) => sized(TAG_DECIMAL, text.as_bytes(), out),
        ValueRef::Json(bytes) => sized(TAG_JSON, bytes, out),
        ValueRef::Uuid(bytes) => fixed(TAG_UUID, *bytes, out),
        ValueRef::Date(days) => fixed(TAG_DATE, days.to_le_bytes(), out),
        ValueRef::Time(us) => fixed(TAG_TIME, us.to_le_bytes(), out),
        ValueRef::Timestamp(us) => fixed(TAG_TIMESTAMP, us.to_le_bytes(), out),
        ValueRef::TimestampUtc(us) => fixed(TAG_TIMESTAMP_UTC, us.to_le_bytes(), out),
        ValueRef::Boolean(b) => fixed(TAG_BOOLEAN, [u8::from(b)], out),
    }
}

/// What a builder has to know of a view: which fields make the key, and how each is compared.
#[derive(Debug, Clone, Default)]
pub struct RowShape {
    /// Positions of the key's columns, in key order.
    pub key: Vec<usize>,
    /// How each field is compared, in view order.
    pub forms: Vec<CompareForm>,
    /// What NULL counts as when it is compared, by field; empty when NULL is NULL everywhere. Only the source's side of
    /// a pair has any: a NULL that the target cannot hold is written as this, and is equal to it from then on.
    pub null_as: Vec<Option<Value>>,
}

impl RowShape {
    /// Rows with this key and these forms, where NULL is NULL.
    pub fn new(key: Vec<usize>, forms: Vec<CompareForm>) -> Self {
        Self { key, forms, null_as: Vec::new() }
    }

    /// Whether every field is compared by its own bytes, so that the row's bytes serve as its compare form.
    pub fn is_exact(&self) -> bool {
        self.forms.iter().all(|form| *form == CompareForm::Exact)
            && self.null_as.iter().all(Option::is_none)
            && !is_planted(Bug::NullIsEmpty)
    }
}

/// Encodes rows field by field.
#[derive(Debug)]
pub struct BlockBuilder {
    shape: RowShape,
    exact: bool,
    block: RowBlock,
    field_starts: Vec<u32>,
}

impl BlockBuilder {
    /// A builder for rows of `shape`.
    pub fn new(shape: RowShape) -> Self {
        let exact = shape.is_exact();
        let field_starts = Vec::with_capacity(shape.forms.len());
        Self { shape, exact, block: RowBlock::default(), field_starts }
    }

    /// Appends the next field of the row at work.
    pub fn push(&mut self, value: ValueRef<'_>) {
        self.field_starts.push(self.block.rows.bytes.len() as u32);
        encode_field(value, &mut self.block.rows.bytes);
    }

    /// Ends the row at work: derives its key and its compare form.
    ///
    /// # Panics
    /// When the row has not as many fields as the shape.
    pub fn end_row(&mut self) {
        assert_eq!(self.field_starts.len(), self.shape.forms.len(), "a row has every field of its view");
        let RowBlock { rows, keys, forms } = &mut self.block;
        for &column in &self.shape.key {
            let field = &rows.bytes[self.field_starts[column] as usize..];
            let value = Fields::of(field).next().expect("the field was just encoded");
            key::encode(value, &mut keys.bytes);
        }
        keys.end();
        if !self.exact {
            let first = self.field_starts.first().map_or(rows.bytes.len(), |&start| start as usize);
            compare::encode_row(&self.shape, Fields::of(&rows.bytes[first..]), &mut forms.bytes);
            forms.end();
        }
        rows.end();
        self.field_starts.clear();
    }

    /// Takes back the fields of the row at work.
    pub fn abandon_row(&mut self) {
        if let Some(&first) = self.field_starts.first() {
            self.block.rows.bytes.truncate(first as usize);
        }
        self.field_starts.clear();
    }

    /// Appends a copy of a row that another builder made for the same columns.
    pub fn copy_row(&mut self, rows: &RowBlock, index: usize) {
        debug_assert!(self.field_starts.is_empty(), "the row at work is ended first");
        self.block.push_row_of(rows, index);
    }

    /// Appends a whole row of owned values.
    pub fn push_row(&mut self, values: &[Value]) {
        for value in values {
            self.push(value.as_ref());
        }
        self.end_row();
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.block.len()
    }

    /// Whether no row was ended yet.
    pub fn is_empty(&self) -> bool {
        self.block.is_empty()
    }

    /// Bytes so far.
    pub fn size_bytes(&self) -> usize {
        self.block.size_bytes()
    }

    /// The block so far; the rows at hand are read in place.
    pub fn block(&self) -> &RowBlock {
        &self.block
    }

    /// Takes the rows so far and starts a new block.
    pub fn take(&mut self) -> RowBlock {
        std::mem::take(&mut self.block)
    }

    /// Takes the rows so far and starts a new block, with room for as many; when they are more than `bytes_max` and
    /// more than one, the last one stays behind, so that a large row travels alone.
    pub fn take_within(&mut self, bytes_max: usize) -> RowBlock {
        let next = self.block.with_same_room();
        let mut block = std::mem::replace(&mut self.block, next);
        if block.size_bytes() > bytes_max && block.len() > 1 {
            let RowBlock { rows, keys, forms } = &mut block;
            self.block =
                RowBlock { rows: rows.split_last(), keys: keys.split_last(), forms: forms.split_last() };
        }
        block
    }

    /// Puts rows of the same view in the place of those so far.
    pub fn replace(&mut self, rows: RowBlock) {
        self.block = rows;
    }

    /// Drops the rows so far and keeps their memory, for readers that only digest.
    pub fn clear(&mut self) {
        self.block.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Boolean),
            any::<i128>().prop_map(Value::Integer),
            any::<i64>().prop_map(|n| Value::Integer(n.into())),
            any::<f64>().prop_filter("comparable", |x| !x.is_nan()).prop_map(Value::Real),
            any::<Vec<u8>>().prop_map(Value::Text),
            any::<Vec<u8>>().prop_map(Value::Blob),
            any::<[u8; 16]>().prop_map(Value::Uuid),
            any::<i32>().prop_map(Value::Date),
            any::<i64>().prop_map(Value::TimestampUtc),
        ]
    }

    fn shape(columns: usize) -> RowShape {
        RowShape::new(vec![0], vec![CompareForm::Exact; columns])
    }

    proptest! {
        #[test]
        fn rows_come_back_as_they_went_in(rows in proptest::collection::vec(proptest::collection::vec(any_value(), 3), 0..20)) {
            let mut builder = BlockBuilder::new(shape(3));
            for row in &rows {
                builder.push_row(row);
            }
            let block = builder.take();
            prop_assert_eq!(block.len(), rows.len());
            for (index, row) in rows.iter().enumerate() {
                let back: Vec<Value> = block.fields(index).map(ValueRef::to_owned).collect();
                prop_assert_eq!(&back, row);
                prop_assert_eq!(block.key_owned(index), Key::from_values(&row[..1]));
            }
        }
    }

    #[test]
    fn a_large_row_travels_alone() {
        let mut builder = BlockBuilder::new(shape(1));
        builder.push_row(&[Value::text("small")]);
        builder.push_row(&[Value::Text(vec![b'x'; 1000])]);
        assert_eq!(builder.take_within(100).field(0, 0), ValueRef::Text(b"small"));
        let large = builder.take_within(100);
        assert_eq!((large.len(), large.field(0, 0)), (1, ValueRef::Text(&[b'x'; 1000])));
        assert_eq!(large.key_owned(0), Key::from_values(&[Value::Text(vec![b'x'; 1000])]));
        assert!(builder.take_within(100).is_empty());
    }

    #[test]
    fn trap_07_08_no_separator_can_be_forged_and_null_is_not_empty() {
        let encode = |values: &[Value]| {
            let mut builder = BlockBuilder::new(shape(values.len()));
            builder.push_row(values);
            builder.take().compare_form(0).to_vec()
        };
        assert_ne!(
            encode(&[Value::text("a|b"), Value::text("c")]),
            encode(&[Value::text("a"), Value::text("b|c")])
        );
        assert_ne!(encode(&[Value::Null, Value::text("")]), encode(&[Value::text(""), Value::Null]));
        assert_ne!(encode(&[Value::text("NULL")]), encode(&[Value::Null]));
    }
}
