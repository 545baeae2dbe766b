//! The suite of the contract of `Discovery`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Members};
use etcd_mesos_testkit::conformance::Cannot;
use etcd_mesos_testkit::conformance::discovery::{DiscoveryFixture, Lie, Stall, suite};

use crate::admin::{Admin, Manner};
use crate::ground::{TIMEOUT, hasty, list, url};

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

struct Source(Admin);

impl Source {
    async fn behaves(&self, manner: Manner) -> Result<(), Cannot> {
        self.0.live().await;
        self.0.behave(manner);
        Ok(())
    }
}

#[async_trait]
impl DiscoveryFixture for Source {
    fn plugin(&self) -> Box<dyn Discovery> {
        Box::new(Made(hasty(&[&self.0])))
    }

    /// To connect, to begin to answer, to end.
    fn deadline(&self) -> Duration {
        TIMEOUT * 3
    }

    async fn present(&self, members: &[u8]) -> Result<Vec<String>, Cannot> {
        let numbers: Vec<u8> = members.iter().map(|number| number + 1).collect();
        self.behaves(Manner::Serve(list(&numbers))).await?;
        Ok(numbers.into_iter().map(url).collect())
    }

    async fn nobody(&self) -> Result<(), Cannot> {
        self.behaves(Manner::Serve("[]".to_owned())).await
    }

    async fn away(&self) -> Result<(), Cannot> {
        self.0.die().await;
        Ok(())
    }

    async fn lie(&self, lie: Lie) -> Result<(), Cannot> {
        self.behaves(match lie {
            Lie::CutShort => Manner::Cut(list(&[1])),
            Lie::PortZero => Manner::Serve(list(&[1]).replace("31001", "0")),
            Lie::Foreign => Manner::Plain("<html>".to_owned()),
        })
        .await
    }

    async fn stall(&self, stall: Stall) -> Result<(), Cannot> {
        self.behaves(match stall {
            Stall::Silent => Manner::Silent,
            Stall::Trickling => Manner::Trickle(list(&[1]), TIMEOUT / 20),
        })
        .await
    }
}

#[tokio::test]
async fn the_discovery_holds_to_its_contract() {
    let source = Source(Admin::start(Manner::Silent).await);
    let verdicts = suite(&source).await;
    verdicts.assert();
    assert_eq!(verdicts.not_applicable(), Vec::<&str>::new());
}
