//! All tables at one instant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::definition::TableDefinition;
use super::table::TableData;
use super::transaction::{Refused, Transaction};
use crate::model::schema::{Catalog, ReferentialAction, TableName};
use crate::model::value::Value;

/// The content of a memory store; a clone is a snapshot and costs one pointer a table.
#[derive(Debug, Clone, Default)]
pub struct Database {
    pub(super) tables: BTreeMap<TableName, Arc<TableData>>,
    pub(super) references: Arc<Vec<Reference>>,
    /// Finished units: job, table, number.
    pub(super) marks: BTreeSet<(String, String, u64)>,
}

/// A foreign key, resolved on both ends.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) child: TableName,
    pub(super) child_columns: Vec<usize>,
    pub(super) parent: TableName,
    pub(super) parent_columns: Vec<usize>,
    pub(super) on_delete: ReferentialAction,
    pub(super) deferred: bool,
}

impl Database {
    /// A database with these tables, empty. Errors: what is wrong with a declaration, in words.
    pub fn new(definitions: Vec<TableDefinition>) -> Result<Self, String> {
        let mut database = Self::default();
        for definition in definitions {
            database.add(definition)?;
        }
        database.resolve_references()?;
        Ok(database)
    }

    /// Adds a table without resolving its foreign keys.
    pub(super) fn add(&mut self, definition: TableDefinition) -> Result<(), String> {
        let name = definition.table.name.clone();
        let data = TableData::new(definition).map_err(|cause| format!("table {name}: {cause}"))?;
        if self.tables.contains_key(&name) {
            return Err(format!("table {name} exists"));
        }
        self.tables.insert(name, Arc::new(data));
        Ok(())
    }

    pub(super) fn resolve_references(&mut self) -> Result<(), String> {
        let mut references = Vec::new();
        for (child, data) in &self.tables {
            for foreign_key in &data.table().foreign_keys {
                let parent = self.tables.get(&foreign_key.parent).ok_or_else(|| {
                    format!("table {child} refers to {}, which is missing", foreign_key.parent)
                })?;
                let named = match foreign_key.parent_columns.as_slice() {
                    [] => &parent.table().primary_key,
                    named => named,
                };
                references.push(Reference {
                    child: child.clone(),
                    child_columns: data.positions(&foreign_key.columns)?,
                    parent: foreign_key.parent.clone(),
                    parent_columns: parent.positions(named)?,
                    on_delete: foreign_key.on_delete,
                    deferred: foreign_key.deferred,
                });
            }
        }
        self.references = Arc::new(references);
        Ok(())
    }

    pub(super) fn catalog(&self) -> Catalog {
        Catalog { tables: self.tables.values().map(|data| data.table().clone()).collect() }
    }

    /// The rows of a table in primary-key order, oldest first without one; none when there is no such table.
    pub fn rows(&self, table: &str) -> Option<Vec<Vec<Value>>> {
        let data = self.tables.get(&TableName::new(table))?;
        let key = data.positions(&data.table().primary_key).expect("the key's columns exist");
        let rows = data.in_order(&key, std::ops::Bound::Unbounded);
        Some(rows.map(|(_, _, row)| row.to_vec()).collect())
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> Option<usize> {
        self.tables.get(&TableName::new(table)).map(|data| data.len())
    }

    /// Runs changes as the database's own application would: all or nothing, every constraint enforced.
    ///
    /// Errors: the first refusal, or what `change` returned.
    pub fn edit<T>(
        &mut self,
        change: impl FnOnce(&mut Transaction) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let mut transaction = Transaction::begin(self, true);
        let result = change(&mut transaction)?;
        *self = transaction.commit()?;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::RefusalKind;

    fn integers(values: &[i128]) -> Vec<Value> {
        values.iter().map(|&n| if n < 0 { Value::Null } else { Value::Integer(n) }).collect()
    }

    /// Customers 1 to 3; orders (id, customer) refer to them as told.
    fn orders(on_delete: ReferentialAction, deferred: bool) -> Database {
        let customer = TableDefinition::new("customer").integer("id").primary_key(&["id"]);
        let mut order = TableDefinition::new("orders").integer("id").integer("customer").nullable();
        order = order.default("3").primary_key(&["id"]).foreign_key(&["customer"], "customer", on_delete);
        let order = if deferred { order.deferred() } else { order };
        let mut database = Database::new(vec![customer, order]).unwrap();
        for id in 1..=3 {
            database.edit(|change| change.insert("customer", integers(&[id]))).unwrap();
            database.edit(|change| change.insert("orders", integers(&[10 + id, id]))).unwrap();
        }
        database
    }

    fn delete_customer(database: &mut Database, id: i128) -> Result<usize, Refused> {
        database.edit(|change| change.delete("customer", |row| row[0] == Value::Integer(id)))
    }

    #[test]
    fn a_row_that_is_referred_to_stays() {
        let mut database = orders(ReferentialAction::Refuse, false);
        let before = database.rows("customer");
        assert_eq!(delete_customer(&mut database, 2).unwrap_err().kind, RefusalKind::ForeignKey);
        assert_eq!(database.rows("customer"), before);
        let lost = database.edit(|change| change.insert("orders", integers(&[99, 7])));
        assert_eq!(lost.unwrap_err().kind, RefusalKind::ForeignKey);
        database.edit(|change| change.insert("orders", integers(&[99, -1]))).unwrap();
    }

    #[test]
    fn a_deferred_reference_holds_at_commit() {
        let mut database = orders(ReferentialAction::Refuse, true);
        database
            .edit(|change| {
                change.insert("orders", integers(&[99, 7]))?;
                change.insert("customer", integers(&[7]))
            })
            .unwrap();
        let lost = database.edit(|change| change.insert("orders", integers(&[98, 8])));
        assert_eq!(lost.unwrap_err().kind, RefusalKind::ForeignKey);
        assert_eq!(database.count("orders"), Some(4));
        database
            .edit(|change| {
                change.delete("customer", |row| row[0] == Value::Integer(2))?;
                change.insert("customer", integers(&[2]))
            })
            .unwrap();
    }

    #[test]
    fn deletes_cascade_set_null_or_set_the_default() {
        let mut cascading = orders(ReferentialAction::Cascade, false);
        delete_customer(&mut cascading, 2).unwrap();
        assert_eq!(cascading.rows("orders").unwrap(), [integers(&[11, 1]), integers(&[13, 3])]);
        let mut nulling = orders(ReferentialAction::SetNull, false);
        delete_customer(&mut nulling, 2).unwrap();
        assert_eq!(nulling.rows("orders").unwrap()[1], integers(&[12, -1]));
        let mut defaulting = orders(ReferentialAction::SetDefault, false);
        delete_customer(&mut defaulting, 2).unwrap();
        assert_eq!(defaulting.rows("orders").unwrap()[1], integers(&[12, 3]));
        let refused = delete_customer(&mut defaulting, 3);
        assert_eq!(
            refused.unwrap_err().kind,
            RefusalKind::ForeignKey,
            "the default is the deleted row itself"
        );
    }

    #[test]
    fn constraints_refuse_by_kind_and_leave_no_trace() {
        let table = TableDefinition::new("t")
            .integer("id")
            .text("code")
            .nullable()
            .primary_key(&["id"])
            .unique(&["code"])
            .check("length(code) <= 3");
        let mut database = Database::new(vec![table]).unwrap();
        let mut insert = |id: Value, code: Value| {
            let done = database.edit(|change| change.insert("t", vec![id, code]));
            (done.map_err(|refused| refused.kind), database.count("t").unwrap())
        };
        let (one, two) = (Value::Integer(1), Value::Integer(2));
        assert_eq!(insert(one.clone(), Value::text("abc")), (Ok(()), 1));
        assert_eq!(insert(one.clone(), Value::Null), (Err(RefusalKind::Unique), 1));
        assert_eq!(insert(two.clone(), Value::text("abc")), (Err(RefusalKind::Unique), 1));
        assert_eq!(insert(two.clone(), Value::text("abcd")), (Err(RefusalKind::Check), 1));
        assert_eq!(insert(Value::Null, Value::Null), (Err(RefusalKind::NotNull), 1));
        assert_eq!(insert(two.clone(), Value::Integer(5)), (Err(RefusalKind::Value), 1));
        assert_eq!(insert(two, Value::Null), (Ok(()), 2));
        assert_eq!(insert(Value::Integer(3), Value::Null), (Ok(()), 3), "NULLs are not alike");
    }

    #[test]
    fn a_clone_keeps_what_was() {
        let mut database = orders(ReferentialAction::Cascade, false);
        let before = database.clone();
        delete_customer(&mut database, 1).unwrap();
        assert_eq!(before.count("orders"), Some(3));
        assert_eq!(database.count("orders"), Some(2));
    }
}
