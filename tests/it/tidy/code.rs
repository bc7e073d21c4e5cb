//! Just enough of Rust's grammar to see what a file names: comments and literals told from code, paths with their
//! groups, functions with their bodies, code that only tests compile.

use std::collections::BTreeSet;

/// A source file, read for its paths and functions.
pub struct SourceFile {
    /// From the repository's root, with `/`.
    pub path: String,
    pub text: String,
    /// The text with comments blanked and each character of a literal replaced by `"`; lines are kept.
    pub code: Vec<char>,
    /// Whether only tests compile this line.
    pub test_lines: Vec<bool>,
}

/// A path as written, for example `["crate", "store", "sqlite"]`, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPath {
    pub line: usize,
    pub parts: Vec<String>,
}

/// A function with the lines of its body that hold code.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub line: usize,
    pub name: String,
    pub body_lines: usize,
}

impl SourceFile {
    /// Reads a file; `test_only` when its `mod` line stands under `#[cfg(test)]` or it lies in `tests/`.
    pub fn new(path: &str, text: &str, test_only: bool) -> Self {
        let code = code_only(text);
        let lines = text.lines().count() + 1;
        let mut file =
            Self { path: path.to_owned(), text: text.to_owned(), code, test_lines: vec![test_only; lines] };
        for (start, end) in file.test_items() {
            let (first, last) = (line_of(&file.code, start), line_of(&file.code, end));
            file.test_lines[first - 1..last].fill(true);
        }
        file
    }

    /// Whether only tests compile the line; lines count from 1.
    pub fn is_test(&self, line: usize) -> bool {
        self.test_lines[line - 1]
    }

    /// The module's path below the crate: `src/store/sqlite/mod.rs` is `["store", "sqlite"]`.
    pub fn module(&self) -> Vec<&str> {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inside = inside.strip_suffix(".rs").unwrap_or(inside);
        let mut parts: Vec<&str> = inside.split('/').collect();
        if matches!(parts.last(), Some(&("mod" | "lib" | "main"))) {
            parts.pop();
        }
        parts
    }

    /// Every path that starts with `root`, groups expanded.
    pub fn paths_from(&self, root: &str) -> Vec<NamedPath> {
        let mut found = Vec::new();
        for start in self.words(root) {
            // `x::root` and `x.root` are something else; `::root` is the crate of that name.
            let inner = match self.code[..start] {
                [.., '.' | '$'] => true,
                [.., before, ':', ':'] => is_word(before) || before == '>',
                _ => false,
            };
            let mut paths = Vec::new();
            if !inner {
                tree(&self.code, start, &mut Vec::new(), &mut paths);
            }
            let line = line_of(&self.code, start);
            found.extend(paths.into_iter().map(|parts| NamedPath { line, parts }));
        }
        found
    }

    /// Where `pattern` (code, without blanks around it) occurs; a word at its start is a whole word's end.
    pub fn lines_with(&self, pattern: &str) -> Vec<usize> {
        let wanted: Vec<char> = pattern.chars().collect();
        let windows = self.code.windows(wanted.len()).enumerate();
        windows
            .filter(|(at, window)| {
                *window == wanted && (*at == 0 || !is_word(self.code[at - 1]) || !is_word(wanted[0]))
            })
            .map(|(at, _)| line_of(&self.code, at))
            .collect()
    }

    /// All functions that have a name and a body.
    pub fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for start in self.words("fn") {
            let Some((name, after)) = word_at(&self.code, skip_blanks(&self.code, start + 2)) else {
                continue;
            };
            let Some(open) = body_start(&self.code, after) else { continue };
            let close = closing(&self.code, open);
            let body: String = self.code[open + 1..close].iter().collect();
            let body_lines = body.lines().filter(|line| !line.trim().is_empty()).count();
            found.push(Function { line: line_of(&self.code, start), name, body_lines });
        }
        found
    }

    /// Names of modules in files of their own that only tests compile.
    pub fn test_modules(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (start, end) in self.test_items() {
            let item: String = self.code[start..end].iter().collect();
            let mut words = item.rsplit(']').next().unwrap_or_default().split_whitespace();
            if item.ends_with(';') && words.any(|word| word == "mod") {
                found.extend(words.next().map(|name| name.trim_end_matches(';').to_owned()));
            }
        }
        found
    }

    /// How many inline modules enclose a position.
    pub fn inline_modules(&self, line: usize) -> usize {
        let modules = self.words("mod").into_iter().filter(|&start| {
            let Some((_, after)) = word_at(&self.code, skip_blanks(&self.code, start + 3)) else {
                return false;
            };
            let open = skip_blanks(&self.code, after);
            self.code.get(open) == Some(&'{')
                && line_of(&self.code, open) <= line
                && line <= line_of(&self.code, closing(&self.code, open))
        });
        modules.count()
    }

    /// From `#[cfg(test)]` to the end of the item it stands before.
    fn test_items(&self) -> Vec<(usize, usize)> {
        let starts = ["#[cfg(test)]", "#[cfg(all(test,"].map(|attribute| {
            let wanted: Vec<char> = attribute.chars().collect();
            let windows = self.code.windows(wanted.len()).enumerate();
            windows.filter(|(_, window)| *window == wanted).map(|(at, _)| at).collect::<Vec<_>>()
        });
        let end = |start: usize| {
            let mut at = start;
            while at < self.code.len() {
                match self.code[at] {
                    '{' => return closing(&self.code, at) + 1,
                    ';' => return at + 1,
                    '(' | '[' => at = closing(&self.code, at) + 1,
                    _ => at += 1,
                }
            }
            at
        };
        starts.concat().into_iter().map(|start| (start, end(start + 1).min(self.code.len() - 1))).collect()
    }

    /// Where this word stands as a whole word.
    fn words(&self, word: &str) -> Vec<usize> {
        let wanted: Vec<char> = word.chars().collect();
        let windows = self.code.windows(wanted.len()).enumerate();
        windows
            .filter(|(at, window)| {
                *window == wanted
                    && (*at == 0 || !is_word(self.code[at - 1]))
                    && self.code.get(at + wanted.len()).is_none_or(|&c| !is_word(c))
            })
            .map(|(at, _)| at)
            .collect()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_of(code: &[char], at: usize) -> usize {
    code[..at].iter().filter(|&&c| c == '\n').count() + 1
}

fn skip_blanks(code: &[char], at: usize) -> usize {
    code[at.min(code.len())..]
        .iter()
        .position(|c| !c.is_whitespace())
        .map_or(code.len(), |blanks| at + blanks)
}

fn word_at(code: &[char], at: usize) -> Option<(String, usize)> {
    let word: String = code.get(at..)?.iter().take_while(|&&c| is_word(c)).collect();
    let end = at + word.chars().count();
    (!word.is_empty()).then_some((word, end))
}

/// The bracket that closes the one at `open`, or the end.
fn closing(code: &[char], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, c) in code.iter().enumerate().skip(open) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

/// The brace that opens a function's body; none for a declaration.
fn body_start(code: &[char], mut at: usize) -> Option<usize> {
    loop {
        match code.get(at)? {
            '{' => return Some(at),
            ';' => return None,
            '(' | '[' => at = closing(code, at) + 1,
            _ => at += 1,
        }
    }
}

/// Expands a path with groups: `a::{b, c::d}` is `a::b` and `a::c::d`. Returns where it ends.
fn tree(code: &[char], start: usize, prefix: &mut Vec<String>, out: &mut Vec<Vec<String>>) -> usize {
    let (depth, mut at) = (prefix.len(), start);
    loop {
        at = skip_blanks(code, at);
        if code.get(at) == Some(&'{') {
            let close = closing(code, at);
            at += 1;
            while at < close {
                at = tree(code, at, prefix, out);
                // The rest of a member (`as name`) up to the next comma.
                at = code[at..close].iter().position(|&c| c == ',').map_or(close, |comma| at + comma + 1);
            }
            at = close + 1;
            break;
        }
        let Some((word, end)) = word_at(code, at) else {
            out.push(prefix.clone());
            break;
        };
        prefix.push(word);
        at = skip_blanks(code, end);
        if code.get(at..at + 2) != Some(&[':', ':']) {
            out.push(prefix.clone());
            at = end;
            break;
        }
        at += 2;
    }
    prefix.truncate(depth);
    at
}

/// Blanks comments and marks literals, and keeps every line break.
fn code_only(text: &str) -> Vec<char> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::with_capacity(chars.len() + 1);
    let mut at = 0;
    while at < chars.len() {
        let (end, mark) = skipped(&chars, at);
        out.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { mark.unwrap_or(c) }));
        at = end;
    }
    out.push('\n');
    out
}

/// Where the comment, literal or single character at `at` ends, and what stands for it.
fn skipped(chars: &[char], at: usize) -> (usize, Option<char>) {
    let rest = &chars[at..];
    let word_before = at > 0 && is_word(chars[at - 1]);
    match rest {
        ['/', '/', ..] => (at + rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()), Some(' ')),
        ['/', '*', ..] => (at + block_comment(rest), Some(' ')),
        ['r', ..] | ['b' | 'c', 'r', ..] if !word_before && raw_string(rest).is_some() => {
            (at + raw_string(rest).unwrap_or(1), Some('"'))
        }
        ['"', ..] => (at + 1 + quoted(&rest[1..], '"'), Some('"')),
        ['\'', '\\', ..] => (at + 1 + quoted(&rest[1..], '\''), Some('"')),
        ['\'', _, '\'', ..] => (at + 3, Some('"')),
        _ => (at + 1, None),
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn raw_string(rest: &[char]) -> Option<usize> {
    let prefix = if rest[0] == 'r' { 1 } else { 2 };
    let hashes = rest[prefix..].iter().take_while(|&&c| c == '#').count();
    let start = prefix + hashes;
    (rest.get(start) == Some(&'"')).then(|| {
        let mut end: Vec<char> = vec!['"'];
        end.extend(std::iter::repeat_n('#', hashes));
        let found = rest[start + 1..].windows(end.len()).position(|window| window == end);
        found.map_or(rest.len(), |position| start + 1 + position + end.len())
    })
}

/// Characters up to and with the closing quote.
fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 0;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}
