//! The plugin `zookeeper`, and its section of the configuration.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use etcd_mesos_core::plugin::{Context, PersistPlugin, Plugin, SectionProblem};
use etcd_mesos_core::setting::Span;
use etcd_mesos_core::store::{StateStore, StoreError};
use etcd_mesos_zk::ZkUrl;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::store::{ZkStore, ZkStoreConfig};

/// The plugin `zookeeper`.
pub struct ZookeeperPlugin;

/// The section `[persist.zookeeper]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZookeeperSection {
    /// The servers, and the path below which the record is kept:
    /// zk://[user:password@]h1:p1,h2:p2/path
    #[serde(serialize_with = "show", deserialize_with = "parse")]
    #[schemars(with = "String")]
    pub url: ZkUrl,
    /// The file that holds `user:password` for the URL; a line end after it does not count
    #[serde(default)]
    pub auth_file: Option<PathBuf>,
    /// How long a load or a save may take as a whole
    #[serde(default = "usual_timeout")]
    pub timeout: Span,
}

fn usual_timeout() -> Span {
    Span::seconds(5)
}

/// Without the password.
fn show<S: Serializer>(url: &ZkUrl, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(url)
}

fn parse<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ZkUrl, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

impl Plugin for ZookeeperPlugin {
    const NAME: &'static str = "zookeeper";
    const ABOUT: &'static str = "a ZooKeeper, which outlives the scheduler's machine";
    type Section = ZookeeperSection;

    fn check(section: &ZookeeperSection) -> Vec<SectionProblem> {
        let within = Span::seconds(1)..=Span::seconds(10);
        let text = "it must be between 1 s and 10 s".to_owned();
        let problem = SectionProblem { key: "timeout", text };
        if within.contains(&section.timeout) { Vec::new() } else { vec![problem] }
    }
}

impl PersistPlugin for ZookeeperPlugin {
    fn open(
        section: ZookeeperSection,
        context: &Context,
    ) -> Result<Arc<dyn StateStore>, StoreError> {
        let url = with_login(&section)?;
        let mut config = ZkStoreConfig::new(url, context.cluster.clone());
        config.operation_timeout = section.timeout.0;
        Ok(Arc::new(ZkStore::new(config)))
    }
}

fn with_login(section: &ZookeeperSection) -> Result<ZkUrl, StoreError> {
    let Some(path) = &section.auth_file else { return Ok(section.url.clone()) };
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Unavailable {
        operation: "read the credentials in",
        place: path.display().to_string(),
        source,
    };
    let login = std::fs::read_to_string(path).map_err(|error: io::Error| failed(error.into()))?;
    let login = login.trim_end_matches(['\n', '\r']);
    section.url.clone().with_login(login).map_err(|error| failed(error.into()))
}
