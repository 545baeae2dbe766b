//! The configuration of the proxy. It reads the same files as the scheduler, of which most keys are not its.

use std::sync::Arc;

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_core::id::ClusterName;
use etcd_mesos_core::setting::Span;
use etcd_mesos_proxy::Scheme;

use super::address::is_local;
use super::choice;
use super::layers::Layers;
use super::problem::{Problem, Problems, in_one_line};
use super::read;
use super::tree::{ProxyMode, Tree};
use crate::plugins::{Plugins, Prepared};

/// How members are found where nothing is chosen, as the predecessor's proxy found them.
pub(crate) const DEFAULT_DISCOVERY: &str = "mesos_state";
const MASTER: &str = "discovery.mesos_state.master";

/// What `[discovery.mesos_state]` takes from the scheduler's sections where it does not say it itself: whoever
/// has one file for both says once where Mesos is.
const INHERITED: &[(&str, &str)] = &[
    ("mesos.master", MASTER),
    ("mesos.zookeeper_auth_file", "discovery.mesos_state.zookeeper_auth_file"),
    ("mesos.tls", "discovery.mesos_state.tls"),
    ("mesos.ca_file", "discovery.mesos_state.ca_file"),
    ("mesos.cert_file", "discovery.mesos_state.cert_file"),
    ("mesos.key_file", "discovery.mesos_state.key_file"),
];
/// These two together: a principal needs its secret, and one in `framework.secret` has no file.
const CREDENTIALS: &[(&str, &str)] = &[
    ("framework.principal", "discovery.mesos_state.principal"),
    ("framework.secret_file", "discovery.mesos_state.secret_file"),
];

/// Longer than anybody waits.
const HOUR: Span = Span::seconds(3600);

/// A configuration of the proxy that was read and checked.
pub struct ProxyConfiguration {
    /// The settings that are no plugin's.
    pub tree: Tree,
    /// How members are found, the preferred way first; at least one.
    pub discovery: Vec<Prepared<Arc<dyn Discovery>>>,
    /// Where each value came from.
    pub layers: Layers,
}

/// Reads and checks everything that the layers say to the proxy.
///
/// # Errors
/// Every problem, at once.
pub fn configure(plugins: &Plugins, mut layers: Layers) -> Result<ProxyConfiguration, Problems> {
    inherit(&mut layers);
    let mut problems = layers.problems.clone();
    let mut values = layers.values(&mut problems);
    if let Some(problem) = local_master(&layers) {
        problems.push(problem);
    }
    choice::unused(&plugins.persist, &mut values, &layers, &mut problems);
    choice::unused(&plugins.health, &mut values, &layers, &mut problems);
    choice::unused(&plugins.placement, &mut values, &layers, &mut problems);
    let discovery = choice::several(
        &plugins.discovery,
        Some(DEFAULT_DISCOVERY),
        &mut values,
        &layers,
        &mut problems,
    );
    let tree: Option<Tree> = read::read(&layers, values, "", &mut problems);
    if let Some(tree) = &tree {
        check(tree, &layers, &mut problems);
    }
    match tree {
        Some(tree) if problems.is_empty() => Ok(ProxyConfiguration { tree, discovery, layers }),
        _ => Err(Problems(problems)),
    }
}

impl ProxyConfiguration {
    /// What somebody said on the command line that nobody listens to.
    pub(crate) fn unheard(&self) -> Option<&'static str> {
        let is_flag = self.layers.origin_of(MASTER).is_some_and(|origin| origin == "flag --master");
        let is_heard = self.discovery.iter().any(|plugin| plugin.name == DEFAULT_DISCOVERY);
        (is_flag && !is_heard).then_some(
            "--master is not used: it is the address for the discovery mesos_state, and others are chosen",
        )
    }
}

fn asks_masters(layers: &Layers) -> bool {
    let choice = layers.value_of("discovery.plugin");
    match choice::names(choice.as_ref(), layers) {
        Ok(None) => true,
        Ok(Some(names)) => names.iter().any(|name| name == DEFAULT_DISCOVERY),
        Err(_) => false,
    }
}

fn inherit(layers: &mut Layers) {
    if !asks_masters(layers) {
        return;
    }
    let all_given = |pairs: &[(&str, &str)]| pairs.iter().all(|(from, _)| layers.is_given(from));
    let is_free = |pairs: &[(&str, &str)]| !pairs.iter().any(|(_, to)| layers.is_given(to));
    let has_credentials = all_given(CREDENTIALS) && is_free(CREDENTIALS);
    let credentials = CREDENTIALS.iter().filter(|_| has_credentials);
    for (from, to) in INHERITED.iter().chain(credentials) {
        layers.inherit(from, to);
    }
}

/// A local Mesos has no state to be read, and who runs it can say where the members are.
fn local_master(layers: &Layers) -> Option<Problem> {
    let master = layers.value_of(MASTER).filter(|_| asks_masters(layers))?;
    let text = master.as_str().filter(|text| is_local(text))?;
    Some(Problem {
        key: Some(MASTER.to_owned()),
        origin: layers.origin_of(MASTER),
        text: format!(
            "`{text}` is a Mesos inside a scheduler, and has no /state: ask that scheduler instead, by \
             --discovery=scheduler --set discovery.scheduler.url=http://ADDRESS:PORT, which it logs as \
             the address of its report"
        ),
    })
}

fn check(tree: &Tree, layers: &Layers, problems: &mut Vec<Problem>) {
    let mut refuse = |key: &str, text: String| {
        problems.push(Problem { key: Some(key.to_owned()), origin: layers.origin_of(key), text });
    };
    if let Err(error) = tree.framework.name.parse::<ClusterName>() {
        refuse("framework.name", in_one_line(&error));
    }
    let proxy = &tree.proxy;
    let speaks_http = matches!(proxy.mode, ProxyMode::GrpcProxy | ProxyMode::V2Proxy);
    let https = proxy.listen.0.iter().find(|url| url.scheme() == Scheme::Https);
    if let Some(url) = https.filter(|_| speaks_http) {
        refuse(
            "proxy.listen",
            format!(
                "{url}: this mode would need a certificate, which it cannot be given; the modes gateway and etcd-gateway pass TLS on as it is"
            ),
        );
    }
    for (key, time) in [("proxy.wait", proxy.wait), ("proxy.drain", proxy.drain)] {
        if time > HOUR {
            refuse(key, format!("{time}: it must be at most an hour"));
        }
    }
}
