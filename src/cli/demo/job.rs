//! The configuration that a demo writes, which also says that a folder holds a demo.

/// How the first line of a finished demo's configuration begins.
const MADE: &str = "# Made by `syncline demo";

/// How it begins as long as the databases are being made.
const BEING_MADE: &str = "# Being made by `syncline demo";

/// What a demo is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recipe {
    /// About how many rows.
    pub(super) rows: u64,
    /// What the rows follow from.
    pub(super) seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self { rows: 300_000, seed: 1 }
    }
}

/// What the first line of a configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A demo whose databases were not finished.
    Unfinished,
    /// A demo.
    Finished(Recipe),
}

impl Recipe {
    fn flags(self) -> String {
        format!("--rows {} --seed {}", self.rows, self.seed)
    }
}

/// The file while the databases are being made.
pub(super) fn unfinished() -> String {
    format!("{BEING_MADE}`; run the same command again to make it anew.\n")
}

/// The configuration of a finished demo.
pub(super) fn finished(recipe: Recipe) -> String {
    format!(
        "{MADE} {}`. Change the databases or this file, and run it again.
name = \"demo\"

# The database that is only read.
[source]
url = \"sqlite:source.db\"

# The database that is made equal.
[target]
url = \"sqlite:target.db\"

[sync]
sync_all = true                # every table that both have; the entries below say more of some
modify_column = \"modify_time\"  # tells when a row was changed
trust_modify_id = false        # some rows were changed without it, so every row is compared

# Record types: one table, kept equal in three parts, each planned and proven on its own.
[[tables]]
name = \"product-work\"
source = \"product\"
target = \"product\"
where = \"type = 'work'\"

[[tables]]
name = \"product-material\"
source = \"product\"
target = \"product\"
where = \"type = 'material'\"

[[tables]]
name = \"product-service\"
source = \"product\"
target = \"product\"
where = \"type = 'service'\"
",
        recipe.flags()
    )
}

/// Whether a configuration is a demo's.
pub(super) fn mark(text: &str) -> Option<Mark> {
    if text.starts_with(BEING_MADE) {
        return Some(Mark::Unfinished);
    }
    let flags = text.strip_prefix(MADE)?.split('`').next()?;
    let mut words = flags.split_whitespace();
    let mut number = |flag: &str| (words.next()? == flag).then(|| words.next()?.parse().ok()).flatten();
    Some(Mark::Finished(Recipe { rows: number("--rows")?, seed: number("--seed")? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_is_known_by_its_first_line() {
        let recipe = Recipe { rows: 2_000, seed: 7 };
        assert_eq!(mark(&finished(recipe)), Some(Mark::Finished(recipe)));
        assert_eq!(mark(&unfinished()), Some(Mark::Unfinished));
        assert_eq!(mark("name = \"erp\"\n# Made by `syncline demo --rows 1 --seed 1`"), None);
    }
}
