//! Where the masters are: named, elected in a ZooKeeper, or inside this program.

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
    pub place: MasterPlace,
}

/// What a master's address means.
#[derive(Clone, Debug)]
pub enum MasterPlace {
    /// Masters of a Mesos that runs.
    Mesos(MasterSource),
    /// A Mesos inside this program, with so many agents.
    Local {
        /// How many.
        agents: usize,
    },
}

/// What begins the address of a local Mesos.
const LOCAL: &str = "local";
/// How many agents it has if it is not said.
const LOCAL_AGENTS: usize = 3;
/// As many as have addresses.
const LOCAL_AGENTS_MAX: usize = 200;

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
        if let Some(agents) = local_agents(text) {
            let place = MasterPlace::Local { agents: agents? };
            return Ok(MasterAddress { shown: text.to_owned(), place });
        }
        if text.trim_start().starts_with("zk:") || text.contains('@') {
            let url: ZkUrl = text.parse().map_err(|error| in_one_line(&error))?;
            return Ok(MasterAddress {
                shown: url.to_string(),
                place: MasterPlace::Mesos(MasterSource::ZooKeeper(url)),
            });
        }
        let masters = Masters::parse(text).map_err(|error| in_one_line(&error))?;
        let place = MasterPlace::Mesos(MasterSource::Listed(masters));
        Ok(MasterAddress { shown: text.to_owned(), place })
    }

    /// Whether it is a Mesos inside this program.
    pub fn is_local(&self) -> bool {
        matches!(self.place, MasterPlace::Local { .. })
    }
}

/// Reads `local` and `local:5`; none where the text is something else. A host of that name is written
/// with its domain.
fn local_agents(text: &str) -> Option<Result<usize, String>> {
    let rest = text.trim().strip_prefix(LOCAL)?;
    if rest.is_empty() {
        return Some(available(LOCAL_AGENTS));
    }
    let count = rest.strip_prefix(':')?;
    Some(match count.parse() {
        Ok(agents) if (1..=LOCAL_AGENTS_MAX).contains(&agents) => available(agents),
        Ok(_) | Err(_) => Err(format!(
            "`{text}`: a local Mesos has 1 to {LOCAL_AGENTS_MAX} agents: local:5, for example"
        )),
    })
}

/// Whether it is the address of a Mesos inside a program, right or wrong.
pub(super) fn is_local(text: &str) -> bool {
    local_agents(text).is_some()
}

fn available(agents: usize) -> Result<usize, String> {
    match cfg!(feature = "local") {
        true => Ok(agents),
        false => {
            Err("a local Mesos is not in this build: build it with `--features local`".to_owned())
        }
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
