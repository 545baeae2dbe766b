//! What must hold whatever bytes come from outside.
//!
//! Each target takes bytes and panics where a promise is broken; that nothing panics is only the first of
//! them. cargo-fuzz searches for such bytes (`fuzz/`); `tests/corpus.rs` tries the stored corpus and mutations
//! of it, with no tool but cargo.
//!
//! What is absent: randomness, files, sockets, clocks. The same bytes do the same for ever.

mod carriers;
mod discovery;
mod facade;
mod machines;
mod mesos;
mod runtime;
mod zookeeper;

pub use carriers::{offer, record, state_file, task_id, wire};
pub use discovery::{dns_answer, members_list, mesos_state};
pub use facade::configuration;
pub use machines::{scheduler, supervisor};
pub use mesos::{executor_event, location, masters, recordio, resource, scheduler_event};
pub use runtime::{core_event, frameworks};
pub use zookeeper::{master_info, zk_url};

/// A target.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus and of its cargo-fuzz program.
pub const TARGETS: [(&str, Target); 21] = [
    ("configuration", configuration),
    ("core_event", core_event),
    ("dns_answer", dns_answer),
    ("executor_event", executor_event),
    ("frameworks", frameworks),
    ("location", location),
    ("master_info", master_info),
    ("masters", masters),
    ("members_list", members_list),
    ("mesos_state", mesos_state),
    ("offer", offer),
    ("record", record),
    ("recordio", recordio),
    ("resource", resource),
    ("scheduler", scheduler),
    ("scheduler_event", scheduler_event),
    ("state_file", state_file),
    ("supervisor", supervisor),
    ("task_id", task_id),
    ("wire", wire),
    ("zk_url", zk_url),
];

/// Cuts bytes into pieces at each zero byte, which neither JSON nor an ID can hold.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == 0)
}

/// The bytes as text, where they are text.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
