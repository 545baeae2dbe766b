//! The discovery against DNS servers: one in this process, which answers as a genuine mesos-dns did
//! and misbehaves on demand, and Debian's dnsmasq.

#![allow(clippy::unwrap_used)]

mod conformance;
mod dnsmasq;
mod genuine;
mod hostile;
mod section;
mod server;
mod servers;
mod shapes;
mod troubles;
mod zone;
