//! The Apache Mesos v1 HTTP API for schedulers and executors.
