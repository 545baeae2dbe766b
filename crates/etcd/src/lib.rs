//! What etcd is asked and how it is started, by version.
