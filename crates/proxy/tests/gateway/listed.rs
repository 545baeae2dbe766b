//! A discovery whose answer is what the test says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_client::Following;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Found, Members};

/// What the test says; none is nobody.
#[derive(Default)]
pub struct Listed {
    found: Mutex<Vec<Found>>,
}

impl Listed {
    /// One that is followed from now on.
    pub fn follow(urls: &[String]) -> (Arc<Listed>, Arc<Following>) {
        let listed = Arc::new(Listed::default());
        listed.say(urls);
        let following = Following::start(Arc::clone(&listed) as Arc<dyn Discovery>);
        (listed, Arc::new(following))
    }

    /// What it answers from now on.
    pub fn say(&self, urls: &[String]) {
        *self.found.lock().unwrap() = urls.iter().map(Found::at).collect();
    }
}

#[async_trait]
impl Discovery for Listed {
    fn place(&self) -> String {
        "a list".to_owned()
    }

    fn cost(&self) -> Cost {
        Cost::new(Duration::from_millis(50), "none")
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        let nobody = || DiscoveryError::NobodyFound { place: self.place(), found: "none".into() };
        let members = Members::of(self.found.lock().unwrap().clone()).ok_or_else(nobody)?;
        Ok(members.valid_for(Duration::from_millis(100)))
    }
}
