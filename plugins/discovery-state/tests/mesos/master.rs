//! A master that says what a test wants, by the path that is asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// What is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// 200, and this body.
    Body(Vec<u8>),
    /// Another status, and a body.
    Status(&'static str, &'static str),
    /// 307 to that address.
    Redirect(String),
    /// 200, and a body that ends before the length that was announced.
    Cut(Vec<u8>),
    /// 200, and a body in pieces of so many bytes with a pause after each.
    Slow(Vec<u8>, usize, Duration),
    /// 200, and a body that does not go on.
    Stuck(Vec<u8>),
    /// Nothing.
    Silence,
}

/// A question, as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The path, with the query.
    pub path: String,
    /// The whole head, in small letters.
    pub head: String,
    pub at: Instant,
}

#[derive(Debug, Default)]
struct Shared {
    answers: BTreeMap<String, Answer>,
    seen: Vec<Seen>,
}

/// The master; it ends when it is dropped.
pub struct Master {
    pub address: String,
    shared: Arc<Mutex<Shared>>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Master {
    pub async fn start() -> Master {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let master = Master { address, shared: Arc::default(), listening: Mutex::default() };
        master.serve(listener);
        master
    }

    fn serve(&self, listener: TcpListener) {
        let shared = self.shared.clone();
        let task = tokio::spawn(async move {
            // The conversations end with the master.
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                open.spawn(async move { drop(converse(stream, &shared).await) });
            }
        });
        if let Some(before) = self.listening.lock().unwrap().replace(task) {
            before.abort();
        }
    }

    /// What is answered at a path, without its query; at others 404.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.shared.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    /// The same at every path.
    pub fn answer_all(&self, answer: &Answer) {
        for path in ["/state", "/tasks", "/frameworks", "/slaves"] {
            self.answer(path, answer.clone());
        }
    }

    /// Nobody listens any longer.
    pub async fn stop(&self) {
        let task = self.listening.lock().unwrap().take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    /// Somebody listens, if nobody did.
    pub async fn start_again(&self) {
        if self.listening.lock().unwrap().is_none() {
            let listener = TcpListener::bind(&self.address).await.unwrap();
            self.serve(listener);
        }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.lock().unwrap().seen.clone()
    }

    /// The paths that were asked for, without their queries.
    pub fn paths(&self) -> Vec<String> {
        self.seen().iter().map(|seen| without_query(&seen.path)).collect()
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        if let Some(task) = self.listening.lock().unwrap().take() {
            task.abort();
        }
    }
}

fn without_query(path: &str) -> String {
    path.split('?').next().unwrap_or_default().to_owned()
}

async fn converse(mut stream: TcpStream, shared: &Mutex<Shared>) -> std::io::Result<()> {
    while let Some(head) = head(&mut stream).await? {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = {
            let mut shared = shared.lock().unwrap();
            let seen = Seen { path: path.clone(), head: head.to_lowercase(), at: Instant::now() };
            shared.seen.push(seen);
            shared.answers.get(&without_query(&path)).cloned()
        };
        let not_found = Answer::Status("404 Not Found", "");
        say(&mut stream, &path, answer.unwrap_or(not_found)).await?;
    }
    Ok(())
}

async fn head(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&read).into_owned()))
}

async fn say(stream: &mut TcpStream, path: &str, answer: Answer) -> std::io::Result<()> {
    let ok = |length: usize| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    match answer {
        Answer::Body(body) => stream.write_all(&[ok(body.len()).as_bytes(), &body].concat()).await,
        Answer::Status(line, body) => {
            let text = format!("HTTP/1.1 {line}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(text.as_bytes()).await
        }
        Answer::Redirect(to) => {
            let text = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: //{to}{path}\r\nContent-Length: 0\r\n\r\n"
            );
            stream.write_all(text.as_bytes()).await
        }
        Answer::Cut(body) => {
            stream.write_all(&[ok(body.len() + 10).as_bytes(), &body].concat()).await?;
            stream.shutdown().await
        }
        Answer::Slow(body, piece, pause) => {
            stream.write_all(ok(body.len()).as_bytes()).await?;
            for piece in body.chunks(piece) {
                stream.write_all(piece).await?;
                sleep(pause).await;
            }
            Ok(())
        }
        Answer::Stuck(body) => {
            stream.write_all(&[ok(body.len() + 10).as_bytes(), &body].concat()).await?;
            std::future::pending().await
        }
        Answer::Silence => std::future::pending().await,
    }
}
