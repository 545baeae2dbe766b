//! One connection to one member.
//!
//! A client of etcd connects again by itself when its connection is lost, and then speaks with whoever listens
//! there. On Mesos ports are given to others: it may be a member of another cluster. So a connection of ours is
//! made once, looked at, and used until it is lost; then its client is of no use any more, and says so.

use std::future::{Ready, ready};
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use etcd_client::{Channel, Client};
use etcd_mesos_core::discovery::Found;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::codegen::Service;
use tonic::codegen::http::Uri;
use tonic::transport::Endpoint;

use super::options::Options;

/// The connection of this client was lost: nothing is sent any more.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection was lost before, and is not made again")]
pub(super) struct Spent;

/// Why a member cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum JoinError {
    #[error("its URL cannot be used")]
    Url(#[source] tonic::transport::Error),
    #[error("its URL has no host or no port")]
    Incomplete,
    #[error("TLS is wanted, and its URL is http")]
    Plain,
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    #[error("cannot connect within {0:?}")]
    Late(Duration),
    #[error("no TLS or HTTP/2 with it")]
    Handshake(#[source] tonic::transport::Error),
    #[error("it does not answer")]
    Call(#[source] etcd_client::Error),
    #[error("it does not say of which cluster it is")]
    Nameless,
    #[error("it has no leader")]
    NoLeader,
    #[error("it is a learner")]
    Learner,
    #[error("it is of cluster {0:x}, and not of {1:x}")]
    Foreign(u64, u64),
}

/// Connects, and authenticates where there is a user.
pub(super) async fn connect(found: &Found, options: &Options) -> Result<Client, JoinError> {
    let endpoint = endpoint(found, options)?;
    let stream = in_time(options.connect_timeout, tcp(endpoint.uri())).await??;
    let channel = endpoint.connect_with_connector(Once(Some(stream)));
    let channel = in_time(options.connect_timeout, channel).await?;
    let channel = Channel::Tonic(channel.map_err(JoinError::Handshake)?);
    Client::from_channel(channel, Some(options.of_client())).await.map_err(JoinError::Call)
}

async fn in_time<T>(time: Duration, what: impl Future<Output = T>) -> Result<T, JoinError> {
    timeout(time, what).await.map_err(|_| JoinError::Late(time))
}

fn endpoint(found: &Found, options: &Options) -> Result<Endpoint, JoinError> {
    let endpoint = Endpoint::from_shared(found.client_url.clone()).map_err(JoinError::Url)?;
    let (interval, answer) = options.keep_alive;
    let endpoint = endpoint
        .timeout(options.request_timeout)
        .connect_timeout(options.connect_timeout)
        .http2_keep_alive_interval(interval)
        .keep_alive_timeout(answer)
        // etcd takes it ill where no request is under way.
        .keep_alive_while_idle(false);
    if endpoint.uri().scheme_str() != Some("https") {
        return if options.tls.is_some() { Err(JoinError::Plain) } else { Ok(endpoint) };
    }
    let tls = options.tls.clone().unwrap_or_default();
    let tls = match &found.host {
        Some(host) => tls.domain_name(host),
        None => tls,
    };
    endpoint.tls_config(tls).map_err(JoinError::Url)
}

async fn tcp(uri: &Uri) -> Result<TcpStream, JoinError> {
    let (Some(host), Some(port)) = (uri.host(), uri.port_u16()) else {
        return Err(JoinError::Incomplete);
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, port)).await.map_err(JoinError::Connect)?;
    stream.set_nodelay(true).map_err(JoinError::Connect)?;
    Ok(stream)
}

/// Gives the connection once.
struct Once(Option<TcpStream>);

impl Service<Uri> for Once {
    type Response = TokioIo<TcpStream>;
    type Error = Spent;
    type Future = Ready<Result<TokioIo<TcpStream>, Spent>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Spent>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().map(TokioIo::new).ok_or(Spent))
    }
}
