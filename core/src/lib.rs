//! The decisions of etcd-mesos: pure, without I/O and without a clock.
