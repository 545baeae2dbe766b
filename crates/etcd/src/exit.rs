//! How an etcd ended: from its exit status and from what it printed.
//!
//! Only what etcd itself says counts. Its log has one JSON object a line (`--logger=zap`), and
//! some lines repeat what clients sent, so a text is looked for in the field where etcd's own
//! source puts it, never in the whole line: a client that writes a key named "the member has been
//! permanently removed" must not end its member. The texts are those of 3.4.23, provoked on the
//! real thing, and of the sources of 3.5.16 and 3.6.9.

use std::fmt;

use serde::Deserialize;

/// How an etcd process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The member is no longer in its cluster; it may never be started again.
    MemberRemoved,
    /// The cluster knows a member of this name already, and this directory is not that member's.
    AlreadyBootstrapped,
    /// What is on the disk cannot be read; etcd's words for it.
    Corrupt(String),
    /// Another process listens on an address that etcd needs.
    PortTaken(String),
    /// An address that etcd is to listen on is not one of this machine's.
    NoSuchAddress(String),
    /// The disk is full.
    DiskFull,
    /// etcd does not accept its command line; its words for it.
    BadFlags(String),
    /// Another cluster answers where this member's peers should be.
    ClusterIdMismatch,
    /// A signal ended it, and it said nothing that explains more.
    Signal(i32),
    /// It ended by itself with this code, and said nothing that explains more.
    Code(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::MemberRemoved => write!(f, "the member was removed from its cluster"),
            Exit::AlreadyBootstrapped => {
                write!(
                    f,
                    "the cluster has had this member before, and this data is not that member's"
                )
            }
            Exit::Corrupt(what) => write!(f, "its data cannot be read: {what}"),
            Exit::PortTaken(address) => write!(f, "another process listens on {address}"),
            Exit::NoSuchAddress(address) => write!(f, "{address} is no address of this machine"),
            Exit::DiskFull => write!(f, "the disk is full"),
            Exit::BadFlags(what) => write!(f, "it does not accept its flags: {what}"),
            Exit::ClusterIdMismatch => {
                write!(f, "another cluster answers where its peers should be")
            }
            Exit::Signal(signal) => write!(f, "signal {signal} ended it"),
            Exit::Code(code) => write!(f, "it ended with exit code {code}"),
        }
    }
}

/// What the system says of a process that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It called exit with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

/// What an etcd's output has told so far about how it may end.
///
/// It reads line by line, so that what counts is not lost to what etcd prints after it: between
/// "removed" and the end lie twenty lines in a cluster of three, and more in a larger one.
#[derive(Clone, Debug, Default)]
pub struct Clues {
    found: Option<Exit>,
    cluster_id_mismatch: bool,
}

/// The fields of one line of etcd's log that are looked at.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    level: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    msg: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    error: std::borrow::Cow<'a, str>,
}

impl Clues {
    /// Reads one line of output.
    pub fn read(&mut self, line: &str) {
        if line.starts_with('{') {
            if let Ok(line) = serde_json::from_str::<Line<'_>>(line) {
                self.read_log(&line);
            }
        } else {
            self.read_plain(line);
        }
    }

    /// How the process ended, now that the system has said its part.
    pub fn conclude(&self, status: Status) -> Exit {
        match (&self.found, status) {
            (Some(Exit::MemberRemoved), _) => Exit::MemberRemoved,
            // etcd prints why before it dies by itself; a signal from outside has no reason there,
            // but for the abort and the bus error by which Go and the kernel end a broken reader.
            (Some(exit), Status::Code(_) | Status::Signal(6 | 7 | 11)) => exit.clone(),
            (None, Status::Code(code)) if code != 0 && self.cluster_id_mismatch => {
                Exit::ClusterIdMismatch
            }
            (None, Status::Code(code)) => Exit::Code(code),
            (_, Status::Signal(signal)) => Exit::Signal(signal),
        }
    }

    fn read_log(&mut self, line: &Line<'_>) {
        match (&*line.level, &*line.msg) {
            ("warn", "server error") if line.error.contains(REMOVED) => {
                self.note(Exit::MemberRemoved);
            }
            ("warn" | "error", msg) if msg.ends_with("cluster ID mismatch") => {
                self.cluster_id_mismatch = true;
            }
            ("warn", "failed to verify flags") => self.note(Exit::BadFlags(line.error.to_string())),
            ("fatal" | "panic", msg) => {
                if let Some(exit) = last_words(msg, &line.error) {
                    self.note(exit);
                }
            }
            _ => {}
        }
    }

    /// What is printed without the logger: by Go's flag parser at the beginning, by its runtime
    /// and by panics at the end.
    fn read_plain(&mut self, line: &str) {
        if line.starts_with("flag provided but not defined") || line.starts_with("invalid value ") {
            self.note(Exit::BadFlags(line.to_owned()));
        } else if (line.starts_with("panic: ") || line.starts_with("fatal error: "))
            && let Some(exit) = last_words(line, "")
        {
            self.note(exit);
        }
    }

    /// The first explanation stays: what follows it is its consequence.
    fn note(&mut self, exit: Exit) {
        self.found.get_or_insert(exit);
    }
}

/// etcd's word to a removed member, equal in 3.4 to 3.6 (`rafthttp/util.go`, `server.go`).
const REMOVED: &str = "the member has been permanently removed from the cluster";

/// What etcd says of data that it cannot read, and where it says it.
const CORRUPT: [&str; 15] = [
    // wal/walpb/record.go, wal.go, snapshotter.go: 3.4 by "discovery failed", 3.5 by "failed to open WAL".
    "crc mismatch",
    "max entry size limit exceeded",
    "failed to read WAL, cannot be repaired",
    "failed to repair WAL",
    "wal: file not found",
    "snap: ",
    "failed to find database snapshot file",
    // raft/log.go and raft/node.go: a log that is shorter than it was.
    "is out of range [lastIndex(",
    // raft.go: a WAL file without an entry and a hard state (tried: a WAL cut to nothing).
    "cannot use none as id",
    // bbolt: pages that lead nowhere, a file that was cut (a fault in the mapped file), a lost head.
    "panic: freepages",
    "panic: page ",
    "panic: assertion failed",
    "fatal error: fault",
    "invalid database",
    "checksum error",
];

/// What etcd says when its own command line contradicts itself.
const BAD_FLAGS: [&str; 4] = [
    "couldn't find local name",
    "--initial-cluster",
    "error validating initial",
    "expected IP in URL for binding",
];

/// The meaning of a fatal line or a panic, if it is one that is known.
fn last_words(msg: &str, error: &str) -> Option<Exit> {
    let has = |text: &str| error.contains(text) || msg.contains(text);
    let words = if error.is_empty() { msg } else { error };
    if has("bind: address already in use") {
        return Some(Exit::PortTaken(bind_address(words)));
    }
    if has("bind: cannot assign requested address") {
        return Some(Exit::NoSuchAddress(bind_address(words)));
    }
    if has("no space left on device") || has("disk quota exceeded") {
        return Some(Exit::DiskFull);
    }
    if has(REMOVED) {
        return Some(Exit::MemberRemoved);
    }
    if has("has already been bootstrapped") {
        return Some(Exit::AlreadyBootstrapped);
    }
    if CORRUPT.iter().any(|text| has(text)) {
        return Some(Exit::Corrupt(words.to_owned()));
    }
    let is_flags = BAD_FLAGS.iter().any(|text| has(text));
    is_flags.then(|| Exit::BadFlags(words.to_owned()))
}

/// The address in "listen tcp 10.0.0.7:2380: bind: address already in use".
fn bind_address(words: &str) -> String {
    let after = words.split_once("listen tcp ").map_or(words, |(_, rest)| rest);
    after.split_once(": bind:").map_or(after, |(address, _)| address).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn exit(lines: &[&str], status: Status) -> Exit {
        let mut clues = Clues::default();
        lines.iter().for_each(|line| clues.read(line));
        clues.conclude(status)
    }

    // The lines below were printed by etcd 3.4.23, with what does not matter cut away.
    const PORT: &str = r#"{"level":"fatal","ts":"2026-11-22T17:14:19.180Z","caller":"etcdmain/etcd.go:271","msg":"discovery failed","error":"listen tcp 127.200.9.1:23790: bind: address already in use","stacktrace":"go.etcd.io"}"#;
    const CRC: &str = r#"{"level":"fatal","ts":"2026-11-22T17:14:57.160Z","caller":"etcdmain/etcd.go:271","msg":"discovery failed","error":"walpb: crc mismatch","stacktrace":"x"}"#;
    const DB: &str = r#"{"level":"panic","ts":"2026-11-22T17:27:36.675Z","caller":"backend/backend.go:162","msg":"failed to open database","path":"c2/member/snap/db","error":"invalid database","stacktrace":"x"}"#;
    const GONE: &str = r#"{"level":"warn","ts":"2026-11-22T17:27:33.499Z","caller":"etcdserver/server.go:1078","msg":"server error","error":"the member has been permanently removed from the cluster"}"#;
    const LATER: &str = r#"{"level":"info","ts":"2026-11-22T17:27:33.504Z","caller":"rafthttp/peer.go:340","msg":"stopped remote peer","remote-peer-id":"e1ea410ff9c51536"}"#;
    const NAME: &str = r#"{"level":"fatal","ts":"x","caller":"etcdmain/etcd.go:271","msg":"discovery failed","error":"couldn't find local name \"b\" in the initial cluster configuration"}"#;

    #[test]
    fn the_texts_of_3_4_are_understood() {
        let one = Status::Code(1);
        assert_eq!(exit(&[PORT], one), Exit::PortTaken("127.200.9.1:23790".into()));
        assert_eq!(exit(&[CRC], one), Exit::Corrupt("walpb: crc mismatch".into()));
        assert_eq!(
            exit(&[DB, "panic: failed to open database"], Status::Code(2)),
            Exit::Corrupt("invalid database".into())
        );
        assert!(matches!(exit(&[NAME], one), Exit::BadFlags(what) if what.contains("local name")));
        assert_eq!(
            exit(&["flag provided but not defined: -foo", "Usage:", ""], Status::Code(2)),
            Exit::BadFlags("flag provided but not defined: -foo".into())
        );
        for panic in [
            "panic: freepages: failed to get all reachable pages (page -1229782938247303442: out of bounds: 11)",
            "panic: cannot use none as id",
            "fatal error: fault",
        ] {
            assert!(matches!(exit(&[panic], Status::Code(2)), Exit::Corrupt(_)), "{panic}");
        }
    }

    #[test]
    fn a_removed_member_ends_with_code_0_and_twenty_lines_later() {
        let mut lines = vec![GONE];
        lines.extend([LATER; 200]);
        assert_eq!(exit(&lines, Status::Code(0)), Exit::MemberRemoved);
    }

    #[test]
    fn the_texts_of_3_5_are_understood() {
        let wal = r#"{"level":"fatal","msg":"failed to open WAL","error":"wal: crc mismatch: expected: 1, got 2"}"#;
        assert!(matches!(exit(&[wal], Status::Code(1)), Exit::Corrupt(_)));
        let full = r#"{"level":"fatal","msg":"failed to save Raft hard state and entries","error":"write etcd_data/member/wal/0.tmp: no space left on device"}"#;
        assert_eq!(exit(&[full], Status::Code(1)), Exit::DiskFull);
        let again = r#"{"level":"fatal","msg":"discovery failed","error":"member 8e9e05c52164694d has already been bootstrapped"}"#;
        assert_eq!(exit(&[again], Status::Code(1)), Exit::AlreadyBootstrapped);
        let foreign =
            r#"{"level":"warn","msg":"request cluster ID mismatch","local-member-id":"1"}"#;
        assert_eq!(exit(&[foreign], Status::Code(1)), Exit::ClusterIdMismatch);
        assert_eq!(exit(&[foreign], Status::Signal(9)), Exit::Signal(9));
    }

    #[test]
    fn what_a_client_wrote_ends_no_member() {
        let slow = r#"{"level":"warn","msg":"apply request took too long","request":"header:<> put:<key:\"the member has been permanently removed from the cluster\">","response":"size:5"}"#;
        assert_eq!(exit(&[slow], Status::Code(0)), Exit::Code(0));
        let forged = r#"{"level":"warn","msg":"request","key":"\n{\"level\":\"fatal\",\"error\":\"walpb: crc mismatch\"}"}"#;
        assert_eq!(exit(&[forged], Status::Code(1)), Exit::Code(1));
    }

    #[test]
    fn a_signal_from_outside_is_nothing_but_a_signal() {
        assert_eq!(exit(&[LATER], Status::Signal(9)), Exit::Signal(9));
        assert_eq!(exit(&[PORT], Status::Signal(15)), Exit::Signal(15));
        assert_eq!(exit(&[], Status::Code(0)), Exit::Code(0));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(lines in proptest::collection::vec("\\PC{0,80}", 0..8)) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let _ = exit(&lines, Status::Code(1));
        }
    }
}
