//! Genuine Mesos answers each exchange as its files say, and the local Mesos answers as genuine Mesos
//! did, field by field.
//!
//! What a scheduler does and is told in short is in `crates/sim/exchanges`; what it and the executors
//! were told in full is in `crates/local/exchanges`, together with what only this program asks.
//! `ETCD_MESOS_BLESS=1` lets genuine Mesos write down what it answers; `ETCD_MESOS_EXCHANGE=one,another`
//! runs only those.
//!
//! This program has no harness, because Mesos starts it again as the executor of the exchanges.

#![allow(clippy::unwrap_used)]

mod apart;
mod executor;
mod facts;
mod files;
mod genuine;
mod local;
mod more;
mod names;
mod place;
mod requests;
mod rig;
mod scheduler;
mod shown;
mod told;
mod transcript;
mod wire;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use etcd_mesos_sim::exchange::{self, Mode};

use genuine::Genuine;
use local::LocalMesos;
use rig::Rig;

const TESTS: [(&str, fn()); 2] = [
    ("genuine_mesos_answers_every_exchange_as_its_file_says", genuine),
    ("local_mesos_answers_every_exchange_as_genuine_mesos_did", local),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if has(executor::FLAG) {
        return executor::main();
    }
    if has("--list") {
        let tests = if has("--ignored") { [].iter() } else { TESTS.iter() };
        let list: String = tests.map(|(name, _)| format!("{name}: test\n")).collect();
        return std::io::stdout().write_all(list.as_bytes()).unwrap();
    }
    let filters: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let is_wanted = |name: &str| {
        filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
    };
    let tests = TESTS.into_iter().filter(|(name, _)| is_wanted(name));
    let failed = tests.filter(|(_, test)| catch_unwind(test).is_err()).count();
    assert_eq!(failed, 0, "so many tests failed");
}

fn genuine() {
    let is_blessed = std::env::var_os("ETCD_MESOS_BLESS").is_some();
    let whose = if is_blessed { Whose::GenuineBlessed } else { Whose::Genuine };
    let wrong = play(&mut Rig::new(Box::new(Genuine::start())), whose);
    assert!(wrong.is_empty(), "{wrong}ETCD_MESOS_BLESS=1 writes down what Mesos said");
}

fn local() {
    let wrong = play(&mut Rig::new(Box::new(LocalMesos::start())), Whose::Local);
    assert!(wrong.is_empty(), "{wrong}genuine Mesos says `-`, the local one `+`");
}

/// Whose answers they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Genuine,
    /// Right, whatever they are.
    GenuineBlessed,
    Local,
}

/// Plays all exchanges, and returns what is not as it should be.
fn play(rig: &mut Rig, whose: Whose) -> String {
    let mut wrong = String::new();
    for path in exchanges() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if is_wanted(&name) {
            let began = Instant::now();
            wrong.push_str(&play_text(rig, &path, &name, whose));
            eprintln!("{name}: {:.1} s", began.elapsed().as_secs_f64());
        }
    }
    for (name, exchange) in more::ALL {
        if is_wanted(name) {
            let began = Instant::now();
            // The others are still of interest.
            let outcome = catch_unwind(AssertUnwindSafe(|| exchange(rig)));
            if outcome.is_err() {
                wrong.push_str(&format!("{name} broke off, see above\n\n"));
            }
            wrong.push_str(&judge(name, &rig.clear(), whose));
            eprintln!("{name}: {:.1} s", began.elapsed().as_secs_f64());
        }
    }
    wrong
}

fn is_wanted(name: &str) -> bool {
    let only = std::env::var("ETCD_MESOS_EXCHANGE").ok();
    only.is_none_or(|only| only.split(',').any(|one| one == name))
}

fn play_text(rig: &mut Rig, path: &Path, name: &str, whose: Whose) -> String {
    let is_blessed = whose == Whose::GenuineBlessed;
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let commands = lines.windows(2).filter(|pair| pair[1] == "----");
    rig.expect(commands.map(|pair| pair[0].to_owned()).collect());
    let mode = if is_blessed { Mode::Record } else { Mode::Check };
    let ran = exchange::run(&text, rig, mode).unwrap();
    let in_full = rig.clear();
    if is_blessed {
        std::fs::write(path, ran.text).unwrap();
    }
    let differences = ran.differences.iter().filter(|_| !is_blessed);
    let short: String = differences
        .map(|difference| format!("crates/sim/exchanges/{name}.txt, {difference}\n\n"))
        .collect();
    short + &judge(name, &in_full, whose)
}

/// Holds what was heard against what genuine Mesos said, or writes it down.
fn judge(name: &str, heard: &str, whose: Whose) -> String {
    if whose == Whose::GenuineBlessed {
        files::write(name, heard);
    }
    let (genuine, heard) = (files::unfolded(&files::read(name)), files::unfolded(heard));
    let (expected, stray) = match whose {
        Whose::Local => apart::expected(name, &genuine, &heard),
        Whose::Genuine | Whose::GenuineBlessed => (genuine, String::new()),
    };
    let different = files::difference(name, &expected, &heard);
    stray + &different.map_or(String::new(), |different| format!("{different}\n"))
}

fn exchanges() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sim/exchanges");
    let mut paths: Vec<PathBuf> =
        directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
