//! Themes: which colour and weight a role has, and what is left of it on a poorer terminal.
//!
//! A theme is TOML: `[roles]` with a value for each role that differs from what it inherits, `[palette]` with names for
//! colours, `inherits = "NAME"`. A value is `"#rrggbb"`, the name of one of the 16 colours, `"0"` to `"255"`, `"default"`,
//! or a name of the palette, followed by any of `bold dim italic underline reverse`.
//!
//! Meaning is never carried by colour alone: every state has a glyph and a word, too.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

use crate::base::nearest;

/// What a part of the screen stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it; ROLES spells them")]
pub enum Role {
    Text,
    Muted,
    Border,
    BorderFocus,
    Title,
    Key,
    Selection,
    Header,
    Ok,
    Warn,
    Error,
    Info,
    Paused,
    Danger,
    ProgressDone,
    ProgressTodo,
    RangeEqual,
    RangeDiffers,
    RangePending,
    RangeRead,
    Spark,
    Sleep,
    Popup,
    PopupBorder,
    Match,
}

/// Every role with its name in theme files.
pub const ROLES: &[(Role, &str)] = &[
    (Role::Text, "text"),
    (Role::Muted, "muted"),
    (Role::Border, "border"),
    (Role::BorderFocus, "border-focus"),
    (Role::Title, "title"),
    (Role::Key, "key"),
    (Role::Selection, "selection"),
    (Role::Header, "header"),
    (Role::Ok, "ok"),
    (Role::Warn, "warn"),
    (Role::Error, "error"),
    (Role::Info, "info"),
    (Role::Paused, "paused"),
    (Role::Danger, "danger"),
    (Role::ProgressDone, "progress-done"),
    (Role::ProgressTodo, "progress-todo"),
    (Role::RangeEqual, "range-equal"),
    (Role::RangeDiffers, "range-differs"),
    (Role::RangePending, "range-pending"),
    (Role::RangeRead, "range-read"),
    (Role::Spark, "spark"),
    (Role::Sleep, "sleep"),
    (Role::Popup, "popup"),
    (Role::PopupBorder, "popup-border"),
    (Role::Match, "match"),
];

/// The themes that are built in, by name.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("default", include_str!("../../themes/default.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("deuteranopia", include_str!("../../themes/deuteranopia.toml")),
    ("tritanopia", include_str!("../../themes/tritanopia.toml")),
    ("nord", include_str!("../../themes/nord.toml")),
    ("gruvbox", include_str!("../../themes/gruvbox.toml")),
    ("solarized", include_str!("../../themes/solarized.toml")),
    ("catppuccin", include_str!("../../themes/catppuccin.toml")),
];

/// How many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None; weight, underline and reverse remain.
    Mono,
    /// The terminal's own 16.
    Sixteen,
    /// The 256 of xterm.
    TwoFiftySix,
    /// 24 bits.
    Rgb,
}

impl Depth {
    /// The word in settings and in the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mono => "mono",
            Self::Sixteen => "16",
            Self::TwoFiftySix => "256",
            Self::Rgb => "truecolor",
        }
    }

    /// The depth for a setting (`auto`, `truecolor`, `256`, `16`, `mono`) and what the environment says of the terminal.
    pub fn choose(setting: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        match setting {
            "truecolor" => Self::Rgb,
            "256" => Self::TwoFiftySix,
            "16" => Self::Sixteen,
            "mono" => Self::Mono,
            _ if set("NO_COLOR").is_some() => Self::Mono,
            _ => {
                let term = set("TERM").unwrap_or_default();
                let color = set("COLORTERM").unwrap_or_default();
                match () {
                    () if term == "dumb" => Self::Mono,
                    () if color == "truecolor" || color == "24bit" || term.contains("direct") => Self::Rgb,
                    () if term.contains("256") => Self::TwoFiftySix,
                    () => Self::Sixteen,
                }
            }
        }
    }
}

/// How each role looks on this terminal.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: BTreeMap<Role, Style>,
}

impl Theme {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }

    /// A built-in theme.
    ///
    /// Errors: the name is unknown; says the nearest one.
    pub fn built_in(name: &str, depth: Depth) -> Result<Self, String> {
        Self::load(name, depth, &built_in_text)
    }

    /// A theme by its text, called `name`; it may inherit a built-in one.
    ///
    /// Errors: as [`Theme::load`].
    pub fn of_text(name: &str, text: &str, depth: Depth) -> Result<Self, String> {
        Self::load(name, depth, &|wanted| {
            if wanted == name { Some(text.to_owned()) } else { built_in_text(wanted) }
        })
    }

    /// The theme that `find` has under a name, with everything that it inherits.
    ///
    /// Errors: a name that is not there, text that is no theme, a role or colour that does not exist.
    pub fn load(name: &str, depth: Depth, find: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut values: BTreeMap<Role, String> = BTreeMap::new();
        let mut palette: BTreeMap<String, String> = BTreeMap::new();
        let mut next = Some(name.to_owned());
        let mut seen: Vec<String> = Vec::new();
        while let Some(wanted) = next {
            if seen.contains(&wanted) {
                return Err(format!("theme {name}: {} inherits itself", seen.join(" inherits ")));
            }
            let text = find(&wanted).ok_or_else(|| unknown_theme(&wanted))?;
            next = read(&wanted, &text, &mut values, &mut palette)?;
            seen.push(wanted);
        }
        let mut styles = BTreeMap::new();
        for (role, value) in values {
            let style = style(&value, &palette).map_err(|cause| format!("theme {name}: {cause}"))?;
            styles.insert(role, reduced(style, depth));
        }
        Ok(Self { name: name.to_owned(), styles })
    }
}

fn built_in_text(name: &str) -> Option<String> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
}

fn unknown_theme(name: &str) -> String {
    let known = || BUILT_IN.iter().map(|(known, _)| *known);
    let nearest = nearest::nearest(name, known()).map_or(String::new(), |near| format!(" (nearest: {near})"));
    format!("there is no theme called {name}{nearest}; there are: {}", known().collect::<Vec<_>>().join(", "))
}

/// Reads one file; what is set already, by a theme that inherits this one, stays. Returns what it inherits.
fn read(
    name: &str,
    text: &str,
    values: &mut BTreeMap<Role, String>,
    palette: &mut BTreeMap<String, String>,
) -> Result<Option<String>, String> {
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| format!("theme {name}: {error}"))?;
    let mut inherits = None;
    for (key, value) in &table {
        match (key.as_str(), value) {
            ("inherits", toml::Value::String(parent)) => inherits = Some(parent.clone()),
            ("palette", toml::Value::Table(colors)) => {
                for (color, value) in colors {
                    let value =
                        value.as_str().ok_or_else(|| format!("theme {name}: palette.{color} is not text"))?;
                    palette.entry(color.clone()).or_insert_with(|| value.to_owned());
                }
            }
            ("roles", toml::Value::Table(roles)) => {
                for (role, value) in roles {
                    let known = ROLES.iter().find(|(_, known)| known == role).map(|(known, _)| *known);
                    let known = known.ok_or_else(|| {
                        let near = nearest::nearest(role, ROLES.iter().map(|(_, name)| *name));
                        match near {
                            Some(near) => format!("theme {name}: there is no role {role}; nearest: {near}"),
                            None => format!(
                                "theme {name}: there is no role {role}; --print-theme-items lists them"
                            ),
                        }
                    })?;
                    let value =
                        value.as_str().ok_or_else(|| format!("theme {name}: roles.{role} is not text"))?;
                    values.entry(known).or_insert_with(|| value.to_owned());
                }
            }
            _ => return Err(format!("theme {name}: {key} is not inherits, [palette] or [roles]")),
        }
    }
    Ok(inherits)
}

fn style(value: &str, palette: &BTreeMap<String, String>) -> Result<Style, String> {
    let mut style = Style::new();
    for word in value.split_whitespace() {
        style = match word {
            "bold" => style.add_modifier(Modifier::BOLD),
            "dim" => style.add_modifier(Modifier::DIM),
            "italic" => style.add_modifier(Modifier::ITALIC),
            "underline" => style.add_modifier(Modifier::UNDERLINED),
            "reverse" => style.add_modifier(Modifier::REVERSED),
            _ => match word.strip_prefix("on-") {
                Some(background) => style.bg(color(background, palette)?),
                None => style.fg(color(word, palette)?),
            },
        };
    }
    Ok(style)
}

const NAMES: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

fn color(word: &str, palette: &BTreeMap<String, String>) -> Result<Color, String> {
    let word = palette.get(word).map_or(word, String::as_str);
    if let Some((_, color)) = NAMES.iter().find(|(name, _)| *name == word) {
        return Ok(*color);
    }
    if let Ok(index) = word.parse::<u8>() {
        return Ok(Color::Indexed(index));
    }
    let digits = word.strip_prefix('#').filter(|digits| digits.len() == 6);
    match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
        Some(rgb) => Ok(Color::Rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)),
        None => Err(format!(
            "{word} is no colour: write #rrggbb, 0 to 255, default, or a name such as bright-red"
        )),
    }
}

/// What is left of a style on a terminal of this depth.
fn reduced(style: Style, depth: Depth) -> Style {
    let reduce = |color: Color| match (depth, color) {
        (Depth::Mono, _) => Color::Reset,
        (Depth::TwoFiftySix, Color::Rgb(r, g, b)) => Color::Indexed(nearest_256(r, g, b)),
        (Depth::Sixteen, Color::Rgb(r, g, b)) => nearest_16(r, g, b),
        (Depth::Sixteen, Color::Indexed(index)) => {
            let (r, g, b) = rgb_of(index);
            nearest_16(r, g, b)
        }
        (_, color) => color,
    };
    let had_background = style.bg.is_some_and(|color| color != Color::Reset);
    let style = Style { fg: style.fg.map(reduce), bg: style.bg.map(reduce), ..style };
    // A coloured background marks something; without colours reverse video does.
    if depth == Depth::Mono && had_background { style.add_modifier(Modifier::REVERSED) } else { style }
}

/// The colour cube and the greys of xterm's 256 colours.
fn rgb_of(index: u8) -> (u8, u8, u8) {
    let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match index {
        0..=15 => SIXTEEN[index as usize].1,
        16..=231 => {
            let n = index - 16;
            (level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

/// xterm's own sixteen.
const SIXTEEN: [(Color, (u8, u8, u8)); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

fn distance(one: (u8, u8, u8), other: (u8, u8, u8)) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(one.0, other.0) * 3 + square(one.1, other.1) * 4 + square(one.2, other.2) * 2
}

fn nearest_256(r: u8, g: u8, b: u8) -> u8 {
    (16..=255).min_by_key(|&index| distance(rgb_of(index), (r, g, b))).unwrap_or(7)
}

fn nearest_16(r: u8, g: u8, b: u8) -> Color {
    let nearest = SIXTEEN.iter().min_by_key(|(_, rgb)| distance(*rgb, (r, g, b)));
    nearest.map_or(Color::Reset, |(color, _)| *color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_has_every_role_at_every_depth() {
        for (name, _) in BUILT_IN {
            for depth in [Depth::Mono, Depth::Sixteen, Depth::TwoFiftySix, Depth::Rgb] {
                let theme = Theme::built_in(name, depth).unwrap();
                for (role, role_name) in ROLES {
                    assert!(theme.styles.contains_key(role), "{name} says nothing of {role_name}");
                }
                let colors = || theme.styles.values().flat_map(|style| [style.fg, style.bg]).flatten();
                match depth {
                    Depth::Mono => assert!(colors().all(|color| color == Color::Reset), "{name}"),
                    Depth::Sixteen => {
                        assert!(!colors().any(|c| matches!(c, Color::Rgb(..) | Color::Indexed(_))), "{name}");
                    }
                    Depth::TwoFiftySix => assert!(!colors().any(|c| matches!(c, Color::Rgb(..))), "{name}"),
                    Depth::Rgb => {}
                }
                let selected = theme.style(Role::Selection);
                assert!(selected != theme.style(Role::Text), "{name}: a selection is not seen at {depth:?}");
            }
        }
    }

    #[test]
    fn the_default_theme_paints_no_background_and_uses_the_terminals_own_colours() {
        let theme = Theme::built_in("default", Depth::Rgb).unwrap();
        for style in theme.styles.values() {
            assert!(style.bg.is_none());
            assert!(!matches!(style.fg, Some(Color::Rgb(..) | Color::Indexed(_))));
        }
    }

    #[test]
    fn a_theme_of_ones_own_says_only_what_differs() {
        let mine = Theme::of_text("mine", "inherits = \"nord\"\n[roles]\nok = \"blue\"", Depth::Rgb).unwrap();
        let nord = Theme::built_in("nord", Depth::Rgb).unwrap();
        assert_eq!(mine.style(Role::Ok).fg, Some(Color::Blue));
        assert_eq!(mine.style(Role::Error), nord.style(Role::Error));
    }

    #[test]
    fn faults_are_named() {
        let load = |text: &str| {
            let text = text.to_owned();
            Theme::load("mine", Depth::Rgb, &move |name| (name == "mine").then(|| text.clone())).unwrap_err()
        };
        assert!(load("[roles]\ntxt = \"red\"").contains("nearest: text"));
        assert!(load("[roles]\ntext = \"redish\"").contains("redish is no colour"));
        assert!(load("inherits = \"mine\"").contains("inherits itself"));
        assert!(load("inherits = \"nrod\"").contains("nearest: nord"));
        assert!(load("colour = 1").contains("colour is not"));
    }

    #[test]
    fn no_color_and_dumb_terminals_have_none() {
        let with = |pairs: &'static [(&'static str, &'static str)]| {
            Depth::choose("auto", move |name| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(with(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Depth::Mono);
        assert_eq!(with(&[("NO_COLOR", ""), ("COLORTERM", "truecolor")]), Depth::Rgb);
        assert_eq!(with(&[("TERM", "dumb")]), Depth::Mono);
        assert_eq!(with(&[("TERM", "screen-256color")]), Depth::TwoFiftySix);
        assert_eq!(with(&[("TERM", "xterm")]), Depth::Sixteen);
    }
}
