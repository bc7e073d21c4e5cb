//! Every limit of the program that is not a setting, named, with its reason.

use std::time::Duration;

/// Rows in one block that travels from a reader to its consumer: large enough that a channel hand-over is noise.
pub const BLOCK_ROWS_MAX: usize = 1024;

/// Bytes in one block; a block with a single larger row holds that row alone.
pub const BLOCK_BYTES_MAX: usize = 1 << 20;

/// Blocks a reader may run ahead of its consumer.
pub const BLOCKS_AHEAD_MAX: usize = 8;

/// Bytes in one target transaction.
pub const UNIT_BYTES_MAX: usize = 8 << 20;

/// Rows a search may cover before its progress is saved.
pub const SEARCH_UNIT_ROWS_MAX: u64 = 100_000;

/// Time a search may run before its progress is saved.
pub const SEARCH_UNIT_TIME_MAX: Duration = Duration::from_secs(5);

/// Changed rows that a search remembers to have listed, so that the next one does not list them again; of more, a row
/// may be written and counted twice.
pub const LISTED_ROWS_MAX: usize = 100_000;

/// Sample keys in one event.
pub const EVENT_SAMPLES_MAX: usize = 20;

/// Life-cycle events waiting for a slow consumer before the engine stops at a safe point.
pub const EVENTS_WAITING_MAX: usize = 4096;

/// Commands waiting for the engine.
pub const COMMANDS_WAITING_MAX: usize = 64;

/// Longest single read transaction on a SQLite source with a rollback journal, so that its application can commit.
pub const ROLLBACK_READ_TIME_MAX: Duration = Duration::from_millis(500);

/// Characters of a value or an identifier shown in a message.
pub const SHOWN_CHARS_MAX: usize = 120;

/// Time a drain may take before it becomes a rollback.
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(30);

/// Time that a run gets to end by itself after it was told to abort; then it is cut off.
pub const ABORT_TIME_MAX: Duration = Duration::from_secs(2);

/// Time that a reader of the reports gets to take the rest after a signal.
pub const REPORT_END_TIME_MAX: Duration = Duration::from_secs(5);

/// Files that the log of one job keeps.
pub const LOG_FILES_MAX: usize = 60;

/// Deletes below this many rows never trip the ratio guard.
pub const GUARD_ROWS_MIN: u64 = 20;

/// Ranges of one digest request.
pub const DIGEST_RANGES_MAX: usize = 4096;

/// Share of dirty first-level buckets beyond which a digest search becomes a merge compare.
pub const DIRTY_SHARE_MAX: f64 = 0.05;

/// Errors listed in a summary; the rest is only counted.
pub const SUMMARY_ERRORS_MAX: usize = 1000;

/// Findings, quarantined rows or proofs taken from the state at a time.
pub const STATE_PAGE_ROWS_MAX: usize = 5000;

/// Commits of the state that a power failure may undo: an fsync costs as much as writing a thousand rows.
pub const STATE_COMMITS_AT_RISK_MAX: u32 = 16;

/// Age beyond which an interrupted pass is started anew instead of continued.
pub const RESUME_AGE_MAX: Duration = Duration::from_hours(24);

/// Stored proof ranges a table.
pub const PROOF_RANGES_MAX: usize = 4096;

/// Passes kept in the history.
pub const HISTORY_PASSES_MAX: u64 = 1000;

/// Holds remembered a table, each with its keys: more than a day of hourly passes, each with another delete set.
pub const HOLDS_PER_TABLE_MAX: usize = 32;

/// Bytes of one configuration file; the longest sensible one is a hundredth of this.
pub const CONFIG_FILE_BYTES_MAX: u64 = 1 << 20;

/// Problems of a configuration that are listed; the rest are counted.
pub const CONFIG_PROBLEMS_MAX: usize = 50;

/// Bytes of a password, from wherever it comes.
pub const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Time that a `password_command` may take.
pub const SECRET_COMMAND_TIME_MAX: Duration = Duration::from_secs(10);

/// Tables that the board follows; events of further ones are counted.
pub const BOARD_TABLES_MAX: usize = 10_000;

/// Ranges that the board remembers of one table's search, the newest.
pub const BOARD_RANGES_MAX: usize = 256;

/// Errors that the board remembers, the newest.
pub const BOARD_ERRORS_MAX: usize = 1000;

/// Log lines that the board remembers, the newest.
pub const BOARD_MESSAGES_MAX: usize = 1000;

/// Quarantined rows and errors of one table that the text log lists in a pass; the summary lists or counts the rest.
pub const LOG_REFUSALS_MAX: u64 = 20;

/// Least time between two progress lines of one table in the text log.
pub const LOG_PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Neighbouring rows of one kind of difference from which on a search keeps their range instead of their keys.
pub const RUN_ROWS_MIN: u64 = 256;

/// Rows a hash bucket is meant to hold.
pub const BUCKET_ROWS: u64 = 256;

/// Rows of differing buckets that are compared in memory at once.
pub const BUCKET_ROWS_AT_ONCE_MAX: u64 = 50_000;

/// Differing keys that are looked at again before a verdict; more of them are different at once.
pub const SECOND_LOOK_ROWS_MAX: usize = 10_000;

/// Looks at a differing key on a moving source before it is called different or busy.
pub const SECOND_LOOKS_MAX: u32 = 3;

/// Parked rows that may be written in one transaction.
pub const TOGETHER_ROWS_MAX: usize = 10_000;

/// Rows from which on a pass measures speeds; fewer tell nothing.
pub const RATE_ROWS_MIN: u64 = 1000;

/// Requests that may wait for a database thread; callers beyond wait themselves.
pub const STORE_REQUESTS_WAITING_MAX: usize = 16;

/// Longest wait for a lock of a SQLite database before the error says that it is busy.
pub const SQLITE_BUSY_TIME_MAX: Duration = Duration::from_secs(5);

/// Time a reader stays away between two read transactions on a rollback journal, so that a waiting writer gets in.
pub const ROLLBACK_READ_PAUSE: Duration = Duration::from_millis(2);

/// Pages of write-ahead log that a target's writer lets gather before it moves them into the file: each time costs two
/// fsyncs, and SQLite's own 1,000 pages are only a few units.
pub const SQLITE_LOG_PAGES_MAX: u32 = 8192;

/// Prepared statements kept by one SQLite connection.
pub const SQLITE_STATEMENTS_CACHED_MAX: usize = 64;

/// Steps of SQLite's virtual machine between two looks at whether anybody still waits for the result.
pub const SQLITE_PROGRESS_OPERATIONS: i32 = 10_000;

/// Keys kept as a sample when a range is split on a side that has no index in key order.
pub const SPLIT_SAMPLE_MAX: usize = 16_384;

/// Bytes of rows kept at once by a read that has to sort on the way.
pub const SELECTION_BYTES_MAX: usize = 8 << 20;

/// Finished units that a target's own bookkeeping remembers for a job; far more than can be in doubt after a crash.
pub const UNIT_MARKS_KEPT: i64 = 100_000;

/// Longest sleep of a run that is held to its speed, between two looks at what the operator wants.
pub const PACE_WAIT_MAX: Duration = Duration::from_millis(250);

/// Longest wait for a server to accept a connection and log us in.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(20);

/// Snapshots of one SQLite target that may be open side by side, each with a connection and a thread.
pub const SQLITE_READERS_MAX: usize = 4;

/// Prepared statements kept by one connection to a server.
pub const SERVER_STATEMENTS_CACHED_MAX: usize = 64;

/// Rows asked of a MariaDB or MySQL server at a time: as many as may wait in a stream.
pub const SERVER_PAGE_ROWS_MAX: usize = BLOCK_ROWS_MAX * BLOCKS_AHEAD_MAX;

/// Bytes that a page of rows is meant to have.
pub const SERVER_PAGE_BYTES: usize = 4 << 20;

/// Rows in one statement that writes to MariaDB or MySQL; beyond, nothing is gained.
pub const SERVER_STATEMENT_ROWS_MAX: usize = 1000;

/// Parameters of one statement, as the protocol of MariaDB and MySQL counts them.
pub const SERVER_PARAMETERS_MAX: usize = 65_535;

/// Views of one MariaDB or MySQL database that may be open side by side, each with a connection.
pub const SERVER_READERS_MAX: usize = 8;
