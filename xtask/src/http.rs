//! One question over HTTP: one connection, one answer within a deadline.
//!
//! It is HTTP/1.0, whose answers come in one piece and end with the connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::failure::{Failure, Outcome};

/// A status and a body.
pub type Answer = (u16, String);

/// `GET path` from `address`, which is `ip:port`.
pub fn get(address: &str, path: &str, patience: Duration) -> Outcome<Answer> {
    request("GET", address, path, "", patience)
}

/// `POST path` with this body.
pub fn post(address: &str, path: &str, body: &str, patience: Duration) -> Outcome<Answer> {
    request("POST", address, path, body, patience)
}

fn request(
    method: &str,
    address: &str,
    path: &str,
    body: &str,
    patience: Duration,
) -> Outcome<Answer> {
    let text = exchange(method, address, path, body, patience)
        .map_err(|error| Failure::new(format!("{method} http://{address}{path}: {error}")))?;
    let no_http = || Failure::new(format!("http://{address}{path} answered no HTTP"));
    parse(&text).ok_or_else(no_http)
}

fn exchange(
    method: &str,
    address: &str,
    path: &str,
    body: &str,
    patience: Duration,
) -> io::Result<String> {
    let target: SocketAddr = address.parse().map_err(io::Error::other)?;
    let mut stream = TcpStream::connect_timeout(&target, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let length = body.len();
    // In one piece: a server that answers and closes early must not meet the rest.
    let text = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        assert_eq!(
            parse("HTTP/1.0 200 OK\r\nA: b\r\n\r\nhi\r\n\r\n"),
            Some((200, "hi\r\n\r\n".into()))
        );
        assert_eq!(parse("HTTP/1.1 404 Not Found\r\n\r\n"), Some((404, String::new())));
        assert_eq!(parse("HTTP/1.0 200 OK\r\n"), None);
        assert_eq!(parse("SMTP\r\n\r\n"), None);
    }
}
