//! What Mesos does, one behaviour a test. How it is known is said at the functions of the model.

#![allow(clippy::unwrap_used)]

mod away;
mod ends;
mod executors;
mod offers;
mod scene;
