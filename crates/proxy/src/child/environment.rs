//! What of our environment reaches etcd: almost nothing.
//!
//! etcd reads an environment variable for each of its flags (`ETCD_DATA_DIR` for `--data-dir`), so the list
//! says what may pass, not what may not. It is the executor's, whose etcd is a member.

use std::ffi::OsString;

/// The variables that may pass.
const PASSED: [&str; 7] =
    ["PATH", "HOME", "TMPDIR", "TZ", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK"];

/// The variables that etcd gets of those that are there.
pub(super) fn for_etcd(
    all: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    all.filter(|(name, _)| PASSED.iter().any(|passed| name == passed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_etcd_obeys_passes() {
        let all =
            ["ETCD_PROXY", "ETCD_DATA_DIR", "ETCDCTL_API", "HTTP_PROXY", "PATH", "LD_PRELOAD"];
        let passed: Vec<_> =
            for_etcd(all.iter().map(|name| (name.into(), "x".into()))).map(|(n, _)| n).collect();
        assert_eq!(passed, ["PATH"]);
    }
}
