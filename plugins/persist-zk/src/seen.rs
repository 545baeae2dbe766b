//! The record as it was found.

use etcd_mesos_core::store::{RECORD_BYTES_MAX, Stored, Version};
use etcd_mesos_zk::Snapshot;
use serde_json::{Map, Value};

/// What the name of a child begins with that says which save wrote the record.
pub(crate) const SAVE: &str = "save-";

/// A record, and what a save must know of it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) stored: Stored,
    /// The znode's own version.
    pub(crate) znode: etcd_mesos_zk::Version,
    /// The children that name saves; one, unless somebody was there by hand.
    pub(crate) saves: Vec<String>,
    /// The save that wrote this, unless somebody has written over it by hand.
    pub(crate) author: Option<String>,
    pub(crate) framework_id: Option<String>,
}

impl Seen {
    /// # Errors
    /// In words, why this is no record.
    pub(crate) fn new(snapshot: Snapshot) -> Result<Self, String> {
        let Snapshot { data, version: znode, written, bred, mut children } = snapshot;
        if data.len() > RECORD_BYTES_MAX {
            return Err(format!(
                "it has {} bytes, and a record has at most {RECORD_BYTES_MAX}",
                data.len()
            ));
        }
        let record = parse(&data)?;
        let version = u64::try_from(written.0).ok().filter(|&version| version > 0);
        let version = version.ok_or_else(|| format!("its mZxid is {}", written.0))?;
        children.retain(|child| child.starts_with(SAVE));
        // A save writes and names itself in one transaction.
        let author = match &children[..] {
            [save] if written == bred => Some(save.clone()),
            _ => None,
        };
        Ok(Self {
            stored: Stored { bytes: data, version: Version(version) },
            znode,
            saves: children,
            author,
            framework_id: framework_id_of(&record),
        })
    }
}

/// Reads a record no further than to know that it may be one.
///
/// # Errors
/// In words, what is wrong with it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    if bytes.is_empty() {
        return Err("it is empty".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| format!("it is no text: {error}"))?;
    serde_json::from_str(text).map_err(|error| {
        let begin: String = text.chars().take(40).collect();
        format!("it begins with {begin:?}, and is no JSON object: {error}")
    })
}

/// The framework ID that a record names.
pub(crate) fn framework_id_of(record: &Map<String, Value>) -> Option<String> {
    Some(record.get("framework_id")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use etcd_mesos_zk::Zxid;

    use super::*;

    fn snapshot(data: &[u8], bred: i64, children: &[&str]) -> Snapshot {
        Snapshot {
            data: data.to_vec(),
            version: etcd_mesos_zk::Version(3),
            written: Zxid(7),
            bred: Zxid(bred),
            children: children.iter().map(|&child| child.to_owned()).collect(),
        }
    }

    #[test]
    fn the_author_is_known_only_where_it_is_certain() {
        let author =
            |bred, children: &[&str]| Seen::new(snapshot(b"{}", bred, children)).unwrap().author;
        assert_eq!(author(7, &["save-1"]).as_deref(), Some("save-1"));
        assert_eq!(author(7, &["save-1", "by-hand"]).as_deref(), Some("save-1"));
        assert_eq!(author(6, &["save-1"]), None, "written since");
        assert_eq!(author(7, &["save-1", "save-2"]), None, "one of them by hand");
        assert_eq!(author(7, &["by-hand"]), None);
    }

    #[test]
    fn what_is_no_record_says_why() {
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(RECORD_BYTES_MAX));
        for (data, part) in [
            (&b""[..], "it is empty"),
            (b"\xff\xfe", "it is no text"),
            (b"[]", "it begins with \"[]\", and is no JSON object"),
            (b"{\"a\":1}x", "no JSON object: trailing"),
            (b"{\"a\":", "no JSON object: EOF"),
            (large.as_bytes(), "a record has at most 65536"),
        ] {
            let why = Seen::new(snapshot(data, 7, &[])).unwrap_err();
            assert!(why.contains(part), "{part:?} is not in {why}");
        }
    }

    #[test]
    fn the_framework_id_is_read_where_there_is_one() {
        let read = |text: &str| framework_id_of(&parse(text.as_bytes()).unwrap());
        assert_eq!(read(r#"{"framework_id":"F-0000"}"#).as_deref(), Some("F-0000"));
        for without in ["{}", r#"{"framework_id":null}"#, r#"{"framework_id":7}"#] {
            assert_eq!(read(without), None);
        }
    }
}
