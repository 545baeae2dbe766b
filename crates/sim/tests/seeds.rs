//! A thousand seeds in every run of the tests; `cargo xtask sim` runs for as long as it is let.

use std::collections::BTreeMap;

use etcd_mesos_sim::run;

const STEPS: u64 = 2000;

/// Seeds are shared out over tests, so that a runner can use its cores.
fn seeds(range: std::ops::Range<u64>) {
    let mut rests: BTreeMap<&str, u64> = BTreeMap::new();
    let mut struck: BTreeMap<&str, u64> = BTreeMap::new();
    let mut steps = 0;
    for seed in range {
        match run(seed, STEPS) {
            Ok(outcome) => {
                steps += outcome.steps;
                *rests.entry(outcome.rest).or_default() += 1;
                outcome.struck.iter().for_each(|(k, n)| *struck.entry(k).or_default() += n);
            }
            Err(failure) => panic!("{failure}"),
        }
    }
    eprintln!("{steps} steps; {rests:?}; struck: {struck:?}");
}

#[test]
fn seeds_of_the_first_quarter() {
    seeds(0..250);
}

#[test]
fn seeds_of_the_second_quarter() {
    seeds(250..500);
}

#[test]
fn seeds_of_the_third_quarter() {
    seeds(500..750);
}

#[test]
fn seeds_of_the_fourth_quarter() {
    seeds(750..1000);
}
