//! The plugins of a build: one explicit table, with a feature for each of ours.
//!
//! A program of somebody else calls [`builtin`], adds its own, and goes on with
//! [`crate::scheduler_main`] or [`crate::proxy_main`]; `docs/plugins.md` shows it.

use std::sync::Arc;

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_core::health::HealthPolicy;
use etcd_mesos_core::placement::PlacementPolicy;
use etcd_mesos_core::plugin::{
    Context, DiscoveryPlugin, HealthPlugin, PersistPlugin, PlacementPlugin, Plugin,
};
use etcd_mesos_core::store::{StateStore, StoreError};
use figment::value::Dict;
use schemars::Schema;

use crate::config::keys;
use crate::config::layers::Layers;
use crate::config::problem::Problem;
use crate::config::read::read;

/// A plugin with its section read and checked.
pub struct Prepared<T> {
    /// Its name.
    pub name: &'static str,
    /// Its whole section, defaults included, without secrets.
    pub shown: serde_json::Value,
    /// Makes it.
    pub make: Box<dyn FnOnce(&Context) -> T>,
}

/// What opening a store yields.
pub type Opened = Result<Arc<dyn StateStore>, StoreError>;

type Prepare<T> = fn(&Layers, Dict, &str, &mut Vec<Problem>) -> Option<Prepared<T>>;

/// A plugin of the build.
pub struct Entry<T> {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// The form of its section.
    pub schema: Schema,
    prepare: Prepare<T>,
}

/// The plugins of one kind.
pub struct Kind<T> {
    /// The kind, which is also the section of the configuration.
    pub name: &'static str,
    /// What is taken where none is chosen.
    pub default: Option<&'static str>,
    /// Whether several can be chosen, in order.
    pub takes_several: bool,
    /// What is in the build, in the order of the table.
    pub entries: Vec<Entry<T>>,
}

/// All plugins of a build.
pub struct Plugins {
    /// Where the record is kept.
    pub persist: Kind<Opened>,
    /// How the members of a running cluster are found.
    pub discovery: Kind<Arc<dyn Discovery>>,
    /// How health is judged.
    pub health: Kind<Box<dyn HealthPolicy>>,
    /// Which agents get members.
    pub placement: Kind<Box<dyn PlacementPolicy>>,
}

/// A plugin of ours that a build may lack.
pub(crate) struct Optional {
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) feature: &'static str,
}

const fn optional(kind: &'static str, name: &'static str, feature: &'static str) -> Optional {
    Optional { kind, name, feature }
}

/// Every plugin of ours that has a feature.
pub(crate) const OPTIONAL: &[Optional] = &[
    optional("persist", "zookeeper", "persist-zk"),
    optional("persist", "file", "persist-file"),
    optional("discovery", "mesos_dns", "discovery-dns"),
    optional("discovery", "mesos_state", "discovery-state"),
    optional("discovery", "scheduler", "discovery-scheduler"),
    optional("health", "raft", "health-raft"),
];

/// The plugins of this build.
pub fn builtin() -> Plugins {
    let plugins = Plugins::empty();
    #[cfg(feature = "persist-zk")]
    let plugins = plugins.persist::<etcd_mesos_persist_zk::ZookeeperPlugin>();
    #[cfg(feature = "persist-file")]
    let plugins = plugins.persist::<etcd_mesos_persist_file::FilePlugin>();
    let plugins = plugins.persist::<crate::plain::NonePlugin>();
    #[cfg(feature = "discovery-dns")]
    let plugins = plugins.discovery::<etcd_mesos_discovery_dns::MesosDnsPlugin>();
    #[cfg(feature = "discovery-state")]
    let plugins = plugins.discovery::<etcd_mesos_discovery_state::MesosStatePlugin>();
    #[cfg(feature = "discovery-scheduler")]
    let plugins = plugins.discovery::<etcd_mesos_discovery_scheduler::SchedulerPlugin>();
    let plugins = plugins.discovery::<crate::plain::StaticPlugin>();
    #[cfg(feature = "health-raft")]
    let plugins = plugins.health::<etcd_mesos_health_raft::RaftPlugin>();
    plugins.health::<crate::plain::ProofPlugin>().placement::<crate::plain::SpreadPlugin>()
}

impl Plugins {
    fn empty() -> Plugins {
        Plugins {
            persist: Kind::of("persist", Some("file")),
            discovery: Kind::of_several("discovery"),
            health: Kind::of("health", Some("raft")),
            placement: Kind::of("placement", Some("spread")),
        }
    }

    /// Adds a plugin that keeps the record.
    ///
    /// # Panics
    /// Where a plugin of that kind has the name already; so do the other three.
    pub fn persist<P: PersistPlugin>(mut self) -> Plugins {
        self.persist.add::<P>(|layers, section, prefix, problems| {
            prepare::<P, _>(layers, section, prefix, problems, P::open)
        });
        self
    }

    /// Adds a plugin that finds the members of a running cluster.
    pub fn discovery<P: DiscoveryPlugin>(mut self) -> Plugins {
        self.discovery.add::<P>(|layers, section, prefix, problems| {
            prepare::<P, _>(layers, section, prefix, problems, P::make)
        });
        self
    }

    /// Adds a plugin that judges health.
    pub fn health<P: HealthPlugin>(mut self) -> Plugins {
        self.health.add::<P>(|layers, section, prefix, problems| {
            prepare::<P, _>(layers, section, prefix, problems, P::make)
        });
        self
    }

    /// Adds a plugin that ranks offers.
    pub fn placement<P: PlacementPlugin>(mut self) -> Plugins {
        self.placement.add::<P>(|layers, section, prefix, problems| {
            prepare::<P, _>(layers, section, prefix, problems, P::make)
        });
        self
    }

    /// What `plugins` prints: each plugin of the build, and what is not in it.
    pub fn listing(&self) -> String {
        let mut text = String::new();
        list(&mut text, &self.persist, self.persist.default);
        list(&mut text, &self.discovery, self.discovery.default);
        list(&mut text, &self.health, self.health.default);
        list(&mut text, &self.placement, self.placement.default);
        text
    }

    /// The same of the discoveries alone, for a program that takes `default` where none is chosen.
    pub(crate) fn discoveries(&self, default: &str) -> String {
        let mut text = String::new();
        list(&mut text, &self.discovery, Some(default));
        text
    }

    /// The keys of all plugins' sections, each with its whole name.
    pub fn keys(&self) -> Vec<keys::Key> {
        let mut all = self.persist.keys();
        all.extend(self.discovery.keys());
        all.extend(self.health.keys());
        all.extend(self.placement.keys());
        all
    }
}

impl<T> Kind<T> {
    fn of(name: &'static str, default: Option<&'static str>) -> Kind<T> {
        Kind { name, default, takes_several: false, entries: Vec::new() }
    }

    fn of_several(name: &'static str) -> Kind<T> {
        Kind { takes_several: true, ..Kind::of(name, None) }
    }

    fn add<P: Plugin>(&mut self, prepare: Prepare<T>) {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(
            !P::NAME.is_empty() && P::NAME != "plugin" && P::NAME.chars().all(is_plain),
            "{:?} is no name for a plugin: small letters, digits and _",
            P::NAME
        );
        let is_taken = self.entries.iter().any(|entry| entry.name == P::NAME);
        assert!(!is_taken, "two {} plugins are called {}", self.name, P::NAME);
        let schema = keys::schema_of::<P::Section>();
        self.entries.push(Entry { name: P::NAME, about: P::ABOUT, schema, prepare });
    }

    fn keys(&self) -> Vec<keys::Key> {
        let of = |entry: &Entry<T>| {
            keys::flatten(&entry.schema, &format!("{}.{}", self.name, entry.name))
        };
        let choice = match self.takes_several {
            true => keys::Key::choice_of_several(self.name, &self.names()),
            false => keys::Key::choice(self.name, self.default, &self.names()),
        };
        let mut all = vec![choice];
        all.extend(self.entries.iter().flat_map(of));
        all
    }

    /// The names of the plugins in the build.
    pub fn names(&self) -> Vec<&'static str> {
        self.entries.iter().map(|entry| entry.name).collect()
    }
}

impl<T> Entry<T> {
    pub(crate) fn prepare(
        &self,
        layers: &Layers,
        section: Dict,
        prefix: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Prepared<T>> {
        (self.prepare)(layers, section, prefix, problems)
    }
}

fn prepare<P: Plugin, T: 'static>(
    layers: &Layers,
    section: Dict,
    prefix: &str,
    problems: &mut Vec<Problem>,
    make: fn(P::Section, &Context) -> T,
) -> Option<Prepared<T>> {
    let section: P::Section = read(layers, section, prefix, problems)?;
    for found in P::check(&section) {
        let key = format!("{prefix}.{}", found.key);
        let origin = layers.origin_of(&key);
        problems.push(Problem { key: Some(key), origin, text: found.text });
    }
    let shown = serde_json::to_value(&section).unwrap_or_default();
    Some(Prepared { name: P::NAME, shown, make: Box::new(move |context| make(section, context)) })
}

fn list<T>(text: &mut String, kind: &Kind<T>, default: Option<&str>) {
    for entry in &kind.entries {
        let chosen = if default == Some(entry.name) { " (default)" } else { "" };
        text.push_str(&format!("{:10} {:12} {}{chosen}\n", kind.name, entry.name, entry.about));
    }
    for missing in absent(kind) {
        text.push_str(&format!(
            "{:10} {:12} not in this build; feature {}\n",
            kind.name, missing.name, missing.feature
        ));
    }
}

/// The plugins of ours of that kind that are not in the build.
pub(crate) fn absent<T>(kind: &Kind<T>) -> impl Iterator<Item = &'static Optional> {
    let ours = OPTIONAL.iter().filter(|known| known.kind == kind.name);
    ours.filter(|known| kind.entries.iter().all(|entry| entry.name != known.name))
}
