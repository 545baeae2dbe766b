//! What the demo and the figures start, whatever Mesos it is on.

use std::path::Path;

use crate::programs::Programs;

/// How many members the etcd cluster has.
pub const SIZE: usize = 3;
/// How many agents Mesos has.
pub const AGENTS: usize = 5;
/// The limits of a member, small enough for any machine.
const LIMITS: [&str; 3] =
    ["--sandbox-cpu-limit=0.5", "--sandbox-mem-limit=256", "--sandbox-disk-limit=1024"];

/// A scheduler's flags, but for those that say where Mesos is.
pub fn common(name: &str, programs: &Programs, state_file: &Path) -> Vec<String> {
    let flag = |name: &str, path: &Path| format!("--{name}={}", path.display());
    let mut flags = vec![
        format!("--framework-name={name}"),
        format!("--cluster-size={SIZE}"),
        flag("state-file", state_file),
        flag("executor-bin", &programs.executor),
        flag("etcd-bin", &programs.etcd),
        flag("etcdctl-bin", &programs.etcdctl),
    ];
    flags.extend(LIMITS.map(str::to_owned));
    flags
}
