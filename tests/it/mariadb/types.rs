//! Every built-in type at its limits, read and written.

use syncline::model::types::LogicalType;
use syncline::model::value::Value;
use syncline::store::{Change, ErrorClass, RefusalKind, Role};

use super::rows;
use crate::contract::fixture::{batch, block, int, text, view, write_target};
use crate::contract::mariadb::{Scratch, run};

/// SQL type, literals, and what they are here.
fn limits() -> Vec<(&'static str, Vec<(&'static str, Value)>)> {
    let decimal = |digits: &str| Value::Decimal(digits.to_owned());
    let nines = "99999999999999999999999999999999999999999999999999999999999999999";
    vec![
        ("TINYINT", vec![("-128", int(-128)), ("127", int(127))]),
        ("TINYINT(1)", vec![("2", int(2)), ("TRUE", int(1))]),
        ("SMALLINT UNSIGNED", vec![("65535", int(65_535))]),
        ("MEDIUMINT", vec![("-8388608", int(-8_388_608)), ("8388607", int(8_388_607))]),
        ("MEDIUMINT UNSIGNED", vec![("16777215", int(16_777_215))]),
        ("INT", vec![("-2147483648", int(i32::MIN.into()))]),
        ("BIGINT", vec![("-9223372036854775808", int(i64::MIN.into()))]),
        ("BIGINT UNSIGNED", vec![("18446744073709551615", int(u64::MAX.into())), ("0", int(0))]),
        ("INT(9) ZEROFILL", vec![("42", int(42))]),
        ("DECIMAL(65,0)", vec![(nines, decimal(nines)), ("-1", decimal("-1"))]),
        ("DECIMAL(10,4) ZEROFILL", vec![("12.5", decimal("12.5000"))]),
        ("FLOAT", vec![("16777217", Value::Real(16_777_216.0)), ("0.1", Value::Real(0.1f32.into()))]),
        ("DOUBLE", vec![("5e-324", Value::Real(5e-324)), ("1.7976931348623157e308", Value::Real(f64::MAX))]),
        ("BIT(1)", vec![("b'1'", Value::Boolean(true))]),
        ("BIT(64)", vec![("18446744073709551615", int(u64::MAX.into())), ("b'101'", int(5))]),
        ("YEAR", vec![("1901", int(1901)), ("2155", int(2155)), ("0", int(0))]),
        ("CHAR(5)", vec![("'a  '", text("a")), ("''", text(""))]),
        ("VARCHAR(5)", vec![("'a  '", text("a  ")), ("'🦀é'", text("🦀é"))]),
        ("ENUM('b','a')", vec![("'a'", text("a"))]),
        ("SET('x','y')", vec![("'y,x'", text("x,y")), ("''", text(""))]),
        ("BINARY(3)", vec![("'a'", Value::Blob(b"a\0\0".to_vec()))]),
        ("VARBINARY(3)", vec![("x'00ff'", Value::Blob(vec![0, 255]))]),
        ("DATE", vec![("'9999-12-31'", Value::Date(2_932_896)), ("'1969-12-31'", Value::Date(-1))]),
        (
            "TIME(6)",
            vec![("'-838:59:59.999999'", Value::Time(-3_020_399_999_999)), ("'00:00'", Value::Time(0))],
        ),
        ("DATETIME(6)", vec![("'9999-12-31 23:59:59.999999'", Value::Timestamp(253_402_300_799_999_999))]),
        (
            "TIMESTAMP(3) NULL",
            vec![("'2038-01-19 03:14:07.999'", Value::TimestampUtc(2_147_483_647_999_000))],
        ),
        ("JSON", vec![("'{\"b\": 1, \"a\": []}'", Value::Json(b"{\"b\": 1, \"a\": []}".to_vec()))]),
        (
            "UUID",
            vec![(
                "'123e4567-e89b-12d3-a456-426655440000'",
                Value::Uuid(*b"\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x55\x44\x00\x00"),
            )],
        ),
        ("INET6", vec![("'2001:db8::1'", text("2001:db8::1"))]),
    ]
}

#[tokio::test]
async fn every_type_is_read_and_written_at_its_limits() {
    let scratch = Scratch::new().await;
    let mut tables = vec!["SET time_zone = '+00:00', sql_mode = ''".to_owned()];
    for (n, (sql, values)) in limits().iter().enumerate() {
        let rows = values.iter().enumerate().map(|(id, (literal, _))| format!("({id}, {literal})"));
        let rows = rows.collect::<Vec<_>>().join(", ");
        tables.extend(["s", "t"].map(|name| format!("CREATE TABLE {name}{n} (id INT PRIMARY KEY, v {sql})")));
        tables.push(format!("INSERT INTO s{n} VALUES {rows}, (99, NULL)"));
    }
    run(Some(&scratch.name), &tables.join("; ")).await;
    let store = scratch.store(Role::Target);
    for (n, (sql, values)) in limits().into_iter().enumerate() {
        let mut expected: Vec<Vec<Value>> =
            values.iter().enumerate().map(|(id, (_, value))| vec![int(id as i128), value.clone()]).collect();
        expected.push(vec![int(99), Value::Null]);
        assert_eq!(rows(&*store, &format!("s{n}"), &["id"]).await, expected, "{sql}");
        let target = write_target(&view(&*store, &format!("t{n}"), &["id"]).await);
        for change in [Change::Insert(block(1, &expected)), Change::Update(block(1, &expected))] {
            store.apply(&batch(&target, change)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        assert_eq!(rows(&*store, &format!("t{n}"), &["id"]).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn trap_18_zero_dates_come_and_go_as_they_are() {
    let scratch = Scratch::new().await;
    let create = "SET sql_mode = ''; CREATE TABLE t (id INT PRIMARY KEY, d DATE, s DATETIME(3), z TIMESTAMP NULL);
        INSERT INTO t VALUES (1, '0000-00-00', '0000-00-00', '0000-00-00'), (2, '2020-00-10', '2020-10-00 01:02:03', NULL);";
    run(Some(&scratch.name), create).await;
    let store = scratch.store(Role::Target);
    let zero = "0000-00-00 00:00:00";
    let expected = vec![
        vec![int(1), text("0000-00-00"), text(zero), text(zero)],
        vec![int(2), text("2020-00-10"), text("2020-10-00 01:02:03"), Value::Null],
    ];
    assert_eq!(rows(&*store, "t", &["id"]).await, expected);
    let target = write_target(&view(&*store, "t", &["id"]).await);
    run(Some(&scratch.name), "DELETE FROM t").await;
    store.apply(&batch(&target, Change::Insert(block(1, &expected)))).await.unwrap();
    assert_eq!(rows(&*store, "t", &["id"]).await, expected);
}

#[tokio::test]
async fn trap_42_text_is_kept_or_refused_and_never_turned_into_question_marks() {
    let scratch = Scratch::new().await;
    let create = "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9) CHARACTER SET utf8mb3, w VARCHAR(9) CHARACTER SET latin1)";
    run(Some(&scratch.name), create).await;
    let store = scratch.store(Role::Target);
    let target = write_target(&view(&*store, "t", &["id"]).await);
    let fine = [vec![int(1), text("é日"), text("é€")]];
    store.apply(&batch(&target, Change::Insert(block(1, &fine)))).await.unwrap();
    assert_eq!(rows(&*store, "t", &["id"]).await, fine);
    let refused = [
        vec![int(2), text("🦀"), text("")],
        vec![int(2), text(""), text("日")],
        vec![int(2), text("0123456789"), text("")],
        vec![int(2), Value::Text(vec![0xff]), text("")],
    ];
    for bad in refused {
        let rows = block(1, &[fine[0].clone(), bad.clone()]);
        let error = store.apply(&batch(&target, Change::Insert(rows))).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Data, "{error}");
        let refusal = error.refusal.unwrap();
        assert_eq!((refusal.kind, refusal.position), (RefusalKind::Value, Some(1)), "{error}");
    }
}

#[tokio::test]
async fn the_catalogue_tells_what_types_mean() {
    let scratch = Scratch::new().await;
    let create = "CREATE TABLE t (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, d DECIMAL(65,30), j JSON, u UUID,
        g INT GENERATED ALWAYS AS (d + 1) STORED, c CHAR(3), b VARBINARY(7), n TIMESTAMP(3) NULL, e ENUM('a','bcd'));
        CREATE TRIGGER moved BEFORE UPDATE ON t FOR EACH ROW SET NEW.c = 'x';";
    run(Some(&scratch.name), create).await;
    let table = scratch.store(Role::Source).describe().await.unwrap().tables.remove(0);
    let expected = [
        ("bigint unsigned", LogicalType::Integer { bits: 64, signed: false }),
        ("decimal(65,30)", LogicalType::Decimal { precision: Some(65), scale: Some(30) }),
        ("longtext", LogicalType::Json),
        ("uuid", LogicalType::Uuid),
        ("int", LogicalType::Integer { bits: 32, signed: true }),
        ("char(3)", LogicalType::Char { length: 3 }),
        ("varbinary(7)", LogicalType::Blob { length_max: Some(7) }),
        ("timestamp(3)", LogicalType::TimestampUtc { precision: 3 }),
        ("enum('a','bcd')", LogicalType::Text { length_max: Some(3) }),
    ];
    let told: Vec<_> =
        table.columns.iter().map(|c| (c.declared_type.as_str(), c.logical_type.clone())).collect();
    assert_eq!(told, expected);
    let generated: Vec<_> = table.columns.iter().filter(|c| c.generated).map(|c| c.name.as_str()).collect();
    assert_eq!((generated, table.triggers), (vec!["g"], vec!["moved".to_owned()]));
}
