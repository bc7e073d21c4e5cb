//! Random tables: how they look on either side, and which rows they hold.

use syncline::base::random::Random;
use syncline::model::schema::ReferentialAction;
use syncline::model::types::LogicalType;
use syncline::model::value::Value;
use syncline::store::memory::TableDefinition;

/// The record types of a table with scopes; rows of the last one belong to no pair.
pub const KINDS: [&str; 3] = ["work", "rent", "void"];

const WORDS: [&str; 9] = ["", "a", "b", "word", "éé", "it's", "NULL", " x ", "too long for it"];

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Key,
    Kind,
    Name,
    Amount,
    Code,
    Parent,
    Stamp,
    /// At the source only.
    Secret,
    /// At the target only.
    Own,
}

/// A column of both sides, or of one.
#[derive(Debug, Clone)]
pub struct Column {
    pub at_source: &'static str,
    pub at_target: &'static str,
    pub used_for: Use,
    logical: LogicalType,
    nullable: bool,
}

/// A reference to another table, or to the same one.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    pub parent: usize,
    pub on_delete: ReferentialAction,
    pub deferred: bool,
}

/// A random table.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
pub struct Spec {
    pub at_source: String,
    pub at_target: String,
    pub columns: Vec<Column>,
    pub key_length: usize,
    /// Nothing makes the key unique or whole.
    pub loose: bool,
    /// The source's key is said not to sort by bytes.
    pub collated: bool,
    pub scoped: bool,
    pub unique_at_source: bool,
    pub unique_at_target: bool,
    /// The target takes only short names.
    pub short_names: bool,
    /// The target takes no NULL as a name.
    pub whole_names: bool,
    /// The target has a default for names.
    pub default_name: bool,
    pub reference: Option<Reference>,
    /// Keys are drawn from about so many.
    pub spread: u64,
}

fn integer() -> LogicalType {
    LogicalType::Integer { bits: 64, signed: true }
}

fn text() -> LogicalType {
    LogicalType::Text { length_max: None }
}

impl Spec {
    /// Draws table number `number`; it may refer to one of the `earlier` ones.
    pub fn draw(number: usize, earlier: &[Self], random: &mut Random) -> Self {
        let loose = random.chance(8);
        let scoped = random.chance(4);
        let spread = [4, 20, 80, 400][random.below(4) as usize];
        let mut columns = key_columns(random);
        let key_length = columns.len();
        let renamed = random.chance(3);
        let mut add = |used_for, at_source, at_target, logical, nullable| {
            columns.push(Column { at_source, at_target, used_for, logical, nullable });
        };
        add(Use::Kind, "kind", "kind", text(), false);
        add(Use::Name, "name", if renamed { "title" } else { "name" }, text(), true);
        if random.chance(2) {
            add(Use::Amount, "amount", "amount", integer(), true);
        }
        if random.chance(2) {
            add(Use::Code, "code", "code", text(), true);
        }
        let reference = draw_reference(number, earlier, random, scoped || loose || key_length > 1);
        if let Some(reference) = reference {
            let parent =
                if reference.parent == number { &columns[0] } else { &earlier[reference.parent].columns[0] };
            let logical = parent.logical.clone();
            let name = "parent";
            columns.push(Column {
                at_source: name,
                at_target: name,
                used_for: Use::Parent,
                logical,
                nullable: true,
            });
        }
        let mut add = |used_for, name, logical, nullable| {
            columns.push(Column { at_source: name, at_target: name, used_for, logical, nullable });
        };
        if random.chance(2) {
            add(Use::Stamp, "stamp", integer(), true);
        }
        if random.chance(4) {
            add(Use::Secret, "secret", text(), true);
        }
        if random.chance(4) {
            add(Use::Own, "own", text(), true);
        }
        let unique_at_target = random.chance(2);
        Self {
            at_source: format!("t{number}"),
            at_target: if random.chance(4) { format!("copy of \"t{number}\"") } else { format!("t{number}") },
            columns,
            key_length,
            loose,
            collated: random.chance(8),
            scoped,
            unique_at_source: unique_at_target && !random.chance(6),
            unique_at_target,
            short_names: random.chance(8),
            whole_names: random.chance(8),
            default_name: random.chance(2),
            reference,
            spread,
        }
    }

    /// Whether the target may refuse rows of the source for good.
    pub fn refuses_rows(&self) -> bool {
        let unlike = self.unique_at_target != self.unique_at_source;
        self.loose
            || self.short_names
            || self.whole_names
            || self.scoped
            || self.reference.is_some()
            || unlike
    }

    /// Columns that the target has a counterpart for: positions at the source and at the target, the key first.
    pub fn mapped(&self) -> Vec<(usize, usize)> {
        let source: Vec<usize> = self.side(true);
        let target: Vec<usize> = self.side(false);
        let place = |side: &[usize], column| side.iter().position(|&other| other == column);
        (0..self.columns.len())
            .filter_map(|column| Some((place(&source, column)?, place(&target, column)?)))
            .collect()
    }

    /// Columns of a side in its declared order.
    fn side(&self, source: bool) -> Vec<usize> {
        let hidden = if source { Use::Own } else { Use::Secret };
        let columns = (0..self.columns.len()).filter(|&column| self.columns[column].used_for != hidden);
        if source { columns.collect() } else { columns.rev().collect() }
    }

    /// Position at the source of the column of this use.
    pub fn at_source(&self, used_for: Use) -> Option<usize> {
        self.side(true).into_iter().position(|column| self.columns[column].used_for == used_for)
    }

    /// Position at the target of the column of this use.
    pub fn at_target(&self, used_for: Use) -> Option<usize> {
        self.side(false).into_iter().position(|column| self.columns[column].used_for == used_for)
    }

    /// The table as one side declares it.
    pub fn definition(&self, source: bool, all: &[Self]) -> TableDefinition {
        let name = |spec: &Self| if source { spec.at_source.clone() } else { spec.at_target.clone() };
        let mut definition = TableDefinition::new(&name(self));
        for column in self.side(source).into_iter().map(|column| &self.columns[column]) {
            definition = definition
                .column(if source { column.at_source } else { column.at_target }, column.logical.clone());
            let whole = !source && self.whole_names && column.used_for == Use::Name;
            if (column.nullable || (self.loose && column.used_for == Use::Key)) && !whole {
                definition = definition.nullable();
            }
            if !source && self.default_name && column.used_for == Use::Name {
                definition = definition.default("'none'");
            }
            if column.used_for == Use::Own {
                definition = definition.default("'fresh'");
            }
            if self.collated && source && column.used_for == Use::Key {
                definition = definition.collated();
            }
        }
        let key: Vec<&str> = self.columns[..self.key_length].iter().map(|column| column.at_source).collect();
        definition = if self.loose { definition.index(&key) } else { definition.primary_key(&key) };
        let unique = if source { self.unique_at_source } else { self.unique_at_target };
        if unique && self.at_source(Use::Code).is_some() {
            definition = definition.unique(&["code"]);
        }
        if !source && self.short_names {
            let name = self.columns.iter().find(|column| column.used_for == Use::Name).unwrap().at_target;
            definition = definition.check(&format!("length({name}) <= 4"));
        }
        if let Some(reference) = self.reference {
            let parent = name(all.get(reference.parent).unwrap_or(self));
            definition = definition.foreign_key(&["parent"], &parent, reference.on_delete);
            definition = if reference.deferred { definition.deferred() } else { definition };
        }
        definition
    }

    /// A row of the source; `parents` are keys that it may refer to, `stamp` says when it was written.
    pub fn draw_row(&self, random: &mut Random, parents: &[Value], stamp: &Value) -> Vec<Value> {
        let columns = self.side(true).into_iter().map(|column| &self.columns[column]);
        columns.map(|column| self.draw_value(column, random, parents, stamp)).collect()
    }

    fn draw_value(&self, column: &Column, random: &mut Random, parents: &[Value], stamp: &Value) -> Value {
        match column.used_for {
            Use::Key if self.loose && random.chance(12) => Value::Null,
            Use::Key => self.draw_key(&column.logical, random),
            Use::Kind if self.scoped => Value::text(KINDS[random.below(3) as usize]),
            Use::Kind => Value::text(KINDS[0]),
            Use::Name if random.chance(6) => Value::Null,
            Use::Name => Value::text(WORDS[random.below(WORDS.len() as u64) as usize]),
            Use::Amount if random.chance(5) => Value::Null,
            Use::Amount => Value::Integer(i128::from(random.below(7)) - 3),
            Use::Code if random.chance(3) => Value::Null,
            Use::Code => Value::text(&format!("c{}", random.below(self.spread * 2))),
            Use::Parent if parents.is_empty() || random.chance(4) => Value::Null,
            Use::Parent => parents[random.below(parents.len() as u64) as usize].clone(),
            Use::Stamp => stamp.clone(),
            Use::Secret | Use::Own => Value::text("own business"),
        }
    }

    fn draw_key(&self, logical: &LogicalType, random: &mut Random) -> Value {
        let n = random.below(self.spread * 3 / 2);
        match logical {
            LogicalType::Text { .. } => {
                Value::text(&format!("{}{}", ["k", "K", "é", ""][n as usize % 4], n / 4))
            }
            _ if self.key_length > 1 => Value::Integer(i128::from(n / 4)),
            _ => Value::Integer(i128::from(n * n) - 30),
        }
    }

    /// The row of the target that a row of the source becomes; columns of its own are left to `own`.
    pub fn to_target(&self, row: &[Value], own: &Value) -> Vec<Value> {
        let mut image = vec![own.clone(); self.side(false).len()];
        for (source, target) in self.mapped() {
            image[target] = row[source].clone();
        }
        image
    }
}

fn key_columns(random: &mut Random) -> Vec<Column> {
    let column = |name, logical| Column {
        at_source: name,
        at_target: name,
        used_for: Use::Key,
        logical,
        nullable: false,
    };
    match random.below(4) {
        0 => vec![column("id", text())],
        1 => vec![column("area", text()), column("id", integer())],
        _ => vec![column("id", integer())],
    }
}

fn draw_reference(number: usize, earlier: &[Spec], random: &mut Random, unfit: bool) -> Option<Reference> {
    // A row that cascades must not belong to another pair, so that who deleted it stays clear.
    let fit = |parent: &Spec| parent.key_length == 1 && !parent.loose && !parent.scoped;
    let mut parents: Vec<usize> = (0..earlier.len()).filter(|&parent| fit(&earlier[parent])).collect();
    if !unfit {
        parents.push(number);
    }
    if parents.is_empty() || unfit || !random.chance(2) {
        return None;
    }
    let actions = [
        ReferentialAction::Refuse,
        ReferentialAction::Refuse,
        ReferentialAction::Cascade,
        ReferentialAction::SetNull,
        ReferentialAction::SetDefault,
    ];
    Some(Reference {
        parent: parents[random.below(parents.len() as u64) as usize],
        on_delete: actions[random.below(5) as usize],
        deferred: random.chance(3),
    })
}
