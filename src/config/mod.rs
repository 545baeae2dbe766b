//! The configuration: layers, read into types, checked, and shown.

pub mod address;
mod check;
pub(crate) use check::etcd_flags;
pub mod docs;
pub mod keys;
pub mod layers;
pub mod legacy;
pub mod local;
pub mod problem;
pub(crate) mod read;
pub mod show;
pub mod tree;

use std::sync::Arc;

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_core::health::HealthPolicy;
use etcd_mesos_core::placement::PlacementPolicy;
use figment::value::{Dict, Value};

use crate::plugins::{Kind, Opened, Plugins, Prepared, absent};
use layers::{Environment, Layers};
use problem::{Problem, Problems, suggestion};
use tree::Tree;

/// A configuration that was read and checked.
pub struct Configuration {
    /// The settings that are no plugin's.
    pub tree: Tree,
    /// Where the record is kept.
    pub persist: Prepared<Opened>,
    /// How members are found, where that was chosen.
    pub discovery: Option<Prepared<Arc<dyn Discovery>>>,
    /// How health is judged.
    pub health: Prepared<Box<dyn HealthPolicy>>,
    /// Which agents get members.
    pub placement: Prepared<Box<dyn PlacementPolicy>>,
    /// Where each value came from.
    pub layers: Layers,
}

/// Reads and checks everything that the layers say; the environment is what the checks look at.
///
/// # Errors
/// Every problem, at once.
pub fn configure(
    plugins: &Plugins,
    layers: Layers,
    environment: &Environment,
) -> Result<Configuration, Problems> {
    let mut problems = layers.problems.clone();
    let mut values = layers.values(&mut problems);
    let persist = choose(&plugins.persist, &mut values, &layers, &mut problems);
    let discovery = choose(&plugins.discovery, &mut values, &layers, &mut problems);
    let health = choose(&plugins.health, &mut values, &layers, &mut problems);
    let placement = choose(&plugins.placement, &mut values, &layers, &mut problems);
    let tree: Option<Tree> = read::read(&layers, values, "", &mut problems);
    let tree = tree.map(|mut tree| {
        check::expand(&mut tree, &layers, environment, &mut problems);
        check::check(&tree, &layers, &mut problems);
        tree
    });
    if let Some(store) = persist.as_ref().filter(|p| p.name == "file") {
        check::disk_that_lasts(&store.shown, &layers, environment, &mut problems);
    }
    match (tree, persist, health, placement) {
        (Some(tree), Some(persist), Some(health), Some(placement)) if problems.is_empty() => {
            Ok(Configuration { tree, persist, discovery, health, placement, layers })
        }
        _ => Err(Problems(problems)),
    }
}

/// Takes a kind's section out of the values, checks all plugins' parts of it, and prepares the
/// chosen one.
fn choose<T>(
    kind: &Kind<T>,
    values: &mut Dict,
    layers: &Layers,
    problems: &mut Vec<Problem>,
) -> Option<Prepared<T>> {
    let mut section = match values.remove(kind.name) {
        None => Dict::new(),
        Some(Value::Dict(_, section)) => section,
        Some(other) => {
            let origin = layers.origin(other.tag());
            let text = format!("it is a section: write [{}]", kind.name);
            problems.push(Problem { key: Some(kind.name.to_owned()), origin, text });
            return None;
        }
    };
    let key = format!("{}.plugin", kind.name);
    let chosen = match section.remove("plugin") {
        None => kind.default.map(str::to_owned),
        Some(Value::String(_, name)) => Some(name),
        Some(_) => {
            let text = "the name of a plugin is wanted".to_owned();
            problems.push(Problem { origin: layers.origin_of(&key), key: Some(key), text });
            return None;
        }
    };
    check_names(kind, &section, layers, problems);
    let mut prepared = None;
    for entry in &kind.entries {
        let is_chosen = chosen.as_deref() == Some(entry.name);
        let given = match section.remove(entry.name) {
            Some(Value::Dict(_, given)) => given,
            Some(other) => {
                let key = Some(format!("{}.{}", kind.name, entry.name));
                let text = "it is a section".to_owned();
                problems.push(Problem { key, origin: layers.origin(other.tag()), text });
                continue;
            }
            None if is_chosen => Dict::new(),
            None => continue,
        };
        let prefix = format!("{}.{}", kind.name, entry.name);
        let mut found = Vec::new();
        let outcome = entry.prepare(layers, given, &prefix, &mut found);
        if is_chosen {
            prepared = outcome;
        } else {
            // What a plugin needs is not needed of one that is not chosen; typing errors are errors.
            found.retain(|problem| problem.text != read::MUST_BE_GIVEN);
        }
        problems.append(&mut found);
    }
    let name = chosen?;
    if !kind.names().contains(&name.as_str()) {
        let origin = layers.origin_of(&key);
        problems.push(Problem { key: Some(key), origin, text: no_such_plugin(kind, &name) });
    }
    prepared
}

/// A section of a plugin that nobody knows is a typing error.
fn check_names<T>(kind: &Kind<T>, section: &Dict, layers: &Layers, problems: &mut Vec<Problem>) {
    for (name, value) in section {
        let is_ours = absent(kind).any(|known| known.name == name);
        if !kind.names().contains(&name.as_str()) && !is_ours {
            problems.push(Problem {
                key: Some(format!("{}.{name}", kind.name)),
                origin: origin_within(layers, value),
                text: no_such_plugin(kind, name),
            });
        }
    }
}

/// Where a value, or the first value in it, came from.
fn origin_within(layers: &Layers, value: &Value) -> Option<String> {
    match value {
        Value::Dict(_, inner) => inner.values().find_map(|value| origin_within(layers, value)),
        other => layers.origin(other.tag()),
    }
}

fn no_such_plugin<T>(kind: &Kind<T>, name: &str) -> String {
    if let Some(known) = absent(kind).find(|known| known.name == name) {
        return format!(
            "the plugin `{name}` is not in this build: build it with `--features {}`; in this \
             build: {}",
            known.feature,
            kind.names().join(", ")
        );
    }
    let absent = absent(kind).map(|known| known.name);
    match suggestion(name, kind.names().into_iter().chain(absent)) {
        Some(near) => format!("there is no plugin `{name}`; did you mean `{near}`?"),
        None => format!("there is no plugin `{name}`; there are: {}", kind.names().join(", ")),
    }
}
