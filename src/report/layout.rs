//! Text in columns: widths, wrapping, grids. Knows nothing of what it lays out.

use std::io::{self, Write};

/// Columns of a terminal that nothing is known about.
pub const WIDTH_DEFAULT: usize = 80;

/// The first column of a grid is not made narrower than this.
const FIRST_COLUMN_MIN: usize = 12;

/// How many terminal columns a text takes; it holds no control characters.
pub fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

/// Near enough to align tables: wide scripts and pictographs take two columns, combining marks none.
fn char_columns(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F | 0x1AB0..=0x1AFF | 0x20D0..=0x20FF | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// `text` with spaces behind it, up to `width` columns.
pub fn pad_right(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// `text` with spaces before it, up to `width` columns.
pub fn pad_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(columns(text))))
}

/// `text` cut to `width` columns, the last of them `…` when something was cut.
pub fn fit(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += char_columns(c);
        if used >= width {
            break;
        }
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// `1 table`, `2 tables`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", crate::base::human::count(count), if count == 1 { one } else { many })
}

/// Lines that are put together first and written at once.
#[derive(Debug)]
pub struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// An empty page of so many columns.
    pub fn new(width: usize) -> Self {
        Self { text: String::new(), width }
    }

    /// Adds a line as it is.
    pub fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// Adds a text that is broken at spaces; its further lines stand two columns deeper.
    pub fn wrapped(&mut self, indent: usize, text: &str) {
        self.hanging(indent, indent + 2, text);
    }

    /// Adds a text that is broken at spaces; its first line is indented by `indent`, the others by `further`.
    pub fn hanging(&mut self, indent: usize, further: usize, text: &str) {
        let mut line = " ".repeat(indent);
        let mut used = indent;
        let mut empty = true;
        for word in text.split(' ') {
            let needed = columns(word);
            if !empty && used + 1 + needed > self.width {
                self.line(&line);
                line = " ".repeat(further);
                used = further;
                empty = true;
            }
            if !empty {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += needed;
            empty = false;
        }
        self.line(&line);
    }

    /// Adds a grid with its titles.
    pub fn grid(&mut self, grid: &Grid) {
        let mut widths: Vec<usize> = grid.titles.iter().map(|title| columns(title.text())).collect();
        for row in &grid.rows {
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = columns(cell).max(*width);
            }
        }
        let content: usize = widths.iter().sum();
        let gaps = widths.len().saturating_sub(1);
        let gap = if content + 2 * gaps <= self.width { 2 } else { 1 };
        let over = (content + gap * gaps).saturating_sub(self.width);
        if let Some(first) = widths.first_mut() {
            *first = first.saturating_sub(over).max(FIRST_COLUMN_MIN.min(*first));
        }
        let titles: Vec<String> = grid.titles.iter().map(|title| title.text().to_owned()).collect();
        self.row(grid, &titles, &widths, gap);
        for row in &grid.rows {
            self.row(grid, &row.cells, &widths, gap);
            for below in &row.below {
                self.wrapped(2, below);
            }
        }
    }

    fn row(&mut self, grid: &Grid, cells: &[String], widths: &[usize], gap: usize) {
        let cells = grid.titles.iter().zip(cells).zip(widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(position, ((title, cell), &width))| match title {
                Title::Left(_) if position == 0 => pad_right(&fit(cell, width), width),
                Title::Left(_) => pad_right(cell, width),
                Title::Right(_) => pad_left(cell, width),
            })
            .collect();
        self.line(&cells.join(&" ".repeat(gap)));
    }

    /// Writes everything with one call of the writer.
    pub fn write_to(self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())?;
        out.flush()
    }
}

/// The title of a column, and the side on which its cells stand.
#[derive(Debug, Clone, Copy)]
pub enum Title {
    /// Words.
    Left(&'static str),
    /// Numbers.
    Right(&'static str),
}

impl Title {
    fn text(self) -> &'static str {
        match self {
            Self::Left(text) | Self::Right(text) => text,
        }
    }
}

/// Rows of cells under titles.
#[derive(Debug)]
pub struct Grid {
    titles: Vec<Title>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    cells: Vec<String>,
    below: Vec<String>,
}

impl Grid {
    /// A grid without rows.
    pub fn new(titles: &[Title]) -> Self {
        Self { titles: titles.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, one cell a title.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(cells.len(), self.titles.len(), "one cell a title");
        self.rows.push(Row { cells: cells.into(), below: Vec::new() });
    }

    /// Adds a text below the last row.
    pub fn below(&mut self, text: String) {
        if let Some(row) = self.rows.last_mut() {
            row.below.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(page: Page) -> String {
        let mut out = Vec::new();
        page.write_to(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_counted_as_a_terminal_shows_them() {
        assert_eq!(columns("abc"), 3);
        assert_eq!(columns("名前"), 4);
        assert_eq!(columns("e\u{301}"), 1);
        assert_eq!(fit("名前名前", 5), "名前…");
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdef", 0), "");
    }

    #[test]
    fn long_text_is_broken_at_spaces_and_a_long_word_is_not() {
        let mut page = Page::new(12);
        page.wrapped(2, "one two three a-very-long-word four");
        assert_eq!(text(page), "  one two\n    three\n    a-very-long-word\n    four\n");
    }

    #[test]
    fn a_grid_aligns_numbers_right_and_gives_way_in_its_first_column() {
        let mut grid = Grid::new(&[Title::Left("table"), Title::Right("rows")]);
        grid.row(["orders".to_owned(), "5,010".to_owned()]);
        grid.below("equal".to_owned());
        grid.row(["a-table-with-a-long-name".to_owned(), "7".to_owned()]);
        let mut page = Page::new(20);
        page.grid(&grid);
        let expected = "table           rows\norders         5,010\n  equal\na-table-with-…     7\n";
        assert_eq!(text(page), expected);
    }
}
