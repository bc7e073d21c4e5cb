//! The console: the screen over a running engine.
//!
//! ```text
//! events ─ fold ─▶ board ─ snapshot ─▶ ┌ screen ┐ ◀─ view (what the operator looks at)
//! commands ◀──────── update ◀── keys ◀─┘        └─▶ terminal
//! ```
//!
//! - [`action`] is the one table of what an operator can do; [`keys`] maps keys to it; the footer, the help and
//!   `--print-actions` are made from it.
//! - [`view`] is what the operator looks at: focus, selection, filter, dialogs. [`update`] changes it and makes commands.
//! - [`draw`] puts a board snapshot and a view on a frame; it is pure. [`theme`] and [`glyphs`] say how it looks.
//! - [`terminal`] owns the terminal's modes; [`screen`] is the loop on a thread of its own.
//!
//! Does not belong here: facts (they are folded in [`crate::board`]), stores, what the engine does.
//!
//! Invariants: drawing never panics, whatever the size; nothing from a database reaches the terminal unescaped; a
//! stalled terminal holds up nothing but this screen.

pub mod action;
pub mod draw;
pub mod glyphs;
pub mod keys;
pub mod rates;
mod screen;
mod terminal;
mod text;
pub mod theme;
pub mod update;
pub mod view;

pub use screen::{Console, ConsoleSetup};
pub use terminal::give_back;
