//! The conformance suites bite: a plugin that is correct passes, and one that is broken in one line
//! fails in that line and in no other. Every line is broken by somebody.

#![allow(clippy::unwrap_used)]

mod discovery;
mod health;
mod persist;
mod placement;

use etcd_mesos_testkit::conformance::Verdicts;

/// Asserts that exactly these lines fail, in the order of the contract.
fn assert_breaks(broken: &str, verdicts: &Verdicts, lines: &[&str]) {
    assert_eq!(verdicts.failed(), lines, "{broken}: {verdicts}");
    assert_eq!(verdicts.not_applicable(), [""; 0], "{broken}");
}

/// Asserts that the table leaves out no line.
fn assert_all_broken<'a>(lines: impl Iterator<Item = &'a str>, table: &[&str]) {
    let whole: Vec<&str> = lines.filter(|line| !table.contains(line)).collect();
    assert_eq!(whole, [""; 0], "these lines are broken by nobody");
}
