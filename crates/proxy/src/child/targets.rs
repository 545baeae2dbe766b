//! Who the children are told of, as the members come and go.

use std::time::Duration;

use etcd_mesos_client::Known;
use etcd_mesos_core::discovery::Members;
use tokio::sync::watch;
use tokio::time::sleep;

use super::line::{Kind, Target};
use super::peers::{self, PeersError};

/// How soon members are asked again of which none told the member list.
const RETRY: Duration = Duration::from_secs(2);

/// Who there is to be told of.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) targets: Vec<Target>,
    /// Why they are not what they should be.
    pub(super) trouble: Option<String>,
}

/// Who a child of that kind is told of, for these members.
pub(super) async fn of(kind: Kind, members: &Members) -> Result<Vec<Target>, PeersError> {
    match kind {
        Kind::Gateway | Kind::GrpcProxy => Ok(endpoints(members)),
        Kind::V2Proxy => peers::ask(members).await,
    }
}

fn endpoints(members: &Members) -> Vec<Target> {
    let plain = members.found.iter().filter(|member| peers::is_plain(&member.client_url));
    plain.map(|member| Target { url: member.client_url.clone(), name: None }).collect()
}

/// Keeps telling it, for ever.
pub(super) async fn follow(
    kind: Kind,
    mut known: watch::Receiver<Known>,
    tell: watch::Sender<Told>,
) {
    loop {
        let members = known.borrow_and_update().members.clone();
        let is_told = match &members {
            Some(members) => tell_of(kind, members, &tell).await,
            None => true,
        };
        tokio::select! {
            changed = known.changed() => if changed.is_err() {
                // The discovery is followed no more; what was told stays.
                return std::future::pending().await;
            },
            () = sleep(RETRY), if !is_told => {}
        }
    }
}

async fn tell_of(kind: Kind, members: &Members, tell: &watch::Sender<Told>) -> bool {
    let outcome = of(kind, members).await;
    let trouble = outcome.as_ref().err().map(ToString::to_string);
    let is_said = tell.borrow().trouble == trouble;
    match &trouble {
        Some(words) if !is_said => tracing::warn!("{words}; they are asked again"),
        Some(_) | None => {}
    }
    tell.send_modify(|told| {
        told.trouble = trouble;
        if let Ok(targets) = &outcome {
            told.targets.clone_from(targets);
        }
    });
    outcome.is_ok()
}
