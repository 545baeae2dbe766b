//! Several discoveries as one: the first is preferred, the others are for when it fails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Members};

/// One of the list.
struct Way {
    name: String,
    discovery: Arc<dyn Discovery>,
}

/// An ordered list of discoveries, which is a discovery itself.
pub struct InOrder {
    ways: Vec<Way>,
}

impl InOrder {
    /// The discoveries with their names, the preferred one first; none of none.
    pub fn new(discoveries: Vec<(String, Arc<dyn Discovery>)>) -> Option<InOrder> {
        let way = |(name, discovery)| Way { name, discovery };
        let ways: Vec<Way> = discoveries.into_iter().map(way).collect();
        (!ways.is_empty()).then_some(InOrder { ways })
    }
}

#[async_trait]
impl Discovery for InOrder {
    fn place(&self) -> String {
        let said = |way: &Way| format!("{} ({})", way.discovery.place(), way.name);
        self.ways.iter().map(said).collect::<Vec<_>>().join(", else ")
    }

    fn cost(&self) -> Cost {
        let costs = || self.ways.iter().map(|way| (&way.name, way.discovery.cost()));
        let pause = costs().map(|(_, cost)| cost.pause).max().unwrap_or(Duration::from_secs(1));
        let words = costs().map(|(name, cost)| format!("{name}: {}", cost.words));
        Cost::new(pause, words.collect::<Vec<_>>().join("; "))
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        let mut failures = Vec::new();
        for way in &self.ways {
            match way.discovery.members().await {
                Ok(members) => return Ok(members),
                Err(error) => failures.push(error),
            }
        }
        Err(all_failed(self.place(), &failures))
    }
}

fn all_failed(place: String, failures: &[DiscoveryError]) -> DiscoveryError {
    let found = failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let is_nobody = |error: &DiscoveryError| matches!(error, DiscoveryError::NobodyFound { .. });
    if failures.iter().all(is_nobody) {
        return DiscoveryError::NobodyFound { place, found };
    }
    DiscoveryError::Unavailable { place, source: found.into() }
}
