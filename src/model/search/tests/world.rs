//! Two tables in memory, and a driver that answers a search and watches over it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::base::limits;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::event::Side;
use crate::model::key::Key;
use crate::model::range::KeyRange;
use crate::model::search::*;
use crate::model::value::Value;

pub type Table = BTreeMap<Key, u64>;

pub fn key(n: i64) -> Key {
    Key::from_values(&[Value::Integer(n.into())])
}

pub fn table(rows: impl IntoIterator<Item = i64>) -> Table {
    rows.into_iter().map(|n| (key(n), 0)).collect()
}

pub fn settings(leaf_rows: u64, recent_first_rows: u64, fan_out: FanOut) -> SearchSettings {
    SearchSettings {
        leaf_rows,
        recent_first_rows,
        fan_out,
        compare: Compare::Content,
        expected_differences: None,
        request_rows_max: limits::SEARCH_UNIT_ROWS_MAX,
        source_consistent: true,
        target_consistent: true,
    }
}

pub fn rows<'a>(table: &'a Table, range: &KeyRange) -> impl DoubleEndedIterator<Item = (&'a Key, &'a u64)> {
    let lower = range.lower.clone().map_or(Bound::Unbounded, Bound::Included);
    let upper = range.upper.clone().map_or(Bound::Unbounded, Bound::Excluded);
    table.range((lower, upper))
}

pub fn digest(table: &Table, range: &KeyRange) -> Digest {
    let mut digest = Digest::EMPTY;
    for (key, content) in rows(table, range) {
        let mut form = key.as_bytes().to_vec();
        form.extend_from_slice(&content.to_be_bytes());
        digest.add_row(&form, DigestSeed(42));
    }
    digest
}

/// A difference: the key with what each side holds.
pub type Difference = (Key, Option<u64>, Option<u64>);

pub fn differences(source: &Table, target: &Table, range: &KeyRange) -> BTreeSet<Difference> {
    let keys: BTreeSet<&Key> = rows(source, range).chain(rows(target, range)).map(|(key, _)| key).collect();
    keys.into_iter()
        .map(|key| (key.clone(), source.get(key).copied(), target.get(key).copied()))
        .filter(|(_, source, target)| source != target)
        .collect()
}

/// The world as it was asked, and what it saw.
#[derive(Debug, Default)]
pub struct Log {
    pub found: BTreeSet<Difference>,
    pub digested: Vec<KeyRange>,
    pub read: Vec<KeyRange>,
    pub requests: Vec<&'static str>,
    pub rows_digested: u64,
    pub rows_read: u64,
}

pub struct World {
    pub source: Table,
    pub target: Table,
    pub log: Log,
    /// Whether leaf answers carry a digest.
    pub leaf_digests: bool,
}

impl World {
    pub fn new(source: Table, target: Table) -> Self {
        Self { source, target, log: Log::default(), leaf_digests: false }
    }

    pub fn search(&self, settings: SearchSettings) -> RangeSearch {
        let totals = Totals::exact(self.source.len() as u64, self.target.len() as u64);
        RangeSearch::new(settings, KeyRange::all(), totals)
    }

    pub fn all_differences(&self) -> BTreeSet<Difference> {
        differences(&self.source, &self.target, &KeyRange::all())
    }

    /// Answers everything until the search is done.
    pub fn drive(&mut self, search: &mut RangeSearch) -> SearchSummary {
        loop {
            assert_partition(search);
            let request = search.next_request();
            if let Request::Done(summary) = request {
                return summary;
            }
            let questions = questions(&request);
            self.answer(search, &request, 0..questions);
        }
    }

    /// Answers some of the questions of a request.
    pub fn answer(
        &mut self,
        search: &mut RangeSearch,
        request: &Request,
        which: impl IntoIterator<Item = usize>,
    ) {
        check_request(request);
        for index in which {
            match request {
                Request::Split(probes) => self.answer_split(search, &probes[index]),
                Request::Digest(probes) => {
                    let Probe { id, range } = &probes[index];
                    let (source, target) = (digest(&self.source, range), digest(&self.target, range));
                    self.log.digested.push(range.clone());
                    self.log.rows_digested += source.count.max(target.count);
                    let blind = |digest: Digest| Digest { sum: 0, ..digest };
                    let (source, target) = match search.settings.compare {
                        Compare::Content => (source, target),
                        Compare::CountOnly { .. } => (blind(source), blind(target)),
                    };
                    search.answer_digest(*id, source, target).unwrap();
                }
                Request::Leaf(probes) => self.answer_leaf(search, &probes[index]),
                Request::Done(_) => panic!("nothing to answer"),
            }
        }
        self.log.requests.push(match request {
            Request::Split(_) => "split",
            Request::Digest(_) => "digest",
            Request::Leaf(_) => "leaf",
            Request::Done(_) => "done",
        });
    }

    fn answer_split(&self, search: &mut RangeSearch, probe: &SplitProbe) {
        let table = if probe.side == Side::Source { &self.source } else { &self.target };
        search.answer_split(probe.id, &split_keys(table, probe)).unwrap();
    }

    fn answer_leaf(&mut self, search: &mut RangeSearch, probe: &LeafProbe) {
        let (source, target) = (digest(&self.source, &probe.range), digest(&self.target, &probe.range));
        let found = differences(&self.source, &self.target, &probe.range);
        let answer = LeafAnswer {
            source_rows: source.count,
            target_rows: target.count,
            found: tally(&found),
            digest: self.leaf_digests.then_some(source),
        };
        self.log.found.extend(found);
        self.log.read.push(probe.range.clone());
        self.log.rows_read += source.count.max(target.count);
        search.answer_leaf(probe.id, answer).unwrap();
    }
}

pub fn tally(found: &BTreeSet<Difference>) -> Found {
    let mut tally = Found::default();
    for (_, source, target) in found {
        match (source, target) {
            (Some(_), None) => tally.missing += 1,
            (None, Some(_)) => tally.extra += 1,
            _ => tally.changed += 1,
        }
    }
    tally
}

/// Keys at row positions, as a store gives them.
pub fn split_keys(table: &Table, probe: &SplitProbe) -> Vec<Key> {
    let keys: Vec<&Key> = rows(table, &probe.range).map(|(key, _)| key).collect();
    match probe.cut {
        Cut::Newest(newest) if newest as usize >= keys.len() => Vec::new(),
        Cut::Newest(newest) => vec![keys[keys.len() - newest as usize].clone()],
        Cut::Pieces(pieces) => {
            let positions: BTreeSet<usize> =
                (1..pieces as usize).map(|i| i * keys.len() / pieces as usize).filter(|&at| at > 0).collect();
            positions.into_iter().map(|at| keys[at].clone()).collect()
        }
    }
}

pub fn questions(request: &Request) -> usize {
    match request {
        Request::Split(probes) => probes.len(),
        Request::Digest(probes) => probes.len(),
        Request::Leaf(probes) => probes.len(),
        Request::Done(_) => 0,
    }
}

fn check_request(request: &Request) {
    let ranges: Vec<&KeyRange> = match request {
        Request::Split(probes) => probes.iter().map(|probe| &probe.range).collect(),
        Request::Digest(probes) => probes.iter().map(|probe| &probe.range).collect(),
        Request::Leaf(probes) => probes.iter().map(|probe| &probe.range).collect(),
        Request::Done(_) => Vec::new(),
    };
    assert!(!ranges.is_empty() && ranges.len() <= limits::DIGEST_RANGES_MAX);
    for pair in ranges.windows(2) {
        assert!(pair[0].upper.is_some() && pair[0].upper <= pair[1].lower, "not ascending or not disjoint");
    }
}

/// Every key lies in exactly one region, the first and the last of which are open-ended.
pub fn assert_partition(search: &RangeSearch) {
    let regions = search.regions();
    assert_eq!(regions.first().map(|region| region.range.lower.clone()), Some(None));
    assert_eq!(regions.last().map(|region| region.range.upper.clone()), Some(None));
    for pair in regions.windows(2) {
        assert!(pair[0].range.upper.is_some());
        assert_eq!(pair[0].range.upper, pair[1].range.lower, "a gap or an overlap");
    }
}
