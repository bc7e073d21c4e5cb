//! The characters that the screen is made of: unicode, ASCII, or with braille where asked for.

use ratatui::symbols::border;

/// One set of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Its name in settings and in the header.
    pub name: &'static str,
    /// What stands for text that was cut.
    pub ellipsis: &'static str,
    /// Between source and target.
    pub arrow: &'static str,
    /// Marks the selected line.
    pub selected: &'static str,
    /// Something waits.
    pub waiting: &'static str,
    /// Something is at work.
    pub working: &'static str,
    /// Something is equal or done.
    pub equal: &'static str,
    /// Something differs.
    pub differs: &'static str,
    /// Something waits for a person.
    pub held: &'static str,
    /// Something is paused.
    pub paused: &'static str,
    /// Something failed.
    pub failed: &'static str,
    /// Something was left alone.
    pub skipped: &'static str,
    /// A part that is done, in a bar.
    pub done: &'static str,
    /// A part that is left, in a bar.
    pub todo: &'static str,
    /// A part of the key space that was split.
    pub split: &'static str,
    /// Heights of a sparkline, lowest first.
    pub spark: &'static [&'static str],
    /// Lines around panes.
    pub border: border::Set<'static>,
}

/// For terminals that show UTF-8.
pub const UNICODE: Glyphs = Glyphs {
    name: "unicode",
    ellipsis: "…",
    arrow: "→",
    selected: "▸",
    waiting: "·",
    working: "●",
    equal: "=",
    differs: "≠",
    held: "!",
    paused: "‖",
    failed: "✗",
    skipped: "-",
    done: "█",
    todo: "░",
    split: "▒",
    spark: &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    border: border::PLAIN,
};

/// For every terminal.
pub const ASCII: Glyphs = Glyphs {
    name: "ascii",
    ellipsis: "~",
    arrow: "->",
    selected: ">",
    waiting: ".",
    working: "*",
    equal: "=",
    differs: "#",
    held: "!",
    paused: "|",
    failed: "x",
    skipped: "-",
    done: "#",
    todo: ".",
    split: "+",
    spark: &["_", ".", ":", "-", "=", "+", "*", "#"],
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
};

/// The set for a setting (`auto`, `unicode`, `ascii`, `braille`) and what the environment says of the terminal.
///
/// `auto` is unicode when the locale is UTF-8 and the terminal is not the Linux console.
pub fn choose(setting: &str, variable: impl Fn(&str) -> Option<String>) -> Glyphs {
    match setting {
        "ascii" => ASCII,
        "unicode" | "braille" => UNICODE,
        _ => {
            let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
                .into_iter()
                .find_map(|name| variable(name).filter(|value| !value.is_empty()));
            let utf8 = locale.is_some_and(|locale| {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            });
            let console = variable("TERM").is_some_and(|term| term == "linux" || term == "dumb");
            if utf8 && !console { UNICODE } else { ASCII }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_is_believed_from_the_locale_and_not_on_the_linux_console() {
        let with = |pairs: &'static [(&'static str, &'static str)]| {
            choose("auto", move |name| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
            .name
        };
        assert_eq!(with(&[("LANG", "en_US.UTF-8"), ("TERM", "xterm")]), "unicode");
        assert_eq!(with(&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")]), "ascii");
        assert_eq!(with(&[("LC_ALL", ""), ("LANG", "de_DE.utf8")]), "unicode");
        assert_eq!(with(&[("LANG", "en_US.UTF-8"), ("TERM", "linux")]), "ascii");
        assert_eq!(with(&[]), "ascii");
    }
}
