//! One etcd member, asked over its JSON gateway. It takes a millisecond, where `etcdctl` takes 30 to start.

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};
use crate::http;

/// A read that waits for a leader is given up after this, and asked again.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a member that does not serve yet is asked; the figures are as fine as this.
const ASK_EVERY: Duration = Duration::from_millis(2);

/// The answer to a linearizable read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The member that answered.
    pub member_id: String,
    /// Its cluster.
    pub cluster_id: String,
    /// The key's value, if it has one.
    pub value: Option<String>,
}

/// What a member proves of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proof {
    /// The store's revision, by a linearizable read: a quorum stands behind it.
    pub revision: u64,
    /// The last entry that it knows to be committed.
    pub raft_index: u64,
    /// The last entry that it applied.
    pub raft_applied_index: u64,
    /// Its raft term.
    pub raft_term: u64,
    /// Whether it takes itself for the leader.
    pub is_leader: bool,
}

/// Reads a key, linearizably, from the member at `client_url`.
pub fn read(client_url: &str, key: &str) -> Outcome<Answer> {
    read_within(client_url, key, PATIENCE)
}

/// The same, with a patience of one's own.
pub fn read_within(client_url: &str, key: &str, patience: Duration) -> Outcome<Answer> {
    let request = json!({ "key": encode(key) });
    let answer = call(client_url, "/v3/kv/range", &request, patience)?;
    let text = |field: &str| answer["header"][field].as_str().unwrap_or_default().to_owned();
    Ok(Answer {
        member_id: text("member_id"),
        cluster_id: text("cluster_id"),
        value: answer["kvs"][0]["value"].as_str().and_then(decode),
    })
}

/// Asks the member at `client_url` for a linearizable read, and then for its status.
pub fn prove(client_url: &str, patience: Duration) -> Outcome<Proof> {
    let request = json!({ "key": encode("health") });
    let read = call(client_url, "/v3/kv/range", &request, patience)?;
    let status = call(client_url, "/v3/maintenance/status", &json!({}), patience)?;
    let id = |value: &Value| Some(number(value)).filter(|id| *id != 0);
    let leader = id(&status["leader"]);
    Ok(Proof {
        revision: number(&read["header"]["revision"]),
        raft_index: number(&status["raftIndex"]),
        raft_applied_index: number(&status["raftAppliedIndex"]),
        raft_term: number(&status["raftTerm"]),
        is_leader: leader.is_some() && leader == id(&status["header"]["member_id"]),
    })
}

/// Writes a key through the member at `client_url`.
pub fn put(client_url: &str, key: &str, value: &str) -> Outcome<()> {
    let request = json!({ "key": encode(key), "value": encode(value) });
    call(client_url, "/v3/kv/put", &request, Duration::from_secs(10)).map(drop)
}

/// Waits until the member at `client_url` serves a linearizable read.
pub fn wait_served(client_url: &str, key: &str, deadline: Duration) -> Outcome<Answer> {
    let until = Instant::now() + deadline;
    loop {
        match read(client_url, key) {
            Ok(answer) => return Ok(answer),
            Err(why) if Instant::now() > until => {
                let text = format!("{client_url} served no linearizable read for {deadline:?}");
                return Err(Failure::new(text).with(&why.to_string()));
            }
            Err(_) => thread::sleep(ASK_EVERY),
        }
    }
}

fn call(client_url: &str, path: &str, request: &Value, patience: Duration) -> Outcome<Value> {
    let address = client_url.strip_prefix("http://").unwrap_or(client_url);
    match http::post(address, path, &request.to_string(), patience)? {
        (200, body) => Ok(serde_json::from_str(&body)?),
        (status, body) => {
            Err(Failure::new(format!("{client_url}{path} answered {status}: {body}")))
        }
    }
}

/// The gateway writes 64-bit numbers as text.
fn number(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn encode(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()
}
