//! Where the masters are: named, or elected in a ZooKeeper.

use std::borrow::Cow;
use std::fmt;

use etcd_mesos_runtime::settings::MasterSource;
use etcd_mesos_zk::ZkUrl;
use mesos_v1::Masters;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::problem::in_one_line;

/// The setting `mesos.master`; a password in it is never shown.
#[derive(Clone, Debug)]
pub struct MasterAddress {
    /// What it says, with the password hidden.
    shown: String,
    /// What it means.
    pub source: MasterSource,
}

impl Default for MasterAddress {
    fn default() -> Self {
        MasterAddress::parse("127.0.0.1:5050").expect("the default is an address")
    }
}

impl MasterAddress {
    /// Reads it. A text with an `@` is read as a ZooKeeper's whatever else it says, because only
    /// those hide passwords.
    ///
    /// # Errors
    /// In words, without a password.
    pub fn parse(text: &str) -> Result<MasterAddress, String> {
        if text.trim_start().starts_with("zk:") || text.contains('@') {
            let url: ZkUrl = text.parse().map_err(|error| in_one_line(&error))?;
            return Ok(MasterAddress {
                shown: url.to_string(),
                source: MasterSource::ZooKeeper(url),
            });
        }
        let masters = Masters::parse(text).map_err(|error| in_one_line(&error))?;
        Ok(MasterAddress { shown: text.to_owned(), source: MasterSource::Listed(masters) })
    }
}

impl fmt::Display for MasterAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Serialize for MasterAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown)
    }
}

impl<'de> Deserialize<'de> for MasterAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MasterAddress, D::Error> {
        let text = String::deserialize(deserializer)?;
        MasterAddress::parse(&text).map_err(D::Error::custom)
    }
}

impl JsonSchema for MasterAddress {
    fn schema_name() -> Cow<'static, str> {
        "masters".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}
