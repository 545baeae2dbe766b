//! Keeps a local address pointed at the living members of an etcd cluster.

pub mod gateway;
