//! A connection of db-sync as a URL.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Map, Value as Json};

use super::super::key::{self, Section};
use super::super::url;
use super::super::value::{self, Value, quote};
use super::{Import, is_unset, snake};

/// The parts of a connection.
#[derive(Debug, Default)]
struct Parts {
    kind: Option<String>,
    url: Option<String>,
    host: Option<String>,
    port: Option<String>,
    database: Option<String>,
    user: Option<String>,
    has_password: bool,
}

/// Reads the object at `path` that describes one side.
pub(super) fn read(import: &mut Import, section: &Section, object: &Map<String, Json>, path: &str) {
    let mut parts = Parts::default();
    for (name, json) in object.iter().filter(|(_, json)| !is_unset(json)) {
        let path = format!("{path}.{name}");
        let text = match json {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let part = match snake(name).as_str() {
            "type" | "kind" | "driver" | "engine" | "database_type" | "db_type" | "dbtype" => &mut parts.kind,
            "url" | "uri" | "connection_string" => &mut parts.url,
            "host" | "hostname" | "server" | "address" => &mut parts.host,
            "port" => &mut parts.port,
            "database" | "dbname" | "db" | "db_name" | "path" | "file" | "filename" => &mut parts.database,
            "user" | "username" | "login" => &mut parts.user,
            "password" | "pass" | "pwd" => {
                parts.has_password = true;
                secret(import, section, &path);
                continue;
            }
            other => {
                match key::find(section, name).or_else(|| key::find(section, other)) {
                    Some((found, sections)) => import.key(found, &sections, json, &path),
                    None => import.unmapped(&path, "not a part of a connection"),
                }
                continue;
            }
        };
        match text {
            Some(text) => *part = Some(text),
            None => import.unmapped(&path, "expected text"),
        }
    }
    match parts.into_url() {
        Ok(Some(url)) => set_url(import, section, &url, path),
        Ok(None) => {}
        Err(reason) => import.unmapped(path, reason),
    }
}

/// Sets the URL of `section` when it can be read; a password in it is left behind.
pub(super) fn set_url(import: &mut Import, section: &Section, text: &str, path: &str) {
    match url::parse(text, Path::new("")) {
        Ok(Value::Url { url, secret: held }) => {
            if held.is_some() {
                secret(import, section, path);
            }
            import.settings.insert((section.clone(), "url"), quote(&url));
        }
        Ok(_) => unreachable!("a URL is parsed into a URL"),
        Err(fault) => import.unmapped(path, fault.message),
    }
}

/// A password is not copied; the configuration names a variable for it instead.
fn secret(import: &mut Import, section: &Section, path: &str) {
    let variable = format!("{}_PASSWORD", section.name().to_uppercase());
    import.settings.insert((section.clone(), "password_env"), quote(&variable));
    import.unmapped(
        path,
        format!(
            "passwords are not copied: put it in the environment variable {variable}, or use password_file"
        ),
    );
}

/// Makes sure that `section` has a URL: `given`, the one from the file, or a variable to be set.
pub(super) fn ensure(import: &mut Import, section: &Section, given: Option<&str>) {
    if let Some(given) = given {
        set_url(import, section, given, &format!("--{}", section.name()));
    }
    if import.settings.contains_key(&(section.clone(), "url")) {
        return;
    }
    let name = section.name();
    let variable = format!("{}_URL", name.to_uppercase());
    import.settings.insert((section.clone(), "url"), value::quote_literally(&format!("${{{variable}}}")));
    import.unmapped(
        name,
        format!("no database is named: write {name}.url, or set the environment variable {variable}"),
    );
}

impl Parts {
    /// The URL, none when no part of one was given, or why there can be none.
    fn into_url(self) -> Result<Option<String>, String> {
        if self.url.is_some() {
            return Ok(self.url);
        }
        let Some(kind) = self.kind else {
            let is_empty = self.host.is_none() && self.database.is_none();
            return if is_empty { Ok(None) } else { Err("the type of the database is missing".to_owned()) };
        };
        let scheme = match kind.to_ascii_lowercase().as_str() {
            "sqlite" | "sqlite3" => {
                let file = self.database.ok_or("the file of the database is missing")?;
                return Ok(Some(format!("sqlite:{file}")));
            }
            "4d" => "4d",
            "postgres" | "postgresql" | "pg" => "postgres",
            "mysql" => "mysql",
            "mariadb" => "mariadb",
            "rest" | "rest api" | "http" | "https" => "https",
            _ => return Err("the type of the database is unknown".to_owned()),
        };
        let host = self.host.ok_or("the host of the database is missing")?;
        let mut url = format!("{scheme}://");
        if let Some(user) = &self.user {
            let _ = write!(url, "{}@", encode(user));
        }
        url.push_str(&host);
        if let Some(port) = &self.port {
            let _ = write!(url, ":{port}");
        }
        if let Some(database) = &self.database {
            let _ = write!(url, "/{}", encode(database));
        }
        Ok(Some(url))
    }
}

/// Percent-encodes what has a meaning in a URL.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
