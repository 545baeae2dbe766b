//! `cargo xtask features`: every set of features compiles without a warning, and programs with none of them
//! say what they lack.

#![allow(clippy::print_stdout, reason = "its output is what it is run for")]

mod minimal;

use std::process::{Command, ExitCode};
use std::time::Instant;

use serde_json::Value;

use crate::failure::{Failure, Outcome, ensure};
use crate::programs::top;

const PACKAGE: &str = "etcd-mesos";
/// The feature that asks for nothing.
const MINIMAL: &str = "minimal";

/// Checks each set, then builds and runs the smallest programs.
pub fn run() -> Outcome<ExitCode> {
    for arguments in sets(&features()?) {
        let began = Instant::now();
        check(&arguments)?;
        println!("compiles  {:5.1} s  {}", began.elapsed().as_secs_f64(), arguments.join(" "));
    }
    let began = Instant::now();
    minimal::build_and_try()?;
    println!("runs      {:5.1} s  {MINIMAL}", began.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

/// What the manifest has, as cargo reads it, so that none is forgotten.
fn features() -> Outcome<Vec<String>> {
    let mut command = cargo();
    command.args(["metadata", "--locked", "--no-deps", "--format-version=1"]);
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ours = packages.iter().find(|package| package["name"] == PACKAGE);
    let names = ours.and_then(|package| package["features"].as_object()).map(|all| all.keys());
    let names = names.ok_or_else(|| Failure::new("cargo metadata names no features"))?;
    Ok(names.filter(|name| !["default", MINIMAL].contains(&name.as_str())).cloned().collect())
}

/// None, each alone, the default, all.
fn sets(features: &[String]) -> Vec<Vec<String>> {
    let of = |name: &str| vec!["--no-default-features".to_owned(), format!("--features={name}")];
    let mut sets = vec![of(MINIMAL)];
    sets.extend(features.iter().map(|name| of(name)));
    sets.extend([vec!["--features=default".to_owned()], vec!["--all-features".to_owned()]]);
    sets
}

/// As everywhere, a warning is an error.
fn check(set: &[String]) -> Outcome<()> {
    let mut command = cargo();
    command.args(["clippy", "--locked", "--quiet", "--package", PACKAGE, "--lib", "--bins"]);
    command.args(set).args(["--", "-D", "warnings"]);
    let status = command.status()?;
    ensure(status.success(), || format!("{PACKAGE} does not compile with {}", set.join(" ")))
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(top());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_features_of_the_manifest_are_found_and_each_is_tried_alone() {
        let features = features().unwrap();
        assert!(features.iter().any(|name| name == "persist-file"), "{features:?}");
        let sets = sets(&features);
        assert_eq!(sets.len(), features.len() + 3);
        assert!(sets.contains(&vec!["--no-default-features".into(), "--features=minimal".into()]));
    }
}
