//! Everything an operator can do on the screen, as one table.
//!
//! The key map, the footer, the help, `:` and `--print-actions` are made from [`ACTIONS`]; a test holds that no action is
//! missing and no name is used twice.

/// Something that a key can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table below describes each")]
pub enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    NextPane,
    PreviousPane,
    Zoom,
    Back,
    Filter,
    Help,
    CommandLine,
    Quit,
    Stop,
    Redraw,
    Suspend,
    PauseTable,
    PauseAll,
    FullCompare,
    VerifyNow,
    SyncNow,
    SkipTable,
    Approve,
    Retry,
    MoreConcurrency,
    LessConcurrency,
    Faster,
    Slower,
    Freeze,
    NextError,
    Copy,
    NextTheme,
}

/// What is known of an action.
#[derive(Debug, Clone, Copy)]
pub struct ActionSpec {
    /// The action.
    pub action: Action,
    /// Its name in key maps and on the command line.
    pub name: &'static str,
    /// The keys that it has by default.
    pub keys: &'static [&'static str],
    /// A word or two for the footer.
    pub short: &'static str,
    /// A sentence for the help.
    pub help: &'static str,
    /// Whether it asks before it does it.
    pub confirms: bool,
}

const fn spec(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    short: &'static str,
    help: &'static str,
) -> ActionSpec {
    ActionSpec { action, name, keys, short, help, confirms: false }
}

const fn asks(spec: ActionSpec) -> ActionSpec {
    ActionSpec { confirms: true, ..spec }
}

/// Every action, in the order of the help.
pub const ACTIONS: &[ActionSpec] = &[
    spec(
        Action::PauseTable,
        "pause-table",
        &["p"],
        "pause",
        "Pause the selected table at its next safe point, or let it go on",
    ),
    spec(
        Action::PauseAll,
        "pause-all",
        &["P"],
        "pause all",
        "Pause everything at the next safe point, or let it go on",
    ),
    asks(spec(
        Action::FullCompare,
        "full-compare",
        &["F"],
        "full compare",
        "Compare every row of the selected table",
    )),
    spec(
        Action::VerifyNow,
        "verify-now",
        &["v"],
        "verify",
        "Prove the selected table again in the next pass",
    ),
    spec(Action::SyncNow, "sync-now", &["n"], "sync now", "End the sleep and start the next pass"),
    asks(spec(
        Action::SkipTable,
        "skip-table",
        &["x"],
        "skip",
        "Leave the selected table alone for the rest of this pass",
    )),
    asks(spec(
        Action::Approve,
        "approve",
        &["a"],
        "approve",
        "Let the held plan of the selected table through, once",
    )),
    spec(
        Action::Retry,
        "retry",
        &["r"],
        "retry",
        "Try the quarantined rows of the selected table again in the next pass",
    ),
    spec(
        Action::MoreConcurrency,
        "more-concurrency",
        &["+"],
        "more tables",
        "Work on one table more side by side",
    ),
    spec(
        Action::LessConcurrency,
        "less-concurrency",
        &["-"],
        "fewer tables",
        "Work on one table fewer side by side",
    ),
    spec(
        Action::Faster,
        "faster",
        &["]"],
        "faster",
        "Double the limit of rows a second; beyond 1,000,000 there is none",
    ),
    spec(
        Action::Slower,
        "slower",
        &["["],
        "slower",
        "Halve the limit of rows a second; the first time to 10,000",
    ),
    spec(Action::Up, "up", &["up", "k"], "up", "Select the line above"),
    spec(Action::Down, "down", &["down", "j"], "down", "Select the line below"),
    spec(Action::PageUp, "page-up", &["pageup", "ctrl-u"], "page up", "Go up by a page"),
    spec(Action::PageDown, "page-down", &["pagedown", "ctrl-d"], "page down", "Go down by a page"),
    spec(Action::First, "first", &["g", "home"], "first", "Select the first line"),
    spec(Action::Last, "last", &["G", "end"], "last", "Select the last line"),
    spec(
        Action::NextPane,
        "next-pane",
        &["tab", "l", "right"],
        "next pane",
        "Go to the next pane; digits jump to one",
    ),
    spec(
        Action::PreviousPane,
        "previous-pane",
        &["backtab", "h", "left"],
        "previous pane",
        "Go to the previous pane",
    ),
    spec(
        Action::Zoom,
        "zoom",
        &["enter"],
        "zoom",
        "Show the pane alone, or everything about the selected table",
    ),
    spec(Action::Back, "back", &["esc"], "back", "Close what is open, clear the filter, leave the zoom"),
    spec(Action::Filter, "filter", &["/"], "filter", "Show only tables and lines that hold a text"),
    spec(
        Action::NextError,
        "next-error",
        &["e"],
        "next error",
        "Select the next table with errors, quarantined rows or a hold",
    ),
    spec(Action::Freeze, "freeze", &["f"], "freeze", "Stop the view, not the work; press again to catch up"),
    spec(Action::Copy, "copy", &["y"], "copy", "Copy the selected line to the clipboard of your terminal"),
    spec(Action::NextTheme, "next-theme", &["T"], "theme", "Take the next theme"),
    spec(Action::CommandLine, "command-line", &[":"], "command", "Type an action by its name"),
    spec(Action::Help, "help", &["?"], "help", "Show or hide this help"),
    spec(Action::Redraw, "redraw", &["ctrl-l"], "redraw", "Draw the whole screen again"),
    spec(
        Action::Suspend,
        "suspend",
        &["ctrl-z"],
        "suspend",
        "Pause at a safe point and give the terminal back to the shell",
    ),
    asks(spec(
        Action::Quit,
        "quit",
        &["q"],
        "quit",
        "Leave; a run that is not over stops at its next safe point first",
    )),
    spec(
        Action::Stop,
        "stop",
        &["ctrl-c"],
        "stop",
        "Stop at the next safe point and leave; twice within two seconds: at once",
    ),
];

impl Action {
    /// What is known of it.
    pub fn spec(self) -> &'static ActionSpec {
        ACTIONS.iter().find(|spec| spec.action == self).expect("every action stands in the table")
    }

    /// The action of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|spec| spec.name == name).map(|spec| spec.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_default_keys_are_unique() {
        let mut names: Vec<&str> = ACTIONS.iter().map(|spec| spec.name).collect();
        let mut keys: Vec<&str> = ACTIONS.iter().flat_map(|spec| spec.keys).copied().collect();
        for list in [&mut names, &mut keys] {
            let before = list.len();
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), before);
        }
        for spec in ACTIONS {
            assert_eq!(Action::from_name(spec.name), Some(spec.action));
            assert_eq!(spec.action.spec().name, spec.name);
        }
    }
}
