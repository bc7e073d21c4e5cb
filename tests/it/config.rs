//! Configuration: what is accepted, what it means, and what is said about the rest.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic like tests")]

mod import;
mod properties;

use std::path::{Path, PathBuf};
use std::time::Duration;

use syncline::config::{self, ConfigError, Document, FlagValue, LoadRequest, Loaded, SecretPolicy};
use syncline::model::settings::{
    JobSettings, Literal, MappedField, ModifyColumn, Repeat, Secret, Strategy, TableSettings, TimeOfDay,
    Verify,
};

const URLS: &str = "[source]\nurl = \"sqlite:a.db\"\n[target]\nurl = \"sqlite:b.db\"\n";

fn fixtures(kind: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(kind);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

fn request(name: &str, bytes: &[u8]) -> Result<LoadRequest, ConfigError> {
    let environment = [("DB_HOST", "db1.example"), ("ERP_PASSWORD", "hunter2")];
    Ok(LoadRequest {
        job_files: vec![Document::from_bytes(Path::new(name), bytes.to_vec())?],
        environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        folder: PathBuf::from("/jobs"),
        ..LoadRequest::default()
    })
}

fn load(name: &str, bytes: &[u8]) -> Result<Loaded, ConfigError> {
    config::load(request(name, bytes)?)
}

fn settings(text: &str) -> JobSettings {
    load("job.toml", text.as_bytes()).unwrap_or_else(|error| panic!("{error}")).settings
}

/// The file `bytes`, loaded with passwords left where they are, as far as it is accepted.
fn accepted(name: &str, bytes: &[u8]) -> Option<Loaded> {
    let request = request(name, bytes).ok()?;
    config::load(LoadRequest { secrets: SecretPolicy::Leave, ..request }).ok()
}

/// What `print_config` of `loaded` means, which has to be what `loaded` means.
fn assert_prints_back(loaded: &Loaded) {
    let printed = loaded.print_config();
    let mut before = loaded.settings.clone();
    let again = accepted("printed.toml", printed.as_bytes()).unwrap_or_else(|| panic!("refused:\n{printed}"));
    let mut after = again.settings;
    for settings in [&mut before, &mut after] {
        (settings.source.secret, settings.target.secret) = (None, None);
    }
    assert_eq!(before, after, "{printed}");
    assert!(!printed.chars().any(|c| c.is_control() && c != '\n'), "{printed:?}");
}

#[test]
fn every_invalid_file_is_refused_with_an_exact_text() {
    for (name, bytes) in fixtures("invalid") {
        let text = load(&name, &bytes).expect_err(&name).to_string();
        assert!(!text.contains("hunter2"), "{name}: {text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{name}: {text:?}");
        insta::assert_snapshot!(format!("invalid_{}", name.trim_end_matches(".toml")), text);
    }
}

#[test]
fn every_valid_file_prints_with_origins_and_prints_back() {
    for (name, bytes) in fixtures("valid") {
        let loaded = load(&name, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let printed = loaded.print_config();
        assert!(!printed.contains("hunter2"), "{printed}");
        assert_prints_back(&loaded);
        let set: Vec<&str> = printed.lines().filter(|line| !line.ends_with("# built-in")).collect();
        insta::assert_snapshot!(format!("valid_{}", name.trim_end_matches(".toml")), set.join("\n"));
    }
}

#[test]
fn the_whole_print_shows_every_value_that_holds() {
    let loaded = load("job.toml", URLS.as_bytes()).unwrap();
    insta::assert_snapshot!(loaded.print_config());
}

#[test]
fn without_anything_but_two_urls_the_documented_defaults_hold() {
    let expected = JobSettings::between("job", "sqlite:/jobs/a.db", "sqlite:/jobs/b.db");
    assert_eq!(settings(URLS), expected);
}

#[test]
fn the_template_names_every_default_truly() {
    let loaded = load("syncline.toml", config::template().as_bytes()).unwrap();
    let expected = JobSettings::between("syncline", "sqlite:/jobs/source.db", "sqlite:/jobs/target.db");
    assert_eq!(loaded.settings, expected, "the template as it is changes nothing");

    // All that is commented out, but for keys that exclude each other and for the entry of a table.
    let only_one = ["password_file", "password_command", "at", "cron"];
    let (sections, entry) = config::template().split_at(config::template().find("\n#[[tables]]").unwrap());
    let key = |line: &str| line.strip_prefix('#').and_then(|line| Some(line.split_once(" = ")?.0.to_owned()));
    let is_key = |line: &str| key(line).is_some_and(|key| !key.is_empty() && !key.contains(' '));
    let uncomment = |line: &str, alternative: &str| match key(line) {
        Some(key) if is_key(line) && (!only_one.contains(&key.as_str()) || key == alternative) => {
            line[1..].to_owned()
        }
        _ => line.to_owned(),
    };
    for alternative in only_one {
        let others = if alternative.starts_with('p') { "#password_env" } else { "#every" };
        let lines = sections.lines().map(|line| {
            if line.starts_with(others) { line.to_owned() } else { uncomment(line, alternative) }
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        accepted("template.toml", text.as_bytes())
            .unwrap_or_else(|| panic!("{:?}", load("t", text.as_bytes())));
    }
    let lines: Vec<String> = sections.lines().map(|line| uncomment(line, "")).collect();
    let entry = entry.replace("\n#", "\n");
    let loaded = accepted("template.toml", format!("{}\n{entry}", lines.join("\n")).as_bytes()).unwrap();
    let table = &loaded.settings.tables[0];
    assert_eq!((table.name.as_str(), table.where_target.as_deref()), ("product-work", Some("type = 'work'")));
    assert_eq!(table.modify_column, ModifyColumn::Required("modified_at".to_owned()));
    assert_eq!(loaded.settings.defaults.batch_size, TableSettings::default().batch_size);
    assert_eq!(loaded.settings.limits, JobSettings::default().limits);
    assert_eq!(loaded.settings.schedule.repeat, Repeat::Every(Duration::from_hours(1)));
}

#[test]
fn db_sync_names_mean_what_they_meant() {
    let fixture = fixtures("valid").into_iter().find(|(name, _)| name == "db-sync-names.toml").unwrap().1;
    let job = load("db-sync.toml", &fixture).unwrap().settings;
    let table = &job.defaults;
    assert_eq!((table.batch_size, table.batch_size_4d), (1000, 900));
    assert_eq!(
        (table.delete_batch_size, table.delete_batch_size_4d, table.id_array_batch_size),
        (800, 400, 5000)
    );
    assert_eq!((table.binary_search_read_batch, table.binary_search_recent_first), (250, 2500));
    assert_eq!((table.binary_search_for_add, table.binary_search_min_table_size), (false, 5000));
    assert_eq!((table.trust_modify_id, table.fallback_full_compare_on_mismatch), (true, false));
    assert_eq!((table.set_default_value, table.copy_all_json_keys), (false, false));
    assert_eq!((table.min_rows_to_sync, table.check_all_tables, job.only_sync_plan), (2, true, true));
    assert_eq!(table.key, Some(vec!["record_id".to_owned()]));
    let field = |source: &str, target: &str| MappedField {
        source: source.into(),
        target: target.into(),
        required: false,
    };
    assert_eq!(
        table.field_mapping,
        [field("source_field", "dest_field"), field("varchar_field", "text_field")]
    );
    assert_eq!(job.schedule.repeat, Repeat::Every(Duration::from_hours(24)));
    assert_eq!(job.schedule.max_sleep_chunk, Duration::from_mins(30));
    let limits = (job.limits.max_error_count, job.limits.max_error_loop, job.limits.continue_on_error);
    assert_eq!(limits, (7, 3, true));
    for side in [&job.source, &job.target] {
        assert_eq!(
            (side.timeout, side.retry_delay, side.retry_count),
            (Duration::from_mins(5), Duration::from_secs(5), 4)
        );
    }
    assert_eq!(job.source.organization_id.as_deref(), Some("dbId"));
    let log = &job.log;
    assert!(log.show_sql && log.debug_sql && log.show_save_sql && log.debug_connection_change);
    let names: Vec<&str> = job.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!((names, job.sync_all), (vec!["company", "product"], false));
    assert_eq!(job.tables[0], job.defaults.for_table("company"));
}

#[test]
fn run_at_time_is_a_daily_time() {
    let job = settings(&format!("run_at_time = \"02:00\"\n{URLS}"));
    assert_eq!(job.schedule.repeat, Repeat::At(vec![TimeOfDay { hour: 2, minute: 0, second: 0 }]));
}

#[test]
fn listed_tables_are_the_only_ones_unless_all_are_asked_for() {
    assert!(settings(URLS).sync_all);
    assert!(!settings(&format!("{URLS}[[tables]]\nname = \"a\"")).sync_all);
    assert!(settings(&format!("{URLS}[sync]\nsync_all = true\n[[tables]]\nname = \"a\"")).sync_all);
    assert!(!settings(&format!("{URLS}[sync]\nsync_all = false")).sync_all);
}

#[test]
fn an_entry_overrides_sync_and_says_what_it_insists_on() {
    let job = settings(&format!(
        "{URLS}[sync]\nmodify_column = \"changed\"\nstrategy = \"digest-search\"\nfield_mapping = {{ a = \"b\" }}\n\
         [limits]\nmax_delete_rows = 7\n\
         [[tables]]\nname = \"x\"\nsource = \"y\"\nwhere = \"k = 1\"\nstrategy = \"copy\"\nmax_delete_rows = 9\n\
         [[tables]]\nsource = \"z\"\nmodify_column = \"at\"\nfield_mapping = {{ c = \"d\" }}\ndefaults = {{ e = 1 }}\n\
         [[tables]]\nname = \"w\"\nmodify_column = \"\""
    ));
    assert_eq!((job.defaults.strategy, job.defaults.max_delete_rows), (Strategy::DigestSearch, Some(7)));
    let [x, z, w] = job.tables.as_slice() else { panic!("{:?}", job.tables) };
    assert_eq!((x.source.as_str(), x.target.as_str(), x.where_target.as_deref()), ("y", "y", Some("k = 1")));
    assert_eq!((x.strategy, x.max_delete_rows), (Strategy::Copy, Some(9)));
    assert_eq!(x.modify_column, ModifyColumn::Inherited("changed".to_owned()));
    assert!(!x.field_mapping[0].required);
    assert_eq!((z.name.as_str(), z.modify_column.clone()), ("z", ModifyColumn::Required("at".to_owned())));
    assert_eq!((z.target_column("c"), z.target_column("a")), ("d", "a"));
    assert!(z.field_mapping[0].required);
    assert_eq!(z.defaults, [("e".to_owned(), Literal::Integer(1))]);
    assert_eq!(w.modify_column, ModifyColumn::None);
}

#[test]
fn a_higher_layer_wins_key_by_key_and_the_print_says_which() {
    let file = |name: &str, text: &str| Document::from_bytes(Path::new(name), text.into()).unwrap();
    let user = "[sync]\nbatch_size = 1\ndelete_batch_size = 1\nid_array_batch_size = 1\nmin_rows_to_sync = 9\n\
                [schedule]\nevery = \"1h\"\n[console]\ntheme = \"nord\"";
    let job = format!(
        "{URLS}[sync]\nbatch_size = 2\ndelete_batch_size = 2\nid_array_batch_size = 2\n[schedule]\ncron = \"@daily\""
    );
    let environment = [
        ("SYNCLINE_SYNC_BATCH_SIZE", "3"),
        ("SYNCLINE_SYNC_DELETE_BATCH_SIZE", "3"),
        ("SYNCLINE_SYNC_KEY", "a, b"),
        ("SYNCLINE_TARGET", "sqlite:other.db"),
        ("SYNCLINE_READONLY", "1"),
        ("HOME", "x"),
    ];
    let loaded = config::load(LoadRequest {
        job_files: vec![file("job.toml", &job)],
        user_file: Some(file("/home/u/user.toml", user)),
        environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        flags: vec![
            FlagValue::new("--batch-size", "sync.batch_size", "4"),
            FlagValue::new("--at", "schedule.at", "03:00"),
        ],
        folder: "/srv".into(),
        ..LoadRequest::default()
    });
    let loaded = loaded.unwrap();
    let job = &loaded.settings;
    let sizes = (job.defaults.batch_size, job.defaults.delete_batch_size, job.defaults.id_array_batch_size);
    assert_eq!((sizes, job.defaults.min_rows_to_sync, job.console.theme.as_str()), ((4, 3, 2), 9, "nord"));
    assert_eq!(
        (job.target.url.as_str(), job.defaults.key.clone().unwrap().join("+").as_str()),
        ("sqlite:/srv/other.db", "a+b")
    );
    let printed = loaded.print_config();
    let origin =
        |key: &str| printed.lines().find(|line| line.starts_with(key)).unwrap().split("# ").nth(1).unwrap();
    assert_eq!(origin("batch_size ="), "--batch-size");
    assert_eq!(origin("delete_batch_size ="), "SYNCLINE_SYNC_DELETE_BATCH_SIZE");
    assert_eq!(origin("id_array_batch_size ="), "job.toml:8");
    assert_eq!(origin("min_rows_to_sync ="), "/home/u/user.toml:5");
    assert_eq!(origin("at ="), "--at");
    assert_eq!(origin("verify ="), "built-in");
    assert!(!printed.contains("\nevery") && !printed.contains("\ncron"), "{printed}");
}

#[test]
fn wrong_flags_and_variables_are_named() {
    let environment = [
        ("SYNCLINE_SYNC_BATCHSIZE", "3"),
        ("SYNCLINE_LIMITS_MEMORY", "96"),
        ("SYNCLINE_TARGET_URL", "x"),
        ("SYNCLINE_SYNC_DEFAULTS", "{ a = "),
        ("SYNCLINE_SYNC_FIELD_MAPPING", "a=b"),
    ];
    let request = LoadRequest {
        environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        flags: vec![
            FlagValue::new("--color", "console.color", "purple"),
            FlagValue::new("--x", "nowhere.x", "1"),
        ],
        folder: "/srv".into(),
        ..LoadRequest::default()
    };
    insta::assert_snapshot!(config::load(request).unwrap_err());
}

#[test]
fn two_urls_are_a_job() {
    let request = LoadRequest { folder: "/srv".into(), ..LoadRequest::default() };
    let loaded = config::adhoc("sqlite:a.db", "postgres://u:hunter2@h:5432/erp?x=1", request).unwrap();
    assert_eq!((loaded.settings.name.as_str(), loaded.settings.sync_all), ("a-to-erp", true));
    assert_eq!(loaded.settings.source.url, "sqlite:/srv/a.db");
    assert_eq!(loaded.settings.target.url, "postgres://u@h:5432/erp?x=1");
    assert_eq!(loaded.settings.target.secret.as_ref().map(Secret::expose), Some("hunter2"));
    let shown = format!("{loaded:?}{}", loaded.print_config());
    assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
    let error = config::adhoc("a.db", "sqlite:b.db", LoadRequest::default()).unwrap_err();
    insta::assert_snapshot!(error);
}

#[test]
fn passwords_come_from_where_the_file_says() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "from file\n").unwrap();
    let job = |side: &str, line: &str| format!("{side}\nurl = \"postgres://u@h/d\"\n{line}\n");
    let text = job("[source]", "password_file = \"password\"")
        + &job("[target]", "password_command = \"echo from command\"");
    std::fs::write(folder.path().join("job.toml"), &text).unwrap();
    let load = |secrets| {
        let job_files = vec![Document::read(&folder.path().join("job.toml")).unwrap()];
        config::load(LoadRequest { job_files, folder: "/".into(), secrets, ..LoadRequest::default() })
            .unwrap()
    };
    let loaded = load(SecretPolicy::Fetch);
    let exposed = [&loaded.settings.source, &loaded.settings.target]
        .map(|side| side.secret.clone().unwrap().expose().to_owned());
    assert_eq!(exposed, ["from file", "from command"]);
    let shown = format!("{loaded:?}{}", loaded.print_config());
    assert!(!shown.contains("from file"), "{shown}");
    assert_eq!(load(SecretPolicy::Leave).settings.source.secret, None);
}

#[test]
fn a_password_in_the_file_is_warned_about() {
    let text = "[source]\nurl = \"postgres://u:hunter2@h/d\"\n[target]\nurl = \"sqlite:b.db\"";
    let loaded = load("job.toml", text.as_bytes()).unwrap();
    assert_eq!(loaded.settings.source.secret.as_ref().map(Secret::expose), Some("hunter2"));
    insta::assert_snapshot!(loaded.warnings.join("\n"));
}

#[test]
fn a_huge_file_is_refused_before_it_is_parsed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.toml");
    std::fs::write(&path, "a = 1\n".repeat(10 << 20 >> 2)).unwrap();
    let text = Document::read(&path).unwrap_err().to_string();
    assert!(text.contains("huge.toml: the file is larger than 1.0 MiB"), "{text}");
    assert!(Document::read(folder.path()).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn the_largest_hostile_files_are_answered_soon() {
    let size = 1 << 20;
    let many = |count: usize, text: fn(usize) -> String| (0..count).map(text).collect::<Vec<_>>().concat();
    let keys = many(60_000, |n| format!("k{n} = 1\n"));
    let names = "[[tables]]\nname=\"a\"\n".repeat(45_000);
    let entries = many(30_000, |n| format!("[[tables]]\nname = \"a{n}\"\nkey = []\n"));
    let hostile = [
        "[".repeat(size),
        "a.".repeat(size / 2),
        "{".repeat(size),
        "\"".repeat(size),
        "[[tables]]\n".repeat(size / 11),
        format!("{} = 1", "k".repeat(size - 10)),
        format!("a = \"{}\"", "${".repeat(size / 3)),
        "[a]\n".repeat(size / 4),
        keys,
        names,
        format!("{URLS}{entries}"),
        format!("{URLS}[sync]\nkey = [{}]", "\"a\",".repeat(size / 5)),
    ];
    for text in hostile {
        let text = &text[..text.len().min(size)];
        let started = elapsed(|| drop(load("hostile.toml", text.as_bytes())));
        assert!(started < Duration::from_secs(20), "{started:?}: {}", &text[..40]);
    }
}

fn elapsed(work: impl FnOnce()) -> Duration {
    use syncline::base::clock::{Clock, SystemClock};
    let clock = SystemClock::new();
    work();
    clock.elapsed()
}

#[test]
fn the_password_of_the_higher_layer_holds() {
    let secret = |text: &str, environment: &[(&str, &str)], flags: Vec<FlagValue>| {
        let mut request = request("job.toml", text.as_bytes()).unwrap();
        request
            .environment
            .extend(environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let loaded = config::load(LoadRequest { flags, ..request }).unwrap();
        let printed = loaded.print_config();
        (loaded.settings.source.secret.unwrap().expose().to_owned(), printed.contains("password_env"))
    };
    let inline = "[source]\nurl = \"postgres://u:inline@h/d\"\n[target]\nurl = \"sqlite:b.db\"\n";
    let named = "[source]\nurl = \"postgres://u@h/d\"\npassword_env = \"ERP_PASSWORD\"\n[target]\nurl = \"sqlite:b.db\"\n";
    let variable = ("SYNCLINE_SOURCE_PASSWORD_ENV", "OTHER");
    assert_eq!(secret(inline, &[], Vec::new()), ("inline".to_owned(), false));
    assert_eq!(secret(inline, &[variable, ("OTHER", "other")], Vec::new()), ("other".to_owned(), true));
    let flag = FlagValue::new("--source", "source.url", "postgres://u:flag@h/d");
    assert_eq!(secret(named, &[], vec![flag]), ("flag".to_owned(), false));
    assert_eq!(secret(named, &[], Vec::new()), ("hunter2".to_owned(), true));
}

#[test]
fn entries_of_several_files_are_merged_by_name() {
    let file = |name: &str, text: String| Document::from_bytes(Path::new(name), text.into_bytes()).unwrap();
    let first =
        format!("{URLS}[[tables]]\nname = \"a\"\nsource = \"x\"\nbatch_size = 1\n[[tables]]\nname = \"b\"\n");
    let second =
        "[[tables]]\nname = \"c\"\n[[tables]]\nname = \"a\"\nbatch_size = 2\nverify = \"count\"\n".to_owned();
    let job_files = vec![file("one.toml", first), file("two.toml", second)];
    let loaded =
        config::load(LoadRequest { job_files, folder: "/".into(), ..LoadRequest::default() }).unwrap();
    let tables = &loaded.settings.tables;
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!((names, loaded.settings.name.as_str()), (vec!["a", "b", "c"], "one"));
    assert_eq!((tables[0].source.as_str(), tables[0].batch_size, tables[0].verify), ("x", 2, Verify::Count));
}

#[test]
fn no_command_is_run_for_a_configuration_that_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("was-run");
    let text = |rest: &str| {
        format!(
            "[source]\nurl = \"postgres://u@h/d\"\npassword_command = [\"sh\", \"-c\", \"echo x | tee '{}'\"]\n\
             [target]\nurl = \"sqlite:b.db\"\n[[tables]]\nname = \"a\"\nkey = [\"id\"]\n{rest}",
            trace.display()
        )
    };
    load("job.toml", text("exclude = [\"id\"]").as_bytes()).unwrap_err();
    assert!(!trace.exists(), "a refused configuration ran its command");
    load("job.toml", text("").as_bytes()).unwrap();
    assert!(trace.exists());
}
