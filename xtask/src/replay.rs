//! `cargo xtask replay`: a transcript through the core of today, in a program of its own.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::failure::Outcome;
use crate::programs::top;

/// What is replayed.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A transcript, as `etcd-mesos-scheduler --transcript=FILE` writes it
    file: PathBuf,
}

/// Builds and runs it; its end is this program's end.
pub fn run(options: &Options) -> Outcome<ExitCode> {
    let file = std::path::absolute(&options.file)?;
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--package", "etcd-mesos-sim", "--example", "replay", "--"]);
    let status = command.arg(file).current_dir(top()).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
