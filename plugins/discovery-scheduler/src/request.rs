//! One request, on a connection of its own.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use etcd_mesos_core::cause::chain;
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::server::Server;
use etcd_mesos_core::trouble::Trouble;

/// A hundred times what a large cluster's members are.
pub(crate) const BODY_MAX: usize = 1024 * 1024;
/// What may stand before the body.
const HEAD_MAX: usize = 64 * 1024;

/// A question for members.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The tag of what is known.
    pub tag: Option<HeaderValue>,
    /// How long the answer may be held back.
    pub wait: Duration,
    /// How long each part may take: to connect, to begin to answer beyond the wait, to end.
    pub timeout: Duration,
}

impl Question {
    /// Asks; an answer that comes whole is an answer, whatever it says.
    pub(crate) async fn ask(&self, server: &Server) -> Result<Answer, Trouble> {
        let stream = self.connect(server).await?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_MAX);
        let conversation = builder.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = conversation.map_err(|error| Trouble::away(chain(&error)))?;
        beside(connection, self.converse(server, sender)).await
    }

    async fn connect(&self, server: &Server) -> Result<TcpStream, Trouble> {
        let addresses = match timeout(self.timeout, server.addresses()).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => return Err(Trouble::away(error.to_string())),
            Err(_) => return Err(Trouble::away("its name was not resolved in time")),
        };
        let share = self.timeout / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut trouble = Trouble::away("its name has no address");
        for address in addresses {
            match connect(address, share).await {
                Ok(stream) => return Ok(stream),
                Err(failed) => trouble = failed,
            }
        }
        Err(trouble)
    }

    async fn converse(
        &self,
        server: &Server,
        mut sender: http1::SendRequest<Empty<Bytes>>,
    ) -> Result<Answer, Trouble> {
        let request = self.request(server)?;
        let answer = match timeout(self.wait + self.timeout, sender.send_request(request)).await {
            Ok(answer) => answer.map_err(|error| at_head(&error))?,
            Err(_) => return Err(Trouble::away("it does not answer")),
        };
        let (head, body) = answer.into_parts();
        match timeout(self.timeout, whole(body)).await {
            Ok(body) => Ok(Answer {
                status: head.status,
                tag: head.headers.get(header::ETAG).cloned(),
                body: body?,
            }),
            Err(_) => Err(Trouble::away("its answer began and did not come to its end")),
        }
    }

    fn request(&self, server: &Server) -> Result<Request<Empty<Bytes>>, Trouble> {
        let path = match self.wait.as_millis() {
            0 => "/members".to_owned(),
            millis => format!("/members?wait={millis}ms"),
        };
        let mut request = Request::get(path)
            .header(header::HOST, server.authority())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("etcd-mesos/", env!("CARGO_PKG_VERSION")))
            .header(header::CONNECTION, "close");
        if let Some(tag) = &self.tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        request.body(Empty::new()).map_err(|error| Trouble::away(error.to_string()))
    }
}

async fn connect(address: SocketAddr, share: Duration) -> Result<TcpStream, Trouble> {
    match timeout(share, TcpStream::connect(address)).await {
        Ok(connected) => connected.map_err(|error| Trouble::away(error.to_string())),
        Err(_) => Err(Trouble::away("it cannot be connected to in time")),
    }
}

/// Lets a connection do its part while it is used; it ends with its use.
async fn beside<T>(
    connection: http1::Connection<TokioIo<TcpStream>, Empty<Bytes>>,
    conversation: impl Future<Output = T>,
) -> T {
    let (mut connection, mut conversation) = (pin!(connection), pin!(conversation));
    tokio::select! {
        biased;
        outcome = &mut conversation => outcome,
        // What has been received is still there, and what has not never comes.
        _ = &mut connection => conversation.await,
    }
}

fn at_head(error: &hyper::Error) -> Trouble {
    if error.is_parse() {
        return Trouble::lie(format!("it does not speak HTTP: {}", chain(error)));
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Trouble::away("it closed the connection without an answer");
    }
    Trouble::away(chain(error))
}

async fn whole(mut body: Incoming) -> Result<Bytes, Trouble> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Trouble::lie(format!("its answer was cut short: {}", chain(&error)))
        })?;
        let Ok(piece) = frame.into_data() else { continue };
        if read.len() + piece.len() > BODY_MAX {
            return Err(Trouble::lie("its answer is longer than 1 MiB"));
        }
        read.extend_from_slice(&piece);
    }
    Ok(read.freeze())
}
