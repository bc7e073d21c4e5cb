//! How the target came to differ: what it lacks, what it still has, what it has in an older form.
//!
//! Invariants: no foreign key of the target is broken; deletes stay far below every guard; what is made is counted
//! for each table pair, so that a pass can be held against it.

use std::collections::BTreeMap;

use super::erp::{self, Erp, Row, Table, is_picked};
use crate::model::key::Key;
use crate::model::value::Value;

/// Differences of one table pair, by what a pass has to do about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Differences {
    /// Rows that the target lacks.
    pub(super) missing: u64,
    /// Rows whose values differ.
    pub(super) changed: u64,
    /// Rows that only the target has.
    pub(super) extra: u64,
}

/// What turns a copy of one source table into the target's.
#[derive(Debug, Default)]
pub(super) struct TableDrift {
    pub(super) removed: Vec<Key>,
    pub(super) older: Vec<Row>,
    pub(super) added: Vec<Row>,
}

/// What turns a copy of the source into the target.
#[derive(Debug, Default)]
pub(super) struct Drift {
    tables: BTreeMap<Table, TableDrift>,
    made: BTreeMap<String, Differences>,
}

/// What the target has of a source row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Same,
    Missing,
    /// An older form with an older modify time.
    Older,
    /// Other values under the same modify time: written past the application.
    Silent,
    /// Under the record type that it had before: extra in one pair, missing in another.
    Moved,
}

impl Drift {
    /// Decides about a source row; `document` and `number` are its places in its table.
    pub(super) fn see(&mut self, erp: &Erp, table: Table, document: u64, number: u64, row: &Row) {
        let fate = fate(erp, table, document, number, row);
        if fate == Fate::Same {
            return;
        }
        let made = self.made.entry(pair_name(table, row)).or_default();
        let drift = self.tables.entry(table).or_default();
        match fate {
            Fate::Same => {}
            Fate::Missing => {
                made.missing += 1;
                drift.removed.push(Key::from_values(&row[..table.key_length()]));
            }
            Fate::Older | Fate::Silent => {
                made.changed += 1;
                drift.older.push(differing(table, row, fate == Fate::Silent));
            }
            Fate::Moved => {
                made.missing += 1;
                let mut moved = row.clone();
                moved[Table::Product.position("type")] = Value::text("material");
                self.made.entry(pair_name(table, &moved)).or_default().extra += 1;
                drift.older.push(moved);
            }
        }
    }

    /// Adds the rows that only the target has, once every source row was seen.
    pub(super) fn add_extras(&mut self, erp: &Erp) {
        self.extra(Table::Currency, erp::old_currency());
        // As many as the target lacks, so that both counts stay equal; of the materials one was moved.
        for n in 0..erp.unreferred(Table::Company) {
            self.extra(Table::Company, erp.company_with_id(n * 7 % erp.companies, erp::free_id(n)));
        }
        for n in 0..erp.unreferred(Table::Product) - 2 {
            self.extra(
                Table::Product,
                erp.product_with_id(n * 7 % erp.products, erp::free_id(n), "material"),
            );
        }
        for n in 0..(erp.orders / 1500).max(1) {
            let like = n * 1009 % erp.orders;
            self.extra(Table::Orders, erp.order_with_id(like, erp::free_id(n)));
            for row in erp.order_rows_with_id(like, erp::free_id(n)) {
                self.extra(Table::OrderRow, row);
            }
        }
        for n in 0..(erp.invoices / 3000).max(1) {
            let rows = erp.invoice_rows_with_ids(n, erp::record_id(n), std::iter::once(erp::free_id(n)));
            for row in rows {
                self.extra(Table::InvoiceRow, row);
            }
        }
    }

    fn extra(&mut self, table: Table, row: Row) {
        self.made.entry(pair_name(table, &row)).or_default().extra += 1;
        self.tables.entry(table).or_default().added.push(row);
    }

    /// What is to be done to a table of the copy.
    pub(super) fn of(&self, table: Table) -> Option<&TableDrift> {
        self.tables.get(&table)
    }

    /// The differences of each table pair that has any, by the pair's name.
    pub(super) fn into_made(self) -> BTreeMap<String, Differences> {
        self.made
    }
}

/// The pair that keeps this row equal: products are kept equal by record type.
fn pair_name(table: Table, row: &Row) -> String {
    match (table, row.get(1)) {
        (Table::Product, Some(kind)) => format!("product-{kind}"),
        _ => table.name().to_owned(),
    }
}

fn fate(erp: &Erp, table: Table, document: u64, number: u64, row: &Row) -> Fate {
    // Small tables drift too.
    let often = (erp.documents(table) / 2).max(1);
    let picked = |purpose: &str, one_in: u64| {
        let one_in = one_in.min(often);
        is_picked(erp.seed, &format!("{} {purpose}", table.name()), number, one_in)
    };
    // The newest orders have not arrived yet, nor has anything that belongs to them.
    let is_late = |order: u64| order + (erp.orders / 400).max(1) >= erp.orders;
    let is_unreferred = document + erp.unreferred(table) >= erp.documents(table);
    let by_chance = |missing: u64, older: u64, silent: u64| {
        let fates = [
            ("missing", missing, Fate::Missing),
            ("older", older, Fate::Older),
            ("silent", silent, Fate::Silent),
        ];
        let fate = fates.into_iter().find(|(purpose, one_in, _)| *one_in > 0 && picked(purpose, *one_in));
        fate.map_or(Fate::Same, |(.., fate)| fate)
    };
    let is_last = document + 1 == erp.documents(table);
    let has_not_arrived = match table {
        Table::Currency => is_last,
        Table::TermsOfPayment => false,
        Table::Company | Table::Product => is_unreferred,
        Table::Orders | Table::OrderRow => is_late(document),
        Table::Invoices | Table::InvoiceRow => is_late(erp.billed_order(document)),
    };
    match table {
        Table::Product if is_last => Fate::Moved,
        _ if has_not_arrived => Fate::Missing,
        Table::Currency | Table::TermsOfPayment => Fate::Same,
        Table::Company => by_chance(0, 200, 900),
        Table::Product if row[1] == Value::text("service") => by_chance(0, 0, 60),
        Table::Product => by_chance(0, 120, 700),
        Table::Orders => by_chance(0, 200, 2_000),
        Table::OrderRow => by_chance(2_500, 600, 4_000),
        Table::Invoices => by_chance(0, 250, 3_000),
        Table::InvoiceRow => by_chance(9_000, 0, 2_500),
    }
}

/// The row as the target has it.
fn differing(table: Table, row: &Row, silent: bool) -> Row {
    let mut row = row.clone();
    let mut set = |column: &str, one: Value, other: Value| {
        let field = &mut row[table.position(column)];
        *field = if *field == one { other } else { one };
    };
    match (table, silent) {
        (Table::Company, false) => set("city", Value::text("Tallinn"), Value::text("Tartu")),
        // NULL and empty text are two values.
        (Table::Company, true) => set("vat_number", Value::text(""), Value::Null),
        (Table::Product, false) => set("unit_price", Value::text("9.90"), Value::text("9.95")),
        (Table::Product, true) => set("description", Value::text(""), Value::Null),
        (Table::Orders, false) => set("status", Value::text("open"), Value::text("draft")),
        (Table::Orders, true) => set("note", Value::Null, Value::text("?")),
        (Table::OrderRow, false) => set("quantity", Value::text("1"), Value::text("2")),
        (Table::OrderRow, true) => set("discount_percent", Value::Real(0.0), Value::Null),
        (Table::Invoices, false) => set("paid_at", Value::Null, Value::text("2020-01-01 00:00:00")),
        (Table::Invoices, true) => set("document_hash", Value::Blob(vec![0; 32]), Value::Blob(vec![1; 32])),
        _ => set("row_total", Value::text("0.00"), Value::text("0.01")),
    }
    if !silent {
        let time = table.position("modify_time");
        row[time] = erp::earlier(&row[time], 30);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of a small ERP's drift.
    fn drift(rows: u64, seed: u64) -> (Erp, Drift) {
        let erp = Erp::of_rows(rows, seed);
        let mut drift = Drift::default();
        for table in Table::ALL {
            let mut number = 0;
            for document in 0..erp.documents(table) {
                for row in erp.rows(table, document, number) {
                    drift.see(&erp, table, document, number, &row);
                    number += 1;
                }
            }
        }
        drift.add_extras(&erp);
        (erp, drift)
    }

    #[test]
    fn the_target_drifts_in_every_way() {
        let (_, drift) = drift(60_000, 1);
        let all: Vec<Differences> = drift.made.values().copied().collect();
        assert!(
            all.iter().any(|made| made.missing > 0 && made.missing == made.extra),
            "an add and a delete cancel"
        );
        assert!(all.iter().any(|made| made.missing > made.extra));
        assert!(all.iter().any(|made| made.changed > 0 && made.missing == 0 && made.extra == 0));
        assert!(!drift.made.contains_key("terms_of_payment"), "one table is equal from the start");
        for name in ["product-work", "product-material", "product-service"] {
            assert!(drift.made[name].changed > 0, "{name}");
        }
    }

    #[test]
    fn an_older_row_differs_and_says_so_or_not() {
        let (erp, drift) = drift(60_000, 1);
        for table in Table::ALL {
            let Some(of_table) = drift.of(table) else { continue };
            let mut source = BTreeMap::new();
            let mut first = 0;
            for document in 0..erp.documents(table) {
                for row in erp.rows(table, document, first) {
                    source.insert(Key::from_values(&row[..table.key_length()]), row);
                    first += 1;
                }
            }
            let time = table.position("modify_time");
            for older in &of_table.older {
                let row = &source[&Key::from_values(&older[..table.key_length()])];
                assert_ne!(row, older, "{table:?}");
            }
            let stamps = of_table.older.iter().map(|older| {
                let row = &source[&Key::from_values(&older[..table.key_length()])];
                row[time] == older[time]
            });
            let silent = stamps.filter(|same| *same).count();
            assert!(
                of_table.older.is_empty() || silent > 0,
                "{table:?}: something changed without its modify time"
            );
            for added in &of_table.added {
                let key = Key::from_values(&added[..table.key_length()]);
                assert!(!source.contains_key(&key), "{table:?}");
            }
        }
    }

    #[test]
    fn the_smallest_demo_drifts_too_and_stays_below_the_guards() {
        for seed in 0..20 {
            let (_, drift) = drift(erp::ROWS_MIN, seed);
            assert!(drift.made.len() >= 7, "{:?}", drift.made);
            // Fewer deletes than any guard looks at.
            assert!(drift.made.values().all(|made| made.extra <= crate::base::limits::GUARD_ROWS_MIN));
        }
    }
}
