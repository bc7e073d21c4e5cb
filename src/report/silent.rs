//! The mode that says nothing: only the exit code speaks.

use std::io;

use super::{Reporter, RunEnd};
use crate::model::event::Event;

/// Reports nothing.
#[derive(Debug, Default)]
pub struct SilentReporter;

impl Reporter for SilentReporter {
    fn event(&mut self, _event: &Event) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _end: &RunEnd) -> io::Result<()> {
        Ok(())
    }
}
