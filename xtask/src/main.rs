//! The project's own chores: `cargo xtask demo`, `features`, `figures`, `fresh`, `mutants`, `replay`, `sim`.
//!
//! They run the built programs and measure them from outside, by HTTP and `/proc`. They link nothing of the
//! programs, so what they show holds for what an operator runs. Without the feature `all` there is only the
//! demo on a local Mesos.
#![cfg_attr(test, allow(clippy::unwrap_used))]
// The chores that are left out use more of what is shared.
#![cfg_attr(not(feature = "all"), allow(dead_code))]

mod admin;
mod demo;
mod failure;
mod flags;
mod gateway;
mod http;
mod interrupt;
mod processes;
mod programs;
mod sandbox;
mod teller;

#[cfg(feature = "all")]
mod deployment;
#[cfg(feature = "all")]
mod features;
#[cfg(feature = "all")]
mod figures;
#[cfg(feature = "all")]
mod fresh;
#[cfg(feature = "all")]
mod mutants;
#[cfg(feature = "all")]
mod replay;
#[cfg(feature = "all")]
mod sim;

use std::process::ExitCode;

use clap::Parser;

/// The project's own chores.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", term_width = 100)]
enum Chore {
    /// An etcd cluster on Mesos, on this machine, to look at and to hurt, until Ctrl-C
    Demo(demo::Options),
    /// Checks every set of features, and tries the smallest programs
    #[cfg(feature = "all")]
    Features,
    /// Measures what the project promises, on five agents, and compares it with what it must be
    #[cfg(feature = "all")]
    Figures(figures::Options),
    /// Runs .ci/run on a fresh clone of HEAD, with an empty home and empty caches
    #[cfg(feature = "all")]
    Fresh,
    /// Tries whether the tests notice small changes to the dangerous code
    #[cfg(feature = "all")]
    Mutants(mutants::Options),
    /// Replays a scheduler's transcript, and says where it is decided otherwise today
    #[cfg(feature = "all")]
    Replay(replay::Options),
    /// Runs the simulator: one seed, some, or for ever
    #[cfg(feature = "all")]
    Sim(sim::Options),
}

fn main() -> ExitCode {
    let outcome = match Chore::parse() {
        Chore::Demo(options) => demo::run(&options),
        #[cfg(feature = "all")]
        Chore::Features => features::run(),
        #[cfg(feature = "all")]
        Chore::Figures(options) => figures::run(&options),
        #[cfg(feature = "all")]
        Chore::Fresh => fresh::run(),
        #[cfg(feature = "all")]
        Chore::Mutants(options) => mutants::run(&options),
        #[cfg(feature = "all")]
        Chore::Replay(options) => replay::run(&options),
        #[cfg(feature = "all")]
        Chore::Sim(options) => sim::run(&options),
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        ExitCode::FAILURE
    })
}
