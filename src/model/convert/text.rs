//! Values that become characters, bytes, uuids and documents.

use super::super::common::{self, json, trim_end_blanks, uuid};
use super::super::value::ValueRef;
use super::Refused;

const NOT_TEXT: Refused = Refused::NotOfType("text");

/// How many characters, counted only where that is not plain from the number of bytes.
fn longer_than(text: &str, most: u32) -> Option<usize> {
    let most = most as usize;
    (text.len() > most).then(|| text.chars().count()).filter(|&count| count > most)
}

fn too_long(length: usize, most: u32) -> Refused {
    Refused::OutOfRange(format!("it has {length} characters where at most {most} are kept"))
}

/// The characters of a value; what is not text is written into `scratch`, as JSON where the source keeps documents.
fn characters<'a>(
    value: ValueRef<'a>,
    json: bool,
    scratch: &'a mut Vec<u8>,
) -> Result<(&'a [u8], &'a str), Refused> {
    let bytes = match value {
        ValueRef::Text(bytes) | ValueRef::Json(bytes) => bytes,
        other if json && common::write_json_of(other, scratch) => scratch,
        other if !json && common::write_text_of(other, scratch) => scratch,
        _ => return Err(NOT_TEXT),
    };
    let text = std::str::from_utf8(bytes).map_err(|_| Refused::NotOfType("text in UTF-8"))?;
    Ok((bytes, text))
}

pub(super) fn to_text<'a>(
    value: ValueRef<'a>,
    length_max: Option<u32>,
    json: bool,
    scratch: &'a mut Vec<u8>,
) -> Result<ValueRef<'a>, Refused> {
    let (bytes, text) = characters(value, json, scratch)?;
    if let Some(most) = length_max
        && let Some(length) = longer_than(text, most)
    {
        return Err(too_long(length, most));
    }
    Ok(ValueRef::Text(bytes))
}

/// Blanks at the end are padding there, so they may go where there is no room for them.
pub(super) fn to_char<'a>(
    value: ValueRef<'a>,
    length: u32,
    json: bool,
    scratch: &'a mut Vec<u8>,
) -> Result<ValueRef<'a>, Refused> {
    let (bytes, text) = characters(value, json, scratch)?;
    if longer_than(text, length).is_none() {
        return Ok(ValueRef::Text(bytes));
    }
    match longer_than(text.trim_end_matches(' '), length) {
        None => Ok(ValueRef::Text(trim_end_blanks(bytes))),
        Some(found) => Err(too_long(found, length)),
    }
}

pub(super) fn to_blob(value: ValueRef<'_>, length_max: Option<u32>) -> Result<ValueRef<'_>, Refused> {
    let bytes: &[u8] = match value {
        ValueRef::Blob(bytes) => bytes,
        ValueRef::Uuid(bytes) => bytes,
        _ => return Err(Refused::NotOfType("bytes")),
    };
    match length_max {
        Some(most) if bytes.len() > most as usize => {
            Err(Refused::OutOfRange(format!("it has {} bytes where at most {most} are kept", bytes.len())))
        }
        _ => Ok(ValueRef::Blob(bytes)),
    }
}

pub(super) fn to_uuid<'a>(value: ValueRef<'a>, scratch: &'a mut Vec<u8>) -> Result<ValueRef<'a>, Refused> {
    let bytes = uuid::of(value).ok_or(Refused::NotOfType("a uuid"))?;
    scratch.extend_from_slice(&bytes);
    Ok(ValueRef::Uuid(scratch.first_chunk().expect("sixteen bytes were just appended")))
}

pub(super) fn to_uuid_digits<'a>(
    value: ValueRef<'a>,
    scratch: &'a mut Vec<u8>,
) -> Result<ValueRef<'a>, Refused> {
    let bytes = uuid::of(value).ok_or(Refused::NotOfType("a uuid"))?;
    uuid::write(&bytes, scratch);
    scratch.retain(|&byte| byte != b'-');
    Ok(ValueRef::Text(scratch))
}

pub(super) fn to_uuid_bytes<'a>(
    value: ValueRef<'a>,
    scratch: &'a mut Vec<u8>,
) -> Result<ValueRef<'a>, Refused> {
    let bytes = uuid::of(value).ok_or(Refused::NotOfType("a uuid"))?;
    scratch.extend_from_slice(&bytes);
    Ok(ValueRef::Blob(scratch))
}

/// The document as it was written; only that it is one is checked.
pub(super) fn to_json<'a>(value: ValueRef<'a>, scratch: &'a mut Vec<u8>) -> Result<ValueRef<'a>, Refused> {
    let (ValueRef::Text(bytes) | ValueRef::Json(bytes)) = value else {
        return if common::write_json_of(value, scratch) {
            Ok(ValueRef::Json(scratch))
        } else {
            Err(Refused::NotOfType("JSON"))
        };
    };
    match json::canonicalise(bytes, scratch) {
        Ok(()) => Ok(ValueRef::Json(bytes)),
        Err(json::JsonFault::Syntax(_)) => Err(Refused::NotOfType("JSON")),
        Err(fault) => Err(Refused::OutOfRange(fault.to_string())),
    }
}
