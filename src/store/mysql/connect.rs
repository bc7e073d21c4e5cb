//! Opening connections: encryption, what is pinned in every session, and running statements.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlRow, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::cascade::{self, Reference};
use super::error::{is_fatal, store_error};
use super::facts::{self, TableFacts};
use super::value::{Param, arguments};
use super::worker::Wanted;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::limits::{CONNECT_TIME_MAX, SERVER_STATEMENTS_CACHED_MAX};
use crate::model::block::RowBlock;
use crate::model::schema::TableName;
use crate::model::settings::Tls;
use crate::store::{ErrorClass, Result, Role, RowSender, ServerAddress, StoreError};

/// A database on a server and how it is used.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) address: ServerAddress,
    pub(super) role: Role,
}

/// Which of the two servers, and which version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flavor {
    pub(super) mariadb: bool,
    /// Major and minor version.
    pub(super) version: (u32, u32),
}

impl Flavor {
    /// From what `SELECT VERSION()` says.
    fn parse(version: &str) -> Self {
        // Some servers put 5.5.5- before it, for replicas that are older than MariaDB 10.
        let own = version.strip_prefix("5.5.5-").unwrap_or(version);
        let mut numbers = own.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
        let version_numbers = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        Self { mariadb: version.to_ascii_lowercase().contains("mariadb"), version: version_numbers }
    }

    /// Whether it has a type `uuid`.
    pub(super) fn has_uuid(self) -> bool {
        self.mariadb && self.version >= (10, 7)
    }

    /// The collation of utf8mb4 that sorts by bytes and pads nothing.
    pub(super) fn byte_collation(self) -> &'static str {
        if self.mariadb { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" }
    }
}

/// A connection that is logged in and set up.
pub(super) struct Session {
    connection: MySqlConnection,
    pub(super) flavor: Flavor,
    pub(super) role: Role,
    /// The database, as the server spells it.
    pub(super) database: String,
    /// Largest statement or row that the server takes.
    pub(super) packet_bytes_max: usize,
    /// Whether anybody waits for the work under way.
    pub(super) wanted: Wanted,
    /// Whether the bookkeeping's table was made.
    pub(super) marks_ready: bool,
    facts: HashMap<TableName, Arc<TableFacts>>,
    references: Option<Arc<Vec<Reference>>>,
    broken: bool,
}

impl Place {
    /// Name of the place in messages.
    pub(super) fn label(&self) -> String {
        format!("`{}`", self.address.place())
    }

    fn options(&self) -> MySqlConnectOptions {
        let address = &self.address;
        let mode = match address.tls {
            Tls::Off => MySqlSslMode::Disabled,
            Tls::Prefer => MySqlSslMode::Preferred,
            Tls::Require => MySqlSslMode::Required,
            Tls::VerifyCa => MySqlSslMode::VerifyCa,
            Tls::VerifyFull => MySqlSslMode::VerifyIdentity,
        };
        let mut options = MySqlConnectOptions::new()
            .host(&address.host)
            .port(address.port)
            .username(&address.user)
            .database(&address.database)
            .ssl_mode(mode)
            .charset("utf8mb4")
            .pipes_as_concat(false)
            .statement_cache_capacity(SERVER_STATEMENTS_CACHED_MAX)
            .disable_statement_logging();
        if let Some(password) = &address.password {
            options = options.password(password.expose());
        }
        if let Some(file) = &address.tls_ca {
            options = options.ssl_ca(file);
        }
        options
    }

    /// Opens a connection and pins what its answers depend on.
    pub(super) async fn connect(&self) -> Result<Session> {
        let operation = format!("connecting to {}", self.label());
        let work = async {
            let connection =
                self.options().connect().await.map_err(|error| store_error(&operation, &error))?;
            self.set_up(connection, &operation).await
        };
        let clock = SystemClock::new();
        tokio::select! {
            biased;
            session = work => session,
            () = clock.sleep(CONNECT_TIME_MAX) => {
                let cause = format!("no answer within {} s", CONNECT_TIME_MAX.as_secs());
                Err(StoreError::new(ErrorClass::Connection, &*operation, cause))
            }
        }
    }

    async fn set_up(&self, connection: MySqlConnection, operation: &str) -> Result<Session> {
        let mut session = Session {
            connection,
            flavor: Flavor { mariadb: true, version: (0, 0) },
            role: self.role,
            database: String::new(),
            packet_bytes_max: 0,
            wanted: Wanted::default(),
            marks_ready: false,
            facts: HashMap::new(),
            references: None,
            broken: false,
        };
        let failed = |error| store_error(operation, &error);
        let asked = "SELECT VERSION(), DATABASE(), @@max_allowed_packet, @@binlog_format";
        let row = session.row(asked, &[]).await.map_err(failed)?;
        let text = |index| row.as_ref().and_then(|row| facts::text(row, index)).unwrap_or_default();
        session.flavor = Flavor::parse(&text(0));
        session.database = text(1);
        session.packet_bytes_max =
            row.as_ref().map_or(1 << 20, |row| facts::number(row, 2)).max(1 << 20) as usize;
        let statement_based = text(3).eq_ignore_ascii_case("STATEMENT");
        for pin in self.pins(session.flavor, statement_based) {
            session.plain(&pin).await.map_err(failed)?;
        }
        Ok(session)
    }

    /// What is set in every session.
    fn pins(&self, flavor: Flavor, statement_based: bool) -> Vec<String> {
        // Zero dates stay allowed: what becomes of them is the configuration's to say. A key of 0 is a key.
        let mut pins = vec![
            "SET SESSION sql_mode = \
            'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'"
                .to_owned(),
            "SET SESSION time_zone = '+00:00', autocommit = 1, sql_safe_updates = 0, \
            sql_select_limit = DEFAULT, foreign_key_checks = 1, unique_checks = 1, sql_auto_is_null = 0, \
            lock_wait_timeout = 30, innodb_lock_wait_timeout = 30, net_write_timeout = 600"
                .to_owned(),
        ];
        let seconds = self.address.timeout.as_secs().max(1);
        if flavor.mariadb {
            // Long lists of keys are searched for as ranges, not joined as a table.
            pins.push(format!(
                "SET SESSION max_statement_time = {seconds}, in_predicate_conversion_threshold = 0"
            ));
        } else {
            pins.push(format!("SET SESSION max_execution_time = {}", seconds.saturating_mul(1000)));
        }
        match self.role {
            Role::Source => pins.push("SET SESSION TRANSACTION READ ONLY".to_owned()),
            // Locks the rows that are written and no gaps between them; such a log cannot replay that.
            Role::Target if !statement_based => {
                pins.push("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned());
            }
            Role::Target => {}
        }
        pins
    }
}

impl Session {
    /// Whether the connection is lost or in a state that nobody knows.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Says goodbye.
    pub(super) async fn close(self) {
        // Whatever it says, the connection is gone.
        let _ = self.connection.close().await;
    }

    fn note<T>(
        &mut self,
        result: std::result::Result<T, sqlx::Error>,
    ) -> std::result::Result<T, sqlx::Error> {
        if let Err(error) = &result
            && is_fatal(error)
        {
            self.broken = true;
        }
        result
    }

    /// Runs a statement without parameters, unprepared.
    pub(super) async fn plain(&mut self, sql: &str) -> std::result::Result<(), sqlx::Error> {
        let text = AssertSqlSafe(sql.to_owned());
        let result = sqlx::raw_sql(text).execute(&mut self.connection).await.map(drop);
        self.note(result)
    }

    /// Runs a prepared statement; the number of rows that it found, or for an upsert that it wrote.
    pub(super) async fn execute(
        &mut self,
        sql: &str,
        arguments: MySqlArguments,
    ) -> std::result::Result<u64, sqlx::Error> {
        let query = sqlx::query_with(AssertSqlSafe(sql.to_owned()), arguments);
        let result = query.execute(&mut self.connection).await.map(|done| done.rows_affected());
        self.note(result)
    }

    /// Runs a prepared query and hands over its rows until `on_row` says that it has enough (false) or fails.
    pub(super) async fn query(
        &mut self,
        sql: &str,
        params: &[Param],
        operation: &str,
        mut on_row: impl FnMut(&MySqlRow) -> Result<bool> + Send,
    ) -> Result<()> {
        let query = sqlx::query_with(AssertSqlSafe(sql.to_owned()), arguments(params));
        let result = async {
            let mut rows = query.fetch(&mut self.connection);
            while let Some(row) = rows.try_next().await.map_err(Ok)? {
                if !on_row(&row).map_err(Err)? {
                    break;
                }
            }
            Ok(())
        }
        .await;
        self.told(result, operation)
    }

    /// Runs a prepared query and sends the blocks that `on_row` fills, waiting while the consumer is behind; false when
    /// it went away.
    pub(super) async fn send(
        &mut self,
        sql: &str,
        params: &[Param],
        operation: &str,
        sender: &RowSender,
        mut on_row: impl FnMut(&MySqlRow) -> Result<Option<RowBlock>> + Send,
    ) -> Result<bool> {
        let query = sqlx::query_with(AssertSqlSafe(sql.to_owned()), arguments(params));
        let result = async {
            let mut rows = query.fetch(&mut self.connection);
            while let Some(row) = rows.try_next().await.map_err(Ok)? {
                if let Some(block) = on_row(&row).map_err(Err)?
                    && sender.send(block).await.is_err()
                {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        .await;
        self.told(result, operation)
    }

    fn told<T>(
        &mut self,
        result: std::result::Result<T, std::result::Result<sqlx::Error, StoreError>>,
        operation: &str,
    ) -> Result<T> {
        result.map_err(|error| match error {
            Ok(error) => {
                self.broken |= is_fatal(&error);
                store_error(operation, &error)
            }
            Err(error) => error,
        })
    }

    /// All rows of a small result.
    pub(super) async fn rows(
        &mut self,
        sql: &str,
        params: &[Param],
    ) -> std::result::Result<Vec<MySqlRow>, sqlx::Error> {
        let query = sqlx::query_with(AssertSqlSafe(sql.to_owned()), arguments(params));
        let result = query.fetch_all(&mut self.connection).await;
        self.note(result)
    }

    /// The first row of a result.
    pub(super) async fn row(
        &mut self,
        sql: &str,
        params: &[Param],
    ) -> std::result::Result<Option<MySqlRow>, sqlx::Error> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// What the catalogue says of a table; asked once a connection. Errors: schema.
    pub(super) async fn table(&mut self, name: &TableName, operation: &str) -> Result<Arc<TableFacts>> {
        if let Some(found) = self.facts.get(name) {
            return Ok(found.clone());
        }
        let found = facts::one(self, name)
            .await
            .map_err(|error| store_error(operation, &error))?
            .ok_or_else(|| {
                StoreError::new(ErrorClass::Schema, operation, "there is no such table")
                    .with_hint("check the name; the rights to see the table may be missing, too")
            })?;
        let found = Arc::new(found);
        self.facts.insert(name.clone(), found.clone());
        Ok(found)
    }

    /// Forgets what the catalogue said.
    pub(super) fn forget_tables(&mut self) {
        self.facts.clear();
        self.references = None;
    }

    /// The foreign keys that a delete sets off; asked once a connection and look at the schema.
    pub(super) async fn references(&mut self) -> std::result::Result<Arc<Vec<Reference>>, sqlx::Error> {
        if let Some(found) = &self.references {
            return Ok(found.clone());
        }
        let found = Arc::new(cascade::references(self).await?);
        self.references = Some(found.clone());
        Ok(found)
    }

    /// Never uses the connection again.
    pub(super) fn give_up(&mut self) {
        self.broken = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_the_server() {
        let mariadb = Flavor::parse("10.11.19-MariaDB-0+deb12u1-log");
        assert_eq!(mariadb, Flavor { mariadb: true, version: (10, 11) });
        assert!(mariadb.has_uuid());
        assert_eq!(Flavor::parse("5.5.5-10.6.3-MariaDB").version, (10, 6));
        assert_eq!(Flavor::parse("8.0.36"), Flavor { mariadb: false, version: (8, 0) });
    }
}
