//! Genuine Mesos and real etcd for tests, started and stopped by handle.
