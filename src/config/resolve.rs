//! From merged values to settings: defaults filled in, relations between keys checked.

use super::endpoint;
use super::error::{Fault, Problems};
use super::expand::Environment;
use super::key::Section;
use super::merge::Merged;
use super::table;
use super::value::Value;
use super::view::View;
use super::{SecretPolicy, Warnings};
use crate::model::settings::{
    ConsoleSettings, JobSettings, Limits, LogLevel, LogSettings, OnHangup, OnMissed, Repeat, Rotate, Schedule,
};

/// The settings that `merged` amounts to. Problems go to `problems`; the result is complete only when there are none.
pub(crate) fn resolve(
    merged: &mut Merged,
    secrets: SecretPolicy,
    environment: &Environment,
    problems: &mut Problems,
    warnings: &mut Warnings,
) -> JobSettings {
    let names = merged.tables();
    let tables: Vec<_> =
        names.iter().map(|(name, origin)| table::resolve(merged, name, origin, problems)).collect();
    table::check_together(&tables, names, problems);
    // After all other checks, so that no command is run for a configuration that is refused.
    let source = endpoint::resolve(merged, &Section::Source, secrets, environment, problems, warnings);
    let target = endpoint::resolve(merged, &Section::Target, secrets, environment, problems, warnings);
    let view = |section| View::new(merged, section);
    let sync = view(Section::Sync);
    JobSettings {
        name: view(Section::Root).text("name").unwrap_or_default(),
        source,
        target,
        sync_all: sync.switch("sync_all"),
        only_sync_plan: sync.switch("only_sync_plan"),
        defaults: table::defaults(merged),
        tables,
        limits: limits(&view(Section::Limits)),
        schedule: schedule(&view(Section::Schedule)),
        log: log(&view(Section::Log)),
        console: console(&view(Section::Console)),
    }
}

fn limits(view: &View<'_>) -> Limits {
    Limits {
        max_error_count: view.count("max_error_count"),
        max_error_loop: view.count("max_error_loop"),
        continue_on_error: view.switch("continue_on_error"),
        memory: view.count("memory"),
        concurrency: view.size("concurrency"),
        rows_per_second: view.limit("rows_per_second"),
        bytes_per_second: view.limit("bytes_per_second"),
    }
}

fn schedule(view: &View<'_>) -> Schedule {
    let repeat = match (view.value("every"), view.value("at"), view.text("cron")) {
        (Some(Value::Duration(every)), _, _) => Repeat::Every(*every),
        (_, Some(Value::Times(times)), _) => Repeat::At(times.clone()),
        (_, _, Some(cron)) => Repeat::Cron(cron),
        _ => Repeat::Once,
    };
    Schedule {
        repeat,
        timezone: view.text("timezone"),
        max_sleep_chunk: view.duration("max_sleep_chunk"),
        on_missed: view.choice("on_missed", OnMissed::from_name),
    }
}

fn log(view: &View<'_>) -> LogSettings {
    LogSettings {
        dir: view.text("dir"),
        rotate: view.choice("rotate", Rotate::from_name),
        level: view.choice("level", LogLevel::from_name),
        show_sql: view.switch("show_sql"),
        show_save_sql: view.switch("show_save_sql"),
        debug_sql: view.switch("debug_sql"),
        debug_connection_change: view.switch("debug_connection_change"),
    }
}

fn console(view: &View<'_>) -> ConsoleSettings {
    let or_default = |name| view.text(name).unwrap_or_else(|| "default".to_owned());
    ConsoleSettings {
        theme: or_default("theme"),
        keymap: or_default("keymap"),
        color: view.choice("color", |name| Some(name.to_owned())),
        glyphs: view.choice("glyphs", |name| Some(name.to_owned())),
        fps: view.count_if_set("fps").map(|fps| u32::try_from(fps).unwrap_or(u32::MAX)),
        mouse: view.switch("mouse"),
        on_hangup: view.choice("on_hangup", OnHangup::from_name),
    }
}

/// Refuses a job without a name; `place` is where one should stand.
pub(crate) fn missing(section: &Section, name: &str, place: &str, problems: &mut Problems) {
    let Some(spec) = section.spec(name) else { return };
    let fault = Fault::new(format!("{} is missing", section.path(name)));
    let hint = match section {
        Section::Root => format!("write {}", spec.example_line()),
        section => format!("write it below [{}], for example {}", section.name(), spec.example_line()),
    };
    problems.push(place, fault.hint(hint));
}
