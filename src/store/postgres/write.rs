//! The statements of one kind of change, set-wise: one array a column, `unnest`ed on the server.

use sqlx::{PgConnection, Row as _};

use super::error::store_error;
use super::facts::{ColumnFacts, TableFacts};
use super::query::{Param, checked, prepared};
use super::sql::{hex, parenthesised, quote};
use super::types::Class;
use super::value;
use crate::model::block::RowBlock;
use crate::model::key::Key;
use crate::model::pair::WriteTarget;
use crate::model::value::Value;
use crate::store::{Change, ErrorClass, RefusalKind, Result, StoreError};

/// A target table whose columns were found.
pub(super) struct Writing {
    pub(super) facts: TableFacts,
    columns: Vec<ColumnFacts>,
    key_length: usize,
    filter: Option<String>,
    /// Whether `ON CONFLICT` can name the key.
    arbiter: bool,
}

/// What some rows became.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) rows: u64,
    /// Positions that hit no row inside the scope, ascending.
    pub(super) missed: Vec<usize>,
    pub(super) queries: u64,
    /// Rows that statements changed, each time counted.
    pub(super) direct: u64,
}

/// Rows as arrays, one a column.
struct Arrays {
    params: Vec<Param>,
    /// The position in the batch of each element.
    positions: Vec<usize>,
}

/// The comparison of a column with an array's element, in the type that the column's index serves.
pub(super) fn equals(column: &ColumnFacts, element: &str) -> String {
    let name = quote(&column.name);
    let cast = match column.class {
        Class::Integer => "int8",
        Class::Float4 | Class::Float8 => "float8",
        Class::Numeric => "numeric",
        Class::Boolean => "bool",
        Class::Bytea => "bytea",
        Class::Date => "date",
        Class::Time => "time",
        Class::Timestamp => "timestamp",
        Class::TimestampUtc => "timestamptz",
        Class::Uuid => "uuid",
        Class::Char => "bpchar",
        Class::Oid => return format!("{name} = CAST({element} AS int8)::oid"),
        Class::Other | Class::Json | Class::Jsonb => return format!("{name}::text = {element}"),
        Class::Text if column.deterministic => return format!("{name} = {element}"),
        // The first comparison is the one that the column's index serves.
        Class::Text => {
            return format!("{name} = {element} AND {name} COLLATE \"C\" = {element} COLLATE \"C\"");
        }
    };
    format!("{name} = CAST({element} AS {cast})")
}

impl Writing {
    /// Finds the table and the columns. Errors: schema.
    pub(super) async fn plan(
        connection: &mut PgConnection,
        target: &WriteTarget,
        operation: &str,
    ) -> Result<Self> {
        let facts = TableFacts::read(connection, &target.table, operation).await?;
        let find = |name: &String| facts.column(name, operation).cloned();
        let columns = target.columns.iter().map(find).collect::<Result<Vec<_>>>()?;
        let mut key: Vec<String> = target.columns[..target.key_length].to_vec();
        key.sort_unstable();
        let arbiter = target.key_unique && facts.arbiters.contains(&key);
        let filter = target.filter.as_ref().map(|filter| checked(filter, operation)).transpose()?;
        Ok(Self { columns, key_length: target.key_length, filter, arbiter, facts })
    }

    /// Writes the rows or keys at these positions. Errors: data with a refusal, and what the connection meets.
    pub(super) async fn write(
        &self,
        connection: &mut PgConnection,
        change: &Change,
        positions: &[usize],
        operation: &str,
    ) -> Result<Written> {
        match change {
            Change::Delete(keys) => self.delete(connection, keys, positions, operation).await,
            Change::Insert(rows) => {
                let arrays = self.arrays(rows, positions, operation)?;
                if self.arbiter {
                    self.upsert(connection, rows, arrays, operation).await
                } else {
                    self.replace(connection, rows, arrays, operation).await
                }
            }
            Change::Update(rows) => {
                let arrays = self.arrays(rows, positions, operation)?;
                self.update(connection, &arrays, operation).await
            }
        }
    }

    fn key(&self) -> &[ColumnFacts] {
        &self.columns[..self.key_length]
    }

    /// Columns that an update sets: a key's number may change its digits behind the point, its identity stays.
    fn set(&self) -> impl Iterator<Item = (usize, &ColumnFacts)> {
        let set = |(position, column): &(usize, &ColumnFacts)| {
            !column.identity_always && (*position >= self.key_length || column.class == Class::Numeric)
        };
        self.columns.iter().enumerate().filter(set)
    }

    fn in_scope(&self) -> String {
        self.filter.as_ref().map_or(String::new(), |filter| format!(" AND {}", parenthesised(filter)))
    }

    fn matches(&self) -> String {
        let matches = self.key().iter().enumerate();
        let matches = matches.map(|(i, column)| equals(column, &format!("syncline_row.syncline_{}", i + 1)));
        matches.collect::<Vec<_>>().join(" AND ")
    }

    /// `unnest(…)` of so many arrays, from the first parameter on.
    fn rows_of(count: usize) -> String {
        let parameters: Vec<String> = (1..=count).map(|number| format!("${number}")).collect();
        let names: Vec<String> = (1..=count).map(|number| format!("syncline_{number}")).collect();
        format!(
            "unnest({}) WITH ORDINALITY AS syncline_row({}, syncline_position)",
            parameters.join(", "),
            names.join(", ")
        )
    }

    fn element(position: usize, column: &ColumnFacts) -> String {
        format!("CAST(syncline_row.syncline_{} AS {})", position + 1, column.cast)
    }

    fn arrays(&self, rows: &RowBlock, positions: &[usize], operation: &str) -> Result<Arrays> {
        let mut values: Vec<Vec<Value>> = vec![Vec::with_capacity(positions.len()); self.columns.len()];
        for &position in positions {
            for (index, value) in rows.fields(position).enumerate() {
                let refused = |kind, cause: String| {
                    let error = StoreError::new(ErrorClass::Data, operation, cause);
                    Err(error.with_refusal(kind, Some(position)))
                };
                if index < self.key_length && value.is_null() {
                    return refused(RefusalKind::NotNull, "a column of its key is NULL".to_owned());
                }
                if !value.is_null() && value::text(value).is_none() {
                    let cause = format!("PostgreSQL cannot hold {value} in `{}`", self.columns[index].name);
                    return refused(RefusalKind::Value, cause);
                }
                values[index].push(value.to_owned());
            }
        }
        let params = self.columns.iter().zip(values).map(|(column, values)| array(column, values)).collect();
        Ok(Arrays { params, positions: positions.to_vec() })
    }

    async fn delete(
        &self,
        connection: &mut PgConnection,
        keys: &[Key],
        positions: &[usize],
        operation: &str,
    ) -> Result<Written> {
        let mut columns: Vec<Vec<Value>> = vec![Vec::new(); self.key_length];
        let mut sent = Vec::new();
        let mut missed = Vec::new();
        for &position in positions {
            let values = keys[position].values();
            // What the column cannot hold is the key of no row.
            if self.key().iter().zip(&values).all(|(column, value)| holds(column, value)) {
                columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
                sent.push(position);
            } else {
                missed.push(position);
            }
        }
        let params = self.key().iter().zip(columns).map(|(column, values)| array(column, values)).collect();
        let arrays = Arrays { params, positions: sent };
        let text = format!(
            "DELETE FROM {} USING {} WHERE {}{} RETURNING syncline_row.syncline_position",
            self.facts.sql_name,
            Self::rows_of(self.key_length),
            self.matches(),
            self.in_scope()
        );
        let (hit, direct) = hit(connection, &text, &arrays, operation).await?;
        let not_hit =
            arrays.positions.iter().zip(&hit).filter(|(_, hit)| !**hit).map(|(position, _)| *position);
        missed.extend(not_hit);
        missed.sort_unstable();
        Ok(Written { rows: direct, missed, queries: 1, direct })
    }

    async fn update(
        &self,
        connection: &mut PgConnection,
        arrays: &Arrays,
        operation: &str,
    ) -> Result<Written> {
        let set: Vec<String> = self
            .set()
            .map(|(i, column)| format!("{} = {}", quote(&column.name), Self::element(i, column)))
            .collect();
        let rows = Self::rows_of(self.columns.len());
        let (table, matches, scope) = (&self.facts.sql_name, self.matches(), self.in_scope());
        let returned = "syncline_row.syncline_position";
        let text = if set.is_empty() {
            format!("SELECT {returned} FROM {rows} JOIN {table} ON {matches}{scope}")
        } else {
            let set = set.join(", ");
            format!("UPDATE {table} SET {set} FROM {rows} WHERE {matches}{scope} RETURNING {returned}")
        };
        let (hit, changed) = hit(connection, &text, arrays, operation).await?;
        let missed =
            arrays.positions.iter().zip(&hit).filter(|(_, hit)| !**hit).map(|(position, _)| *position);
        let direct = if set.is_empty() { 0 } else { changed };
        Ok(Written {
            rows: hit.iter().filter(|hit| **hit).count() as u64,
            missed: missed.collect(),
            queries: 1,
            direct,
        })
    }

    /// Positions of rows that exist, and none of them inside the scope.
    async fn outside(
        &self,
        connection: &mut PgConnection,
        arrays: &Arrays,
        operation: &str,
    ) -> Result<Vec<usize>> {
        let Some(filter) = &self.filter else { return Ok(Vec::new()) };
        let (table, matches) = (&self.facts.sql_name, self.matches());
        let filter = parenthesised(filter);
        let text = format!(
            "SELECT syncline_row.syncline_position FROM {} WHERE EXISTS (SELECT 1 FROM {table} WHERE {matches})
            AND NOT EXISTS (SELECT 1 FROM {table} WHERE {matches} AND {filter})",
            Self::rows_of(self.columns.len()),
        );
        let (outside, _) = hit(connection, &text, arrays, operation).await?;
        let outside = arrays.positions.iter().zip(outside).filter(|(_, outside)| *outside);
        Ok(outside.map(|(position, _)| *position).collect())
    }

    fn insert_head(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| quote(&column.name)).collect();
        let values: Vec<String> = self.columns.iter().enumerate().map(|(i, c)| Self::element(i, c)).collect();
        format!(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}",
            self.facts.sql_name,
            names.join(", "),
            values.join(", "),
            Self::rows_of(self.columns.len())
        )
    }

    async fn upsert(
        &self,
        connection: &mut PgConnection,
        rows: &RowBlock,
        arrays: Arrays,
        operation: &str,
    ) -> Result<Written> {
        let outside = self.outside(connection, &arrays, operation).await?;
        let arrays = self.without(rows, arrays, &outside, operation)?;
        let set: Vec<String> =
            self.set().map(|(_, column)| format!("{0} = excluded.{0}", quote(&column.name))).collect();
        let action =
            if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) };
        let key: Vec<String> = self.key().iter().map(|column| quote(&column.name)).collect();
        let text = format!("{} ON CONFLICT ({}) DO {action}", self.insert_head(), key.join(", "));
        let direct = execute(connection, &text, &arrays, operation).await?;
        let rows = if set.is_empty() { arrays.positions.len() as u64 } else { direct };
        let queries = 1 + u64::from(self.filter.is_some());
        Ok(Written { rows, missed: outside, queries, direct })
    }

    /// Writes rows whose key no constraint keeps unique: one row in scope is changed in place, several become one.
    async fn replace(
        &self,
        connection: &mut PgConnection,
        rows: &RowBlock,
        arrays: Arrays,
        operation: &str,
    ) -> Result<Written> {
        let outside = self.outside(connection, &arrays, operation).await?;
        let arrays = self.without(rows, arrays, &outside, operation)?;
        let (table, matches, scope) = (&self.facts.sql_name, self.matches(), self.in_scope());
        let count = self.columns.len();
        let repeated = format!(
            "DELETE FROM {table} USING {} WHERE {matches}{scope}
            AND (SELECT count(*) FROM {table} AS syncline_same WHERE {matches}) > 1",
            Self::rows_of(count)
        );
        let mut direct = execute(connection, &repeated, &arrays, operation).await?;
        let updated = self.update(connection, &arrays, operation).await?;
        direct += updated.direct;
        let text = format!("{} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {matches})", self.insert_head());
        let inserted = execute(connection, &text, &arrays, operation).await?;
        direct += inserted;
        Ok(Written { rows: updated.rows + inserted, missed: outside, queries: 4, direct })
    }

    fn without(&self, rows: &RowBlock, arrays: Arrays, outside: &[usize], operation: &str) -> Result<Arrays> {
        if outside.is_empty() {
            return Ok(arrays);
        }
        let inside: Vec<usize> = arrays
            .positions
            .into_iter()
            .filter(|position| outside.binary_search(position).is_err())
            .collect();
        self.arrays(rows, &inside, operation)
    }

    /// Gives rows that exist values in their unique columns that no other row has, so that rows can exchange such
    /// values; each gets its own again by the write that follows. The number of rows changed.
    pub(super) async fn park(
        &self,
        connection: &mut PgConnection,
        rows: &RowBlock,
        positions: &[usize],
        token: u64,
        operation: &str,
    ) -> Result<u64> {
        let in_unique = |column: &&ColumnFacts| self.facts.in_unique.contains(&column.name);
        let set: Vec<String> = self.columns[self.key_length..]
            .iter()
            .filter(in_unique)
            .map(|column| {
                let name = quote(&column.name);
                format!("{name} = {}", parked(column, token))
            })
            .collect();
        if set.is_empty() {
            return Ok(0);
        }
        let arrays = self.arrays(rows, positions, operation)?;
        let text = format!(
            "UPDATE {} SET {} FROM {} WHERE {}{}",
            self.facts.sql_name,
            set.join(", "),
            Self::rows_of(self.columns.len()),
            self.matches(),
            self.in_scope()
        );
        execute(connection, &text, &arrays, operation).await
    }
}

/// A value that is in nobody's way: NULL, or for a column that takes none one made of a token and the row's place.
fn parked(column: &ColumnFacts, token: u64) -> String {
    if !column.not_null {
        return "NULL".to_owned();
    }
    let unique = format!("md5('{token}-' || syncline_row.syncline_position)");
    match column.class {
        Class::Integer | Class::Oid => {
            format!("-({} + syncline_row.syncline_position)", token % 1_000_000_000)
        }
        Class::Float4 | Class::Float8 | Class::Numeric => {
            format!("-({} + syncline_row.syncline_position)", token % 1_000_000)
        }
        Class::Uuid => format!("{unique}::uuid"),
        Class::Bytea => format!("convert_to({unique}, 'UTF8')"),
        Class::Date => "'4000-01-01'::date + syncline_row.syncline_position::int".to_owned(),
        Class::Timestamp | Class::TimestampUtc => {
            "'4000-01-01'::timestamp + syncline_row.syncline_position * interval '1 second'".to_owned()
        }
        _ => unique,
    }
}

/// Whether a key of the column can have this value at all.
fn holds(column: &ColumnFacts, value: &Value) -> bool {
    match (column.class, value) {
        (_, Value::Null) => false,
        (Class::Integer, Value::Integer(n)) => i64::try_from(*n).is_ok(),
        (Class::Integer, value) => value::text_of(value).is_some_and(|text| text.parse::<i64>().is_ok()),
        (Class::Oid, Value::Integer(n)) => u32::try_from(*n).is_ok(),
        (Class::Numeric, Value::Integer(_) | Value::Real(_) | Value::Decimal(_) | Value::Text(_))
        | (Class::Float4 | Class::Float8, Value::Integer(_) | Value::Real(_) | Value::Decimal(_))
        | (Class::Boolean, Value::Boolean(_))
        | (Class::Bytea, Value::Blob(_))
        | (Class::Date, Value::Date(_))
        | (Class::Timestamp, Value::Timestamp(_))
        | (Class::TimestampUtc, Value::TimestampUtc(_))
        | (Class::Uuid, Value::Uuid(_)) => true,
        (Class::Time, Value::Time(_))
        | (Class::Text | Class::Char | Class::Other, Value::Text(_))
        | (Class::Json | Class::Jsonb, Value::Json(_)) => value::text_of(value).is_some(),
        _ => false,
    }
}

/// Values of one column as an array: in binary where that is exact and quick, else as text.
fn array(column: &ColumnFacts, values: Vec<Value>) -> Param {
    let all = |fits: fn(&Value) -> bool| values.iter().all(|value| *value == Value::Null || fits(value));
    match column.class {
        Class::Integer if all(|v| matches!(v, Value::Integer(n) if i64::try_from(*n).is_ok())) => {
            let integer = |value| if let Value::Integer(n) = value { i64::try_from(n).ok() } else { None };
            Param::Integers(values.into_iter().map(integer).collect())
        }
        Class::Float8 if all(|v| matches!(v, Value::Real(_))) => {
            let real = |value| if let Value::Real(x) = value { Some(x) } else { None };
            Param::Reals(values.into_iter().map(real).collect())
        }
        Class::Bytea if all(|v| matches!(v, Value::Blob(_))) => {
            let blob = |value| if let Value::Blob(bytes) = value { Some(bytes) } else { None };
            Param::Blobs(values.into_iter().map(blob).collect())
        }
        Class::Bytea => {
            let text = |value: &Value| match value {
                Value::Text(bytes) | Value::Json(bytes) | Value::Blob(bytes) => Some(hex(bytes)),
                value => value::text_of(value),
            };
            Param::Texts(values.iter().map(text).collect())
        }
        _ => Param::Texts(values.iter().map(value::text_of).collect()),
    }
}

/// Runs a statement that returns positions from 1 on; which of the arrays' elements it returned, and how many rows.
async fn hit(
    connection: &mut PgConnection,
    text: &str,
    arrays: &Arrays,
    operation: &str,
) -> Result<(Vec<bool>, u64)> {
    let failed = |error: sqlx::Error| store_error(operation, &error);
    let mut hit = vec![false; arrays.positions.len()];
    let rows = prepared(text, &arrays.params).fetch_all(connection).await.map_err(failed)?;
    for row in &rows {
        let position: i64 = row.try_get(0).map_err(failed)?;
        let index = usize::try_from(position - 1).ok();
        if let Some(hit) = index.and_then(|index| hit.get_mut(index)) {
            *hit = true;
        }
    }
    Ok((hit, rows.len() as u64))
}

async fn execute(connection: &mut PgConnection, text: &str, arrays: &Arrays, operation: &str) -> Result<u64> {
    let done = prepared(text, &arrays.params).execute(connection).await;
    done.map(|done| done.rows_affected()).map_err(|error| store_error(operation, &error))
}
