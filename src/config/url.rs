//! Database URLs: which are known, where their password stands, where their file is.

use std::path::{Component, Path, PathBuf};

use super::error::Fault;
use super::value::Value;
use crate::base::nearest::nearest;
use crate::model::settings::Secret;

/// Schemes that name a database or an API.
const SCHEMES: [&str; 9] =
    ["sqlite", "postgres", "postgresql", "mysql", "mariadb", "4d", "http", "https", "syncline"];

/// Advice for a URL that cannot be read; no part of the URL is repeated, for it may hold a password.
const ADVICE: &str = "for example \"sqlite:warehouse.db\" or \"postgres://user@host/database\"";

/// Checks a URL, takes the password out of it, and makes the path of a `sqlite:` URL absolute, starting at `folder`.
pub(crate) fn parse(text: &str, folder: &Path) -> Result<Value, Fault> {
    let (scheme, rest) = split_scheme(text)?;
    if scheme == "sqlite" {
        return sqlite(rest, folder);
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Fault::new("the URL has spaces or control characters").hint("write a space as %20"));
    }
    let rest = rest
        .strip_prefix("//")
        .ok_or_else(|| Fault::new(format!("// is missing after {scheme}:")).hint(ADVICE))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (userinfo, host) = match authority.rsplit_once('@') {
        Some((userinfo, host)) => (Some(userinfo), host),
        None => (None, authority),
    };
    check_host(&scheme, host, tail)?;
    check_options(tail)?;
    let (user, secret) = match userinfo.map(|userinfo| userinfo.split_once(':').unwrap_or((userinfo, ""))) {
        Some((user, "")) => (Some(user), None),
        Some((user, password)) => (Some(user), Some(Secret::new(decode(password)?))),
        None => (None, None),
    };
    let user = user.filter(|user| !user.is_empty()).map(|user| format!("{user}@")).unwrap_or_default();
    Ok(Value::Url { url: format!("{scheme}://{user}{host}{tail}"), secret })
}

fn split_scheme(text: &str) -> Result<(String, &str), Fault> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err(Fault::new("this is not a URL: it has no scheme")
            .hint("for a file write \"sqlite:\" before its path"));
    };
    let scheme = scheme.to_ascii_lowercase();
    if SCHEMES.contains(&scheme.as_str()) {
        return Ok((scheme, rest));
    }
    // What stands before the colon is repeated only when it cannot be a part of a secret.
    let fault = Fault::new(format!("the URL does not begin with one of {}", SCHEMES.join(": ") + ":"));
    Err(match nearest(&scheme, SCHEMES.into_iter()) {
        Some(known) => fault.hint(format!("did you mean \"{known}:…\"?")),
        None => fault.hint(ADVICE),
    })
}

fn sqlite(rest: &str, folder: &Path) -> Result<Value, Fault> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path == ":memory:" {
        return Err(
            Fault::new("a sqlite: URL needs the path of a file").hint("for example \"sqlite:warehouse.db\"")
        );
    }
    if path.contains('?') {
        return Err(Fault::new("a sqlite: URL takes no options after ?")
            .hint("the source is opened read-only by itself"));
    }
    Ok(Value::Url { url: format!("sqlite:{}", absolute(folder, path)?), secret: None })
}

/// `path`, made absolute by `folder`, without `.` components.
pub(crate) fn absolute(folder: &Path, path: &str) -> Result<String, Fault> {
    let joined: PathBuf = folder.join(path).components().filter(|part| *part != Component::CurDir).collect();
    let text =
        joined.to_str().ok_or_else(|| Fault::new("the folder of the configuration file is not UTF-8"))?;
    Ok(text.to_owned())
}

fn check_host(scheme: &str, host: &str, tail: &str) -> Result<(), Fault> {
    let encode = "write / ? # @ : in a password as %2F %3F %23 %40 %3A, or better use password_file";
    let port = match host.rfind(']') {
        Some(end) => &host[end + 1..],
        None => host.find(':').map_or("", |colon| &host[colon..]),
    };
    let is_port = |port: &str| {
        port.parse::<u16>().is_ok_and(|port| port > 0) && port.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return Err(Fault::new("the port of the URL is not a number from 1 to 65535").hint(encode));
    }
    if !scheme.starts_with("http") && tail.contains('@') {
        return Err(Fault::new("the URL has an @ after its host").hint(encode));
    }
    // A local socket needs no host.
    if host.len() == port.len() && !matches!(scheme, "postgres" | "postgresql" | "mysql" | "mariadb") {
        return Err(Fault::new("the URL has no host").hint(ADVICE));
    }
    Ok(())
}

/// Refuses options that carry secrets: they would reach logs with the URL.
fn check_options(tail: &str) -> Result<(), Fault> {
    let query = tail.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    for option in query.split('&') {
        let name = decode(option.split('=').next().unwrap_or_default())?.to_ascii_lowercase();
        let carries = ["password", "passwd", "pwd", "secret", "token", "apikey", "api_key", "api-key"];
        if carries.iter().any(|word| name.contains(word)) {
            return Err(Fault::new("the options of the URL carry a secret")
                .hint("use password_file, password_env or password_command"));
        }
    }
    Ok(())
}

fn decode(text: &str) -> Result<String, Fault> {
    let wrong = || {
        Fault::new("a % in the URL is not followed by two hexadecimal digits of UTF-8")
            .hint("write % itself as %25")
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let digits =
            digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())).ok_or_else(wrong)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Option<String>) {
        match parse(text, Path::new("/jobs")).unwrap() {
            Value::Url { url, secret } => (url, secret.map(|secret| secret.expose().to_owned())),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_password_leaves_the_url() {
        assert_eq!(
            parsed("POSTGRES://u:p%40%2F@h:5432/d?x=1"),
            ("postgres://u@h:5432/d?x=1".into(), Some("p@/".into()))
        );
        assert_eq!(parsed("mysql://u@[::1]:3306/d"), ("mysql://u@[::1]:3306/d".into(), None));
        assert_eq!(parsed("https://u:a:b@h/rest"), ("https://u@h/rest".into(), Some("a:b".into())));
        assert_eq!(parsed("postgres:///d"), ("postgres:///d".into(), None));
    }

    #[test]
    fn sqlite_paths_start_at_the_folder() {
        assert_eq!(parsed("sqlite:a.db").0, "sqlite:/jobs/a.db");
        assert_eq!(parsed("sqlite:./x/../a.db").0, "sqlite:/jobs/x/../a.db");
        assert_eq!(parsed("sqlite:///var/a%20b.db").0, "sqlite:/var/a%20b.db");
        assert_eq!(parsed("sqlite:/var/a.db").0, "sqlite:/var/a.db");
    }

    #[test]
    fn what_is_wrong_is_said_without_repeating_the_secret() {
        let wrong = [
            "hunter2",
            "postgre://u:hunter2@h/d",
            "postgres:u:hunter2@h",
            "postgres://u:hunter2/x@h/d",
            "postgres://u:12?hunter2@h/d",
            "postgres://u:hunter2 @h/d",
            "postgres://u:%zzhunter2@h/d",
            "postgres://u@h/d?password=hunter2",
            "postgres://u@h/d?api%5Fkey=hunter2",
            "https://u:hunter2@/x",
            "hunter2:x",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a.db?key=hunter2",
            "postgres://h:99999/hunter2",
        ];
        for text in wrong {
            let fault = parse(text, Path::new("/jobs")).expect_err(text);
            assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
        }
    }
}
