//! Text on cells: escaped, measured and cut.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::base::escape::visible;

/// Characters of one text that are looked at; far more than any line shows.
const LOOKED_AT_MAX: usize = 2000;

/// A text from anywhere as it may stand on the screen: escaped, and not longer than any line.
pub fn clean(text: &str) -> String {
    match text.char_indices().nth(LOOKED_AT_MAX) {
        Some((end, _)) => visible(&text[..end]),
        None => visible(text),
    }
}

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A text cut to at most so many cells; `ellipsis` stands for what is gone.
pub fn cut(text: &str, cells: usize, ellipsis: &str) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    let room = cells.saturating_sub(ellipsis.width());
    let mut used = 0;
    let mut out = String::new();
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > room {
            break;
        }
        used += wide;
        out.push(c);
    }
    if ellipsis.width() <= cells { out + ellipsis } else { out }
}

/// A text in exactly so many cells, padded at its end.
pub fn left(text: &str, cells: usize, ellipsis: &str) -> String {
    let text = cut(text, cells, ellipsis);
    let pad = cells.saturating_sub(text.width());
    text + &" ".repeat(pad)
}

/// A number that stays short: `987`, `41.2k`, `3.4M`.
pub fn short(number: f64) -> String {
    let number = number.max(0.0);
    let (scaled, unit) = match number {
        n if n < 9_999.5 => return format!("{n:.0}"),
        n if n < 999_950.0 => (n / 1e3, "k"),
        n if n < 999_950_000.0 => (n / 1e6, "M"),
        n => (n / 1e9, "G"),
    };
    if scaled < 99.95 { format!("{scaled:.1}{unit}") } else { format!("{scaled:.0}{unit}") }
}

/// A number in at most four cells: `987`, `4.1k`, `41k`, `3.4M`.
pub fn tiny(number: u64) -> String {
    let (scaled, unit) = match number {
        0..1_000 => return number.to_string(),
        1_000..999_500 => (number as f64 / 1e3, "k"),
        999_500..999_500_000 => (number as f64 / 1e6, "M"),
        999_500_000..999_500_000_000 => (number as f64 / 1e9, "G"),
        _ => (number as f64 / 1e12, "T"),
    };
    if scaled < 9.95 { format!("{scaled:.1}{unit}") } else { format!("{scaled:.0}{unit}") }
}

/// A number of bytes that stays short: `512 B`, `1.5 MiB`.
pub fn bytes(number: f64) -> String {
    crate::base::human::bytes(number.max(0.0) as u64)
}

/// Seconds as `00:03:41`, with days when there are some.
pub fn clock(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let time = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    if days > 0 { format!("{days}d {time}") } else { time }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_fills_its_cells_exactly_whatever_its_characters() {
        for text in ["", "a", "naïve", "漢字かな", "👩‍👩‍👧 family", "plain text that is long"]
        {
            for cells in 0..12 {
                let shown = left(text, cells, "…");
                assert_eq!(width(&shown), cells, "{text:?} in {cells}: {shown:?}");
            }
        }
    }

    #[test]
    fn numbers_stay_short() {
        let shown = [0.4, 9_999.0, 10_000.0, 41_234.0, 999_949.0, 1_000_000.0, 3.4e9].map(short);
        assert_eq!(shown, ["0", "9999", "10.0k", "41.2k", "1000k", "1.0M", "3.4G"]);
        let shown = [999, 1_000, 9_949, 9_951, 999_499, 999_500, 12_000_000, 3_000_000_000].map(tiny);
        assert_eq!(shown, ["999", "1.0k", "9.9k", "10k", "999k", "1.0M", "12M", "3.0G"]);
        assert_eq!((clock(221), clock(90_061)), ("00:03:41".to_owned(), "1d 01:01:01".to_owned()));
    }
}
