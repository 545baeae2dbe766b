//! How mesos-dns makes names of what schedulers wrote.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

const LABEL_CHARS_MAX: usize = 63;
const HASH_CHARS: usize = 5;

/// The alphabet of z-base-32.
const ALPHABET: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";

/// One label: lower case, `.` and `_` become `-`, and what else a host name may not hold is dropped.
pub fn label(text: &str) -> String {
    let kept = text.chars().filter_map(label_char).skip_while(|char| *char == '-');
    let cut: String = kept.take(LABEL_CHARS_MAX).collect();
    cut.trim_end_matches('-').to_owned()
}

fn label_char(char: char) -> Option<char> {
    match char {
        '.' | '_' | '-' => Some('-'),
        _ if char.is_ascii_alphanumeric() => Some(char.to_ascii_lowercase()),
        _ => None,
    }
}

/// A framework's name, whose dots part labels; empty ones are dropped.
pub fn domain(text: &str) -> String {
    let labels: Vec<String> =
        text.split('.').map(label).filter(|label| !label.is_empty()).collect();
    labels.join(".")
}

/// What tells the tasks of one name apart: five characters made of the task's ID.
pub fn task_hash(task_id: &str) -> String {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, task_id.as_bytes());
    let bits = digest.as_ref()[..5].iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (1..=HASH_CHARS).map(|n| char::from(ALPHABET[(bits >> (40 - 5 * n)) as usize & 31])).collect()
}

/// What stands behind the last dash of an agent's ID: its number.
pub fn agent_tail(agent_id: &str) -> String {
    agent_id.rsplit('-').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use etcd_mesos_core::id::ClusterName;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frameworks_names_are_changed_as_a_genuine_mesos_dns_was_seen_to_change_them() {
        for (name, served) in [
            ("Etcd", "etcd"),
            ("etcd_prod", "etcd-prod"),
            ("etcd.prod", "etcd.prod"),
            ("My Etcd/1", "myetcd1"),
            ("-etcd-", "etcd"),
            ("etcd..x", "etcd.x"),
            ("/etcd/prod", "etcdprod"),
            ("", ""),
        ] {
            assert_eq!(domain(name), served, "{name}");
        }
        assert_eq!(label("etcd.prod"), "etcd-prod");
    }

    proptest! {
        /// So two clusters of ours are never taken for one, and nothing has to warn of it.
        #[test]
        fn names_of_clusters_are_not_changed(name in "[a-z0-9-]{1,64}") {
            if name.parse::<ClusterName>().is_ok() {
                prop_assert_eq!(domain(&name), name);
            }
        }
    }

    #[test]
    fn a_tasks_hash_and_an_agents_number_are_those_of_a_recorded_name() {
        assert_eq!(task_hash("etcd.etcd.0.etcd-1-0.1"), "uijuh");
        assert_eq!(task_hash("etcd.etcd.0.etcd-1-0.1.client"), "jxfi5");
        assert_eq!(agent_tail("917341de-184a-47fa-ba2b-cc5afbaa7a90-S6"), "s6");
    }
}
