//! One client: a member for it, or a while of waiting for one.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::connect;
use super::drain::Pulse;
use super::open::Open;
use super::place::Place;
use super::relay::{Carried, End, Relay};
use super::shared::Shared;
use super::table::Key;

/// How often who waits tries again where nothing changes: a member that was late may take it.
const AGAIN: Duration = Duration::from_millis(500);

/// How long a client waits for looks at members of which nothing new is known. They take a millisecond.
const FRESHEN_MAX: Duration = Duration::from_millis(300);

/// Serves a client that was accepted.
pub(super) async fn serve(shared: Arc<Shared>, client: TcpStream, permit: OwnedSemaphorePermit) {
    let until = Instant::now() + shared.settings.wait_max;
    let mut changes = shared.changes();
    let mut waiting = None;
    freshen(&shared, &mut changes).await;
    loop {
        changes.mark_unchanged();
        if let Some((ticket, member)) = reach(&shared).await {
            drop(waiting);
            carry(ticket, client, member, permit);
            return;
        }
        if waiting.is_none() {
            waiting = Waiting::begin(&shared);
        }
        let may_wait = waiting.is_some() && Instant::now() < until && !shared.state().is_over;
        if !may_wait {
            shared.count_unserved();
            return;
        }
        shared.following.hurry();
        wait(&mut changes, until).await;
    }
}

/// Has members looked at of which nothing new is known, and waits for that a moment.
async fn freshen(shared: &Shared, changes: &mut watch::Receiver<()>) {
    let until = Instant::now() + FRESHEN_MAX;
    shared.stale().into_iter().for_each(|key| shared.look_soon(key));
    while Instant::now() < until && !shared.stale().is_empty() {
        wait(changes, until).await;
    }
}

async fn wait(changes: &mut watch::Receiver<()>, until: Instant) {
    let _ = timeout_at(until, timeout(AGAIN, changes.changed())).await;
}

/// Connects to a member, the best one first, until one takes the connection.
async fn reach(shared: &Arc<Shared>) -> Option<(Ticket, TcpStream)> {
    let mut tried = Vec::new();
    loop {
        let (ticket, place) = Ticket::draw(shared, &tried)?;
        match connect::connect(&place.authority, shared.settings.connect_max, &shared.doors).await {
            Ok(member) => return Some((ticket, member)),
            Err(error) if connect::is_our_own(&error) => {
                shared.trouble(own_words(&error));
                return None;
            }
            Err(error) => {
                shared.connect_failed(ticket.key, connect::seen(&error));
                tried.push(ticket.key);
            }
        }
    }
}

fn own_words(error: &io::Error) -> String {
    format!("no connection to a member can be made: {error}")
}

/// A place among a member's connections. Giving it back is what ends it.
struct Ticket {
    shared: Arc<Shared>,
    key: Key,
}

impl Ticket {
    fn draw(shared: &Arc<Shared>, tried: &[Key]) -> Option<(Ticket, Arc<Place>)> {
        let mut chance = fastrand::Rng::new();
        let (key, place) = shared.state().table.choose(tried, &mut chance, Instant::now())?;
        Some((Ticket { shared: Arc::clone(shared), key }, place))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(member) = self.shared.state().table.get_mut(self.key) {
            member.open -= 1;
            member.ended.note(Instant::now());
        }
    }
}

/// A place among those that wait.
struct Waiting(Arc<Shared>);

impl Waiting {
    fn begin(shared: &Arc<Shared>) -> Option<Waiting> {
        let count = shared.counts.waiting.fetch_add(1, Relaxed);
        let waiting = Waiting(Arc::clone(shared));
        (count < shared.settings.waiting_max).then_some(waiting)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.counts.waiting.fetch_sub(1, Relaxed);
    }
}

/// Begins to carry bytes, in a task of its own: that of the way here is larger, and is over.
fn carry(ticket: Ticket, client: TcpStream, member: TcpStream, permit: OwnedSemaphorePermit) {
    let shared = Arc::clone(&ticket.shared);
    let key = ticket.key;
    let carried = Arc::new(Carried::default());
    let number = shared.state().opens.number();
    let relay = Relay::new(client, member);
    let line =
        Line { relay, number, end: None, carried: Arc::clone(&carried), ticket, _permit: permit };
    let task = tokio::spawn(line.run()).abort_handle();
    let mut state = shared.state();
    if let Some(member) = state.table.get_mut(key) {
        member.tally.opened += 1;
    }
    // With several threads it may be over before it is known.
    if !carried.is_over.load(Relaxed) {
        let pulse = Pulse::new(Instant::now());
        state.opens.insert(number, Open { member: key, carried, pulse, task });
    }
}

/// A connection from end to end, with all that is its own.
struct Line {
    relay: Relay,
    number: u64,
    end: Option<End>,
    carried: Arc<Carried>,
    ticket: Ticket,
    _permit: OwnedSemaphorePermit,
}

impl Line {
    async fn run(mut self) {
        let Line { relay, carried, ticket, .. } = &mut self;
        let held = &ticket.shared.held;
        self.end = Some(poll_fn(|cx| relay.poll(carried, held, cx)).await);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.relay.is_shut() && !self.carried.is_closed.load(Relaxed) {
            self.relay.break_off();
        }
        let shared = &self.ticket.shared;
        shared.held.fetch_sub(self.carried.held.load(Relaxed), Relaxed);
        let mut state = shared.state();
        self.carried.is_over.store(true, Relaxed);
        state.opens.remove(self.number);
        if let Some(member) = state.table.get_mut(self.ticket.key) {
            member.tally.to_member += self.carried.to_member.load(Relaxed);
            member.tally.from_member += self.carried.from_member.load(Relaxed);
        }
        let is_idle = state.opens.len() == 0;
        let is_members_doing = self.end == Some(End::Member) || self.relay.was_left_by_member();
        if let Some(member) = state.table.get_mut(self.ticket.key).filter(|_| is_members_doing) {
            member.health.suspect(Instant::now());
        }
        drop(state);
        if is_members_doing {
            shared.look_soon(self.ticket.key);
        }
        if is_idle {
            shared.wake();
        }
    }
}
