//! A server that plays bytes, in plain or over TLS.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mesos_v1::{
    CallError, Endpoint, Masters, Scheme,
    proto::{
        FrameworkInfo,
        scheduler::{Call as WireCall, Event as Wire, event},
    },
    recordio,
    scheduler::{SchedulerClient, SchedulerConfig, Subscription},
};
use prost::Message;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// What the server does with one request.
#[derive(Clone)]
pub enum Play {
    /// Answers with these bytes, and keeps the connection open.
    Bytes(Vec<u8>),
    /// Answers with these pieces, a pause between them.
    Pieces(Vec<Vec<u8>>),
    /// Answers with these bytes, and closes the connection.
    BytesAndClose(Vec<u8>),
    /// Answers nothing.
    Silence,
}

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub connection: usize,
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn call(&self) -> WireCall {
        WireCall::decode(&self.body[..]).unwrap()
    }
}

pub struct Server {
    pub endpoint: Endpoint,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers the requests in this order, the last answer for ever.
    pub async fn start(plays: Vec<Play>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, plays)
    }

    pub fn on(listener: TcpListener, plays: Vec<Play>) -> Self {
        Self::with(listener, plays, None)
    }

    /// The same over TLS.
    pub async fn over_tls(plays: Vec<Play>, config: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::with(listener, plays, Some(Arc::new(config).into()))
    }

    fn with(listener: TcpListener, plays: Vec<Play>, tls: Option<TlsAcceptor>) -> Self {
        let scheme = if tls.is_some() { Scheme::Https } else { Scheme::Http };
        let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
        let seen = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, plays, seen.clone(), tls));
        Self { endpoint: endpoint.with_scheme(scheme), seen }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    listener: TcpListener,
    plays: Vec<Play>,
    seen: Arc<Mutex<Vec<Seen>>>,
    tls: Option<TlsAcceptor>,
) {
    for connection in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        let (plays, seen, tls) = (plays.clone(), seen.clone(), tls.clone());
        tokio::spawn(async move {
            let Some(tls) = tls else { return answer(stream, connection, plays, seen).await };
            // A handshake that fails is the client's to tell.
            if let Ok(stream) = tls.accept(stream).await {
                answer(stream, connection, plays, seen).await;
            }
        });
    }
}

async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    connection: usize,
    plays: Vec<Play>,
    seen: Arc<Mutex<Vec<Seen>>>,
) {
    while let Some((head, body)) = request(&mut stream).await {
        let play = {
            let mut seen = seen.lock().unwrap();
            seen.push(Seen { connection, head, body });
            plays[(seen.len() - 1).min(plays.len() - 1)].clone()
        };
        match play {
            Play::Bytes(bytes) => stream.write_all(&bytes).await.unwrap(),
            Play::Pieces(pieces) => {
                for piece in pieces {
                    // A client that has seen enough is gone.
                    let _ = stream.write_all(&piece).await;
                    sleep(Duration::from_millis(5)).await;
                }
            }
            Play::BytesAndClose(bytes) => {
                stream.write_all(&bytes).await.unwrap();
                return;
            }
            Play::Silence => {}
        }
        // Within TLS what was written may wait for more.
        let _ = stream.flush().await;
    }
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(read[..end].to_vec()).unwrap().to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if read.len() >= end + 4 + length {
                return Some((head, read[end + 4..].to_vec()));
            }
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

pub fn status(line: &str, body: &str) -> Play {
    Play::Bytes(
        format!("HTTP/1.1 {line}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes(),
    )
}

pub fn redirection(to: &str) -> Play {
    let head = "HTTP/1.1 307 Temporary Redirect\r\ncontent-length: 0\r\nlocation: ";
    Play::Bytes(format!("{head}{to}\r\n\r\n").into_bytes())
}

pub const SUBSCRIBED: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n\
    mesos-stream-id: stream-1\r\ntransfer-encoding: chunked\r\n\r\n";

pub fn chunk(data: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

pub fn subscribed(heartbeat_interval_seconds: f64) -> Wire {
    let subscribed = event::Subscribed {
        framework_id: "f-1".into(),
        heartbeat_interval_seconds: Some(heartbeat_interval_seconds),
        master_info: None,
    };
    Wire {
        r#type: Some(event::Type::Subscribed.into()),
        subscribed: Some(subscribed),
        ..Wire::default()
    }
}

pub fn error_event(message: &str) -> Wire {
    Wire {
        r#type: Some(event::Type::Error.into()),
        error: Some(event::Error { message: message.to_owned() }),
        ..Wire::default()
    }
}

pub fn heartbeat() -> Wire {
    Wire { r#type: Some(event::Type::Heartbeat.into()), ..Wire::default() }
}

pub fn framed(events: &[Wire]) -> Vec<u8> {
    events.iter().flat_map(|event| recordio::encode(&event.encode_to_vec())).collect()
}

/// A subscription with these events, and then nothing.
pub fn stream(events: &[Wire]) -> Play {
    Play::Bytes([SUBSCRIBED.as_bytes(), &chunk(&framed(events))].concat())
}

pub fn accepted() -> Play {
    status("202 Accepted", "")
}

pub fn config(masters: &[&Endpoint]) -> SchedulerConfig {
    SchedulerConfig {
        call_timeout: Duration::from_millis(400),
        connect_timeout: Duration::from_millis(200),
        ..SchedulerConfig::new(Masters::Listed(masters.iter().copied().cloned().collect()))
    }
}

pub async fn subscribe(server: &Server) -> Result<Subscription, CallError> {
    SchedulerClient::new(config(&[&server.endpoint])).subscribe(&framework(), &[]).await
}

pub fn framework() -> FrameworkInfo {
    FrameworkInfo { user: "root".into(), name: "test".into(), ..FrameworkInfo::default() }
}

pub async fn refused(play: Play) -> CallError {
    subscribe(&Server::start(vec![play]).await).await.unwrap_err()
}

/// A port on which nobody listens.
pub async fn nobody() -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port())
}
