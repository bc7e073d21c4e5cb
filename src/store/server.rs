//! Where a database server is and how it is reached, whatever its kind: the parts of a URL, and encryption.
//!
//! Does not belong here: drivers, sessions, SQL.

use std::path::PathBuf;
use std::time::Duration;

use url::{Host, Url};

use super::{ErrorClass, Result, Role, StoreError};
use crate::base::escape::visible;
use crate::model::settings::{EndpointSettings, Secret, Tls};

/// A database on a server.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerAddress {
    /// Host name or address; IPv6 without brackets.
    pub host: String,
    /// Port, the engine's own when the URL names none.
    pub port: u16,
    /// The user to log in as.
    pub user: String,
    /// Its password.
    pub password: Option<Secret>,
    /// The database.
    pub database: String,
    /// The schema whose tables are meant; none for the session's own.
    pub schema: Option<String>,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// Authorities to trust in place of the system's.
    pub tls_ca: Option<PathBuf>,
    /// Most connections open at a time; at least 1.
    pub connections: usize,
    /// Longest time for one statement.
    pub timeout: Duration,
}

impl ServerAddress {
    /// The address in an endpoint's URL, `SCHEME://USER@HOST[:PORT]/DATABASE`; parts may be percent-encoded.
    ///
    /// Encryption is `verify-full` when nothing else is asked for, and `prefer` on this very host, where nobody listens
    /// in between. Errors: schema, for a URL that lacks a part or has one that means nothing.
    pub fn parse(endpoint: &EndpointSettings, role: Role, port: u16) -> Result<Self> {
        let refused = |cause: String| {
            let shown = super::open::without_userinfo(&endpoint.url);
            let operation = format!("opening the {role} `{}`", visible(&shown));
            let hint = format!("write {}://USER@HOST:{port}/DATABASE", endpoint.scheme());
            StoreError::new(ErrorClass::Schema, operation, cause).with_hint(hint)
        };
        let url = Url::parse(&endpoint.url).map_err(|error| refused(error.to_string()))?;
        let host = match url.host() {
            Some(Host::Domain(name)) => decoded(name),
            Some(Host::Ipv4(address)) => Some(address.to_string()),
            Some(Host::Ipv6(address)) => Some(address.to_string()),
            None => None,
        };
        let host =
            host.filter(|host| !host.is_empty()).ok_or_else(|| refused("it names no host".to_owned()))?;
        let named = |part: &str, what: &str| {
            let text = decoded(part).ok_or_else(|| refused(format!("its {what} is not UTF-8")))?;
            if text.is_empty() { Err(refused(format!("it names no {what}"))) } else { Ok(text) }
        };
        if let Some((name, _)) = url.query_pairs().next() {
            return Err(refused(format!("the option `{}` is not known", visible(&name)))
                .with_hint("options stand in the configuration: tls, tls_ca, schema, connections, timeout"));
        }
        let tls = endpoint.tls.unwrap_or(if is_local(&host) { Tls::Prefer } else { Tls::VerifyFull });
        Ok(Self {
            user: named(url.username(), "user")?,
            database: named(url.path().trim_start_matches('/'), "database")?,
            port: url.port().unwrap_or(port),
            password: endpoint.secret.clone(),
            schema: endpoint.schema.clone(),
            tls,
            tls_ca: endpoint.tls_ca.clone(),
            connections: endpoint.connections,
            timeout: endpoint.timeout,
            host,
        })
    }

    /// `HOST:PORT/DATABASE`, for messages.
    pub fn place(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        visible(&format!("{host}:{}/{}", self.port, self.database))
    }
}

/// Whether a host is this machine by its name alone.
fn is_local(host: &str) -> bool {
    let loopback = |host: &str| host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    host.eq_ignore_ascii_case("localhost") || loopback(host)
}

/// A part of a URL without its escapes; none when it is not UTF-8.
fn decoded(part: &str) -> Option<String> {
    let bytes: Vec<u8> = url::form_urlencoded::parse(part.replace('+', "%2B").as_bytes())
        .next()
        .map(|(text, _)| text.into_owned().into_bytes())
        .unwrap_or_default();
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains(['\0', '\u{fffd}'])).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> std::result::Result<ServerAddress, String> {
        ServerAddress::parse(&EndpointSettings::at(url), Role::Source, 5432)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_has_its_parts_without_their_escapes() {
        let address = parsed("postgres://sync%20ro@[::1]:6000/erp%2Flive").unwrap();
        assert_eq!((address.user.as_str(), address.database.as_str()), ("sync ro", "erp/live"));
        assert_eq!((address.host.as_str(), address.port), ("::1", 6000));
        assert_eq!(address.place(), "[::1]:6000/erp/live");
        assert_eq!(parsed("postgres://u@db1.example/a+b").unwrap().database, "a+b");
    }

    #[test]
    fn only_this_host_is_reached_without_a_verified_certificate() {
        for local in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(parsed(&format!("postgres://u@{local}/d")).unwrap().tls, Tls::Prefer, "{local}");
        }
        for far in ["db1.example", "10.0.0.1", "localhost.example"] {
            assert_eq!(parsed(&format!("postgres://u@{far}/d")).unwrap().tls, Tls::VerifyFull, "{far}");
        }
    }

    #[test]
    fn what_a_url_lacks_is_named() {
        for (url, lacks) in [
            ("postgres://db1.example/erp", "it names no user"),
            ("postgres://u@db1.example", "it names no database"),
            ("postgres://u@db1.example/erp?sslmode=off", "the option `sslmode` is not known"),
        ] {
            let error = parsed(url).unwrap_err();
            assert!(error.contains(lacks), "{error}");
        }
    }
}
