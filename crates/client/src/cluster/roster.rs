//! The members as they stand, and which of them is taken: pure, but for the choice by chance, which is given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use etcd_client::Client;
use etcd_mesos_core::discovery::Found;
use tokio::sync::Notify;

/// The members, by their client URLs.
pub(super) struct Roster<C = Client> {
    pub seats: BTreeMap<String, Seat<C>>,
}

impl<C> Default for Roster<C> {
    fn default() -> Roster<C> {
        Roster { seats: BTreeMap::new() }
    }
}

/// A member.
pub(super) struct Seat<C = Client> {
    pub found: Found,
    pub standing: Standing<C>,
}

/// How a member stands.
pub(super) enum Standing<C = Client> {
    /// Nobody has spoken with it yet.
    Joining,
    /// It serves.
    Serving(Serving<C>),
    /// It is not used: why.
    Aside(String),
}

/// A connection that is used.
#[derive(Clone)]
pub(super) struct Serving<C = Client> {
    pub client: C,
    /// Told when the connection should be made anew. It also says which connection it is.
    pub failed: Arc<Notify>,
}

/// A member that was chosen for a call.
#[derive(Clone)]
pub(super) struct Chosen<C = Client> {
    pub url: String,
    pub serving: Serving<C>,
}

impl<C: Clone> Roster<C> {
    /// Takes one that serves: of the lowest priority, by chance according to their weights (RFC 2782). One of
    /// `tried` only where all were tried. `chance` is from 0 to 1, without 1.
    pub(super) fn choose(&self, tried: &BTreeSet<String>, chance: f64) -> Option<Chosen<C>> {
        let fresh = |url: &String| !tried.contains(url);
        let candidates = self.best(fresh);
        let candidates = if candidates.is_empty() { self.best(|_| true) } else { candidates };
        // No weight is no reason never to be taken.
        let weight = |seat: &Seat<C>| f64::from(seat.found.weight.max(1));
        let all: f64 = candidates.iter().map(|(_, seat, _)| weight(seat)).sum();
        let mut left = chance * all;
        let chosen = candidates.iter().find(|(_, seat, _)| {
            left -= weight(seat);
            left < 0.0
        });
        let (url, _, serving) = chosen.or(candidates.last())?;
        Some(Chosen { url: (*url).clone(), serving: (*serving).clone() })
    }

    /// Those of the lowest priority that serve and are wanted.
    fn best(&self, is_wanted: impl Fn(&String) -> bool) -> Vec<(&String, &Seat<C>, &Serving<C>)> {
        let mut all: Vec<_> = self.seats.iter().filter_map(serving).collect();
        all.retain(|(url, ..)| is_wanted(url));
        let lowest = all.iter().map(|(_, seat, _)| seat.found.priority).min();
        all.retain(|(_, seat, _)| Some(seat.found.priority) == lowest);
        all
    }

    /// What is known of each, in words.
    pub(super) fn words(&self) -> String {
        let words = |(url, seat): (&String, &Seat<C>)| match &seat.standing {
            Standing::Joining => format!("{url} was not reached yet"),
            Standing::Serving(_) => format!("{url} serves"),
            Standing::Aside(why) => format!("{url}: {why}"),
        };
        let all: Vec<String> = self.seats.iter().map(words).collect();
        if all.is_empty() { "no member is known".to_owned() } else { all.join("; ") }
    }

    /// Sets a member aside, if that connection is still the one in use; whether it was.
    pub(super) fn set_aside(&mut self, chosen: &Chosen<C>, why: String) -> bool {
        let Some(seat) = self.seats.get_mut(&chosen.url) else { return false };
        let Standing::Serving(now) = &seat.standing else { return false };
        if !Arc::ptr_eq(&now.failed, &chosen.serving.failed) {
            return false;
        }
        now.failed.notify_one();
        seat.standing = Standing::Aside(why);
        true
    }

    /// Lets those stand there that were found, and nobody else. Returns who has to be joined, and who to be left:
    /// another name of a certificate makes another member.
    pub(super) fn follow(&mut self, found: &[Found]) -> (Vec<Found>, Vec<String>) {
        let is_same = |seat: &Seat<C>| {
            found.iter().any(|f| f.client_url == seat.found.client_url && f.host == seat.found.host)
        };
        let gone: Vec<String> = self
            .seats
            .iter()
            .filter(|(_, seat)| !is_same(seat))
            .map(|(url, _)| url.clone())
            .collect();
        self.seats.retain(|url, _| !gone.contains(url));
        let mut new = Vec::new();
        for member in found {
            match self.seats.get_mut(&member.client_url) {
                Some(seat) => seat.found = member.clone(),
                None => {
                    let seat = Seat { found: member.clone(), standing: Standing::Joining };
                    self.seats.insert(member.client_url.clone(), seat);
                    new.push(member.clone());
                }
            }
        }
        (new, gone)
    }
}

fn serving<'a, C>(
    (url, seat): (&'a String, &'a Seat<C>),
) -> Option<(&'a String, &'a Seat<C>, &'a Serving<C>)> {
    match &seat.standing {
        Standing::Serving(serving) => Some((url, seat, serving)),
        Standing::Joining | Standing::Aside(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster(members: &[(&str, u16, u16)]) -> Roster<u8> {
        let mut roster = Roster::default();
        let found: Vec<Found> = members
            .iter()
            .map(|(url, priority, weight)| Found::at(*url).ranked(*priority, *weight))
            .collect();
        roster.follow(&found);
        for seat in roster.seats.values_mut() {
            seat.standing = Standing::Serving(Serving { client: 0, failed: Arc::default() });
        }
        roster
    }

    fn chosen(roster: &Roster<u8>, tried: &[&str], chance: f64) -> Option<String> {
        let tried = tried.iter().map(|url| (*url).to_owned()).collect();
        roster.choose(&tried, chance).map(|chosen| chosen.url)
    }

    #[test]
    fn members_are_taken_by_priority_weight_and_chance() {
        let all = roster(&[("a", 0, 1), ("b", 0, 3), ("c", 0, 0), ("d", 1, 9)]);
        let of = |tried: &[&str], chance| chosen(&all, tried, chance).expect("a member");
        let by_chance: Vec<String> =
            [0.0, 0.19, 0.21, 0.79, 0.81, 0.999].map(|c| of(&[], c)).into();
        assert_eq!(by_chance, ["a", "a", "b", "b", "c", "c"]);
        assert_eq!(of(&["a", "b"], 0.0), "c");
        assert_eq!(of(&["a", "b", "c"], 0.0), "d");
        assert_eq!(of(&["a", "b", "c", "d"], 0.0), "a", "all were tried");
        assert_eq!(chosen(&roster(&[]), &[], 0.0), None);
    }

    #[test]
    fn who_was_set_aside_is_not_taken_and_only_the_connection_in_use_is_set_aside() {
        let mut all = roster(&[("a", 0, 1), ("b", 1, 1)]);
        let first = all.choose(&BTreeSet::new(), 0.0).expect("a");
        assert!(all.set_aside(&first, "it was reset".into()));
        assert!(!all.set_aside(&first, "again".into()));
        assert_eq!(chosen(&all, &[], 0.0).as_deref(), Some("b"));
        assert_eq!(all.words(), "a: it was reset; b serves");
        let anew = Serving { client: 1, failed: Arc::default() };
        all.seats.get_mut("a").expect("a").standing = Standing::Serving(anew);
        assert!(!all.set_aside(&first, "late".into()), "a call on the connection before");
        assert_eq!(chosen(&all, &[], 0.0).as_deref(), Some("a"));
    }

    #[test]
    fn those_stand_there_that_were_found() {
        let mut all = roster(&[("a", 0, 1), ("b", 0, 1)]);
        let found = [Found::at("b").ranked(7, 7), Found::at("c")];
        let (new, gone) = all.follow(&found);
        assert_eq!((new, gone), (vec![Found::at("c")], vec!["a".to_owned()]));
        assert_eq!(all.words(), "b serves; c was not reached yet");
        assert_eq!(all.seats["b"].found.priority, 7);
        let (new, gone) = all.follow(&[Found::at("b").certified_for("x")]);
        assert_eq!((new.len(), gone), (1, vec!["b".to_owned(), "c".to_owned()]));
    }
}
