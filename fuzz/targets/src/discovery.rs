//! What comes from DNS servers, and from masters that are asked for their state.

use etcd_mesos_discovery_dns::members_of_answer;

/// An answer has members, each client URL once and usable, or words that can be shown.
pub fn dns_answer(bytes: &[u8]) {
    match members_of_answer(bytes) {
        Ok(members) => {
            assert!(!members.found.is_empty(), "an answer without members is no answer");
            let mut urls: Vec<&str> = members.found.iter().map(|f| f.client_url.as_str()).collect();
            urls.sort_unstable();
            let count = urls.len();
            urls.dedup();
            assert_eq!(urls.len(), count, "each client URL once");
            assert!(urls.iter().all(|url| url.starts_with("http") && !url.ends_with(":0")));
        }
        Err(words) => {
            assert!(!words.is_empty(), "a refusal has words");
            assert!(!words.chars().any(char::is_control), "{words:?}");
        }
    }
}

/// However a document is cut, it is read as `serde_json` reads it, or refused.
pub fn mesos_state(bytes: &[u8]) {
    etcd_mesos_discovery_state::hostile::check(bytes);
}
