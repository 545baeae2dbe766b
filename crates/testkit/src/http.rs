//! HTTP/1.1 for tests: one request, one connection, one answer within a deadline.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::HarnessError;
use crate::error::Doing;
use crate::tls::Client;

/// How long a whole exchange may take.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// `GET path` from `addr`, which is `host:port`: the status and the body.
pub fn get(addr: &str, path: &str) -> Result<(u16, String), HarnessError> {
    request("GET", addr, path, &[], "")
}

/// `POST path` with a body of the given content type.
pub fn post(
    addr: &str,
    path: &str,
    content_type: &str,
    body: &str,
) -> Result<(u16, String), HarnessError> {
    request("POST", addr, path, &[("Content-Type", content_type)], body)
}

/// Any request; redirects are answers like any other.
pub fn request(
    method: &str,
    addr: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<(u16, String), HarnessError> {
    request_over(None, method, addr, path, headers, body)
}

/// The same over TLS, if there is somebody to speak it; the host has to be what its certificate names.
pub fn request_over(
    tls: Option<&Client>,
    method: &str,
    addr: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<(u16, String), HarnessError> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let what = || format!("{method} http://{addr}{path}");
    let bytes = exchange(tls, addr, text.as_bytes()).doing(what)?;
    parse(&bytes).ok_or_else(|| HarnessError::Answer {
        from: what(),
        answer: "something that is not HTTP".into(),
    })
}

fn exchange(tls: Option<&Client>, addr: &str, request: &[u8]) -> io::Result<Vec<u8>> {
    let until = Instant::now() + DEADLINE;
    let tcp = TcpStream::connect_timeout(&resolve(addr)?, DEADLINE)?;
    tcp.set_write_timeout(Some(DEADLINE))?;
    // A handshake reads while it writes.
    tcp.set_read_timeout(Some(DEADLINE))?;
    let mut stream: Box<dyn Wire> = match tls {
        Some(tls) => Box::new(tls.wrap(host(addr), tcp.try_clone()?)?),
        None => Box::new(tcp.try_clone()?),
    };
    stream.write_all(request)?;
    let mut answer = Vec::new();
    let mut chunk = [0; 16 * 1024];
    while !is_complete(&answer) {
        let left = until.saturating_duration_since(Instant::now());
        tcp.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => answer.extend_from_slice(&chunk[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Mesos ends TLS as it ends TCP, without a word; a body that is cut off is noticed below.
            Err(error) if tls.is_some() && error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(answer)
}

fn host(addr: &str) -> &str {
    addr.rsplit_once(':').map_or(addr, |(host, _)| host)
}

trait Wire: Read + Write {}

impl<T: Read + Write> Wire for T {}

fn resolve(addr: &str) -> io::Result<SocketAddr> {
    addr.to_socket_addrs()?.next().ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}

/// Whether the promised length is there; without a promise the answer ends with the connection.
fn is_complete(answer: &[u8]) -> bool {
    let Some((head, body)) = split(answer) else { return false };
    header(head, "content-length")
        .and_then(|value| value.parse::<usize>().ok())
        .is_some_and(|length| body.len() >= length)
}

fn parse(answer: &[u8]) -> Option<(u16, String)> {
    let (head, body) = split(answer)?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let is_chunked = header(head, "transfer-encoding").is_some_and(|v| v.contains("chunked"));
    let body = if is_chunked { unchunk(body)? } else { body.to_vec() };
    Some((status, String::from_utf8_lossy(&body).into_owned()))
}

fn split(answer: &[u8]) -> Option<(&str, &[u8])> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&answer[..end]).ok()?, &answer[end + 4..]))
}

fn header<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    head.lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then_some(value.trim()))
}

/// Joins the chunks; `None` when the connection ended inside of them.
fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..line]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(line + 2..line + 2 + size)?);
        rest = rest.get(line + 2 + size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_by_length_by_chunk_and_to_the_end() {
        let answer = |text: &str| parse(text.as_bytes());
        let ok = |body: &str| Some((200, body.to_owned()));
        assert_eq!(answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), ok("hi"));
        assert_eq!(
            answer(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1;x\r\n!\r\n0\r\n\r\n"
            ),
            ok("hi!")
        );
        assert_eq!(answer("HTTP/1.1 200 OK\r\n\r\nto the end"), ok("to the end"));
        assert_eq!(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhi"), None);
        assert_eq!(answer("SMTP"), None);
    }

    #[test]
    fn only_a_promised_length_ends_an_answer_early() {
        assert!(is_complete(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
        assert!(!is_complete(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi"));
        assert!(!is_complete(b"HTTP/1.1 200 OK\r\n\r\nhi"));
    }
}
