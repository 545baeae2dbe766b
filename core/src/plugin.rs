//! What a plugin is: a name, a section of the configuration, and how it is made from that.
//!
//! The facade has one table of the plugins in its build; a program of somebody else adds its own.
//! A plugin's section is a type with `serde` and `schemars`, whose doc comments are what
//! `config example` and `docs/configuration.md` say of its keys.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::discovery::Discovery;
use crate::health::HealthPolicy;
use crate::id::ClusterName;
use crate::placement::PlacementPolicy;
use crate::store::{StateStore, StoreError};

/// What a plugin may know of the program that makes it. A program makes one, and clones are the same.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The cluster's name, which is also the framework's.
    pub cluster: ClusterName,
    shared: Shared,
}

impl Context {
    /// The context of a cluster.
    pub fn new(cluster: ClusterName) -> Context {
        Context { cluster, shared: Shared::default() }
    }

    /// What all plugins of the process have in common: the one value of that type, made at first use.
    /// Its clones must be the same thing, as those of an [`Arc`] are; the type is best a plugin's own.
    pub fn shared<T: Any + Clone + Default + Send + Sync>(&self) -> T {
        let mut values = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = values.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(T::default()));
        value.downcast_ref::<T>().cloned().unwrap_or_default()
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<BTreeMap<TypeId, Box<dyn Any + Send + Sync>>>>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Shared({} values)", values.len())
    }
}

/// Something wrong with a section that its types cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionProblem {
    /// The key, within the section.
    pub key: &'static str,
    /// What is wrong, and the way out.
    pub text: String,
}

/// What plugins of every kind have.
pub trait Plugin: 'static {
    /// How it is selected: `[persist] plugin = "NAME"`, `[persist.NAME]`. Small letters, digits
    /// and `_`.
    const NAME: &'static str;
    /// What it is, in one line.
    const ABOUT: &'static str;
    /// Its section of the configuration. Refuse unknown keys (`deny_unknown_fields`), so that a
    /// typing error is found; give defaults by `serde(default)`; keep secrets in
    /// [`Secret`](crate::setting::Secret), which is never shown.
    type Section: DeserializeOwned + Serialize + JsonSchema;

    /// What is wrong with a section beyond its types. No I/O happens here.
    fn check(section: &Self::Section) -> Vec<SectionProblem> {
        let _ = section;
        Vec::new()
    }
}

/// A plugin that keeps the record.
pub trait PersistPlugin: Plugin {
    /// Opens the store. It may take a lock or make a directory; a server is first asked when the
    /// record is loaded.
    ///
    /// # Errors
    /// Why it cannot be used.
    fn open(section: Self::Section, context: &Context) -> Result<Arc<dyn StateStore>, StoreError>;
}

/// A plugin that finds the members of a running cluster.
pub trait DiscoveryPlugin: Plugin {
    /// Makes the discovery; nothing is asked yet.
    fn make(section: Self::Section, context: &Context) -> Arc<dyn Discovery>;
}

/// A plugin that judges health.
pub trait HealthPlugin: Plugin {
    /// Makes the policy.
    fn make(section: Self::Section, context: &Context) -> Box<dyn HealthPolicy>;
}

/// A plugin that ranks offers.
pub trait PlacementPlugin: Plugin {
    /// Makes the policy.
    fn make(section: Self::Section, context: &Context) -> Box<dyn PlacementPolicy>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Counter(Arc<Mutex<u32>>);

    #[test]
    fn what_is_shared_is_one_thing_for_a_context_and_its_clones() {
        let context = Context::new("etcd".parse().expect("a name"));
        *context.shared::<Counter>().0.lock().expect("no panic before") += 1;
        *context.clone().shared::<Counter>().0.lock().expect("no panic before") += 1;
        assert_eq!(*context.shared::<Counter>().0.lock().expect("no panic before"), 2);
        let other = Context::new("etcd".parse().expect("a name"));
        assert_eq!(*other.shared::<Counter>().0.lock().expect("no panic before"), 0);
    }
}
