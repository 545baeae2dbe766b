//! A discovery whose list a test writes. It tells of changes as the scheduler does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Found, Members};
use tokio::sync::watch;
use tokio::time::timeout;

pub struct Listed(watch::Sender<Vec<Found>>);

impl Listed {
    pub fn of(urls: &[String]) -> Arc<Listed> {
        let listed = Listed(watch::channel(Vec::new()).0);
        listed.becomes(urls);
        Arc::new(listed)
    }

    pub fn becomes(&self, urls: &[String]) {
        self.0.send_replace(urls.iter().map(Found::at).collect());
    }

    pub fn becomes_found(&self, found: Vec<Found>) {
        self.0.send_replace(found);
    }
}

#[async_trait]
impl Discovery for Listed {
    fn place(&self) -> String {
        "a list".to_owned()
    }

    fn cost(&self) -> Cost {
        Cost::new(Duration::from_millis(10), "nothing")
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        let nobody = || DiscoveryError::NobodyFound { place: self.place(), found: "none".into() };
        let members = Members::of(self.0.borrow().clone()).ok_or_else(nobody)?;
        Ok(members.valid_for(Duration::ZERO))
    }

    async fn next(&self, known: &Members) -> Result<Members, DiscoveryError> {
        let mut list = self.0.subscribe();
        let other =
            list.wait_for(|list| Members::of(list.clone()).is_none_or(|m| m.found != known.found));
        // Whether there was a change or none is the answer's business.
        drop(timeout(Duration::from_secs(30), other).await);
        self.members().await
    }
}
