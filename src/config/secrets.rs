//! Passwords, from where the configuration says that they are.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::document::read_limited;
use super::error::Fault;
use super::expand::Environment;
use super::origin::shown_path;
use crate::base::clock::{Clock, SystemClock};
use crate::base::escape::visible_short;
use crate::base::{human, limits, task};
use crate::model::settings::Secret;

/// The value of the environment variable `name`.
pub(crate) fn from_environment(name: &str, environment: &Environment) -> Result<Secret, Fault> {
    let shown = visible_short(name, 60);
    match environment.get(name) {
        None => Err(Fault::new(format!("the environment variable {shown} is not set"))
            .hint(format!("set it before starting: export {shown}=…"))),
        Some(value) => checked(value.clone().into_bytes()),
    }
}

/// The content of the file at `path` without the line end that an editor left; and a warning when others may read it.
pub(crate) fn from_file(path: &Path) -> Result<(Secret, Option<String>), Fault> {
    let shown = shown_path(path);
    let failed = |cause: &str| Fault::new(format!("the file {shown} {cause}"));
    let metadata = std::fs::metadata(path).map_err(|error| failed(&format!("cannot be read: {error}")))?;
    if !metadata.is_file() {
        return Err(failed("is not a regular file").hint("use password_command for anything else"));
    }
    let bytes = read_limited(path, limits::SECRET_BYTES_MAX).map_err(|fault| failed(&fault.message))?;
    let warning = is_open_to_others(&metadata).then(|| {
        format!("the password file {shown} may be read by other users\n    hint: chmod 600 {shown}")
    });
    Ok((checked(bytes)?, warning))
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

/// What the command prints, without its last line end. No shell; at most `time_max` and [`limits::SECRET_BYTES_MAX`].
pub(crate) fn from_command(words: &[String], time_max: Duration) -> Result<Secret, Fault> {
    let (program, arguments) = words.split_first().ok_or_else(|| Fault::new("the command is empty"))?;
    let shown = visible_short(program, 60);
    let failed = |cause: String| {
        Fault::new(format!("the command {shown} {cause}"))
            .hint("run it by hand; it must print the password and nothing else")
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let outcome = collect(&mut child, time_max);
    if outcome.is_err() {
        // Already gone is as good as killed, and there is nobody to tell about a child that cannot be.
        let _ = child.kill();
        let _ = child.wait();
    }
    checked(outcome.map_err(failed)?)
}

/// Output and successful end of `child`, or why there is none.
fn collect(child: &mut Child, time_max: Duration) -> Result<Vec<u8>, String> {
    let clock = SystemClock::new();
    let late = || format!("took longer than {}", human::duration(time_max));
    let output = child.stdout.take().ok_or("has no output")?;
    let (sender, receiver) = mpsc::channel();
    task::spawn_thread("password-command", move || {
        let mut bytes = Vec::new();
        let read = output.take(limits::SECRET_BYTES_MAX + 1).read_to_end(&mut bytes);
        // The receiver is gone only when the time was up, and then nobody wants the answer.
        let _ = sender.send(read.map(|_| bytes));
    })
    .map_err(|error| format!("cannot be read: {error}"))?;
    let bytes = receiver
        .recv_timeout(time_max)
        .map_err(|_| late())?
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > limits::SECRET_BYTES_MAX {
        return Err(format!("prints more than {}", human::bytes(limits::SECRET_BYTES_MAX)));
    }
    let (_keep_open, never) = mpsc::channel::<()>();
    loop {
        match child.try_wait().map_err(|error| format!("cannot be waited for: {error}"))? {
            Some(status) if status.success() => return Ok(bytes),
            Some(status) => return Err(format!("failed: {status}")),
            None if clock.elapsed() >= time_max => return Err(late()),
            // It closed its output and is about to end; a bounded wait on a channel is our sleep.
            None => drop(never.recv_timeout(Duration::from_millis(5))),
        }
    }
}

fn checked(mut bytes: Vec<u8>) -> Result<Secret, Fault> {
    for end in [b'\n', b'\r'] {
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| Fault::new("the password is not UTF-8"))?;
    if text.is_empty() {
        return Err(Fault::new("the password is empty").hint("remove the key when there is no password"));
    }
    if text.contains(['\0', '\n']) {
        return Err(Fault::new("the password has more than one line or a NUL character"));
    }
    Ok(Secret::new(text))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let secret = from_command(&words, Duration::from_millis(500));
        secret.map(|secret| secret.expose().to_owned()).map_err(|fault| fault.message)
    }

    #[test]
    fn a_command_is_run_without_a_shell_and_within_limits() {
        assert_eq!(command(&["printf", "%s\\n", "$HOME `x`"]), Ok("$HOME `x`".to_owned()));
        assert_eq!(command(&["false"]), Err("the command false failed: exit status: 1".to_owned()));
        assert_eq!(command(&["true"]), Err("the password is empty".to_owned()));
        assert_eq!(command(&["sleep", "60"]), Err("the command sleep took longer than 0.50 s".to_owned()));
        assert_eq!(
            command(&["sh", "-c", "exec >&-; sleep 60"]),
            Err("the command sh took longer than 0.50 s".to_owned())
        );
        assert_eq!(
            command(&["cat", "/dev/zero"]),
            Err("the command cat prints more than 64.0 KiB".to_owned())
        );
        assert!(command(&["/nonexistent/pass"]).unwrap_err().contains("cannot be started"));
    }

    #[test]
    fn a_file_that_others_may_read_is_warned_about() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "hunter2\r\n").unwrap();
        for (mode, warns) in [(0o600, false), (0o640, true), (0o604, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let (secret, warning) = from_file(&path).unwrap();
            assert_eq!((secret.expose(), warning.is_some()), ("hunter2", warns));
        }
        assert!(from_file(folder.path()).unwrap_err().message.ends_with("is not a regular file"));
        std::fs::write(&path, vec![b'x'; 70_000]).unwrap();
        assert!(from_file(&path).unwrap_err().message.contains("larger than 64.0 KiB"));
        std::fs::write(&path, "one\ntwo\n").unwrap();
        assert!(from_file(&path).unwrap_err().message.contains("more than one line"));
    }
}
