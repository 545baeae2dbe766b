//! A watch that outlives members.

use std::collections::BTreeSet;

use etcd_client::{Error, WatchOptions, WatchResponse, WatchStream};
use tokio::time::{Instant, timeout_at};

use super::meaning::meaning;
use super::roster::Chosen;
use super::{Cluster, WatchError};

/// How etcd ends a watch whose user it no longer knows, for example because the member was started again.
const TOKEN_LOST: &str = "invalid auth token";

/// A watch that goes on at another member when its own one ends it: each revision is seen once, in order.
///
/// [`Watch::next`] may be dropped at any time. Where two watches end at the same revision they have seen the same.
pub struct Watch {
    cluster: Cluster,
    key: Vec<u8>,
    options: WatchOptions,
    /// The next revision to be seen; none while the watch is to begin with whatever comes.
    next: Option<i64>,
    live: Option<Live>,
}

struct Live {
    stream: WatchStream,
    chosen: Chosen,
}

/// What a response means for the watch.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// There are events, and this is the revision after them.
    Events(i64),
    /// There are none, and those before this revision have been seen.
    Seen(i64),
    /// It says nothing that matters here.
    Nothing,
    /// etcd ended it, and will again.
    Compacted(i64),
    /// etcd ended it, for this reason.
    Cancelled(String),
}

impl Cluster {
    /// Watches a key, or a range of them as the options say, from that revision on; without one, from whatever
    /// is written next. A revision in the options is not looked at, and a watch must not be fragmented.
    pub fn watch(
        &self,
        key: impl Into<Vec<u8>>,
        options: WatchOptions,
        from: Option<i64>,
    ) -> Watch {
        let (cluster, key) = (self.clone(), key.into());
        Watch { cluster, key, options, next: from, live: None }
    }
}

impl Watch {
    /// The next events, in order. Waits until there are some, at whatever member serves.
    ///
    /// # Errors
    /// See [`WatchError`].
    pub async fn next(&mut self) -> Result<WatchResponse, WatchError> {
        loop {
            let Some(live) = &mut self.live else {
                self.live = Some(self.begin().await?);
                continue;
            };
            match live.stream.message().await {
                Ok(Some(response)) => {
                    if self.take(&response)? {
                        return Ok(response);
                    }
                }
                Ok(None) => self.lost(&Error::WatchError("the stream ended".to_owned())),
                Err(error) => self.lost(&error),
            }
        }
    }

    /// The revision with which it goes on; none where nothing is known of that yet.
    pub fn next_revision(&self) -> Option<i64> {
        self.next
    }

    /// Begins, or goes on, at some member.
    async fn begin(&self) -> Result<Live, WatchError> {
        let until = Instant::now() + self.cluster.options().deadline;
        let mut tried = BTreeSet::new();
        loop {
            let Some(chosen) = self.cluster.choose(&tried, until).await else {
                return Err(WatchError::NobodyServes { members: self.cluster.words() });
            };
            let options = self.options.clone().with_start_revision(self.next.unwrap_or(0));
            let mut client = chosen.serving.client.clone();
            let watch = client.watch(self.key.clone(), Some(options.with_progress_notify()));
            match timeout_at(until, watch).await {
                Ok(Ok(stream)) => return Ok(Live { stream, chosen }),
                Ok(Err(error)) if !meaning(&error).is_of_member() => {
                    return Err(WatchError::Refused { member: chosen.url, source: error });
                }
                Ok(Err(error)) => self.cluster.set_aside(&chosen, &error),
                Err(_) => return Err(WatchError::NobodyServes { members: self.cluster.words() }),
            }
            tried.insert(chosen.url);
        }
    }

    fn lost(&mut self, error: &Error) {
        if let Some(live) = self.live.take() {
            self.cluster.set_aside(&live.chosen, error);
        }
    }

    /// Whether there are events for who watches.
    fn take(&mut self, response: &WatchResponse) -> Result<bool, WatchError> {
        match step(response, self.next.is_some()) {
            Step::Events(next) => {
                self.next = Some(next);
                return Ok(true);
            }
            Step::Seen(next) => self.next = self.next.max(Some(next)),
            Step::Nothing => {}
            Step::Compacted(oldest) => {
                self.live = None;
                return Err(WatchError::Compacted { asked: self.next.unwrap_or(0), oldest });
            }
            Step::Cancelled(reason) => return self.cancelled(reason).map(|()| false),
        }
        Ok(false)
    }

    fn cancelled(&mut self, reason: String) -> Result<(), WatchError> {
        let member = self.live.as_ref().map(|live| live.chosen.url.clone()).unwrap_or_default();
        if reason.contains(TOKEN_LOST) {
            self.lost(&Error::WatchError(reason));
            return Ok(());
        }
        self.live = None;
        Err(WatchError::Cancelled { member, reason })
    }
}

fn step(response: &WatchResponse, has_begun: bool) -> Step {
    let revision = response.header().map(|header| header.revision());
    let last = response.events().iter().filter_map(|event| event.kv()).map(|kv| kv.mod_revision());
    if response.canceled() {
        return match response.compact_revision() {
            0 => Step::Cancelled(response.cancel_reason().to_owned()),
            oldest => Step::Compacted(oldest),
        };
    }
    match (last.max(), revision) {
        (Some(last), _) => Step::Events(last + 1),
        // A watch from now on: this is what now is.
        (None, Some(now)) if response.created() && !has_begun => Step::Seen(now + 1),
        (None, _) if response.created() => Step::Nothing,
        // etcd has sent all events up to there.
        (None, Some(now)) if response.watch_id() >= 0 => Step::Seen(now + 1),
        (None, _) => Step::Nothing,
    }
}
