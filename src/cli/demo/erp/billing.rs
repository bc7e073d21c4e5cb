//! Invoices and their rows: each invoice bills one order.

use super::format::{DAY, date, money, quantity, stamp, until_last, year};
use super::partners::currency_of;
use super::{Erp, Row, Table, integer, optional, record_id};
use crate::model::value::Value;

pub(super) const INVOICE_COLUMNS: [&str; 13] = [
    "record_id",
    "number",
    "order_id",
    "company_id",
    "currency_code",
    "issued_on",
    "due_on",
    "paid_at",
    "total",
    "vat_amount",
    "bank_reference",
    "document_hash",
    "modify_time",
];

pub(super) const ROW_COLUMNS: [&str; 10] = [
    "record_id",
    "invoice_id",
    "row_number",
    "product_id",
    "description",
    "quantity",
    "unit_price",
    "vat_percent",
    "row_total",
    "modify_time",
];

impl Erp {
    /// The order that an invoice bills; later invoices bill later orders.
    pub(in super::super) fn billed_order(&self, invoice: u64) -> u64 {
        invoice * self.orders / self.invoices
    }

    fn issued_at(&self, invoice: u64) -> i64 {
        until_last(self.ordered_at(self.billed_order(invoice)) + 6 * DAY)
    }

    pub(super) fn invoice(&self, number: u64) -> Row {
        let id = record_id(number);
        let mut dice = self.dice(Table::Invoices, id);
        let order = self.billed_order(number);
        let buyer = self.buyer(order);
        let issued = self.issued_at(number);
        let total: u64 = self.lines(order).iter().map(|line| line.total).sum();
        let is_paid = dice.percent(93);
        let paid = until_last(issued + dice.between(1, 60 * 86_400) as i64);
        // A few invoices were written without an order.
        let of_order = dice.percent(95).then(|| integer(record_id(order)));
        vec![
            integer(id),
            Value::text(&format!("{}/{id:06}", year(issued))),
            optional(of_order),
            integer(record_id(buyer)),
            currency_of(&self.company(buyer)),
            date(issued),
            date(issued + 30 * DAY),
            optional(is_paid.then(|| stamp(paid))),
            money(total * 124 / 100),
            money(total * 24 / 100),
            Value::text(&format!("RF{:02} {:04} {:06}", dice.between(10, 98), dice.below(10_000), id)),
            Value::Blob(dice.bytes(32)),
            stamp(if is_paid { paid } else { issued }),
        ]
    }

    /// Ids are counted over all invoices, so that a row's id says nothing about its invoice.
    pub(super) fn invoice_rows(&self, invoice: u64, first: u64) -> Vec<Row> {
        self.invoice_rows_with_ids(invoice, record_id(invoice), (first..).map(record_id))
    }

    /// The rows of an invoice that bills like the n-th, under other ids.
    pub(in super::super) fn invoice_rows_with_ids(
        &self,
        invoice: u64,
        invoice_id: u64,
        ids: impl Iterator<Item = u64>,
    ) -> Vec<Row> {
        let issued = self.issued_at(invoice);
        let lines = self.lines(self.billed_order(invoice)).into_iter().zip(1..).zip(ids);
        let row = |((line, number), id): ((super::sales::Line, u64), u64)| {
            let is_freight = line.description.starts_with("Freight");
            vec![
                integer(id),
                integer(invoice_id),
                integer(number),
                if is_freight { Value::Null } else { integer(record_id(line.product)) },
                Value::text(&line.description),
                quantity(line.quantity),
                money(line.price),
                Value::Real(if is_freight { 25.5 } else { 24.0 }),
                money(line.total),
                stamp(issued),
            ]
        };
        lines.map(row).collect()
    }
}
