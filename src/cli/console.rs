//! The console as a job's settings want it, and what is said in its place once the screen is gone.

use std::collections::VecDeque;
use std::io::{self, Stdout};
use std::sync::Arc;

use super::args::Output;
use super::error::{CliError, Result};
use super::output;
use super::settings::Resolved;
use super::surroundings::Surroundings;
use crate::model::event::{Event, EventBody, Level};
use crate::report::{Reporter, RunEnd, TextOptions, TextReporter};
use crate::tui::{ConsoleSetup, keys, theme};

/// Frames a second over ssh, where every byte counts, and elsewhere.
const FPS_SSH: u32 = 4;
const FPS_LOCAL: u32 = 10;

/// Warnings under the screen that are repeated after it.
const WARNINGS_MAX: usize = 20;

/// The setup of the console when the command opens one; `preferred` is what `--mode auto` means for it.
pub fn setup(
    resolved: &Resolved,
    output: &Output,
    preferred: bool,
    around: &Surroundings,
) -> Result<Option<ConsoleSetup>> {
    if !output::opens_console(output.mode, preferred, around)? {
        return Ok(None);
    }
    let settings = &resolved.loaded.settings;
    let console = &settings.console;
    let environment = around.environment.clone();
    let over_ssh = environment.get("SSH_CONNECTION").is_some_and(|connection| !connection.is_empty());
    Ok(Some(ConsoleSetup {
        theme: (console.theme.clone(), file_of(&console.theme, theme::BUILT_IN, "theme")?),
        keymap: keymap(&console.keymap)?,
        color: console.color.clone(),
        glyphs: console.glyphs.clone(),
        fps: console.fps.unwrap_or(if over_ssh { FPS_SSH } else { FPS_LOCAL }),
        mouse: console.mouse,
        error_count_max: settings.limits.max_error_count,
        concurrency: settings.limits.concurrency,
        zone: around.zone.clone(),
        readonly: resolved.readonly,
        variable: Box::new(move |name| environment.get(name).cloned()),
        clock: Arc::clone(&around.clock),
    }))
}

/// The text of a key map by its name, or of a file.
fn keymap(name: &str) -> Result<String> {
    let built_in = || keys::BUILT_IN.iter().find(|(known, _)| *known == name);
    let text = file_of(name, keys::BUILT_IN, "key map")?;
    Ok(text.unwrap_or_else(|| built_in().map_or(String::new(), |(_, text)| (*text).to_owned())))
}

/// The text of the file that a setting names; none when it names what is built in.
fn file_of(name: &str, built_in: &[(&str, &str)], what: &str) -> Result<Option<String>> {
    if built_in.iter().any(|(known, _)| *known == name) {
        return Ok(None);
    }
    match std::fs::read_to_string(name) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let known: Vec<&str> = built_in.iter().map(|(name, _)| *name).collect();
            let shown = crate::base::escape::visible(name);
            Err(CliError::usage(format!("the {what} {shown} cannot be read: {error}"))
                .hint(format!("there are: {}; or give a file", known.join(", "))))
        }
    }
}

/// Says after the screen what it may have hidden: the last warnings, and the summary as in text mode.
pub struct AfterScreen {
    options: TextOptions,
    warnings: VecDeque<String>,
    last: Option<Event>,
}

impl AfterScreen {
    /// A reporter that stays quiet until the end.
    pub fn new(options: TextOptions) -> Self {
        Self { options, warnings: VecDeque::new(), last: None }
    }
}

impl Reporter for AfterScreen {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match &event.body {
            EventBody::PassFinished { .. } => self.last = Some(event.clone()),
            EventBody::MessageLogged { level: Level::Warning, text, .. } => {
                if self.warnings.len() == WARNINGS_MAX {
                    self.warnings.pop_front();
                }
                self.warnings.push_back(text.clone());
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, end: &RunEnd) -> io::Result<()> {
        for warning in self.warnings.drain(..) {
            output::tell(&format!("warning: {}", crate::base::escape::visible(&warning)));
        }
        let mut text: TextReporter<io::BufWriter<Stdout>> =
            TextReporter::new(output::stdout(), self.options.clone());
        if let Some(event) = self.last.take() {
            text.event(&event)?;
        }
        text.finish(end)
    }
}
