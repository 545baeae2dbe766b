//! The discovery against admin servers: one of these tests, which answers like ours and misbehaves on demand, and
//! ours itself.

#![allow(clippy::unwrap_used)]

mod admin;
mod conformance;
mod follow;
mod ground;
mod ours;
mod servers;
mod troubles;
