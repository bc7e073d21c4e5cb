//! Properties of whole configurations, generated from the table of keys.

use std::fmt::Write;
use std::path::Path;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::key::{Bare, KeySpec, Kind, Section};
use super::keys::KEYS;
use super::value::{key_name, quote};
use super::{Document, FlagValue, LoadRequest, Loaded, SecretPolicy, load};

/// Text that a table, a column or a condition may have: anything but NUL.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,8}",
        "\\PC{0,12}",
        any::<String>(),
        Just("${HOME} $${ \u{202e}\u{1b}[2J".to_owned())
    ]
    .prop_map(|text| text.replace('\0', "0"))
}

fn texts(prefix: &'static str) -> impl Strategy<Value = Vec<String>> {
    btree_set(text(), 0..4)
        .prop_map(move |set| set.into_iter().map(|text| format!("{prefix}{text}")).collect())
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| quote(item)).collect::<Vec<_>>().join(", "))
}

fn table(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{} = {value}", key_name(key))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn literal() -> BoxedStrategy<String> {
    let real = prop::num::f64::NORMAL.prop_map(|real| format!("{real:?}"));
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        real,
        any::<bool>().prop_map(|b| b.to_string()),
        text().prop_map(|t| quote(&t))
    ]
    .boxed()
}

/// TOML of any value that `spec` accepts; entry number `entry` of the tables gets names of its own.
fn value(spec: &'static KeySpec, entry: usize) -> BoxedStrategy<String> {
    let quoted = |text: String| quote(&text);
    match spec.kind {
        Kind::Boolean => any::<bool>().prop_map(|value| value.to_string()).boxed(),
        Kind::BooleanOrCount => any::<bool>().prop_map(|value| value.to_string()).boxed(),
        Kind::Count(least, most) => (least..=most).prop_map(|number| number.to_string()).boxed(),
        Kind::Ratio => (0.0..=1.0f64).prop_map(|share| format!("{share:?}")).boxed(),
        Kind::Size(least) => (least..=i64::MAX as u64).prop_map(|bytes| format!("\"{bytes} B\"")).boxed(),
        Kind::Duration(Bare::Ambiguous, least) => {
            (least..3_000_000_000_000).prop_map(|time| format!("\"{time}ms\"")).boxed()
        }
        Kind::Duration(..) => (0..3_000_000_000u64)
            .prop_filter("positive", |time| *time > 0)
            .prop_map(|time| time.to_string())
            .boxed(),
        Kind::Text if matches!(spec.name, "name" | "source" | "target") => {
            text().prop_map(move |text| quote(&format!("{entry}{text}"))).boxed()
        }
        Kind::Text if spec.name.ends_with("where") => {
            any::<u32>().prop_map(|number| format!("\"x = {number}\"")).boxed()
        }
        Kind::Text => text().prop_map(quoted).boxed(),
        Kind::Name => "[a-zA-Z0-9 é_.-]{0,20}x".prop_map(|name| quote(name.trim())).boxed(),
        Kind::Choice(names) => prop::sample::select(names).prop_map(quote).boxed(),
        Kind::Columns => {
            texts(if spec.name == "key" { "k" } else { "e" }).prop_map(|items| list(&items)).boxed()
        }
        Kind::Mapping => texts("m")
            .prop_map(|names| {
                table(
                    &names
                        .into_iter()
                        .map(|name| (name.clone(), quote(&format!("t{name}"))))
                        .collect::<Vec<_>>(),
                )
            })
            .boxed(),
        Kind::Literals => (texts("d"), vec(literal(), 4))
            .prop_map(|(names, values)| table(&names.into_iter().zip(values).collect::<Vec<_>>()))
            .boxed(),
        Kind::Times => vec((0..24u8, 0..60u8, 0..60u8), 1..4)
            .prop_map(|times| {
                list(&times.iter().map(|(h, m, s)| format!("{h:02}:{m:02}:{s:02}")).collect::<Vec<_>>())
            })
            .boxed(),
        Kind::Cron => prop::sample::select(vec!["@hourly", "0 2 * * 1-5", "*/7 * 1 1 *", "1 2 3 4 5 6"])
            .prop_map(quote)
            .boxed(),
        Kind::Zone => {
            prop::sample::select(vec!["UTC", "Europe/Helsinki", "America/St_Johns"]).prop_map(quote).boxed()
        }
        Kind::Url => prop::sample::select(vec![
            "sqlite:a b.db",
            "sqlite:///x/é.db",
            "postgres://u@h:1/d?x=1",
            "mysql://h/d",
            "4d://u:pw@h/d",
            "https://h/rest",
        ])
        .prop_map(quote)
        .boxed(),
        Kind::Path => "[a-z é.]{1,9}".prop_map(quoted).boxed(),
        Kind::Command => vec("[a-z/ $\"]{1,9}", 1..4).prop_map(|words| list(&words)).boxed(),
    }
}

/// Some of the keys of `section`, one a line.
fn section(section: &Section, entry: usize) -> impl Strategy<Value = String> + use<> {
    let alternatives = [["password_env", "password_file", "password_command"], ["every", "at", "cron"]];
    let specs = KEYS.iter().filter(|spec| section.accepts(spec) && spec.name != "url");
    let lines: Vec<_> = specs
        .map(|spec| prop::option::weighted(0.3, value(spec, entry)).prop_map(move |value| (spec.name, value)))
        .collect();
    (lines, 0..3usize).prop_map(move |(lines, chosen)| {
        let stays =
            |name: &str| alternatives.iter().all(|group| !group.contains(&name) || group[chosen] == name);
        let lines = lines.into_iter().filter_map(|(name, value)| {
            value.filter(|_| stays(name)).map(|value| format!("{name} = {value}\n"))
        });
        lines.collect::<String>()
    })
}

/// A whole file that is accepted.
fn file() -> impl Strategy<Value = String> {
    let url = || {
        value(Section::Source.spec("url").unwrap(), 0)
            .prop_map(|url| format!("url = {}\n", url.replace(":pw@", "@")))
    };
    let headed: Vec<_> =
        Section::HEADED.iter().map(|headed| (Just(headed.name()), section(headed, 0))).collect();
    let entry = |number: usize| {
        section(&Section::Table(String::new()), number).prop_map(move |lines| {
            let name = if lines.contains("\nname = ") || lines.starts_with("name = ") {
                String::new()
            } else {
                format!("name = \"{number}\"\n")
            };
            format!("[[tables]]\n{name}{lines}")
        })
    };
    let tables = prop_oneof![
        Just(Vec::new()).boxed(),
        (entry(1), entry(2), entry(3)).prop_map(|(a, b, c)| vec![a, b, c]).boxed()
    ];
    (section(&Section::Root, 0), url(), url(), headed, tables).prop_map(
        |(root, source, target, headed, tables)| {
            let mut out = root;
            for (name, lines) in headed {
                let url = match name {
                    "source" => source.as_str(),
                    "target" => target.as_str(),
                    _ => "",
                };
                let _ = write!(out, "[{name}]\n{url}{lines}");
            }
            out + &tables.concat()
        },
    )
}

fn loaded(text: &str) -> Result<Loaded, super::ConfigError> {
    load(LoadRequest {
        job_files: vec![Document::from_bytes(Path::new("job.toml"), text.as_bytes().to_vec())?],
        folder: "/jobs".into(),
        secrets: SecretPolicy::Leave,
        ..LoadRequest::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_accepted_configuration_prints_back_to_itself(text in file()) {
        let first = loaded(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let printed = first.print_config();
        let second = loaded(&printed).map_err(|error| TestCaseError::fail(format!("{error}\n{printed}")))?;
        prop_assert_eq!(&first.settings, &second.settings, "{}", printed);
        let values = |text: &str| text.lines().map(|line| line.split("  # ").next().unwrap_or_default().trim_end().to_owned()).collect::<Vec<_>>();
        prop_assert_eq!(values(&printed), values(&second.print_config()));
        prop_assert!(!printed.chars().any(|c| c.is_control() && c != '\n'));
    }

    #[test]
    fn no_value_of_a_flag_or_variable_panics(which in 0..KEYS.len(), text in prop_oneof![any::<String>(), "[0-9a-z{}\\[\\]\"',.=: -]{0,30}"]) {
        let spec = &KEYS[which];
        let Some(section) = spec.scope.sections().first() else { return Ok(()) };
        let key = if section.name().is_empty() { spec.name.to_owned() } else { format!("{}.{}", section.name(), spec.name) };
        let variable = format!("SYNCLINE_{}", key.replace('.', "_").to_uppercase());
        for (flags, environment) in [(vec![FlagValue::new("--flag", &key, &text)], Vec::new()), (Vec::new(), vec![(variable, text.clone())])] {
            let request = LoadRequest { flags, environment: environment.into_iter().collect(), folder: "/jobs".into(), secrets: SecretPolicy::Leave, ..LoadRequest::default() };
            if let Err(error) = super::adhoc("sqlite:a.db", "sqlite:b.db", request) {
                let text = error.to_string();
                prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
            }
        }
    }
}
