//! The project's own chores: `cargo xtask demo`, `features`, `figures`, `fresh`, `mutants`, `replay`, `sim`.
//!
//! They run the built programs on a genuine Mesos and measure them from outside, by HTTP and `/proc`. They link
//! nothing of the programs, so what they show holds for what an operator runs.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod admin;
mod demo;
mod deployment;
mod failure;
mod features;
mod figures;
mod fresh;
mod gateway;
mod interrupt;
mod mutants;
mod programs;
mod replay;
mod sandbox;
mod sim;
mod teller;

use std::process::ExitCode;

use clap::Parser;

/// The project's own chores.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", term_width = 100)]
enum Chore {
    /// A Mesos cluster with etcd on it, on this machine, until Ctrl-C
    Demo(demo::Options),
    /// Checks every set of features, and tries the smallest program
    Features,
    /// Measures what the project promises, on five agents, and compares it with what it must be
    Figures(figures::Options),
    /// Runs .ci/run on a fresh clone of HEAD, with an empty home and empty caches
    Fresh,
    /// Tries whether the tests notice small changes to the dangerous code
    Mutants(mutants::Options),
    /// Replays a scheduler's transcript, and says where it is decided otherwise today
    Replay(replay::Options),
    /// Runs the simulator: one seed, some, or for ever
    Sim(sim::Options),
}

fn main() -> ExitCode {
    let outcome = match Chore::parse() {
        Chore::Demo(options) => demo::run(&options),
        Chore::Features => features::run(),
        Chore::Figures(options) => figures::run(&options),
        Chore::Fresh => fresh::run(),
        Chore::Mutants(options) => mutants::run(&options),
        Chore::Replay(options) => replay::run(&options),
        Chore::Sim(options) => sim::run(&options),
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        ExitCode::FAILURE
    })
}
