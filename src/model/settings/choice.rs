//! The settings that are one word out of a few.

/// Declares an enum whose variants each have exactly one name in configuration, messages and reports.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident => $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub enum $name { $($(#[$variant_meta])* $variant,)+ }

        impl $name {
            /// Every choice, in the order in which documentation lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The names of [`Self::ALL`], in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text,)+];

            /// The name of this choice, as configuration and reports spell it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The choice with exactly this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

choice! {
    /// How a connection to a server is encrypted; files have none.
    Tls {
        /// Never encrypted.
        Off => "off",
        /// Encrypted when the server offers it.
        Prefer => "prefer",
        /// Encrypted, whoever answers.
        Require => "require",
        /// Encrypted, and the certificate must come from a trusted authority.
        VerifyCa => "verify-ca",
        /// As `verify-ca`, and the certificate must name the host.
        #[default]
        VerifyFull => "verify-full",
    }
}

choice! {
    /// How the equality of a table is established after its work.
    Verify {
        /// Counts and content, by key range.
        #[default]
        Digest => "digest",
        /// Counts only; the verdict says so.
        Count => "count",
        /// Not at all; the verdict is `not-compared`.
        Off => "off",
    }
}

choice! {
    /// What happens when the target lacks a table.
    OnMissingTable {
        /// The table fails with a hint.
        #[default]
        Error => "error",
        /// It is created: types, keys, not null, defaults; no triggers.
        Create => "create",
        /// It is left out of the pass and named in the report.
        Skip => "skip",
    }
}

choice! {
    /// How the differences of a table are found.
    Strategy {
        /// Chosen from measured numbers; the reason is shown.
        #[default]
        Auto => "auto",
        /// The target range is empty: read once, write once.
        Copy => "copy",
        /// Rows changed since the watermark.
        ModifiedSince => "modified-since",
        /// Ranges compared by count and fingerprint.
        DigestSearch => "digest search",
        /// Ranges compared by count; proves difference only.
        CountSearch => "count search",
        /// One ordered read of both sides.
        MergeCompare => "merge compare",
        /// Keys grouped by hash, for keys whose order differs between the sides.
        HashBuckets => "hash buckets",
        /// A change journal on the source.
        Journal => "journal",
    }
}

choice! {
    /// Where the record of finished units is kept.
    Bookkeeping {
        /// In the job's own state file.
        #[default]
        Local => "local",
        /// In a table `syncline_unit` of the target, in the same transaction as the rows.
        Target => "target",
    }
}

choice! {
    /// Whether foreign keys of the target act while rows are written.
    ForeignKeys {
        /// They act.
        #[default]
        Respect => "respect",
        /// They are switched off for the session where it may; the touched tables are checked afterwards.
        Suppress => "suppress",
    }
}

choice! {
    /// Whether triggers of the target act while rows are written.
    Triggers {
        /// They act.
        #[default]
        Fire => "fire",
        /// They are switched off for the session where it may.
        Suppress => "suppress",
    }
}

choice! {
    /// What happens to target rows that the source does not have.
    Deletes {
        /// They are deleted, within the guards.
        #[default]
        Apply => "apply",
        /// They are found and wait for an approval.
        Hold => "hold",
        /// They stay, are named in `inexact`, and are no difference.
        Never => "never",
    }
}

choice! {
    /// What happens when the source is empty and the target is not.
    OnEmptySource {
        /// The table is held for an approval.
        #[default]
        Hold => "hold",
        /// The target is emptied, within the other guards.
        Delete => "delete",
    }
}

choice! {
    /// What happens to dates such as 0000-00-00.
    ZeroDates {
        /// The row goes to quarantine.
        #[default]
        Quarantine => "quarantine",
        /// They become NULL; counted.
        Null => "null",
        /// They are written as text.
        Text => "text",
    }
}

choice! {
    /// What happens when the time of a pass went by while no process was running or the machine slept.
    OnMissed {
        /// One pass is run at once, however many were missed.
        #[default]
        RunOnce => "run-once",
        /// The next regular time is waited for.
        Skip => "skip",
    }
}

choice! {
    /// What happens to the engine when the terminal of its console goes away.
    OnHangup {
        /// It goes on and can be attached again.
        #[default]
        Continue => "continue",
        /// It stops at the next safe point.
        Drain => "drain",
    }
}

choice! {
    /// How often a new log file is begun.
    Rotate {
        /// Every day.
        #[default]
        Daily => "daily",
        /// Every hour.
        Hourly => "hourly",
        /// Never.
        Never => "never",
    }
}

choice! {
    /// The least important messages that reach the log.
    LogLevel {
        /// Failures only.
        Error => "error",
        /// And warnings.
        Warn => "warn",
        /// And the life of a pass.
        #[default]
        Info => "info",
        /// And decisions in detail.
        Debug => "debug",
        /// Everything.
        Trace => "trace",
    }
}
