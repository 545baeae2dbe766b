//! The command line of etcd: one table by version.
//!
//! What this file cannot express, no etcd of ours is started with: there is no way to say
//! `--force-new-cluster`, `--unsafe-no-fsync`, or anything that is not in the table or in the
//! allow-list below.

use std::path::Path;

use etcd_mesos_core::wire::{LaunchOrder, Peer};

use crate::version::{EtcdVersion, Series};

/// What `--initial-cluster-state` says.
///
/// etcd reads it only when its data directory has no WAL. `Existing` is therefore what a member
/// with data is started with: should the WAL vanish between the look at it and the start, etcd
/// then refuses to start, where `new` would make a second, empty cluster (tried on 3.4.23: with
/// `new` and an emptied `wal` directory it does so without a word).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialState {
    /// The member takes part in the first start of its cluster.
    New,
    /// The member has data, or joins a cluster that exists.
    Existing,
}

/// A further etcd flag that is not passed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// It does not have the form `--name=value`.
    #[error("etcd flag {flag:?} does not have the form --name=value")]
    Form {
        /// The flag as it was given.
        flag: String,
    },
    /// It is not in the allow-list.
    #[error("etcd flag --{name} is not one that may be set; these may: {}", EXTRA_FLAGS.join(", "))]
    NotAllowed {
        /// Its name.
        name: String,
    },
    /// Its value has a character that no value of an allowed flag needs.
    #[error(
        "the value {value:?} of etcd flag --{name} may have only letters, digits and . , : _ -"
    )]
    Value {
        /// The flag's name.
        name: String,
        /// The value as it was given.
        value: String,
    },
}

/// The flags that an operator may add: they tune, and none of them can cost data or identity.
///
/// All of them exist with this name in 3.4, 3.5 and 3.6 (`etcdmain/help.go` of each).
pub const EXTRA_FLAGS: [&str; 13] = [
    "auto-compaction-mode",
    "auto-compaction-retention",
    "backend-batch-interval",
    "backend-batch-limit",
    "election-timeout",
    "grpc-keepalive-interval",
    "grpc-keepalive-min-time",
    "grpc-keepalive-timeout",
    "heartbeat-interval",
    "max-request-bytes",
    "max-txn-ops",
    "quota-backend-bytes",
    "snapshot-count",
];
/// `log-level` is the fourteenth, but only these of its values leave the texts that say how etcd ended.
pub const LOG_LEVELS: [&str; 2] = ["--log-level=debug", "--log-level=info"];

/// Whether a further flag may be passed to etcd. It must be written as one word, `--name=value`.
///
/// # Errors
/// When it has another form, is not in the allow-list, or has a strange value.
pub fn check_extra_flag(flag: &str) -> Result<(), FlagError> {
    if LOG_LEVELS.contains(&flag) {
        return Ok(());
    }
    let form = || FlagError::Form { flag: flag.to_owned() };
    let (name, value) = flag.strip_prefix("--").and_then(|f| f.split_once('=')).ok_or_else(form)?;
    if !EXTRA_FLAGS.contains(&name) {
        return Err(FlagError::NotAllowed { name: name.to_owned() });
    }
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b".,:_-".contains(&b);
    if value.is_empty() || !value.bytes().all(is_plain) {
        return Err(FlagError::Value { name: name.to_owned(), value: value.to_owned() });
    }
    Ok(())
}

/// The arguments with which a member's etcd is started, without the program's own name.
///
/// Extra flags that [`check_extra_flag`] does not let pass are left out: whoever takes the order
/// has checked them before, and what reaches etcd must not depend on that alone.
pub fn command_line(
    version: EtcdVersion,
    order: &LaunchOrder,
    data_dir: &Path,
    initial: InitialState,
) -> Vec<String> {
    let mut line = identity(order, data_dir);
    line.extend(addresses(&order.member));
    line.extend(first_start(order, initial));
    line.extend(by_version(version).iter().map(|flag| (*flag).to_owned()));
    line.extend(order.etcd_flags.iter().filter(|flag| check_extra_flag(flag).is_ok()).cloned());
    line
}

fn identity(order: &LaunchOrder, data_dir: &Path) -> Vec<String> {
    vec![
        format!("--name={}", order.member.name),
        format!("--data-dir={}", data_dir.display()),
        // On by default in each version; said all the same, because it is what keeps a change of
        // the membership from costing the quorum.
        "--strict-reconfig-check=true".to_owned(),
    ]
}

/// Listen URLs must be IP addresses (etcd: "expected IP in URL for binding"), and only the
/// agent's own: what listens on every address answers clients that nobody meant to serve.
fn addresses(member: &Peer) -> Vec<String> {
    let (peer, client) = (member.peer_url(), member.client_url());
    vec![
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
    ]
}

fn first_start(order: &LaunchOrder, initial: InitialState) -> Vec<String> {
    let entry = |peer: &Peer| format!("{}={}", peer.name, peer.peer_url());
    let cluster: Vec<String> = order.initial_cluster.iter().map(entry).collect();
    let state = match initial {
        InitialState::New => "new",
        InitialState::Existing => "existing",
    };
    vec![
        format!("--initial-cluster={}", cluster.join(",")),
        format!("--initial-cluster-token={}", order.token),
        format!("--initial-cluster-state={state}"),
    ]
}

/// The table: what must be said to one version, and must or need not be said to another.
fn by_version(version: EtcdVersion) -> &'static [&'static str] {
    match version.series() {
        // Off by default; without it a member that comes back can depose a good leader. The
        // default logger is capnslog, whose lines cannot be parsed for how etcd ended.
        Series::V3_4 => &["--pre-vote=true", "--logger=zap", "--log-outputs=stderr"],
        // Pre-vote is on, and zap is the only logger.
        Series::V3_5 | Series::V3_6 => &["--log-outputs=stderr"],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use etcd_mesos_core::id::{Epoch, Generation};
    use etcd_mesos_core::wire::{Start, WIRE_VERSION};
    use proptest::prelude::*;

    fn peer(index: u16) -> Peer {
        Peer {
            name: format!("etcd-1-{index}").parse().unwrap(),
            ip: "10.0.0.7".parse().unwrap(),
            peer_port: 2380 + index,
            client_port: 2379 - index,
        }
    }

    fn order(etcd_flags: &[&str]) -> LaunchOrder {
        LaunchOrder {
            v: WIRE_VERSION,
            epoch: Epoch(1),
            generation: Generation(0),
            token: "prod.1".into(),
            member: peer(1),
            initial_cluster: vec![peer(0), peer(1)],
            start: Start::Form,
            etcd_flags: etcd_flags.iter().map(|f| (*f).to_owned()).collect(),
            stop_grace_ms: 5_000,
        }
    }

    fn line(minor: u16, order: &LaunchOrder, initial: InitialState) -> Vec<String> {
        command_line(EtcdVersion::new(3, minor, 0).unwrap(), order, Path::new("etcd_data"), initial)
    }

    #[test]
    fn the_line_for_3_4_is_this() {
        let expected = [
            "--name=etcd-1-1",
            "--data-dir=etcd_data",
            "--strict-reconfig-check=true",
            "--listen-peer-urls=http://10.0.0.7:2381",
            "--initial-advertise-peer-urls=http://10.0.0.7:2381",
            "--listen-client-urls=http://10.0.0.7:2378",
            "--advertise-client-urls=http://10.0.0.7:2378",
            "--initial-cluster=etcd-1-0=http://10.0.0.7:2380,etcd-1-1=http://10.0.0.7:2381",
            "--initial-cluster-token=prod.1",
            "--initial-cluster-state=new",
            "--pre-vote=true",
            "--logger=zap",
            "--log-outputs=stderr",
            "--snapshot-count=5000",
        ];
        assert_eq!(line(4, &order(&["--snapshot-count=5000"]), InitialState::New), expected);
    }

    #[test]
    fn a_member_with_data_is_never_told_new() {
        for minor in [4, 5, 6] {
            let line = line(minor, &order(&[]), InitialState::Existing);
            assert!(line.contains(&"--initial-cluster-state=existing".to_owned()));
            assert!(!line.iter().any(|flag| flag.ends_with("=new")));
        }
    }

    #[test]
    fn later_versions_are_not_told_their_defaults() {
        for minor in [5, 6] {
            let line = line(minor, &order(&[]), InitialState::New);
            assert!(!line.iter().any(|f| f.contains("pre-vote") || f.contains("--logger")));
        }
    }

    #[test]
    fn extra_flags_are_checked_by_name_form_and_value() {
        assert_eq!(check_extra_flag("--heartbeat-interval=200"), Ok(()));
        assert_eq!(check_extra_flag("--log-level=debug"), Ok(()));
        for (flag, words) in [
            ("--force-new-cluster=true", "--force-new-cluster is not one that may be set"),
            ("--unsafe-no-fsync=true", "not one that may be set"),
            ("--data-dir=/tmp", "not one that may be set"),
            ("--log-level=fatal", "not one that may be set"),
            ("--force-new-cluster", "form --name=value"),
            ("-heartbeat-interval=1", "form --name=value"),
            ("heartbeat-interval=1", "form --name=value"),
            ("--heartbeat-interval=", "may have only"),
            ("--heartbeat-interval=1 --force-new-cluster", "may have only"),
        ] {
            let error = check_extra_flag(flag).unwrap_err().to_string();
            assert!(error.contains(words), "{flag}: {error}");
        }
    }

    proptest! {
        #[test]
        fn nothing_dangerous_can_be_expressed(extra in "(--)?[a-z-]{0,20}=?.{0,20}") {
            for flag in ["--force-new-cluster", "--unsafe-no-fsync=true", extra.as_str()] {
                for said in line(4, &order(&[flag]), InitialState::Existing) {
                    prop_assert!(!said.contains("force-new-cluster") && !said.contains("unsafe"));
                    prop_assert!(!said.contains(char::is_whitespace));
                }
            }
        }
    }
}
