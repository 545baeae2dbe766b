//! HTTP/1.1 as it is on the wire: requests that a client of good manners would not make, and answers
//! with all that they carry.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use mesos_v1::recordio::Decoder;

pub const PROTOBUF: &str = "application/x-protobuf";
pub const STREAM_ID: &str = "Mesos-Stream-Id";
const RECORD_MAX: usize = 16 << 20;
/// A call is answered sooner, or never.
const ANSWER_MAX: Duration = Duration::from_secs(10);

pub type Headers = Vec<(String, String)>;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Request {
    /// A call in protobuf.
    pub fn call(path: &str, stream_id: Option<&str>, body: Vec<u8>) -> Request {
        let mut request = Request::new("POST", path, body);
        request.header("Content-Type", PROTOBUF);
        request.header("Accept", PROTOBUF);
        if let Some(id) = stream_id {
            request.header(STREAM_ID, id);
        }
        request
    }

    pub fn new(method: &'static str, path: &str, body: Vec<u8>) -> Request {
        Request { method, path: path.to_owned(), headers: Vec::new(), body }
    }

    pub fn header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub fn with(mut self, name: &str, value: &str) -> Request {
        self.header(name, value);
        self
    }

    fn text(&self, at: &str) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nHost: {at}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        [text.as_bytes(), &self.body].concat()
    }
}

/// The beginning of an answer.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// `202 Accepted`.
    pub status: String,
    pub headers: Headers,
}

impl Head {
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn is_ok(&self) -> bool {
        self.status.starts_with("200")
    }

    fn read(from: &mut impl BufRead) -> io::Result<Head> {
        let status = line(from)?;
        let status = status.split_once(' ').map_or(status.clone(), |(_, rest)| rest.to_owned());
        let mut headers = Vec::new();
        loop {
            let line = line(from)?;
            let Some((name, value)) = line.split_once(':') else {
                return Ok(Head { status, headers });
            };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
}

/// An answer that is over.
#[derive(Clone, Debug)]
pub struct Answer {
    pub head: Head,
    pub body: Vec<u8>,
}

/// An answer that goes on.
pub struct Stream {
    pub head: Head,
    connection: BufReader<TcpStream>,
    records: Decoder,
}

/// Closes a stream from outside.
pub struct Hook(TcpStream);

impl Drop for Hook {
    fn drop(&mut self) {
        // It may be closed already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

pub fn ask(at: &str, request: &Request) -> io::Result<Answer> {
    let (head, mut connection) = begin(at, request)?;
    let body = read_body(&head, &mut connection)?;
    Ok(Answer { head, body })
}

/// Asks for a stream; whoever is refused it gets a whole answer.
pub fn open(at: &str, request: &Request) -> io::Result<Result<Stream, Answer>> {
    let (head, mut connection) = begin(at, request)?;
    if !head.is_ok() {
        let body = read_body(&head, &mut connection)?;
        return Ok(Err(Answer { head, body }));
    }
    connection.get_ref().set_read_timeout(None)?;
    Ok(Ok(Stream { head, connection, records: Decoder::new(RECORD_MAX) }))
}

fn begin(at: &str, request: &Request) -> io::Result<(Head, BufReader<TcpStream>)> {
    let mut connection = TcpStream::connect(at)?;
    connection.set_read_timeout(Some(ANSWER_MAX))?;
    connection.write_all(&request.text(at))?;
    let mut connection = BufReader::new(connection);
    Ok((Head::read(&mut connection)?, connection))
}

impl Stream {
    pub fn hook(&self) -> Hook {
        Hook(self.connection.get_ref().try_clone().unwrap())
    }

    /// The next record; none when the stream has ended.
    pub fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(record) = self.records.next_record().unwrap() {
                return Some(record);
            }
            let chunk = read_chunk(&mut self.connection).ok().filter(|chunk| !chunk.is_empty())?;
            self.records.push(&chunk);
        }
    }
}

fn read_body(head: &Head, from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if head.get("Transfer-Encoding") == Some("chunked") {
        loop {
            match read_chunk(from)? {
                chunk if chunk.is_empty() => return Ok(body),
                chunk => body.extend(chunk),
            }
        }
    }
    let length = head.get("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
    body.resize(length, 0);
    from.read_exact(&mut body)?;
    Ok(body)
}

/// Empty at the end.
fn read_chunk(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let length = usize::from_str_radix(&line(from)?, 16).map_err(io::Error::other)?;
    let mut chunk = vec![0; length];
    from.read_exact(&mut chunk)?;
    line(from)?;
    Ok(chunk)
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
