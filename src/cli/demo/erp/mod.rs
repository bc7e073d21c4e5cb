//! The rows of a small ERP, each a pure function of the seed and its number.
//!
//! Does not belong here: databases, files, and how the target drifts.
//!
//! Invariants: every foreign key finds its parent; totals are the sums of their rows; no record id is a multiple of
//! [`GAP`], so that the target can hold rows that the source never had; the newest companies and products are not
//! referred to by anything, so that the target can lack them.

mod billing;
mod dice;
mod format;
mod partners;
mod products;
mod sales;
mod words;

use dice::Dice;
pub(super) use dice::is_picked;
pub(super) use format::earlier;
pub(super) use partners::old_currency;

use crate::model::value::Value;

/// A row in the order of [`Table::columns`].
pub(super) type Row = Vec<Value>;

/// Record ids that are multiples of this are left free.
const GAP: u64 = 98;

/// Rows in all that make an ERP still look like one.
pub(super) const ROWS_MIN: u64 = 500;

/// The tables, parents first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Currency,
    TermsOfPayment,
    Company,
    Product,
    Orders,
    OrderRow,
    Invoices,
    InvoiceRow,
}

impl Table {
    pub(super) const ALL: [Self; 8] = [
        Self::Currency,
        Self::TermsOfPayment,
        Self::Company,
        Self::Product,
        Self::Orders,
        Self::OrderRow,
        Self::Invoices,
        Self::InvoiceRow,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Currency => "currency",
            Self::TermsOfPayment => "terms_of_payment",
            Self::Company => "company",
            Self::Product => "product",
            Self::Orders => "orders",
            Self::OrderRow => "order_row",
            Self::Invoices => "invoices",
            Self::InvoiceRow => "invoice_row",
        }
    }

    /// Column names, the key's first.
    pub(super) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Currency => &partners::CURRENCY_COLUMNS,
            Self::TermsOfPayment => &partners::TERMS_COLUMNS,
            Self::Company => &partners::COMPANY_COLUMNS,
            Self::Product => &products::COLUMNS,
            Self::Orders => &sales::ORDER_COLUMNS,
            Self::OrderRow => &sales::ROW_COLUMNS,
            Self::Invoices => &billing::INVOICE_COLUMNS,
            Self::InvoiceRow => &billing::ROW_COLUMNS,
        }
    }

    /// How many of the leading columns make the key.
    pub(super) fn key_length(self) -> usize {
        if self == Self::OrderRow { 2 } else { 1 }
    }

    /// Where a column stands in a row.
    pub(super) fn position(self, column: &str) -> usize {
        let found = self.columns().iter().position(|name| *name == column);
        found.expect("the column is one of this table")
    }
}

/// An ERP of a size, from a seed.
#[derive(Debug, Clone)]
pub(super) struct Erp {
    pub(super) seed: u64,
    pub(super) companies: u64,
    pub(super) products: u64,
    pub(super) orders: u64,
    pub(super) invoices: u64,
}

impl Erp {
    /// An ERP of about so many rows in all tables together, at least [`ROWS_MIN`].
    pub(super) fn of_rows(rows: u64, seed: u64) -> Self {
        let rows = rows.max(ROWS_MIN);
        // An order or invoice has 3.8 rows on average.
        Self {
            seed,
            companies: rows * 2 / 100,
            products: rows * 3 / 100,
            orders: rows * 11 / 100,
            invoices: rows * 9 / 100,
        }
    }

    /// How many documents a table has: its rows, or for row tables the orders or invoices they belong to.
    pub(super) fn documents(&self, table: Table) -> u64 {
        match table {
            Table::Currency => words::CURRENCIES.len() as u64,
            Table::TermsOfPayment => words::TERMS.len() as u64,
            Table::Company => self.companies,
            Table::Product => self.products,
            Table::Orders | Table::OrderRow => self.orders,
            Table::Invoices | Table::InvoiceRow => self.invoices,
        }
    }

    /// The rows of one document; `first` counts the table's rows before them.
    pub(super) fn rows(&self, table: Table, document: u64, first: u64) -> Vec<Row> {
        match table {
            Table::Currency => vec![partners::currency(document)],
            Table::TermsOfPayment => vec![partners::terms(document)],
            Table::Company => vec![self.company(document)],
            Table::Product => vec![self.product(document)],
            Table::Orders => vec![self.order(document)],
            Table::OrderRow => self.order_rows(document),
            Table::Invoices => vec![self.invoice(document)],
            Table::InvoiceRow => self.invoice_rows(document, first),
        }
    }

    /// Companies and products that are so new that nothing refers to them; at least two.
    pub(super) fn unreferred(&self, table: Table) -> u64 {
        (self.documents(table) / 200).max(2)
    }

    /// Companies and products that something may refer to: all before the unreferred ones.
    fn referred(&self, table: Table) -> u64 {
        self.documents(table) - self.unreferred(table)
    }

    fn dice(&self, table: Table, number: u64) -> Dice {
        Dice::new(self.seed, table.name(), number)
    }
}

/// The record id of the n-th record.
pub(super) fn record_id(number: u64) -> u64 {
    number + number / (GAP - 1) + 1
}

/// The n-th record id that the source does not use.
pub(super) fn free_id(number: u64) -> u64 {
    (number + 1) * GAP
}

fn integer(number: u64) -> Value {
    Value::Integer(number.into())
}

fn optional(value: Option<Value>) -> Value {
    value.unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::model::key::Key;

    fn tables(erp: &Erp) -> BTreeMap<Table, Vec<Row>> {
        let rows = |table: Table| {
            let mut rows = Vec::new();
            for document in 0..erp.documents(table) {
                rows.extend(erp.rows(table, document, rows.len() as u64));
            }
            rows
        };
        Table::ALL.into_iter().map(|table| (table, rows(table))).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_rows_and_another_seed_others() {
        let erp = |seed| tables(&Erp::of_rows(2_000, seed));
        assert_eq!(erp(7), erp(7));
        assert_ne!(erp(7)[&Table::Orders], erp(8)[&Table::Orders]);
    }

    #[test]
    fn about_as_many_rows_as_asked_for() {
        for rows in [2_000, 40_000] {
            let made: usize = tables(&Erp::of_rows(rows, 1)).values().map(Vec::len).sum();
            assert!((rows * 9 / 10..=rows * 11 / 10).contains(&(made as u64)), "{made} of {rows}");
        }
    }

    #[test]
    fn keys_are_unique_ascending_and_leave_gaps() {
        for (table, rows) in tables(&Erp::of_rows(20_000, 3)) {
            let keys: Vec<Key> =
                rows.iter().map(|row| Key::from_values(&row[..table.key_length()])).collect();
            assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{table:?}");
            assert!(rows.iter().all(|row| row.len() == table.columns().len()), "{table:?}");
            let is_free = |row: &Row| matches!(row[0], Value::Integer(id) if id % i128::from(GAP) == 0);
            assert!(table == Table::TermsOfPayment || !rows.iter().any(is_free), "{table:?}");
        }
    }

    #[test]
    fn every_foreign_key_finds_its_parent_and_the_newest_parents_have_no_children() {
        let erp = Erp::of_rows(20_000, 3);
        let tables = tables(&erp);
        let values = |table: Table, column: &str| -> BTreeSet<String> {
            let position = table.position(column);
            let rows = tables[&table].iter().filter(|row| row[position] != Value::Null);
            rows.map(|row| row[position].to_string()).collect()
        };
        for (child, column, parent, key) in [
            (Table::Company, "currency_code", Table::Currency, "code"),
            (Table::Company, "terms_id", Table::TermsOfPayment, "record_id"),
            (Table::Product, "currency_code", Table::Currency, "code"),
            (Table::Orders, "company_id", Table::Company, "record_id"),
            (Table::Orders, "currency_code", Table::Currency, "code"),
            (Table::Orders, "terms_id", Table::TermsOfPayment, "record_id"),
            (Table::OrderRow, "order_id", Table::Orders, "record_id"),
            (Table::OrderRow, "product_id", Table::Product, "record_id"),
            (Table::Invoices, "order_id", Table::Orders, "record_id"),
            (Table::Invoices, "company_id", Table::Company, "record_id"),
            (Table::InvoiceRow, "invoice_id", Table::Invoices, "record_id"),
            (Table::InvoiceRow, "product_id", Table::Product, "record_id"),
        ] {
            assert!(values(child, column).is_subset(&values(parent, key)), "{child:?}.{column}");
        }
        let newest = |table: Table| record_id(erp.documents(table) - 1).to_string();
        assert!(!values(Table::Orders, "company_id").contains(&newest(Table::Company)));
        assert!(!values(Table::OrderRow, "product_id").contains(&newest(Table::Product)));
        assert!(!values(Table::Company, "currency_code").contains("XCG"));
    }

    #[test]
    fn text_and_numbers_are_of_every_kind() {
        let tables = tables(&Erp::of_rows(20_000, 3));
        let all = || tables.values().flatten().flatten();
        assert!(all().any(|value| *value == Value::Null));
        assert!(all().any(|value| matches!(value, Value::Blob(_))));
        assert!(all().any(|value| matches!(value, Value::Real(_))));
        let text = |wanted: &str| {
            all().any(|value| matches!(value, Value::Text(b) if String::from_utf8_lossy(b).contains(wanted)))
        };
        for wanted in ["株式会社", "Ø", "O'Brien", "🔔", "\n", "e\u{301}", "{\"", "0.05", "יעל"] {
            assert!(text(wanted), "{wanted}");
        }
        assert!(all().any(|value| *value == Value::text("")), "empty text beside NULL");
    }
}
