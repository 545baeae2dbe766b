//! The discovery against a master that says whatever a test wants.

#![allow(clippy::unwrap_used)]

mod answers;
mod conformance;
mod ground;
mod master;
mod pace;
mod recorded;
mod wire;
