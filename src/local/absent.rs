//! A build without a Mesos inside: the configuration has refused whoever asked for it.

use std::net::SocketAddr;

use crate::config::Configuration;
use crate::exit::Failure;

/// No local Mesos.
pub(crate) struct Running;

pub(crate) fn start(_: &Configuration) -> Result<Running, Failure> {
    Ok(Running)
}

impl Running {
    pub(crate) fn announce(&self, _: SocketAddr) {}

    pub(crate) fn at_end(&self) -> &'static str {
        "the etcd cluster runs on"
    }
}
