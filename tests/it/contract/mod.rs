//! The contract of a database side, as one suite that every backend passes.
//!
//! # Adding a backend
//!
//! 1. Implement [`Backend`] in a file beside this one: make a database by the engine's own means (never through the
//!    store under test), open the store on it in a [`Role`], and hand back an [`Independent`] look at the same database.
//!    A server is started by the test command itself; when it is missing the suite fails, it is never skipped.
//! 2. Tables are declared in terms of `TableDefinition`; turn them into the engine's DDL with the same names, columns,
//!    nullability, keys, constraints. Scopes in the suite use only `column = 'text'`, comparisons and `AND`.
//! 3. List in [`Backend::key_types`] every type that can be a key, with values in no particular order.
//! 4. Add one line `suite!(yours, Yours);` below. Every case must pass; a fact that differs between engines is asked of
//!    [`syncline::store::Capabilities`], never of the engine's name.
//!
//! # What the cases promise
//!
//! [`reading`]: order, half-open ranges, scopes; count, digest and read agree. [`cursor`]: stamps. [`odd_keys`]: NULL and
//! repeated keys, hash buckets. [`streams`]: end marks, bounds, cancellation. [`writing`]: all or nothing, idempotent,
//! inside the scope, refusals with their place. [`life`]: connecting, describing, creating. [`random`]: random tables and
//! operations against a naive model. [`agreement`]: two backends with the same rows give the same digests.
//!
//! Does not belong here: what the engine makes of a store.

mod agreement;
mod cursor;
mod faults;
pub mod fixture;
mod life;
pub mod mariadb;
mod memory;
mod odd_keys;
pub mod postgres;
mod random;
mod reading;
pub mod sqlite;
mod streams;
mod writing;

use std::sync::Arc;

use async_trait::async_trait;
use syncline::model::types::LogicalType;
use syncline::model::value::Value;
use syncline::store::Store;
use syncline::store::memory::TableDefinition;

/// Which side of a job a store is opened as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Only read.
    Source,
    /// Written.
    Target,
}

/// A kind of database under test.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Makes a new database with these tables, empty, and opens it.
    async fn make(&self, role: Role, tables: Vec<TableDefinition>) -> Made;

    /// Types that can be keys here, each with distinct values.
    fn key_types(&self) -> Vec<(LogicalType, Vec<Value>)>;

    /// Whether a reference can be declared to hold only at commit.
    fn defers_references(&self) -> bool {
        true
    }
}

/// A database, its store and a look at it by other means.
pub struct Made {
    /// The store under test.
    pub store: Arc<dyn Store>,
    /// The same database.
    pub database: Box<dyn Independent>,
}

/// A database seen without the store under test.
pub trait Independent: Send + Sync {
    /// All rows of a table in any order, columns in declared order.
    fn rows(&self, table: &str) -> Vec<Vec<Value>>;

    /// Adds rows, columns in declared order.
    fn insert(&self, table: &str, rows: &[Vec<Value>]);

    /// Deletes all rows.
    fn clear(&self, table: &str);

    /// Runs statements as [`Store::script`] wrote them; false when the engine has no language for it.
    fn run(&self, script: &str) -> bool;
}

/// One test for each case of the contract, for one backend.
macro_rules! suite {
    ($name:ident, $backend:expr) => {
        mod $name {
            use super::super::*;

            suite!(@cases $backend;
                reading: every_row_is_read_in_key_order, keys_of_every_type_sort_as_keys_do,
                    composite_keys_sort_column_by_column, ranges_are_half_open_and_open_at_the_ends,
                    count_digest_and_read_agree, digests_come_one_a_range, a_scope_is_honoured_by_every_read,
                    split_gives_balanced_bounds_that_exist, newest_finds_where_the_newest_rows_begin,
                    fetch_returns_what_exists_in_order, the_largest_key_is_in_scope,
                    a_view_has_its_own_column_order, an_unknown_table_or_column_is_a_schema_error,
                    a_consistent_snapshot_stays_at_its_instant;
                cursor: changed_rows_come_in_stamp_and_key_order, trap_29_ties_at_both_ends_are_inside,
                    trap_30_rows_without_a_stamp_are_counted, trap_55_stamps_in_the_future_are_counted,
                    stamps_honour_the_scope;
                odd_keys: rows_whose_key_holds_a_null_are_kept_apart, trap_35_repeated_keys_are_all_read,
                    bounds_never_cut_through_a_repeated_key, buckets_partition_the_rows, buckets_can_be_read,
                    a_table_without_a_key_is_counted_and_digested;
                streams: a_stream_ends_with_its_mark, a_slow_consumer_gets_every_row,
                    a_dropped_stream_frees_its_reader, a_dropped_future_leaves_the_store_usable,
                    snapshots_can_be_open_side_by_side, an_empty_table_is_an_empty_stream;
                writing: a_batch_is_idempotent, inserts_overwrite_and_updates_do_not_add,
                    what_is_missed_is_told_by_position, trap_50_a_refused_row_undoes_the_whole_batch,
                    refusals_are_told_by_kind, nothing_outside_the_scope_is_written,
                    columns_that_are_not_written_keep_their_values, references_are_enforced_and_cascade,
                    references_can_be_left_alone, deferred_references_hold_at_commit,
                    marks_are_kept_with_the_rows, values_come_back_as_they_went_in,
                    a_script_does_what_the_batch_does, an_empty_batch_is_no_work, a_source_is_never_written,
                    trap_39_rows_that_wait_for_each_other_are_written_together,
                    what_is_written_together_is_refused_together, rows_written_together_keep_what_refers_to_them,
                    trap_52_large_batches_are_no_problem, the_written_form_of_a_key_is_the_sources;
                life: a_probe_names_the_database, the_catalogue_is_described, a_table_can_be_created,
                    a_disconnected_store_can_connect_again;
                random: random_tables_and_operations_match_a_naive_model;
            );
        }
    };
    (@cases $backend:expr; $($file:ident: $($case:ident),+;)+) => {
        $($(
            #[tokio::test]
            async fn $case() {
                $file::$case(&$backend).await;
            }
        )+)+
    };
}

/// The suite on each backend.
mod run {
    suite!(memory, memory::Memory::default());
    suite!(memory_whose_snapshots_move, memory::Memory { consistent: false, ..memory::Memory::default() });
    suite!(sqlite_wal, sqlite::Sqlite::with("wal"));
    suite!(sqlite_rollback_journal, sqlite::Sqlite::with("delete"));
    suite!(
        sqlite_strict_without_rowid,
        sqlite::Sqlite { options: "WITHOUT ROWID, STRICT", ..sqlite::Sqlite::with("wal") }
    );
    suite!(mariadb, mariadb::MariaDb::default());
    suite!(postgres, postgres::Postgres::default());
    suite!(memory_in_small_blocks, memory::Memory { block_rows: 3, ..memory::Memory::default() });
}
