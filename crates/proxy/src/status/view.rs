//! What `/status` says, as JSON.

use std::time::Duration;

use etcd_mesos_client::Known;
use serde::Serialize;
use tokio::time::Instant;

use super::Shown;
use crate::child::ChildView;
use crate::gateway;
use crate::server::Server;

/// The program at one moment. Ages and times to come are in seconds.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// The version of this program.
    pub version: &'static str,
    /// Its process ID.
    pub pid: u32,
    /// What serves: `gateway`, `etcd-gateway`, `grpc-proxy`, `v2-proxy`.
    pub mode: &'static str,
    /// Where clients connect to.
    pub listen: Vec<String>,
    /// How long it has run.
    pub up_seconds: f64,
    /// Whether clients are served now.
    pub serves: bool,
    /// Why they are not.
    pub because: Option<String>,
    /// How members are found.
    pub discovery: DiscoveryView,
    /// Who was found.
    pub members: Vec<FoundView>,
    /// The gateway, in its mode.
    pub gateway: Option<gateway::View>,
    /// The children, in the others.
    pub children: Vec<Child>,
}

/// How members are found.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct DiscoveryView {
    /// Who is asked.
    pub place: String,
    /// What that costs, in words.
    pub cost: String,
    /// The shortest pause between two queries.
    pub pause_seconds: f64,
    /// How often was asked.
    pub asked: u64,
    /// How old the newest answer with members is.
    pub answered_seconds_ago: Option<f64>,
    /// Why nothing newer is known.
    pub trouble: Option<TroubleView>,
}

/// Queries that fail.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct TroubleView {
    /// What the newest failure says.
    pub words: String,
    /// For how long all have failed.
    pub for_seconds: f64,
    /// Whether the source answered, and knows no member.
    pub is_nobody: bool,
}

/// A member as it was found.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct FoundView {
    /// Its client URL.
    pub client_url: String,
    /// Its name, where it is known.
    pub name: Option<String>,
}

/// A child process.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Child {
    /// Where it listens.
    pub listen: Vec<String>,
    /// Whether it runs.
    pub is_up: bool,
    /// Its process ID.
    pub pid: Option<u32>,
    /// Its command line, as a shell takes it.
    pub command: Option<String>,
    /// How often it was started.
    pub starts: u64,
    /// How long it has run.
    pub up_seconds: Option<f64>,
    /// How the one before ended.
    pub last_exit: Option<String>,
    /// How long ago.
    pub last_exit_seconds_ago: Option<f64>,
    /// When it is started again.
    pub next_start_seconds: Option<f64>,
}

/// Whether clients are served; if not, why not.
pub(super) fn serves(shown: &Shown) -> Result<(), String> {
    if shown.known.borrow().members.is_none() {
        let trouble = shown.known.borrow().trouble.as_ref().map(|trouble| trouble.words.clone());
        return Err(trouble.unwrap_or_else(|| "no member is known yet".to_owned()));
    }
    match shown.server.upgrade() {
        Some(server) => server.serves(),
        None => Err("the program ends".to_owned()),
    }
}

pub(super) fn of(shown: &Shown) -> Status {
    let now = Instant::now();
    let known = shown.known.borrow().clone();
    let outcome = serves(shown);
    let (gateway, children) = match shown.server.upgrade().as_deref() {
        Some(Server::Gateway(gateway)) => (Some(gateway.view()), Vec::new()),
        Some(Server::Children(fleet)) => {
            (None, fleet.views().into_iter().map(|view| child(view, now)).collect())
        }
        None => (None, Vec::new()),
    };
    Status {
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        mode: shown.mode.name(),
        listen: shown.listen.clone(),
        up_seconds: age(now, shown.began),
        serves: outcome.is_ok(),
        because: outcome.err(),
        discovery: discovery(shown, &known, now),
        members: found(&known),
        gateway,
        children,
    }
}

fn discovery(shown: &Shown, known: &Known, now: Instant) -> DiscoveryView {
    let cost = shown.discovery.cost();
    DiscoveryView {
        place: shown.discovery.place(),
        cost: cost.words,
        pause_seconds: seconds(cost.pause),
        asked: known.asked,
        answered_seconds_ago: known.learned.map(|at| age(now, at)),
        trouble: known.trouble.as_ref().map(|trouble| TroubleView {
            words: trouble.words.clone(),
            for_seconds: age(now, trouble.since),
            is_nobody: trouble.is_nobody,
        }),
    }
}

fn found(known: &Known) -> Vec<FoundView> {
    let members = known.members.iter().flat_map(|members| &members.found);
    members.map(|m| FoundView { client_url: m.client_url.clone(), name: m.name.clone() }).collect()
}

fn child(view: ChildView, now: Instant) -> Child {
    let started = view.started.filter(|_| view.pid.is_some());
    let (last_exit_at, last_exit) = view.last_exit.unzip();
    Child {
        listen: view.listen,
        is_up: view.is_up,
        pid: view.pid,
        command: view.command,
        starts: view.starts,
        up_seconds: started.map(|at| age(now, at)),
        last_exit,
        last_exit_seconds_ago: last_exit_at.map(|at| age(now, at)),
        next_start_seconds: view.next_start.map(|at| age(at, now)),
    }
}

/// How long it is from one moment to a later one; tenths are enough.
fn age(later: Instant, earlier: Instant) -> f64 {
    seconds(later.saturating_duration_since(earlier))
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}
