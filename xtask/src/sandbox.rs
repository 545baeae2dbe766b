//! What runs in a member's sandbox, read from `/proc`.

use std::path::Path;

use etcd_mesos_testkit::processes::find_program_inside;

/// The member's etcd, if it runs.
pub fn etcd_in(sandbox: &Path) -> Option<u32> {
    only("etcd", sandbox)
}

/// The executor that looks after it, if it runs.
pub fn executor_in(sandbox: &Path) -> Option<u32> {
    only("etcd-mesos-executor", sandbox)
}

fn only(program: &str, sandbox: &Path) -> Option<u32> {
    find_program_inside(program, sandbox).first().map(|process| process.pid)
}
