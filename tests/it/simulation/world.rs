//! A random job: two databases that have drifted apart, its settings, and an application that goes on writing.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use syncline::base::clock::Clock;
use syncline::base::random::Random;
use syncline::model::digest::DigestSeed;
use syncline::model::settings::{
    Bookkeeping, Deletes, EndpointSettings, JobSettings, Limits, MappedField, ModifyColumn, OnEmptySource,
    Strategy, TableSettings, Verify,
};
use syncline::model::value::Value;
use syncline::state::memory::MemoryDisk;
use syncline::store::memory::{Call, Database, Fault, FaultDraw, FaultProfile, MemoryOptions, MemoryStore};

use super::clock::SimClock;
use super::faults::SimFaults;
use super::ledger::Ledger;
use super::pair::Pair;
use super::spec::{KINDS, Spec, Use};

/// Everything that outlives a process of the simulated job.
pub struct World {
    pub specs: Arc<Vec<Spec>>,
    pub pairs: Vec<Pair>,
    pub settings: Arc<JobSettings>,
    pub source: MemoryStore,
    pub target: MemoryStore,
    pub disk: MemoryDisk,
    pub clock: Arc<SimClock>,
    /// What a source row's stamp says can be relied upon.
    pub honest_stamps: bool,
    /// The content of the source after every change, as far as the pass at work may have seen it.
    pub source_history: Arc<Mutex<Vec<Database>>>,
    /// What is known of the pass under way.
    pub ledger: Mutex<Ledger>,
    /// Somebody else wrote to the target after the first process began.
    pub target_touched: AtomicBool,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:#?}\n{:#?}", self.specs, self.settings.tables)?;
        writeln!(f, "source {:#?}\ntarget {:#?}", self.source.options(), self.target.options())?;
        f.write_str(&self.content())
    }
}

impl World {
    /// Draws a world.
    pub fn draw(random: &mut Random) -> Self {
        let clock = Arc::new(SimClock::default());
        let mut specs: Vec<Spec> = Vec::new();
        for number in 0..=random.below(3) as usize {
            let spec = Spec::draw(number, &specs, random);
            specs.push(spec);
        }
        let honest_stamps = random.chance(2);
        let source_tables = specs.iter().map(|spec| spec.definition(true, &specs)).collect();
        let target_tables = specs.iter().map(|spec| spec.definition(false, &specs)).collect();
        let mut source = Database::new(source_tables).unwrap();
        let mut target = Database::new(target_tables).unwrap();
        for spec in &specs {
            // Now and then as many as it takes to keep findings as runs.
            let rows = if random.chance(12) { 500 } else { [0, 1, 8, 40, 150][random.below(5) as usize] };
            let rows = rows.min(spec.spread * 2);
            for _ in 0..rows {
                let stamp = old_stamp(&clock, honest_stamps, random);
                insert(&mut source, &specs, spec, &stamp, random);
            }
        }
        copy(&source, &mut target, &specs, random);
        for spec in &specs {
            drift(&mut target, &specs, spec, random);
        }
        let settings = Arc::new(draw_settings(&specs, random));
        let source_history = Arc::new(Mutex::new(vec![source.clone()]));
        let source = MemoryStore::new(options("source", false, random), clock.clone(), source);
        let target = MemoryStore::new(options("target", true, random), clock.clone(), target);
        let pairs = settings.tables.iter().map(|table| Pair::new(table, &specs)).collect();
        Self {
            specs: Arc::new(specs),
            pairs,
            settings,
            source,
            target,
            disk: MemoryDisk::new(DigestSeed(random.next_u64())),
            clock,
            honest_stamps,
            source_history,
            ledger: Mutex::default(),
            target_touched: AtomicBool::new(false),
        }
    }

    /// All rows of both sides, for the story.
    pub fn content(&self) -> String {
        let mut out = String::new();
        for spec in self.specs.iter() {
            let sides =
                [(&spec.at_source, self.source.database()), (&spec.at_target, self.target.database())];
            for (side, (name, database)) in ["source", "target"].into_iter().zip(sides) {
                let _ = writeln!(out, "{side} {name}:");
                for row in database.rows(name).unwrap_or_default() {
                    let fields: Vec<String> = row.iter().map(ToString::to_string).collect();
                    let _ = writeln!(out, "  | {}", fields.join(" | "));
                }
            }
        }
        out
    }

    /// From now on things go wrong, and the application writes while the job reads.
    pub fn unleash(&self, random: &mut Random) {
        for store in [&self.source, &self.target] {
            let profile = if random.chance(8) { forgetful(random) } else { FaultProfile::swarm(random) };
            let refuse_one_in = if random.chance(4) { 3 + random.below(20) } else { 0 };
            let draw = FaultDraw::new(profile, random.fork());
            store.set_faults(Some(Box::new(SimFaults::new(draw, refuse_one_in, random.next_u64()))));
        }
        let write_one_in = if random.chance(3) { 0 } else { 4 << random.below(6) };
        let jump_one_in = if self.honest_stamps || random.chance(2) { 0 } else { 300 };
        self.let_application_write(write_one_in, jump_one_in, random.fork());
    }

    /// From now on nothing goes wrong, and nobody else writes.
    pub fn calm(&self) {
        self.source.set_faults(None);
        self.target.set_faults(None);
        self.let_application_write(0, 0, Random::from_seed(0));
    }

    fn let_application_write(&self, write_one_in: u64, jump_one_in: u64, mut random: Random) {
        let (specs, clock) = (self.specs.clone(), self.clock.clone());
        let (honest, history) = (self.honest_stamps, self.source_history.clone());
        self.source.set_meanwhile(Some(Box::new(move |database: &mut Database, _: Call| {
            if random.chance(jump_one_in) {
                let hours = random.below(5) as i64 - 2;
                clock.jump(hours * 3_600_000_000 + random.below(2_000_000) as i64 - 1_000_000);
            }
            let wrote = random.chance(write_one_in);
            if wrote {
                let spec = &specs[random.below(specs.len() as u64) as usize];
                write(database, &specs, spec, &new_stamp(&clock, honest, &mut random), &mut random);
            }
            if wrote {
                history.lock().unwrap().push(database.clone());
            }
        })));
    }

    /// The application writes a few rows between two passes.
    pub fn write_between_passes(&self, random: &mut Random) {
        let mut content = self.source.database();
        for _ in 0..random.below(6) {
            let spec = &self.specs[random.below(self.specs.len() as u64) as usize];
            let stamp = new_stamp(&self.clock, self.honest_stamps, random);
            write(&mut content, &self.specs, spec, &stamp, random);
        }
        self.source_history.lock().unwrap().push(content.clone());
        self.source.set_database(content);
    }

    /// Somebody else writes to the target between two passes.
    pub fn drift_again(&self, random: &mut Random) {
        let mut content = self.target.database();
        let spec = &self.specs[random.below(self.specs.len() as u64) as usize];
        drift(&mut content, &self.specs, spec, random);
        self.target_touched.store(true, Ordering::Relaxed);
        self.ledger.lock().unwrap().touch();
        self.target.set_database(content);
    }
}

/// Nothing goes wrong but what is the hardest to see: writes that are acknowledged and lost.
fn forgetful(random: &mut Random) -> FaultProfile {
    FaultProfile {
        faults: vec![(Fault::Forget, 1 + random.below(4))],
        calls: vec![Call::Apply],
        budget: 1 + random.below(3),
    }
}

fn options(name: &str, writable: bool, random: &mut Random) -> MemoryOptions {
    MemoryOptions {
        consistent: !random.chance(3),
        in_process: random.chance(2),
        digests: !random.chance(5),
        marks: true,
        readers_max: 2 + random.below(3) as usize,
        snapshot_blocks_apply: writable && random.chance(3),
        positions: random.chance(2),
        writable,
        block_rows: 1 + random.below(7) as usize,
        clock_ahead: random.chance(2).then(|| Duration::from_millis(random.below(3000))),
        ..MemoryOptions::named(name)
    }
}

fn seconds(clock: &SimClock) -> i128 {
    i128::from(clock.now().0 / 1_000_000)
}

/// When a row was written that is there from the beginning.
fn old_stamp(clock: &SimClock, honest: bool, random: &mut Random) -> Value {
    match random.below(20) {
        0 if !honest => Value::Null,
        1 if !honest => Value::Integer(seconds(clock) + 100_000),
        _ => Value::Integer(seconds(clock) - 1000 - i128::from(random.below(200)) * 10),
    }
}

/// When a row is written now: an honest application may commit up to two minutes late.
fn new_stamp(clock: &SimClock, honest: bool, random: &mut Random) -> Value {
    match random.below(10) {
        0 if !honest => Value::Null,
        1 if !honest => Value::Integer(seconds(clock) - 50_000),
        2 if !honest => Value::Integer(seconds(clock) + 50_000),
        _ => Value::Integer(seconds(clock) - i128::from(random.below(120))),
    }
}

/// Keys of the table that rows of `spec` refer to.
fn parents(database: &Database, specs: &[Spec], spec: &Spec, source: bool) -> Vec<Value> {
    let Some(reference) = spec.reference else { return Vec::new() };
    let parent = &specs[reference.parent];
    let (name, key) = if source {
        (&parent.at_source, parent.at_source(Use::Key).unwrap())
    } else {
        (&parent.at_target, parent.at_target(Use::Key).unwrap())
    };
    database.rows(name).unwrap().into_iter().map(|row| row[key].clone()).collect()
}

fn insert(database: &mut Database, specs: &[Spec], spec: &Spec, stamp: &Value, random: &mut Random) {
    let parents = parents(database, specs, spec, true);
    let row = spec.draw_row(random, &parents, stamp);
    // A row that breaks a constraint is one that the application would not have written.
    let _ = database.edit(|change| change.insert(&spec.at_source, row));
}

/// One change by the source's application; what its constraints refuse does not happen.
fn write(database: &mut Database, specs: &[Spec], spec: &Spec, stamp: &Value, random: &mut Random) {
    let rows = database.rows(&spec.at_source).unwrap();
    if rows.is_empty() || random.chance(4) {
        return insert(database, specs, spec, stamp, random);
    }
    let row = rows[random.below(rows.len() as u64) as usize].clone();
    let other = rows[random.below(rows.len() as u64) as usize].clone();
    let parents = parents(database, specs, spec, true);
    let mut fresh = spec.draw_row(random, &parents, stamp);
    let _ = database.edit(|change| match random.below(6) {
        0 => change.delete(&spec.at_source, |found| found == row).map(drop),
        1 => {
            // The row gets another key.
            change.delete(&spec.at_source, |found| found == row)?;
            fresh[spec.key_length..].clone_from_slice(&row[spec.key_length..]);
            set(spec, &mut fresh, Use::Stamp, stamp);
            change.insert(&spec.at_source, fresh)
        }
        2 => swap_codes(change, spec, &row, &other, stamp),
        _ => {
            let kept = random.below(row.len() as u64 + 1) as usize;
            for position in 0..row.len() {
                if position < spec.key_length || position == kept {
                    fresh[position] = row[position].clone();
                }
            }
            set(spec, &mut fresh, Use::Stamp, stamp);
            change
                .update(&spec.at_source, |found| found == row, |found| found.clone_from_slice(&fresh))
                .map(drop)
        }
    });
}

fn set(spec: &Spec, row: &mut [Value], used_for: Use, value: &Value) {
    if let Some(position) = spec.at_source(used_for) {
        row[position] = value.clone();
    }
}

fn swap_codes(
    change: &mut syncline::store::memory::Transaction,
    spec: &Spec,
    row: &[Value],
    other: &[Value],
    stamp: &Value,
) -> Result<(), syncline::store::memory::Refused> {
    let Some(code) = spec.at_source(Use::Code) else { return Ok(()) };
    let mut give = |to: &[Value], value: &Value| {
        let key = to[..spec.key_length].to_vec();
        change.update(
            &spec.at_source,
            |found| found[..spec.key_length] == key[..],
            |found| {
                found[code] = value.clone();
                set(spec, found, Use::Stamp, stamp);
            },
        )
    };
    give(row, &Value::Null)?;
    give(other, &row[code])?;
    give(row, &other[code])?;
    Ok(())
}

/// Fills the target with what the source holds, all record types included.
fn copy(source: &Database, target: &mut Database, specs: &[Spec], random: &mut Random) {
    for spec in specs {
        if random.chance(8) {
            continue;
        }
        let mut left = source.rows(&spec.at_source).unwrap();
        // A row may refer to a later one, so rows are tried until none goes in any more.
        loop {
            let before = left.len();
            left.retain(|row| {
                let image = spec.to_target(row, &Value::text("own business"));
                target.edit(|change| change.insert(&spec.at_target, image)).is_err()
            });
            if left.len() == before {
                break;
            }
        }
    }
}

/// Rows get lost, come from nowhere, change; often only a few, sometimes most.
fn drift(target: &mut Database, specs: &[Spec], spec: &Spec, random: &mut Random) {
    let edits = [0, 1, 2, 10, 60][random.below(5) as usize];
    for _ in 0..edits {
        let rows = target.rows(&spec.at_target).unwrap();
        let parents = parents(target, specs, spec, false);
        let stamp = Value::Integer(i128::from(random.below(50)) + 1_767_500_000);
        let fresh = spec.to_target(&spec.draw_row(random, &parents, &stamp), &Value::text("own business"));
        let picked =
            (!rows.is_empty()).then(|| rows[random.below(rows.len().max(1) as u64) as usize].clone());
        let kind = spec.at_target(Use::Kind).unwrap();
        let _ = target.edit(|change| match (random.below(4), picked) {
            (0, Some(row)) => change.delete(&spec.at_target, |found| found == row).map(drop),
            (1 | 2, Some(row)) => {
                let position = random.below(row.len() as u64) as usize;
                let mut image = row.clone();
                image[position] = fresh[position].clone();
                if !spec.scoped {
                    image[kind] = row[kind].clone();
                }
                change
                    .update(&spec.at_target, |found| found == row, |found| found.clone_from_slice(&image))
                    .map(drop)
            }
            _ => change.insert(&spec.at_target, fresh),
        });
    }
}

fn draw_settings(specs: &[Spec], random: &mut Random) -> JobSettings {
    let endpoint = |name: &str| EndpointSettings {
        retry_delay: Duration::from_secs(1),
        reconnect_delay: Duration::from_secs(5),
        ..EndpointSettings::at(format!("memory:{name}"))
    };
    let limits = Limits {
        max_error_count: if random.chance(4) && !specs.iter().any(Spec::refuses_rows) {
            1 + random.below(6)
        } else {
            10_000
        },
        ..Limits::default()
    };
    let mut tables = Vec::new();
    for spec in specs {
        let settings = draw_table(spec, random);
        if spec.scoped {
            for kind in &KINDS[..2] {
                let scope = Some(format!("kind = '{kind}'"));
                let name = format!("{} {kind}", spec.at_source);
                tables.push(TableSettings {
                    name,
                    where_source: scope.clone(),
                    where_target: scope,
                    ..settings.clone()
                });
            }
        } else {
            tables.push(settings);
        }
    }
    JobSettings {
        name: "simulated".into(),
        source: endpoint("source"),
        target: endpoint("target"),
        sync_all: false,
        tables,
        limits,
        ..JobSettings::default()
    }
}

fn draw_table(spec: &Spec, random: &mut Random) -> TableSettings {
    let strategies =
        [Strategy::DigestSearch, Strategy::MergeCompare, Strategy::HashBuckets, Strategy::CountSearch];
    let small = |random: &mut Random, large: usize| {
        if random.chance(3) { large } else { 1 + random.below(12) as usize }
    };
    let mapped = spec.columns.iter().filter(|column| column.at_source != column.at_target);
    let excluded: BTreeSet<&str> = spec
        .columns
        .iter()
        .filter(|column| column.used_for == Use::Secret)
        .map(|column| column.at_source)
        .collect();
    TableSettings {
        name: spec.at_source.clone(),
        source: spec.at_source.clone(),
        target: spec.at_target.clone(),
        key: spec.loose.then(|| {
            spec.columns[..spec.key_length].iter().map(|column| column.at_source.to_owned()).collect()
        }),
        modify_column: if spec.at_source(Use::Stamp).is_some() && !random.chance(4) {
            ModifyColumn::Required("stamp".into())
        } else {
            ModifyColumn::None
        },
        field_mapping: mapped
            .map(|column| MappedField {
                source: column.at_source.to_owned(),
                target: column.at_target.to_owned(),
                required: true,
            })
            .collect(),
        exclude: excluded.into_iter().map(str::to_owned).collect(),
        trust_modify_id: random.chance(2),
        batch_size: small(random, 5000),
        delete_batch_size: small(random, 1000),
        id_array_batch_size: small(random, 25_000),
        binary_search_for_add: !random.chance(4),
        binary_search_min_table_size: random.below(3) * 20,
        binary_search_read_batch: 1 + random.below(10),
        binary_search_recent_first: random.below(3) * 10,
        fallback_full_compare_on_mismatch: !random.chance(3),
        min_rows_to_sync: random.below(3),
        check_all_tables: random.chance(4),
        verify: if random.chance(6) { Verify::Count } else { Verify::Digest },
        prove_every: Duration::from_hours(random.below(48)),
        strategy: if random.chance(2) { Strategy::Auto } else { strategies[random.below(4) as usize] },
        bookkeeping: if random.chance(2) { Bookkeeping::Target } else { Bookkeeping::Local },
        deletes: match random.below(8) {
            0 => Deletes::Never,
            1 => Deletes::Hold,
            _ => Deletes::Apply,
        },
        on_empty_source: if random.chance(2) { OnEmptySource::Delete } else { OnEmptySource::Hold },
        set_default_value: random.chance(2),
        max_delete_ratio: if random.chance(3) { 0.2 } else { 1.0 },
        ..TableSettings::default()
    }
}
