//! The one text of a JSON document: sorted keys, exact numbers, fewest escapes, no blanks.
//!
//! Numbers never become floats. A key that comes twice has no agreed meaning (some engines keep the first, some the
//! last, some both), so such a document has no canonical text.

use super::number::Number;

/// Deepest nesting that is read; deeper documents have no canonical text.
const DEPTH_MAX: usize = 128;

/// Why a text has no canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonFault {
    /// Not JSON, from this byte on.
    #[error("not JSON at byte {0}")]
    Syntax(usize),
    /// An object has this key twice.
    #[error("the key {0} comes twice")]
    DuplicateKey(String),
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
}

/// Appends the canonical text of a document; on a fault, what was appended means nothing.
pub(crate) fn canonicalise(text: &[u8], out: &mut Vec<u8>) -> Result<(), JsonFault> {
    let mut reader = Reader { text, position: 0, out };
    reader.value(0)?;
    reader.skip_blanks();
    if reader.position < text.len() { Err(reader.syntax()) } else { Ok(()) }
}

struct Reader<'a> {
    text: &'a [u8],
    position: usize,
    out: &'a mut Vec<u8>,
}

/// Where a member stands in the output: key, and key with value.
struct Member {
    start: usize,
    key_end: usize,
    end: usize,
}

impl Reader<'_> {
    fn syntax(&self) -> JsonFault {
        JsonFault::Syntax(self.position)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.position).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonFault> {
        if self.peek() != Some(byte) {
            return Err(self.syntax());
        }
        self.position += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<(), JsonFault> {
        if depth > DEPTH_MAX {
            return Err(JsonFault::TooDeep);
        }
        self.skip_blanks();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.syntax()),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonFault> {
        if !self.text[self.position..].starts_with(word) {
            return Err(self.syntax());
        }
        self.position += word.len();
        self.out.extend_from_slice(word);
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonFault> {
        let rest = &self.text[self.position..];
        let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.iter().position(|byte| !in_number(byte)).unwrap_or(rest.len());
        let text = &rest[..length];
        // JSON is stricter than a number in general: no leading zero, digits on both sides of a point.
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        let whole = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let fraction_is_whole =
            digits.get(whole) != Some(&b'.') || digits.get(whole + 1).is_some_and(u8::is_ascii_digit);
        let leading_zero = whole > 1 && digits[0] == b'0';
        let number = Number::parse(text).filter(|_| whole > 0 && fraction_is_whole && !leading_zero);
        number.ok_or_else(|| self.syntax())?.write_canonical(self.out);
        self.position += length;
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonFault> {
        self.expect(b'[')?;
        self.out.push(b'[');
        self.skip_blanks();
        if self.peek() != Some(b']') {
            loop {
                self.value(depth + 1)?;
                self.skip_blanks();
                if self.peek() != Some(b',') {
                    break;
                }
                self.position += 1;
                self.out.push(b',');
            }
        }
        self.expect(b']')?;
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonFault> {
        self.expect(b'{')?;
        self.out.push(b'{');
        let mut members: Vec<Member> = Vec::new();
        self.skip_blanks();
        if self.peek() != Some(b'}') {
            loop {
                self.skip_blanks();
                let start = self.out.len();
                self.string()?;
                let key_end = self.out.len();
                self.skip_blanks();
                self.expect(b':')?;
                self.out.push(b':');
                self.value(depth + 1)?;
                members.push(Member { start, key_end, end: self.out.len() });
                self.skip_blanks();
                if self.peek() != Some(b',') {
                    break;
                }
                self.position += 1;
                self.out.push(b',');
            }
        }
        self.expect(b'}')?;
        self.sort(members)?;
        self.out.push(b'}');
        Ok(())
    }

    /// Puts the members just written in the order of their keys.
    fn sort(&mut self, mut members: Vec<Member>) -> Result<(), JsonFault> {
        let out = &*self.out;
        let key = |member: &Member| &out[member.start..member.key_end];
        if !members.is_sorted_by(|a, b| key(a) < key(b)) {
            members.sort_by(|a, b| key(a).cmp(key(b)));
            if let Some([twice, _]) = members.array_windows().find(|[a, b]| key(a) == key(b)) {
                return Err(JsonFault::DuplicateKey(crate::base::escape::visible_bytes(key(twice))));
            }
            let begin = members.iter().map(|member| member.start).min().unwrap_or(out.len());
            let mut sorted = Vec::with_capacity(out.len() - begin);
            for member in &members {
                if !sorted.is_empty() {
                    sorted.push(b',');
                }
                sorted.extend_from_slice(&out[member.start..member.end]);
            }
            self.out.truncate(begin);
            self.out.append(&mut sorted);
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), JsonFault> {
        self.expect(b'"')?;
        self.out.push(b'"');
        loop {
            let rest = &self.text[self.position..];
            let plain = rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20);
            let plain = plain.ok_or_else(|| self.syntax())?;
            if std::str::from_utf8(&rest[..plain]).is_err() {
                return Err(self.syntax());
            }
            self.out.extend_from_slice(&rest[..plain]);
            self.position += plain;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(self.syntax()),
            }
        }
        self.position += 1;
        self.out.push(b'"');
        Ok(())
    }

    fn escape(&mut self) -> Result<(), JsonFault> {
        let fault = self.syntax();
        self.position += 1;
        let letter = self.peek().ok_or_else(|| fault.clone())?;
        self.position += 1;
        let c = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_unit().ok_or(fault),
            _ => return Err(fault),
        };
        self.push_char(c);
        Ok(())
    }

    /// Reads the four digits of `\uXXXX`, and of the second half of a pair. Half a pair alone is no character and
    /// stays an escape.
    fn code_unit(&mut self) -> Option<()> {
        let unit = self.four_digits()?;
        if (0xd800..0xdc00).contains(&unit) && self.text[self.position..].starts_with(b"\\u") {
            let before = self.position;
            self.position += 2;
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                self.push_char(char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?);
                return Some(());
            }
            self.position = before;
        }
        match char::from_u32(unit) {
            Some(c) => self.push_char(c),
            None => self.out.extend_from_slice(format!("\\u{unit:04x}").as_bytes()),
        }
        Some(())
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.position..self.position + 4)?;
        self.position += 4;
        digits.iter().try_fold(0, |sum, &digit| Some(sum * 16 + char::from(digit).to_digit(16)?))
    }

    fn push_char(&mut self, c: char) {
        match c {
            '"' | '\\' => self.out.extend_from_slice(&[b'\\', c as u8]),
            c if (c as u32) < 0x20 => self.out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes()),
            c => self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> Result<String, JsonFault> {
        let mut out = Vec::new();
        canonicalise(text.as_bytes(), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn trap_46_key_order_number_text_and_escapes_do_not_matter() {
        let one = canonical(r#" {"b": [1.0, 2e2, -0.0], "a": {"é": null, "x": true}} "#).unwrap();
        let other = canonical(r#"{"a":{"x":true,"\u00e9":null},"b":[1,200.00,0]}"#).unwrap();
        assert_eq!(one, other);
        assert_eq!(one, r#"{"a":{"x":true,"é":null},"b":[1,200,0]}"#);
    }

    #[test]
    fn trap_46_numbers_are_exact() {
        assert_ne!(canonical("9007199254740993"), canonical("9007199254740992"));
        assert_ne!(canonical("0.1"), canonical("0.10000000000000000001"));
        assert_eq!(canonical("12345678901234567890.50"), Ok("12345678901234567890.5".to_owned()));
        assert_eq!(canonical("1E400"), canonical("10e399"));
    }

    #[test]
    fn trap_46_a_key_that_comes_twice_is_reported() {
        assert_eq!(canonical(r#"{"a":1,"b":2,"a":1}"#), Err(JsonFault::DuplicateKey("\"a\"".to_owned())));
        assert_eq!(canonical(r#"[{"\u0061":1,"a":2}]"#), Err(JsonFault::DuplicateKey("\"a\"".to_owned())));
    }

    #[test]
    fn strings_keep_their_characters() {
        assert_eq!(canonical(r#""\ud83d\ude00""#), canonical("\"😀\""));
        assert_eq!(canonical(r#""\/\n\u001F""#).unwrap(), r#""/\u000a\u001f""#);
        assert_ne!(canonical(r#""\ud800""#), canonical(r#""\\ud800""#));
        assert_ne!(canonical(r#""\ud800\u0041""#), canonical(r#""A""#));
    }

    #[test]
    fn what_is_not_json_has_no_canonical_text() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\"}",
            "{a:1}",
            "'a'",
            "01",
            "1.",
            ".5",
            "+1",
            "1 2",
            "nul",
            "\"a",
            "\"\\x\"",
            "\"\u{1}\"",
            "[1",
            "NaN",
            "\"\\u12g4\"",
            "-",
            "{\"a\":1,}",
        ] {
            assert!(matches!(canonical(text), Err(JsonFault::Syntax(_))), "{text}");
        }
        assert!(canonicalise(b"\"\xff\"", &mut Vec::new()).is_err());
        assert_eq!(canonical(&"[".repeat(100_000)), Err(JsonFault::TooDeep));
    }

    fn document() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC*".prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                proptest::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Equal whatever the order of keys; `serde_json` compares its maps in order with `preserve_order`.
    fn shuffled(value: &serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(map) => {
                map.iter().rev().map(|(k, v)| (k.clone(), shuffled(v))).collect()
            }
            serde_json::Value::Array(items) => items.iter().map(shuffled).collect(),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn the_canonical_text_is_the_same_document_and_its_own_canonical_text(document in document()) {
            let once = canonical(&document.to_string()).unwrap();
            prop_assert_eq!(&canonical(&once).unwrap(), &once);
            prop_assert_eq!(&canonical(&shuffled(&document).to_string()).unwrap(), &once);
            prop_assert_eq!(&canonical(&format!("{document:#}")).unwrap(), &once);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&once).unwrap(), document);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let _ = canonicalise(&bytes, &mut Vec::new());
        }
    }
}
