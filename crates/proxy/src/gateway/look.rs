//! Looks at one member, for as long as it is in the table.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use etcd_mesos_core::cause::chain;
use etcd_mesos_etcd::probe::{Probe, ProbeError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::connect;
use super::health::{Seen, Told};
use super::place::Place;
use super::shared::Shared;
use super::table::Key;

/// However much is asked for: this long between two looks at a member.
const SOONEST: Duration = Duration::from_millis(100);

/// How old bytes may be that make a look superfluous.
const JUST_NOW: Duration = Duration::from_secs(1);

/// Looks at a member, in a task of its own, until it is forgotten or the gateway has ended.
pub(super) fn spawn(shared: &Arc<Shared>, key: Key) {
    let mut state = shared.state();
    let Some(member) = state.table.get(key) else { return };
    let place = Arc::clone(&member.place);
    let soon = Arc::new(Notify::new());
    state.looks.insert(key, Arc::clone(&soon));
    let eye = Eye { key, probe: Probe::new(&place.client_url), place, soon, ourselves: None };
    drop(state);
    tokio::spawn(eye.run(Arc::downgrade(shared)));
}

struct Eye {
    key: Key,
    place: Arc<Place>,
    probe: Probe,
    soon: Arc<Notify>,
    /// What is seen of a member that is this gateway itself. It would answer for any other member.
    ourselves: Option<Seen>,
}

impl Eye {
    async fn run(mut self, gateway: Weak<Shared>) {
        if let Some(shared) = gateway.upgrade() {
            let Shared { settings, doors, .. } = &*shared;
            self.ourselves =
                connect::is_ourselves(&self.place.authority, settings.look_max, doors).await;
        }
        while let Some(shared) = gateway.upgrade() {
            let Some(pause) = self.look(&shared).await else { break };
            drop(shared);
            self.rest(pause).await;
        }
        if let Some(shared) = gateway.upgrade() {
            shared.state().looks.remove(&self.key);
        }
    }

    async fn rest(&self, pause: Duration) {
        sleep(SOONEST).await;
        let rest = pause.mul_f64(0.8 + 0.4 * fastrand::f64()).saturating_sub(SOONEST);
        // What was said while it rested the least time is heard now.
        let _ = timeout(rest, self.soon.notified()).await;
    }

    /// Looks once; the pause after it, or none when nobody wants to know any more.
    async fn look(&mut self, shared: &Shared) -> Option<Duration> {
        shared.state().table.get_mut(self.key)?.health.ask(Instant::now());
        let before = self.brought(shared);
        let seen = self.seen(shared).await;
        let has_traffic = self.brought(shared) != before;
        shared.state().table.looked(self.key, seen, has_traffic, Instant::now());
        shared.judge();
        shared.wake();
        let state = shared.state();
        if state.is_over { None } else { state.table.pause(self.key) }
    }

    async fn seen(&mut self, shared: &Shared) -> Seen {
        let max = shared.settings.look_max;
        if let Some(ourselves) = &self.ourselves {
            return ourselves.clone();
        }
        if !self.place.is_tls {
            return self.ask(max).await;
        }
        // A member behind TLS writes a line of its log for each look.
        if self.was_heard(shared) {
            return Seen::Alive("it speaks TLS; its connections carry bytes".to_owned());
        }
        match knock(&self.place.authority, max).await {
            Ok(()) => Seen::Alive("it speaks TLS".to_owned()),
            Err(error) => connect::seen(&error),
        }
    }

    /// Asks for its status; where there is no answer, whether anybody is there at all.
    async fn ask(&mut self, max: Duration) -> Seen {
        let error = match self.probe.glance(max).await {
            Ok(status) => return Seen::Told(Told::from(status)),
            Err(error) => error,
        };
        let words = chain(&error);
        if error.is_refusal() {
            return Seen::Alive(words);
        }
        if matches!(error, ProbeError::Deadline { .. }) {
            return Seen::Silent(words);
        }
        match knock(&self.place.authority, max).await {
            Ok(()) => Seen::Mute(words),
            Err(error) => connect::seen(&error),
        }
    }

    /// Bytes that connections have brought from the member.
    fn brought(&self, shared: &Shared) -> u64 {
        let state = shared.state();
        let over = state.table.get(self.key).map_or(0, |member| member.tally.from_member);
        over + state.opens.carried(self.key).1
    }

    /// Whether connections have brought bytes from the member just now.
    fn was_heard(&self, shared: &Shared) -> bool {
        let heard = shared.state().opens.heard(self.key);
        heard.is_some_and(|at| at.elapsed() < JUST_NOW)
    }
}

/// Whether a program lives behind an address, whatever it speaks: it is told at once that nothing comes,
/// and a program that lives ends the connection too. A kernel alone would take the connection and stay
/// silent: so does a member that is frozen, or that has only begun to start.
async fn knock(authority: &str, max: Duration) -> io::Result<()> {
    let knock = async {
        let mut stream = TcpStream::connect(authority).await?;
        stream.shutdown().await?;
        let mut answer = [0; 64];
        while stream.read(&mut answer).await? > 0 {}
        io::Result::Ok(())
    };
    match timeout(max, knock).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
        Ok(ended) => ended,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")),
    }
}
