//! Keys by name, and which action a key means.
//!
//! A key map is TOML: `[screen]` with `action = ["key", …]` for each action whose keys differ from the defaults; an empty
//! list takes its keys away. Two actions with one key are an error that names both.

use std::collections::{BTreeMap, HashMap};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{ACTIONS, Action};
use crate::base::nearest;

/// The key maps that are built in, by name.
pub const BUILT_IN: &[(&str, &str)] =
    &[("default", ""), ("vim-plain", include_str!("../../themes/keys/vim-plain.toml"))];

/// A key with what is held down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const NAMED: [(&str, KeyCode); 15] = [
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
];

impl Key {
    /// The key of an event. Shift is part of a character, and of the tab that goes backwards.
    pub fn of(event: &KeyEvent) -> Self {
        let modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        let code = match event.code {
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(c.to_ascii_lowercase())
            }
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            code => code,
        };
        Self { code, modifiers }
    }

    /// The key of this name: a character, `ctrl-x`, `alt-x`, `f5`, or one of the named keys.
    pub fn parse(name: &str) -> Result<Self, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = name;
        loop {
            match rest.split_once('-') {
                Some(("ctrl", after)) if !after.is_empty() => {
                    (modifiers, rest) = (modifiers | KeyModifiers::CONTROL, after);
                }
                Some(("alt", after)) if !after.is_empty() => {
                    (modifiers, rest) = (modifiers | KeyModifiers::ALT, after);
                }
                _ => break,
            }
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(c), None) => KeyCode::Char(c),
            _ => NAMED
                .iter()
                .find(|(known, _)| *known == rest)
                .map(|(_, code)| *code)
                .or_else(|| rest.strip_prefix('f').and_then(|n| n.parse().ok()).filter(|n| (1..=12).contains(n)).map(KeyCode::F))
                .ok_or_else(|| format!("{name} is no key: write one character, ctrl-x, alt-x, f1 to f12, or a name such as pageup"))?,
        };
        Ok(Self { code, modifiers })
    }

    /// How the key is shown.
    pub fn label(self) -> String {
        let held = |modifier: KeyModifiers, word: &'static str| {
            if self.modifiers.contains(modifier) { word } else { "" }
        };
        let key = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::F(n) => format!("F{n}"),
            code => {
                let name = NAMED.iter().find(|(_, known)| *known == code).map_or("?", |(name, _)| name);
                name[..1].to_ascii_uppercase() + &name[1..]
            }
        };
        format!("{}{}{key}", held(KeyModifiers::CONTROL, "Ctrl-"), held(KeyModifiers::ALT, "Alt-"))
    }
}

/// Which action a key means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMap {
    actions: HashMap<Key, Action>,
}

impl Default for KeyMap {
    fn default() -> Self {
        Self::parse("").expect("the default keys are sound; a test holds it")
    }
}

impl KeyMap {
    /// The default keys, overridden by a key map's text.
    ///
    /// Errors: an unknown action with the nearest one, a key that is none, two actions with one key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| format!("key map: {error}"))?;
        let mut names: BTreeMap<Action, Vec<String>> = ACTIONS
            .iter()
            .map(|spec| (spec.action, spec.keys.iter().map(|key| (*key).to_owned()).collect()))
            .collect();
        for (section, value) in &table {
            let keys = value.as_table().filter(|_| section == "screen");
            let keys = keys.ok_or_else(|| format!("key map: {section} is not [screen]"))?;
            for (name, keys) in keys {
                let action = Action::from_name(name).ok_or_else(|| {
                    let near = nearest::nearest(name, ACTIONS.iter().map(|spec| spec.name));
                    match near {
                        Some(near) => format!("key map: there is no action {name}; nearest: {near}"),
                        None => format!("key map: there is no action {name}; --print-actions lists them"),
                    }
                })?;
                let keys: Option<Vec<String>> = keys
                    .as_array()
                    .and_then(|keys| keys.iter().map(|key| key.as_str().map(str::to_owned)).collect());
                names.insert(action, keys.ok_or_else(|| format!("key map: {name} is not a list of keys"))?);
            }
        }
        let mut actions = HashMap::new();
        for (action, keys) in names {
            for key in keys {
                let parsed =
                    Key::parse(&key).map_err(|cause| format!("key map: {}: {cause}", action.spec().name))?;
                if let Some(other) = actions.insert(parsed, action) {
                    let (one, two) = (other.spec().name, action.spec().name);
                    return Err(format!("key map: {key} means both {one} and {two}"));
                }
            }
        }
        Ok(Self { actions })
    }

    /// What a key means.
    pub fn action(&self, key: Key) -> Option<Action> {
        self.actions.get(&key).copied()
    }

    /// The keys of an action as they are shown, the shortest first.
    pub fn labels(&self, action: Action) -> Vec<String> {
        let mut labels: Vec<String> =
            self.actions.iter().filter(|(_, known)| **known == action).map(|(key, _)| key.label()).collect();
        labels.sort_by_key(|label| (label.len(), label.clone()));
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_key_maps_are_sound() {
        for (name, text) in BUILT_IN {
            KeyMap::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert_eq!(KeyMap::default().action(Key::parse("F").unwrap()), Some(Action::FullCompare));
        assert_eq!(KeyMap::default().labels(Action::Down), ["j", "Down"]);
    }

    #[test]
    fn a_key_map_says_only_what_differs_and_its_faults_are_named() {
        let map = KeyMap::parse("[screen]\nquit = [\"ctrl-q\"]\nfreeze = []").unwrap();
        assert_eq!(map.action(Key::parse("ctrl-q").unwrap()), Some(Action::Quit));
        assert_eq!(map.action(Key::parse("q").unwrap()), None);
        assert_eq!(map.action(Key::parse("f").unwrap()), None);
        let error = |text: &str| KeyMap::parse(text).unwrap_err();
        assert!(error("[screen]\nquit = [\"p\"]").contains("p means both quit and pause-table"));
        assert!(error("[screen]\nquitt = []").contains("nearest: quit"));
        assert!(error("[screen]\nquit = [\"hyper-q\"]").contains("hyper-q is no key"));
    }
}
