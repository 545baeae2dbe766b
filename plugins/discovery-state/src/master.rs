//! How the leading master is found.

use std::time::Duration;

use etcd_mesos_core::cause::chain;
use etcd_mesos_zk::{Detected, LeadingMaster, MasterDetector, ZkConfig, ZkUrl};
use mesos_v1::{Endpoint, Masters, Scheme};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::time::timeout;

use crate::trouble::Trouble;

/// How long an election is waited for.
const ELECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// The key `master`: `host:port`, several with commas between them, or `zk://…`. A password in it is never shown.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline, with = "String")]
pub struct MasterAddress {
    /// What it says, with the password hidden.
    shown: String,
    /// What it means; or, in words, why it means nothing.
    pub(crate) place: Result<MasterPlace, String>,
}

/// Where masters are looked for.
#[derive(Clone, Debug)]
pub(crate) enum MasterPlace {
    /// Any of these knows who leads.
    Listed(Vec<Endpoint>),
    /// They are elected there.
    Elected(ZkUrl),
}

impl MasterAddress {
    /// Reads it; whether it makes sense, the check of the section says. A text with an `@` is read as a
    /// ZooKeeper's whatever else it says, because only those hide passwords.
    pub fn new(text: &str) -> MasterAddress {
        if text.trim_start().starts_with("zk:") || text.contains('@') {
            return match text.parse::<ZkUrl>() {
                Ok(url) => {
                    MasterAddress { shown: url.to_string(), place: Ok(MasterPlace::Elected(url)) }
                }
                Err(error) => MasterAddress { shown: hidden(text), place: Err(chain(&error)) },
            };
        }
        let place = Masters::parse(text).map(|masters| MasterPlace::Listed(masters.known()));
        MasterAddress { shown: text.to_owned(), place: place.map_err(|error| chain(&error)) }
    }

    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}

fn hidden(text: &str) -> String {
    text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, rest)| format!("zk://…@{rest}"))
}

impl MasterPlace {
    /// Whether the masters are written with `https://`.
    pub(crate) fn is_https(&self) -> bool {
        match self {
            MasterPlace::Listed(all) => all.iter().any(|one| one.scheme() == Scheme::Https),
            MasterPlace::Elected(_) => false,
        }
    }

    /// Whom to ask, in this order. Who led when asked last comes first: it redirects if it leads no more, which
    /// saves both masters and ZooKeeper questions.
    pub(crate) async fn masters(
        &self,
        led: Option<Endpoint>,
        scheme: Scheme,
    ) -> Result<Masters, Trouble> {
        match (self, led) {
            (MasterPlace::Listed(all), led) => {
                let others = all.iter().filter(|one| Some(*one) != led.as_ref());
                Ok(Masters::Listed(led.iter().chain(others).cloned().collect()))
            }
            (MasterPlace::Elected(_), Some(led)) => Ok(Masters::from(led)),
            (MasterPlace::Elected(url), None) => Ok(Masters::from(elected(url, scheme).await?)),
        }
    }
}

/// Asks ZooKeeper once. No session is held between queries, which are rare.
async fn elected(url: &ZkUrl, scheme: Scheme) -> Result<Endpoint, Trouble> {
    let mut config = ZkConfig::new(url.clone());
    config.session_timeout = ELECTION_TIMEOUT;
    let mut detector = MasterDetector::new(config);
    match timeout(ELECTION_TIMEOUT * 2, detector.next()).await {
        Ok(Detected::Leader(master)) => Ok(endpoint(&master, scheme)),
        Ok(Detected::Nobody(why)) => Err(Trouble::refused(chain(&why))),
        Ok(Detected::Away(error)) => Err(Trouble::refused(chain(&error))),
        Err(_) => Err(Trouble::refused(format!("{url} did not say who leads"))),
    }
}

/// Over TLS a master is reached by its name, which its certificate is for; without, its address is enough.
fn endpoint(master: &LeadingMaster, scheme: Scheme) -> Endpoint {
    let host = match scheme {
        Scheme::Http => &master.host,
        Scheme::Https => master.hostname.as_ref().unwrap_or(&master.host),
    };
    Endpoint::new(host.as_str(), master.port).with_scheme(scheme)
}

impl Default for MasterAddress {
    fn default() -> Self {
        MasterAddress::new("127.0.0.1:5050")
    }
}

impl Serialize for MasterAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown)
    }
}

impl<'de> Deserialize<'de> for MasterAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MasterAddress, D::Error> {
        Ok(MasterAddress::new(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn who_led_last_is_asked_first() {
        let place = MasterAddress::new("a:1,b:2").place.unwrap();
        let known = async |led| place.masters(led, Scheme::Http).await.unwrap().known();
        let [a, b, c] = ["a:1", "b:2", "c:3"].map(|text| text.parse::<Endpoint>().unwrap());
        assert_eq!(known(None).await, [a.clone(), b.clone()]);
        assert_eq!(known(Some(b.clone())).await, [b.clone(), a.clone()]);
        assert_eq!(known(Some(c.clone())).await, [c.clone(), a, b]);
        let elected = MasterAddress::new("zk://127.0.0.1:1/mesos").place.unwrap();
        assert_eq!(elected.masters(Some(c.clone()), Scheme::Http).await.unwrap().known(), [c]);
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in ["zk://u:sesame@h:1/mesos", "zk://u:sesame@h/mesos", "h:1,u:sesame@h:2"] {
            let address = MasterAddress::new(text);
            let shown = format!("{address:?} {}", serde_json::to_string(&address).unwrap());
            assert!(!shown.contains("sesame"), "{shown}");
        }
    }

    #[test]
    fn over_tls_a_master_is_reached_by_its_name() {
        let (host, hostname) = ("10.0.0.1".to_owned(), Some("m1.example".to_owned()));
        let master = LeadingMaster { sequence: 1, host, port: 5050, hostname, id: None };
        assert_eq!(endpoint(&master, Scheme::Http).to_string(), "10.0.0.1:5050");
        assert_eq!(endpoint(&master, Scheme::Https).to_string(), "https://m1.example:5050");
    }
}
