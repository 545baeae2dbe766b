//! A program without any plugin of ours that has a feature: it starts, and says what it lacks.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{MINIMAL, PACKAGE, cargo};
use crate::failure::{Outcome, ensure};
use crate::programs::{SCHEDULER, target_dir};

/// `EX_CONFIG`: the configuration cannot work.
const CONFIG: i32 = 78;

/// Builds it, and tries it as an operator would.
pub(super) fn build_and_try() -> Outcome<()> {
    let program = build()?;
    let chosen = ["--set", "persist.plugin=none", "--set", "health.plugin=proof"];
    let check = ["config", "check"];
    expect(&program, &[], CONFIG, &["persist-file", "health-raft"])?;
    expect(&program, &check, CONFIG, &["persist-file", "health-raft"])?;
    expect(&program, &["-zk-framework-persist=zk://h/p"], CONFIG, &["persist-zk"])?;
    let absent = ["persist-file", "persist-zk", "health-raft", "not in this build", "proof"];
    expect(&program, &["plugins"], 0, &absent)?;
    expect(&program, &["--help"], 0, &["Exit codes", "--cluster-size", "Not in this build"])?;
    expect(&program, &[&check[..], &chosen].concat(), 0, &["the configuration can work"])
}

/// Into the usual directory, where everything else is built already: another would build all of it
/// again. Whatever is built next puts the usual program back.
fn build() -> Outcome<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--locked", "--quiet", "--package", PACKAGE, "--bin", SCHEDULER]);
    command.args(["--no-default-features", "--features", MINIMAL]);
    ensure(command.status()?.success(), || format!("{SCHEDULER} does not build as {MINIMAL}"))?;
    Ok(target_dir()?.join("debug").join(SCHEDULER))
}

/// Runs the program with no environment and compares its exit code and what it says.
fn expect(program: &Path, arguments: &[&str], code: i32, words: &[&str]) -> Outcome<()> {
    let mut command = Command::new(program);
    let Output { status, stdout, stderr } = command.args(arguments).env_clear().output()?;
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    let call = format!("{SCHEDULER} ({MINIMAL}) {}", arguments.join(" "));
    ensure(status.code() == Some(code), || {
        format!("{call}: ended with {status}, and {code} was expected:\n{said}")
    })?;
    words.iter().try_for_each(|word| {
        ensure(said.contains(word), || format!("{call}: does not say {word:?}:\n{said}"))
    })
}
