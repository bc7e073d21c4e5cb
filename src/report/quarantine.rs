//! Refused rows, as `quarantine list` and `quarantine show` show them.

use std::io::{self, Write};

pub use super::json::quarantine::write as write_json;

use super::layout::{Grid, Page, Title, columns, counted, fit, pad_right};
use super::{TextOptions, time};
use crate::base::escape::{visible, visible_short};
use crate::base::limits::SHOWN_CHARS_MAX;
use crate::state::QuarantinedRow;

/// Columns of a key or a reason in the list; `show` has them in full.
const LISTED_COLUMNS_MAX: usize = 30;

/// Writes one line a row.
pub fn write_list(out: &mut dyn Write, rows: &[QuarantinedRow], options: &TextOptions) -> io::Result<()> {
    let mut page = Page::new(options.width);
    if !rows.is_empty() {
        let mut grid = Grid::new(&[
            Title::Left("table"),
            Title::Left("key"),
            Title::Left("kind"),
            Title::Right("tries"),
            Title::Left("last refused"),
        ]);
        for row in rows {
            grid.row([
                visible(&row.table),
                fit(&row.key.to_string(), LISTED_COLUMNS_MAX),
                row.kind.as_str().to_owned(),
                row.attempts.to_string(),
                time::date_and_time(row.last_at, &options.zone),
            ]);
            let retry = if row.retry_asked { " (will be tried again)" } else { "" };
            grid.below(format!("{}{retry}", visible_short(&row.reason, SHOWN_CHARS_MAX)));
        }
        page.grid(&grid);
        page.line("");
    }
    page.line(&counted(rows.len() as u64, "quarantined row", "quarantined rows"));
    page.write_to(out)
}

/// Writes everything known of each row: why it was refused, the statement, both images.
pub fn write_details(out: &mut dyn Write, rows: &[QuarantinedRow], options: &TextOptions) -> io::Result<()> {
    let mut page = Page::new(options.width);
    for row in rows {
        page.line(&format!("{} · {} · key {}", visible(&row.table), row.kind.as_str(), row.key));
        page.wrapped(2, &format!("{}: {}", visible(&row.class), visible(&row.reason)));
        if let Some(hint) = &row.hint {
            page.wrapped(2, &format!("hint: {}", visible(hint)));
        }
        let retry = if row.retry_asked { ", will be tried again" } else { "" };
        page.line(&format!(
            "  {}, first {}, last {}{retry}",
            counted(row.attempts, "try", "tries"),
            time::date_and_time(row.first_at, &options.zone),
            time::date_and_time(row.last_at, &options.zone),
        ));
        if !row.statement.is_empty() {
            page.wrapped(2, &format!("statement: {}", visible(&row.statement)));
        }
        image(&mut page, "source", row.source_image.as_deref());
        image(&mut page, "target", row.target_image.as_deref());
        page.line("");
    }
    page.line(&counted(rows.len() as u64, "quarantined row", "quarantined rows"));
    page.write_to(out)
}

fn image(page: &mut Page, side: &str, image: Option<&[(String, String)]>) {
    let Some(image) = image else {
        page.line(&format!("  {side}: no row"));
        return;
    };
    page.line(&format!("  {side}:"));
    let names: Vec<String> = image.iter().map(|(name, _)| visible(name)).collect();
    let width = names.iter().map(|name| columns(name)).max().unwrap_or(0).min(LISTED_COLUMNS_MAX);
    for (name, (_, value)) in names.iter().zip(image) {
        page.line(&format!("    {}  {}", pad_right(name, width), visible_short(value, SHOWN_CHARS_MAX)));
    }
}
