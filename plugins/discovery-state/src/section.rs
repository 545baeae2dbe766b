//! The plugin `mesos_state`, and its section of the configuration.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_core::plugin::{Context, DiscoveryPlugin, Plugin, SectionProblem};
use etcd_mesos_core::setting::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::discovery::StateDiscovery;
use crate::master::{MasterAddress, MasterPlace};
use crate::pace::{Gates, Pace};

const INTERVAL_MIN: Span = Span::seconds(5);
const INTERVAL_MAX: Span = Span::seconds(600);
const PROGRESS_MIN: Span = Span::seconds(1);
const PROGRESS_MAX: Span = Span::seconds(300);

/// The plugin `mesos_state`.
pub struct MesosStatePlugin;

/// The section `[discovery.mesos_state]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MesosStateSection {
    /// The Mesos masters: host:port, or several with commas between them, with https:// before the
    /// first one where they speak TLS; or where they are elected:
    /// zk://[user:password@]h1:p1,h2:p2/path
    pub master: MasterAddress,
    /// The file that holds `user:password` for the ZooKeeper of `master`; a line end after it does
    /// not count
    pub zookeeper_auth_file: Option<PathBuf>,
    /// The framework's name; by default the cluster's
    pub framework: Option<String>,
    /// The principal to authenticate as; it must be allowed to view the framework and its tasks
    pub principal: Option<String>,
    /// The file that holds the principal's secret; a line end after it does not count
    pub secret_file: Option<PathBuf>,
    /// Speak TLS with masters that are found by zk://; named masters are written
    /// https://h1:p1,h2:p2
    pub tls: bool,
    /// The certificate authorities, in PEM, that the masters' certificates must come from; TLS
    /// needs it
    pub ca_file: Option<PathBuf>,
    /// Our certificate, in PEM, for masters that demand one
    pub cert_file: Option<PathBuf>,
    /// The key of our certificate, in PEM, not encrypted
    pub key_file: Option<PathBuf>,
    /// The least pause between two queries of this process; after failures it grows
    pub interval: Span,
    /// How long an answer may take to begin, and each further MiB of it to come; there is no
    /// deadline for the whole, whose length nobody knows
    pub progress_timeout: Span,
}

impl Default for MesosStateSection {
    fn default() -> Self {
        MesosStateSection {
            master: MasterAddress::default(),
            zookeeper_auth_file: None,
            framework: None,
            principal: None,
            secret_file: None,
            tls: false,
            ca_file: None,
            cert_file: None,
            key_file: None,
            interval: Span::seconds(15),
            progress_timeout: Span::seconds(30),
        }
    }
}

impl MesosStateSection {
    /// The place of the masters, with the credentials of the file.
    pub(crate) fn master_with_login(&self) -> Result<MasterPlace, String> {
        let place = self.master.place.clone()?;
        let (Some(path), MasterPlace::Elected(url)) = (&self.zookeeper_auth_file, &place) else {
            return Ok(place);
        };
        let failed = |why: String| format!("{}: {why}", path.display());
        let login = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let url = url.clone().with_login(login.trim_end_matches(['\n', '\r']));
        Ok(MasterPlace::Elected(url.map_err(|error| failed(error.to_string()))?))
    }

    /// How long a query waits for its turn: through the longest pause, and for one other query.
    pub(crate) fn turn_timeout(&self) -> Duration {
        let interval = self.interval.0;
        Pace { interval, refused: interval }.longest() + self.progress_timeout.0 * 2
    }
}

impl Plugin for MesosStatePlugin {
    const NAME: &'static str = "mesos_state";
    const ABOUT: &'static str =
        "the leading Mesos master, by what it knows of our framework's tasks";
    type Section = MesosStateSection;

    fn check(section: &MesosStateSection) -> Vec<SectionProblem> {
        let mut problems = Problems(Vec::new());
        problems.of_masters(section);
        problems.of_credentials(section);
        problems.of_tls(section);
        problems.of_times(section);
        problems.0
    }
}

impl DiscoveryPlugin for MesosStatePlugin {
    fn make(section: MesosStateSection, context: &Context) -> Arc<dyn Discovery> {
        Arc::new(StateDiscovery::new(section, &context.cluster, &context.shared::<Gates>()))
    }
}

struct Problems(Vec<SectionProblem>);

impl Problems {
    fn add(&mut self, key: &'static str, text: impl Into<String>) {
        self.0.push(SectionProblem { key, text: text.into() });
    }

    fn of_masters(&mut self, section: &MesosStateSection) {
        match &section.master.place {
            Err(words) => self.add("master", words.clone()),
            Ok(MasterPlace::Listed(_)) if section.zookeeper_auth_file.is_some() => {
                self.add("zookeeper_auth_file", "`master` names no ZooKeeper");
            }
            Ok(_) => {}
        }
        if section.framework.as_ref().is_some_and(String::is_empty) {
            self.add("framework", "it is empty; leave it out for the cluster's name");
        }
    }

    fn of_credentials(&mut self, section: &MesosStateSection) {
        match (&section.principal, &section.secret_file) {
            (Some(_), None) => self.add("principal", "it needs `secret_file`"),
            (None, Some(_)) => self.add("secret_file", "it needs `principal`"),
            (Some(principal), Some(_)) if principal.is_empty() || principal.contains(':') => {
                self.add(
                    "principal",
                    "it is empty or holds a colon, which HTTP basic cannot carry",
                );
            }
            _ => {}
        }
    }

    fn of_tls(&mut self, section: &MesosStateSection) {
        let place = section.master.place.as_ref().ok();
        let is_https = place.is_some_and(MasterPlace::is_https);
        let is_listed = matches!(place, Some(MasterPlace::Listed(_)));
        if section.tls && is_listed && !is_https {
            self.add("tls", "write `master` as https://…, for all masters of the list");
        }
        let is_tls = section.tls || is_https;
        if is_tls && section.ca_file.is_none() {
            self.add("ca_file", "TLS needs it, to know whose certificates to trust");
        }
        if section.cert_file.is_some() != section.key_file.is_some() {
            let key = if section.cert_file.is_some() { "cert_file" } else { "key_file" };
            self.add(key, "`cert_file` and `key_file` need each other");
        }
        if !is_tls {
            self.of_files_without_tls(section);
        }
    }

    fn of_files_without_tls(&mut self, section: &MesosStateSection) {
        let files = [("ca_file", &section.ca_file), ("cert_file", &section.cert_file)];
        let files = files.into_iter().filter(|(_, file)| file.is_some());
        for (key, _) in files {
            self.add(
                key,
                "the masters are not spoken with over TLS: write `master` as https://… or, with zk://, tls = true",
            );
        }
    }

    fn of_times(&mut self, section: &MesosStateSection) {
        if !(INTERVAL_MIN..=INTERVAL_MAX).contains(&section.interval) {
            let text = format!("it must be between {INTERVAL_MIN} and {INTERVAL_MAX}");
            self.add("interval", text);
        }
        if !(PROGRESS_MIN..=PROGRESS_MAX).contains(&section.progress_timeout) {
            let text = format!("it must be between {PROGRESS_MIN} and {PROGRESS_MAX}");
            self.add("progress_timeout", text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(section: &MesosStateSection) -> Vec<&'static str> {
        MesosStatePlugin::check(section).iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn no_key_has_to_be_given_and_a_typing_error_is_found() {
        let section: MesosStateSection = serde_json::from_str("{}").expect("a section");
        assert_eq!(MesosStatePlugin::check(&section), []);
        assert_eq!(section.master.shown(), "127.0.0.1:5050");
        assert!(serde_json::from_str::<MesosStateSection>(r#"{"masters": "a:1"}"#).is_err());
    }

    #[test]
    fn every_problem_is_told_with_its_key() {
        let section = MesosStateSection {
            master: MasterAddress::new("m1"),
            framework: Some(String::new()),
            principal: Some("a:b".to_owned()),
            secret_file: Some("secret".into()),
            cert_file: Some("cert".into()),
            interval: Span::seconds(1),
            progress_timeout: Span::seconds(301),
            ..MesosStateSection::default()
        };
        let expected = [
            "master",
            "framework",
            "principal",
            "cert_file",
            "cert_file",
            "interval",
            "progress_timeout",
        ];
        assert_eq!(keys(&section), expected);
    }

    #[test]
    fn tls_needs_to_be_asked_for_and_to_know_whom_to_trust() {
        let of = |master: &str, tls, ca_file: Option<&str>| {
            let (master, ca_file) = (MasterAddress::new(master), ca_file.map(Into::into));
            keys(&MesosStateSection { master, tls, ca_file, ..MesosStateSection::default() })
        };
        assert_eq!(of("https://a:1", false, Some("ca")), [""; 0]);
        assert_eq!(of("zk://a:1/m", true, Some("ca")), [""; 0]);
        assert_eq!(of("https://a:1", false, None), ["ca_file"]);
        assert_eq!(of("zk://a:1/m", true, None), ["ca_file"]);
        assert_eq!(of("a:1", true, Some("ca")), ["tls"]);
        assert_eq!(of("zk://a:1/m", false, Some("ca")), ["ca_file"]);
    }

    #[test]
    fn credentials_and_an_election_are_whole_or_not_there() {
        let file = Some(PathBuf::from("x"));
        let of = |principal: Option<&str>, secret_file, zookeeper_auth_file| {
            let principal = principal.map(str::to_owned);
            let other = MesosStateSection::default();
            keys(&MesosStateSection { principal, secret_file, zookeeper_auth_file, ..other })
        };
        assert_eq!(of(Some("a"), None, None), ["principal"]);
        assert_eq!(of(None, file.clone(), None), ["secret_file"]);
        assert_eq!(of(None, None, file.clone()), ["zookeeper_auth_file"]);
        assert_eq!(of(Some("a"), file, None), [""; 0]);
    }
}
