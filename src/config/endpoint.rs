//! The settings of one side, with its password.

use std::path::Path;

use super::error::Problems;
use super::expand::Environment;
use super::key::Section;
use super::merge::Merged;
use super::origin::Origin;
use super::value::Value;
use super::view::View;
use super::{Fault, SecretPolicy, Warnings, secrets};
use crate::base::limits;
use crate::model::settings::{EndpointSettings, Secret, Tls};

/// The keys that say where a password is.
const PASSWORD_KEYS: [&str; 3] = ["password_env", "password_file", "password_command"];

/// The settings of `section`, which is `[source]` or `[target]`.
pub(crate) fn resolve(
    merged: &mut Merged,
    section: &Section,
    policy: SecretPolicy,
    environment: &Environment,
    problems: &mut Problems,
    warnings: &mut Warnings,
) -> EndpointSettings {
    let (url, inline) = match merged.get(section, "url").map(|entry| &entry.value) {
        Some(Value::Url { url, secret }) => (url.clone(), secret.clone()),
        _ => (String::new(), None),
    };
    let secret = password(merged, section, inline, policy, environment, problems, warnings);
    let view = View::new(merged, section.clone());
    EndpointSettings {
        url,
        secret,
        tls: view.text("tls").and_then(|name| Tls::from_name(&name)),
        tls_ca: view.text("tls_ca").map(Into::into),
        schema: view.text("schema"),
        organization_id: view.text("organization_id"),
        connections: view.size("connections"),
        timeout: view.duration("timeout"),
        retry_count: u32::try_from(view.count("retry_count")).unwrap_or(u32::MAX),
        retry_delay: view.duration("retry_delay"),
        reconnect_delay: view.duration("reconnect_delay"),
        reconnect_for: view.duration("reconnect_for"),
    }
}

fn password(
    merged: &mut Merged,
    section: &Section,
    inline: Option<Secret>,
    policy: SecretPolicy,
    environment: &Environment,
    problems: &mut Problems,
    warnings: &mut Warnings,
) -> Option<Secret> {
    let Some(key) = PASSWORD_KEYS.into_iter().find(|key| merged.get(section, key).is_some()) else {
        return inline;
    };
    let entry = merged.get(section, key)?.clone();
    let place = entry.origin.to_string();
    if inline.is_some() {
        match merged.rank(section, key).cmp(&merged.rank(section, "url")) {
            std::cmp::Ordering::Greater => {}
            std::cmp::Ordering::Less => {
                merged.remove(section, key);
                return inline;
            }
            std::cmp::Ordering::Equal => {
                let fault = Fault::new(format!("{}: the URL holds a password too", section.path(key)));
                problems.push(place, fault.hint("take it out of the URL"));
                return None;
            }
        }
    }
    let is_in_vain = key == "password_command" && !problems.is_empty();
    if policy == SecretPolicy::Leave || is_in_vain {
        return None;
    }
    match fetch(&entry.value, key, environment) {
        Ok((secret, warning)) => {
            warnings.extend(warning.map(|text| format!("{place}: {text}")));
            Some(secret)
        }
        Err(fault) => {
            problems.push(place, fault.at_key(&section.path(key)));
            None
        }
    }
}

fn fetch(value: &Value, key: &str, environment: &Environment) -> Result<(Secret, Option<String>), Fault> {
    match (value, key) {
        (Value::Text(name), "password_env") => Ok((secrets::from_environment(name, environment)?, None)),
        (Value::Text(path), _) => secrets::from_file(Path::new(path)),
        (Value::Texts(words), _) => {
            Ok((secrets::from_command(words, limits::SECRET_COMMAND_TIME_MAX)?, None))
        }
        (other, key) => unreachable!("{key} is {other:?}, which its kind refuses"),
    }
}

/// A warning for each password that stands in a file as part of a URL.
pub(crate) fn warn_of_inline_passwords(merged: &Merged, warnings: &mut Warnings) {
    for section in [Section::Source, Section::Target] {
        let Some(entry) = merged.get(&section, "url") else { continue };
        let in_file = matches!(entry.origin, Origin::JobFile { .. } | Origin::UserFile { .. });
        if in_file && matches!(entry.value, Value::Url { secret: Some(_), .. }) {
            warnings.push(format!(
                "{}: {}: the URL holds a password\n    hint: use password_file, password_env or password_command",
                entry.origin,
                section.path("url")
            ));
        }
    }
}
