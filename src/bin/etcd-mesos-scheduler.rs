//! Runs an etcd cluster on Apache Mesos; see `--help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    etcd_mesos::scheduler_main(etcd_mesos::builtin())
}
