//! etcd on Apache Mesos.
