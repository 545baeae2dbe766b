//! What the tests share.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_core::discovery::{Discovery, DiscoveryError, Members};
use etcd_mesos_core::plugin::{Context, DiscoveryPlugin, Plugin};
use etcd_mesos_core::setting::Span;
use etcd_mesos_discovery_scheduler::{SchedulerPlugin, SchedulerSection};

use crate::admin::Admin;

/// Short for a test that waits for it.
pub const TIMEOUT: Duration = Duration::from_millis(300);
/// Longer than a busy machine keeps a good server from answering.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The list of the members of these numbers, as our scheduler writes it.
pub fn list(members: &[u8]) -> String {
    let entry = |number: &u8| {
        format!(
            r#"{{"name":"etcd-1-{number}","host":"10.0.0.{number}","rpcPort":31000,"clientPort":31001,"httpPort":0,"type":"new","slaveID":"S{number}"}}"#
        )
    };
    format!("[{}]", members.iter().map(entry).collect::<Vec<_>>().join(","))
}

pub fn url(member: u8) -> String {
    format!("http://10.0.0.{member}:31001")
}

pub fn made(section: SchedulerSection) -> Arc<dyn Discovery> {
    assert_eq!(SchedulerPlugin::check(&section), []);
    SchedulerPlugin::make(section, &Context::new("etcd".parse().unwrap()))
}

pub fn section(admins: &[&Admin], timeout: Duration, wait: Duration) -> SchedulerSection {
    let urls: Vec<String> = admins.iter().map(|admin| admin.url()).collect();
    let (timeout, wait) = (Span(timeout), Span(wait));
    SchedulerSection { timeout, wait, ..SchedulerSection::of(&urls.join(",")) }
}

/// Asks with patience, and waits for changes as long.
pub fn asking(admins: &[&Admin]) -> Arc<dyn Discovery> {
    made(section(admins, PATIENCE, PATIENCE))
}

/// Asks in a hurry: for servers that do not answer.
pub fn hasty(admins: &[&Admin]) -> Arc<dyn Discovery> {
    made(section(admins, TIMEOUT, TIMEOUT))
}

pub fn urls(members: &Members) -> Vec<String> {
    members.found.iter().map(|found| found.client_url.clone()).collect()
}

/// What kind of failure it is, and all that it says.
pub fn failure(answer: Result<Members, DiscoveryError>) -> (&'static str, String) {
    let error = answer.unwrap_err();
    let kind = match error {
        DiscoveryError::Unavailable { .. } => "unavailable",
        DiscoveryError::NobodyFound { .. } => "nobody",
        DiscoveryError::Unusable { .. } => "unusable",
        _ => "unknown",
    };
    let cause = error.source().map(|cause| format!(": {cause}"));
    (kind, format!("{error}{}", cause.unwrap_or_default()))
}
