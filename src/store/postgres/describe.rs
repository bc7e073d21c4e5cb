//! The catalogue: tables with columns, keys, indexes, foreign keys, triggers.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::facts::{self, BYTE_COLLATION};
use super::marks;
use crate::model::schema::{
    Catalog, Column, ForeignKey, Index, IndexColumn, ReferentialAction, Table, TableName,
};

/// The tables of the session's schema, without partitions of others and our own bookkeeping.
pub(super) async fn catalog(connection: &mut PgConnection) -> sqlx::Result<Catalog> {
    let tables = sqlx::query(
        "SELECT t.oid::int8 AS oid, t.relname::text AS name FROM pg_class t
        JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = current_schema() AND t.relkind IN ('r', 'p') AND NOT t.relispartition AND t.relname <> $1
        ORDER BY t.relname",
    )
    .bind(marks::TABLE)
    .fetch_all(&mut *connection)
    .await?;
    let mut catalog = Catalog::default();
    for row in tables {
        let table = table(connection, row.try_get("oid")?, row.try_get("name")?).await?;
        catalog.tables.push(table);
    }
    Ok(catalog)
}

async fn table(connection: &mut PgConnection, oid: i64, name: String) -> sqlx::Result<Table> {
    let columns = facts::columns(connection, oid).await?;
    let columns = columns
        .into_iter()
        .map(|column| Column {
            name: column.name,
            declared_type: column.declared,
            logical_type: column.logical,
            nullable: !column.not_null,
            default: column.default,
            generated: column.generated,
            byte_collation: column.byte_order,
        })
        .collect();
    let triggers = sqlx::query_scalar(
        "SELECT tgname::text FROM pg_trigger WHERE tgrelid = $1::int8::oid AND NOT tgisinternal ORDER BY 1",
    )
    .bind(oid)
    .fetch_all(&mut *connection)
    .await?;
    let (primary_key, indexes) = indexes(connection, oid).await?;
    Ok(Table {
        name: TableName::new(name),
        columns,
        primary_key,
        indexes,
        foreign_keys: foreign_keys(connection, oid).await?,
        triggers,
        strict: true,
        without_rowid: false,
    })
}

async fn indexes(connection: &mut PgConnection, oid: i64) -> sqlx::Result<(Vec<String>, Vec<Index>)> {
    let text = format!(
        "SELECT x.relname::text AS index, i.indisunique, i.indisprimary, i.indpred IS NOT NULL AS partial,
            a.attname::text AS column, k.opt::int4 & 1 = 1 AS descending,
            m.amname = 'btree' AND (c.oid IS NULL OR ({BYTE_COLLATION}))
                AND coalesce(b.typtype <> 'e' AND b.typname NOT IN ('json', 'jsonb', 'citext'), false) AS byte_order
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
            CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indcollation::oid[], i.indoption::int2[])
                WITH ORDINALITY k(number, collator, opt, place)
            LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number > 0
            LEFT JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
            LEFT JOIN pg_collation c ON c.oid = k.collator
        WHERE i.indrelid = $1::int8::oid AND i.indisvalid AND k.place <= i.indnkeyatts
        ORDER BY x.relname, k.place"
    );
    let rows = sqlx::query(AssertSqlSafe(text)).bind(oid).fetch_all(connection).await?;
    let (mut primary_key, mut indexes) = (Vec::new(), Vec::<Index>::new());
    for row in rows {
        let name: String = row.try_get("index")?;
        let column: Option<String> = row.try_get("column")?;
        if row.try_get("indisprimary")? {
            primary_key.extend(column.clone());
        }
        let column = IndexColumn {
            name: column,
            byte_order: row.try_get("byte_order")?,
            descending: row.try_get("descending")?,
        };
        match indexes.last_mut().filter(|index| index.name == name) {
            Some(index) => index.columns.push(column),
            None => indexes.push(Index {
                name,
                columns: vec![column],
                unique: row.try_get("indisunique")?,
                partial: row.try_get("partial")?,
            }),
        }
    }
    Ok((primary_key, indexes))
}

async fn foreign_keys(connection: &mut PgConnection, oid: i64) -> sqlx::Result<Vec<ForeignKey>> {
    let rows = sqlx::query(
        "SELECT CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname::text END AS schema,
            p.relname::text AS parent, f.confdeltype::text AS action, f.condeferred AS deferred,
            ARRAY(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY k(n, o)
                JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.n ORDER BY k.o) AS columns,
            ARRAY(SELECT a.attname::text FROM unnest(f.confkey) WITH ORDINALITY k(n, o)
                JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.n ORDER BY k.o) AS parents
        FROM pg_constraint f JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace n ON n.oid = p.relnamespace
        WHERE f.contype = 'f' AND f.conrelid = $1::int8::oid ORDER BY f.conname",
    )
    .bind(oid)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let action: String = row.try_get("action")?;
            Ok(ForeignKey {
                columns: row.try_get("columns")?,
                parent: TableName { schema: row.try_get("schema")?, name: row.try_get("parent")? },
                parent_columns: row.try_get("parents")?,
                on_delete: match action.as_str() {
                    "c" => ReferentialAction::Cascade,
                    "n" => ReferentialAction::SetNull,
                    "d" => ReferentialAction::SetDefault,
                    _ => ReferentialAction::Refuse,
                },
                deferred: row.try_get("deferred")?,
            })
        })
        .collect()
}
