//! Keeps a local address serving etcd; see `--help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    etcd_mesos::proxy_main(etcd_mesos::builtin())
}
