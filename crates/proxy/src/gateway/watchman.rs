//! What happens by the clock and by the discovery, and not by a client.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::drain::{Fate, Treatment};
use super::look;
use super::shared::{Shared, State};
use super::table::Key;

/// How often the pulse of connections is felt.
const BEAT: Duration = Duration::from_millis(100);
/// A client's bytes that wait so long for an answer make the member looked at.
const PATIENCE: Duration = Duration::from_millis(200);

/// Takes each new answer of the discovery, for ever.
pub(super) async fn follow(shared: Arc<Shared>) {
    let mut known = shared.following.known();
    loop {
        let found = known.borrow_and_update().members.as_ref().map(|members| members.found.clone());
        if let Some(found) = found {
            let new = shared.state().table.learn(&found, Instant::now());
            for key in new {
                look::spawn(&shared, key);
            }
            shared.judge();
        }
        if known.changed().await.is_err() {
            return;
        }
    }
}

/// Feels the pulse of all connections, for ever.
pub(super) async fn watch(shared: Arc<Shared>) {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        shared.judge();
        let now = Instant::now();
        let mut state = shared.state();
        let late = feel(&mut state, now);
        settle(&shared, &mut state, now);
        state.table.forget();
        state.settle_trouble(now);
        drop(state);
        late.into_iter().for_each(|key| shared.look_soon(key));
    }
}

/// Feels every pulse; returns members that owe an answer, some more than once.
fn feel(state: &mut State, now: Instant) -> Vec<Key> {
    let mut late = Vec::new();
    for open in state.opens.iter_mut() {
        open.feel(now);
        if open.pulse.is_unanswered(PATIENCE, now) {
            late.push(open.member);
        }
    }
    late.dedup();
    late
}

/// Ends the connections that are not to go on.
fn settle(shared: &Shared, state: &mut State, now: Instant) {
    let State { table, opens, .. } = state;
    for open in opens.iter() {
        let treatment = table.treatment(open.member, now);
        let fate = treatment.fate(&open.pulse, &shared.settings, now);
        if fate == Fate::Stay || open.task.is_finished() {
            continue;
        }
        open.carried.is_closed.store(fate == Fate::Close, Relaxed);
        open.task.abort();
        if let Some(member) = table.get_mut(open.member) {
            match treatment {
                Treatment::Cut => member.tally.cut += 1,
                Treatment::DrainUntil(_) | Treatment::Keep => member.tally.drained += 1,
            }
        }
    }
}
