//! The order of table pairs: parents before their children, whatever cycles there are.

use std::collections::{BTreeMap, BTreeSet};

use super::schema::{ForeignKey, ReferentialAction, TableName};

/// Pairs in dependency order, by their position in the list that was ordered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingOrder {
    forward: Vec<usize>,
    parents: Vec<BTreeSet<usize>>,
    cascading: BTreeSet<usize>,
}

/// What the order needs to know of one pair: its target table, and what that refers to.
#[derive(Debug, Clone, Copy)]
pub struct Dependent<'a> {
    /// The target table.
    pub table: &'a TableName,
    /// Its foreign keys.
    pub foreign_keys: &'a [ForeignKey],
}

impl WorkingOrder {
    /// Orders pairs; those of a cycle, and those that nothing orders, stay in the order they came in.
    pub fn of(pairs: &[Dependent<'_>]) -> Self {
        let mut by_table: BTreeMap<&TableName, Vec<usize>> = BTreeMap::new();
        for (index, pair) in pairs.iter().enumerate() {
            by_table.entry(pair.table).or_default().push(index);
        }
        let mut parents = vec![BTreeSet::new(); pairs.len()];
        let mut cascading = BTreeSet::new();
        for (index, pair) in pairs.iter().enumerate() {
            for key in pair.foreign_keys {
                let referred = by_table.get(&key.parent).map_or(&[][..], Vec::as_slice);
                parents[index]
                    .extend(referred.iter().copied().filter(|&parent| pairs[parent].table != pair.table));
                if key.on_delete != ReferentialAction::Refuse {
                    cascading.extend(referred.iter().copied());
                }
            }
        }
        let forward = parents_first(&parents);
        Self { forward, parents, cascading }
    }

    /// Parents first.
    pub fn forward(&self) -> impl Iterator<Item = usize> + use<> {
        self.forward.clone().into_iter()
    }

    /// Children first.
    pub fn backward(&self) -> impl Iterator<Item = usize> + use<> {
        self.forward.clone().into_iter().rev()
    }

    /// Whether a delete from this pair's table deletes or changes rows of others.
    pub fn cascades(&self, index: usize) -> bool {
        self.cascading.contains(&index)
    }

    /// Pairs that depend on one of `held`, directly or not, each with a held pair that it waits for.
    pub fn dependents(&self, held: &[usize]) -> Vec<(usize, usize)> {
        let mut waits_for: BTreeMap<usize, usize> = held.iter().map(|&index| (index, index)).collect();
        loop {
            let before = waits_for.len();
            for (index, parents) in self.parents.iter().enumerate() {
                if waits_for.contains_key(&index) {
                    continue;
                }
                if let Some(root) = parents.iter().find_map(|parent| waits_for.get(parent).copied()) {
                    waits_for.insert(index, root);
                }
            }
            if waits_for.len() == before {
                break;
            }
        }
        waits_for.into_iter().filter(|(index, _)| !held.contains(index)).collect()
    }
}

/// Repeatedly takes the first pair all of whose parents were taken; when a cycle leaves none, the first of those that
/// are reachable from no other open pair but their own cycle.
fn parents_first(parents: &[BTreeSet<usize>]) -> Vec<usize> {
    let ancestors = ancestors(parents);
    let mut taken = BTreeSet::new();
    let mut order = Vec::with_capacity(parents.len());
    while order.len() < parents.len() {
        let open: Vec<usize> = (0..parents.len()).filter(|index| !taken.contains(index)).collect();
        let ready = |index: &usize| ancestors[*index].iter().all(|ancestor| taken.contains(ancestor));
        // In a cycle every member is an ancestor of the others; a cycle is ready when it waits for itself alone.
        let in_ready_cycle = |index: &usize| {
            let waits_for_own_cycle =
                |ancestor: &usize| taken.contains(ancestor) || ancestors[*ancestor].contains(index);
            ancestors[*index].iter().all(waits_for_own_cycle)
        };
        let next = open.iter().copied().find(ready).or_else(|| open.iter().copied().find(in_ready_cycle));
        let next = next.expect("a finite graph has a component without open ancestors outside it");
        taken.insert(next);
        order.push(next);
    }
    order
}

/// Everything that each pair depends on, directly or not; a member of a cycle is its own ancestor.
fn ancestors(parents: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
    let mut all = parents.to_vec();
    loop {
        let mut grown = false;
        for index in 0..all.len() {
            let more: BTreeSet<usize> =
                all[index].iter().flat_map(|parent| all[*parent].iter().copied()).collect();
            let before = all[index].len();
            all[index].extend(more);
            grown |= all[index].len() > before;
        }
        if !grown {
            return all;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(parent: &str, on_delete: ReferentialAction) -> ForeignKey {
        ForeignKey {
            columns: vec!["parent_id".into()],
            parent: TableName::new(parent),
            parent_columns: Vec::new(),
            on_delete,
            deferred: false,
        }
    }

    fn order(tables: &[(&str, &[&str])]) -> (WorkingOrder, Vec<String>) {
        let names: Vec<TableName> = tables.iter().map(|(name, _)| TableName::new(*name)).collect();
        let keys: Vec<Vec<ForeignKey>> = tables
            .iter()
            .map(|(_, parents)| parents.iter().map(|parent| key(parent, ReferentialAction::Refuse)).collect())
            .collect();
        let pairs: Vec<Dependent<'_>> =
            names.iter().zip(&keys).map(|(table, keys)| Dependent { table, foreign_keys: keys }).collect();
        let order = WorkingOrder::of(&pairs);
        let names = order.forward().map(|index| tables[index].0.to_owned()).collect();
        (order, names)
    }

    #[test]
    fn s4_006_reference_tables_before_details() {
        let (_, names) = order(&[
            ("order_row", &["orders", "product"]),
            ("invoice_row", &["invoices", "product"]),
            ("invoices", &["orders", "company"]),
            ("orders", &["company", "terms_of_payment"]),
            ("product", &["currency"]),
            ("company", &["currency", "terms_of_payment"]),
            ("currency", &[]),
            ("terms_of_payment", &[]),
        ]);
        let position = |name: &str| names.iter().position(|other| other == name).unwrap();
        for (child, parent) in [
            ("order_row", "orders"),
            ("orders", "company"),
            ("company", "currency"),
            ("invoice_row", "invoices"),
        ] {
            assert!(position(parent) < position(child), "{parent} before {child}: {names:?}");
        }
    }

    #[test]
    fn a_cycle_and_a_self_reference_are_ordered_with_what_hangs_on_them() {
        let (order, names) =
            order(&[("c", &["b"]), ("a", &["b"]), ("b", &["a"]), ("tree", &["tree"]), ("root", &[])]);
        let position = |name: &str| names.iter().position(|other| other == name).unwrap();
        assert!(position("b") < position("c"));
        assert_eq!(order.dependents(&[1]), [(0, 1), (2, 1)]);
        assert_eq!(order.dependents(&[4]), []);
    }

    #[test]
    fn deletes_that_reach_other_tables_are_known() {
        let (parent, child) = (TableName::new("parent"), TableName::new("child"));
        let keys = [key("parent", ReferentialAction::Cascade)];
        let order = WorkingOrder::of(&[
            Dependent { table: &parent, foreign_keys: &[] },
            Dependent { table: &child, foreign_keys: &keys },
        ]);
        assert!(order.cascades(0));
        assert!(!order.cascades(1));
        assert_eq!(order.backward().collect::<Vec<_>>(), [1, 0]);
    }

    proptest! {
        #[test]
        fn every_pair_once_and_parents_first_where_there_is_no_cycle(
            edges in proptest::collection::vec((0usize..12, 0usize..12), 0..30),
        ) {
            let names: Vec<TableName> = (0..12).map(|n| TableName::new(format!("t{n:02}"))).collect();
            let mut keys = vec![Vec::new(); 12];
            // Only edges to smaller numbers: no cycles.
            for (child, parent) in edges.iter().filter(|(child, parent)| parent < child) {
                keys[*child].push(key(&names[*parent].name, ReferentialAction::Refuse));
            }
            let pairs: Vec<Dependent<'_>> =
                names.iter().zip(&keys).map(|(table, keys)| Dependent { table, foreign_keys: keys }).collect();
            let order: Vec<usize> = WorkingOrder::of(&pairs).forward().collect();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..12).collect::<Vec<_>>());
            for (child, parent) in edges.iter().filter(|(child, parent)| parent < child) {
                let position = |index: &usize| order.iter().position(|other| other == index).unwrap();
                prop_assert!(position(parent) < position(child));
            }
        }
    }
}
