//! `import`: a db-sync configuration turned into ours.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::generate;
use crate::base::escape::visible;
use crate::base::limits::CONFIG_FILE_BYTES_MAX;
use crate::cli::args::ImportArguments;
use crate::cli::error::{CliError, Result};
use crate::cli::output;
use crate::cli::settings::shown;
use crate::config::import::{ImportBase, Imported, db_sync};
use crate::model::outcome::Exit;

/// Writes our configuration; 1 when keys could not be mapped.
pub fn import(arguments: &ImportArguments) -> Result<Exit> {
    let base = ImportBase {
        file: arguments.file.to_string_lossy().into_owned(),
        source_url: arguments.source.clone(),
        target_url: arguments.target.clone(),
    };
    let imported = db_sync(&read(&arguments.file)?, &base)?;
    if arguments.output == Path::new("-") {
        generate::print(imported.toml.as_bytes())?;
    } else {
        write(&arguments.output, arguments.force, imported.toml.as_bytes())?;
        output::tell(&format!("wrote {}", shown(&arguments.output)));
    }
    Ok(tell_unmapped(&imported))
}

fn tell_unmapped(imported: &Imported) -> Exit {
    for (path, reason) in &imported.unmapped {
        output::tell(&format!("not mapped: {}: {}", visible(path), visible(reason)));
    }
    if imported.unmapped.is_empty() {
        return Exit::Done;
    }
    output::tell("\nhint: these stand as comments at the top of the result; check them by hand");
    Exit::Remaining
}

fn read(file: &Path) -> Result<String> {
    let failed = |cause: String| CliError::usage(format!("{}: cannot be read: {cause}", shown(file)));
    let size = std::fs::metadata(file).map_err(|error| failed(error.to_string()))?.len();
    if size > CONFIG_FILE_BYTES_MAX {
        return Err(failed("it is too large for a configuration".to_owned()));
    }
    std::fs::read_to_string(file).map_err(|error| failed(visible(&error.to_string())))
}

/// Writes a configuration for the user alone: it may name where secrets are.
fn write(file: &Path, replace: bool, text: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if replace {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let written = options.open(file).and_then(|mut file| file.write_all(text));
    written.map_err(|error| {
        let failed =
            CliError::usage(format!("{}: cannot be written: {}", shown(file), visible(&error.to_string())));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                failed.hint("replace it with --force, or name another: --output FILE")
            }
            _ => failed,
        }
    })
}
