//! Where the file lies, who may read it, and who is let in.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;

use rusqlite::Connection;
use tempfile::tempdir;

use syncline::base::clock::Timestamp;
use syncline::model::key::Key;
use syncline::model::value::Value;
use syncline::state::sqlite::{OpenMode, OpenRequest, SqliteState};
use syncline::state::{Finding, FindingKind, PassFingerprint, State, StateChange, StateError, TableMemory};

use super::{answers, file_of, open, request};

fn remember(schema: &str) -> StateChange {
    let memory = TableMemory { schema: schema.to_owned(), ..TableMemory::default() };
    StateChange::TableRemembered { table: "orders".to_owned(), memory }
}

fn schema_of(state: &SqliteState) -> Option<String> {
    state.table_memory("orders").unwrap().map(|memory| memory.schema)
}

fn message(result: Result<SqliteState, StateError>) -> String {
    result.expect_err("must be refused").to_string()
}

#[test]
fn a_second_opener_is_told_who_holds_the_job_and_a_reader_is_let_in() {
    let place = tempdir().unwrap();
    let state = open(place.path());
    state.commit(&[remember("first")]).unwrap();
    let Err(StateError::Locked(holder)) =
        SqliteState::open(&request(place.path()), OpenMode::ReadWriteLocked)
    else {
        panic!("two processes must never run one job")
    };
    assert!(
        holder.starts_with(&format!("pid {} since 2025-11-20T16:02:01Z", std::process::id())),
        "{holder}"
    );
    let reader = SqliteState::open(&request(place.path()), OpenMode::ReadOnly).unwrap();
    assert_eq!(schema_of(&reader).as_deref(), Some("first"));
    state.commit(&[remember("second")]).unwrap();
    assert_eq!(schema_of(&reader).as_deref(), Some("second"), "a reader sees what was committed meanwhile");
    assert!(matches!(reader.commit(&[remember("third")]), Err(StateError::Failed { .. })));
    drop(state);
    assert_eq!(schema_of(&open(place.path())).as_deref(), Some("second"), "the lock ends with its holder");
    assert_eq!(schema_of(&reader).as_deref(), Some("second"));
}

#[test]
fn a_lock_whose_holder_left_no_name_is_still_a_lock() {
    let place = tempdir().unwrap();
    let state = open(place.path());
    fs::write(state.folder().join("lock"), "\u{1b}[2Jnonsense").unwrap();
    let text = message(SqliteState::open(&request(place.path()), OpenMode::ReadWriteLocked));
    assert!(text.contains("it did not leave its number") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn reading_a_job_that_never_ran_makes_nothing() {
    let place = tempdir().unwrap();
    let state_dir = place.path().join("none");
    let absent = SqliteState::open(&request(&state_dir), OpenMode::ReadOnly);
    assert!(matches!(absent, Err(StateError::Absent(_))), "{absent:?}");
    assert!(!state_dir.exists());
    let absent = SqliteState::open(&request(place.path()), OpenMode::ReadOnly);
    assert!(matches!(absent, Err(StateError::Absent(_))), "{absent:?}");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn jobs_of_one_name_with_other_urls_do_not_meet() {
    let place = tempdir().unwrap();
    let one = request(place.path());
    let other = OpenRequest { target: "sqlite:/data/other.db", ..one };
    let first = SqliteState::open(&one, OpenMode::ReadWriteLocked).unwrap();
    let second = SqliteState::open(&other, OpenMode::ReadWriteLocked).unwrap();
    first.commit(&[remember("first")]).unwrap();
    assert_eq!(schema_of(&second), None);
    assert_ne!(first.folder(), second.folder());
}

#[test]
fn a_copied_folder_is_not_taken_for_another_job() {
    let place = tempdir().unwrap();
    let one = request(place.path());
    let other = OpenRequest { job: "copy", ..one };
    drop(open(place.path()));
    fs::rename(one.folder(), other.folder()).unwrap();
    let text = message(SqliteState::open(&other, OpenMode::ReadWriteLocked));
    assert!(text.contains("belongs to another job (erp to warehouse, from sqlite:/data/erp.db"), "{text}");
}

#[test]
fn folders_may_have_spaces_and_any_script() {
    let place = tempdir().unwrap();
    let state_dir = place.path().join("mein Ördner ☃/日本 ' \" % ?#");
    let odd = OpenRequest { job: "täglich: ../../日本 file:x?mode=ro", ..request(&state_dir) };
    let state = SqliteState::open(&odd, OpenMode::ReadWriteLocked).unwrap();
    state.commit(&[remember("kept")]).unwrap();
    assert_eq!(state.folder().parent(), Some(state_dir.canonicalize().unwrap().as_path()));
    drop(state);
    let state = SqliteState::open(&odd, OpenMode::ReadWriteLocked).unwrap();
    assert_eq!(schema_of(&state).as_deref(), Some("kept"));
}

#[test]
fn no_secret_reaches_the_path_or_the_file() {
    let place = tempdir().unwrap();
    let request = OpenRequest {
        source: "postgres://ro:hunter2@db1/erp?sslpassword=hunter2",
        target: "https://api:hunter2@h/x?token=hunter2",
        ..request(place.path())
    };
    let state = SqliteState::open(&request, OpenMode::ReadWriteLocked).unwrap();
    state.commit(&[remember("x")]).unwrap();
    let plain = OpenRequest { source: "postgres://ro@db1/erp", target: "https://api@h/x", ..request };
    assert_eq!(state.folder().file_name(), plain.folder().file_name(), "a changed password keeps the state");
    for entry in fs::read_dir(state.folder()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", path.display());
    }
    assert!(!state.folder().to_string_lossy().contains("hunter2"));
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

/// What the other process of [`everything_is_made_for_the_user_alone_whatever_the_mask`] does.
fn check_modes(state_dir: &Path) {
    let state = open(state_dir);
    state.commit(&[remember("x")]).unwrap();
    assert_eq!((mode_of(state_dir), mode_of(state.folder())), (0o700, 0o700));
    let files: Vec<_> = fs::read_dir(state.folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 4, "the file, its log, the index of the log and the lock: {files:?}");
    for file in files {
        assert_eq!(mode_of(&file), 0o600, "{}", file.display());
    }
    fs::write(state_dir.join("modes checked"), "").unwrap();
}

#[test]
fn everything_is_made_for_the_user_alone_whatever_the_mask() {
    const STATE_DIR: &str = "SYNCLINE_TEST_STATE_MODES";
    if let Some(state_dir) = std::env::var_os(STATE_DIR) {
        return check_modes(Path::new(&state_dir));
    }
    for mask in ["0000", "0022", "0277"] {
        let place = tempdir().unwrap();
        let state_dir = place.path().join("state");
        let child = Command::new("sh")
            .args(["-c", "umask $0; exec \"$@\"", mask])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("state::places::everything_is_made_for_the_user_alone_whatever_the_mask")
            .env(STATE_DIR, &state_dir)
            .output()
            .unwrap();
        assert!(child.status.success() && state_dir.join("modes checked").exists(), "{mask}: {child:?}");
    }
}

#[test]
fn a_folder_that_others_may_write_to_is_refused_with_the_remedy() {
    for mode in [0o770, 0o702, 0o1777] {
        let place = tempdir().unwrap();
        let state_dir = place.path().join("shared");
        fs::create_dir(&state_dir).unwrap();
        fs::set_permissions(&state_dir, fs::Permissions::from_mode(mode)).unwrap();
        let text = message(SqliteState::open(&request(&state_dir), OpenMode::ReadWriteLocked));
        assert!(text.contains(&format!("chmod go-w {}", state_dir.display())), "{text}");
        assert!(text.contains(&format!("mode {mode:04o}")), "{text}");
        assert_eq!(fs::read_dir(&state_dir).unwrap().count(), 0);
        fs::set_permissions(&state_dir, fs::Permissions::from_mode(0o755)).unwrap();
        let folder = open(&state_dir).folder().to_owned();
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        for open_mode in [OpenMode::ReadWriteLocked, OpenMode::ReadOnly] {
            let text = message(SqliteState::open(&request(&state_dir), open_mode));
            assert!(
                text.contains(&format!("chmod go-w '{}'", folder.display())) || text.contains("chmod go-w")
            );
        }
    }
}

#[test]
fn a_folder_of_another_user_is_refused() {
    let place = tempdir().unwrap();
    // Only root can give a folder away; everybody else has the root folder, which is not theirs.
    let given_away = chown(place.path(), Some(12_345), None).is_ok();
    let foreign = if given_away { place.path() } else { Path::new("/") };
    for mode in [OpenMode::ReadWriteLocked, OpenMode::ReadOnly] {
        let text = message(SqliteState::open(&request(foreign), mode));
        assert!(text.contains("it belongs to user") && text.contains("--state-dir"), "{text}");
    }
}

#[test]
fn a_file_that_others_could_read_is_made_private_again() {
    let place = tempdir().unwrap();
    drop(open(place.path()));
    fs::set_permissions(file_of(place.path()), fs::Permissions::from_mode(0o644)).unwrap();
    drop(open(place.path()));
    assert_eq!(mode_of(&file_of(place.path())), 0o600);
}

#[test]
fn a_file_of_a_newer_program_is_refused_with_the_way_out() {
    let place = tempdir().unwrap();
    drop(open(place.path()));
    Connection::open(file_of(place.path())).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let before = fs::read(file_of(place.path())).unwrap();
    for mode in [OpenMode::ReadWriteLocked, OpenMode::ReadOnly] {
        let Err(StateError::Unusable(text)) = SqliteState::open(&request(place.path()), mode) else {
            panic!("a newer file must be refused")
        };
        let folder = request(place.path()).folder();
        assert!(text.contains("was written by a newer syncline (format 2, this one knows 1)"), "{text}");
        assert!(text.contains(&format!("mv {0} {0}.aside", folder.display())), "{text}");
        assert!(text.contains("lost with it: watermarks, proofs, quarantine, holds and history"), "{text}");
    }
    assert!(fs::read(file_of(place.path())).unwrap() == before, "the file is left as it was");
}

#[test]
fn the_way_out_works() {
    let place = tempdir().unwrap();
    let state = open(place.path());
    state.commit(&[remember("x")]).unwrap();
    drop(state);
    fs::write(file_of(place.path()), "not a database").unwrap();
    let text = message(SqliteState::open(&request(place.path()), OpenMode::ReadWriteLocked));
    let command = text.split("to go on without it: ").nth(1).unwrap().split(" (").next().unwrap();
    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success());
    let state = open(place.path());
    assert_eq!(schema_of(&state), None);
    assert_eq!(answers(&state).iter().filter(|answer| answer.contains("Err")).count(), 0);
    assert_eq!(state.finding_rows("orders", FindingKind::Extra).unwrap(), 0);
}

#[test]
fn of_processes_that_start_at_once_exactly_one_runs_the_job() {
    for _ in 0..40 {
        let place = tempdir().unwrap();
        let start = Barrier::new(4);
        let running: Vec<SqliteState> = std::thread::scope(|scope| {
            let run = |mode| {
                let (start, place) = (&start, place.path());
                move || {
                    start.wait();
                    SqliteState::open(&request(place), mode)
                }
            };
            let writers: Vec<_> = (0..3).map(|_| scope.spawn(run(OpenMode::ReadWriteLocked))).collect();
            let reader = scope.spawn(run(OpenMode::ReadOnly)).join().unwrap();
            assert!(matches!(reader, Ok(_) | Err(StateError::Absent(_))), "{reader:?}");
            writers
                .into_iter()
                .filter_map(|writer| match writer.join().unwrap() {
                    Ok(state) => Some(state),
                    Err(StateError::Locked(_)) => None,
                    Err(other) => panic!("{other}"),
                })
                .collect()
        });
        assert_eq!(running.len(), 1);
    }
}

#[test]
fn the_space_of_a_large_pass_is_given_back() {
    let place = tempdir().unwrap();
    let state = open(place.path());
    let wide = |n: i128| Finding::Row {
        kind: FindingKind::Missing,
        key: Key::from_values(&[Value::Integer(n), Value::Text(vec![b'x'; 2000])]),
    };
    let findings = (0..25_000).map(wide).collect();
    let size = || fs::metadata(file_of(place.path())).unwrap().len() >> 20;
    state.commit(&[StateChange::FindingsAdded { table: "orders".to_owned(), findings }]).unwrap();
    drop(state);
    assert!(size() > 48, "{} MiB", size());
    let fingerprint = PassFingerprint { config: String::new(), source: String::new(), target: String::new() };
    for pass in 1..3 {
        let fingerprint = fingerprint.clone();
        open(place.path())
            .commit(&[StateChange::PassStarted { pass, at: Timestamp(0), fingerprint }])
            .unwrap();
    }
    assert!(size() <= 17, "{} MiB", size());
}
