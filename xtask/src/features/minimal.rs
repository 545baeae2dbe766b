//! Programs without any plugin of ours that has a feature: they start, and say what they lack.

use std::path::Path;
use std::process::{Command, Output};

use super::{MINIMAL, PACKAGE, cargo};
use crate::failure::{Outcome, ensure};
use crate::programs::{PROXY, SCHEDULER, target_dir};

/// `EX_CONFIG`: the configuration cannot work.
const CONFIG: i32 = 78;

/// Builds them, and tries them as an operator would.
pub(super) fn build_and_try() -> Outcome<()> {
    build()?;
    let directory = target_dir()?.join("debug");
    try_scheduler(&directory.join(SCHEDULER))?;
    try_proxy(&directory.join(PROXY))
}

fn try_scheduler(program: &Path) -> Outcome<()> {
    let chosen = ["--set", "persist.plugin=none", "--set", "health.plugin=proof"];
    let check = ["config", "check"];
    expect(program, &[], CONFIG, &["persist-file", "health-raft"])?;
    expect(program, &check, CONFIG, &["persist-file", "health-raft"])?;
    expect(program, &["-zk-framework-persist=zk://h/p"], CONFIG, &["persist-zk"])?;
    let absent = ["persist-file", "persist-zk", "health-raft", "not in this build", "proof"];
    expect(program, &["plugins"], 0, &absent)?;
    expect(program, &["--help"], 0, &["Exit codes", "--cluster-size", "Not in this build"])?;
    expect(program, &[&check[..], &chosen].concat(), 0, &["the configuration can work"])
}

/// Its members are those that are named.
fn try_proxy(program: &Path) -> Outcome<()> {
    let members = "--set=discovery.static.members=[\"http://10.0.0.1:2379\"]";
    let print = ["--discovery=static", members, "--print", "--once"];
    expect(program, &[], CONFIG, &["`mesos_state` is not in this build", "discovery-state"])?;
    expect(program, &["--discovery=mesos_dns"], CONFIG, &["discovery-dns"])?;
    expect(program, &["--discovery=scheduler"], CONFIG, &["discovery-scheduler"])?;
    expect(program, &["plugins"], 0, &["static", "mesos_state", "not in this build"])?;
    expect(program, &print, 0, &["member http://10.0.0.1:2379"])
}

/// Into the usual directory, where everything else is built already: another would build all of it
/// again. Whatever is built next puts the usual programs back.
fn build() -> Outcome<()> {
    let mut command = cargo();
    command.args(["build", "--locked", "--quiet", "--package", PACKAGE]);
    command.args(["--bin", SCHEDULER, "--bin", PROXY]);
    command.args(["--no-default-features", "--features", MINIMAL]);
    ensure(command.status()?.success(), || format!("{PACKAGE} does not build as {MINIMAL}"))
}

/// Runs the program with no environment and compares its exit code and what it says.
fn expect(program: &Path, arguments: &[&str], code: i32, words: &[&str]) -> Outcome<()> {
    let mut command = Command::new(program);
    let Output { status, stdout, stderr } = command.args(arguments).env_clear().output()?;
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    let call = format!("{} ({MINIMAL}) {}", program.display(), arguments.join(" "));
    ensure(status.code() == Some(code), || {
        format!("{call}: ended with {status}, and {code} was expected:\n{said}")
    })?;
    words.iter().try_for_each(|word| {
        ensure(said.contains(word), || format!("{call}: does not say {word:?}:\n{said}"))
    })
}
