//! A db-sync configuration becomes ours.

use std::path::Path;
use std::time::Duration;

use syncline::config;
use syncline::config::import::{ImportBase, Imported};
use syncline::model::settings::{Repeat, TableSettings};

use super::{accepted, load};

fn import(name: &str, base: &ImportBase) -> Imported {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(name);
    let imported = config::import::db_sync(&std::fs::read_to_string(path).unwrap(), base).unwrap();
    assert!(!format!("{imported:?}").contains("hunter2"));
    assert!(!imported.toml.chars().any(|c| c.is_control() && c != '\n'), "{}", imported.toml);
    imported
}

fn import_shown(imported: &Imported) -> String {
    let unmapped: Vec<String> =
        imported.unmapped.iter().map(|(path, why)| format!("{path}: {why}")).collect();
    format!("{}\n---\n{}", imported.toml, unmapped.join("\n"))
}

#[test]
fn a_db_sync_file_becomes_a_configuration_that_means_the_same() {
    let imported = import("db-sync.json", &ImportBase::default());
    insta::assert_snapshot!(import_shown(&imported));
    let job = accepted("imported.toml", imported.toml.as_bytes()).unwrap().settings;
    assert_eq!(job.source.url, "4d://sync%20user@erp.example:19812/main");
    assert_eq!(
        (job.source.organization_id.as_deref(), job.target.url.as_str()),
        (Some("dbId"), "sqlite:/jobs/warehouse.db")
    );
    assert_eq!(job.schedule.repeat, Repeat::Every(Duration::from_hours(24)));
    assert_eq!((job.only_sync_plan, job.limits.continue_on_error, job.sync_all), (true, false, false));
    assert_eq!(job.tables.len(), 10);
    assert_eq!(job.defaults.field_mapping.len(), 2);
    let unlike = TableSettings { field_mapping: Vec::new(), key: None, ..job.defaults };
    assert_eq!(unlike, TableSettings::default(), "the manual's values are our defaults");
}

#[test]
fn what_a_db_sync_file_says_oddly_is_mapped_or_named() {
    let base = ImportBase { target_url: Some("sqlite:b.db".to_owned()), ..ImportBase::default() };
    let imported = import("db-sync-odd.json", &base);
    insta::assert_snapshot!(import_shown(&imported));
    accepted("imported.toml", imported.toml.as_bytes()).unwrap();
}

#[test]
fn an_import_without_databases_names_the_variables_to_set() {
    let imported = config::import::db_sync("{}", &ImportBase::default()).unwrap();
    assert_eq!(imported.unmapped.len(), 2);
    let error = load("imported.toml", imported.toml.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("the environment variable SOURCE_URL is not set"), "{error}");
}

#[test]
fn what_is_no_json_object_is_refused_with_its_line() {
    let base = ImportBase { file: "db-sync.json".to_owned(), ..ImportBase::default() };
    let refused = ["", "[]", "{\n  \"batch_size\": 5000,\n}", &"[".repeat(100_000)]
        .map(|text| config::import::db_sync(text, &base).unwrap_err().to_string());
    insta::assert_snapshot!(refused.join("\n"));
}

#[test]
fn an_import_that_contradicts_itself_says_where() {
    let json = r#"{ "source": "sqlite:a.db", "target": "sqlite:b.db",
        "tables": [{ "name": "a", "key": ["id"], "exclude": ["id"] }, { "name": "b", "target": "a" }] }"#;
    let imported = config::import::db_sync(json, &ImportBase::default()).unwrap();
    let error = load("result", imported.toml.as_bytes()).unwrap_err();
    let said = |problem: &config::Problem| (problem.place.clone(), problem.message.clone());
    assert_eq!(error.problems.len(), 2);
    assert_eq!(imported.unmapped, error.problems.iter().map(said).collect::<Vec<_>>());
}
