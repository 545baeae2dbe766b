//! One run: a seed, so many steps with faults, then peace, and rest.

use std::collections::BTreeMap;
use std::time::Duration;

use etcd_mesos_core::config::{Config, Timing};
use etcd_mesos_core::offer::{Milli, Need};
use etcd_mesos_core::time::Timestamp;

use crate::world::World;

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// How many steps it took.
    pub steps: u64,
    /// What struck, and how often.
    pub struck: BTreeMap<&'static str, u64>,
    /// How it ended.
    pub rest: &'static str,
}

/// A run that showed what must never be.
#[derive(Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The step.
    pub step: u64,
    /// What must never be.
    pub what: String,
    /// What happened last.
    pub story: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.story {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "seed {}, step {}: {}", self.seed, self.step, self.what)?;
        write!(f, "replay: cargo xtask sim --seed {}", self.seed)
    }
}

impl std::error::Error for Failure {}

/// The configuration of a simulated cluster: three members, and the deadlines of a real one.
pub fn config() -> Config {
    Config {
        cluster: "sim".parse().expect("sim is a name"),
        role: "*".to_owned(),
        size: 3,
        need: Need {
            cpus: Milli::whole(1),
            mem: Milli::whole(512),
            disk: Milli::whole(1024),
            executor_cpus: Milli(100),
            executor_mem: Milli::whole(32),
        },
        etcd_flags: Vec::new(),
        nonce: String::new(),
        removed_framework: None,
        timing: Timing::default(),
    }
}

/// How long the world has to come to rest once the faults stop: an abandoned attempt may wait for
/// an agent that is set aside for ten minutes, and for an executor registration of one.
const REST: Duration = Duration::from_secs(3600);
/// More steps than this in peace are a world that does not come to rest.
const REST_STEPS_MAX: u64 = 400_000;

/// Runs a seed: at least so many steps with faults, then peace.
///
/// # Errors
/// What must never be, with the story that led to it.
pub fn run(seed: u64, steps: u64) -> Result<Outcome, Failure> {
    let faults_until = Timestamp(steps * 150);
    let agents = 4 + (seed % 3) as usize;
    let mut world = World::new(seed, agents, config()).with_faults(faults_until);
    let mut count = 0;
    let fail = |world: &World, step, what| Failure {
        seed,
        step,
        what,
        story: world.story().map(str::to_owned).collect(),
    };
    while count < steps || world.now() < faults_until {
        count += 1;
        match world.step() {
            Ok(true) => {}
            Ok(false) => return Err(fail(&world, count, "nothing ever happens again".to_owned())),
            Err(what) => return Err(fail(&world, count, what)),
        }
    }
    let deadline = world.now() + REST;
    let limit = count + REST_STEPS_MAX;
    loop {
        if let Ok(rest) = world.check_rest() {
            return Ok(Outcome { steps: count, struck: world.faults.struck.clone(), rest });
        }
        if world.now() > deadline || count > limit {
            let what = world.check_rest().err().unwrap_or_default();
            return Err(fail(&world, count, format!("no rest after the faults: {what}")));
        }
        count += 1;
        if let Err(what) = world.step() {
            return Err(fail(&world, count, what));
        }
    }
}
