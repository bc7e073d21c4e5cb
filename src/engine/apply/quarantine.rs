//! Rows that the target refused for good: kept with the reason, left alone while nothing about them changed.

use std::collections::BTreeMap;

use super::super::context::Context;
use super::super::interrupt::{Failure, Flow, Interrupt};
use super::super::table::TableWork;
use super::unit::Load;
use crate::base::escape::visible_short;
use crate::base::limits::{SHOWN_CHARS_MAX, STATE_PAGE_ROWS_MAX};
use crate::model::block::RowBlock;
use crate::model::digest::Digest;
use crate::model::event::{EventBody, Side};
use crate::model::key::Key;
use crate::model::outcome::ErrorRecord;
use crate::model::settings::Deletes;
use crate::state::{FindingKind, QuarantineFilter, QuarantinedRow, StateChange, TableTotals};
use crate::store::{Batch, Change, StoreError};

/// The quarantined rows of a table as the pass found them; bounded by `max_quarantine_rows`.
#[derive(Debug, Clone, Default)]
pub struct Quarantine {
    rows: BTreeMap<Key, Image>,
}

#[derive(Debug, Clone)]
struct Image {
    source_digest: Digest,
    current: bool,
}

impl Quarantine {
    /// Loads what is known; rows whose schema or settings changed, or that an operator asked to retry, are tried again.
    pub fn load(context: &Context, table: &str, fingerprint: &str) -> Flow<Self> {
        let mut rows = BTreeMap::new();
        let mut filter = QuarantineFilter { table: Some(table.to_owned()), ..QuarantineFilter::default() };
        loop {
            filter.limit = STATE_PAGE_ROWS_MAX;
            let page = context.state().quarantine(&filter)?;
            let Some(last) = page.last() else { break };
            filter.after = Some((last.table.clone(), last.key.clone()));
            for row in page {
                let current = row.fingerprint == fingerprint && !row.retry_asked;
                rows.insert(row.key, Image { source_digest: row.source_digest, current });
            }
        }
        Ok(Self { rows })
    }

    /// Whether a row is to be left alone: refused before, and nothing about it changed since.
    pub fn leaves_alone(&self, key: &Key, source_digest: Digest) -> bool {
        self.rows.get(key).is_some_and(|image| image.current && image.source_digest == source_digest)
    }

    /// Whether a row is in quarantine, changed or not.
    pub fn holds(&self, key: &Key) -> bool {
        self.rows.contains_key(key)
    }

    /// Whether nothing is in quarantine.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The keys in quarantine, ascending.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.rows.keys()
    }
}

/// Puts the only row of a refused load into quarantine.
pub fn refuse(context: &Context, table: &mut TableWork, load: &Load, error: &StoreError) -> Flow<()> {
    let item = &load.items[0];
    let statement = statement(context, table, load);
    let source_image = (!load.rows.is_empty()).then(|| image(&table.paired().write.columns, &load.rows));
    let reason = Reason { class: error.class.as_str(), text: error.to_string(), hint: error.hint.clone() };
    record(context, table, load, &item.key, item.source_digest, statement, source_image, reason)
}

/// Puts a row that could not even be converted into quarantine.
pub fn refuse_conversion(
    context: &Context,
    table: &mut TableWork,
    kind: FindingKind,
    item: super::unit::Item,
    source: (&RowBlock, usize),
    error: &crate::model::convert::ConversionError,
) -> Flow<()> {
    let columns: Vec<String> = table.paired().source_view.columns.clone();
    let source_image = Some(image_of(&columns, source.0, source.1));
    let key = item.key.clone();
    let digest = item.source_digest;
    let load =
        Load { kind, items: vec![item], rows: RowBlock::default(), adopt_from: None, progress: Vec::new() };
    let reason = Reason { class: "data", text: error.to_string(), hint: Some(error.hint.clone()) };
    record(context, table, &load, &key, digest, String::new(), source_image, reason)
}

struct Reason {
    class: &'static str,
    text: String,
    hint: Option<String>,
}

#[expect(clippy::too_many_arguments, reason = "the parts of one record")]
fn record(
    context: &Context,
    table: &mut TableWork,
    load: &Load,
    key: &Key,
    source_digest: Digest,
    statement: String,
    source_image: Option<Vec<(String, String)>>,
    reason: Reason,
) -> Flow<()> {
    let now = context.job.clock.now();
    let row = QuarantinedRow {
        table: table.name.clone(),
        key: key.clone(),
        kind: load.kind,
        class: reason.class.to_owned(),
        reason: reason.text.clone(),
        hint: reason.hint.clone(),
        statement,
        source_image,
        target_image: None,
        source_digest,
        fingerprint: table.paired().fingerprint.clone(),
        attempts: 1,
        first_at: now,
        last_at: now,
        retry_asked: false,
    };
    let ids: Vec<u64> = load.items.iter().filter_map(|item| item.finding).collect();
    let mut changes = vec![
        StateChange::RowQuarantined { row },
        StateChange::TotalsAdded {
            table: table.name.clone(),
            totals: TableTotals { errors: 1, ..TableTotals::default() },
        },
    ];
    if !ids.is_empty() {
        changes.push(StateChange::FindingsRemoved { table: table.name.clone(), ids });
    }
    changes.extend(load.progress.iter().cloned());
    context.remember(&changes)?;
    table.errors += 1;
    table.quarantine.rows.insert(key.clone(), Image { source_digest, current: true });
    context.hub.emit(EventBody::RowQuarantined {
        table: table.name.clone(),
        key: key.to_string(),
        reason: reason.text.clone(),
    });
    check_limit(context, table)?;
    context.tally.error(
        &context.hub,
        &context.job.settings.limits,
        ErrorRecord {
            class: reason.class.to_owned(),
            table: Some(table.name.clone()),
            key: Some(key.to_string()),
            message: reason.text,
            hint: reason.hint,
        },
    )
}

fn check_limit(context: &Context, table: &TableWork) -> Flow<()> {
    let rows = context.state().quarantine_count(&table.name)?;
    let rows_max = table.paired().settings().max_quarantine_rows;
    if rows <= rows_max {
        return Ok(());
    }
    Err(Interrupt::Table(Failure {
        class: "data",
        message: format!("more than max_quarantine_rows = {rows_max} rows were refused"),
        hint: Some(
            "look at the first of them with `syncline quarantine list`; one cause often explains all".into(),
        ),
    }))
}

/// The statement that was refused, as text, cut to a bearable length.
fn statement(context: &Context, table: &TableWork, load: &Load) -> String {
    let change = match load.kind {
        FindingKind::Extra => Change::Delete(vec![load.items[0].key.clone()]),
        FindingKind::Missing => Change::Insert(load.rows.clone()),
        FindingKind::Changed => Change::Update(load.rows.clone()),
    };
    let paired = table.paired();
    let batch =
        Batch { target: paired.write.clone(), change, mark: None, side_effects: paired.side_effects() };
    context
        .job
        .target
        .script(&batch)
        .map_or_else(|_| String::new(), |text| visible_short(text.trim_end(), 2000))
}

fn image(columns: &[String], rows: &RowBlock) -> Vec<(String, String)> {
    image_of(columns, rows, 0)
}

/// Column names with values as a person reads them.
fn image_of(columns: &[String], rows: &RowBlock, index: usize) -> Vec<(String, String)> {
    columns
        .iter()
        .zip(rows.fields(index))
        .map(|(column, value)| (column.clone(), visible_short(&value.to_string(), SHOWN_CHARS_MAX)))
        .collect()
}

/// Drops quarantined rows that are equal on both sides by now, or that exist on neither; with `deletes = "never"` also
/// those that only the target has, which stay there like every extra row.
///
/// Returns how many remain.
pub async fn settle_quarantine(context: &Context, table: &mut TableWork) -> Flow<u64> {
    let keys: Vec<Key> = table.quarantine.keys().cloned().collect();
    let keeps_extras = table.paired().settings().deletes == Deletes::Never;
    for page in keys.chunks(STATE_PAGE_ROWS_MAX) {
        let paired = table.paired();
        let source = context.source().await?;
        let at_source = context
            .sides
            .call(Side::Source, "reading quarantined rows", source.fetch(&paired.source_view, page))
            .await?;
        let target = context.sides.snapshot(Side::Target).await?;
        let at_target = context
            .sides
            .call(Side::Target, "reading quarantined rows", target.fetch(&paired.target_view, page))
            .await?;
        let mut drops = Vec::new();
        for key in page {
            let wanted = form_of(&at_source, key);
            if wanted == form_of(&at_target, key) || (keeps_extras && wanted.is_none()) {
                drops.push(StateChange::QuarantineDropped { table: table.name.clone(), key: key.clone() });
                table.quarantine.rows.remove(key);
            }
        }
        context.remember(&drops)?;
    }
    Ok(context.state().quarantine_count(&table.name)?)
}

/// The compare form of the row with this key in a block in key order.
fn form_of<'a>(block: &'a RowBlock, key: &Key) -> Option<&'a [u8]> {
    find(block, key).map(|index| block.compare_form(index))
}

/// The position of the row with this key in a block in key order.
pub fn find(block: &RowBlock, key: &Key) -> Option<usize> {
    let mut low = 0;
    let mut high = block.len();
    while low < high {
        let middle = usize::midpoint(low, high);
        match block.key(middle).cmp(key.as_bytes()) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}

/// Quarantines missing rows whose key exists at the target outside the record type.
pub fn refuse_out_of_scope(
    context: &Context,
    table: &mut TableWork,
    source_rows: &RowBlock,
    items: &[super::unit::Item],
) -> Flow<()> {
    for item in items {
        let columns = table.paired().source_view.columns.clone();
        let source_image = find(source_rows, &item.key).map(|index| image_of(&columns, source_rows, index));
        let reason = Reason {
            class: "data",
            text: "key exists outside the record type".to_owned(),
            hint: Some(
                "another row type at the target has this key; correct it there, or widen `target_where`"
                    .into(),
            ),
        };
        let load = Load {
            kind: FindingKind::Missing,
            items: vec![item.clone()],
            rows: RowBlock::default(),
            adopt_from: None,
            progress: Vec::new(),
        };
        record(context, table, &load, &item.key, item.source_digest, String::new(), source_image, reason)?;
    }
    Ok(())
}
