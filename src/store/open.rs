//! A store by its URL.

use std::sync::Arc;

use super::mysql::MySqlStore;
use super::postgres::PostgresStore;
use super::sqlite::SqliteStore;
use super::{ErrorClass, Result, ServerAddress, Store, StoreError};
use crate::base::escape::visible;
use crate::model::settings::EndpointSettings;

/// The port of MariaDB and MySQL.
const MYSQL_PORT: u16 = 3306;

/// The port of PostgreSQL.
const POSTGRES_PORT: u16 = 5432;

/// What a store is to a job; decides how its database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Only ever read.
    Source,
    /// Read and written.
    Target,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

/// The store that an endpoint names; whether it can be reached shows at its first use.
///
/// `sqlite:PATH` and `sqlite://PATH` name a file; a relative path is the caller's to resolve, and the path is taken as it
/// stands, without decoding. Errors: schema, for a URL that names no store.
pub fn open(endpoint: &EndpointSettings, role: Role) -> Result<Arc<dyn Store>> {
    let refused = |cause: &str| {
        let operation = format!("opening the {role} `{}`", visible(&without_userinfo(&endpoint.url)));
        StoreError::new(ErrorClass::Schema, operation, cause)
    };
    match endpoint.scheme() {
        "sqlite" => {
            let path = sqlite_path(&endpoint.url).map_err(|cause| {
                refused(cause).with_hint("write sqlite:orders.db or sqlite:///var/lib/orders.db")
            })?;
            Ok(Arc::new(SqliteStore::open(path, role)))
        }
        "mysql" | "mariadb" => {
            Ok(Arc::new(MySqlStore::new(ServerAddress::parse(endpoint, role, MYSQL_PORT)?, role)))
        }
        "postgres" | "postgresql" => {
            let address = ServerAddress::parse(endpoint, role, POSTGRES_PORT)?;
            Ok(Arc::new(PostgresStore::new(address, role)))
        }
        _ => Err(refused("no kind of database goes by this scheme")
            .with_hint("what works: sqlite:PATH, postgres://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE")),
    }
}

/// The path in a `sqlite:` URL.
fn sqlite_path(url: &str) -> std::result::Result<&str, &'static str> {
    let rest = url.split_once(':').map_or("", |(_, rest)| rest);
    let path = match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) => return Err("a file has no host: after sqlite:// comes an absolute path"),
        None => rest,
    };
    match path {
        "" => Err("it names no file"),
        ":memory:" => Err("a database in memory is nobody else's to sync"),
        path if path.contains('\0') => Err("a path holds no NUL character"),
        path => Ok(path),
    }
}

/// The URL without user and password, should somebody have put them there.
pub(super) fn without_userinfo(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_url_is_a_path() {
        assert_eq!(sqlite_path("sqlite:a b.db"), Ok("a b.db"));
        assert_eq!(sqlite_path("sqlite:/x/a.db"), Ok("/x/a.db"));
        assert_eq!(sqlite_path("sqlite:///x/a.db"), Ok("/x/a.db"));
        for bad in ["sqlite:", "sqlite://host/a.db", "sqlite::memory:", "sqlite", "sqlite:a\0b"] {
            assert!(sqlite_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_scheme_says_what_works_and_keeps_secrets() {
        let Err(error) = open(&EndpointSettings::at("oracle://scott:tiger@h/x"), Role::Source) else {
            panic!("there is no such store");
        };
        assert!(error.hint.as_ref().unwrap().contains("sqlite:PATH"));
        assert!(error.operation.contains("oracle://h/x") && !error.to_string().contains("tiger"));
    }
}
