//! Logging: to standard error, and to a file where a log directory is given.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing::Level;
use tracing_subscriber::fmt::writer::MakeWriterExt;

/// A log directory that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the log {}, which --log_dir names", path.display())]
pub(crate) struct LogError {
    path: PathBuf,
    source: io::Error,
}

/// Starts logging, once a process.
///
/// # Errors
/// When the log file cannot be opened.
pub(crate) fn start(
    program: &str,
    directory: Option<&Path>,
    verbosity: i32,
) -> Result<(), LogError> {
    let level = match verbosity {
        ..=1 => Level::INFO,
        2 => Level::DEBUG,
        3.. => Level::TRACE,
    };
    let builder = tracing_subscriber::fmt().with_max_level(level).with_target(false);
    match directory {
        None => builder.with_ansi(io::stderr().is_terminal()).with_writer(io::stderr).init(),
        Some(directory) => {
            let file = Mutex::new(open(directory, program)?);
            builder.with_ansi(false).with_writer(io::stderr.and(file)).init();
        }
    }
    Ok(())
}

fn open(directory: &Path, program: &str) -> Result<File, LogError> {
    let path = directory.join(format!("{program}.log"));
    std::fs::create_dir_all(directory)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(&path))
        .map_err(|source| LogError { path, source })
}
