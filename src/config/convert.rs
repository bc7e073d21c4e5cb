//! From what was written to what a key accepts.

use std::path::Path;
use std::time::Duration;

use super::error::Fault;
use super::key::{Bare, Found, KeySpec, Kind};
use super::raw::{Raw, Scalar};
use super::value::Value;
use super::{units, url};
use crate::base::human;
use crate::base::nearest::nearest;
use crate::model::settings::Literal;

/// Entries of one list or table.
const LIST_MAX: usize = 10_000;

/// Checks `raw` against the key; relative paths start at `folder`.
pub(crate) fn convert(found: Found, raw: &Raw, folder: &Path) -> Result<Value, Fault> {
    let spec = found.spec;
    let value = match (spec.kind, raw) {
        (Kind::Duration(bare, least), raw) => duration(found.bare.unwrap_or(bare), least, spec, raw),
        (Kind::Columns | Kind::Times | Kind::Command, raw) => listed(spec, raw, folder),
        (Kind::Mapping | Kind::Literals, Raw::Table(pairs)) => table(spec, pairs),
        (Kind::Mapping | Kind::Literals, raw) => Err(expected("a table", raw)),
        (_, Raw::Scalar(scalar)) => single(spec, scalar, folder),
        (_, raw) => Err(expected("one value", raw)),
    };
    value.map_err(|fault| fault.hint(format!("for example {}", spec.example_line())))
}

fn expected(what: &str, found: &Raw) -> Fault {
    Fault::new(format!("expected {what}, found {}", found.describe()))
}

fn duration(bare: Bare, least_ms: u64, spec: &KeySpec, raw: &Raw) -> Result<Value, Fault> {
    let value = match raw {
        Raw::Scalar(Scalar::Text { text, .. }) => units::duration(text)?,
        Raw::Scalar(Scalar::Integer(Some(0))) => Duration::ZERO,
        Raw::Scalar(Scalar::Integer(Some(number))) => {
            let positive =
                u64::try_from(*number).map_err(|_| Fault::new(format!("{number} is less than 0")))?;
            let text = match bare {
                Bare::Ambiguous => {
                    return Err(Fault::new(format!("the number {number} has no unit"))
                        .hint(format!("write {} = \"{number}s\" or \"{number}ms\"", spec.name)));
                }
                Bare::Seconds => format!("{positive}s"),
                Bare::Milliseconds => format!("{positive}ms"),
            };
            units::duration(&text)?
        }
        raw => return Err(expected("a duration", raw)),
    };
    let least = Duration::from_millis(least_ms);
    if value < least {
        let shown = humantime::format_duration(value);
        return Err(Fault::new(format!("{shown} is less than {}", humantime::format_duration(least))));
    }
    Ok(Value::Duration(value))
}

fn single(spec: &KeySpec, scalar: &Scalar, folder: &Path) -> Result<Value, Fault> {
    let whole = |what: &str| expected(what, &Raw::Scalar(scalar.clone()));
    match (spec.kind, scalar) {
        (Kind::Boolean | Kind::BooleanOrCount, Scalar::Boolean(value)) => Ok(Value::Boolean(*value)),
        (Kind::BooleanOrCount, Scalar::Integer(number)) => count(*number, 0, 1_000_000_000).map(Value::Count),
        (Kind::Boolean | Kind::BooleanOrCount, _) => Err(whole("true or false")),
        (Kind::Count(least, most), Scalar::Integer(number)) => count(*number, least, most).map(Value::Count),
        (Kind::Count(..), _) => Err(whole("a whole number")),
        (Kind::Ratio, Scalar::Real(share)) if (0.0..=1.0).contains(share) => Ok(Value::Ratio(share.abs())),
        (Kind::Ratio, Scalar::Integer(Some(whole @ (0 | 1)))) => Ok(Value::Ratio(*whole as f64)),
        (Kind::Ratio, _) => Err(whole("a share from 0.0 to 1.0")),
        (Kind::Size(least), Scalar::Text { text, .. }) => size(units::size(text)?, least),
        (Kind::Size(least), Scalar::Integer(Some(0))) => size(0, least),
        (Kind::Size(_), Scalar::Integer(Some(number))) => {
            Err(Fault::new(format!("the number {number} has no unit"))
                .hint(format!("write {} = \"{number} MiB\" or \"{number} B\"", spec.name)))
        }
        (Kind::Size(_), _) => Err(whole("a size")),
        (_, Scalar::Text { text, written }) => worded(spec.kind, text, written, folder),
        (Kind::Choice(names), _) => Err(whole(&format!("one of {}", names.join(", ")))),
        _ => Err(whole("text")),
    }
}

fn count(number: Option<i64>, least: u64, most: u64) -> Result<u64, Fault> {
    let fits =
        number.and_then(|number| u64::try_from(number).ok()).filter(|number| (least..=most).contains(number));
    fits.ok_or_else(|| {
        let shown = Scalar::Integer(number).describe();
        let most =
            if most >= i64::MAX as u64 { String::new() } else { format!(" to {}", human::count(most)) };
        Fault::new(format!("{shown} is not in the range from {least}{most}"))
    })
}

fn size(bytes: u64, least: u64) -> Result<Value, Fault> {
    if bytes < least {
        return Err(Fault::new(format!(
            "{} is less than {}",
            units::format_size(bytes),
            units::format_size(least)
        )));
    }
    Ok(Value::Size(bytes))
}

/// Kinds that are text with a meaning.
fn worded(kind: Kind, text: &str, written: &str, folder: &Path) -> Result<Value, Fault> {
    no_nul(text)?;
    match kind {
        Kind::Choice(names) => choice(names, text, written),
        Kind::Name => name(text),
        Kind::Cron => units::check_cron(text).map(|()| Value::Text(text.to_owned())),
        Kind::Zone => units::check_zone(text).map(|()| Value::Text(text.to_owned())),
        Kind::Url => url::parse(text, folder),
        Kind::Path if text.is_empty() => Err(Fault::new("the path is empty")),
        Kind::Path => url::absolute(folder, text).map(Value::Text),
        _ => Ok(Value::Text(text.to_owned())),
    }
}

fn no_nul(text: &str) -> Result<(), Fault> {
    if text.contains('\0') { Err(Fault::new("holds a NUL character")) } else { Ok(()) }
}

fn choice(names: &[&'static str], text: &str, written: &str) -> Result<Value, Fault> {
    let spaced = text.replace('-', " ");
    if let Some(name) = names.iter().find(|name| **name == text || name.replace('-', " ") == spaced) {
        return Ok(Value::Text((*name).to_owned()));
    }
    let shown = crate::base::escape::visible_short(written, units::SHOWN_MAX);
    let fault = Fault::new(format!("\"{shown}\" is not one of {}", names.join(", ")));
    Err(match nearest(text, names.iter().copied()) {
        Some(name) => fault.hint(format!("did you mean \"{name}\"?")),
        None => fault,
    })
}

/// Characters of a name.
const NAME_CHARS_MAX: usize = 100;

/// The nearest text to `text` that is a name.
pub(crate) fn as_name(text: &str) -> String {
    let shown = crate::base::escape::visible(text).replace(['/', '\\'], "_");
    let cut: String = shown.trim().chars().take(NAME_CHARS_MAX).collect();
    match cut.trim_end() {
        "" | "." | ".." => "job".to_owned(),
        name => name.to_owned(),
    }
}

fn name(text: &str) -> Result<Value, Fault> {
    let is_plain = crate::base::escape::visible(text) == text && !text.contains(['/', '\\']);
    if text.trim() != text || text.is_empty() || text == "." || text == ".." {
        return Err(Fault::new("the name is empty, a dot, or has spaces at an end"));
    }
    if !is_plain || text.chars().count() > NAME_CHARS_MAX {
        return Err(Fault::new("the name has control characters, / or \\, or more than 100 characters"));
    }
    Ok(Value::Text(text.to_owned()))
}

fn listed(spec: &KeySpec, raw: &Raw, folder: &Path) -> Result<Value, Fault> {
    let (items, is_list) = match raw {
        Raw::Scalar(scalar) => (std::slice::from_ref(scalar), false),
        Raw::List(items) => (items.as_slice(), true),
        Raw::Table(_) => return Err(expected("a list", raw)),
    };
    let texts: Vec<String> = items.iter().map(plain_text).collect::<Result<_, _>>()?;
    if texts.len() > LIST_MAX {
        return Err(Fault::new(format!("a list of more than {}", human::count(LIST_MAX as u64))));
    }
    match spec.kind {
        Kind::Times => times(&texts),
        Kind::Command => command(texts, is_list, folder),
        _ => columns(texts),
    }
}

fn plain_text(scalar: &Scalar) -> Result<String, Fault> {
    let text = match scalar {
        Scalar::Text { text, .. } => text.clone(),
        Scalar::Date(date) => date.clone(),
        other => return Err(Fault::new(format!("expected text, found {}", other.describe()))),
    };
    no_nul(&text)?;
    Ok(text)
}

fn columns(texts: Vec<String>) -> Result<Value, Fault> {
    for (i, text) in texts.iter().enumerate() {
        if text.is_empty() {
            return Err(Fault::new("a name in the list is empty"));
        }
        if texts[..i].contains(text) {
            let shown = crate::base::escape::visible_short(text, units::SHOWN_MAX);
            return Err(Fault::new(format!("\"{shown}\" is in the list twice")));
        }
    }
    Ok(Value::Texts(texts))
}

fn times(texts: &[String]) -> Result<Value, Fault> {
    let mut times = texts.iter().map(|text| units::time_of_day(text)).collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    times.dedup();
    if times.is_empty() { Err(Fault::new("the list of times is empty")) } else { Ok(Value::Times(times)) }
}

/// A list of words; or one text, cut at spaces, because no shell is involved that could read quotes.
fn command(texts: Vec<String>, is_list: bool, folder: &Path) -> Result<Value, Fault> {
    let mut words = match texts.as_slice() {
        [line] if !is_list => line.split_whitespace().map(str::to_owned).collect(),
        _ => texts,
    };
    let program = words
        .first_mut()
        .filter(|program| !program.is_empty())
        .ok_or_else(|| Fault::new("the command is empty"))?;
    if program.contains('/') {
        *program = url::absolute(folder, program)?;
    }
    if !is_list && words.iter().any(|word| word.contains(['"', '\'', '\\', '|', '>', '<', ';', '`'])) {
        return Err(Fault::new("quotes and shell characters mean nothing here: no shell is involved").hint(
            "write a list of words, for example password_command = [\"pass\", \"show\", \"my database\"]",
        ));
    }
    Ok(Value::Texts(words))
}

fn table(spec: &KeySpec, pairs: &[(String, Scalar)]) -> Result<Value, Fault> {
    if pairs.len() > LIST_MAX {
        return Err(Fault::new(format!("a table of more than {}", human::count(LIST_MAX as u64))));
    }
    if pairs.iter().any(|(key, _)| key.is_empty() || key.contains('\0')) {
        return Err(Fault::new("a column name is empty or holds a NUL character"));
    }
    if spec.kind == Kind::Literals {
        let literals = pairs.iter().map(|(key, value)| Ok((key.clone(), literal(key, value)?)));
        return Ok(Value::Literals(literals.collect::<Result<_, Fault>>()?));
    }
    let mut mapping: Vec<(String, String)> = Vec::with_capacity(pairs.len());
    let mut targets = std::collections::BTreeSet::new();
    for (source, target) in pairs {
        let target = plain_text(target)
            .map_err(|fault| fault.at_key(&crate::base::escape::visible_short(source, units::SHOWN_MAX)))?;
        if target.is_empty() || !targets.insert(target.clone()) {
            let shown = crate::base::escape::visible_short(&target, units::SHOWN_MAX);
            return Err(Fault::new(format!("the target column \"{shown}\" is empty or named twice")));
        }
        mapping.push((source.clone(), target));
    }
    Ok(Value::Mapping(mapping))
}

fn literal(key: &str, value: &Scalar) -> Result<Literal, Fault> {
    match value {
        Scalar::Boolean(value) => Ok(Literal::Boolean(*value)),
        Scalar::Integer(Some(number)) => Ok(Literal::Integer(*number)),
        Scalar::Real(number) if number.is_finite() => Ok(Literal::Real(*number)),
        Scalar::Text { text, .. } => no_nul(text).map(|()| Literal::Text(text.clone())),
        Scalar::Date(date) => Ok(Literal::Text(date.clone())),
        other => {
            let key = crate::base::escape::visible_short(key, units::SHOWN_MAX);
            Err(Fault::new(format!(
                "{key}: expected text, a number or true or false, found {}",
                other.describe()
            )))
        }
    }
}
