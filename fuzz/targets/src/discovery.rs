//! What comes from DNS servers, from schedulers, and from masters that are asked for their state.

use etcd_mesos_core::discovery::Members;
use etcd_mesos_discovery_dns::members_of_answer;
use etcd_mesos_discovery_scheduler::members_of_body;

/// An answer has members, each client URL once and usable, or words that can be shown.
pub fn dns_answer(bytes: &[u8]) {
    members_or_words(members_of_answer(bytes));
}

/// So has a scheduler's list, and it is a list of objects that says so.
pub fn members_list(bytes: &[u8]) {
    let members = members_of_body(bytes);
    if let Ok(members) = &members {
        let entries: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_slice(bytes).expect("a list of objects");
        let names = |url: &str| {
            entries.iter().any(|entry| {
                let port = entry["clientPort"].as_u64().expect("a port");
                let host = entry["host"].as_str().expect("a host");
                // An IPv6 address may be written otherwise.
                url == format!("http://{host}:{port}") || host.contains(':')
            })
        };
        assert!(members.found.iter().all(|found| names(&found.client_url)), "{members:?}");
    }
    members_or_words(members);
}

fn members_or_words(answer: Result<Members, String>) {
    match answer {
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
