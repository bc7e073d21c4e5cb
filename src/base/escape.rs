//! One choke point for text that comes from a database, a file or a server before a person sees it.
//!
//! Data can carry terminal escape sequences, bidirectional overrides and invisible characters (CWE-150).
//! Showing them is better than dropping them, so that two names that differ look different.

use std::fmt::Write;

/// Whether a character must not reach a terminal or a log as it is.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{061C}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// `text` with control, bidirectional and invisible characters written as escapes (`\n`, `\x1b`, `\u{202e}`).
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) && (c as u32) < 0x100 => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c if is_unsafe(c) => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

/// As [`visible`], and bytes that are not UTF-8 written as `\xNN`.
pub fn visible_bytes(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(&visible(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// As [`visible`], cut to at most `chars_max` characters with the number of omitted ones said.
pub fn visible_short(text: &str, chars_max: usize) -> String {
    let total = text.chars().count();
    if total <= chars_max {
        return visible(text);
    }
    let head: String = text.chars().take(chars_max).collect();
    format!("{}… (+{} characters)", visible(&head), total - chars_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_byte_survives() {
        assert_eq!(visible("a\u{1b}[2Jb\n\u{202e}c\u{9b}"), "a\\x1b[2Jb\\n\\u{202e}c\\x9b");
        assert_eq!(visible_bytes(b"ok\xff\xfe\x07"), "ok\\xff\\xfe\\x07");
    }

    #[test]
    fn long_text_says_what_it_left_out() {
        assert_eq!(visible_short("abcdef", 4), "abcd… (+2 characters)");
        assert_eq!(visible_short("é", 4), "é");
    }
}
