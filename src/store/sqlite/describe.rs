//! The catalogue of a SQLite database in the terms that every engine shares.

use rusqlite::Connection;

use super::facts::{self, IndexFacts, TableFacts};
use super::lexer::{self, Token};
use super::types;
use crate::model::schema::{
    Catalog, Column, ForeignKey, Index, IndexColumn, ReferentialAction, Table, TableName,
};

/// Name that the rowid of a table with an integer key is listed under as an index.
const ROWID_INDEX: &str = "rowid";

/// Every ordinary table.
pub(super) fn catalog(connection: &Connection) -> rusqlite::Result<Catalog> {
    let mut tables = Vec::new();
    for name in facts::table_names(connection)? {
        if let Some(facts) = TableFacts::read(connection, &name)? {
            tables.push(table(connection, &facts)?);
        }
    }
    Ok(Catalog { tables })
}

fn table(connection: &Connection, facts: &TableFacts) -> rusqlite::Result<Table> {
    let columns = facts.columns.iter().map(|column| Column {
        name: column.name.clone(),
        declared_type: column.declared.clone(),
        logical_type: types::logical(&column.declared, facts.strict),
        nullable: !column.not_null,
        default: column.default.clone(),
        generated: column.generated,
        byte_collation: column.key_order,
    });
    let name_of = |position: &usize| facts.columns[*position].name.clone();
    let rowid = facts.rowid_column.iter().map(|column| Index {
        name: ROWID_INDEX.to_owned(),
        columns: vec![IndexColumn { name: Some(name_of(column)), byte_order: true, descending: false }],
        unique: true,
        partial: false,
    });
    Ok(Table {
        name: TableName::new(&facts.name),
        columns: columns.collect(),
        primary_key: facts.primary_key.iter().map(name_of).collect(),
        indexes: rowid.chain(facts.indexes.iter().map(|found| index(facts, found))).collect(),
        foreign_keys: foreign_keys(connection, &facts.name)?,
        triggers: triggers(connection, &facts.name)?,
        strict: facts.strict,
        without_rowid: facts.without_rowid,
    })
}

fn index(facts: &TableFacts, found: &IndexFacts) -> Index {
    let columns = found.columns.iter().map(|column| {
        let of_table = column.column.map(|position| &facts.columns[position]);
        IndexColumn {
            name: of_table.map(|column| column.name.clone()),
            byte_order: column.collation.eq_ignore_ascii_case("BINARY")
                && of_table.is_some_and(|column| column.key_order),
            descending: column.descending,
        }
    });
    Index {
        name: found.name.clone(),
        columns: columns.collect(),
        unique: found.unique,
        partial: found.partial,
    }
}

fn triggers(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM main.sqlite_schema
        WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE ORDER BY rowid";
    connection.prepare(sql)?.query_map([table], |row| row.get(0))?.collect()
}

fn foreign_keys(connection: &Connection, table: &str) -> rusqlite::Result<Vec<ForeignKey>> {
    let sql = "SELECT id, \"table\", \"from\", \"to\", on_delete FROM pragma_foreign_key_list(?1, 'main')
        ORDER BY id DESC, seq";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([table])?;
    let mut found: Vec<(i64, ForeignKey)> = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if found.last().is_none_or(|(last, _)| *last != id) {
            let on_delete = match row.get::<_, String>(4)?.to_ascii_uppercase().as_str() {
                "CASCADE" => ReferentialAction::Cascade,
                "SET NULL" => ReferentialAction::SetNull,
                "SET DEFAULT" => ReferentialAction::SetDefault,
                _ => ReferentialAction::Refuse,
            };
            let foreign_key = ForeignKey {
                columns: Vec::new(),
                parent: TableName::new(row.get::<_, String>(1)?),
                parent_columns: Vec::new(),
                on_delete,
                deferred: false,
            };
            found.push((id, foreign_key));
        }
        let foreign_key = &mut found.last_mut().expect("one was just pushed").1;
        foreign_key.columns.push(row.get(2)?);
        foreign_key.parent_columns.extend(row.get::<_, Option<String>>(3)?);
    }
    let sql = "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1";
    let declared: String = connection.query_row(sql, [table], |row| row.get(0))?;
    let deferred = deferred_in_order(&declared);
    // The pragma counts from the last declared to the first. Where the two lists differ, none is taken as deferred:
    // an order of writes that satisfies immediate checks satisfies deferred ones too.
    if deferred.len() == found.len() {
        for ((_, foreign_key), deferred) in found.iter_mut().zip(deferred) {
            foreign_key.deferred = deferred;
        }
    }
    Ok(found.into_iter().map(|(_, foreign_key)| foreign_key).collect())
}

/// For each foreign key in the order of declaration, whether it is checked only at commit.
fn deferred_in_order(create_table: &str) -> Vec<bool> {
    let Ok(tokens) = lexer::tokens(create_table) else { return Vec::new() };
    let is = |position: usize, word: &str| matches!(tokens.get(position), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
    let mut deferred = Vec::new();
    for position in 0..tokens.len() {
        if is(position, "references") {
            deferred.push(false);
        } else if is(position, "deferrable")
            && position.checked_sub(1).is_some_and(|before| !is(before, "not"))
            && is(position + 1, "initially")
            && is(position + 2, "deferred")
            && let Some(last) = deferred.last_mut()
        {
            *last = true;
        }
    }
    deferred
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(sql: &str, name: &str) -> Table {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        catalog(&connection).unwrap().find(&TableName::new(name)).unwrap().clone()
    }

    #[test]
    fn views_internal_virtual_and_shadow_tables_are_left_out() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE a(id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE VIEW v AS SELECT 1;
                CREATE VIRTUAL TABLE f USING fts5(x); CREATE TABLE syncline_unit(a); CREATE TABLE \"B\nc\"(d);",
            )
            .unwrap();
        let names: Vec<_> = catalog(&connection).unwrap().tables.into_iter().map(|t| t.name.name).collect();
        assert_eq!(names, ["a", "B\nc"]);
    }

    #[test]
    fn trap_24_the_primary_key_comes_in_key_order() {
        let table =
            described("CREATE TABLE t(c TEXT, b INT, a INT, PRIMARY KEY(a, b)) WITHOUT ROWID, STRICT", "t");
        assert_eq!(table.primary_key, ["a", "b"]);
        assert!(table.strict && table.without_rowid);
        assert!(table.serves_order(&["a".into(), "b".into()]));
        assert!(!table.serves_order(&["b".into(), "a".into()]));
        assert!(!table.column("a").unwrap().nullable);
    }

    #[test]
    fn trap_01_only_binary_ascending_whole_indexes_serve_key_order() {
        let table = described(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE, b TEXT, c TEXT, d TEXT, e TEXT);
            CREATE INDEX i1 ON t(a); CREATE INDEX i2 ON t(b COLLATE NOCASE); CREATE INDEX i3 ON t(c DESC);
            CREATE INDEX i4 ON t(d) WHERE d > 'x'; CREATE INDEX i5 ON t(lower(e)); CREATE INDEX i6 ON t(e);",
            "t",
        );
        let serves = |column: &str| table.serves_order(&[column.to_owned()]);
        assert!(serves("id") && serves("e"));
        assert!(!serves("a") && !serves("b") && !serves("c") && !serves("d"));
        assert!(!table.column("a").unwrap().byte_collation);
        assert_eq!(table.indexes[0].name, "rowid");
        let lower = table.indexes.iter().find(|index| index.name == "i5").unwrap();
        assert_eq!(lower.columns[0].name, None);
    }

    #[test]
    fn a_utf16_database_does_not_claim_byte_order_for_text() {
        let table = described(
            "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT UNIQUE);",
            "t",
        );
        assert!(table.serves_order(&["id".into()]));
        assert!(!table.serves_order(&["a".into()]));
    }

    #[test]
    fn foreign_keys_carry_their_actions_and_when_they_are_checked() {
        let table = described(
            "CREATE TABLE p(x PRIMARY KEY, y, z, UNIQUE(y, z));
            CREATE TABLE t(a REFERENCES p ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
                b REFERENCES p(x) ON DELETE SET NULL NOT DEFERRABLE INITIALLY DEFERRED, -- references nothing
                c DEFAULT 'references', d,
                FOREIGN KEY(c, d) REFERENCES p(y, z) ON DELETE SET DEFAULT DEFERRABLE INITIALLY IMMEDIATE,
                FOREIGN KEY(d) REFERENCES t(a) DEFERRABLE INITIALLY DEFERRED);",
            "t",
        );
        let keys: Vec<_> = table
            .foreign_keys
            .iter()
            .map(|k| {
                (
                    k.columns.join("+"),
                    k.parent.name.as_str(),
                    k.parent_columns.join("+"),
                    k.on_delete,
                    k.deferred,
                )
            })
            .collect();
        assert_eq!(
            keys,
            [
                ("a".into(), "p", String::new(), ReferentialAction::Cascade, true),
                ("b".into(), "p", "x".into(), ReferentialAction::SetNull, false),
                ("c+d".into(), "p", "y+z".into(), ReferentialAction::SetDefault, false),
                ("d".into(), "t", "a".into(), ReferentialAction::Refuse, true),
            ]
        );
    }

    #[test]
    fn trap_40_generated_columns_are_listed_as_such_under_their_own_type() {
        let table = described(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a INT DEFAULT (1 + 2), b TEXT GENERATED ALWAYS AS (a || 'x') STORED,
            c AS (a * 2));
            CREATE TRIGGER \"on t\" AFTER INSERT ON t BEGIN SELECT 1; END;",
            "t",
        );
        let generated: Vec<_> =
            table.columns.iter().map(|c| (c.declared_type.as_str(), c.generated)).collect();
        assert_eq!(generated, [("INTEGER", false), ("INT", false), ("TEXT", true), ("", true)]);
        assert_eq!(table.columns[1].default.as_deref(), Some("1 + 2"));
        assert_eq!(table.triggers, ["on t"]);
    }
}
