//! ACME's plugins for etcd-mesos: a store that keeps every version of the record, and a health
//! policy that wants databases to stay small. `docs/plugins.md` walks through them.

mod history;
mod small_database;

pub use history::{HistoryPlugin, HistorySection, HistoryStore};
pub use small_database::{SmallDatabase, SmallDatabasePlugin, SmallDatabaseSection};
