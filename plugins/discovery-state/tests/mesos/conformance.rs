//! The suite of the contract of `Discovery`.

use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_testkit::conformance::Cannot;
use etcd_mesos_testkit::conformance::discovery::{DiscoveryFixture, Lie, Stall, suite};
use serde_json::{Value, json};

use super::ground::{PROGRESS, discovery, know, section, task, url};
use super::master::{Answer, Master};

/// A master that knows one framework of ours.
struct Source {
    master: Master,
}

impl Source {
    async fn know(&self, tasks: &[Value]) {
        self.master.start_again().await;
        know(&self.master, tasks);
    }
}

#[async_trait]
impl DiscoveryFixture for Source {
    fn plugin(&self) -> Box<dyn Discovery> {
        Box::new(discovery(section(&self.master.address)))
    }

    /// A query that finds nobody asks twice; a question has a progress timeout to begin, and one to end.
    fn deadline(&self) -> Duration {
        PROGRESS * 4
    }

    async fn present(&self, members: &[u8]) -> Result<Vec<String>, Cannot> {
        let numbers: Vec<u16> = members.iter().map(|number| u16::from(*number)).collect();
        let tasks: Vec<Value> = numbers.iter().map(|number| task(*number)).collect();
        self.know(&tasks).await;
        Ok(numbers.into_iter().map(url).collect())
    }

    async fn nobody(&self) -> Result<(), Cannot> {
        self.know(&[]).await;
        Ok(())
    }

    async fn away(&self) -> Result<(), Cannot> {
        self.master.stop().await;
        Ok(())
    }

    async fn lie(&self, lie: Lie) -> Result<(), Cannot> {
        self.master.start_again().await;
        match lie {
            Lie::CutShort => self.master.answer_all(&Answer::Cut(b"{\"frameworks\": [".to_vec())),
            Lie::Foreign => self.master.answer_all(&Answer::Body(b"<html>".to_vec())),
            Lie::PortZero => {
                let mut task = task(1);
                task["discovery"]["ports"]["ports"][1]["number"] = json!(0);
                know(&self.master, &[task]);
            }
        }
        Ok(())
    }

    async fn stall(&self, stall: Stall) -> Result<(), Cannot> {
        self.master.start_again().await;
        let trickle = || Answer::Slow(vec![b' '; 10_000], 1, Duration::from_millis(20));
        match stall {
            Stall::Silent => self.master.answer_all(&Answer::Silence),
            Stall::Trickling => self.master.answer_all(&trickle()),
        }
        Ok(())
    }
}

#[tokio::test]
async fn the_discovery_holds_to_its_contract() {
    let source = Source { master: Master::start().await };
    let verdicts = suite(&source).await;
    verdicts.assert();
    assert_eq!(verdicts.not_applicable(), Vec::<&str>::new());
}
