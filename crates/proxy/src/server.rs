//! What serves, whichever mode it is.

use std::net::SocketAddr;
use std::sync::Arc;

use etcd_mesos_client::Following;

use crate::ProxyError;
use crate::child::{ChildView, Fleet, Kind, Plan};
use crate::gateway::{self, Gateway, Standing};
use crate::mode::Mode;
use crate::settings::Settings;

/// A mode that can be run.
#[derive(Debug)]
pub(crate) enum Prepared {
    Gateway(gateway::Settings),
    Children(Plan),
}

/// A mode that runs.
#[derive(Debug)]
pub(crate) enum Server {
    Gateway(Gateway),
    Children(Fleet),
}

/// Looks at what the mode needs; nothing is opened.
pub(crate) async fn prepare(settings: &Settings) -> Result<Prepared, ProxyError> {
    let kind = match settings.mode {
        Mode::Gateway => return Ok(Prepared::Gateway(of_gateway(settings)?)),
        Mode::EtcdGateway => Kind::Gateway,
        Mode::GrpcProxy => Kind::GrpcProxy,
        Mode::V2Proxy => Kind::V2Proxy,
    };
    let Settings { etcd, listen, data_dir, drain, .. } = settings.clone();
    Ok(Prepared::Children(Plan::make(kind, etcd, listen, data_dir, drain).await?))
}

fn of_gateway(settings: &Settings) -> Result<gateway::Settings, ProxyError> {
    let mut listen: Vec<SocketAddr> = Vec::new();
    for url in &settings.listen {
        let addresses = url.addresses()?;
        listen.extend(
            addresses
                .into_iter()
                .filter(|one| one.port() == 0 || !listen.contains(one))
                .collect::<Vec<_>>(),
        );
    }
    let mut of_gateway = gateway::Settings::on(listen);
    of_gateway.wait_max = settings.wait;
    of_gateway.drain_max = settings.drain;
    Ok(of_gateway)
}

impl Prepared {
    /// Begins to serve.
    pub(crate) async fn start(self, following: &Arc<Following>) -> Result<Server, ProxyError> {
        match self {
            Prepared::Gateway(settings) => {
                Ok(Server::Gateway(gateway::start(settings, Arc::clone(following)).await?))
            }
            Prepared::Children(plan) => Ok(Server::Children(Fleet::start(plan, following))),
        }
    }
}

impl Server {
    /// Whether clients are served now; if not, why not.
    pub(crate) fn serves(&self) -> Result<(), String> {
        match self {
            Server::Gateway(gateway) => gateway_serves(&gateway.view()),
            Server::Children(fleet) => children_serve(&fleet.views(), fleet.trouble()),
        }
    }
}

fn gateway_serves(view: &gateway::View) -> Result<(), String> {
    if view.members.iter().any(|m| m.is_found && m.standing == Standing::Serves) {
        return Ok(());
    }
    let said: Vec<String> =
        view.members.iter().map(|m| format!("{}: {}", m.client_url, m.because)).collect();
    match said.is_empty() {
        true => Err("no member is known".to_owned()),
        false => Err(format!("no member serves: {}", said.join("; "))),
    }
}

fn children_serve(views: &[ChildView], trouble: Option<String>) -> Result<(), String> {
    let Some(down) = views.iter().find(|view| !view.is_up) else { return Ok(()) };
    let place = down.listen.join(", ");
    match (&down.last_exit, trouble) {
        (Some((_, words)), _) => {
            Err(format!("no etcd serves {place}; the last one ended: {words}"))
        }
        (None, Some(trouble)) => Err(trouble),
        (None, None) => Err(format!("no etcd serves {place} yet")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn children_serve_when_all_of_them_run() {
        let child = |is_up, words: Option<&str>| ChildView {
            listen: vec!["http://localhost:2379".to_owned()],
            is_up,
            last_exit: words.map(|words| (Instant::now(), words.to_owned())),
            ..ChildView::default()
        };
        assert_eq!(children_serve(&[child(true, Some("exit status: 1"))], None), Ok(()));
        let said = children_serve(&[child(true, None), child(false, Some("exit status: 1"))], None);
        assert!(said.is_err_and(|words| {
            words.contains("localhost:2379; the last one ended: exit status: 1")
        }));
        assert_eq!(
            children_serve(&[child(false, None)], Some("so".to_owned())),
            Err("so".to_owned())
        );
        assert!(children_serve(&[child(false, None)], None).is_err());
    }
}
