//! Genuine Mesos answers each exchange as its file says. `ETCD_MESOS_BLESS=1` writes down what it
//! answers; `ETCD_MESOS_EXCHANGE=one,another` runs only those.
//!
//! This program has no harness, because Mesos starts it again as the executor of the exchanges. To
//! a runner of tests it is one with a single test.

#![allow(clippy::unwrap_used)]

mod executor;
mod rig;
mod scheduler;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use etcd_mesos_sim::exchange::{self, Mode};

use rig::Rig;

const NAME: &str = "genuine_mesos_answers_every_exchange_as_its_file_says";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if has(executor::FLAG) {
        return executor::main();
    }
    if has("--list") {
        let test = if has("--ignored") { String::new() } else { format!("{NAME}: test\n") };
        return std::io::stdout().write_all(test.as_bytes()).unwrap();
    }
    let filters: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    if filters.is_empty() || filters.iter().any(|filter| NAME.contains(filter.as_str())) {
        run();
    }
}

fn run() {
    let is_blessed = std::env::var_os("ETCD_MESOS_BLESS").is_some();
    let mode = if is_blessed { Mode::Record } else { Mode::Check };
    let only = std::env::var("ETCD_MESOS_EXCHANGE").ok();
    let mut rig = Rig::start();
    let mut wrong = String::new();
    for path in exchanges() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| only.split(',').all(|one| one != name)) {
            continue;
        }
        let began = Instant::now();
        let text = std::fs::read_to_string(&path).unwrap();
        let ran = exchange::run(&text, &mut rig, mode).unwrap();
        for difference in &ran.differences {
            wrong.push_str(&format!("exchanges/{name}.txt, {difference}\n\n"));
        }
        if is_blessed {
            std::fs::write(&path, ran.text).unwrap();
        }
        rig.clear();
        eprintln!("{name}: {:.1} s", began.elapsed().as_secs_f64());
    }
    assert!(
        is_blessed || wrong.is_empty(),
        "{wrong}ETCD_MESOS_BLESS=1 writes down what Mesos said"
    );
}

fn exchanges() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("exchanges");
    let mut paths: Vec<PathBuf> =
        directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
