//! The common text of a value: the same bytes from every engine.

use super::block::encode_field;
use super::compare::CommonType;
use super::value::ValueRef;

/// Appends the common form of `value` as a field of type `common`.
pub fn encode(common: CommonType, value: ValueRef<'_>, out: &mut Vec<u8>) {
    let _ = common;
    encode_field(value, out);
}
