//! A listener and its connections, which end together.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::refusal::{Body, Refusal};
use crate::world::Shared;
use crate::{executor_api, operator, scheduler_api};

/// The pause after a connection that could not be taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// The master.
    Master,
    /// An agent, counted from 0.
    Agent(usize),
}

/// A server. Dropping it closes its port and every connection.
#[derive(Debug)]
pub(crate) struct Server {
    accepting: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// Listens at that address, and serves.
    pub(crate) fn start(shared: &Shared, who: Who, at: SocketAddr) -> std::io::Result<Server> {
        let listener = std::net::TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        Ok(Server { accepting: tokio::spawn(accept(listener, shared.clone(), who)) })
    }
}

async fn accept(listener: TcpListener, shared: Shared, who: Who) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, shared.clone(), who));
                }
                // Too many open files, say. The listener stays readable: without a pause this would
                // take a whole processor from those that may end and free some.
                Err(error) => {
                    tracing::warn!(%error, "local Mesos takes no connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Shared, who: Who) {
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(answer(&shared, who, request).await) }
    });
    // Whoever breaks a connection off has seen enough.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(shared: &Shared, who: Who, request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let outcome = match (who, path.as_str()) {
        (Who::Master, "/api/v1/scheduler" | "/master/api/v1/scheduler") => {
            scheduler_api::serve(shared, request).await
        }
        (Who::Agent(agent), "/api/v1/executor" | "/slave(1)/api/v1/executor") => {
            executor_api::serve(shared, agent, request).await
        }
        (Who::Master, _) if *request.method() == Method::GET => operator::look(shared, &path),
        (Who::Master, _) => operator::act(shared, request).await,
        (Who::Agent(_), _) => {
            Err(Refusal::new(StatusCode::NOT_FOUND, "a local agent has /api/v1/executor alone"))
        }
    };
    outcome.unwrap_or_else(Refusal::answer)
}
