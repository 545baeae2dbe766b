//! The client on the real etcd of this machine, whose members are replaced, killed, frozen and mistaken.

#![allow(clippy::unwrap_used)]

mod double;
mod identity;
mod load;
mod members;
mod replaced;
mod rig;
mod secure;
mod watching;
