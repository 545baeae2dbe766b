//! The etcd-mesos scheduler with ACME's plugins.

use std::process::ExitCode;

use acme_etcd_scheduler::{HistoryPlugin, SmallDatabasePlugin};

fn main() -> ExitCode {
    let plugins = etcd_mesos::builtin().persist::<HistoryPlugin>().health::<SmallDatabasePlugin>();
    etcd_mesos::scheduler_main(plugins)
}
