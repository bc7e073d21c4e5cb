//! Orders and their rows.

use super::format::{DAY, date, made_at, money, quantity, stamp, until_last, year};
use super::partners::currency_of;
use super::words::{NOTES, PEOPLE, STATUSES, TERMS};
use super::{Dice, Erp, Row, Table, integer, optional, record_id};
use crate::model::value::Value;

pub(super) const ORDER_COLUMNS: [&str; 13] = [
    "record_id",
    "number",
    "company_id",
    "currency_code",
    "terms_id",
    "ordered_at",
    "delivery_date",
    "status",
    "reference",
    "note",
    "total",
    "extra",
    "modify_time",
];

pub(super) const ROW_COLUMNS: [&str; 9] = [
    "order_id",
    "row_number",
    "product_id",
    "description",
    "quantity",
    "unit_price",
    "discount_percent",
    "row_total",
    "modify_time",
];

/// How many rows an order has; 3.8 on average.
const ROWS_OF_ORDER: [u64; 10] = [1, 2, 2, 3, 3, 4, 4, 5, 6, 8];

/// One row of an order or invoice.
pub(super) struct Line {
    pub(super) product: u64,
    pub(super) description: String,
    /// In thousandths.
    pub(super) quantity: u64,
    /// In cents.
    pub(super) price: u64,
    /// In tenths of a percent; none means that none was agreed.
    discount: Option<u64>,
    /// In cents.
    pub(super) total: u64,
}

impl Erp {
    /// The lines of an order.
    pub(super) fn lines(&self, order: u64) -> Vec<Line> {
        let mut dice = Dice::new(self.seed, "lines", order);
        let count = dice.pick(&ROWS_OF_ORDER);
        (0..count).map(|_| self.line(&mut dice)).collect()
    }

    fn line(&self, dice: &mut Dice) -> Line {
        let product = dice.below(self.referred(Table::Product));
        let article = self.article(product);
        let quantity = if article.is_whole {
            dice.pick(&[1, 1, 2, 3, 5, 10, 12, 25, 100]) * 1000
        } else {
            dice.between(1, 64) * 250
        };
        let discount = dice.percent(30).then(|| dice.pick(&[0, 25, 50, 75, 100, 150]));
        let total = article.price * quantity * (1000 - discount.unwrap_or(0)) / 1_000_000;
        Line { product, description: article.name, quantity, price: article.price, discount, total }
    }

    /// The company that an order comes from.
    pub(super) fn buyer(&self, order: u64) -> u64 {
        Dice::new(self.seed, "buyer", order).below(self.referred(Table::Company))
    }

    pub(super) fn ordered_at(&self, order: u64) -> i64 {
        made_at(order, self.orders)
    }

    pub(super) fn order(&self, number: u64) -> Row {
        self.order_with_id(number, record_id(number))
    }

    /// An order that looks like the n-th, under another id.
    pub(in super::super) fn order_with_id(&self, number: u64, id: u64) -> Row {
        let mut dice = self.dice(Table::Orders, id);
        let dice = &mut dice;
        let ordered = self.ordered_at(number);
        let buyer = self.buyer(number);
        let total = self.lines(number).iter().map(|line| line.total).sum();
        let age = (self.orders - number).min(4) as usize;
        vec![
            integer(id),
            Value::text(&format!("SO-{}-{id:06}", year(ordered))),
            integer(record_id(buyer)),
            currency_of(&self.company(buyer)),
            optional(dice.percent(92).then(|| integer(dice.between(1, TERMS.len() as u64)))),
            stamp(ordered),
            optional(dice.percent(88).then(|| date(ordered + dice.between(2, 40) as i64 * DAY))),
            Value::text(STATUSES[age]),
            optional(dice.percent(55).then(|| reference(dice))),
            optional(dice.percent(20).then(|| Value::text(dice.pick(&NOTES)))),
            money(total),
            optional(dice.percent(15).then(|| extra(dice))),
            stamp(until_last(ordered + dice.between(1, 400) as i64 * 3600)),
        ]
    }

    pub(super) fn order_rows(&self, order: u64) -> Vec<Row> {
        self.order_rows_with_id(order, record_id(order))
    }

    /// The rows of an order that looks like the n-th, under another id.
    pub(in super::super) fn order_rows_with_id(&self, order: u64, id: u64) -> Vec<Row> {
        let mut dice = self.dice(Table::OrderRow, id);
        let lines = self.lines(order).into_iter().zip(1..);
        let made = self.ordered_at(order);
        let row = |(line, number): (Line, u64)| {
            vec![
                integer(id),
                integer(number),
                integer(record_id(line.product)),
                Value::text(&line.description),
                quantity(line.quantity),
                money(line.price),
                optional(line.discount.map(|tenths| Value::Real(tenths as f64 / 10.0))),
                money(line.total),
                stamp(until_last(made + dice.between(1, 300) as i64 * 3600)),
            ]
        };
        lines.map(row).collect()
    }
}

fn reference(dice: &mut Dice) -> Value {
    let person = dice.pick(&PEOPLE);
    Value::text(&match dice.below(3) {
        0 => format!("{person} / PO {}", dice.between(1000, 99_999)),
        1 => format!("Ihr Zeichen: {person}"),
        _ => format!("Viitteenne {}", dice.between(100_000, 999_999)),
    })
}

fn extra(dice: &mut Dice) -> Value {
    let (channel, weight) = (dice.pick(&["web", "phone", "edi", "e-mail"]), dice.between(1, 9_000));
    Value::text(&format!(
        r#"{{"channel":"{channel}","freight":{{"kg":{weight}.0,"paid":{}}},"ids":[]}}"#,
        dice.percent(50)
    ))
}
