//! Runs seeds: `--seed N` tells the story of one; without it, seeds from `--from N` on, `--seeds N`
//! of them or for ever. `--steps N` is how long the faults last. `--script FILE` prints a script with
//! what it prints today.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

fn number(name: &str) -> Option<u64> {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1)?.parse().ok()
}

const USAGE: &str =
    "usage: etcd-mesos-sim [--seed N | [--from N] [--seeds N]] [--steps N], or --script FILE";

/// Every argument has a meaning: a typing error must not begin a campaign without an end.
fn is_sound(arguments: &[String]) -> bool {
    arguments.chunks(2).all(|pair| match pair {
        [name, value] if name == "--script" => !value.is_empty(),
        [name, value] => {
            ["--seed", "--from", "--seeds", "--steps"].contains(&name.as_str())
                && value.parse::<u64>().is_ok()
        }
        _ => false,
    })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !is_sound(&arguments) {
        eprintln!("{USAGE}");
        return ExitCode::from(64);
    }
    if let Some(file) = std::env::args().skip_while(|argument| argument != "--script").nth(1) {
        return play(&file);
    }
    let steps = number("--steps").unwrap_or(2000);
    match number("--seed") {
        Some(seed) => tell(seed, steps),
        None => {
            campaign(number("--from").unwrap_or(0), number("--seeds").unwrap_or(u64::MAX), steps)
        }
    }
}

/// Prints a script with what it prints today.
fn play(file: &str) -> ExitCode {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
    match text.and_then(|text| etcd_mesos_sim::script::run(&text)) {
        Ok(ran) => {
            let printed = std::io::stdout().write_all(ran.text.as_bytes());
            if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tell(seed: u64, steps: u64) -> ExitCode {
    match etcd_mesos_sim::run(seed, steps) {
        Ok(outcome) => {
            eprintln!(
                "seed {seed}: {} steps, {}; {:?}",
                outcome.steps, outcome.rest, outcome.struck
            );
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn campaign(from: u64, seeds: u64, steps: u64) -> ExitCode {
    let (began, mut all_steps) = (Instant::now(), 0);
    let mut struck: BTreeMap<&str, u64> = BTreeMap::new();
    let mut rests: BTreeMap<&str, u64> = BTreeMap::new();
    for (count, seed) in (from..from.saturating_add(seeds)).enumerate() {
        match etcd_mesos_sim::run(seed, steps) {
            Ok(outcome) => {
                all_steps += outcome.steps;
                *rests.entry(outcome.rest).or_default() += 1;
                outcome.struck.iter().for_each(|(kind, n)| *struck.entry(kind).or_default() += n);
            }
            Err(failure) => {
                eprintln!("{failure}");
                return ExitCode::FAILURE;
            }
        }
        if (count + 1) % 1000 == 0 || count as u64 + 1 == seeds {
            let seconds = began.elapsed().as_secs_f64();
            eprintln!(
                "{} seeds, {all_steps} steps, {:.0} steps/s; {rests:?}; struck: {struck:?}",
                count + 1,
                all_steps as f64 / seconds
            );
        }
    }
    ExitCode::SUCCESS
}
