//! `--print`: what would be served, and by whom.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_client::Following;
use etcd_mesos_core::cause::chain;
use etcd_mesos_core::discovery::{Discovery, DiscoveryError, Members};

use tokio::time::sleep;

use crate::child::PeersError;
use crate::error::ProxyError;
use crate::server::{self, Prepared};
use crate::settings::Settings;
use crate::signals::Signals;

/// How soon members are asked again that did not say what had to be asked.
const RETRY: Duration = Duration::from_secs(2);

pub(crate) async fn run(
    settings: Settings,
    discovery: Arc<dyn Discovery>,
    is_once: bool,
) -> Result<(), ProxyError> {
    let mut signals = Signals::new().map_err(ProxyError::Signals)?;
    let prepared = server::prepare(&settings).await?;
    let text = tokio::select! {
        text = said(&prepared, discovery, is_once) => text?,
        _ = signals.end() => return Ok(()),
    };
    // Who closed the pipe has read enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

async fn said(
    prepared: &Prepared,
    discovery: Arc<dyn Discovery>,
    is_once: bool,
) -> Result<String, ProxyError> {
    let members = if is_once { once(&*discovery).await? } else { first(discovery).await };
    loop {
        match text(prepared, &members).await {
            Err(error) if !is_once => tracing::warn!("{error}; they are asked again"),
            outcome => return Ok(outcome?),
        }
        sleep(RETRY).await;
    }
}

/// The answer to one query.
pub(crate) async fn once(discovery: &dyn Discovery) -> Result<Members, ProxyError> {
    discovery.members().await.map_err(|error| match error {
        DiscoveryError::NobodyFound { .. } => ProxyError::Nobody(chain(&error)),
        _ => ProxyError::Unavailable(chain(&error)),
    })
}

/// The first answer with members, whenever it comes.
async fn first(discovery: Arc<dyn Discovery>) -> Members {
    let following = Following::start(discovery);
    let mut known = following.known();
    let members = known.wait_for(|known| known.members.is_some()).await;
    match members.ok().and_then(|known| known.members.clone()) {
        Some(members) => members,
        // It follows for as long as it is not dropped.
        None => std::future::pending().await,
    }
}

/// Command lines, one a line; of the gateway where it listens and which members there are.
async fn text(prepared: &Prepared, members: &Members) -> Result<String, PeersError> {
    let lines = match prepared {
        Prepared::Children(plan) => plan.lines(members).await?,
        Prepared::Gateway(settings) => {
            let listen = settings.listen.iter().map(|address| format!("listen {address}"));
            let member = |found: &etcd_mesos_core::discovery::Found| {
                let name = found.name.as_deref().map(|name| format!(" {name}"));
                format!("member {}{}", found.client_url, name.unwrap_or_default())
            };
            listen.chain(members.found.iter().map(member)).collect()
        }
    };
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}
