//! `cargo xtask demo`: an etcd cluster on a genuine Mesos, to look at and to hurt.
//!
//! Everything is this machine's loopback and one directory, which goes when the demo ends.

mod forming;
mod invitation;
mod picture;
mod watch;

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Args;

use crate::admin::Report;
use crate::deployment::{AGENTS, Deployment};
use crate::failure::Outcome;
use crate::interrupt;
use crate::programs::Programs;
use crate::teller::{Teller, print};
use watch::Watch;

/// How often the living processes are looked at, which is how fine the times of a recovery are.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What the demo can be told.
#[derive(Debug, Args)]
pub struct Options {
    /// Write and read a key, and end as soon as the picture was shown
    #[arg(long)]
    once: bool,
    /// End by itself after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
}

/// Shows the demo until its end, which is no failure.
pub fn run(options: &Options) -> Outcome<ExitCode> {
    interrupt::catch()?;
    let teller = Teller::new();
    let programs = Programs::build()?;
    teller.tell(&format!("starting a Mesos master and {AGENTS} agents"));
    let mut deployment = Deployment::prepare(&programs, "demo")?;
    let outcome = show(&mut deployment, &teller, options);
    // The evidence goes with the deployment, so it is gathered before.
    let outcome = outcome.map_err(|failure| failure.with(&deployment.evidence()));
    teller.tell("stopping etcd, the scheduler and Mesos");
    drop(deployment);
    outcome?;
    teller.tell("everything is stopped, and nothing is left behind");
    Ok(ExitCode::SUCCESS)
}

fn show(deployment: &mut Deployment, teller: &Teller, options: &Options) -> Outcome<()> {
    let master = deployment.mesos.master_url();
    teller.tell(&format!("Mesos runs: its master is {master}, and {AGENTS} agents are registered"));
    deployment.start_scheduler()?;
    let (pid, admin) = (deployment.scheduler()?.pid(), deployment.admin());
    teller.tell(&format!("the scheduler is started: process {pid}, {}", admin.url("/")));
    let Some(report) = forming::wait(deployment, teller)? else { return Ok(()) };
    print(&picture::draw(deployment, &report)?);
    print(&invitation::text(deployment, &report));
    if options.once {
        return invitation::check(deployment, &report, teller);
    }
    live(deployment, &report, teller, options.seconds.map(Duration::from_secs))
}

fn live(
    deployment: &mut Deployment,
    report: &Report,
    teller: &Teller,
    limit: Option<Duration>,
) -> Outcome<()> {
    let until = limit.map(|limit| teller.elapsed() + limit);
    let mut watch = Watch::new(deployment, report);
    while !interrupt::is_asked() && until.is_none_or(|until| teller.elapsed() < until) {
        for line in watch.look(deployment)? {
            teller.tell(&line);
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}
