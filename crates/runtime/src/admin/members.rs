//! `/members`: who clients may use, and a way to follow that without asking again and again.
//!
//! A list has a strong `ETag` made of what it says, so that it is the same after a restart of the scheduler. Who
//! names it in `If-None-Match` is answered 304 for as long as it holds; with `?wait=30s` that answer is held back
//! until the members change or the time is over.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use etcd_mesos_core::setting::Span;
use etcd_mesos_core::view::MemberEntry;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Shown;

/// Who wants to wait longer asks again: what lies between may forget a silent connection.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(60);
/// More than a cluster of etcd has clients that follow its members; each holds a connection and a file of the
/// scheduler's.
pub(super) const HELD_MAX: usize = 1000;

/// What the handler knows; clones are the same.
#[derive(Clone)]
pub(super) struct Followed {
    shown: Shown,
    /// One permit for each answer that may still be held back.
    free: Arc<Semaphore>,
}

#[derive(Deserialize)]
pub(super) struct MembersQuery {
    wait: Option<Span>,
}

/// A list as it is sent.
struct Told {
    body: Vec<u8>,
    tag: String,
}

impl Followed {
    pub(super) fn new(shown: Shown, held_max: usize) -> Followed {
        Followed { shown, free: Arc::new(Semaphore::new(held_max)) }
    }

    /// Answers who knows the lists of these tags, at once or after so long.
    async fn answer(mut self, known: &[String], wait: Duration) -> Response {
        let members = self.shown.borrow_and_update().members.clone();
        let told = told(&members);
        if !known.iter().any(|tag| *tag == told.tag || tag == "*") {
            return whole(told);
        }
        match self.change(&members, wait.min(WAIT_MAX)).await {
            Some(changed) => whole(self::told(&changed)),
            None => unchanged(&told.tag),
        }
    }

    /// Waits for other members. Beyond the bound nobody waits.
    async fn change(
        &mut self,
        members: &[MemberEntry],
        wait: Duration,
    ) -> Option<Vec<MemberEntry>> {
        if wait.is_zero() {
            return None;
        }
        let _permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        let other = self.shown.wait_for(|snapshot| snapshot.members != members);
        // Where nobody shows anything any more the scheduler ends, and its connections with it.
        let snapshot = timeout(wait, other).await.ok()?.ok()?;
        Some(snapshot.members.clone())
    }
}

pub(super) async fn members(
    State(followed): State<Followed>,
    Query(query): Query<MembersQuery>,
    headers: HeaderMap,
) -> Response {
    let wait = query.wait.map_or(Duration::ZERO, |span| span.0);
    followed.answer(&known(&headers), wait).await
}

/// The tags of `If-None-Match`. A weak one counts too: whether the members are the same is all that is asked.
fn known(headers: &HeaderMap) -> Vec<String> {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    let tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag).to_owned()).collect()
}

fn told(members: &[MemberEntry]) -> Told {
    // Names, numbers and addresses: nothing that JSON cannot say.
    let body = serde_json::to_vec(members).unwrap_or_default();
    let digest = Sha256::digest(&body);
    let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Told { body, tag: format!("\"{digits}\"") }
}

fn whole(told: Told) -> Response {
    let json = HeaderValue::from_static("application/json");
    let body = ([(header::CONTENT_TYPE, json)], told.body);
    (StatusCode::OK, about(&told.tag), body).into_response()
}

fn unchanged(tag: &str) -> Response {
    (StatusCode::NOT_MODIFIED, about(tag)).into_response()
}

/// A cache may keep it, but has to ask whether it still holds.
fn about(tag: &str) -> [(header::HeaderName, String); 2] {
    [(header::ETAG, tag.to_owned()), (header::CACHE_CONTROL, "no-cache".to_owned())]
}

#[cfg(test)]
mod tests;
