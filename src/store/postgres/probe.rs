//! Who is there: the server, its clock, the role's rights.

use sqlx::{PgConnection, Row as _};

use super::error::store_error;
use crate::base::clock::Timestamp;
use crate::base::escape::visible;
use crate::store::{ErrorClass, Probe, Result, Role, ServerAddress, StoreError};

/// The oldest version that is known to work, as `server_version_num`.
const VERSION_MIN: i32 = 130_000;

/// Looks at the server.
pub(super) async fn probe(
    connection: &mut PgConnection,
    address: &ServerAddress,
    role: Role,
    operation: &str,
) -> Result<Probe> {
    let failed = |error: sqlx::Error| store_error(operation, &error);
    let row = sqlx::query(
        "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int4 AS number,
            current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS replica,
            (extract(epoch FROM clock_timestamp()) * 1000000)::int8 AS clock,
            (SELECT oid::int8 FROM pg_database WHERE datname = current_database()) AS database,
            current_schema()::text AS schema, current_schemas(false)::text[] AS schemas,
            coalesce((SELECT s.ssl FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()), false) AS ssl,
            coalesce((SELECT pg_postmaster_start_time()::text), '') AS started",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(failed)?;
    let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
    let number: i32 = row.try_get("number").map_err(failed)?;
    let version = format!("PostgreSQL {}", visible(&text("version")?));
    let refused = |cause: String, hint: &str| {
        Err(StoreError::new(ErrorClass::Schema, operation, cause).with_hint(hint))
    };
    if number < VERSION_MIN {
        return refused(format!("{version} is too old"), "PostgreSQL 13 or later is needed");
    }
    if text("encoding")? != "UTF8" {
        return refused(
            format!("the database's encoding is {}", visible(&text("encoding")?)),
            "only databases in UTF8 keep every text that other engines hold",
        );
    }
    let schema: Option<String> = row.try_get("schema").map_err(failed)?;
    let Some(schema) = schema else {
        return refused(
            "the session has no schema".to_owned(),
            "set `schema`, and grant the role USAGE on it",
        );
    };
    let replica: bool = row.try_get("replica").map_err(failed)?;
    let database: i64 = row.try_get("database").map_err(failed)?;
    let clock: i64 = row.try_get("clock").map_err(failed)?;
    let mut notes = Vec::new();
    if !row.try_get::<bool, _>("ssl").map_err(failed)? {
        notes.push("the connection is not encrypted".to_owned());
    }
    if replica {
        notes.push("the server is a replica: it can only be read".to_owned());
    }
    let system = system(connection).await;
    if system.is_none() {
        notes.push(
            "the role may not read the server's system identifier: another server at this address goes unnoticed"
                .to_owned(),
        );
    }
    let server = system.unwrap_or_else(|| address.place());
    Ok(Probe {
        identity: format!("postgres:{server}/{database}/{}", visible(&schema)),
        location: format!("postgres://{}/{}", address.place(), visible(&schema)),
        version,
        clock: Some(Timestamp(clock)),
        writable: role == Role::Target && !replica,
        notes,
    })
}

/// What tells this server's data from any other's, where the role may know it.
async fn system(connection: &mut PgConnection) -> Option<String> {
    let row =
        sqlx::query("SELECT system_identifier::text FROM pg_control_system()").fetch_one(connection).await;
    row.and_then(|row| row.try_get(0)).ok()
}
