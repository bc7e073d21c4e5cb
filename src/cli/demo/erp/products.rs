//! Products of three types: work, material, service.

use super::format::{DAY, made_at, money, stamp, until_last};
use super::words::{FINISHES, MATERIALS, SERVICE_LEVELS, SERVICES, SIZES, WORK, WORK_KINDS};
use super::{Dice, Erp, Row, Table, integer, optional, record_id};
use crate::model::value::Value;

pub(super) const COLUMNS: [&str; 14] = [
    "record_id",
    "type",
    "number",
    "name",
    "description",
    "unit",
    "unit_price",
    "cost_price",
    "currency_code",
    "weight_kg",
    "attributes",
    "thumbnail",
    "is_discontinued",
    "modify_time",
];

/// What an order has to know of a product.
pub(super) struct Article {
    pub(super) name: String,
    /// In cents.
    pub(super) price: u64,
    /// Whether it is counted in whole pieces.
    pub(super) is_whole: bool,
    kind: &'static str,
    unit: &'static str,
    grams: Option<u64>,
    attributes: Option<String>,
}

/// The record type of the n-th product: of five, one is work and one a service; the newest are all materials, but for
/// the very last.
fn kind(erp: &Erp, number: u64) -> &'static str {
    match number % 5 {
        _ if number + 1 == erp.products => "service",
        _ if number >= erp.referred(Table::Product) => "material",
        1 => "work",
        3 => "service",
        _ => "material",
    }
}

fn article(kind: &'static str, dice: &mut Dice) -> Article {
    match kind {
        "work" => {
            let (name, price) = dice.pick(&WORK);
            let how = dice.pick(&WORK_KINDS);
            let price = price + dice.below(12) * 50;
            let attributes =
                Some(format!(r#"{{"overtime":{},"skills":["{name}"]}}"#, how != "in the workshop"));
            Article {
                name: format!("{name}, {how}"),
                price,
                is_whole: false,
                kind,
                unit: "h",
                grams: None,
                attributes,
            }
        }
        "service" => {
            let (name, price) = dice.pick(&SERVICES);
            let name = format!("{name} ({})", dice.pick(&SERVICE_LEVELS));
            let price = price + dice.below(20) * 100;
            Article { name, price, is_whole: true, kind, unit: "visit", grams: None, attributes: None }
        }
        _ => {
            let (name, unit, price, grams) = dice.pick(&MATERIALS);
            let (size, finish) = (dice.pick(&SIZES), dice.pick(&FINISHES));
            let price = price + dice.below(price / 2 + 2);
            let pack = dice.pick(&[1, 10, 25, 100]);
            let attributes = Some(format!(
                r#"{{"size":"{size}","finish":"{finish}","pack":[1,{pack}],"tolerance":{{"plus":0.{:02},"minus":null}}}}"#,
                dice.below(90)
            ));
            let is_whole = unit == "pcs";
            let name = format!("{name} {size} {finish}");
            Article { name, price, is_whole, kind, unit, grams: Some(grams), attributes }
        }
    }
}

impl Erp {
    /// The n-th product as an order sees it.
    pub(super) fn article(&self, number: u64) -> Article {
        article(kind(self, number), &mut self.dice(Table::Product, record_id(number)))
    }

    pub(super) fn product(&self, number: u64) -> Row {
        self.product_with_id(number, record_id(number), kind(self, number))
    }

    /// A product that looks like the n-th, under another id, of a type.
    pub(in super::super) fn product_with_id(&self, number: u64, id: u64, kind: &'static str) -> Row {
        let mut dice = self.dice(Table::Product, id);
        let dice = &mut dice;
        let article = article(kind, dice);
        let made = made_at(number, self.products);
        let prefix = article.kind[..1].to_uppercase();
        let has_picture = dice.percent(25);
        let weight = article.grams.map(|grams| Value::Real(grams as f64 / 1000.0));
        let description = match dice.below(10) {
            0..3 => Value::Null,
            3 => Value::text(""),
            _ => Value::text(&format!(
                "{}. Catalogue {}, page {}.",
                article.name,
                2019 + dice.below(6),
                dice.between(2, 480)
            )),
        };
        vec![
            integer(id),
            Value::text(article.kind),
            Value::text(&format!("{prefix}-{:05}", 10_000 + id)),
            Value::text(&article.name),
            description,
            Value::text(article.unit),
            money(article.price),
            optional(dice.percent(75).then(|| money(article.price * dice.between(40, 80) / 100))),
            Value::text("EUR"),
            optional(weight),
            optional(article.attributes.map(|text| Value::text(&text))),
            optional(has_picture.then(|| thumbnail(dice))),
            integer(u64::from(dice.percent(8))),
            stamp(until_last(made + dice.below(200) as i64 * DAY)),
        ]
    }
}

/// A PNG's first bytes and then noise.
fn thumbnail(dice: &mut Dice) -> Value {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let length = dice.between(60, 240) as usize;
    bytes.extend(dice.bytes(length));
    Value::Blob(bytes)
}
