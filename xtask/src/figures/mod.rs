//! `cargo xtask figures`: what the project promises, measured on a genuine Mesos with five agents.
//!
//! Every run has a Mesos and a cluster of its own. Nothing here is part of CI: times are the machine's too.

mod agents;
mod crash;
mod farewell;
mod figure;
mod formation;
mod idle;
mod proxy;
mod scene;
mod table;
mod takeover;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::deployment::Deployment;
use crate::failure::Outcome;
use crate::programs::Programs;
use crate::teller::{Teller, print};
use figure::{Figures, Sample};
use scene::Scene;

/// What is measured, and how often.
#[derive(Debug, Args)]
pub struct Options {
    /// How often everything is measured
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Only these scenarios, after the formation that each of them needs
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Scenario>,
    /// Also the crash of an etcd that is four minutes old, and an agent that is away for 100 s
    #[arg(long)]
    long: bool,
    /// Only the proxy, in front of masters with large states and of such that refuse; no Mesos is needed
    #[arg(long, conflicts_with_all = ["only", "long"])]
    proxy: bool,
    /// Measure the programs in this directory, in place of building them
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

/// A part of a run, in the order of the run: idle after the crashes, lest these cost memory unseen, and before the
/// takeover, which brings a new scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    Formation,
    Crash,
    Idle,
    Takeover,
    Agents,
    /// Part of a long run only.
    OldCrash,
    Farewell,
}

impl Options {
    fn wants(&self, scenario: Scenario) -> bool {
        match self.only.as_slice() {
            [] => self.long || scenario != Scenario::OldCrash,
            only => only.contains(&scenario),
        }
    }
}

/// Measures, prints the table, and fails if a median is not what it must be.
pub fn run(options: &Options) -> Outcome<ExitCode> {
    let teller = Teller::new();
    let programs = match &options.programs {
        Some(dir) => Programs::in_dir(dir)?,
        None => Programs::build()?,
    };
    let mut figures = Figures::default();
    let mut failed_runs = 0;
    for n in 1..=options.runs {
        teller.tell(&format!("run {n} of {}", options.runs));
        let outcome = match options.proxy {
            true => proxy::measure(&programs, |samples| note(&teller, &mut figures, samples)),
            false => one_run(&programs, options, &teller, &mut figures),
        };
        if let Err(failure) = outcome {
            failed_runs += 1;
            teller.tell(&format!("run {n} failed: {failure}"));
        }
    }
    print(&table::draw(&figures));
    let is_good = failed_runs == 0 && figures.all().all(|figure| figure.is_met());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn one_run(
    programs: &Programs,
    options: &Options,
    teller: &Teller,
    figures: &mut Figures,
) -> Outcome<()> {
    let mut deployment = Deployment::prepare(programs, "figures")?;
    let outcome = scenarios(options, teller, figures, &mut deployment);
    outcome.map_err(|failure| failure.with(&deployment.evidence()))
}

fn note(teller: &Teller, figures: &mut Figures, samples: Vec<Sample>) {
    for sample in samples {
        teller.tell(&format!("{}: {}", sample.name, sample.unit.show(sample.value)));
        figures.add(sample);
    }
}

fn scenarios(
    options: &Options,
    teller: &Teller,
    figures: &mut Figures,
    deployment: &mut Deployment,
) -> Outcome<()> {
    let mut note = |samples| note(teller, figures, samples);
    note(formation::measure(deployment)?);
    let mut scene = Scene::open(deployment)?;
    for &scenario in Scenario::value_variants() {
        if options.wants(scenario) {
            measure(scenario, options.long, &mut scene, &mut note)?;
        }
    }
    Ok(())
}

/// Notes each figure as soon as it is there: a scenario that fails must not take the others along.
fn measure(
    scenario: Scenario,
    long: bool,
    scene: &mut Scene<'_>,
    note: &mut impl FnMut(Vec<Sample>),
) -> Outcome<()> {
    match scenario {
        Scenario::Formation => {}
        Scenario::Idle => {
            note(idle::measure_memory(scene)?);
            note(idle::measure_offers(scene)?);
        }
        Scenario::Crash => crashes(scene, &crash::YOUNG, note)?,
        Scenario::OldCrash => crashes(scene, &crash::OLD, note)?,
        Scenario::Takeover => note(takeover::measure(scene)?),
        Scenario::Agents => {
            for &away in [1, 10, 100].iter().take(if long { 3 } else { 2 }) {
                note(agents::measure(scene, Duration::from_secs(away))?);
            }
        }
        Scenario::Farewell => note(farewell::measure(scene)?),
    }
    Ok(())
}

fn crashes(scene: &Scene<'_>, age: &crash::Age, note: &mut impl FnMut(Vec<Sample>)) -> Outcome<()> {
    note(crash::measure(scene, age, crash::Role::Follower)?);
    note(crash::measure(scene, age, crash::Role::Leader)?);
    Ok(())
}
