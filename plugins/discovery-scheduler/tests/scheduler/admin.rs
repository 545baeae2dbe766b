//! An admin server that answers like our scheduler's, and does what a test wants.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// How it behaves.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Like ours: a list with a tag, held back for who knows it.
    Serve(String),
    /// Like ours, but nobody is held.
    Hurried(String),
    /// Like the predecessor's: a list, whatever is known.
    Plain(String),
    /// Another status line, with headers, and a body.
    Status(String, String),
    /// These bytes, whatever they are, and the end of the connection.
    Bytes(Vec<u8>),
    /// 200, and a body that ends before the length that was announced.
    Cut(String),
    /// 200, and a body of which a byte comes after each pause.
    Trickle(String, Duration),
    /// 200, and a body that has no end.
    Endless,
    /// Nothing, with the connection open.
    Silent,
    /// The connection is closed without an answer.
    Close,
}

/// A question, as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The head, in small letters.
    pub head: String,
    pub at: Instant,
}

/// The server; it ends when it is dropped.
pub struct Admin {
    pub address: String,
    manner: watch::Sender<Manner>,
    seen: Arc<Mutex<Vec<Seen>>>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Admin {
    pub async fn start(manner: Manner) -> Admin {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (manner, seen) = (watch::channel(manner).0, Arc::default());
        let admin = Admin { address, manner, seen, listening: Mutex::default() };
        admin.serve(listener);
        admin
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn behave(&self, manner: Manner) {
        self.manner.send_replace(manner);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// What was asked for, without what stands around it.
    pub fn paths(&self) -> Vec<String> {
        let path = |seen: &Seen| seen.head.split(' ').nth(1).unwrap_or_default().to_owned();
        self.seen().iter().map(path).collect()
    }

    /// Waits until so many questions have come.
    pub async fn is_asked(&self, times: usize) {
        let asked = async {
            while self.seen().len() < times {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), asked).await.expect("a question");
    }

    /// Dies: its system closes every connection, and nobody listens.
    pub async fn die(&self) {
        let task = self.listening.lock().unwrap().take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    /// Somebody listens again, if nobody did.
    pub async fn live(&self) {
        if self.listening.lock().unwrap().is_none() {
            self.serve(TcpListener::bind(&self.address).await.unwrap());
        }
    }

    fn serve(&self, listener: TcpListener) {
        let (manner, seen) = (self.manner.subscribe(), self.seen.clone());
        let task = tokio::spawn(async move {
            // The conversations end with the server.
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, seen) = (manner.clone(), seen.clone());
                open.spawn(async move { drop(converse(stream, manner, &seen).await) });
            }
        });
        *self.listening.lock().unwrap() = Some(task);
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        if let Some(task) = self.listening.lock().unwrap().take() {
            task.abort();
        }
    }
}

async fn converse(
    mut stream: TcpStream,
    manner: watch::Receiver<Manner>,
    seen: &Mutex<Vec<Seen>>,
) -> std::io::Result<()> {
    let Some(head) = head(&mut stream).await? else { return Ok(()) };
    seen.lock().unwrap().push(Seen { head: head.clone(), at: Instant::now() });
    say(&mut stream, &head, manner).await
}

async fn head(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&read).to_lowercase()))
}

/// A tag is made of the content; that it is no digest is nobody's business.
pub fn tag(list: &str) -> String {
    format!("\"{}\"", list.bytes().fold(7_u64, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte)))
}

async fn say(
    stream: &mut TcpStream,
    head: &str,
    mut manner: watch::Receiver<Manner>,
) -> std::io::Result<()> {
    let now = manner.borrow_and_update().clone();
    match now {
        Manner::Serve(list) if knows(head, &list) => {
            let other =
                manner.wait_for(|now| !matches!(now, Manner::Serve(other) if *other == list));
            let changed = timeout(wait(head), other).await.is_ok();
            let now = manner.borrow().clone();
            match now {
                Manner::Serve(list) if changed => stream.write_all(&tagged(&list)).await,
                _ if changed => Box::pin(say(stream, head, manner)).await,
                _ => stream.write_all(b"HTTP/1.1 304 Not Modified\r\n\r\n").await,
            }
        }
        Manner::Hurried(list) if knows(head, &list) => {
            stream.write_all(b"HTTP/1.1 304 Not Modified\r\n\r\n").await
        }
        Manner::Serve(list) | Manner::Hurried(list) => stream.write_all(&tagged(&list)).await,
        Manner::Plain(list) => stream.write_all(&answer("200 OK", &list, list.len())).await,
        Manner::Status(line, body) => stream.write_all(&answer(&line, &body, body.len())).await,
        Manner::Bytes(bytes) => stream.write_all(&bytes).await,
        Manner::Cut(body) => stream.write_all(&answer("200 OK", &body, body.len() + 10)).await,
        Manner::Trickle(body, pause) => trickle(stream, &body, pause).await,
        Manner::Endless => endless(stream).await,
        Manner::Silent => std::future::pending().await,
        Manner::Close => Ok(()),
    }
}

fn knows(head: &str, list: &str) -> bool {
    head.contains(&format!("if-none-match: {}\r\n", tag(list)))
}

/// `?wait=…ms`
fn wait(head: &str) -> Duration {
    let millis = head.split_once("wait=").and_then(|(_, rest)| rest.split_once("ms"));
    millis.map_or(Duration::ZERO, |(millis, _)| Duration::from_millis(millis.parse().unwrap()))
}

fn answer(line: &str, body: &str, length: usize) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

fn tagged(list: &str) -> Vec<u8> {
    answer(&format!("200 OK\r\nETag: {}", tag(list)), list, list.len())
}

async fn trickle(stream: &mut TcpStream, body: &str, pause: Duration) -> std::io::Result<()> {
    stream.write_all(&answer("200 OK", "", body.len())).await?;
    for byte in body.bytes() {
        stream.write_all(&[byte]).await?;
        sleep(pause).await;
    }
    Ok(())
}

async fn endless(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n[").await?;
    loop {
        stream.write_all(&[b' '; 4096]).await?;
    }
}
