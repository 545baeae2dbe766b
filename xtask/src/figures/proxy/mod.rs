//! `cargo xtask figures --proxy`: the proxy in front of masters with much to say, with little speed, and with
//! nothing but refusals. No Mesos is needed: the state is a generated file, the member a real etcd.

mod master;
mod member;
mod scene;
mod state;

use std::time::Duration;

use super::figure::{Sample, Unit};
use crate::failure::Outcome;
use crate::programs::Programs;
use master::{Master, Says};
use scene::Scene;
use state::{Size, State};

/// What a start may take, in seconds, and what it may hold resident, in megabytes.
const START_MUST: f64 = 0.3;
const MEMORY_MUST: f64 = 16.0;
/// As slow as a busy master was seen to be.
const SLOW_BYTES_PER_SECOND: u64 = 12_000_000;
/// For how long refusals are counted.
const REFUSED_FOR: Duration = Duration::from_secs(20);

/// Measures everything once.
pub(super) fn measure(programs: &Programs, mut note: impl FnMut(Vec<Sample>)) -> Outcome<()> {
    let scene = Scene::open(programs)?;
    let large = State::generate(Size::LARGE, &scene)?;
    note(start(&scene, "79 MB", Some(START_MUST), Says::State(large.clone(), 0))?);
    note(start(&scene, "79 MB at 12 MB/s", None, Says::State(large, SLOW_BYTES_PER_SECOND))?);
    let huge = State::generate(Size::HUGE, &scene)?;
    note(start(&scene, "790 MB", None, Says::State(huge, 0))?);
    for status in ["404 Not Found", "503 Service Unavailable"] {
        note(refusals(&scene, status)?);
    }
    Ok(())
}

/// From the start of the program to a read through it, and what that took.
fn start(scene: &Scene, what: &str, must: Option<f64>, says: Says) -> Outcome<Vec<Sample>> {
    let master = Master::start(&scene.ip(10), says)?;
    let proxy = scene.proxy(&master.address)?;
    let took = proxy.wait_read()?;
    let memory = proxy.peak_megabytes()?;
    let name = format!("proxy: start to a read, {what}");
    let peak = Sample {
        name: format!("proxy: peak memory, {what}"),
        value: memory,
        unit: Unit::Megabytes,
        must: Some(MEMORY_MUST),
        go: "",
    };
    Ok(vec![Sample::seconds(&name, took, must, ""), peak])
}

/// How often a master is asked that refuses, and how often that is told of.
fn refusals(scene: &Scene, status: &'static str) -> Outcome<Vec<Sample>> {
    let master = Master::start(&scene.ip(10), Says::Refuses(status))?;
    let proxy = scene.proxy(&master.address)?;
    std::thread::sleep(REFUSED_FOR);
    let told = proxy.log()?.matches("the members cannot be asked for").count();
    let seconds = REFUSED_FOR.as_secs();
    let count = |name: String, value: usize, must: u64| Sample {
        name,
        value: value as f64,
        unit: Unit::Count,
        must: Some(must as f64),
        go: "",
    };
    let code = &status[..3];
    Ok(vec![
        count(
            format!("proxy: questions in {seconds} s answered by {code}"),
            master.asked(),
            seconds,
        ),
        count(format!("proxy: lines in the log about {code}"), told, 1),
    ])
}
