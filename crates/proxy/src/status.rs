//! The status page: what the program does and sees. Reading only.

mod view;

use std::sync::{Arc, Weak};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use etcd_mesos_client::Known;
use etcd_mesos_core::discovery::Discovery;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::error::ProxyError;
use crate::mode::Mode;
use crate::server::Server;
use crate::settings::{Settings, StatusAddress};

pub use view::Status;

/// What the page is made of.
pub(crate) struct Shown {
    mode: Mode,
    listen: Vec<String>,
    began: Instant,
    discovery: Arc<dyn Discovery>,
    known: watch::Receiver<Known>,
    /// Weak, so that the page does not keep alive what is to end.
    server: Weak<Server>,
}

impl Shown {
    pub(crate) fn new(
        settings: &Settings,
        discovery: Arc<dyn Discovery>,
        known: watch::Receiver<Known>,
        server: Weak<Server>,
    ) -> Shown {
        let listen = settings.listen.iter().map(ToString::to_string).collect();
        Shown { mode: settings.mode, listen, began: Instant::now(), discovery, known, server }
    }
}

/// The page's socket.
#[derive(Debug)]
pub(crate) struct Page {
    listener: TcpListener,
    address: std::net::SocketAddr,
}

/// The page, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Served(JoinHandle<()>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Takes the address. One that nobody asked for may be taken by somebody else: a second proxy on a machine
/// goes on without a page.
pub(crate) async fn listen(wanted: Option<StatusAddress>) -> Result<Option<Page>, ProxyError> {
    let Some(StatusAddress { address, is_given }) = wanted else { return Ok(None) };
    let outcome = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Page { listener, address })
    };
    match outcome.await {
        Ok(page) => Ok(Some(page)),
        Err(source) if is_given => Err(ProxyError::Status { address, source }),
        Err(error) => {
            let error: std::io::Error = error;
            tracing::warn!(
                %error,
                "there is no status page: {address} cannot be listened on; --status-address names another \
                 one, or none"
            );
            Ok(None)
        }
    }
}

impl Page {
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.address
    }

    pub(crate) fn serve(self, shown: Shown) -> Served {
        let router = router(Arc::new(shown));
        Served(tokio::spawn(async move {
            if let Err(error) = axum::serve(self.listener, router).await {
                tracing::error!(%error, "the status page has ended");
            }
        }))
    }
}

fn router(shown: Arc<Shown>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/status", get(status))
        .route("/healthz", get(healthz))
        .with_state(shown)
}

/// The page needs nothing of anybody else, and nobody may put it into a frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const NOT_KEPT: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
const AS_SAID: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

async fn page() -> Response {
    let headers = [(header::CONTENT_SECURITY_POLICY, POLICY), NOT_KEPT, AS_SAID];
    (headers, Html(include_str!("status/page.html"))).into_response()
}

async fn status(State(shown): State<Arc<Shown>>) -> Response {
    ([NOT_KEPT, AS_SAID], Json(view::of(&shown))).into_response()
}

async fn healthz(State(shown): State<Arc<Shown>>) -> Response {
    match view::serves(&shown) {
        Ok(()) => ([NOT_KEPT], "it serves\n").into_response(),
        Err(why) => {
            (StatusCode::SERVICE_UNAVAILABLE, [NOT_KEPT], format!("{why}\n")).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn an_address_that_is_taken_is_an_error_only_where_somebody_asked_for_it() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let of = |is_given| listen(Some(StatusAddress { address, is_given }));
        assert!(of(false).await.unwrap().is_none());
        let error = of(true).await.unwrap_err();
        assert!(error.to_string().contains("--status-address"), "{error}");
        assert!(listen(None).await.unwrap().is_none());
        drop(taken);
        assert_eq!(of(true).await.unwrap().unwrap().address(), address);
    }

    #[tokio::test]
    async fn the_page_needs_nobody_and_takes_no_markup_from_anybody() {
        let answer = page().await;
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let html = include_str!("status/page.html");
        for word in
            ["http://", "https://", "src=", "@import", "innerHTML", "insertAdjacentHTML", "eval("]
        {
            assert!(!html.contains(word), "{word}");
        }
    }
}
