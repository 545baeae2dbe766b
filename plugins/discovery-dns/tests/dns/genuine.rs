//! What a genuine mesos-dns answered, byte by byte; the testkit has it recorded.

use std::path::Path;
use std::sync::Arc;

use etcd_mesos_core::discovery::DiscoveryError;
use hickory_proto::op::Message;
use serde_json::Value;

use crate::section::{asking, made, section, told, urls};
use crate::server::{Deed, Manner, Server, Way};

/// Answers as it was recorded, and nothing else.
fn recorded(file: &str) -> Manner {
    let recordings = "../../crates/testkit/tests/mesos_dns/recorded";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(recordings).join(file);
    let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    Arc::new(move |way, question| {
        let query = &question.queries[0];
        let asked = format!("{} {}", query.query_type(), query.name().to_ascii());
        let way = if way == Way::Udp { "udp" } else { "tcp" };
        let answers = json["answers"].as_array().unwrap();
        let is_it = |a: &&Value| a["question"] == *asked && a["way"] == way && a["edns"].is_null();
        let answer = answers.iter().find(is_it).unwrap_or_else(|| panic!("not asked: {asked}"));
        Deed::Say(for_question(answer["answer"].as_str().unwrap(), question))
    })
}

/// The bytes with the question's ID.
fn for_question(hex: &str, question: &Message) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let mut bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    bytes[..2].copy_from_slice(&question.metadata.id.to_be_bytes());
    bytes
}

/// Where the recorded members' clients find them.
fn recorded_urls(members: impl IntoIterator<Item = usize>) -> Vec<String> {
    let url = |n| format!("http://127.120.0.{}:{}", 10 + n, 31_001 + 10 * n);
    members.into_iter().map(url).collect()
}

#[tokio::test]
async fn members_that_run_are_found() {
    for (file, expected) in [
        ("three.json", recorded_urls(1..=3)),
        ("three-of-which-one-starts.json", recorded_urls([1, 3])),
        ("five.json", recorded_urls(1..=5)),
        ("seven.json", recorded_urls(1..=7)),
    ] {
        let server = Server::start(recorded(file)).await;
        let members = asking(&[&server]).members().await.unwrap();
        assert_eq!(urls(&members), expected, "{file}");
        let by_tcp = server.asked().iter().any(|asked| asked.starts_with("tcp"));
        assert_eq!(by_tcp, file == "seven.json", "{:?}", server.asked());
    }
}

#[tokio::test]
async fn members_that_start_are_not() {
    let server = Server::start(recorded("three-starting.json")).await;
    let mut section = section([server.address.to_string()]);
    section.services = ["_etcd-client._tcp", "_etcd-server._client"].map(Into::into).to_vec();
    let error = made(section).members().await.unwrap_err();
    assert!(matches!(error, DiscoveryError::NobodyFound { .. }), "{}", told(&error));
}
