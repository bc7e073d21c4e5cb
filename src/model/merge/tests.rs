use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::value::Value;

/// Rows as key and content.
type Rows = Vec<(Key, Vec<u8>)>;

impl OrderedRows for Rows {
    fn rows(&self) -> usize {
        self.len()
    }

    fn key(&self, index: usize) -> &[u8] {
        self[index].0.as_bytes()
    }

    fn form(&self, index: usize) -> &[u8] {
        &self[index].1
    }
}

fn key(n: i64) -> Key {
    Key::from_values(&[Value::Integer(n.into())])
}

fn rows(numbers: &[i64]) -> Rows {
    numbers.iter().map(|&n| (key(n), vec![0])).collect()
}

/// Everything that was told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    rows: Vec<(Standing, Key)>,
    runs: Vec<(Standing, Key, Key, u64)>,
}

impl MergeSink<Rows> for Told {
    fn row(&mut self, standing: Standing, source: Option<RowAt<'_, Rows>>, target: Option<RowAt<'_, Rows>>) {
        assert_eq!(source.is_some(), standing != Standing::Extra);
        assert_eq!(target.is_some(), standing != Standing::Missing);
        let keys: Vec<&Key> =
            [source, target].into_iter().flatten().map(|at| &at.block[at.index].0).collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "the rows belong to one key");
        self.rows.push((standing, keys[0].clone()));
    }

    fn run(&mut self, run: Run<'_>) {
        self.runs.push((run.standing, run.first_key(), run.last_key(), run.rows));
    }
}

/// Compares two sides whose rows come in these blocks.
fn merge(source: Vec<Rows>, target: Vec<Rows>, rows_max: u64) -> Result<Told, MergeError> {
    let (mut source, mut target) = (source.into_iter(), target.into_iter());
    let mut merge = MergeCompare::new();
    let mut told = Told::default();
    loop {
        match merge.compare(rows_max, &mut told)? {
            None => {}
            Some(Need::Done) => return Ok(told),
            Some(Need::Block(side)) => {
                let blocks = if side == Side::Source { &mut source } else { &mut target };
                match blocks.next() {
                    Some(block) => merge.feed(side, block)?,
                    None => merge.end(side),
                }
            }
        }
    }
}

#[test]
fn neighbours_of_one_kind_become_one_run() {
    let mut target = rows(&[1, 2, 5, 6, 7, 20, 21]);
    target[3].1 = vec![9];
    let told = merge(vec![rows(&[1, 2, 3, 4, 5, 6]), rows(&[7, 8])], vec![target], u64::MAX).unwrap();
    assert_eq!(
        told.runs,
        [
            (Standing::Equal, key(1), key(2), 2),
            (Standing::Missing, key(3), key(4), 2),
            (Standing::Equal, key(5), key(5), 1),
            (Standing::Changed, key(6), key(6), 1),
            (Standing::Equal, key(7), key(7), 1),
            (Standing::Missing, key(8), key(8), 1),
            (Standing::Extra, key(20), key(21), 2),
        ]
    );
}

#[test]
fn trap_32_nothing_is_missing_or_extra_until_the_other_side_has_ended() {
    let mut merge = MergeCompare::new();
    let mut told = Told::default();
    merge.feed(Side::Source, rows(&[1, 2, 3])).unwrap();
    merge.feed(Side::Target, rows(&[1])).unwrap();
    assert_eq!(merge.compare(u64::MAX, &mut told), Ok(Some(Need::Block(Side::Target))));
    assert_eq!(told.rows, [(Standing::Equal, key(1))], "2 and 3 may still come");
    assert_eq!(merge.next_key(), None, "and nobody knows what comes first");
    merge.feed(Side::Target, Rows::new()).unwrap();
    assert_eq!(
        merge.compare(u64::MAX, &mut told),
        Ok(Some(Need::Block(Side::Target))),
        "an empty block is no end"
    );
    merge.end(Side::Target);
    assert_eq!(merge.next_key(), Some(key(2).as_bytes()));
    assert_eq!(merge.compare(u64::MAX, &mut told), Ok(Some(Need::Block(Side::Source))));
    assert_eq!(told.runs.len(), 1, "the run of missing rows may still grow");
    merge.end(Side::Source);
    assert_eq!(merge.compare(u64::MAX, &mut told), Ok(Some(Need::Done)));
    assert_eq!(told.runs.last(), Some(&(Standing::Missing, key(2), key(3), 2)));
    assert_eq!((merge.rows(Side::Source), merge.rows(Side::Target)), (3, 1));
}

#[test]
fn trap_35_a_key_that_comes_twice_is_an_error_within_and_between_blocks() {
    let error = MergeError::Duplicate { side: Side::Target, key: key(2) };
    assert_eq!(error.to_string(), "the target holds key 2 more than once");
    let twice = Err(error);
    assert_eq!(merge(vec![rows(&[1, 2, 3])], vec![rows(&[1, 2, 2])], u64::MAX), twice);
    assert_eq!(merge(vec![rows(&[1, 2, 3])], vec![rows(&[1, 2]), rows(&[2, 3])], u64::MAX), twice);
    assert_eq!(
        merge(vec![rows(&[1, 2, 3])], vec![rows(&[1, 2]), Rows::new(), rows(&[2, 3])], u64::MAX),
        twice
    );
}

#[test]
fn trap_01_rows_out_of_order_are_an_error_within_and_between_blocks() {
    let error = MergeError::OutOfOrder { side: Side::Source, previous: key(5), key: key(3) };
    assert_eq!(merge(vec![rows(&[1, 5, 3])], vec![rows(&[1])], u64::MAX), Err(error.clone()));
    assert_eq!(merge(vec![rows(&[1, 5]), rows(&[3])], vec![rows(&[1])], u64::MAX), Err(error.clone()));
    assert_eq!(error.to_string(), "the source does not read in key order: 3 comes after 5");
}

#[test]
fn a_block_that_nobody_asked_for_is_refused() {
    let mut merge = MergeCompare::new();
    merge.feed(Side::Source, rows(&[1])).unwrap();
    let unasked = Err(MergeError::NotNeeded { side: Side::Source });
    assert_eq!(merge.feed(Side::Source, rows(&[2])), unasked);
    merge.end(Side::Target);
    assert_eq!(
        merge.feed(Side::Target, rows(&[2])),
        Err(MergeError::NotNeeded { side: Side::Target }),
        "nor after the end"
    );
}

#[test]
fn a_run_can_be_ended_where_work_is_saved() {
    let mut merge = MergeCompare::new();
    let mut told = Told::default();
    merge.feed(Side::Source, rows(&[1, 2, 3, 4])).unwrap();
    merge.end(Side::Source);
    merge.end(Side::Target);
    assert_eq!(merge.compare(2, &mut told), Ok(None));
    assert_eq!(merge.next_key(), Some(key(3).as_bytes()));
    merge.end_run(&mut told);
    assert_eq!(merge.compare(u64::MAX, &mut told), Ok(Some(Need::Done)));
    assert_eq!(told.runs, [(Standing::Missing, key(1), key(2), 2), (Standing::Missing, key(3), key(4), 2)]);
}

#[test]
fn two_empty_sides_are_done_at_once_they_say_so() {
    assert_eq!(merge(Vec::new(), vec![Rows::new()], u64::MAX), Ok(Told::default()));
}

/// What a map says about each key, in order.
fn expected(source: &BTreeMap<i64, u8>, target: &BTreeMap<i64, u8>) -> Vec<(Standing, Key)> {
    let keys: BTreeSet<&i64> = source.keys().chain(target.keys()).collect();
    keys.into_iter()
        .map(|n| {
            let standing = match (source.get(n), target.get(n)) {
                (Some(a), Some(b)) if a == b => Standing::Equal,
                (Some(_), Some(_)) => Standing::Changed,
                (Some(_), None) => Standing::Missing,
                _ => Standing::Extra,
            };
            (standing, key(*n))
        })
        .collect()
}

fn blocks(table: &BTreeMap<i64, u8>, sizes: &[usize]) -> Vec<Rows> {
    let mut rows = table.iter().map(|(&n, &content)| (key(n), vec![content])).peekable();
    let mut blocks = Vec::new();
    let mut sizes = sizes.iter().cycle();
    while rows.peek().is_some() {
        blocks.push(rows.by_ref().take(*sizes.next().expect("a cycle")).collect());
    }
    blocks
}

fn table() -> impl Strategy<Value = BTreeMap<i64, u8>> {
    prop::collection::btree_map(-40i64..40, 0u8..2, 0..60)
}

/// Block sizes, empty ones among them.
fn sizes() -> impl Strategy<Value = Vec<usize>> {
    (prop::collection::vec(0usize..6, 0..4), 1usize..9).prop_map(|(mut sizes, last)| {
        sizes.push(last);
        sizes
    })
}

proptest! {
    #[test]
    fn the_merge_agrees_with_a_map_however_the_rows_are_cut_into_blocks(
        source in table(), target in table(), source_sizes in sizes(), target_sizes in sizes(), rows_max in 1u64..50,
    ) {
        let told = merge(blocks(&source, &source_sizes), blocks(&target, &target_sizes), rows_max).unwrap();
        let expected = expected(&source, &target);
        prop_assert_eq!(&told.rows, &expected);
        let mut at = 0;
        for (standing, first, last, rows) in &told.runs {
            let run = &expected[at..at + *rows as usize];
            prop_assert!(run.iter().all(|(each, _)| each == standing));
            prop_assert_eq!((&run[0].1, &run[run.len() - 1].1), (first, last));
            at += run.len();
        }
        prop_assert_eq!(at, expected.len(), "runs cover every key");
        prop_assert!(told.runs.windows(2).all(|pair| pair[0].0 != pair[1].0), "two runs could be one");
    }

    #[test]
    fn a_side_that_never_ends_is_never_called_short(
        source in table(), target in table(), source_sizes in sizes(), target_sizes in sizes(), source_cut: bool,
    ) {
        let (mut sources, mut targets) =
            (blocks(&source, &source_sizes).into_iter(), blocks(&target, &target_sizes).into_iter());
        let mut merge = MergeCompare::new();
        let mut told = Told::default();
        let cut = if source_cut { Side::Source } else { Side::Target };
        loop {
            let Some(Need::Block(side)) = merge.compare(u64::MAX, &mut told).unwrap() else {
                panic!("a comparison with an open side was called done");
            };
            let blocks = if side == Side::Source { &mut sources } else { &mut targets };
            match blocks.next() {
                Some(block) => merge.feed(side, block).unwrap(),
                // The cut side's stream broke: it is not called ended.
                None if side == cut => break,
                None => merge.end(side),
            }
        }
        let table = if source_cut { &source } else { &target };
        let absent = if source_cut { Standing::Extra } else { Standing::Missing };
        let seen_last = table.keys().next_back().map(|&n| key(n));
        for (standing, at) in &told.rows {
            prop_assert!(*standing != absent || Some(at) < seen_last.as_ref(), "{at} was called absent");
        }
    }

    #[test]
    fn any_disorder_is_noticed(mut numbers in prop::collection::vec(-30i64..30, 2..30), sizes in sizes()) {
        let sorted = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        let mut source = Vec::new();
        let mut sizes = sizes.iter().cycle();
        let all = rows(&numbers);
        let mut at = 0;
        while at < all.len() {
            let end = (at + sizes.next().expect("a cycle")).min(all.len());
            source.push(all[at..end].to_vec());
            at = end;
        }
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(merge(source, vec![rows(&numbers)], u64::MAX).is_ok(), sorted);
    }
}
