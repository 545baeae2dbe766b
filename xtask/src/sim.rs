//! `cargo xtask sim`: the simulator, optimised, in a program of its own.

use std::process::{Command, ExitCode};

use crate::failure::Outcome;
use crate::programs::top;

/// What is run.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Tell the story of this seed alone
    #[arg(long)]
    seed: Option<u64>,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many seeds; without it, for ever
    #[arg(long)]
    seeds: Option<u64>,
    /// For how many steps things go wrong
    #[arg(long, default_value_t = 2000)]
    steps: u64,
}

/// Builds and runs it; its end is this program's end.
pub fn run(options: &Options) -> Outcome<ExitCode> {
    let mut command = Command::new("cargo");
    command.args(["run", "--release", "--quiet", "--package", "etcd-mesos-sim", "--"]);
    command.args(["--steps", &options.steps.to_string()]).current_dir(top());
    match options.seed {
        Some(seed) => command.args(["--seed", &seed.to_string()]),
        None => command.args(["--from", &options.from.to_string()]),
    };
    command.args(options.seeds.iter().flat_map(|n| ["--seeds".to_owned(), n.to_string()]));
    let status = command.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
