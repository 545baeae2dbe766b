//! Bytes that no honest server sends.

use etcd_mesos_discovery_dns::members_of_answer;
use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Record, RecordType};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::zone::{CLIENT, aaaa, mesos_dns_bytes, name, of_members, srv};

/// What must hold of any bytes: no panic, never a list without members, each URL once and whole, and
/// words that a terminal can show.
fn holds(bytes: &[u8]) {
    match members_of_answer(bytes) {
        Ok(members) => {
            assert!(!members.found.is_empty());
            let mut urls: Vec<&str> = members.found.iter().map(|f| f.client_url.as_str()).collect();
            assert!(
                urls.iter().all(|url| url.starts_with("http://") && !url.ends_with(":0")),
                "{urls:?}"
            );
            urls.sort_unstable();
            urls.dedup();
            assert_eq!(urls.len(), members.found.len());
        }
        Err(words) => {
            assert!(!words.is_empty() && !words.chars().any(char::is_control), "{words:?}");
            assert!(words.len() < 10_000, "{} bytes of words", words.len());
        }
    }
}

fn genuine(records: &[Record]) -> Vec<u8> {
    let mut question = Message::query();
    question.add_query(Query::query(name(CLIENT), RecordType::SRV));
    mesos_dns_bytes(records, &question)
}

fn seeds() -> Vec<Vec<u8>> {
    let six = vec![srv(CLIENT, 7, 9, 2379, "six.mesos."), aaaa("six.mesos.", 1)];
    let root = vec![srv(CLIENT, 0, 0, 0, ".")];
    [of_members(CLIENT, 0..3), of_members(CLIENT, 0..1), six, root, Vec::new()]
        .iter()
        .map(|records| genuine(records))
        .collect()
}

#[test]
fn the_genuine_answers_name_their_members() {
    let counts = seeds().into_iter().map(|s| members_of_answer(&s).map_or(0, |m| m.found.len()));
    assert_eq!(counts.collect::<Vec<_>>(), [3, 1, 1, 0, 0]);
}

#[test]
fn an_answer_cut_anywhere_names_nobody() {
    for seed in seeds() {
        for length in 0..seed.len() {
            assert!(members_of_answer(&seed[..length]).is_err(), "{length}");
            holds(&seed[..length]);
        }
    }
}

#[test]
fn any_one_bit_may_be_wrong() {
    for seed in seeds() {
        for bit in 0..seed.len() * 8 {
            let mut bytes = seed.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            holds(&bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_borne(bytes in vec(any::<u8>(), 0..600)) {
        holds(&bytes);
    }

    #[test]
    fn genuine_answers_with_any_bytes_in_them_are_borne(
        seed in 0..5_usize,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = seeds().swap_remove(seed);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        holds(&bytes);
    }
}
