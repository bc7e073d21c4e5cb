use proptest::prelude::*;

use super::*;

fn table() -> DiffTable {
    let column = |source: &str, target: &str, key| DiffColumn {
        source: source.to_owned(),
        target: target.to_owned(),
        key,
    };
    DiffTable {
        name: "orders".to_owned(),
        columns: vec![
            column("id", "id", true),
            column("varchar_field", "text_field", false),
            column("amount", "amount", false),
        ],
    }
}

const SOURCE: [ValueRef<'_>; 3] =
    [ValueRef::Integer(17), ValueRef::Text(b"a,\"b\"\r\n\x1b[2J"), ValueRef::Decimal("12.50")];
const TARGET: [ValueRef<'_>; 3] = [ValueRef::Integer(17), ValueRef::Null, ValueRef::Decimal("13.00")];
const NEW: [ValueRef<'_>; 3] = [ValueRef::Integer(18), ValueRef::Text(b""), ValueRef::Null];
const OLD: [ValueRef<'_>; 3] = [ValueRef::Integer(-3), ValueRef::Text(b"NULL"), ValueRef::Blob(b"\0\xff")];

fn differences() -> [Difference<'static>; 3] {
    let missing = Difference { kind: FindingKind::Missing, source: Some(&NEW), target: None, differing: &[] };
    let extra = Difference { kind: FindingKind::Extra, source: None, target: Some(&OLD), differing: &[] };
    [
        Difference {
            kind: FindingKind::Changed,
            source: Some(&SOURCE),
            target: Some(&TARGET),
            differing: &[1, 2],
        },
        missing,
        extra,
    ]
}

fn written(write: impl FnOnce(&DiffTable, &mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&table(), &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("reports are UTF-8")
}

fn all(writer: &mut dyn DiffWriter) -> io::Result<()> {
    for difference in &differences() {
        writer.difference(difference)?;
    }
    writer.finish()
}

#[test]
fn json_has_one_object_a_difference() {
    let text = written(|table, out| all(&mut JsonDiff::new(out, table.clone())));
    let expected = concat!(
        r#"{"table":"orders","kind":"changed","key":{"id":17},"#,
        r#""source":{"id":17,"varchar_field":"a,\"b\"\r\n\u001b[2J","amount":"12.50"},"#,
        r#""target":{"id":17,"text_field":null,"amount":"13.00"},"columns":["varchar_field","amount"]}"#,
        "\n",
        r#"{"table":"orders","kind":"missing","key":{"id":18},"#,
        r#""source":{"id":18,"varchar_field":"","amount":null},"target":null,"columns":[]}"#,
        "\n",
        r#"{"table":"orders","kind":"extra","key":{"id":-3},"source":null,"#,
        r#""target":{"id":-3,"text_field":"NULL","amount":{"$blob":"00ff"}},"columns":[]}"#,
        "\n",
    );
    assert_eq!(text, expected);
}

#[test]
fn json_keeps_every_digit_and_says_what_it_cannot() {
    let row = [ValueRef::Integer(u64::MAX.into()), ValueRef::Real(1.0), ValueRef::Text(b"ab\xff")];
    let nan = [ValueRef::Integer(i128::MIN), ValueRef::Real(f64::NAN), ValueRef::Real(f64::NEG_INFINITY)];
    let text = written(|table, out| {
        let mut writer = JsonDiff::new(out, table.clone());
        for row in [&row, &nan] {
            let kind = FindingKind::Missing;
            writer.difference(&Difference { kind, source: Some(row), target: None, differing: &[] })?;
        }
        Ok(())
    });
    assert!(text.contains(r#""id":18446744073709551615,"varchar_field":1.0,"amount":{"$text":"6162ff"}"#));
    assert!(text.contains(
        r#""id":-170141183460469231731687303715884105728,"varchar_field":{"$real":"NaN"},"amount":{"$real":"-inf"}"#
    ));
}

#[test]
fn csv_tells_null_from_the_empty_text_and_quotes_what_must_be() {
    let text = written(|table, out| all(&mut CsvDiff::new(out, table.clone(), ControlCharacters::Kept)));
    let expected = concat!(
        "table,kind,side,differing,id,varchar_field,amount\r\n",
        "orders,changed,source,varchar_field;amount,17,\"a,\"\"b\"\"\r\n\u{1b}[2J\",12.50\r\n",
        "orders,changed,target,varchar_field;amount,17,,13.00\r\n",
        "orders,missing,source,\"\",18,\"\",\r\n",
        "orders,extra,target,\"\",-3,NULL,x'00ff'\r\n",
    );
    assert_eq!(text, expected);
}

#[test]
fn csv_for_a_terminal_has_no_control_character_but_its_own_line_ends() {
    let text = written(|table, out| all(&mut CsvDiff::new(out, table.clone(), ControlCharacters::Escaped)));
    assert!(text.contains("\"a,\"\"b\"\"\\r\\n\\x1b[2J\""));
    assert!(text.split("\r\n").all(|line| !line.contains(char::is_control)));
}

#[test]
fn no_differences_are_a_header_or_a_count() {
    let nothing = |writer: &mut dyn DiffWriter| writer.finish();
    let csv = written(|table, out| nothing(&mut CsvDiff::new(out, table.clone(), ControlCharacters::Kept)));
    assert_eq!(csv, "table,kind,side,differing,id,varchar_field,amount\r\n");
    assert_eq!(written(|table, out| nothing(&mut JsonDiff::new(out, table.clone()))), "");
    assert_eq!(
        written(|table, out| nothing(&mut TableDiff::new(out, table.clone(), 80))),
        "orders: 0 differences (0 missing, 0 changed, 0 extra)\n"
    );
}

#[test]
fn for_reading_each_difference_is_a_paragraph() {
    let text = written(|table, out| all(&mut TableDiff::new(out, table.clone(), 80)));
    let expected = "\
changed id=17
  varchar_field  source 'a,\"b\"\\r\\n\\x1b[2J'
                 target NULL
  amount         source 12.50
                 target 13.00
missing id=18
  varchar_field  ''
  amount         NULL
extra   id=-3
  varchar_field  'NULL'
  amount         x'00ff'
orders: 3 differences (1 missing, 1 changed, 1 extra)
";
    assert_eq!(text, expected);
}

/// Reads RFC 4180: records of fields, none for an empty field without quotes.
fn parse(text: &str) -> Vec<Vec<Option<String>>> {
    let mut records = vec![vec![]];
    let mut rest = text;
    while !rest.is_empty() {
        let field = if let Some(quoted) = rest.strip_prefix('"') {
            let mut field = String::new();
            let mut end = 0;
            loop {
                let quote = end + quoted[end..].find('"').expect("a quoted field ends");
                field.push_str(&quoted[end..quote]);
                end = quote + 1;
                if !quoted[end..].starts_with('"') {
                    break;
                }
                field.push('"');
                end += 1;
            }
            rest = &quoted[end..];
            Some(field)
        } else {
            let end = rest.find([',', '\r']).expect("a record ends");
            let field = (end > 0).then(|| rest[..end].to_owned());
            rest = &rest[end..];
            field
        };
        records.last_mut().expect("there is always a record").push(field);
        if let Some(after) = rest.strip_prefix("\r\n") {
            records.push(vec![]);
            rest = after;
        } else {
            rest = rest.strip_prefix(',').expect("fields are separated by commas");
        }
    }
    records.pop();
    records
}

proptest! {
    #[test]
    fn csv_is_read_back_as_it_was(texts in prop::array::uniform2(prop::option::of("[a\",;\r\n' ]{0,6}|\\PC{0,4}"))) {
        let mut row = vec![ValueRef::Integer(1)];
        row.extend(texts.iter().map(|text| match text {
            Some(text) => ValueRef::Text(text.as_bytes()),
            None => ValueRef::Null,
        }));
        let text = written(|table, out| {
            let mut writer = CsvDiff::new(out, table.clone(), ControlCharacters::Kept);
            writer.difference(&Difference {
                kind: FindingKind::Missing,
                source: Some(&row),
                target: None,
                differing: &[],
            })?;
            writer.finish()
        });
        let records = parse(&text);
        prop_assert_eq!(records.len(), 2);
        prop_assert_eq!(&records[1][5..], &texts[..]);
    }
}
