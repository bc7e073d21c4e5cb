//! What the catalogue says of one table, for reading and writing it.

use sqlx::{PgConnection, Row as _};

use super::error::read_error;
use super::sql;
use super::types::{Class, meaning};
use crate::model::schema::TableName;
use crate::model::types::LogicalType;
use crate::store::{ErrorClass, Result, StoreError};

/// One table.
#[derive(Debug, Clone)]
pub(super) struct TableFacts {
    /// Its name for SQL, with the schema.
    pub(super) sql_name: String,
    pub(super) columns: Vec<ColumnFacts>,
    /// Columns of the unique indexes that `ON CONFLICT` can name, sorted.
    pub(super) arbiters: Vec<Vec<String>>,
    /// Columns that some unique index covers.
    pub(super) in_unique: Vec<String>,
    /// Whether triggers of the user's fire on it.
    pub(super) has_triggers: bool,
    /// Whether other tables refer to it.
    pub(super) is_referred_to: bool,
}

/// One column.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of the catalogue, each asked by name")]
pub(super) struct ColumnFacts {
    pub(super) name: String,
    pub(super) class: Class,
    pub(super) logical: LogicalType,
    pub(super) declared: String,
    /// The type without length and precision, for casts that neither cut nor round.
    pub(super) cast: String,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
    pub(super) generated: bool,
    /// `GENERATED ALWAYS AS IDENTITY`: an insert may override it, an update may not.
    pub(super) identity_always: bool,
    /// Whether its own order is that of its bytes, or of its values for what is no text.
    pub(super) byte_order: bool,
    /// Whether equal means the same bytes.
    pub(super) deterministic: bool,
}

/// The expression that is true when a collation of `pg_collation` sorts by bytes (code points of UTF-8 do).
pub(super) const BYTE_COLLATION: &str = "CASE WHEN c.oid = 100 THEN
        (SELECT d.datcollate IN ('C', 'POSIX') AND coalesce(to_jsonb(d)->>'datlocprovider', 'c') = 'c'
            FROM pg_database d WHERE d.datname = current_database())
        ELSE c.collprovider IN ('c', 'b') AND c.collname IN ('C', 'POSIX', 'ucs_basic', 'C.UTF-8', 'pg_c_utf8')
            AND (c.collprovider = 'b' OR c.collname <> 'C.UTF-8') END";

impl TableFacts {
    /// Reads the facts of a table. Errors: schema, when there is no such table or column.
    pub(super) async fn read(
        connection: &mut PgConnection,
        name: &TableName,
        operation: &str,
    ) -> Result<Self> {
        let failed = |error: sqlx::Error| read_error(operation, &error);
        let found = sqlx::query(
            "SELECT t.oid::int8 AS oid, n.nspname::text AS schema,
                EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgrelid = t.oid AND NOT g.tgisinternal
                    AND g.tgenabled <> 'D') AS triggers,
                EXISTS (SELECT 1 FROM pg_constraint f WHERE f.confrelid = t.oid AND f.contype = 'f') AS referred
            FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
            WHERE t.relname = $1 AND t.relkind IN ('r', 'p') AND n.nspname = coalesce($2, current_schema())",
        )
        .bind(&name.name)
        .bind(&name.schema)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
        let Some(found) = found else {
            return Err(StoreError::new(ErrorClass::Schema, operation, "there is no such table").with_hint(
                "views and foreign tables are not synced; `syncline check` lists the tables of both sides",
            ));
        };
        let oid: i64 = found.try_get("oid").map_err(failed)?;
        let schema: String = found.try_get("schema").map_err(failed)?;
        let columns = columns(connection, oid).await.map_err(failed)?;
        let (arbiters, in_unique) = unique(connection, oid).await.map_err(failed)?;
        Ok(Self {
            sql_name: format!("{}.{}", sql::quote(&schema), sql::quote(&name.name)),
            columns,
            arbiters,
            in_unique,
            has_triggers: found.try_get("triggers").map_err(failed)?,
            is_referred_to: found.try_get("referred").map_err(failed)?,
        })
    }

    /// The column of this name. Errors: schema.
    pub(super) fn column(&self, name: &str, operation: &str) -> Result<&ColumnFacts> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| {
            StoreError::new(ErrorClass::Schema, operation, format!("there is no column `{name}`"))
        })
    }
}

/// The columns of a table in declared order.
pub(super) async fn columns(connection: &mut PgConnection, oid: i64) -> sqlx::Result<Vec<ColumnFacts>> {
    let text = format!(
        "SELECT a.attname::text AS name, b.oid::int8 AS type, b.typtype::text AS kind,
            CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS modifier,
            format_type(a.atttypid, a.atttypmod) AS declared, format_type(b.oid, -1) AS cast,
            a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS not_null,
            pg_get_expr(d.adbin, d.adrelid) AS \"default\", a.attgenerated <> '' AS generated,
            a.attidentity = 'a' AS identity_always,
            c.oid IS NULL OR ({BYTE_COLLATION}) AS byte_order, coalesce(c.collisdeterministic, true) AS deterministic
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
            JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            LEFT JOIN pg_collation c ON c.oid = a.attcollation
        WHERE a.attrelid = $1::int8::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(text)).bind(oid).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let declared: String = row.try_get("declared")?;
            let type_oid: i64 = row.try_get("type")?;
            let kind: String = row.try_get("kind")?;
            let (class, logical) = meaning(
                u32::try_from(type_oid).unwrap_or_default(),
                row.try_get("modifier")?,
                kind == "e",
                &declared,
            );
            let generated: bool = row.try_get("generated")?;
            let by_text = matches!(class, Class::Other | Class::Json | Class::Jsonb);
            Ok(ColumnFacts {
                name: row.try_get("name")?,
                class,
                logical,
                declared,
                cast: row.try_get("cast")?,
                not_null: row.try_get("not_null")?,
                default: if generated { None } else { row.try_get("default")? },
                generated,
                identity_always: row.try_get("identity_always")?,
                byte_order: !by_text && row.try_get("byte_order")?,
                deterministic: row.try_get("deterministic")?,
            })
        })
        .collect()
}

async fn unique(connection: &mut PgConnection, oid: i64) -> sqlx::Result<(Vec<Vec<String>>, Vec<String>)> {
    let rows = sqlx::query(
        "SELECT i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid AS arbiter,
            ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(n, o)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n
                WHERE k.o <= i.indnkeyatts ORDER BY 1) AS columns
        FROM pg_index i WHERE i.indrelid = $1::int8::oid AND i.indisunique",
    )
    .bind(oid)
    .fetch_all(connection)
    .await?;
    let (mut arbiters, mut all) = (Vec::new(), Vec::new());
    for row in rows {
        let columns: Vec<String> = row.try_get("columns")?;
        all.extend(columns.clone());
        if row.try_get("arbiter")? {
            arbiters.push(columns);
        }
    }
    Ok((arbiters, all))
}
