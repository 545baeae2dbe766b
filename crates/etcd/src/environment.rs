//! What of a program's environment reaches the etcd that it starts: almost nothing.
//!
//! etcd reads an environment variable for each of its flags (`ETCD_NAME` for `--name`): tried, an
//! inherited `ETCD_FORCE_NEW_CLUSTER` is obeyed and `ETCD_NAME` is fatal beside `--name`. An agent
//! passes on whatever it was started with, so the list says what may pass, not what may not.

use std::ffi::OsString;

/// The variables that may pass, and why.
const PASSED: [&str; 7] = [
    // Where programs and temporary files are.
    "PATH",
    "HOME",
    "TMPDIR",
    // The time zone of log lines.
    "TZ",
    // The size of the container, which Go does not find out by itself in the versions in use.
    "GOMAXPROCS",
    "GOMEMLIMIT",
    // How much of a panic is printed.
    "GOTRACEBACK",
];

/// The variables that etcd gets of those that are there.
pub fn for_etcd(
    all: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    all.filter(|(name, _)| PASSED.iter().any(|passed| name == passed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_etcd_obeys_passes() {
        let all = [
            "ETCD_NAME",
            "ETCD_FORCE_NEW_CLUSTER",
            "PATH",
            "MESOS_SANDBOX",
            "GODEBUG",
            "LD_PRELOAD",
        ];
        let passed: Vec<_> =
            for_etcd(all.iter().map(|name| (name.into(), "x".into()))).map(|(n, _)| n).collect();
        assert_eq!(passed, ["PATH"]);
    }
}
