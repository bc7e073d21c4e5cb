//! Help, completions and manual, all from one definition.

use syncline::cli::args;

use syncline::tui::keys::KeyMap;
use syncline::tui::theme::ROLES;

use super::World;

/// The words of every command, the program itself first.
fn commands() -> Vec<Vec<String>> {
    fn gather(command: &clap::Command, words: &[String], all: &mut Vec<Vec<String>>) {
        all.push(words.to_vec());
        for inner in command.get_subcommands() {
            let mut words = words.to_vec();
            words.push(inner.get_name().to_owned());
            gather(inner, &words, all);
        }
    }
    let mut all = Vec::new();
    gather(&args::definition(), &[], &mut all);
    all
}

#[test]
fn help_of_every_command_at_80_columns() {
    let world = World::new();
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    for words in commands() {
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.push("--help");
        let ended = world.run(&arguments).expect(0);
        assert_eq!(ended.stderr, "");
        for line in ended.stdout.lines() {
            assert!(line.chars().count() <= 80, "too wide: {line}");
        }
        let name = if words.is_empty() { "program".to_owned() } else { words.join("_") };
        settings.bind(|| insta::assert_snapshot!(format!("help_{name}"), ended.stdout));
    }
}

#[test]
fn every_flag_has_an_environment_variable() {
    fn check(command: &clap::Command) {
        for argument in command.get_arguments().filter(|argument| argument.get_long().is_some()) {
            let help = argument.get_long_help().map(ToString::to_string).unwrap_or_default();
            let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
            let variable = variable.or_else(|| {
                let (_, rest) = help.split_once("[env: ")?;
                Some(rest.trim_end_matches(']').to_owned())
            });
            let is_ours = variable.as_ref().is_some_and(|name| name.starts_with("SYNCLINE_"));
            assert!(is_ours, "--{} has {variable:?}", argument.get_id());
        }
        command.get_subcommands().for_each(check);
    }
    check(&args::definition());
    args::definition().debug_assert();
}

#[test]
fn a_variable_stands_in_for_its_flag() {
    let world = World::drifted();
    world.run_with(&[("SYNCLINE_DRY_RUN", "yes")], &["run"]).expect(1);
    world.run_with(&[("SYNCLINE_DRY_RUN", "no")], &["run"]).expect(0);
    let silent = world.run_with(&[("SYNCLINE_MODE", "silent")], &["run"]).expect(0);
    assert_eq!(silent.shown(), "----- stderr -----\n----- exit 0 -----");
    let printed = world.run_with(&[("SYNCLINE_LOG_LEVEL", "debug")], &["--print-config"]).expect(0);
    let level = printed.stdout.lines().find(|line| line.starts_with("level")).unwrap();
    assert!(level.contains("\"debug\"") && level.contains("SYNCLINE_LOG_LEVEL"), "{level}");
    let printed = world.run(&["--log-level", "trace", "--ascii", "--print-config"]).expect(0);
    assert!(printed.stdout.contains("# --log-level"), "{}", printed.stdout);
    assert!(printed.stdout.contains("# --ascii"), "{}", printed.stdout);
}

#[test]
fn completions_and_manual_are_generated() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = world.run(&["completions", shell]).expect(0);
        assert!(ended.stdout.contains("quarantine"), "{shell}");
    }
    let manual = world.run(&["man"]).expect(0).stdout;
    for words in commands().into_iter().filter(|words| !words.is_empty()) {
        let heading = format!(".SH \"SYNCLINE {}\"", words.join(" ").to_uppercase());
        assert!(manual.contains(&heading), "{heading}");
    }
}

#[test]
fn the_template_loads() {
    let world = World::drifted();
    let template = world.run(&["--print-config-template"]).expect(0).stdout;
    world.write("syncline.toml", &template);
    let printed = world.run(&["--print-config"]).expect(0);
    assert!(printed.stdout.contains("url = \"sqlite:[WORLD]/source.db\""), "{}", printed.stdout);
}

#[test]
fn the_printed_actions_are_a_key_map_and_the_printed_theme_is_a_theme() {
    let world = World::new();
    let actions = world.run(&["--print-actions"]).expect(0).stdout;
    assert_eq!(KeyMap::parse(&actions).unwrap(), KeyMap::default());
    let theme = world.run(&["--print-theme-items"]).expect(0).stdout;
    for (_, role) in ROLES {
        assert!(theme.contains(&format!("\n{role} = ")), "{role}");
    }
}
