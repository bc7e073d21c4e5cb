//! What the sources keep to. Each rule takes a file and returns what is wrong with it, with its line.

use super::code::SourceFile;

/// The layers from left to right; each imports only what stands left of it, and members of one row never each other.
const LAYERS: [&[&str]; 9] = [
    &["base"],
    &["model"],
    &["config", "store", "state"],
    &["engine"],
    &["board"],
    &["wire"],
    &["report", "tui", "remote"],
    &["cli"],
    &["main"],
];

/// Libraries that only these layers know, tests aside.
const LIBRARIES: [(&[&str], &[&str]); 5] = [
    (&["rusqlite", "sqlx"], &["store", "state"]),
    (&["ratatui", "crossterm"], &["tui"]),
    (&["clap", "clap_complete", "clap_mangen", "anyhow"], &["cli", "main"]),
    (&["tokio"], &["base", "store", "state", "engine", "report", "tui", "remote", "cli"]),
    (&["serde", "serde_json"], &["config", "wire"]),
];

/// Layers that see neither files nor the environment nor other processes.
const PURE: [&str; 4] = ["model", "engine", "board", "wire"];

/// Lines of a file.
const FILE_LINES_MAX: usize = 600;

/// Lines of code in a function's body; as clippy's `too_many_lines` counts them.
const FUNCTION_LINES_MAX: usize = 70;

/// Calls that only these files make.
const SANCTIONED: [(&str, &str); 7] = [
    ("SystemTime::now", "src/base/clock.rs"),
    ("Instant::now", "src/base/clock.rs"),
    ("tokio::time", "src/base/clock.rs"),
    ("thread::sleep", "src/base/clock.rs"),
    ("tokio::spawn", "src/base/task.rs"),
    ("thread::spawn", "src/base/task.rs"),
    ("process::exit", "nowhere"),
];

/// What no file holds, tests included.
const BANNED: [&str; 4] = ["todo!", "unimplemented!", "dbg!", "#[ignore"];

/// What only the command line does.
const PRINTING: [&str; 4] = ["println!", "print!", "eprintln!", "eprint!"];

/// All rules that look at one Rust file.
pub fn broken_in(file: &SourceFile) -> Vec<String> {
    let mut broken = banned(file);
    broken.extend(lengths(file));
    if file.path.starts_with("src/") {
        broken.extend(layers(file));
        broken.extend(libraries(file));
        broken.extend(calls(file));
    }
    broken
}

/// What no text file of the repository holds: reminders and paths of one machine.
pub fn broken_text(path: &str, text: &str) -> Vec<String> {
    // Put together, so that this file does not hold them either.
    let words = [concat!("FIX", "ME"), concat!("/wor", "k/"), concat!("/far", "m/"), concat!("/roo", "t/")];
    let lines = text.lines().enumerate();
    lines
        .flat_map(|(index, line)| {
            words.iter().filter(move |word| line.contains(**word)).map(move |word| (index, word))
        })
        .map(|(index, word)| format!("{path}:{}: holds `{word}`", index + 1))
        .collect()
}

/// A folder's module file opens with what the folder is for.
pub fn broken_folder(folder: &str, module_file: Option<&str>) -> Option<String> {
    match module_file {
        None => Some(format!("{folder}: no mod.rs")),
        Some(text) if !text.starts_with("//!") => {
            Some(format!("{folder}: its module file does not open with //!"))
        }
        Some(_) => None,
    }
}

fn place(file: &SourceFile, line: usize, what: &str) -> String {
    format!("{}:{line}: {what}", file.path)
}

fn layer_of(file: &SourceFile) -> &str {
    match file.path.as_str() {
        "src/main.rs" => "main",
        "src/lib.rs" => "lib",
        _ => file.module().first().copied().unwrap_or_default(),
    }
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&layer))
}

fn layers(file: &SourceFile) -> Vec<String> {
    let own = layer_of(file);
    if own == "lib" {
        return Vec::new();
    }
    let Some(own_rank) = rank(own) else { return vec![place(file, 1, &format!("`{own}` is no layer"))] };
    let mut broken = Vec::new();
    for root in ["crate", "syncline"] {
        for path in file.paths_from(root) {
            let Some(other) = path.parts.get(1) else { continue };
            match rank(other) {
                Some(other_rank) if other == own || other_rank < own_rank => {}
                Some(_) => broken.push(place(file, path.line, &format!("`{own}` imports `{other}`"))),
                None => broken.push(place(file, path.line, &format!("`crate::{other}` is no layer"))),
            }
            let backend = matches!(other.as_str(), "store" | "state")
                && matches!(path.parts.get(2).map(String::as_str), Some("sqlite" | "memory"));
            if own == "engine" && backend && !file.is_test(path.line) {
                broken.push(place(file, path.line, "the engine knows no backend"));
            }
        }
    }
    for path in file.paths_from("super") {
        let up = path.parts.iter().take_while(|part| *part == "super").count();
        if up >= file.module().len() + file.inline_modules(path.line) {
            broken.push(place(file, path.line, "`super` leaves its layer; say `crate::…`"));
        }
    }
    broken
}

fn libraries(file: &SourceFile) -> Vec<String> {
    let own = layer_of(file);
    let json_part = matches!(own, "state" | "report")
        && file.module().iter().any(|part| *part == "json" || part.starts_with("json_"));
    let mut broken = Vec::new();
    for (names, allowed) in LIBRARIES {
        for name in names {
            let known = allowed.contains(&own) || (name.starts_with("serde") && json_part);
            for path in file.paths_from(name).into_iter().filter(|path| !file.is_test(path.line)) {
                if !known {
                    broken.push(place(file, path.line, &format!("`{own}` must not know {name}")));
                } else if *name == "tokio"
                    && own == "engine"
                    && path.parts.get(1).is_none_or(|part| part != "sync" && part != "select")
                {
                    broken.push(place(
                        file,
                        path.line,
                        "of tokio, the engine knows `sync` and `select!` only",
                    ));
                }
            }
        }
    }
    if PURE.contains(&own) {
        for path in file.paths_from("std").into_iter().filter(|path| !file.is_test(path.line)) {
            let part = path.parts.get(1).map_or("", String::as_str);
            if matches!(part, "fs" | "env" | "net" | "process") {
                broken.push(place(file, path.line, &format!("`{own}` must not know std::{part}")));
            }
        }
    }
    broken
}

fn calls(file: &SourceFile) -> Vec<String> {
    let mut broken = Vec::new();
    for (call, home) in SANCTIONED {
        let lines = file.lines_with(call).into_iter().filter(|_| file.path != home);
        broken.extend(
            lines.map(|line| place(file, line, &format!("calls `{call}`; the place for it is {home}"))),
        );
    }
    if !matches!(layer_of(file), "cli" | "main") {
        for call in PRINTING {
            let lines = file.lines_with(call).into_iter().filter(|line| !file.is_test(*line));
            broken.extend(lines.map(|line| place(file, line, &format!("`{call}` outside cli"))));
        }
    }
    broken
}

fn banned(file: &SourceFile) -> Vec<String> {
    let found =
        BANNED.iter().flat_map(|word| file.lines_with(word).into_iter().map(move |line| (line, word)));
    found.map(|(line, word)| place(file, line, &format!("holds `{word}`"))).collect()
}

fn lengths(file: &SourceFile) -> Vec<String> {
    let lines = file.text.lines().count();
    let too_long = (lines > FILE_LINES_MAX)
        .then(|| place(file, lines, &format!("a file of more than {FILE_LINES_MAX} lines")));
    let functions = file.functions().into_iter().filter(|function| function.body_lines > FUNCTION_LINES_MAX);
    let functions = functions.map(|function| {
        let what =
            format!("`{}` has {} lines, {FUNCTION_LINES_MAX} at most", function.name, function.body_lines);
        place(file, function.line, &what)
    });
    too_long.into_iter().chain(functions).collect()
}
