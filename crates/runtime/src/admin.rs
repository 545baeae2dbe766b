//! The admin server: reading only, in the predecessor's shapes where it had one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use etcd_mesos_core::health::Verdict;
use etcd_mesos_core::view::{FullReport, MemberEntry, Stats};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::guard::Counts;

mod members;

use members::{Followed, HELD_MAX};

/// What the driver shows after each step.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When the driver's loop last turned.
    pub at: Instant,
    /// `/members`
    pub members: Vec<MemberEntry>,
    /// `/stats`
    pub stats: Stats,
    /// `/report`
    pub report: FullReport,
    /// The store, in `/report?format=json`.
    pub store: StoreReport,
}

/// Where the record is kept, and how that went.
#[derive(Clone, Debug, Serialize)]
pub struct StoreReport {
    /// The file or znode.
    pub place: String,
    /// What became of the calls since the process started, by kind.
    pub calls: Counts,
}

/// The report as JSON.
#[derive(Serialize)]
struct WholeReport<'a> {
    #[serde(flatten)]
    report: &'a FullReport,
    store: &'a StoreReport,
}

/// The newest snapshot.
pub type Shown = watch::Receiver<Arc<Snapshot>>;

/// The driver turns at least this often; a much older snapshot means that it is stuck.
pub(crate) const TURN: Duration = Duration::from_secs(5);
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// The routes.
pub fn router(shown: Shown) -> Router {
    let followed = Followed::new(shown.clone(), HELD_MAX);
    Router::new()
        .route("/", get(index))
        .route("/members", get(members::members).with_state(followed))
        .route("/stats", get(stats))
        .route("/healthz", get(healthz))
        .route("/report", get(report))
        .with_state(shown)
}

async fn stats(State(shown): State<Shown>) -> Json<Stats> {
    Json(shown.borrow().stats)
}

/// `/healthz` asks for the scheduler, `/healthz?cluster` for the cluster: a sick etcd must not make
/// a supervisor restart the scheduler that heals it.
#[derive(Deserialize)]
struct HealthQuery {
    cluster: Option<String>,
}

async fn healthz(State(shown): State<Shown>, Query(query): Query<HealthQuery>) -> Response {
    let snapshot = shown.borrow().clone();
    if query.cluster.is_some() {
        return cluster_health(&snapshot);
    }
    let age = snapshot.at.elapsed();
    if age > STUCK_AFTER {
        let text = format!("the scheduler has not moved for {} s\n", age.as_secs());
        return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
    }
    (StatusCode::OK, "scheduler is alive\n").into_response()
}

fn cluster_health(snapshot: &Snapshot) -> Response {
    let health = &snapshot.report.health;
    let (status, word) = match health.verdict {
        Verdict::Healthy => (StatusCode::OK, "healthy"),
        Verdict::Degraded => (StatusCode::OK, "degraded, and serving"),
        Verdict::Unhealthy => (StatusCode::INTERNAL_SERVER_ERROR, "not healthy"),
        Verdict::Unknown => (StatusCode::INTERNAL_SERVER_ERROR, "not known to be healthy"),
    };
    (status, format!("cluster is {word}: {}\n", health.because)).into_response()
}

#[derive(Deserialize)]
struct ReportQuery {
    format: Option<String>,
}

async fn report(
    State(shown): State<Shown>,
    Query(query): Query<ReportQuery>,
    headers: HeaderMap,
) -> Response {
    let snapshot = shown.borrow().clone();
    let Snapshot { report, store, .. } = &*snapshot;
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let wants_json = query.format.as_deref() == Some("json") || accept.contains("json");
    if wants_json {
        return Json(WholeReport { report, store }).into_response();
    }
    render(report).into_response()
}

fn render(report: &FullReport) -> String {
    let mut text = format!(
        "cluster {} (epoch {}): {:?}: {}\n\n",
        report.cluster, report.epoch, report.health.verdict, report.health.because
    );
    text.push_str(&report.report.to_string());
    if !report.members.is_empty() {
        text.push('\n');
    }
    for member in &report.members {
        let leader = if member.is_leader { " leader" } else { "" };
        let id = member.member_id.map_or("-".to_owned(), |id| id.to_string());
        text.push_str(&format!(
            "{}  {id}  {} on {}{leader}\n",
            member.name, member.client_url, member.hostname
        ));
    }
    text.push_str("\n/report?format=json has the same as JSON.\n");
    text
}

async fn index() -> Html<&'static str> {
    Html(include_str!("index.html"))
}
