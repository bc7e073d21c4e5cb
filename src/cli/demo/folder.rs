//! The folder of a demo: new, holding one already, or somebody else's.
//!
//! Invariant: nothing is removed but the demo's own files, and only where its configuration says that it is a demo.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::job::{self, Mark, Recipe};
use crate::base::escape::visible;
use crate::base::random::Random;
use crate::cli::error::{CliError, Result};
use crate::cli::settings::shown;
use crate::cli::surroundings::Surroundings;

/// How often another name is tried for a scratch folder.
const NAMES_TRIED_MAX: usize = 100;

/// The databases' files, with those that SQLite may leave beside them.
const DATABASES: [&str; 2] = ["source.db", "target.db"];
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// A folder for a demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder(PathBuf);

/// What a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing.
    Nothing,
    /// A demo, finished or not.
    Demo(Mark),
}

impl Folder {
    /// The folder of this name, made if it is not there, or a new scratch folder.
    pub(super) fn open(dir: Option<&Path>, around: &Surroundings) -> Result<Self> {
        let Some(dir) = dir else { return scratch(around) };
        let path = around.folder.join(dir);
        if path.to_str().is_none() {
            return Err(CliError::usage(format!("the name of {} is not UTF-8", shown(&path))));
        }
        if !path.exists() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
            made.map_err(|error| failed("made", &path, &error))?;
        }
        if !path.is_dir() {
            return Err(CliError::usage(format!("{} is not a folder", shown(&path))));
        }
        Ok(Self(path))
    }

    /// What it holds. Errors: files that are not a demo's.
    pub(super) fn content(&self) -> Result<Content> {
        let mut entries = fs::read_dir(&self.0).map_err(|error| failed("read", &self.0, &error))?;
        if entries.next().is_none() {
            return Ok(Content::Nothing);
        }
        // A file that is no text is not ours either.
        let text = fs::read_to_string(self.configuration()).unwrap_or_default();
        job::mark(&text).map(Content::Demo).ok_or_else(|| {
            CliError::usage(format!("{} holds files that are not a demo's", shown(&self.0)))
                .hint("name a new or an empty folder: --dir DIR")
                .hint("or leave --dir out for a scratch folder")
        })
    }

    /// Removes the demo's files and its state.
    pub(super) fn clear(&self) -> Result<()> {
        for (database, end) in DATABASES.iter().flat_map(|name| BESIDE.map(|end| (name, end))) {
            remove(&self.0.join(format!("{database}{end}")), |path| fs::remove_file(path))?;
        }
        remove(&self.state(), |path| fs::remove_dir_all(path))?;
        // Last, so that a folder that was cleared by half is still known as a demo's.
        remove(&self.configuration(), |path| fs::remove_file(path))
    }

    /// Writes the configuration.
    pub(super) fn configure(&self, text: &str) -> Result<()> {
        let path = self.configuration();
        fs::write(&path, text).map_err(|error| failed("written", &path, &error))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn configuration(&self) -> PathBuf {
        self.0.join("syncline.toml")
    }

    pub(super) fn source(&self) -> PathBuf {
        self.0.join(DATABASES[0])
    }

    pub(super) fn target(&self) -> PathBuf {
        self.0.join(DATABASES[1])
    }

    pub(super) fn state(&self) -> PathBuf {
        self.0.join("state")
    }
}

/// Refuses to run a demo that is there under other flags than it was made with.
pub(super) fn check_recipe(made: Recipe, asked: Recipe, folder: &Folder) -> Result<()> {
    if made == asked {
        return Ok(());
    }
    let Recipe { rows, seed } = made;
    Err(CliError::usage(format!("{} holds a demo of --rows {rows} --seed {seed}", shown(folder.path())))
        .hint("make it anew with --fresh, or leave it as it is with the same flags"))
}

fn remove(path: &Path, how: impl Fn(&Path) -> std::io::Result<()>) -> Result<()> {
    match how(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("removed", path, &error)),
        _ => Ok(()),
    }
}

fn scratch(around: &Surroundings) -> Result<Folder> {
    let parent = around.environment.get("TMPDIR").map_or(Path::new("/tmp"), Path::new);
    let mut random = Random::from_system();
    for _ in 0..NAMES_TRIED_MAX {
        let path = parent.join(format!("syncline-demo-{:06x}", random.below(1 << 24)));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(Folder(path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("made", &path, &error).hint("name another place: --dir DIR")),
        }
    }
    Err(CliError::usage(format!("no free name for a scratch folder in {}", shown(parent)))
        .hint("use --dir DIR"))
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> CliError {
    CliError::usage(format!("{} cannot be {what}: {}", shown(path), visible(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: Recipe = Recipe { rows: 500, seed: 1 };

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder(place.path().to_owned());
        (place, folder)
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        let (place, folder) = folder();
        assert_eq!(folder.content(), Ok(Content::Nothing));
        for (name, text) in
            [("source.db", &b"mine"[..]), ("syncline.toml", b"name = \"mine\""), ("syncline.toml", b"\xff")]
        {
            fs::write(place.path().join(name), text).unwrap();
            assert_eq!(folder.content().unwrap_err().exit, crate::model::outcome::Exit::Usage);
        }
    }

    #[test]
    fn clearing_a_demo_leaves_what_is_not_its_own() {
        let (place, folder) = folder();
        folder.configure(&job::finished(RECIPE)).unwrap();
        fs::create_dir(folder.state()).unwrap();
        for name in ["source.db", "target.db-wal", "state/x", "notes.txt"] {
            fs::write(place.path().join(name), "x").unwrap();
        }
        assert_eq!(folder.content(), Ok(Content::Demo(Mark::Finished(RECIPE))));
        folder.clear().unwrap();
        let left: Vec<_> =
            fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["notes.txt"]);
    }

    #[test]
    fn other_flags_do_not_run_a_demo_that_is_there() {
        let (_place, folder) = folder();
        assert_eq!(check_recipe(RECIPE, RECIPE, &folder), Ok(()));
        assert!(check_recipe(RECIPE, Recipe { rows: 501, ..RECIPE }, &folder).is_err());
    }
}
