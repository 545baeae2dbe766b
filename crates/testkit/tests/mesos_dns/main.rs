//! The testkit's mesos-dns against answers of a genuine one.
//!
//! `recorded/` has what a mesos-dns of its repository's last commit (v0.7.0-rc1-7-ge888ef4, with its default settings)
//! answered beside a genuine Mesos 1.11.0: the master's `/state`, cut down to what mesos-dns reads, and the bytes of
//! each answer. Members are launched as two tasks of one executor, `etcd-server` and `etcd-client`; agents are
//! `127.120.0.11` and following. In `shapes.json` are two more frameworks, with tasks of other shapes, and names
//! that mesos-dns changes.
#![allow(clippy::unwrap_used, reason = "these are tests; clippy knows only #[test] functions")]

mod recorded;
mod wire;
