//! Every key, once: its place, what it accepts, its default or an example.
//!
//! The built-in values stand in `model::settings` too, as Rust values; a test holds the two equal.

use super::key::{Bare, KeySpec, Kind, LegacyKey, Scope};
use crate::model::settings::{
    Bookkeeping, Deletes, ForeignKeys, LogLevel, OnEmptySource, OnHangup, OnMissed, OnMissingTable, Rotate,
    Strategy, Tls, Triggers, Verify, ZeroDates,
};

/// A key whose `example` is only an example.
const fn optional(scope: Scope, name: &'static str, kind: Kind, example: &'static str) -> KeySpec {
    KeySpec { scope, name, kind, example, is_default: false, per_table: false }
}

/// A key whose built-in value is `default`.
const fn set(scope: Scope, name: &'static str, kind: Kind, default: &'static str) -> KeySpec {
    KeySpec { scope, name, kind, example: default, is_default: true, per_table: false }
}

/// As `optional`, in `[sync]` and in each entry of `[[tables]]`.
const fn table_optional(name: &'static str, kind: Kind, example: &'static str) -> KeySpec {
    KeySpec { scope: Scope::Sync, name, kind, example, is_default: false, per_table: true }
}

/// As `set`, in `[sync]` and in each entry of `[[tables]]`.
const fn table_set(name: &'static str, kind: Kind, default: &'static str) -> KeySpec {
    KeySpec { scope: Scope::Sync, name, kind, example: default, is_default: true, per_table: true }
}

const ROWS: Kind = Kind::Count(0, i64::MAX as u64);
const BATCH: Kind = Kind::Count(1, 1_000_000);
const ERRORS: Kind = Kind::Count(1, 1_000_000_000);
const ANY_TIME: Kind = Kind::Duration(Bare::Ambiguous, 0);
const SOME_TIME: Kind = Kind::Duration(Bare::Ambiguous, 1);

/// Every key, in the order in which it is printed.
pub(crate) static KEYS: &[KeySpec] = &[
    optional(Scope::Root, "name", Kind::Name, r#""erp-warehouse""#),
    optional(Scope::Endpoint, "url", Kind::Url, r#""sqlite:warehouse.db""#),
    optional(Scope::Endpoint, "password_env", Kind::Name, r#""ERP_PASSWORD""#),
    optional(Scope::Endpoint, "password_file", Kind::Path, r#""/run/secrets/erp""#),
    optional(Scope::Endpoint, "password_command", Kind::Command, r#"["pass", "show", "erp"]"#),
    optional(Scope::Endpoint, "tls", Kind::Choice(Tls::NAMES), r#""verify-full""#),
    optional(Scope::Endpoint, "tls_ca", Kind::Path, r#""/etc/ssl/erp-ca.pem""#),
    optional(Scope::Endpoint, "schema", Kind::Text, r#""public""#),
    optional(Scope::Endpoint, "organization_id", Kind::Text, r#""main""#),
    set(Scope::Endpoint, "connections", Kind::Count(1, 1000), "4"),
    set(Scope::Endpoint, "timeout", Kind::Duration(Bare::Seconds, 1), r#""5m""#),
    set(Scope::Endpoint, "retry_count", Kind::Count(0, 1000), "3"),
    set(Scope::Endpoint, "retry_delay", Kind::Duration(Bare::Milliseconds, 0), r#""5s""#),
    set(Scope::Endpoint, "reconnect_delay", SOME_TIME, r#""30s""#),
    set(Scope::Endpoint, "reconnect_for", ANY_TIME, r#""15m""#),
    set(Scope::Sync, "sync_all", Kind::Boolean, "true"),
    set(Scope::Sync, "only_sync_plan", Kind::Boolean, "false"),
    optional(Scope::Table, "name", Kind::Text, r#""product-work""#),
    optional(Scope::Table, "source", Kind::Text, r#""product""#),
    optional(Scope::Table, "target", Kind::Text, r#""product""#),
    optional(Scope::Table, "where", Kind::Text, r#""type = 'work'""#),
    optional(Scope::Table, "target_where", Kind::Text, r#""type = 'work'""#),
    table_optional("key", Kind::Columns, r#"["record_id"]"#),
    table_set("modify_column", Kind::Text, r#""modify_time""#),
    table_optional("field_mapping", Kind::Mapping, r#"{ varchar_field = "text_field" }"#),
    table_optional("exclude", Kind::Columns, r#"["internal_note"]"#),
    table_optional("defaults", Kind::Literals, r#"{ currency = "EUR" }"#),
    table_set("trust_modify_id", Kind::Boolean, "false"),
    table_set("batch_size", BATCH, "5000"),
    table_set("batch_size_4d", BATCH, "1000"),
    table_set("delete_batch_size", BATCH, "1000"),
    table_set("delete_batch_size_4d", BATCH, "500"),
    table_set("id_array_batch_size", BATCH, "25000"),
    table_set("binary_search_for_add", Kind::Boolean, "true"),
    table_set("binary_search_min_table_size", ROWS, "1000"),
    table_set("binary_search_read_batch", BATCH, "500"),
    table_set("binary_search_recent_first", ROWS, "5000"),
    table_set("fallback_full_compare_on_mismatch", Kind::Boolean, "true"),
    table_set("min_rows_to_sync", ROWS, "1"),
    table_set("check_all_tables", Kind::Boolean, "false"),
    table_set("verify", Kind::Choice(Verify::NAMES), r#""digest""#),
    table_set("prove_every", ANY_TIME, r#""24h""#),
    table_set("on_missing_table", Kind::Choice(OnMissingTable::NAMES), r#""error""#),
    table_set("strategy", Kind::Choice(Strategy::NAMES), r#""auto""#),
    table_set("overlap_window", ANY_TIME, r#""5m""#),
    table_set("second_look", SOME_TIME, r#""2s""#),
    table_set("snapshot_age_max", SOME_TIME, r#""60s""#),
    table_set("bookkeeping", Kind::Choice(Bookkeeping::NAMES), r#""local""#),
    table_set("foreign_keys", Kind::Choice(ForeignKeys::NAMES), r#""respect""#),
    table_set("triggers", Kind::Choice(Triggers::NAMES), r#""fire""#),
    table_set("deletes", Kind::Choice(Deletes::NAMES), r#""apply""#),
    table_set("on_empty_source", Kind::Choice(OnEmptySource::NAMES), r#""hold""#),
    table_set("zero_dates", Kind::Choice(ZeroDates::NAMES), r#""quarantine""#),
    table_set("set_default_value", Kind::Boolean, "true"),
    table_set("copy_all_json_keys", Kind::Boolean, "true"),
    set(Scope::Limits, "max_error_count", ERRORS, "25"),
    set(Scope::Limits, "max_error_loop", ERRORS, "5"),
    set(Scope::Limits, "continue_on_error", Kind::BooleanOrCount, "true"),
    KeySpec { per_table: true, ..set(Scope::Limits, "max_delete_ratio", Kind::Ratio, "0.2") },
    KeySpec { per_table: true, ..optional(Scope::Limits, "max_delete_rows", ROWS, "1000000") },
    KeySpec { per_table: true, ..set(Scope::Limits, "max_quarantine_rows", ROWS, "10000") },
    set(Scope::Limits, "memory", Kind::Size(8 << 20), r#""96 MiB""#),
    set(Scope::Limits, "concurrency", Kind::Count(1, 1000), "4"),
    set(Scope::Limits, "rows_per_second", ROWS, "0"),
    set(Scope::Limits, "bytes_per_second", Kind::Size(0), "0"),
    optional(Scope::Schedule, "every", Kind::Duration(Bare::Ambiguous, 1000), r#""1h""#),
    optional(Scope::Schedule, "at", Kind::Times, r#"["02:00", "14:30"]"#),
    optional(Scope::Schedule, "cron", Kind::Cron, r#""0 2 * * 1-5""#),
    optional(Scope::Schedule, "timezone", Kind::Zone, r#""Europe/Helsinki""#),
    set(Scope::Schedule, "max_sleep_chunk", Kind::Duration(Bare::Ambiguous, 1000), r#""1h""#),
    set(Scope::Schedule, "on_missed", Kind::Choice(OnMissed::NAMES), r#""run-once""#),
    set(Scope::Console, "theme", Kind::Text, r#""default""#),
    set(Scope::Console, "keymap", Kind::Text, r#""default""#),
    set(Scope::Console, "color", Kind::Choice(&["auto", "truecolor", "256", "16", "mono"]), r#""auto""#),
    set(Scope::Console, "glyphs", Kind::Choice(&["auto", "unicode", "ascii", "braille"]), r#""auto""#),
    optional(Scope::Console, "fps", Kind::Count(1, 60), "10"),
    set(Scope::Console, "mouse", Kind::Boolean, "false"),
    set(Scope::Console, "on_hangup", Kind::Choice(OnHangup::NAMES), r#""continue""#),
    optional(Scope::Log, "dir", Kind::Path, r#""logs""#),
    set(Scope::Log, "rotate", Kind::Choice(Rotate::NAMES), r#""daily""#),
    set(Scope::Log, "level", Kind::Choice(LogLevel::NAMES), r#""info""#),
    set(Scope::Log, "show_sql", Kind::Boolean, "false"),
    set(Scope::Log, "show_save_sql", Kind::Boolean, "false"),
    set(Scope::Log, "debug_sql", Kind::Boolean, "false"),
    set(Scope::Log, "debug_connection_change", Kind::Boolean, "false"),
];

/// A db-sync key that kept its name.
const fn same(scope: Scope, name: &'static str) -> LegacyKey {
    LegacyKey { name, scope, modern: name, bare: None }
}

/// A db-sync key that was renamed.
const fn renamed(scope: Scope, name: &'static str, modern: &'static str, bare: Option<Bare>) -> LegacyKey {
    LegacyKey { name, scope, modern, bare }
}

/// Every key of db-sync (requirements S4-040…049) but `sync_table`, which lists tables.
pub(crate) static LEGACY: &[LegacyKey] = &[
    same(Scope::Sync, "batch_size"),
    same(Scope::Sync, "batch_size_4d"),
    same(Scope::Sync, "delete_batch_size"),
    same(Scope::Sync, "delete_batch_size_4d"),
    same(Scope::Sync, "id_array_batch_size"),
    same(Scope::Sync, "binary_search_read_batch"),
    same(Scope::Sync, "binary_search_recent_first"),
    same(Scope::Sync, "binary_search_for_add"),
    same(Scope::Sync, "binary_search_min_table_size"),
    same(Scope::Sync, "trust_modify_id"),
    same(Scope::Sync, "fallback_full_compare_on_mismatch"),
    renamed(Scope::Schedule, "sleep_seconds", "every", Some(Bare::Seconds)),
    renamed(Scope::Schedule, "run_at_time", "at", None),
    renamed(Scope::Schedule, "max_sleep_chunk_seconds", "max_sleep_chunk", Some(Bare::Seconds)),
    same(Scope::Limits, "max_error_count"),
    same(Scope::Limits, "max_error_loop"),
    same(Scope::Limits, "continue_on_error"),
    renamed(Scope::Sync, "primary_key_field", "key", None),
    same(Scope::Sync, "field_mapping"),
    same(Scope::Sync, "set_default_value"),
    same(Scope::Sync, "copy_all_json_keys"),
    same(Scope::Endpoint, "timeout"),
    same(Scope::Endpoint, "retry_count"),
    same(Scope::Endpoint, "retry_delay"),
    same(Scope::Sync, "sync_all"),
    same(Scope::Sync, "min_rows_to_sync"),
    same(Scope::Log, "show_sql"),
    same(Scope::Log, "debug_sql"),
    same(Scope::Log, "show_save_sql"),
    same(Scope::Log, "debug_connection_change"),
    same(Scope::Sync, "only_sync_plan"),
    same(Scope::Sync, "check_all_tables"),
    renamed(Scope::Endpoint, "organizationId", "organization_id", None),
];
