//! Which database a path leads to, so that a replaced file is noticed and two paths to one file are not taken for two.

use std::path::Path;
use std::time::UNIX_EPOCH;

/// Names a file and no other: it stays when the content changes or the file is moved, and changes when another file is
/// put in its place.
///
/// The number of a deleted file is soon given to a new one, so its time of creation belongs to the name. The device
/// is left out where there is such a time, because its number may change when the machine starts.
pub(super) fn identity(path: &Path) -> std::io::Result<String> {
    let metadata = std::fs::metadata(path)?;
    let created = metadata.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let (device, number, _) = file_number(&metadata);
    Ok(match created {
        Some(created) => format!("sqlite-{number:x}-{:x}", created.as_nanos()),
        None => format!("sqlite-{number:x}-on-{device:x}"),
    })
}

/// Whether the system tells when a file was made.
pub(super) fn knows_creation(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.created().is_ok())
}

/// Where a file is: its canonical path, or for a file with several names (hard links) what they have in common.
pub(super) fn location(path: &Path) -> String {
    let links = std::fs::metadata(path).map(|metadata| file_number(&metadata));
    match links {
        Ok((device, number, links)) if links > 1 => format!("file {number} on device {device}"),
        _ => path.display().to_string(),
    }
}

/// Device, number on it, and names of the file.
#[cfg(unix)]
fn file_number(metadata: &std::fs::Metadata) -> (u64, u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino(), metadata.nlink())
}

#[cfg(not(unix))]
fn file_number(_: &std::fs::Metadata) -> (u64, u64, u64) {
    (0, 0, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_identity_until_it_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::write(&path, "one").unwrap();
        let first = identity(&path).unwrap();
        std::fs::write(&path, "two, longer").unwrap();
        assert_eq!(identity(&path).unwrap(), first);
        let moved = folder.path().join("b.db");
        std::fs::rename(&path, &moved).unwrap();
        assert_eq!(identity(&moved).unwrap(), first);
        std::fs::write(&path, "one").unwrap();
        assert_ne!(identity(&path).unwrap(), first);
        std::fs::remove_file(&moved).unwrap();
        std::fs::write(&moved, "one").unwrap();
        assert_ne!(identity(&moved).unwrap(), first, "the number of a deleted file may be used again");
    }

    #[cfg(unix)]
    #[test]
    fn two_names_of_one_file_are_one_location() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        std::fs::write(&one, "").unwrap();
        assert_eq!(location(&one), one.display().to_string());
        std::fs::hard_link(&one, &two).unwrap();
        assert_eq!(location(&one), location(&two));
    }
}
