//! The members: those that the discovery found, and those that left and still have connections. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_core::discovery::Found;
use etcd_mesos_core::id::ClusterId;
use fastrand::Rng;
use tokio::time::Instant;

use super::balance::{self, Candidate, Ended};
use super::drain::Treatment;
use super::health::{Health, Seen};
use super::identity::{Identity, Opinion, Turn};
use super::place::Place;
use super::{Settings, Standing};

/// A member in the table. A URL that comes back while connections to it are open has its old key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64);

/// What is known of one member.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) found: Found,
    pub(super) place: Arc<Place>,
    pub(super) health: Health,
    pub(super) standing: Standing,
    pub(super) because: String,
    /// Since when it stands so.
    pub(super) since: Instant,
    /// When it left the discovery's answer.
    pub(super) left: Option<Instant>,
    /// Connections that are open or being made.
    pub(super) open: usize,
    pub(super) ended: Ended,
    pub(super) tally: Tally,
}

/// Counts of what is over.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) opened: u64,
    pub(super) to_member: u64,
    pub(super) from_member: u64,
    pub(super) drained: u64,
    pub(super) cut: u64,
    pub(super) connect_failures: u64,
}

/// A change that an operator is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Stands { client_url: String, standing: Standing, because: String },
    Identity(Turn),
}

/// All members.
#[derive(Debug)]
pub(super) struct Table {
    settings: Settings,
    members: BTreeMap<Key, Member>,
    next: u64,
    identity: Identity,
    /// When the gateway was told to stop, and how long that may take.
    stopping: Option<Instant>,
}

impl Table {
    pub(super) fn new(settings: Settings) -> Table {
        let identity = Identity::default();
        Table { settings, members: BTreeMap::new(), next: 0, identity, stopping: None }
    }

    /// Takes the discovery's newest answer, and returns the members that are new.
    pub(super) fn learn(&mut self, found: &[Found], now: Instant) -> Vec<Key> {
        for member in self.members.values_mut() {
            let is_found = found.iter().any(|f| f.client_url == member.found.client_url);
            member.left = if is_found { None } else { member.left.or(Some(now)) };
        }
        let new = found.iter().filter_map(|found| self.enter(found, now)).collect();
        self.forget();
        new
    }

    fn enter(&mut self, found: &Found, now: Instant) -> Option<Key> {
        let known = self.members.values_mut().find(|m| m.found.client_url == found.client_url);
        if let Some(member) = known {
            member.found = found.clone();
            return None;
        }
        let key = Key(self.next);
        self.next += 1;
        self.members.insert(key, Member::new(found.clone(), now));
        Some(key)
    }

    /// Forgets members that left and have no connection any more.
    pub(super) fn forget(&mut self) {
        self.members.retain(|_, member| member.left.is_none() || member.open > 0);
    }

    pub(super) fn get(&self, key: Key) -> Option<&Member> {
        self.members.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Member> {
        self.members.get_mut(&key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Key, &Member)> {
        self.members.iter().map(|(key, member)| (*key, member))
    }

    /// The cluster whose members get connections.
    pub(super) fn cluster(&self) -> Option<ClusterId> {
        self.identity.cluster()
    }

    /// A look at a member ended.
    pub(super) fn looked(&mut self, key: Key, seen: Seen, has_traffic: bool, now: Instant) {
        let Some(member) = self.members.get_mut(&key) else { return };
        member.health.absorb(seen, has_traffic, now);
        if let Some(cluster) = member.health.cluster() {
            self.identity.note(cluster, now);
        }
    }

    /// The pause before the next look at a member; none when nobody wants to know any more.
    pub(super) fn pause(&self, key: Key) -> Option<Duration> {
        let is_in_use = self.members.values().any(|member| member.open > 0);
        self.get(key).map(|member| member.health.pause(is_in_use, &self.settings))
    }

    /// Members of which nothing new is known for too long.
    pub(super) fn stale(&self, now: Instant) -> Vec<Key> {
        let is_stale =
            |(_, m): &(Key, &Member)| m.left.is_none() && m.health.is_stale(&self.settings, now);
        self.iter().filter(is_stale).map(|(key, _)| key).collect()
    }

    /// The member for a new connection, which is counted from now on.
    pub(super) fn choose(
        &mut self,
        tried: &[Key],
        chance: &mut Rng,
        now: Instant,
    ) -> Option<(Key, Arc<Place>)> {
        let cluster = self.cluster();
        let is_wanted = |(key, m): &(&Key, &Member)| m.left.is_none() && !tried.contains(key);
        let candidates: Vec<Candidate<Key>> = (self.members.iter().filter(is_wanted))
            .map(|(key, member)| Candidate {
                key: *key,
                standing: member.health.standing(cluster, &self.settings, now),
                priority: member.found.priority,
                weight: member.found.weight,
                load: member.open + member.ended.load(now),
            })
            .collect();
        let key = balance::choose(&candidates, chance)?;
        let member = self.members.get_mut(&key)?;
        member.open += 1;
        Some((key, Arc::clone(&member.place)))
    }

    /// Judges everything anew, and returns what changed.
    pub(super) fn judge(&mut self, now: Instant) -> Vec<Change> {
        let found: Vec<Opinion> =
            self.members.values().filter(|m| m.left.is_none()).map(Member::opinion).collect();
        let turn = self.identity.judge(&found, self.settings.dead_after, now);
        let cluster = self.cluster();
        let settings = &self.settings;
        let stands =
            self.members.values_mut().filter_map(|member| member.judge(cluster, settings, now));
        turn.map(Change::Identity).into_iter().chain(stands).collect()
    }

    /// What is to become of a member's open connections.
    pub(super) fn treatment(&self, key: Key, now: Instant) -> Treatment {
        let Some(member) = self.get(key) else { return Treatment::Cut };
        let is_lost =
            member.health.is_gone(&self.settings, now) || member.standing == Standing::OtherCluster;
        if is_lost {
            return Treatment::Cut;
        }
        let of_member = [member.left, self.useless_since(member, now)]
            .map(|at| Some(at? + self.settings.drain_max));
        let end = of_member.into_iter().chain([self.stopping]).flatten().min();
        end.map_or(Treatment::Keep, Treatment::DrainUntil)
    }

    /// Since when a member has been without a leader for too long, while another one has one.
    fn useless_since(&self, member: &Member, now: Instant) -> Option<Instant> {
        let since = member.health.leaderless()? + self.settings.leaderless_after;
        let others_serve =
            || self.members.values().any(|m| m.left.is_none() && m.standing == Standing::Serves);
        (now >= since && others_serve()).then_some(since)
    }

    /// All connections are drained until then.
    pub(super) fn stop(&mut self, until: Instant) {
        self.stopping = Some(until);
    }
}

impl Member {
    fn new(found: Found, now: Instant) -> Member {
        Member {
            place: Arc::new(Place::of(&found.client_url)),
            found,
            health: Health::default(),
            standing: Standing::Unknown,
            because: String::new(),
            since: now,
            left: None,
            open: 0,
            ended: Ended::new(now),
            tally: Tally::default(),
        }
    }

    fn opinion(&self) -> Opinion {
        match self.health.cluster() {
            Some(cluster) => Opinion::Is(cluster),
            None if self.health.is_looked_at() => Opinion::Silent,
            None => Opinion::Unknown,
        }
    }

    fn judge(
        &mut self,
        cluster: Option<ClusterId>,
        settings: &Settings,
        now: Instant,
    ) -> Option<Change> {
        let standing = self.health.standing(cluster, settings, now);
        self.because = self.health.because(standing, cluster);
        if standing == self.standing {
            return None;
        }
        (self.standing, self.since) = (standing, now);
        let client_url = self.found.client_url.clone();
        Some(Change::Stands { client_url, standing, because: self.because.clone() })
    }
}

#[cfg(test)]
mod tests;
