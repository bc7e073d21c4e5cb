//! What a table pair of the simulated job means, worked out without the engine.

use std::collections::BTreeMap;

use syncline::model::key::Key;
use syncline::model::settings::TableSettings;
use syncline::model::value::Value;
use syncline::store::memory::Database;

use super::spec::{Spec, Use};

/// Rows by key, in the target's column order of [`Pair::columns`]; several only where a key repeats.
pub type Rows = BTreeMap<Key, Vec<Vec<Value>>>;

/// A pair as the oracle sees it.
#[derive(Debug, Clone)]
pub struct Pair {
    pub settings: TableSettings,
    pub spec: Spec,
    /// Position of each mapped column at the source and at the target; the key's first.
    pub columns: Vec<(usize, usize)>,
    /// The record type, when there is one.
    pub kind: Option<String>,
}

impl Pair {
    /// The pair of one table's settings.
    pub fn new(settings: &TableSettings, specs: &[Spec]) -> Self {
        let spec = specs.iter().find(|spec| spec.at_source == settings.source).unwrap().clone();
        let kind = settings.where_source.as_ref().map(|scope| scope.split('\'').nth(1).unwrap().to_owned());
        Self { settings: settings.clone(), columns: spec.mapped(), spec, kind }
    }

    /// What the target should hold in scope for this content of the source.
    pub fn expected(&self, source: &Database) -> Rows {
        let kind = self.spec.at_source(Use::Kind).unwrap();
        let name = self.spec.at_source(Use::Name).unwrap();
        let substitute = self.spec.whole_names && self.spec.default_name && self.settings.set_default_value;
        self.rows(source, &self.spec.at_source, kind, |row| {
            self.columns
                .iter()
                .map(|&(position, _)| match &row[position] {
                    Value::Null if position == name && substitute => Value::text("none"),
                    value => value.clone(),
                })
                .collect()
        })
    }

    /// What the target holds in scope.
    pub fn actual(&self, target: &Database) -> Rows {
        let kind = self.spec.at_target(Use::Kind).unwrap();
        self.rows(target, &self.spec.at_target, kind, |row| {
            self.columns.iter().map(|&(_, position)| row[position].clone()).collect()
        })
    }

    fn rows(
        &self,
        database: &Database,
        table: &str,
        kind: usize,
        view: impl Fn(&[Value]) -> Vec<Value>,
    ) -> Rows {
        let mut rows = Rows::new();
        for row in database.rows(table).unwrap() {
            let in_scope = self.kind.as_ref().is_none_or(|wanted| row[kind] == Value::text(wanted));
            let row = view(&row);
            let key = &row[..self.spec.key_length];
            if in_scope && !key.contains(&Value::Null) {
                rows.entry(Key::from_values(key)).or_default().push(row);
            }
        }
        for rows in rows.values_mut() {
            rows.sort_by_key(|row| Key::from_values(row));
        }
        rows
    }

    /// Rows of the target that are nobody's: other record types, keys with a NULL.
    pub fn nobodys(&self, target: &Database) -> Vec<Vec<Value>> {
        let kind = self.spec.at_target(Use::Kind).unwrap();
        let mut rows = target.rows(&self.spec.at_target).unwrap();
        rows.retain(|row| {
            let holed = self.columns[..self.spec.key_length].iter().any(|&(_, key)| row[key] == Value::Null);
            holed || (self.spec.scoped && row[kind] == Value::text(super::spec::KINDS[2]))
        });
        rows.sort_by_key(|row| Key::from_values(row));
        rows
    }
}

/// Keys whose rows differ.
pub fn differences<'a>(left: &'a Rows, right: &'a Rows) -> Vec<&'a Key> {
    let mut keys: Vec<&Key> =
        left.keys().chain(right.keys()).filter(|key| left.get(key) != right.get(key)).collect();
    keys.sort();
    keys.dedup();
    keys
}
