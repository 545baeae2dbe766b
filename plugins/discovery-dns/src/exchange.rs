//! Question and answer with one server: over UDP, and over TCP what does not fit there.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

use crate::question::{Question, dislikes_edns, read};
use etcd_mesos_core::trouble::Trouble;

/// How often a question is asked over UDP, which may lose it or its answer.
const TRIES: u32 = 2;

/// The largest DNS message there is.
const MESSAGE_BYTES_MAX: usize = 65_535;

/// The way to one server, for one query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub server: SocketAddr,
    /// How long one answer may take.
    pub timeout: Duration,
    /// When nothing is waited for any more.
    pub give_up_at: Instant,
}

impl Line {
    /// Asks, and returns a whole answer to exactly this question.
    pub(crate) async fn ask(&self, question: &Question) -> Result<Message, Trouble> {
        let answer = self.ask_once(question.message(true)).await;
        let answer = match answer {
            // Servers from before 1999 know no EDNS0, and RFC 6891 wants them asked without.
            Ok(answer) if dislikes_edns(&answer) => self.ask_once(question.message(false)).await,
            answer => answer,
        };
        answer.map_err(|trouble| trouble.about(question))
    }

    async fn ask_once(&self, asked: Message) -> Result<Message, Trouble> {
        let bytes = asked.to_vec();
        let bytes = bytes.map_err(|e| Trouble::away(format!("it cannot be asked: {e}")))?;
        let answer = self.by_datagrams(&asked, &bytes).await?;
        if !answer.metadata.truncation {
            return Ok(answer);
        }
        let answer = self.by_stream(&asked, &bytes).await;
        answer.map_err(|why| Trouble::lie(format!("truncated over UDP, and over TCP {why}")))
    }

    /// When the wait for an answer that is asked for now is over.
    fn patience(&self) -> Instant {
        (Instant::now() + self.timeout).min(self.give_up_at)
    }

    async fn by_datagrams(&self, asked: &Message, bytes: &[u8]) -> Result<Message, Trouble> {
        let mut tries = 0;
        while tries < TRIES && Instant::now() < self.give_up_at {
            tries += 1;
            let heard = self.by_datagram(asked, bytes).await;
            let heard = heard.map_err(|error| Trouble::away(silence(&error)))?;
            match heard {
                Heard::Answer(answer) => return Ok(*answer),
                Heard::Lie(what) => return Err(Trouble::lie(what)),
                Heard::Nothing => (),
            }
        }
        Err(Trouble::away(match tries {
            0 => "not asked, the deadline is over".to_owned(),
            1 => format!("no answer within what was left of {:?}", self.timeout),
            _ => format!("no answer within {:?}, asked {tries} times", self.timeout),
        }))
    }

    /// Asks from a port of its own. What is no answer is not taken for one, and does not end the
    /// wait: anybody can send it.
    async fn by_datagram(&self, asked: &Message, bytes: &[u8]) -> io::Result<Heard> {
        let socket = UdpSocket::bind(any_of_its_kind(self.server)).await?;
        // The kernel then drops what comes from elsewhere, and tells that nobody listens.
        socket.connect(self.server).await?;
        socket.send(bytes).await?;
        let (patience, mut buffer) = (self.patience(), vec![0; MESSAGE_BYTES_MAX]);
        let mut lie = None;
        while let Ok(received) = timeout_at(patience, socket.recv(&mut buffer)).await {
            match read(asked, &buffer[..received?]) {
                Ok(answer) => return Ok(Heard::Answer(Box::new(answer))),
                Err(what) => lie = lie.or(Some(what)),
            }
        }
        Ok(lie.map_or(Heard::Nothing, Heard::Lie))
    }

    async fn by_stream(&self, asked: &Message, bytes: &[u8]) -> Result<Message, String> {
        let mut answer = Vec::new();
        let exchanged = timeout_at(self.patience(), exchange(self.server, bytes, &mut answer));
        match exchanged.await {
            Err(_) => Err(format!("it did not end within {:?}{}", self.timeout, so_far(&answer))),
            Ok(Err(error)) => Err(format!("{}{}", silence(&error), so_far(&answer))),
            Ok(Ok(())) => whole(asked, answer.get(2..).unwrap_or_default()),
        }
    }
}

/// What came within the time of one question.
enum Heard {
    Answer(Box<Message>),
    Lie(String),
    Nothing,
}

fn any_of_its_kind(server: SocketAddr) -> SocketAddr {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(any, 0)
}

/// Reads what comes into a buffer of the caller's, who thus knows how much it was.
async fn exchange(server: SocketAddr, bytes: &[u8], answer: &mut Vec<u8>) -> io::Result<()> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    read_until(&mut stream, answer, 2).await?;
    let length = answer.first_chunk().map_or(0, |length| u16::from_be_bytes(*length));
    read_until(&mut stream, answer, 2 + usize::from(length)).await
}

async fn read_until(stream: &mut TcpStream, answer: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let missing = length.saturating_sub(answer.len());
    stream.take(missing as u64).read_to_end(answer).await?;
    match answer.len() < length {
        true => Err(io::ErrorKind::UnexpectedEof.into()),
        false => Ok(()),
    }
}

fn whole(asked: &Message, bytes: &[u8]) -> Result<Message, String> {
    let answer = read(asked, bytes)?;
    match answer.metadata.truncation {
        true => Err("truncated too".to_owned()),
        false => Ok(answer),
    }
}

/// An error of the system in words.
fn silence(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens (connection refused)".to_owned(),
        io::ErrorKind::UnexpectedEof => "it ended before its end".to_owned(),
        _ => error.to_string(),
    }
}

fn so_far(answer: &[u8]) -> String {
    match answer.first_chunk() {
        Some(length) => {
            let (came, all) = (answer.len() - 2, u16::from_be_bytes(*length));
            format!(" (after {came} of {all} bytes)")
        }
        None => " (before the first byte of an answer)".to_owned(),
    }
}
