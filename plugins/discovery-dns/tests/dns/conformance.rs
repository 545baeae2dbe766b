//! The contract of `Discovery`, line by line.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Members};
use etcd_mesos_testkit::conformance::discovery::{DiscoveryFixture, Lie, Stall};
use etcd_mesos_testkit::conformance::{Cannot, discovery};

use crate::section::{DEADLINE, hasty};
use crate::server::{Deed, Manner, Server, Way, answer_to};
use crate::zone::{CLIENT, a, mesos_dns, of_members, srv, url, whole};

/// Made of what the plugin makes, because the suite wants a box.
struct Made(Arc<dyn Discovery>);

#[async_trait]
impl Discovery for Made {
    fn place(&self) -> String {
        self.0.place()
    }

    fn cost(&self) -> Cost {
        self.0.cost()
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        self.0.members().await
    }
}

/// A mesos-dns.
struct MesosDns(Server);

impl MesosDns {
    async fn behaves(&self, manner: Manner) -> Result<(), Cannot> {
        self.0.up().await;
        self.0.behave(manner);
        Ok(())
    }
}

/// Truncated over UDP, and over TCP as `deed` does with the whole answer.
pub fn truncated(deed: impl Fn(Vec<u8>) -> Deed + Send + Sync + 'static) -> Manner {
    let records = of_members(CLIENT, 0..3);
    Arc::new(move |way, question| {
        let whole = whole(&records, question).to_vec().unwrap();
        if way == Way::Tcp {
            return deed(whole);
        }
        let mut answer = answer_to(question);
        answer.metadata.truncation = true;
        Deed::Say(answer.to_vec().unwrap())
    })
}

#[async_trait]
impl DiscoveryFixture for MesosDns {
    fn plugin(&self) -> Box<dyn Discovery> {
        Box::new(Made(hasty(&[&self.0])))
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }

    async fn present(&self, members: &[u8]) -> Result<Vec<String>, Cannot> {
        self.behaves(mesos_dns(of_members(CLIENT, members.iter().copied()))).await?;
        Ok(members.iter().map(|member| url(*member)).collect())
    }

    async fn nobody(&self) -> Result<(), Cannot> {
        self.behaves(mesos_dns(Vec::new())).await
    }

    async fn away(&self) -> Result<(), Cannot> {
        self.0.down().await;
        Ok(())
    }

    async fn lie(&self, lie: Lie) -> Result<(), Cannot> {
        self.behaves(match lie {
            Lie::CutShort => truncated(|whole| Deed::Cut(whole.len() / 2, whole)),
            Lie::PortZero => mesos_dns(vec![srv(CLIENT, 0, 1, 0, "a."), a("a.", 1)]),
            Lie::Foreign => Arc::new(|_, _| Deed::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n".into())),
        })
        .await
    }

    async fn stall(&self, stall: Stall) -> Result<(), Cannot> {
        self.behaves(match stall {
            Stall::Silent => Arc::new(|_, _| Deed::Nothing),
            Stall::Trickling => truncated(|whole| Deed::Trickle(DEADLINE / 20, whole)),
        })
        .await
    }
}

#[tokio::test]
async fn mesos_dns_conforms() {
    let server = Server::start(mesos_dns(Vec::new())).await;
    let verdicts = discovery::suite(&MesosDns(server)).await;
    verdicts.assert();
    assert_eq!(verdicts.not_applicable(), Vec::<&str>::new());
}
