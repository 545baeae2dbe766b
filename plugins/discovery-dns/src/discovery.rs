//! The discovery itself.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Members};
use tokio::time::{Instant, timeout_at};

use crate::conversation;
use crate::exchange::Line;
use crate::members::{Member, in_order};
use crate::plan::Plan;
use crate::race;
use crate::server::Server;
use etcd_mesos_core::trouble::Trouble;

/// The shortest pause between two queries. mesos-dns learns nothing new within 60 s, as it is usually
/// set up; other DNS servers may.
const PAUSE: Duration = Duration::from_secs(1);

/// Finds members by the SRV records of a domain.
#[derive(Debug)]
pub(crate) struct MesosDns {
    plan: Plan,
}

impl MesosDns {
    pub(crate) fn new(plan: Plan) -> MesosDns {
        MesosDns { plan }
    }

    async fn first_answer(&self) -> Result<Vec<Member>, Vec<Trouble>> {
        let give_up_at = Instant::now() + self.plan.deadline;
        let servers = self.plan.servers.now().map_err(|e| vec![Trouble::away(e.to_string())])?;
        let queries = servers.into_iter().map(|server| self.ask(server, give_up_at)).collect();
        race::first(queries).await.map_err(|troubles| troubles.into_iter().flatten().collect())
    }

    /// Asks one server, at all of its addresses if it is known by a name.
    async fn ask(&self, server: Server, give_up_at: Instant) -> Result<Vec<Member>, Vec<Trouble>> {
        let addresses = match timeout_at(give_up_at, server.addresses()).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => return Err(vec![Trouble::away(error.to_string()).about(&server)]),
            Err(_) => return Err(vec![Trouble::away("its name was not resolved").about(&server)]),
        };
        let queries = addresses.into_iter().map(|address| self.ask_at(address, give_up_at));
        race::first(queries.collect()).await
    }

    async fn ask_at(
        &self,
        server: SocketAddr,
        give_up_at: Instant,
    ) -> Result<Vec<Member>, Trouble> {
        let line = Line { server, timeout: self.plan.timeout, give_up_at };
        let members = conversation::members(&line, &self.plan.groups).await;
        members.map_err(|trouble| trouble.about(server))
    }

    /// What all servers' troubles together are.
    fn failed(&self, troubles: &[Trouble]) -> DiscoveryError {
        Trouble::of_all(troubles, self.place())
    }
}

#[async_trait]
impl Discovery for MesosDns {
    fn place(&self) -> String {
        format!("{} for the members of {}", self.plan.servers, self.plan.domain)
    }

    fn cost(&self) -> Cost {
        let words = "two to four small questions to one DNS server, and one for each member whose \
                     address does not come with the answer; mesos-dns answers from memory, and reads \
                     the master's state every 60 s whoever asks";
        Cost::new(PAUSE, words)
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        let found = self.first_answer().await.map_err(|troubles| self.failed(&troubles))?;
        in_order(found).ok_or_else(|| self.failed(&[Trouble::nobody("no member at all")]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::{MesosDnsPlugin, MesosDnsSection};
    use etcd_mesos_core::plugin::{Context, DiscoveryPlugin};

    fn made(section: MesosDnsSection) -> std::sync::Arc<dyn Discovery> {
        MesosDnsPlugin::make(section, &Context::new("etcd".parse().unwrap()))
    }

    #[test]
    fn the_place_says_who_is_asked_and_for_what() {
        let mut section = MesosDnsSection::of("etcd.mesos.");
        let place = made(section.clone()).place();
        assert_eq!(place, "the DNS servers of /etc/resolv.conf for the members of etcd.mesos");
        section.servers = vec!["10.0.0.1".into(), "ns:8053".into()];
        let place = made(section).place();
        assert_eq!(place, "the DNS servers 10.0.0.1:53, ns:8053 for the members of etcd.mesos");
    }

    #[tokio::test]
    async fn a_section_that_nobody_checked_finds_nobody_and_says_why() {
        let error = made(MesosDnsSection::of("a b")).members().await.unwrap_err();
        let DiscoveryError::Unavailable { source, .. } = error else { panic!("{error}") };
        assert!(source.to_string().contains("domain: `a b`"), "{source}");
    }
}
