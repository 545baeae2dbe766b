//! The plugins that every build has, because they need nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Found, Members};
use etcd_mesos_core::health::{HealthPolicy, ProofAlone};
use etcd_mesos_core::placement::{PlacementPolicy, Spread};
use etcd_mesos_core::plugin::{
    Context, DiscoveryPlugin, HealthPlugin, PersistPlugin, PlacementPlugin, Plugin, SectionProblem,
};
use etcd_mesos_core::store::{StateStore, StoreError, Stored, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A section without keys.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoKeys {}

/// Keeps the record nowhere; it must be asked for by name.
pub struct NonePlugin;

impl Plugin for NonePlugin {
    const NAME: &'static str = "none";
    const ABOUT: &'static str = "keeps nothing: each start begins another cluster";
    type Section = NoKeys;
}

impl PersistPlugin for NonePlugin {
    fn open(_: NoKeys, _: &Context) -> Result<Arc<dyn StateStore>, StoreError> {
        tracing::warn!(
            "persist.plugin is none: the record ends with this process. The next start knows \
             nothing of the cluster: it forms no other one while Mesos knows this one's tasks, and \
             cannot take them over either"
        );
        Ok(Arc::new(Forgetful::default()))
    }
}

/// The record of one process, and the highest version that it ever had: none comes twice.
#[derive(Debug, Default)]
struct Forgetful {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    record: Option<Stored>,
    highest: u64,
}

impl Forgetful {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept, if its version is the expected one.
    fn expect(&self, expected: Version) -> Result<MutexGuard<'_, Kept>, StoreError> {
        let kept = self.kept();
        let found = kept.record.as_ref().map_or(Version(0), |record| record.version);
        if found == expected {
            return Ok(kept);
        }
        let found = format!("version {} where {} was expected", found.0, expected.0);
        Err(StoreError::Conflict { place: self.place(), found })
    }
}

#[async_trait]
impl StateStore for Forgetful {
    fn place(&self) -> String {
        "this process's memory".to_owned()
    }

    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        Ok(self.kept().record.clone())
    }

    async fn save(&self, bytes: &[u8], expected: Version) -> Result<Version, StoreError> {
        let mut kept = self.expect(expected)?;
        kept.highest += 1;
        let version = Version(kept.highest);
        kept.record = Some(Stored { bytes: bytes.to_vec(), version });
        Ok(version)
    }

    async fn remove(&self, expected: Version) -> Result<(), StoreError> {
        self.expect(expected)?.record = None;
        Ok(())
    }
}

/// Members that the configuration names.
pub struct StaticPlugin;

/// The section of `static`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaticSection {
    /// The client URLs of the members: http://host:port
    members: Vec<String>,
}

impl Plugin for StaticPlugin {
    const NAME: &'static str = "static";
    const ABOUT: &'static str = "the members that the configuration names";
    type Section = StaticSection;

    fn check(section: &StaticSection) -> Vec<SectionProblem> {
        let problem = |text: String| SectionProblem { key: "members", text };
        if section.members.is_empty() {
            return vec![problem("at least one member must be named".to_owned())];
        }
        let wrong = section.members.iter().filter(|url| !is_client_url(url));
        wrong.map(|url| problem(format!("`{url}` is not of the form http://host:port"))).collect()
    }
}

/// Whether it is `http` or `https` with a host, a port, and nothing else.
fn is_client_url(text: &str) -> bool {
    let Ok(url) = text.parse::<http::Uri>() else { return false };
    let is_http = matches!(url.scheme_str(), Some("http" | "https"));
    let is_whole = url.path_and_query().is_none_or(|rest| rest == "/") && !text.ends_with('/');
    let port = url.port_u16().is_some_and(|port| port > 0);
    is_http && is_whole && port && url.authority().is_some_and(|a| !a.as_str().contains('@'))
}

impl DiscoveryPlugin for StaticPlugin {
    fn make(section: StaticSection, _: &Context) -> Arc<dyn Discovery> {
        Arc::new(Static { members: section.members })
    }
}

#[derive(Debug)]
struct Static {
    members: Vec<String>,
}

#[async_trait]
impl Discovery for Static {
    fn place(&self) -> String {
        "the list in the configuration".to_owned()
    }

    fn cost(&self) -> Cost {
        Cost::new(Duration::from_secs(1), "nothing; but it knows nothing of members that move")
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        let found = self.members.iter().map(Found::at).collect();
        let nobody = || DiscoveryError::NobodyFound {
            place: self.place(),
            found: "the list is empty".to_owned(),
        };
        Members::of(found).ok_or_else(nobody)
    }
}

/// The health policy that asks for nothing beyond the proof.
pub struct ProofPlugin;

impl Plugin for ProofPlugin {
    const NAME: &'static str = "proof";
    const ABOUT: &'static str =
        "linearizable reads through a majority that agrees, and nothing else";
    type Section = NoKeys;
}

impl HealthPlugin for ProofPlugin {
    fn make(_: NoKeys, _: &Context) -> Box<dyn HealthPolicy> {
        Box::new(ProofAlone)
    }
}

/// The placement policy that puts no two members on one host.
pub struct SpreadPlugin;

impl Plugin for SpreadPlugin {
    const NAME: &'static str = "spread";
    const ABOUT: &'static str = "no two members on one host";
    type Section = NoKeys;
}

impl PlacementPlugin for SpreadPlugin {
    fn make(_: NoKeys, _: &Context) -> Box<dyn PlacementPolicy> {
        Box::new(Spread)
    }
}

#[cfg(test)]
mod conformance;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_client_url_is_one() {
        for right in ["http://a:1", "https://10.0.0.1:2379", "http://[::1]:2379"] {
            assert!(is_client_url(right), "{right}");
        }
        for wrong in [
            "a:1",
            "http://a",
            "http://a:0",
            "http://a:1/",
            "http://a:1/x",
            "ftp://a:1",
            "http://u@a:1",
            "",
        ] {
            assert!(!is_client_url(wrong), "{wrong}");
        }
    }
}
