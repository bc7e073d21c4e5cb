//! What is generated from the definition of the command line or stands in the program: completions, manual, template.

use std::io::{self, Write};

use crate::cli::args;
use crate::cli::error::{CliError, Result};
use crate::cli::output;
use crate::model::outcome::Exit;
use crate::tui::action::{ACTIONS, ActionSpec};
use crate::tui::theme::BUILT_IN;

/// Writes a completion script.
pub fn completions(shell: clap_complete::Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::definition(), "syncline", &mut script);
    print(&script)
}

/// Writes the manual page of the program, with every command.
pub fn manual() -> Result<Exit> {
    let page = manual_page().map_err(|error| CliError::output("write the manual", &error))?;
    print(&page)
}

/// Writes the commented configuration.
pub fn template() -> Result<Exit> {
    print(crate::config::template().as_bytes())
}

/// Writes the default keys of every action as a key map that can be changed and used.
pub fn actions() -> Result<Exit> {
    let line = |spec: &ActionSpec| {
        let keys: Vec<String> = spec.keys.iter().map(|key| format!("{key:?}")).collect();
        format!("{} = [{}] # {}\n", spec.name, keys.join(", "), spec.help)
    };
    let lines: String = ACTIONS.iter().map(line).collect();
    print(format!("[screen]\n{lines}").as_bytes())
}

/// Writes the default theme, which sets every role.
pub fn theme_items() -> Result<Exit> {
    let default = BUILT_IN.iter().find(|(name, _)| *name == "default");
    print(default.map_or("", |(_, text)| *text).as_bytes())
}

/// Writes text that is ready.
pub fn print(text: &[u8]) -> Result<Exit> {
    let mut out = output::stdout();
    let written = out.write_all(text).and_then(|()| out.flush());
    output::written(written, "write to standard output", Exit::Done)
}

/// One page: the sections of the program, then those of each command below its own headings.
fn manual_page() -> io::Result<Vec<u8>> {
    let mut program = args::definition();
    program.build();
    let mut page = Vec::new();
    let main = clap_mangen::Man::new(program.clone());
    main.render_title(&mut page)?;
    main.render_name_section(&mut page)?;
    main.render_synopsis_section(&mut page)?;
    main.render_description_section(&mut page)?;
    main.render_options_section(&mut page)?;
    main.render_extra_section(&mut page)?;
    for command in program.get_subcommands() {
        command_sections(command, &mut page)?;
    }
    main.render_version_section(&mut page)?;
    Ok(page)
}

fn command_sections(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name()).replace('-', " ");
    writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
    let man = clap_mangen::Man::new(command.clone());
    let mut sections = Vec::new();
    man.render_synopsis_section(&mut sections)?;
    man.render_description_section(&mut sections)?;
    man.render_options_section(&mut sections)?;
    // What are headings in a page of its own are headings below the command's name here.
    let sections = String::from_utf8_lossy(&sections).replace(".SH ", ".SS ");
    page.write_all(sections.as_bytes())?;
    command.get_subcommands().try_for_each(|inner| command_sections(inner, page))
}
