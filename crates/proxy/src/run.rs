//! The life of the program.

use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_client::{Following, Known};
use etcd_mesos_core::discovery::Discovery;
use tokio::sync::watch;

use crate::error::ProxyError;
use crate::gateway::raise_limit;
use crate::server::{self, Server};
use crate::settings::{Settings, Task};
use crate::signals::{Asked, Signals};
use crate::status::{self, Page};
use crate::{print, trial};

/// Does what the settings say, until it is done or somebody asks to end.
///
/// A current-thread runtime on the main thread must run it, because children die with the thread that
/// started them.
///
/// # Errors
/// Why it cannot, or could not.
pub async fn run(settings: Settings, discovery: Arc<dyn Discovery>) -> Result<(), ProxyError> {
    if let Err(error) = raise_limit() {
        tracing::warn!(%error, "the limit on open files stays as it is");
    }
    match settings.task {
        Task::Serve => serve(settings, discovery).await,
        Task::Try => trial::run(settings, discovery).await,
        Task::Print { is_once } => print::run(settings, discovery, is_once).await,
    }
}

async fn serve(settings: Settings, discovery: Arc<dyn Discovery>) -> Result<(), ProxyError> {
    let mut signals = Signals::new().map_err(ProxyError::Signals)?;
    let prepared = server::prepare(&settings).await?;
    let page = status::listen(settings.status).await?;
    let (place, cost) = (discovery.place(), discovery.cost());
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        mode = %settings.mode,
        discovery = place,
        cost = cost.words,
        "etcd-mesos-proxy"
    );
    let following = Arc::new(Following::start(Arc::clone(&discovery)));
    let server = Arc::new(prepared.start(&following).await?);
    say_where(&settings, &server, &page);
    let shown =
        status::Shown::new(&settings, discovery, following.known(), Arc::downgrade(&server));
    let served = page.map(|page| page.serve(shown));
    let waits = tokio::spawn(say_waiting(
        following.known(),
        settings.wait,
        matches!(*server, Server::Gateway(_)),
    ));
    let name = live(&mut signals, &following).await;
    waits.abort();
    tracing::info!(signal = name, "asked to end");
    end(server, &settings, &mut signals).await;
    drop(served);
    Ok(())
}

/// Waits until somebody asks for the end.
async fn live(signals: &mut Signals, following: &Following) -> &'static str {
    loop {
        match signals.next().await {
            Asked::End(name) => return name,
            Asked::Hurry => {
                tracing::info!("SIGHUP: the members are asked for anew");
                following.hurry();
            }
        }
    }
}

fn say_where(settings: &Settings, server: &Server, page: &Option<Page>) {
    let listen: Vec<String> = match server {
        Server::Gateway(gateway) => gateway.addresses().iter().map(ToString::to_string).collect(),
        Server::Children(_) => settings.listen.iter().map(ToString::to_string).collect(),
    };
    tracing::info!("clients: {}", listen.join(", "));
    if let Some(page) = page {
        tracing::info!("status: http://{}/", page.address());
    }
}

/// Says once what it means that no member is known yet.
async fn say_waiting(mut known: watch::Receiver<Known>, wait: Duration, is_gateway: bool) {
    let first = known.wait_for(|known| known.members.is_some() || known.trouble.is_some()).await;
    if !first.is_ok_and(|known| known.members.is_none()) {
        return;
    }
    match is_gateway {
        true => tracing::info!(
            "no member is known yet: clients are accepted, and each waits for up to {} s",
            wait.as_secs()
        ),
        false => tracing::info!("no member is known yet: etcd is started when one is"),
    }
}

/// Ends what serves, with its grace, or at once where somebody asks a second time.
pub(crate) async fn end(server: Arc<Server>, settings: &Settings, signals: &mut Signals) {
    let Ok(server) = Arc::try_unwrap(server) else { return };
    match server {
        Server::Gateway(gateway) => {
            // Where nobody is served, whoever waits has nothing to lose.
            let is_idle = gateway.view().open == 0;
            let grace = if is_idle { Duration::ZERO } else { settings.drain };
            tokio::select! {
                () = gateway.stop(grace) => {}
                _ = signals.end() => {}
            }
        }
        Server::Children(mut fleet) => {
            fleet.end();
            tokio::select! {
                () = fleet.wait() => return,
                _ = signals.end() => fleet.end_at_once(),
            }
            fleet.wait().await;
        }
    }
}
