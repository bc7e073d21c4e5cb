//! Connections: how one is opened and pinned, and how they are lent and come home.

use std::fmt::Write as _;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};
use tokio::sync::watch;

use super::error::store_error;
use super::sql;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::limits::CONNECT_TIME_MAX;
use crate::model::settings::Tls;
use crate::store::{ErrorClass, Result, Role, ServerAddress, StoreError};

/// What every session sets, whatever the server's or the role's defaults are.
const PINS: &str = "SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY';
    SET IntervalStyle = 'postgres'; SET extra_float_digits = 3; SET bytea_output = 'hex'; SET lc_monetary = 'C';
    SET xmlbinary = 'base64'; SET standard_conforming_strings = on; SET jit = off; SET row_security = off;
    SET synchronize_seqscans = off; SET default_transaction_isolation = 'read committed';
    SET idle_in_transaction_session_timeout = 0; SET tcp_keepalives_idle = 60;";

/// Where the connections of one store come from and go back to.
pub(super) struct Home {
    pub(super) address: ServerAddress,
    pub(super) role: Role,
    idle: Mutex<Idle>,
    /// Raised by every disconnect.
    generation: watch::Sender<u64>,
    clock: SystemClock,
}

struct Idle {
    generation: u64,
    connections: Vec<PgConnection>,
}

/// The time between two disconnects; a connection belongs to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life(u64);

impl Home {
    pub(super) fn new(address: ServerAddress, role: Role) -> Arc<Self> {
        let idle = Mutex::new(Idle { generation: 0, connections: Vec::new() });
        Arc::new(Self { address, role, idle, generation: watch::channel(0).0, clock: SystemClock::new() })
    }

    /// The present life of the connections; ends with the next disconnect.
    pub(super) fn life(&self) -> Life {
        Life(*self.generation.borrow())
    }

    /// Waits for work on a connection; until the connections of this life end, or the server says nothing for longer
    /// than a statement may take.
    pub(super) async fn within<T>(
        &self,
        life: Life,
        operation: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let Life(generation) = life;
        let mut generations = self.generation.subscribe();
        let ended = generations.wait_for(|now| *now != generation);
        let failed = |cause: &str| Err(StoreError::new(ErrorClass::Connection, operation, cause));
        tokio::select! {
            biased;
            _ = ended => failed("the connection was ended"),
            result = work => result,
            () = self.clock.sleep(self.address.timeout) => failed("the server did not answer within `timeout`"),
        }
    }

    /// A connection outside any transaction.
    pub(super) async fn lend(self: &Arc<Self>, life: Life, operation: &str) -> Result<Lease> {
        let Life(generation) = life;
        let kept = {
            let mut idle = self.idle();
            if idle.generation == generation { idle.connections.pop() } else { None }
        };
        let connection = match kept {
            Some(connection) => connection,
            None => self.within(life, operation, self.connect(operation)).await?,
        };
        Ok(Lease { connection: Some(connection), home: self.clone(), life })
    }

    async fn connect(&self, operation: &str) -> Result<PgConnection> {
        let failed = |error: sqlx::Error| {
            let mut error = store_error(operation, &error);
            if error.class == ErrorClass::Data {
                error.class = ErrorClass::Schema;
            }
            let place = self.address.place();
            error.operation = format!("{operation}: connecting to {place}");
            error
        };
        let late = StoreError::new(
            ErrorClass::Connection,
            format!("{operation}: connecting to {}", self.address.place()),
            "the server did not let us in in time",
        );
        let options = options(&self.address);
        let connecting = async {
            let mut connection = options.connect().await.map_err(failed)?;
            let pins = self.pins();
            sqlx::raw_sql(AssertSqlSafe(pins)).execute(&mut connection).await.map_err(failed)?;
            Ok(connection)
        };
        tokio::select! {
            connected = connecting => connected,
            () = self.clock.sleep(CONNECT_TIME_MAX) => Err(late),
        }
    }

    fn pins(&self) -> String {
        let mut pins = PINS.to_owned();
        let timeout_ms = self.address.timeout.as_millis().clamp(1, 2_000_000_000);
        // A read's time is measured here, from block to block: the server would count the consumer's as well.
        let _ = match self.role {
            Role::Source => {
                write!(pins, "SET default_transaction_read_only = on; SET statement_timeout = 0;")
            }
            Role::Target => write!(
                pins,
                "SET default_transaction_read_only = off; SET statement_timeout = 0;
                SET lock_timeout = {timeout_ms};"
            ),
        };
        // Nobody may wait for the answer any more.
        pins.push_str("SELECT set_config('client_connection_check_interval', '5s', false) WHERE current_setting('server_version_num')::int >= 140000;");
        if let Some(schema) = &self.address.schema {
            let _ = write!(pins, "SET search_path = {};", sql::quote(schema));
        }
        pins
    }

    /// Ends every connection.
    pub(super) fn disconnect(&self) {
        let next = *self.generation.borrow() + 1;
        let ended = {
            let mut idle = self.idle();
            idle.generation = next;
            std::mem::take(&mut idle.connections)
        };
        self.generation.send_replace(next);
        drop(ended);
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn options(address: &ServerAddress) -> PgConnectOptions {
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&address.host)
        .port(address.port)
        .username(&address.user)
        .database(&address.database)
        .application_name("syncline")
        .ssl_mode(match address.tls {
            Tls::Off => PgSslMode::Disable,
            Tls::Prefer => PgSslMode::Prefer,
            Tls::Require => PgSslMode::Require,
            Tls::VerifyCa => PgSslMode::VerifyCa,
            Tls::VerifyFull => PgSslMode::VerifyFull,
        });
    if let Some(password) = &address.password {
        options = options.password(password.expose());
    }
    if let Some(ca) = &address.tls_ca {
        options = options.ssl_root_cert(ca);
    }
    options.disable_statement_logging()
}

/// A connection on loan. It is closed when it is dropped, unless it was given back.
pub(super) struct Lease {
    connection: Option<PgConnection>,
    home: Arc<Home>,
    life: Life,
}

impl Lease {
    /// Returns the connection, which is outside any transaction, for others to use.
    pub(super) fn give_back(mut self) {
        let Life(generation) = self.life;
        let mut idle = self.home.idle();
        if idle.generation == generation && idle.connections.len() < self.home.address.connections * 2 {
            idle.connections.extend(self.connection.take());
        }
    }

    /// Its home.
    pub(super) fn home(&self) -> Arc<Home> {
        self.home.clone()
    }

    /// The life that it ends with.
    pub(super) fn life(&self) -> Life {
        self.life
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect("a lease holds its connection until it is given back")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("a lease holds its connection until it is given back")
    }
}
