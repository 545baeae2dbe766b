//! What a node is, and what can be done to one.

/// How often a node was written; a write can insist on it. It begins again when the node is deleted and
/// created anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub i32);

/// The number of a transaction: each is higher than all before it, and none comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Zxid(pub i64);

/// A node as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its data.
    pub data: Vec<u8>,
    /// Its version.
    pub version: Version,
}

/// A node and its children's names, as they were at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its data.
    pub data: Vec<u8>,
    /// Its version.
    pub version: Version,
    /// The transaction that wrote its data.
    pub written: Zxid,
    /// The transaction that last created or deleted a child, or else created the node.
    pub bred: Zxid,
    /// The names of its children, in order.
    pub children: Vec<String>,
}

/// What a node and its children's names were, at about the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// There is no such node.
    Absent,
    /// There it is.
    There {
        /// Its data.
        data: Vec<u8>,
        /// The names of its children, in order.
        children: Vec<String>,
    },
}

/// How long a node lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is deleted.
    Persistent,
    /// As long as the session that creates it.
    Session,
}

/// One part of a transaction. Where a version is not given, any will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// Creates a persistent node, with the access list that all nodes get.
    Create {
        /// Where.
        path: &'a str,
        /// Its data.
        data: &'a [u8],
    },
    /// Writes a node.
    Set {
        /// Which.
        path: &'a str,
        /// Its data.
        data: &'a [u8],
        /// The version that it must have.
        expected: Option<Version>,
    },
    /// Deletes a node.
    Delete {
        /// Which.
        path: &'a str,
        /// The version that it must have.
        expected: Option<Version>,
    },
}

impl<'a> Change<'a> {
    /// What it is called in messages, and of which node.
    pub(crate) fn names(&self) -> (&'static str, &'a str) {
        match *self {
            Change::Create { path, .. } => ("create", path),
            Change::Set { path, .. } => ("set", path),
            Change::Delete { path, .. } => ("delete", path),
        }
    }
}
