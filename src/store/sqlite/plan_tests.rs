//! What SQLite's planner makes of the statements: every walk is a search or scan of the index that serves it, without
//! sorting, also where a filter offers another index (traps 23 and 25).

use rusqlite::Connection;

use super::access::{self, Access};
use super::connect::Place;
use super::fetch;
use super::reader::{Reader, View};
use super::scan::{Flow, Scan, Walk, key_conditions};
use crate::model::block::RowShape;
use crate::model::compare::CompareForm;
use crate::model::key::Key;
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::model::schema::TableName;
use crate::model::types::LogicalType;
use crate::model::value::Value;
use crate::store::Role;

struct Fixture {
    _folder: tempfile::TempDir,
    reader: Reader,
}

fn fixture(sql: &str) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    let reader = Reader::open(&Place { path, role: Role::Source }).unwrap();
    Fixture { _folder: folder, reader }
}

impl Fixture {
    fn view(&self, table: &str, columns: &[&str], key_length: usize, filter: Option<&str>) -> View {
        let view = TableView {
            table: TableName::new(table),
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
            types: vec![LogicalType::Any; columns.len()],
            shape: RowShape::new((0..key_length).collect(), vec![CompareForm::Exact; columns.len()]),
            filter: filter.map(str::to_owned),
            modify_column: None,
        };
        self.reader.view(&view, "testing").unwrap()
    }

    fn explain(&self, sql: &str) -> String {
        let mut statement = self.reader.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let lines = statement.raw_query().mapped(|row| row.get::<_, String>(3));
        lines.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    }

    /// The plans of a walk at its start, and when it goes on behind the first row.
    fn walk(&self, view: &View, access: Access, range: &KeyRange) -> [String; 2] {
        let conditions = key_conditions(view, range).unwrap();
        let walk = Walk { view, access, columns: &view.columns, conditions, operation: String::new() };
        let mut scan = Scan::new(&self.reader, walk);
        let start = self.explain(&scan.text());
        scan.run(&self.reader, |_| Ok(Flow::Pause)).unwrap();
        [start, self.explain(&scan.text())]
    }

    fn by_key(&self, view: &View, range: &KeyRange) -> [String; 2] {
        self.walk(view, access::by_key(&view.facts, &view.key).expect("an index serves the key"), range)
    }
}

fn key(values: &[Value]) -> Key {
    Key::from_values(values)
}

fn int(n: i64) -> Value {
    Value::Integer(n.into())
}

/// Analysed, so that the planner knows how few rows there are.
const TABLES: &str = "
    CREATE TABLE r(id INTEGER PRIMARY KEY, kind TEXT, a INT NOT NULL, b INT NOT NULL, m TEXT);
    CREATE INDEX r_kind ON r(kind); CREATE UNIQUE INDEX r_ab ON r(a, b); CREATE INDEX r_m ON r(m);
    INSERT INTO r SELECT value, 'work', 1, value, 'x' FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12]');
    CREATE TABLE w(c TEXT, b INT, a INT, kind TEXT, PRIMARY KEY(a, b)) WITHOUT ROWID;
    CREATE INDEX w_kind ON w(kind); CREATE INDEX w_c ON w(c);
    INSERT INTO w SELECT 'x', value, 1, 'work' FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12]');
    ANALYZE;";

fn bounds() -> KeyRange {
    KeyRange::new(Some(key(&[int(1), int(0)])), Some(key(&[int(9), int(9)])))
}

#[test]
fn trap_23_a_rowid_range_is_a_search_whatever_the_filter_offers() {
    let fixture = fixture(TABLES);
    let view = fixture.view("r", &["id", "kind"], 1, Some("kind = 'work'"));
    let range = KeyRange::new(Some(key(&[int(1)])), Some(key(&[int(9)])));
    let [start, later] = fixture.by_key(&view, &range);
    assert_eq!(start, "SEARCH main.r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
    assert_eq!(later, start);
}

#[test]
fn trap_23_composite_bounds_use_every_column_of_the_key() {
    let fixture = fixture(TABLES);
    let view = fixture.view("r", &["a", "b", "kind"], 2, Some("kind = 'work'"));
    let [start, later] = fixture.by_key(&view, &bounds());
    assert_eq!(start, "SEARCH main.r USING INDEX r_ab ((a,b)>(?,?) AND (a,b)<(?,?))");
    assert_eq!(later, "SEARCH main.r USING INDEX r_ab (a=? AND b>?)");
    let [start, _] = fixture.by_key(&view, &KeyRange::all());
    assert_eq!(start, "SCAN main.r USING INDEX r_ab");
}

#[test]
fn trap_24_a_key_in_another_order_than_its_columns_is_walked_in_key_order() {
    let fixture = fixture(TABLES);
    let view = fixture.view("w", &["a", "b", "c"], 2, Some("kind = 'work'"));
    let [start, later] = fixture.by_key(&view, &bounds());
    assert_eq!(start, "SEARCH main.w USING PRIMARY KEY ((a,b)>(?,?) AND (a,b)<(?,?))");
    assert_eq!(later, "SEARCH main.w USING PRIMARY KEY (a=? AND b>?)");
}

#[test]
fn walks_over_the_table_and_over_a_stamp_do_not_sort() {
    let fixture = fixture(TABLES);
    for table in ["r", "w"] {
        let view = fixture.view(table, &["a", "b", "kind"], 2, Some("kind = 'work'"));
        let plans = fixture.walk(&view, access::by_table(&view.facts).unwrap(), &KeyRange::all());
        assert!(
            plans.iter().all(|plan| !plan.contains("TEMP B-TREE") && !plan.contains("_kind")),
            "{plans:?}"
        );
    }
    for (table, column) in [("r", "m"), ("w", "c")] {
        let view = fixture.view(table, &["a", "b", column], 2, None);
        let stamp = view.facts.position(column).unwrap();
        let access = access::by_index_on(&view.facts, stamp).unwrap();
        let plans = fixture.walk(&view, access, &KeyRange::all());
        assert!(plans.iter().all(|plan| !plan.contains("TEMP B-TREE")), "{plans:?}");
        assert!(plans.iter().all(|plan| plan.contains(&format!("INDEX {table}_{column}"))), "{plans:?}");
    }
}

#[test]
fn repeated_keys_are_told_apart_without_sorting() {
    let fixture = fixture(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, k INT); CREATE INDEX t_k ON t(k);
        INSERT INTO t VALUES (1, 5), (2, 5);
        CREATE TABLE u(x INT, y INT, k INT, PRIMARY KEY(x, y DESC)) WITHOUT ROWID; CREATE INDEX u_k ON u(k);
        INSERT INTO u VALUES (1, 1, 5), (1, 2, 5);",
    );
    for (table, later_expected) in [
        ("t", "SEARCH main.t USING COVERING INDEX t_k (k=? AND rowid>?)"),
        ("u", "SEARCH main.u USING COVERING INDEX u_k (k=? AND x=? AND y<?)"),
    ] {
        let view = fixture.view(table, &["k"], 1, None);
        let [start, later] = fixture.by_key(&view, &KeyRange::all());
        assert!(start.starts_with("SCAN") && !start.contains("TEMP B-TREE"), "{start}");
        assert_eq!(later, later_expected);
    }
}

#[test]
fn one_key_is_one_search() {
    let fixture = fixture(TABLES);
    let view = fixture.view("r", &["a", "b", "kind"], 2, Some("kind = 'work'"));
    assert_eq!(fixture.explain(&fetch::statement(&view)), "SEARCH main.r USING INDEX r_ab (a=? AND b=?)");
    let view = fixture.view("r", &["id", "kind"], 1, Some("kind = 'work'"));
    assert_eq!(
        fixture.explain(&fetch::statement(&view)),
        "SEARCH main.r USING INTEGER PRIMARY KEY (rowid=?)"
    );
}
