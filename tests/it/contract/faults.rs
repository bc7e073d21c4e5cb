//! What the memory store does on top of the contract: faults, changes meanwhile, misuse.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use syncline::base::clock::{Clock, Timestamp};
use syncline::base::random::Random;
use syncline::model::pair::{TableView, WriteTarget};
use syncline::model::range::KeyRange;
use syncline::store::memory::{
    Call, Database, Fault, FaultDraw, FaultPlan, FaultProfile, FaultScript, MemoryOptions, MemoryStore,
    Moment,
};
use syncline::store::{Change, ErrorClass, ROWS_IN_FLIGHT, RefusalKind, Store};

use super::fixture::{
    batch, block, drain, int, item_rows, item_view, items, key, range, snapshot, sorted, write_target,
};

/// A clock that only adds up what is slept.
#[derive(Default)]
struct Slept(Mutex<Duration>);

#[async_trait]
impl Clock for Slept {
    fn now(&self) -> Timestamp {
        Timestamp(0).plus(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

fn store_of(rows: usize, options: MemoryOptions) -> (MemoryStore, Arc<Slept>) {
    let mut database = Database::new(vec![items()]).unwrap();
    database
        .edit(|change| item_rows(rows).into_iter().try_for_each(|row| change.insert("item", row)))
        .unwrap();
    let clock = Arc::new(Slept::default());
    (MemoryStore::new(options, clock.clone(), database), clock)
}

fn small(rows: usize) -> MemoryStore {
    store_of(rows, MemoryOptions { block_rows: 2, ..MemoryOptions::named("faulty") }).0
}

async fn view_and_target(store: &MemoryStore) -> (TableView, WriteTarget) {
    let view = item_view(store).await;
    let target = write_target(&view);
    (view, target)
}

fn strike(store: &MemoryStore, call: Call, nth: u64, fault: Fault) {
    store.set_faults(Some(Box::new(FaultScript::new().at(call, nth, fault))));
}

fn delete_first() -> Change {
    Change::Delete(vec![key(int(10))])
}

#[tokio::test]
async fn an_error_strikes_before_or_after_the_effect() {
    for (moment, left) in [(Moment::Before, 3), (Moment::After, 2)] {
        let store = small(3);
        let (_, target) = view_and_target(&store).await;
        strike(&store, Call::Apply, 0, Fault::Fail(moment));
        let error = store.apply(&batch(&target, delete_first())).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Connection);
        assert_eq!(store.database().count("item"), Some(left), "{moment:?}");
        assert_eq!(store.commits(), 3 - left as u64);
        store.apply(&batch(&target, delete_first())).await.unwrap();
    }
}

#[tokio::test]
async fn trap_32_a_stream_that_is_cut_or_short_is_never_the_end() {
    for fault in [Fault::Cut, Fault::Short, Fault::Fail(Moment::Before), Fault::Fail(Moment::After)] {
        let store = small(9);
        let (view, _) = view_and_target(&store).await;
        let snapshot = snapshot(&store).await;
        strike(&store, Call::Block, 2, fault);
        let mut stream = snapshot.read(&view, &KeyRange::all()).await.unwrap();
        let mut rows = 0;
        let error = loop {
            match stream.next().await {
                Ok(Some(block)) => rows += block.len(),
                Ok(None) => panic!("{fault:?} looked like the end after {rows} rows"),
                Err(error) => break error,
            }
        };
        assert_eq!((rows, error.class), (4, ErrorClass::Connection), "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_connection_stays_lost_until_it_is_given_up_and_probed() {
    let store = small(3);
    let (view, target) = view_and_target(&store).await;
    let before = snapshot(&store).await;
    strike(&store, Call::Count, 0, Fault::Lose { moment: Moment::Before, probes: 1 });
    before.count(&view, &KeyRange::all()).await.unwrap_err();
    store.probe().await.unwrap_err();
    store.apply(&batch(&target, delete_first())).await.unwrap_err();
    store.disconnect().await;
    store.apply(&batch(&target, delete_first())).await.unwrap_err();
    store.probe().await.unwrap_err();
    store.probe().await.unwrap();
    store.apply(&batch(&target, delete_first())).await.unwrap();
    before.count(&view, &KeyRange::all()).await.expect_err("the old snapshot is gone");
    assert_eq!(snapshot(&store).await.count(&view, &KeyRange::all()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_lost_connection_ends_streams_too() {
    let store = small(40);
    let (view, _) = view_and_target(&store).await;
    let snapshot = snapshot(&store).await;
    let mut stream = snapshot.read(&view, &KeyRange::all()).await.unwrap();
    stream.next().await.unwrap();
    store.disconnect().await;
    let rest = async {
        while stream.next().await?.is_some() {}
        syncline::store::Result::Ok(())
    };
    assert_eq!(rest.await.unwrap_err().class, ErrorClass::Connection);
}

#[tokio::test]
async fn a_hanging_call_ends_with_its_connection_and_a_slow_one_by_the_clock() {
    let (store, clock) = store_of(3, MemoryOptions::named("slow"));
    let (_, target) = view_and_target(&store).await;
    strike(&store, Call::Apply, 0, Fault::Hang(Moment::After));
    let deletion = batch(&target, delete_first());
    let mut hanging = pin!(store.apply(&deletion));
    for _ in 0..100 {
        assert!((&mut hanging).now_or_never().is_none());
    }
    assert_eq!(store.database().count("item"), Some(2), "the effect was there before the silence");
    store.disconnect().await;
    assert_eq!(hanging.await.unwrap_err().class, ErrorClass::Connection);
    strike(&store, Call::Probe, 0, Fault::Delay(Duration::from_secs(7)));
    store.probe().await.unwrap();
    assert_eq!(clock.elapsed(), Duration::from_secs(7));
}

#[tokio::test]
async fn a_caller_can_be_killed_between_effect_and_answer() {
    let store = small(3);
    let (_, target) = view_and_target(&store).await;
    let deletion = batch(&target, delete_first());
    let mut context = Context::from_waker(Waker::noop());
    let mut seen = Vec::new();
    for polls in 0.. {
        let store = small(3);
        let mut applying = pin!(store.apply(&deletion));
        let ended = (0..polls).any(|_| applying.as_mut().poll(&mut context) != Poll::Pending);
        seen.push((store.database().count("item").unwrap(), ended));
        if ended {
            break;
        }
    }
    assert!(seen.contains(&(3, false)), "killed before the effect: {seen:?}");
    assert!(seen.contains(&(2, false)), "killed after the effect, before the answer: {seen:?}");
}

#[tokio::test]
async fn chosen_rows_are_refused_whatever_the_batch() {
    let store = small(3);
    let (_, target) = view_and_target(&store).await;
    let plan = FaultScript::new().refuse("item", key(int(20)), RefusalKind::Check);
    store.set_faults(Some(Box::new(plan)));
    let rows = item_rows(3);
    for change in [Change::Insert(block(1, &rows)), Change::Update(block(1, &rows))] {
        let error = store.apply(&batch(&target, change)).await.unwrap_err();
        let refusal = error.refusal.unwrap();
        assert_eq!((refusal.kind, refusal.position), (RefusalKind::Check, Some(1)));
    }
    store.apply(&batch(&target, Change::Update(block(1, &rows[2..])))).await.unwrap();
}

#[tokio::test]
async fn others_change_rows_between_operations() {
    let (store, _) =
        store_of(9, MemoryOptions { consistent: false, block_rows: 2, ..MemoryOptions::named("moving") });
    let (view, _) = view_and_target(&store).await;
    let snapshot = snapshot(&store).await;
    let calls = Arc::new(AtomicU64::new(0));
    let counted = calls.clone();
    store.set_meanwhile(Some(Box::new(move |database, call| {
        counted.fetch_add(1, Ordering::Relaxed);
        if call == Call::Block {
            database
                .edit(|change| change.delete("item", |row| row[0] == int(90) || row[0] == int(10)))
                .unwrap();
        }
    })));
    let stream = snapshot.read(&view, &KeyRange::all()).await.unwrap();
    let rows = drain(stream).await;
    assert_eq!(sorted(rows), sorted(item_rows(9)[1..8].to_vec()), "read after somebody deleted the ends");
    assert!(calls.load(Ordering::Relaxed) >= 5, "one call for the read and one for each block");
}

#[tokio::test]
async fn a_reader_runs_only_so_far_ahead() {
    let store = small(2 * (ROWS_IN_FLIGHT + 50));
    let (view, _) = view_and_target(&store).await;
    let blocks = Arc::new(AtomicU64::new(0));
    let counted = blocks.clone();
    store.set_meanwhile(Some(Box::new(move |_, call| {
        counted.fetch_add(u64::from(call == Call::Block), Ordering::Relaxed);
    })));
    let snapshot = snapshot(&store).await;
    let mut stream = snapshot.read(&view, &KeyRange::all()).await.unwrap();
    stream.next().await.unwrap();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    let ahead = blocks.load(Ordering::Relaxed);
    assert!(ahead <= ROWS_IN_FLIGHT as u64 + 2, "{ahead} blocks read for a consumer of one");
    drop(stream);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(blocks.load(Ordering::Relaxed), ahead, "nobody listens, nothing is read");
}

#[tokio::test]
async fn breaking_the_contract_is_an_error_and_is_remembered() {
    let options =
        MemoryOptions { readers_max: 1, snapshot_blocks_apply: true, ..MemoryOptions::named("strict") };
    let (store, _) = store_of(5, options);
    let (view, target) = view_and_target(&store).await;
    let open = snapshot(&store).await;
    assert!(store.snapshot().await.is_err(), "one reader at a time");
    let backwards = [range(Some(30), None), range(None, Some(30))];
    assert!(open.digest(&view, &backwards, super::fixture::SEED).await.is_err());
    assert!(open.fetch(&view, &[key(int(2)), key(int(1))]).await.is_err());
    assert!(store.apply(&batch(&target, delete_first())).await.is_err(), "the reader is in the way");
    assert_eq!(store.misuses().len(), 4, "{:?}", store.misuses());
    let mut stream = open.read(&view, &KeyRange::all()).await.unwrap();
    drop(open);
    assert_eq!(stream.next().await.unwrap_err().class, ErrorClass::Logic, "a stream ends with its snapshot");
    store.apply(&batch(&target, delete_first())).await.unwrap();
    assert_eq!(store.snapshots_open(), 0);
}

#[test]
fn faults_follow_from_their_seed_and_end_with_their_budget() {
    let draw = |seed: u64| {
        let mut random = Random::from_seed(seed);
        let profile = FaultProfile::swarm(&mut random);
        let budget = profile.budget;
        let mut plan = FaultDraw::new(profile, random);
        let faults: Vec<Option<Fault>> = (0..20_000).map(|nth| plan.fault(Call::Apply, nth)).collect();
        let struck = faults.iter().flatten().count() as u64;
        assert!(struck <= budget, "{struck} of {budget}");
        faults
    };
    assert_eq!(draw(1), draw(1));
    let kinds: std::collections::BTreeSet<String> =
        (0..200).flat_map(draw).flatten().map(|fault| format!("{fault:?}")).collect();
    for kind in ["Fail(Before)", "Fail(After)", "Lose", "Busy", "Delay", "Hang", "Cut", "Short"] {
        assert!(kinds.iter().any(|drawn| drawn.starts_with(kind)), "{kind} was never drawn");
    }
}
