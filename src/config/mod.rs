//! The configuration: layers, read into types, checked, and shown.

pub mod address;
mod check;
mod choice;
pub(crate) use check::etcd_flags;
pub mod docs;
pub mod keys;
pub mod layers;
pub mod legacy;
pub mod listen;
pub mod local;
pub mod problem;
pub mod proxy;
pub(crate) mod read;
pub mod show;
pub mod tree;

use std::sync::Arc;

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_core::health::HealthPolicy;
use etcd_mesos_core::placement::PlacementPolicy;

use crate::plugins::{Opened, Plugins, Prepared};
use layers::{Environment, Layers};
use problem::Problems;
use tree::Tree;

/// A configuration of the scheduler that was read and checked.
pub struct Configuration {
    /// The settings that are no plugin's.
    pub tree: Tree,
    /// Where the record is kept.
    pub persist: Prepared<Opened>,
    /// How members are found, where that was chosen: it is what the proxy uses.
    pub discovery: Vec<Prepared<Arc<dyn Discovery>>>,
    /// How health is judged.
    pub health: Prepared<Box<dyn HealthPolicy>>,
    /// Which agents get members.
    pub placement: Prepared<Box<dyn PlacementPolicy>>,
    /// Where each value came from.
    pub layers: Layers,
}

/// Reads and checks everything that the layers say to the scheduler; the environment is what the checks look at.
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
    let persist = choice::one(&plugins.persist, &mut values, &layers, &mut problems);
    let discovery = choice::several(&plugins.discovery, None, &mut values, &layers, &mut problems);
    let health = choice::one(&plugins.health, &mut values, &layers, &mut problems);
    let placement = choice::one(&plugins.placement, &mut values, &layers, &mut problems);
    let tree: Option<Tree> = read::read(&layers, values, "", &mut problems);
    let tree = tree.map(|mut tree| {
        check::expand(&mut tree, &layers, environment, &mut problems);
        check::check(&tree, &layers, &mut problems);
        tree
    });
    if let Some(store) = persist.as_ref().filter(|p| p.name == "file") {
        check::disk_that_lasts(&store.shown, &layers, environment, &mut problems);
    }
    if let (Some(tree), Some(store)) = (&tree, &persist) {
        check::record_of_a_local_mesos(tree, store.name, &layers, &mut problems);
    }
    match (tree, persist, health, placement) {
        (Some(tree), Some(persist), Some(health), Some(placement)) if problems.is_empty() => {
            Ok(Configuration { tree, persist, discovery, health, placement, layers })
        }
        _ => Err(Problems(problems)),
    }
}
