//! Discoveries that these tests ask.

use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_core::discovery::{Discovery, DiscoveryError, Members};
use etcd_mesos_core::plugin::{Context, DiscoveryPlugin, Plugin};
use etcd_mesos_core::setting::Span;
use etcd_mesos_discovery_dns::{MesosDnsPlugin, MesosDnsSection};

use crate::server::Server;

/// Short for a test that waits for it.
pub const TIMEOUT: Duration = Duration::from_millis(300);

/// Two tries, and more.
pub const DEADLINE: Duration = Duration::from_millis(900);

/// Longer than a busy machine keeps a good server from answering.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// The section for servers at these places, in no hurry.
pub fn section(servers: impl IntoIterator<Item = String>) -> MesosDnsSection {
    let mut section = MesosDnsSection::of("etcd.mesos");
    section.servers = servers.into_iter().collect();
    section.timeout = Span(PATIENCE);
    section.deadline = Span(PATIENCE * 3);
    section
}

/// Asks in a hurry: for servers that do not answer.
pub fn hasty(servers: &[&Server]) -> Arc<dyn Discovery> {
    let mut section = section(servers.iter().map(|server| server.address.to_string()));
    section.timeout = Span(TIMEOUT);
    section.deadline = Span(DEADLINE);
    made(section)
}

pub fn made(section: MesosDnsSection) -> Arc<dyn Discovery> {
    assert_eq!(MesosDnsPlugin::check(&section), []);
    MesosDnsPlugin::make(section, &Context::new("etcd".parse().unwrap()))
}

pub fn asking(servers: &[&Server]) -> Arc<dyn Discovery> {
    made(section(servers.iter().map(|server| server.address.to_string())))
}

pub fn urls(members: &Members) -> Vec<&str> {
    members.found.iter().map(|found| found.client_url.as_str()).collect()
}

/// What an operator is told: the error and its cause.
pub fn told(error: &DiscoveryError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}
