//! What runs in a member's sandbox, read from `/proc`.

use std::path::Path;

use crate::processes::program_in;

/// The member's etcd, if it runs.
pub fn etcd_in(sandbox: &Path) -> Option<u32> {
    program_in("etcd", sandbox)
}

/// The executor that looks after it, if it runs.
pub fn executor_in(sandbox: &Path) -> Option<u32> {
    program_in("etcd-mesos-executor", sandbox)
}
