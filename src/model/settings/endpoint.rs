//! How one side of a job is reached.

use std::time::Duration;

use super::choice::Tls;

/// A password or token that shows itself as `***` wherever it is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one call that hands it to a driver.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// One database or API, ready to be connected to.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointSettings {
    /// Scheme, place and options; never a secret. `sqlite:` is followed by an absolute path.
    pub url: String,
    /// The password that belongs to the user named in `url`.
    pub secret: Option<Secret>,
    /// Encryption of the connection; none for what suits the host, see [`crate::store::open`].
    pub tls: Option<Tls>,
    /// File with the certificates of the authorities to trust, in PEM, in place of the system's.
    pub tls_ca: Option<std::path::PathBuf>,
    /// The schema whose tables are meant; `None` is the one the server gives the session.
    pub schema: Option<String>,
    /// The organisation to log in to, for servers that hold several (4D).
    pub organization_id: Option<String>,
    /// Most connections open at a time; at least 1.
    pub connections: usize,
    /// Longest wait for the answer to one statement.
    pub timeout: Duration,
    /// How often one failed statement is tried again.
    pub retry_count: u32,
    /// Wait before a statement is tried again.
    pub retry_delay: Duration,
    /// First wait after a lost connection; grows with each attempt.
    pub reconnect_delay: Duration,
    /// How long a lost connection is sought before the pass fails.
    pub reconnect_for: Duration,
}

impl EndpointSettings {
    /// The documented defaults for the database at `url`, which must not hold a secret.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The part of `url` before the first colon, in lower case: `sqlite`, `postgres`, ….
    pub fn scheme(&self) -> &str {
        self.url.split(':').next().unwrap_or_default()
    }
}

impl Default for EndpointSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            secret: None,
            tls: None,
            tls_ca: None,
            schema: None,
            organization_id: None,
            connections: 4,
            timeout: Duration::from_mins(5),
            retry_count: 3,
            retry_delay: Duration::from_secs(5),
            reconnect_delay: Duration::from_secs(30),
            reconnect_for: Duration::from_mins(15),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let endpoint = EndpointSettings {
            secret: Some(Secret::new("hunter2")),
            ..EndpointSettings::at("postgres://u@h/d")
        };
        let shown = format!("{endpoint:?} {endpoint:#?} {}", Secret::new("hunter2"));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(endpoint.scheme(), "postgres");
    }
}
