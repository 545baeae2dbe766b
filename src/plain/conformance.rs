//! The plain plugins hold to their contracts, but for what they are made to lack.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Members};
use etcd_mesos_core::plugin::{Context, DiscoveryPlugin, Plugin};
use etcd_mesos_core::store::{StateStore, StoreError};
use etcd_mesos_testkit::conformance::discovery::{DiscoveryFixture, Lie, Stall};
use etcd_mesos_testkit::conformance::persist::{Damage, Outage, PersistFixture, PersistPlace};
use etcd_mesos_testkit::conformance::{Cannot, discovery, persist};

use super::{Forgetful, StaticPlugin, StaticSection};

/// Processes, each with its memory.
struct Processes;

/// One process at a time: the memory of another one cannot be opened.
#[derive(Default)]
struct Memory(Mutex<Weak<Forgetful>>);

#[async_trait]
impl PersistFixture for Processes {
    async fn fresh(&self) -> Box<dyn PersistPlace> {
        Box::new(Memory::default())
    }
}

#[async_trait]
impl PersistPlace for Memory {
    async fn open(&self) -> Result<Arc<dyn StateStore>, StoreError> {
        let mut open = self.0.lock().unwrap();
        if let Some(store) = open.upgrade() {
            let source = "it is another process's".into();
            return Err(StoreError::Unavailable {
                operation: "open",
                place: store.place(),
                source,
            });
        }
        let store = Arc::new(Forgetful::default());
        *open = Arc::downgrade(&store);
        Ok(store)
    }

    async fn damage(&self, _: Damage) -> Result<(), Cannot> {
        Err(Cannot::because("nobody else writes into the memory of a process"))
    }

    async fn strike(&self, _: Outage) -> Result<(), Cannot> {
        Err(Cannot::because("the memory of a process is there for as long as the process"))
    }

    async fn mend(&self) {}
}

#[tokio::test]
async fn none_conforms_but_that_it_keeps_nothing_beyond_the_process() {
    let verdicts = persist::suite(&Processes).await;
    assert_eq!(verdicts.failed(), [persist::Line::OutlivesTheProcess.words()], "{verdicts}");
    use persist::Line;
    let of_damage_and_outages = [
        Line::ForeignIsCorrupt,
        Line::TornIsCorrupt,
        Line::EmptiedIsCorrupt,
        Line::DamageStays,
        Line::AwayIsUnavailable,
        Line::FullIsUnavailable,
        Line::FailedSaveIsWhole,
    ];
    assert_eq!(verdicts.not_applicable(), of_damage_and_outages.map(Line::words), "{verdicts}");
}

/// A configuration that is written anew, and a plugin that is made from it for each question, as by
/// a program that starts again.
#[derive(Clone, Default)]
struct Configuration(Arc<Mutex<Vec<String>>>);

impl Configuration {
    fn names(&self, members: Vec<String>) {
        *self.0.lock().unwrap() = members;
    }

    fn made(&self) -> Arc<dyn Discovery> {
        let section = StaticSection { members: self.0.lock().unwrap().clone() };
        StaticPlugin::make(section, &Context::new("test".parse().unwrap()))
    }
}

#[async_trait]
impl Discovery for Configuration {
    fn place(&self) -> String {
        self.made().place()
    }

    fn cost(&self) -> Cost {
        self.made().cost()
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        self.made().members().await
    }
}

#[async_trait]
impl DiscoveryFixture for Configuration {
    fn plugin(&self) -> Box<dyn Discovery> {
        Box::new(self.clone())
    }

    fn deadline(&self) -> Duration {
        Duration::from_millis(1)
    }

    async fn present(&self, members: &[u8]) -> Result<Vec<String>, Cannot> {
        let urls: Vec<String> = members.iter().map(|n| format!("http://10.0.0.{n}:2379")).collect();
        self.names(urls.clone());
        Ok(urls)
    }

    async fn nobody(&self) -> Result<(), Cannot> {
        self.names(Vec::new());
        Ok(())
    }

    async fn away(&self) -> Result<(), Cannot> {
        Err(Cannot::because("a list in the configuration is never away"))
    }

    // What cannot be is found when the configuration is read, before there is a plugin.
    async fn lie(&self, lie: Lie) -> Result<(), Cannot> {
        let text = match lie {
            Lie::CutShort => "http://10.0.0.1:",
            Lie::PortZero => "http://10.0.0.1:0",
            Lie::Foreign => "root:x:0:0:root",
        };
        let problems = StaticPlugin::check(&StaticSection { members: vec![text.to_owned()] });
        assert_eq!(problems.len(), 1, "{text}");
        Err(Cannot::because(problems[0].text.clone()))
    }

    async fn stall(&self, _: Stall) -> Result<(), Cannot> {
        Err(Cannot::because("a list in the configuration is not waited for"))
    }
}

#[tokio::test]
async fn static_conforms() {
    let verdicts = discovery::suite(&Configuration::default()).await;
    verdicts.assert();
    use discovery::Line;
    let of_a_source_that_fails = [
        Line::AwayIsUnavailable,
        Line::CutShortIsUnusable,
        Line::PortZeroIsUnusable,
        Line::ForeignIsUnusable,
        Line::SilenceEnds,
        Line::TrickleEnds,
    ];
    assert_eq!(verdicts.not_applicable(), of_a_source_that_fails.map(Line::words), "{verdicts}");
}
