//! The search of the selected table: the key space as a strip, the tree by depth, the trail.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, pane};
use crate::board::{RangeRecord, SearchFacts, TableFacts};
use crate::model::event::RangeVerdict;
use crate::model::outcome::Verdict;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::view::Pane;

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let table = scene.view.selected_table(scene.board);
    let title = table.map_or("Search".to_owned(), |table| format!("Search {}", table.name));
    let inside = pane::open(frame, area, scene, Pane::Search, &title);
    let width = usize::from(inside.width);
    let lines = match table.and_then(|table| Some((table, table.search.as_ref()?))) {
        Some((table, search)) => search_lines(scene, table, search, width),
        None => vec![Line::from(scene.span(Role::Muted, scene.cut("nothing was searched yet", width)))],
    };
    pane::lines(frame, inside, lines);
}

fn search_lines(
    scene: &Scene<'_>,
    table: &TableFacts,
    search: &SearchFacts,
    width: usize,
) -> Vec<Line<'static>> {
    let plain = |role: Role, content: String| Line::from(scene.span(role, scene.cut(&content, width)));
    let mut lines = vec![strip(scene, table, search, width)];
    lines.push(plain(Role::Title, search.strategy.clone()));
    lines.push(plain(
        Role::Text,
        format!("depth {}  splits {}  q {}", search.depth, search.splits, search.queries),
    ));
    lines.push(plain(Role::Text, format!("found {} of {}", search.found, expected(search))));
    for part in search.trail.lines().skip(1) {
        // The end of the trail is where the search is now.
        let trail = text::clean(part);
        let cells = text::width(&trail);
        let shown = if cells > width { last_cells(&trail, width, scene.glyphs.ellipsis) } else { trail };
        lines.push(Line::from(scene.span(Role::Info, shown)));
    }
    lines.extend(tree(scene, search, width));
    lines.push(plain(Role::Muted, search.reason.clone()));
    lines
}

/// What is looked for: a count difference is a lower bound where content is compared.
fn expected(search: &SearchFacts) -> String {
    if search.strategy == "count search" {
        search.expected.to_string()
    } else {
        format!(">= {}", search.expected)
    }
}

fn last_cells(content: &str, cells: usize, ellipsis: &str) -> String {
    let room = cells.saturating_sub(text::width(ellipsis));
    let mut kept: Vec<char> = Vec::new();
    let mut used = 0;
    for c in content.chars().rev() {
        let wide = text::width(c.encode_utf8(&mut [0; 4]));
        if used + wide > room {
            break;
        }
        used += wide;
        kept.push(c);
    }
    ellipsis.chars().chain(kept.into_iter().rev()).collect()
}

/// The share of the key space in each state, as a strip: ranges do not say where they lie, but how many rows they hold.
fn strip(scene: &Scene<'_>, table: &TableFacts, search: &SearchFacts, width: usize) -> Line<'static> {
    let mut rows: BTreeMap<u8, u64> = BTreeMap::new();
    for record in search.ranges.iter() {
        if let Some(verdict) = record.verdict {
            *rows.entry(order(verdict)).or_default() += size(record);
        }
    }
    let equal_now = table.outcome.as_ref().is_some_and(|outcome| outcome.verdict == Verdict::Equal);
    if equal_now {
        return Line::from(scene.span(Role::RangeEqual, scene.glyphs.done.repeat(width)));
    }
    if let Some(progress) = table.progress.as_ref().filter(|_| search.ranges.is_empty()) {
        // Without ranges the search is one walk along the key space.
        rows.insert(order(RangeVerdict::LeafRead), progress.rows_done);
    }
    let known: u64 = rows.values().sum();
    let total = known.max(table.source_count.unwrap_or(0).max(table.target_count.unwrap_or(0))).max(1);
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for (verdict, role, glyph) in [
        (RangeVerdict::Equal, Role::RangeEqual, scene.glyphs.done),
        (RangeVerdict::LeafRead, Role::RangeRead, scene.glyphs.split),
        (RangeVerdict::Differs, Role::RangeDiffers, scene.glyphs.differs),
        (RangeVerdict::Unreadable, Role::Error, scene.glyphs.failed),
    ] {
        let share = rows.get(&order(verdict)).copied().unwrap_or(0);
        let cells =
            ((u128::from(share) * width as u128).div_ceil(u128::from(total)) as usize).min(width - used);
        used += cells;
        spans.push(scene.span(role, glyph.repeat(cells)));
    }
    spans.push(scene.span(Role::RangePending, scene.glyphs.todo.repeat(width - used)));
    Line::from(spans)
}

fn order(verdict: RangeVerdict) -> u8 {
    match verdict {
        RangeVerdict::Equal => 0,
        RangeVerdict::LeafRead => 1,
        RangeVerdict::Differs => 2,
        RangeVerdict::Unreadable => 3,
    }
}

/// Rows of a range that is done with; one that differs is counted by its parts.
fn size(record: &RangeRecord) -> u64 {
    match record.verdict {
        Some(RangeVerdict::Differs) => 0,
        _ => record.range.source_rows.unwrap_or(0).max(record.range.target_rows.unwrap_or(0)),
    }
}

/// How many ranges of each level are equal, differ, were read.
fn tree(scene: &Scene<'_>, search: &SearchFacts, width: usize) -> Vec<Line<'static>> {
    let mut levels: BTreeMap<u64, [u64; 3]> = BTreeMap::new();
    for record in search.ranges.iter() {
        let level = levels.entry(record.range.depth).or_default();
        match record.verdict {
            Some(RangeVerdict::Equal) => level[0] += 1,
            Some(RangeVerdict::Differs | RangeVerdict::Unreadable) => level[1] += 1,
            Some(RangeVerdict::LeafRead) => level[2] += 1,
            None => {}
        }
    }
    let line = |(depth, [equal, differs, read]): (u64, [u64; 3])| {
        let text = format!(
            "{depth:>2} {}{equal:<5}{}{differs:<5}read {read}",
            scene.glyphs.equal, scene.glyphs.differs
        );
        Line::from(scene.span(Role::Muted, scene.cut(&text, width)))
    };
    levels.into_iter().take(8).map(line).collect()
}
