//! The plugin `mesos_dns`, and its section of the configuration.

use std::sync::Arc;

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_core::plugin::{Context, DiscoveryPlugin, Plugin, SectionProblem};
use etcd_mesos_core::setting::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::discovery::MesosDns;
use crate::plan::Plan;
use etcd_mesos_core::trouble::Misconfigured;

/// The plugin `mesos_dns`.
pub struct MesosDnsPlugin;

/// The section `[discovery.mesos_dns]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MesosDnsSection {
    /// The domain below which the cluster's tasks have their names: the framework's name and the
    /// domain of mesos-dns, like etcd.mesos
    pub domain: String,
    /// The DNS servers, each host:port (port 53 may be left out), the preferred one first; none: those of
    /// /etc/resolv.conf
    #[serde(default)]
    pub servers: Vec<String>,
    /// The SRV names to ask for, in this order, until one has members. Names that differ by `-ssl`
    /// alone are asked for together; members of a `-ssl` name are https. A cluster with TLS should
    /// name its `-ssl` name alone
    #[serde(default = "usual_services")]
    pub services: Vec<String>,
    /// How long one answer may take. Without any answer over UDP a question is asked twice
    #[serde(default = "usual_timeout")]
    pub timeout: Span,
    /// How long all questions together may take
    #[serde(default = "usual_deadline")]
    pub deadline: Span,
}

impl MesosDnsSection {
    /// The usual settings for a domain.
    pub fn of(domain: impl Into<String>) -> MesosDnsSection {
        MesosDnsSection {
            domain: domain.into(),
            servers: Vec::new(),
            services: usual_services(),
            timeout: usual_timeout(),
            deadline: usual_deadline(),
        }
    }
}

/// What etcd's clients ask for, and then the name that the predecessor's README promises.
fn usual_services() -> Vec<String> {
    [
        "_etcd-client-ssl._tcp",
        "_etcd-client._tcp",
        "_etcd-server-ssl._client",
        "_etcd-server._client",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn usual_timeout() -> Span {
    Span::seconds(1)
}

fn usual_deadline() -> Span {
    Span::seconds(5)
}

impl Plugin for MesosDnsPlugin {
    const NAME: &'static str = "mesos_dns";
    const ABOUT: &'static str = "SRV records of mesos-dns, or of any other DNS server";
    type Section = MesosDnsSection;

    fn check(section: &MesosDnsSection) -> Vec<SectionProblem> {
        Plan::of(section).err().unwrap_or_default()
    }
}

impl DiscoveryPlugin for MesosDnsPlugin {
    fn make(section: MesosDnsSection, _: &Context) -> Arc<dyn Discovery> {
        match Plan::of(&section) {
            Ok(plan) => Arc::new(MesosDns::new(plan)),
            Err(problems) => {
                Arc::new(Misconfigured { place: "a DNS server by [discovery.mesos_dns]", problems })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_alone_is_a_section() {
        let section: MesosDnsSection =
            serde_json::from_str(r#"{"domain": "etcd.mesos"}"#).expect("a section");
        assert_eq!(section.services, usual_services());
        assert_eq!(MesosDnsPlugin::check(&section), []);
        assert!(serde_json::from_str::<MesosDnsSection>("{}").is_err());
        let typo = r#"{"domain": "etcd.mesos", "server": ["10.0.0.1"]}"#;
        assert!(serde_json::from_str::<MesosDnsSection>(typo).is_err());
    }

    #[test]
    fn every_problem_is_told_with_its_key() {
        let section = MesosDnsSection {
            servers: vec!["10.0.0.1:0".into(), "http://x".into()],
            services: Vec::new(),
            timeout: Span::seconds(11),
            deadline: Span::seconds(2),
            ..MesosDnsSection::of("etcd mesos")
        };
        let keys: Vec<&str> = MesosDnsPlugin::check(&section).iter().map(|p| p.key).collect();
        assert_eq!(keys, ["domain", "servers", "servers", "services", "timeout", "deadline"]);
    }
}
