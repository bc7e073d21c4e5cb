//! How one table pair is kept equal.

use std::time::Duration;

use super::choice::{
    Bookkeeping, Deletes, ForeignKeys, OnEmptySource, OnMissingTable, Strategy, Triggers, Verify, ZeroDates,
};

/// The column that says when a row was last changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum ModifyColumn {
    /// There is none: changes are found by comparing.
    #[default]
    None,
    /// Named for all tables: a table without that column has none.
    Inherited(String),
    /// Named for this table: a table without that column is an error.
    Required(String),
}

impl ModifyColumn {
    /// The column's name, if one is named.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Inherited(name) | Self::Required(name) => Some(name),
        }
    }
}

/// One column that has another name at the target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MappedField {
    /// Column at the source.
    pub source: String,
    /// Column at the target.
    pub target: String,
    /// Written in the table's own entry: a missing column is an error. Otherwise it holds where the column exists.
    pub required: bool,
}

/// A value written in the configuration.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction; always finite.
    Real(f64),
    /// Text; dates and times too, as they were written.
    Text(String),
}

/// Everything that can be set for one table pair.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "one field for each documented key")]
pub struct TableSettings {
    /// The name shown; unique in a job.
    pub name: String,
    /// Table at the source.
    pub source: String,
    /// Table at the target.
    pub target: String,
    /// Source columns that identify a row, in order; `None` is the primary key. Never empty.
    pub key: Option<Vec<String>>,
    /// Record type: the rows in scope, in the source's SQL.
    pub where_source: Option<String>,
    /// Record type in the target's SQL; set whenever `where_source` is.
    pub where_target: Option<String>,
    /// Which source column tells when a row was last changed.
    pub modify_column: ModifyColumn,
    /// Columns whose names differ, in the order written; all others keep their name.
    pub field_mapping: Vec<MappedField>,
    /// Source columns that are neither compared nor written.
    pub exclude: Vec<String>,
    /// Values for target columns that the source does not have, by target column, in the order written.
    pub defaults: Vec<(String, Literal)>,
    /// The modify column can be trusted: an unchanged value means an unchanged row.
    pub trust_modify_id: bool,
    /// Rows in one target transaction; at least 1.
    pub batch_size: usize,
    /// As `batch_size`, where the side is 4D.
    pub batch_size_4d: usize,
    /// Deletes in one target transaction; at least 1.
    pub delete_batch_size: usize,
    /// As `delete_batch_size`, where the target is 4D.
    pub delete_batch_size_4d: usize,
    /// Keys fetched at a time when keys alone are compared; at least 1.
    pub id_array_batch_size: usize,
    /// Missing rows may be found by searching ranges.
    pub binary_search_for_add: bool,
    /// Tables below this many rows are compared without a search.
    pub binary_search_min_table_size: u64,
    /// A range of at most this many rows on both sides is read row by row; at least 1.
    pub binary_search_read_batch: u64,
    /// The newest this many rows are searched first; 0 = no such preference.
    pub binary_search_recent_first: u64,
    /// A mismatch after the work is answered by one full compare.
    pub fallback_full_compare_on_mismatch: bool,
    /// A trusted table with fewer known differences is skipped; 0 = never skipped.
    pub min_rows_to_sync: u64,
    /// Overrides `min_rows_to_sync`.
    pub check_all_tables: bool,
    /// How equality is established.
    pub verify: Verify,
    /// Oldest proof that spares a trusted table a new one.
    pub prove_every: Duration,
    /// What happens when the target lacks the table.
    pub on_missing_table: OnMissingTable,
    /// How differences are found.
    pub strategy: Strategy,
    /// How far before its watermark an incremental reads again.
    pub overlap_window: Duration,
    /// First wait before a differing key is read again on a moving source; then ×4, ×16.
    pub second_look: Duration,
    /// Longest life of one read snapshot.
    pub snapshot_age_max: Duration,
    /// Where finished units are recorded.
    pub bookkeeping: Bookkeeping,
    /// Whether foreign keys act while rows are written.
    pub foreign_keys: ForeignKeys,
    /// Whether triggers act while rows are written.
    pub triggers: Triggers,
    /// What happens to rows that only the target has.
    pub deletes: Deletes,
    /// What happens when the source is empty.
    pub on_empty_source: OnEmptySource,
    /// What happens to dates such as 0000-00-00.
    pub zero_dates: ZeroDates,
    /// Target columns without a source get a default that fits instead of failing.
    pub set_default_value: bool,
    /// Keys inside a JSON column that only the target has are replaced too: the source's document is written whole.
    /// Off, JSON columns are left alone, which the verdict says: merging documents is not what a row write can do.
    pub copy_all_json_keys: bool,
    /// Share of the target's rows in scope, 0 to 1, beyond which deletes are held.
    pub max_delete_ratio: f64,
    /// Deletes beyond this many are held; `None` = only the share counts.
    pub max_delete_rows: Option<u64>,
    /// Quarantined rows beyond which the table fails.
    pub max_quarantine_rows: u64,
}

impl TableSettings {
    /// These settings for a table that both sides call `table`.
    #[must_use]
    pub fn for_table(&self, table: &str) -> Self {
        Self { name: table.to_owned(), source: table.to_owned(), target: table.to_owned(), ..self.clone() }
    }

    /// Column `source` of the source as the target calls it.
    pub fn target_column<'a>(&'a self, source: &'a str) -> &'a str {
        self.field_mapping.iter().find(|field| field.source == source).map_or(source, |field| &field.target)
    }
}

impl Default for TableSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            source: String::new(),
            target: String::new(),
            key: None,
            where_source: None,
            where_target: None,
            modify_column: ModifyColumn::Inherited("modify_time".to_owned()),
            field_mapping: Vec::new(),
            exclude: Vec::new(),
            defaults: Vec::new(),
            trust_modify_id: false,
            batch_size: 5000,
            batch_size_4d: 1000,
            delete_batch_size: 1000,
            delete_batch_size_4d: 500,
            id_array_batch_size: 25_000,
            binary_search_for_add: true,
            binary_search_min_table_size: 1000,
            binary_search_read_batch: 500,
            binary_search_recent_first: 5000,
            fallback_full_compare_on_mismatch: true,
            min_rows_to_sync: 1,
            check_all_tables: false,
            verify: Verify::Digest,
            prove_every: Duration::from_hours(24),
            on_missing_table: OnMissingTable::Error,
            strategy: Strategy::Auto,
            overlap_window: Duration::from_mins(5),
            second_look: Duration::from_secs(2),
            snapshot_age_max: Duration::from_mins(1),
            bookkeeping: Bookkeeping::Local,
            foreign_keys: ForeignKeys::Respect,
            triggers: Triggers::Fire,
            deletes: Deletes::Apply,
            on_empty_source: OnEmptySource::Hold,
            zero_dates: ZeroDates::Quarantine,
            set_default_value: true,
            copy_all_json_keys: true,
            max_delete_ratio: 0.2,
            max_delete_rows: None,
            max_quarantine_rows: 10_000,
        }
    }
}
