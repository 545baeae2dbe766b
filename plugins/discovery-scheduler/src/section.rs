//! The plugin `scheduler`, and its section of the configuration.

use std::fmt;
use std::sync::Arc;

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_core::plugin::{Context, DiscoveryPlugin, Plugin, SectionProblem};
use etcd_mesos_core::setting::Span;
use schemars::JsonSchema;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::discovery::SchedulerDiscovery;
use crate::server::Server;
use etcd_mesos_core::trouble::Misconfigured;

const TIMEOUT_MIN: Span = Span(std::time::Duration::from_millis(100));
const TIMEOUT_MAX: Span = Span::seconds(60);
/// The contract of `next` allows a minute, and the scheduler holds no answer for longer.
const WAIT_MAX: Span = Span::seconds(55);

/// The plugin `scheduler`.
pub struct SchedulerPlugin;

/// The section `[discovery.scheduler]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchedulerSection {
    /// The scheduler's admin server, http://host:23400 (the port may be left out), or several that are
    /// tried in this order: a list, or text with commas. Beside a mesos-dns the framework's domain,
    /// http://etcd.mesos, is the scheduler's address
    pub url: Urls,
    /// How long a server may take to be connected to, to begin to answer, and to end
    #[serde(default = "usual_timeout")]
    pub timeout: Span,
    /// For how long the scheduler is asked to hold its answer back while nothing changes; 0: not at all.
    /// Lower it where idle connections are forgotten sooner
    #[serde(default = "usual_wait")]
    pub wait: Span,
}

/// One or several URLs: a list, or text with commas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, with = "Vec<String>")]
pub struct Urls(Vec<String>);

impl Urls {
    /// Those of a text with commas.
    pub fn of(text: &str) -> Urls {
        Urls(text.split(',').map(|url| url.trim().to_owned()).collect())
    }
}

impl<'de> Deserialize<'de> for Urls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Urls, D::Error> {
        struct ListOrText;
        impl<'de> Visitor<'de> for ListOrText {
            type Value = Urls;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a URL, several with commas, or a list")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Urls, E> {
                // Where all is text, in variables and flags, a list is written as in a file; saying
                // that text is wrong lets it be read so.
                if text.trim_start().starts_with("[\"") || text.trim_start().starts_with("['") {
                    return Err(E::invalid_type(Unexpected::Str(text), &self));
                }
                Ok(Urls::of(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Urls, A::Error> {
                let mut urls = Vec::new();
                while let Some(url) = list.next_element::<String>()? {
                    urls.push(url);
                }
                Ok(Urls(urls))
            }
        }
        deserializer.deserialize_any(ListOrText)
    }
}

impl SchedulerSection {
    /// The usual settings for these admin servers: one, or several with commas between them.
    pub fn of(url: &str) -> SchedulerSection {
        SchedulerSection { url: Urls::of(url), timeout: usual_timeout(), wait: usual_wait() }
    }

    /// The servers; or everything that is wrong.
    fn servers(&self) -> Result<Vec<Server>, Vec<SectionProblem>> {
        let of_url = |text| SectionProblem { key: "url", text };
        let (mut servers, mut problems) = (Vec::new(), self.of_times());
        for url in &self.url.0 {
            match url.parse::<Server>() {
                Ok(server) if servers.contains(&server) => {
                    problems.push(of_url(format!("`{url}` stands there twice")));
                }
                Ok(server) => servers.push(server),
                Err(words) => problems.push(of_url(words)),
            }
        }
        if self.url.0.is_empty() {
            problems
                .push(of_url("at least one is needed, like http://etcd.mesos:23400".to_owned()));
        }
        if problems.is_empty() { Ok(servers) } else { Err(problems) }
    }

    fn of_times(&self) -> Vec<SectionProblem> {
        let mut problems = Vec::new();
        if !(TIMEOUT_MIN..=TIMEOUT_MAX).contains(&self.timeout) {
            let text = format!("it must be between {TIMEOUT_MIN} and {TIMEOUT_MAX}");
            problems.push(SectionProblem { key: "timeout", text });
        }
        if self.wait > WAIT_MAX {
            let text = format!("it must be at most {WAIT_MAX}; 0 for answers at once");
            problems.push(SectionProblem { key: "wait", text });
        }
        problems
    }
}

fn usual_timeout() -> Span {
    Span::seconds(5)
}

fn usual_wait() -> Span {
    Span::seconds(30)
}

impl Plugin for SchedulerPlugin {
    const NAME: &'static str = "scheduler";
    const ABOUT: &'static str = "our scheduler, which tells of changes at once";
    type Section = SchedulerSection;

    fn check(section: &SchedulerSection) -> Vec<SectionProblem> {
        section.servers().err().unwrap_or_default()
    }
}

impl DiscoveryPlugin for SchedulerPlugin {
    fn make(section: SchedulerSection, _: &Context) -> Arc<dyn Discovery> {
        match section.servers() {
            Ok(servers) => {
                Arc::new(SchedulerDiscovery::new(servers, section.timeout.0, section.wait.0))
            }
            Err(problems) => Arc::new(Misconfigured {
                place: "the scheduler by [discovery.scheduler]",
                problems,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SchedulerSection, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_url_alone_is_a_section_and_several_are_a_list_or_text() {
        let section = read(r#"{"url": "http://a:1, http://b"}"#).expect("a section");
        assert_eq!(section.url, Urls(vec!["http://a:1".into(), "http://b".into()]));
        assert_eq!((section.timeout, section.wait), (Span::seconds(5), Span::seconds(30)));
        assert_eq!(SchedulerPlugin::check(&section), []);
        let listed = read(r#"{"url": ["http://a:1", "http://b"]}"#).expect("a section");
        assert_eq!(listed.url, section.url);
        for wrong in
            ["{}", r#"{"url": 7}"#, r#"{"url": "a", "urls": "b"}"#, r#"{"url": "[\"a\"]"}"#]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_problem_is_told_with_its_key() {
        let keys = |section: &SchedulerSection| -> Vec<&'static str> {
            SchedulerPlugin::check(section).iter().map(|problem| problem.key).collect()
        };
        let section = SchedulerSection {
            timeout: Span::seconds(61),
            wait: Span::seconds(56),
            ..SchedulerSection::of("https://a, a, http://a:23400,")
        };
        assert_eq!(keys(&section), ["timeout", "wait", "url", "url", "url"]);
        let nobody = SchedulerSection { url: Urls(Vec::new()), ..SchedulerSection::of("a") };
        assert_eq!(keys(&nobody), ["url"]);
        assert_eq!(
            keys(&SchedulerSection { wait: Span::seconds(0), ..SchedulerSection::of("a") }),
            [""; 0]
        );
    }
}
