//! Currencies, terms of payment and companies.

use super::format::{DAY, made_at, money, stamp, until_last};
use super::words::{COUNTRIES, CURRENCIES, Country, Currency, OLD_CURRENCY, PEOPLE, TERMS};
use super::{Dice, Erp, Row, Table, integer, optional, record_id};
use crate::model::value::Value;

pub(super) const CURRENCY_COLUMNS: [&str; 6] =
    ["code", "name", "symbol", "decimals", "rate_to_euro", "modify_time"];

pub(super) const TERMS_COLUMNS: [&str; 6] =
    ["record_id", "name", "net_days", "discount_percent", "discount_days", "modify_time"];

pub(super) const COMPANY_COLUMNS: [&str; 15] = [
    "record_id",
    "name",
    "street",
    "postal_code",
    "city",
    "country",
    "vat_number",
    "email",
    "phone",
    "currency_code",
    "terms_id",
    "credit_limit",
    "is_active",
    "profile",
    "modify_time",
];

pub(super) fn currency(number: u64) -> Row {
    currency_row(CURRENCIES[number as usize])
}

/// The currency that only the target still has.
pub(in super::super) fn old_currency() -> Row {
    currency_row(OLD_CURRENCY)
}

fn currency_row((code, name, symbol, decimals, rate): Currency) -> Row {
    vec![
        Value::text(code),
        Value::text(name),
        Value::text(symbol),
        Value::Integer(decimals),
        if code == "EUR" { Value::Null } else { Value::text(rate) },
        stamp(made_at(code.bytes().map(u64::from).sum::<u64>() % 100, 100)),
    ]
}

pub(super) fn terms(number: u64) -> Row {
    let (name, days, discount) = TERMS[number as usize];
    vec![
        integer(number + 1),
        Value::text(name),
        Value::Integer(days),
        optional(discount.map(|(percent, _)| Value::text(percent))),
        optional(discount.map(|(_, days)| Value::Integer(days))),
        stamp(made_at(0, 100)),
    ]
}

impl Erp {
    pub(super) fn company(&self, number: u64) -> Row {
        self.company_with_id(number, record_id(number))
    }

    /// A company that looks like the n-th, under another id.
    pub(in super::super) fn company_with_id(&self, number: u64, id: u64) -> Row {
        let mut dice = self.dice(Table::Company, id);
        let dice = &mut dice;
        let country = &COUNTRIES[dice.below(COUNTRIES.len() as u64) as usize];
        let (city, region) = dice.pick(&country.cities);
        let made = made_at(number, self.companies);
        let name = country
            .company
            .replace("{family}", dice.pick(&country.families))
            .replace("{trade}", dice.pick(&country.trades));
        let street = format!("{} {}", dice.pick(&country.streets), dice.between(1, 180));
        vec![
            integer(id),
            Value::text(&name),
            Value::text(&street),
            Value::text(&format!("{region:02}{:03}", dice.below(1000))),
            Value::text(city),
            Value::text(country.code),
            optional(dice.percent(80).then(|| vat_number(country, dice))),
            optional(
                dice.percent(90)
                    .then(|| Value::text(&format!("office@{}-{id}.example", country.code.to_lowercase()))),
            ),
            optional(dice.percent(70).then(|| phone(country, dice))),
            Value::text(country.currency),
            integer(dice.between(1, TERMS.len() as u64)),
            optional(dice.percent(60).then(|| money(dice.between(1, 400) * 250_000))),
            integer(u64::from(!dice.percent(6))),
            optional(dice.percent(85).then(|| profile(dice))),
            stamp(until_last(made + dice.below(90) as i64 * DAY)),
        ]
    }
}

/// Where a company comes from decides what it is paid in; so an order's currency follows from its company.
pub(super) fn currency_of(company: &Row) -> Value {
    company[Table::Company.position("currency_code")].clone()
}

fn vat_number(country: &Country, dice: &mut Dice) -> Value {
    Value::text(&format!("{}{:08}", country.code, dice.below(100_000_000)))
}

fn phone(country: &Country, dice: &mut Dice) -> Value {
    let (area, number) = (dice.between(10, 99), dice.below(10_000_000));
    Value::text(&format!("{} {area} {:03} {:04}", country.dials, number / 10_000, number % 10_000))
}

fn profile(dice: &mut Dice) -> Value {
    let (buyer, other) = (dice.pick(&PEOPLE), dice.pick(&PEOPLE));
    let rating = dice.pick(&["A", "AA", "B", "C"]);
    let discount = dice.below(15);
    let tags = dice.pick(&[r#"["wholesale"]"#, r#"["wholesale","export"]"#, "[]", r#"["public sector"]"#]);
    Value::text(&format!(
        r#"{{"contacts":[{{"name":"{buyer}","role":"buyer"}},{{"name":"{other}","role":null}}],"rating":"{rating}","discount":{discount}.50,"tags":{tags}}}"#
    ))
}
