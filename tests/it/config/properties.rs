//! No input panics, and what is accepted prints back.

use proptest::prelude::*;
use syncline::config::import::ImportBase;
use syncline::config::{self, ConfigError, LoadRequest, Loaded, SecretPolicy};

use super::{accepted, assert_prints_back, fixtures, request};

/// Loads without fetching passwords: what a damaged file names as a command must not be run.
fn load_only(name: &str, bytes: &[u8]) -> Result<Loaded, ConfigError> {
    config::load(LoadRequest { secrets: SecretPolicy::Leave, ..request(name, bytes)? })
}

/// Pieces that a careless or hostile hand puts into a configuration.
const PIECES: [&str; 24] = [
    "[",
    "]",
    "[[",
    "{",
    "}",
    "\"",
    "'",
    "\"\"\"",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "\r",
    "\\u0000",
    "\\",
    "${",
    "${DB_HOST}",
    "\u{0}",
    "\u{feff}",
    "-1",
    "99999999999999999999",
    "nan",
    "[[tables]]\nname = \"a\"\n",
];

/// A file of the corpus with pieces inserted and stretches taken away or doubled.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let corpus: Vec<Vec<u8>> =
        ["valid", "invalid"].into_iter().flat_map(fixtures).map(|(_, bytes)| bytes).collect();
    let edit = (any::<prop::sample::Index>(), 0..40usize, 0..PIECES.len() + 2);
    (prop::sample::select(corpus), prop::collection::vec(edit, 1..6)).prop_map(|(mut bytes, edits)| {
        for (at, length, what) in edits {
            let at = at.index(bytes.len() + 1);
            let stretch = at..(at + length).min(bytes.len());
            match PIECES.get(what) {
                Some(piece) => drop(bytes.splice(at..at, piece.bytes())),
                None if what == PIECES.len() => drop(bytes.drain(stretch)),
                None => {
                    let copy = bytes[stretch].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
        }
        bytes
    })
}

/// JSON with the keys of db-sync and values that they were not made for.
fn strange_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        any::<String>().prop_map(|s| json!(s)),
        "[a-z:/@.${}-]{0,12}".prop_map(|s| json!(s)),
        Just(json!("sqlite:a.db")),
    ];
    let name = prop_oneof![
        prop::sample::select(vec![
            "source",
            "target",
            "from",
            "type",
            "host",
            "port",
            "user",
            "password",
            "url",
            "file",
            "tables",
            "sync_table",
            "name",
            "table",
            "where",
            "key",
            "exclude",
            "field_mapping",
            "defaults",
            "batch_size",
            "sleep_seconds",
            "run_at_time",
            "timeout",
            "retry_delay",
            "continue_on_error",
            "max_error_count",
            "organizationId",
            "sync_all",
            "every",
            "cron",
            "memory",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    leaf.prop_recursive(4, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damaged_file_panics_and_what_is_still_accepted_prints_back(bytes in damaged()) {
        if let Some(loaded) = accepted("damaged.toml", &bytes) {
            assert_prints_back(&loaded);
        } else if let Err(error) = load_only("damaged.toml", &bytes) {
            let text = error.to_string();
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
            prop_assert!(!error.problems.is_empty());
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(load_only("bytes.toml", &bytes));
    }

    #[test]
    fn every_json_object_becomes_a_file_that_loads_or_says_why_not(json in strange_json()) {
        let base = ImportBase::default();
        let Ok(imported) = config::import::db_sync(&json.to_string(), &base) else {
            prop_assert!(!json.is_object(), "{json}");
            return Ok(());
        };
        let mut request = request("result", imported.toml.as_bytes()).unwrap();
        request.secrets = SecretPolicy::Leave;
        request.environment = ["SOURCE_URL", "TARGET_URL"].map(|name| (name.to_owned(), "sqlite:x.db".to_owned())).into();
        let said_why_not = imported.unmapped.iter().any(|(path, _)| path.starts_with("result:"));
        prop_assert_eq!(config::load(request).is_err(), said_why_not, "{}", imported.toml);
        prop_assert!(!imported.toml.chars().any(|c| c.is_control() && c != '\n'), "{}", imported.toml);
    }
}
