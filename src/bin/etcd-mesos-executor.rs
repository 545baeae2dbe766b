//! `etcd-mesos-executor`: supervises one etcd process for as long as its Mesos task lives.

use std::process::ExitCode;

fn main() -> ExitCode {
    etcd_mesos_executor::executor_main(std::env::args_os().skip(1))
}
