//! `--once`: whether it would work, tried.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_client::Following;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Members};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::error::ProxyError;
use crate::print::once;
use crate::run::end;
use crate::server::{self, Server};
use crate::settings::Settings;
use crate::signals::Signals;

/// How long it may take to serve.
const LIMIT: Duration = Duration::from_secs(20);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(50);
/// How long a child must have run: one whose address is taken ends at once.
const STEADY: Duration = Duration::from_millis(500);

/// Asks for the members once, serves until it works, and ends.
pub(crate) async fn run(
    settings: Settings,
    discovery: Arc<dyn Discovery>,
) -> Result<(), ProxyError> {
    let mut signals = Signals::new().map_err(ProxyError::Signals)?;
    let prepared = server::prepare(&settings).await?;
    let members = tokio::select! {
        members = once(&*discovery) => members?,
        _ = signals.end() => return Ok(()),
    };
    let following = Arc::new(Following::start(Arc::new(Answered { discovery, members })));
    let server = Arc::new(prepared.start(&following).await?);
    let outcome = tokio::select! {
        outcome = served(&server, &settings) => outcome,
        name = signals.end() => Err(format!("{name} came before")),
    };
    end(server, &settings, &mut signals).await;
    outcome.map_err(ProxyError::DoesNotServe)?;
    tracing::info!("it serves");
    Ok(())
}

async fn served(server: &Server, settings: &Settings) -> Result<(), String> {
    let until = Instant::now() + LIMIT;
    loop {
        let why = match server.serves() {
            Ok(()) => match answers(server, settings).await {
                Ok(()) => return Ok(()),
                Err(why) => why,
            },
            Err(why) => why,
        };
        if Instant::now() >= until || has_failed(server) {
            return Err(why);
        }
        sleep(LOOK).await;
    }
}

/// A child that has ended by itself does so again.
fn has_failed(server: &Server) -> bool {
    match server {
        Server::Gateway(_) => false,
        Server::Children(fleet) => fleet.views().iter().any(|view| view.last_exit.is_some()),
    }
}

/// Whether children that run accept connections; the gateway has asked its members itself.
async fn answers(server: &Server, settings: &Settings) -> Result<(), String> {
    let Server::Children(fleet) = server else { return Ok(()) };
    let is_young = |at: Instant| at.elapsed() < STEADY;
    if fleet.views().iter().any(|view| view.started.is_none_or(is_young)) {
        return Err("etcd has only just been started".to_owned());
    }
    for url in &settings.listen {
        let connect = timeout(Duration::from_secs(1), TcpStream::connect(url.authority())).await;
        connect.map_err(|_| format!("{url}: no answer"))?.map_err(|e| format!("{url}: {e}"))?;
    }
    Ok(())
}

/// A discovery whose answer is known.
struct Answered {
    discovery: Arc<dyn Discovery>,
    members: Members,
}

#[async_trait]
impl Discovery for Answered {
    fn place(&self) -> String {
        self.discovery.place()
    }

    fn cost(&self) -> Cost {
        Cost::new(LIMIT * 2, "nothing")
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        Ok(self.members.clone())
    }
}
