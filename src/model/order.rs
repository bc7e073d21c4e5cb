//! The order of table pairs: parents before their children, whatever cycles there are.
//!
//! Tables that refer to each other in a circle form one group, since no order satisfies them; so do the record types
//! of one table. Groups have an order, and everything in it follows from the order that the pairs came in.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::schema::{ForeignKey, ReferentialAction, TableName};

/// Pairs in dependency order, by their position in the list that was ordered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingOrder {
    groups: Vec<Group>,
    parents: Vec<BTreeSet<usize>>,
    /// For each pair, those whose rows a delete from its table deletes or changes.
    reaches: Vec<BTreeSet<usize>>,
}

/// Pairs that only have an order together: the record types of one table, and tables that refer to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The pairs, in the order they came in.
    pub pairs: Vec<usize>,
    /// How many groups have to come before it, one after the other: 0 for those that refer to nothing.
    pub level: usize,
    /// Whether its rows refer to rows of the group itself, so that a write may have to wait for another.
    pub cyclic: bool,
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
        let tables = Tables::of(pairs);
        let mut parents = vec![BTreeSet::new(); pairs.len()];
        let mut reaches = vec![BTreeSet::new(); pairs.len()];
        for (index, pair) in pairs.iter().enumerate() {
            for key in pair.foreign_keys {
                let Some(parent) = tables.find(&key.parent) else { continue };
                if key.on_delete != ReferentialAction::Refuse {
                    for &parent in &tables.pairs[parent] {
                        reaches[parent].insert(index);
                    }
                }
                if parent != tables.of_pair[index] {
                    parents[index].extend(&tables.pairs[parent]);
                }
            }
        }
        Self { groups: tables.groups(pairs), parents, reaches }
    }

    /// The groups, parents first.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Parents first.
    pub fn forward(&self) -> impl Iterator<Item = usize> + use<> {
        let pairs: Vec<usize> = self.groups.iter().flat_map(|group| group.pairs.iter().copied()).collect();
        pairs.into_iter()
    }

    /// Children first.
    pub fn backward(&self) -> impl Iterator<Item = usize> + use<> {
        let pairs: Vec<usize> = self.forward().collect();
        pairs.into_iter().rev()
    }

    /// Whether a delete from this pair's table deletes or changes rows of others, or other rows of its own.
    pub fn cascades(&self, index: usize) -> bool {
        self.reaches.get(index).is_some_and(|reached| !reached.is_empty())
    }

    /// One of `closed`, if a delete from this pair's table deletes or changes rows of it, through others too.
    pub fn reaches(&self, index: usize, closed: &[usize]) -> Option<usize> {
        let mut seen = BTreeSet::new();
        let mut open = vec![index];
        while let Some(at) = open.pop() {
            for &reached in self.reaches.get(at).into_iter().flatten() {
                if reached != index && closed.contains(&reached) {
                    return Some(reached);
                }
                if seen.insert(reached) {
                    open.push(reached);
                }
            }
        }
        None
    }

    /// Pairs that depend on one of `held`, directly or not, each with a held pair that it waits for.
    pub fn dependents(&self, held: &[usize]) -> Vec<(usize, usize)> {
        let children = reversed(&self.parents);
        let mut waits_for: BTreeMap<usize, usize> = held.iter().map(|&index| (index, index)).collect();
        let mut open: Vec<usize> = waits_for.keys().rev().copied().collect();
        while let Some(parent) = open.pop() {
            let root = waits_for[&parent];
            for &child in &children[parent] {
                waits_for.entry(child).or_insert_with(|| {
                    open.push(child);
                    root
                });
            }
        }
        waits_for.into_iter().filter(|(index, _)| !held.contains(index)).collect()
    }
}

/// The target tables of the pairs, each once.
struct Tables<'a> {
    by_name: BTreeMap<&'a TableName, usize>,
    /// Pairs of each table, in the order they came in.
    pairs: Vec<Vec<usize>>,
    of_pair: Vec<usize>,
}

impl<'a> Tables<'a> {
    fn of(pairs: &[Dependent<'a>]) -> Self {
        let mut tables = Self { by_name: BTreeMap::new(), pairs: Vec::new(), of_pair: Vec::new() };
        for (index, pair) in pairs.iter().enumerate() {
            let table = *tables.by_name.entry(pair.table).or_insert_with(|| {
                tables.pairs.push(Vec::new());
                tables.pairs.len() - 1
            });
            tables.pairs[table].push(index);
            tables.of_pair.push(table);
        }
        tables
    }

    /// The table that a foreign key names; engines that do not care about case keep it as it was written.
    fn find(&self, name: &TableName) -> Option<usize> {
        self.by_name.get(name).copied().or_else(|| {
            let mut alike = self.by_name.iter().filter(|(table, _)| {
                table.schema == name.schema && table.name.eq_ignore_ascii_case(&name.name)
            });
            alike.next().filter(|_| alike.next().is_none()).map(|(_, &table)| table)
        })
    }

    fn groups(&self, pairs: &[Dependent<'_>]) -> Vec<Group> {
        let mut parents = vec![BTreeSet::new(); self.pairs.len()];
        for (index, pair) in pairs.iter().enumerate() {
            parents[self.of_pair[index]]
                .extend(pair.foreign_keys.iter().filter_map(|key| self.find(&key.parent)));
        }
        let components = components(&parents);
        let mut group_of = vec![0; parents.len()];
        for (group, tables) in components.iter().enumerate() {
            for &table in tables {
                group_of[table] = group;
            }
        }
        let group_parents: Vec<BTreeSet<usize>> = components
            .iter()
            .enumerate()
            .map(|(group, tables)| {
                let all = tables.iter().flat_map(|&table| &parents[table]).map(|&parent| group_of[parent]);
                all.filter(|&parent| parent != group).collect()
            })
            .collect();
        let mut groups: Vec<Group> = components
            .iter()
            .map(|tables| {
                let mut members: Vec<usize> =
                    tables.iter().flat_map(|&table| self.pairs[table].clone()).collect();
                members.sort_unstable();
                let cyclic = tables.len() > 1 || tables.iter().any(|table| parents[*table].contains(table));
                Group { pairs: members, level: 0, cyclic }
            })
            .collect();
        let order = parents_first(&group_parents, &groups);
        for &group in &order {
            let above = group_parents[group].iter().map(|&parent| groups[parent].level + 1).max();
            groups[group].level = above.unwrap_or(0);
        }
        order.into_iter().map(|group| groups[group].clone()).collect()
    }
}

/// An order of groups without a cycle, parents first; of those that may come next, the one with the first pair.
fn parents_first(parents: &[BTreeSet<usize>], groups: &[Group]) -> Vec<usize> {
    let mut missing: Vec<usize> = parents.iter().map(BTreeSet::len).collect();
    let children = reversed(parents);
    let first = |group: usize| Reverse((groups[group].pairs[0], group));
    let mut ready: BinaryHeap<_> =
        (0..parents.len()).filter(|&group| missing[group] == 0).map(first).collect();
    let mut order = Vec::with_capacity(parents.len());
    while let Some(Reverse((_, group))) = ready.pop() {
        order.push(group);
        for &child in &children[group] {
            missing[child] -= 1;
            if missing[child] == 0 {
                ready.push(first(child));
            }
        }
    }
    order
}

/// The edges of a graph, turned round.
fn reversed(edges: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let mut turned = vec![Vec::new(); edges.len()];
    for (from, targets) in edges.iter().enumerate() {
        for &to in targets {
            turned[to].push(from);
        }
    }
    turned
}

/// The strongly connected components of a graph: the largest sets whose members all reach each other.
///
/// Tarjan, "Depth-first search and linear graph algorithms" (1972), with a stack of its own.
fn components(edges: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let edges: Vec<Vec<usize>> = edges.iter().map(|to| to.iter().copied().collect()).collect();
    let mut found = Vec::new();
    let mut number = vec![UNSEEN; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut on_path = vec![false; edges.len()];
    let (mut path, mut next) = (Vec::new(), 0);
    for root in 0..edges.len() {
        // Nodes being visited, each with how many of its edges were followed.
        let mut visits = if number[root] == UNSEEN { vec![(root, 0)] } else { Vec::new() };
        while let Some((node, followed)) = visits.pop() {
            if followed == 0 {
                (number[node], low[node]) = (next, next);
                next += 1;
                path.push(node);
                on_path[node] = true;
            } else {
                // Back from the edge that was followed last.
                low[node] = low[node].min(low[edges[node][followed - 1]]);
            }
            let mut deeper = None;
            for (position, &to) in edges[node].iter().enumerate().skip(followed) {
                if number[to] == UNSEEN {
                    deeper = Some((position, to));
                    break;
                }
                if on_path[to] {
                    low[node] = low[node].min(number[to]);
                }
            }
            if let Some((position, to)) = deeper {
                visits.push((node, position + 1));
                visits.push((to, 0));
            } else if low[node] == number[node] {
                let start = path.iter().rposition(|&member| member == node).unwrap_or(0);
                let mut component = path.split_off(start);
                for &member in &component {
                    on_path[member] = false;
                }
                component.sort_unstable();
                found.push(component);
            }
        }
    }
    found
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
    fn a_delete_reaches_through_cascades_but_not_through_refusals() {
        let names = ["a", "b", "c", "d"].map(TableName::new);
        let keys = [
            vec![],
            vec![key("a", ReferentialAction::Cascade)],
            vec![key("b", ReferentialAction::SetNull)],
            vec![key("c", ReferentialAction::Refuse)],
        ];
        let pairs: Vec<Dependent<'_>> =
            names.iter().zip(&keys).map(|(table, keys)| Dependent { table, foreign_keys: keys }).collect();
        let order = WorkingOrder::of(&pairs);
        assert_eq!(order.reaches(0, &[2]), Some(2));
        assert_eq!(order.reaches(0, &[3]), None, "a refusal stops it");
        assert_eq!(order.reaches(1, &[0, 1]), None, "never up, never itself");
        assert!(order.cascades(0) && order.cascades(1) && !order.cascades(2));
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
    fn s4_006_the_four_levels_come_out() {
        let (order, _) = order(&[
            ("currency", &[]),
            ("terms_of_payment", &[]),
            ("company", &["currency", "terms_of_payment"]),
            ("product", &["currency"]),
            ("orders", &["company"]),
            ("invoices", &["company"]),
            ("order_row", &["orders", "product"]),
            ("invoice_row", &["invoices", "product"]),
        ]);
        let levels: Vec<usize> = order.groups().iter().map(|group| group.level).collect();
        assert_eq!(levels, [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(
            order.forward().collect::<Vec<_>>(),
            (0..8).collect::<Vec<_>>(),
            "an order that holds is kept"
        );
    }

    #[test]
    fn s4_007_record_types_of_one_table_are_one_group() {
        let (order, names) = order(&[
            ("product", &["currency"]),
            ("orders", &[]),
            ("product", &["currency"]),
            ("currency", &[]),
        ]);
        assert_eq!(names, ["orders", "currency", "product", "product"]);
        let product = &order.groups()[2];
        assert_eq!((product.pairs.as_slice(), product.cyclic, product.level), (&[0, 2][..], false, 1));
        assert_eq!(order.dependents(&[0]), [], "the other record type does not wait");
    }

    #[test]
    fn tables_that_refer_to_each_other_are_one_group_and_say_so() {
        let (order, _) =
            order(&[("c", &["b"]), ("a", &["b"]), ("x", &[]), ("b", &["a"]), ("tree", &["tree"])]);
        let groups: Vec<_> = order.groups().iter().map(|group| (group.pairs.clone(), group.cyclic)).collect();
        assert_eq!(groups, [(vec![1, 3], true), (vec![0], false), (vec![2], false), (vec![4], true)]);
    }

    #[test]
    fn a_foreign_key_finds_its_table_in_another_case() {
        let (_, names) = order(&[("order_row", &["ORDERS"]), ("orders", &[])]);
        assert_eq!(names, ["orders", "order_row"]);
    }

    #[test]
    fn thousands_of_tables_are_ordered_at_once() {
        let names: Vec<String> = (0..5000).map(|n| format!("t{n}")).collect();
        let parents: Vec<Vec<&str>> =
            (0..5000).map(|n| names.get(n + 1).map(String::as_str).into_iter().collect()).collect();
        let tables: Vec<(&str, &[&str])> =
            names.iter().zip(&parents).map(|(name, parents)| (name.as_str(), parents.as_slice())).collect();
        let (order, _) = order(&tables);
        assert!(order.forward().eq((0..5000).rev()));
        assert_eq!(order.dependents(&[4999]).len(), 4999);
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

    /// Whether one of twelve tables reaches another, by following edges from it until nothing new is met.
    fn reaches(edges: &[(usize, usize)], from: usize, to: usize) -> bool {
        let mut met = BTreeSet::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            open.extend(
                edges.iter().filter(|(child, parent)| *child == at && met.insert(*parent)).map(|edge| edge.1),
            );
        }
        met.contains(&to)
    }

    proptest! {
        #[test]
        fn every_pair_comes_once_in_the_group_of_its_cycle_with_parents_before_it(
            edges in proptest::collection::vec((0usize..12, 0usize..12), 0..24),
            held in proptest::collection::vec(0usize..12, 0..3),
        ) {
            let names: Vec<TableName> = (0..12).map(|n| TableName::new(format!("t{n:02}"))).collect();
            let mut keys = vec![Vec::new(); 12];
            for (child, parent) in &edges {
                keys[*child].push(key(&names[*parent].name, ReferentialAction::Refuse));
            }
            let pairs: Vec<Dependent<'_>> =
                names.iter().zip(&keys).map(|(table, keys)| Dependent { table, foreign_keys: keys }).collect();
            let order = WorkingOrder::of(&pairs);
            let reaches = |from: usize, to: usize| reaches(&edges, from, to);

            let mut sorted: Vec<usize> = order.forward().collect();
            prop_assert!(order.backward().eq(sorted.iter().rev().copied()));
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..12).collect::<Vec<_>>());

            let group_of = |pair: usize| order.groups().iter().position(|group| group.pairs.contains(&pair)).unwrap();
            for from in 0..12 {
                for to in 0..12 {
                    let together = from == to || (reaches(from, to) && reaches(to, from));
                    prop_assert_eq!(group_of(from) == group_of(to), together);
                    if reaches(from, to) && !together {
                        prop_assert!(group_of(to) < group_of(from));
                        prop_assert!(order.groups()[group_of(to)].level < order.groups()[group_of(from)].level);
                    }
                }
                prop_assert_eq!(order.groups()[group_of(from)].cyclic, reaches(from, from));
            }

            let waiting: Vec<usize> = order.dependents(&held).iter().map(|(index, _)| *index).collect();
            let expected: Vec<usize> = (0..12)
                .filter(|index| !held.contains(index) && held.iter().any(|&root| reaches(*index, root)))
                .collect();
            prop_assert_eq!(waiting, expected);
            for (index, root) in order.dependents(&held) {
                prop_assert!(reaches(index, root));
            }
        }
    }
}
