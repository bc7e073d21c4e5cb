//! Random tables and operations against a naive model: a vector of rows.

use syncline::base::random::Random;
use syncline::model::key::Key;
use syncline::model::pair::WriteTarget;
use syncline::model::range::KeyRange;
use syncline::model::value::Value;
use syncline::store::memory::TableDefinition;
use syncline::store::{Batch, Change};

use super::fixture::{
    SEED, batch, block, digest_of, inside, int, read, snapshot, sorted, text, view, write_target,
};
use super::{Backend, Role};

/// Runs of the property; each makes a database and changes it thirty times.
const RUNS: u64 = 24;

/// The rows as they should be: (a, b, kind, value), the key is (a, b).
#[derive(Default)]
struct Model {
    rows: Vec<Vec<Value>>,
}

impl Model {
    fn position(&self, key: &[Value]) -> Option<usize> {
        self.rows.iter().position(|row| row[..2] == key[..2])
    }

    /// Does what a batch should do, and returns the missed positions.
    fn apply(&mut self, change: &ModelChange, scope: Option<&Value>) -> Vec<usize> {
        let mut missed = Vec::new();
        let in_scope = |row: &Vec<Value>| scope.is_none_or(|kind| row[2] == *kind);
        match change {
            ModelChange::Delete(keys) => {
                for (position, key) in keys.iter().enumerate() {
                    match self.position(key) {
                        Some(found) if in_scope(&self.rows[found]) => drop(self.rows.remove(found)),
                        _ => missed.push(position),
                    }
                }
            }
            ModelChange::Write { rows, insert } => {
                for (position, row) in rows.iter().enumerate() {
                    match self.position(row) {
                        Some(found) if in_scope(&self.rows[found]) => self.rows[found].clone_from(row),
                        None if *insert => self.rows.push(row.clone()),
                        _ => missed.push(position),
                    }
                }
            }
        }
        missed
    }
}

enum ModelChange {
    Delete(Vec<Vec<Value>>),
    Write { rows: Vec<Vec<Value>>, insert: bool },
}

impl ModelChange {
    fn draw(random: &mut Random) -> Self {
        let mut rows: Vec<Vec<Value>> = (0..random.below(9)).map(|_| random_row(random)).collect();
        rows = sorted(rows);
        rows.dedup_by(|left, right| left[..2] == right[..2]);
        match random.below(3) {
            0 => Self::Delete(rows.into_iter().map(|row| row[..2].to_vec()).collect()),
            kind => Self::Write { rows, insert: kind == 1 },
        }
    }

    fn change(&self) -> Change {
        match self {
            Self::Delete(keys) => Change::Delete(keys.iter().map(|key| Key::from_values(key)).collect()),
            Self::Write { rows, insert: true } => Change::Insert(block(2, rows)),
            Self::Write { rows, insert: false } => Change::Update(block(2, rows)),
        }
    }
}

fn random_key(random: &mut Random) -> Vec<Value> {
    let words = ["", "a", "b", "é", "'", "a\u{1}"];
    vec![text(words[random.below(6) as usize]), int(i128::from(random.below(7)) - 3)]
}

fn random_row(random: &mut Random) -> Vec<Value> {
    let mut row = random_key(random);
    row.push(text(if random.chance(2) { "work" } else { "rent" }));
    row.push(match random.below(4) {
        0 => Value::Null,
        1 => text(""),
        n => text(&format!("value {}", n * random.below(100))),
    });
    row
}

fn random_range(random: &mut Random) -> KeyRange {
    let mut bound = || (!random.chance(4)).then(|| Key::from_values(&random_key(random)));
    KeyRange::new(bound(), bound())
}

pub async fn random_tables_and_operations_match_a_naive_model(backend: &dyn Backend) {
    for seed in 0..RUNS {
        run(backend, seed).await;
    }
}

async fn run(backend: &dyn Backend, seed: u64) {
    let mut random = Random::from_seed(seed);
    let table = TableDefinition::new("t").text("kind").text("a").text("v").nullable().integer("b");
    let made = backend.make(Role::Target, vec![table.primary_key(&["a", "b"])]).await;
    let mut view = view(&*made.store, "t", &["a", "b"]).await;
    let scope = random.chance(2).then(|| text("work"));
    let target =
        WriteTarget { filter: scope.as_ref().map(|_| "kind = 'work'".into()), ..write_target(&view) };
    let mut model = Model::default();
    for step in 0..30 {
        let told = format!("seed {seed} step {step}");
        let change = ModelChange::draw(&mut random);
        let batch: Batch = batch(&target, change.change());
        let applied = made.store.apply(&batch).await.unwrap();
        let missed = model.apply(&change, scope.as_ref());
        assert_eq!(applied.missed, missed, "{told}");
        assert_eq!(applied.rows as usize, batch.change.len() - missed.len(), "{told}");

        view.filter = if random.chance(3) { Some("kind = 'rent'".into()) } else { None };
        let mut visible = model.rows.clone();
        visible.retain(|row| view.filter.is_none() || row[2] == text("rent"));
        let range = random_range(&mut random);
        let expected = inside(&visible, 2, &range);
        let snapshot = snapshot(&*made.store).await;
        assert_eq!(read(&*snapshot, &view, &range).await, expected, "{told} {range}");
        assert_eq!(snapshot.count(&view, &range).await.unwrap(), expected.len() as u64, "{told} {range}");
        let ranges: Vec<KeyRange> = if range.is_empty() {
            vec![KeyRange::all()]
        } else {
            let bounds = snapshot.split(&view, &range, 1 + random.below(5) as usize).await.unwrap();
            range.split(&bounds)
        };
        let digests: Vec<_> = ranges.iter().map(|range| digest_of(&inside(&visible, 2, range))).collect();
        assert_eq!(snapshot.digest(&view, &ranges, SEED).await.unwrap(), digests, "{told} {ranges:?}");
    }
}
