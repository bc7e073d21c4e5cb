//! Where a job's state lives, and under which name.
//!
//! Computed from values that are handed in; nothing here reads the environment or the disk.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

/// Bytes of a job's name that its folder shows; what it takes to stay below every file system's 255.
const SHOWN_NAME_BYTES_MAX: usize = 100;

/// Words in the name of a URL option that carries a secret.
const SECRET_WORDS: [&str; 8] =
    ["password", "passwd", "pwd", "secret", "token", "apikey", "api_key", "api-key"];

/// What decides where a user's state lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserFolders<'a> {
    /// The user's home folder.
    pub home: Option<&'a Path>,
    /// The value of `XDG_STATE_HOME`; ignored unless absolute, as its specification says.
    pub xdg_state_home: Option<&'a Path>,
    /// Whether the machine follows Apple's conventions.
    pub macos: bool,
}

/// The folder under which every job of a user has one; none when the user has no home.
pub fn default_state_dir(folders: UserFolders<'_>) -> Option<PathBuf> {
    if let Some(state_home) = folders.xdg_state_home.filter(|path| path.is_absolute()) {
        return Some(state_home.join("syncline"));
    }
    let home = folders.home.filter(|path| path.is_absolute())?;
    Some(home.join(if folders.macos {
        "Library/Application Support/syncline"
    } else {
        ".local/state/syncline"
    }))
}

/// The name of a job that was given as two URLs: `a.db to db1.example/erp`.
pub fn ad_hoc_name(source: &str, target: &str) -> String {
    format!("{} to {}", place(source), place(target))
}

/// The part of a URL that a person would call it by.
fn place(url: &str) -> String {
    let url = without_secrets(url);
    let rest = url.split_once(':').map_or(url.as_str(), |(_, rest)| rest);
    match rest.strip_prefix("//") {
        Some(server) => {
            let plain = server.split(['?', '#']).next().unwrap_or_default();
            let authority_end = plain.find('/').unwrap_or(plain.len());
            let host = plain[..authority_end].rfind('@').map_or(0, |at| at + 1);
            plain[host..].trim_end_matches('/').to_owned()
        }
        None => rest.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

/// The folder of a job below the state folder: readable name, then a hash of the exact name and both URLs.
pub fn folder_name(job: &str, source: &str, target: &str) -> String {
    let mut name = String::new();
    for c in job.chars() {
        let c = if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
        if name.len() + c.len_utf8() > SHOWN_NAME_BYTES_MAX {
            break;
        }
        name.push(c);
    }
    let mut exact = Vec::new();
    for part in [job, &without_secrets(source), &without_secrets(target)] {
        exact.extend_from_slice(&(part.len() as u64).to_le_bytes());
        exact.extend_from_slice(part.as_bytes());
    }
    let _ = write!(name, "-{:016x}", (xxh3_128(&exact) >> 64) as u64);
    name
}

/// A URL without password and without options that carry a secret.
pub fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (place, options) =
        rest.split_once('?').map_or((rest, None), |(place, options)| (place, Some(options)));
    let authority_end = place.find('/').unwrap_or(place.len());
    // A password may hold a slash that nobody escaped; then the last @ lies behind it.
    let user_end = place.rfind('@').filter(|&at| at < authority_end || place[..authority_end].contains(':'));
    let mut plain = format!("{scheme}://");
    match user_end {
        Some(at) => {
            plain.push_str(place[..at].split(':').next().unwrap_or_default());
            plain.push_str(&place[at..]);
        }
        None => plain.push_str(place),
    }
    let is_harmless = |option: &&str| {
        let name = option.split('=').next().unwrap_or_default().to_lowercase();
        !SECRET_WORDS.iter().any(|word| name.contains(word))
    };
    let options: Vec<&str> = options.unwrap_or_default().split('&').filter(is_harmless).collect();
    if options.iter().any(|option| !option.is_empty()) {
        let _ = write!(plain, "?{}", options.join("&"));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default_dir(home: Option<&str>, xdg_state_home: Option<&str>, macos: bool) -> Option<String> {
        let folders =
            UserFolders { home: home.map(Path::new), xdg_state_home: xdg_state_home.map(Path::new), macos };
        default_state_dir(folders).map(|path| path.display().to_string())
    }

    #[test]
    fn state_lives_where_the_platform_keeps_state() {
        assert_eq!(default_dir(Some("/home/a"), None, false).unwrap(), "/home/a/.local/state/syncline");
        assert_eq!(default_dir(Some("/home/a"), Some("/var/s"), false).unwrap(), "/var/s/syncline");
        assert_eq!(default_dir(Some("/home/a"), Some("s"), false).unwrap(), "/home/a/.local/state/syncline");
        assert_eq!(
            default_dir(Some("/Users/a"), None, true).unwrap(),
            "/Users/a/Library/Application Support/syncline"
        );
        assert_eq!(default_dir(None, None, false), None);
    }

    #[test]
    fn an_ad_hoc_job_is_called_by_both_places() {
        assert_eq!(ad_hoc_name("sqlite:/data/a b.db", "sqlite:/data/b.db"), "a b.db to b.db");
        assert_eq!(
            ad_hoc_name("postgres://ro:hunter2@db1.example:5433/erp?sslmode=require", "https://api.example/"),
            "db1.example:5433/erp to api.example"
        );
    }

    #[test]
    fn a_folder_is_told_by_the_exact_name_and_both_urls() {
        let base = folder_name("erp", "sqlite:/a.db", "sqlite:/b.db");
        assert!(base.starts_with("erp-") && base.len() == "erp-".len() + 16, "{base}");
        for other in [
            folder_name("erp", "sqlite:/a.db", "sqlite:/c.db"),
            folder_name("erp", "sqlite:/b.db", "sqlite:/a.db"),
            folder_name("er p", "sqlite:/a.db", "sqlite:/b.db"),
            folder_name("ERP", "sqlite:/a.db", "sqlite:/b.db"),
        ] {
            assert_ne!(other, base);
        }
        let odd = folder_name("../täglich\n/日本", "sqlite:/a.db", "sqlite:/b.db");
        assert!(odd.starts_with("___täglich__日本-"), "{odd}");
        assert!(folder_name(&"𝒜".repeat(500), "", "").len() <= 255);
    }

    #[test]
    fn secrets_never_reach_a_name() {
        let plain = "postgres://ro@db1/erp?sslmode=require";
        for with_secret in [
            "postgres://ro:hunter2@db1/erp?sslmode=require",
            "postgres://ro:hunt/er2@db1/erp?sslmode=require",
            "postgres://ro:h@nter2@db1/erp?sslmode=require&Password=hunter2",
        ] {
            assert_eq!(without_secrets(with_secret), plain);
            assert_eq!(folder_name("j", with_secret, "t"), folder_name("j", plain, "t"));
        }
        for untouched in ["sqlite:/a@b/c.db", "https://h/p@q?x=1", "mysql://h:3306/db", "postgres://h/d"] {
            assert_eq!(without_secrets(untouched), untouched);
        }
        assert_eq!(without_secrets("https://h/p?token=hunter2"), "https://h/p");
    }
}
