//! Supervises one etcd process for as long as its Mesos task lives.
