//! One etcd member, asked over its JSON gateway. It takes a millisecond, where `etcdctl` takes 30 to start.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};

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
    let (head, body) = exchange(client_url, path, &request.to_string(), patience)?;
    if !head.starts_with("HTTP/1.0 200") {
        return Err(Failure::new(format!("{client_url}{path} answered {head}: {body}")));
    }
    Ok(serde_json::from_str(&body)?)
}

/// HTTP/1.0, whose answers come in one piece and end with the connection.
fn exchange(url: &str, path: &str, body: &str, patience: Duration) -> Outcome<(String, String)> {
    let host = url.strip_prefix("http://").unwrap_or(url);
    let address: SocketAddr = host.parse()?;
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)
        .map_err(io::Error::from)?;
    let status = head.lines().next().unwrap_or_default();
    Ok((status.to_owned(), body.to_owned()))
}

fn encode(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()
}
