//! The programs on genuine Mesos with real etcd, started by the test and stopped by handle.

mod disasters;
mod formation;
mod life;
mod rig;
mod starts;
