//! The programs on genuine Mesos with real etcd, started by the test and stopped by handle.

mod disasters;
mod formation;
mod life;
mod masters;
mod rig;
mod starts;
