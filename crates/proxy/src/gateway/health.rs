//! How one member stands, from what looks at it showed. Pure.

use std::time::Duration;

use etcd_mesos_core::id::{ClusterId, MemberId};
use etcd_mesos_core::observation::Observation;
use tokio::time::Instant;

use super::{Settings, Standing};

/// A member that is late by so much with the answer to a look gets no new connection while another one
/// answers. It is two orders of magnitude more than an answer takes.
const LATE_AFTER: Duration = Duration::from_millis(200);
/// Fewer misses than this are no death, however long they took: this process may have stood still.
const MISSES_OF_DEATH: u32 = 3;
/// The first pause after a miss; it doubles with each further one.
const MISS_PAUSE: Duration = Duration::from_millis(100);
/// An etcd that is about to end answers a look for so long, and no longer.
const SUSPICION: Duration = Duration::from_millis(300);
/// How many times longer the pause is where a look finds little or nobody is served.
const LAZY: u32 = 5;

/// What one look showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It told how it is.
    Told(Told),
    /// It lives and does not tell how it is.
    Alive(String),
    /// A program is there that takes connections, and did not answer the question.
    Mute(String),
    /// Nobody takes connections there, or nothing leads there.
    Refused(String),
    /// There was no answer in time.
    Silent(String),
}

/// What a member tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) member_id: MemberId,
    pub(super) cluster_id: ClusterId,
    pub(super) leader: Option<MemberId>,
    pub(super) is_learner: bool,
    pub(super) version: String,
}

impl From<Observation> for Told {
    fn from(seen: Observation) -> Told {
        Told {
            member_id: seen.member_id,
            cluster_id: seen.cluster_id,
            leader: seen.leader,
            is_learner: seen.is_learner,
            version: seen.version,
        }
    }
}

/// What is known of one member's health.
#[derive(Clone, Debug, Default)]
pub(super) struct Health {
    told: Option<Told>,
    /// The newest sign of life: an answer, or bytes on a connection.
    answered: Option<Instant>,
    /// Why it is not known more of, while it lives.
    reticence: Option<String>,
    miss: Option<Miss>,
    asked: Option<Instant>,
    leaderless: Option<Instant>,
    /// When it broke a connection off; until a look that began some time later has ended.
    suspected: Option<Instant>,
}

/// Looks that showed nothing, since the last sign of life.
#[derive(Clone, Debug)]
struct Miss {
    count: u32,
    is_refused: bool,
    words: String,
}

impl Health {
    /// A look begins.
    pub(super) fn ask(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    /// It broke a connection off: it may be about to end, as one is that was removed from its cluster.
    pub(super) fn suspect(&mut self, now: Instant) {
        self.suspected = Some(now);
    }

    /// A look ended. `has_traffic` says that bytes came from the member since the look before.
    pub(super) fn absorb(&mut self, seen: Seen, has_traffic: bool, now: Instant) {
        let began = self.asked.take();
        let is_later = |at: &mut Instant| began.is_none_or(|began| began >= *at + SUSPICION);
        self.suspected.take_if(is_later);
        match seen {
            Seen::Told(told) => self.hear(Some(told), None, now),
            Seen::Alive(why) => self.hear(None, Some(why), now),
            Seen::Mute(why) if self.owes_an_answer() => self.missed(why, false, has_traffic, now),
            Seen::Mute(why) => self.hear(None, Some(why), now),
            Seen::Refused(why) => self.missed(why, true, false, now),
            Seen::Silent(why) => self.missed(why, false, has_traffic, now),
        }
    }

    /// Who told how it is and stops to do so is in trouble; unless it goes on for long, when it has
    /// become one that does not tell.
    fn owes_an_answer(&self) -> bool {
        self.told.is_some() && self.misses() + 1 < MISSES_OF_DEATH
    }

    fn hear(&mut self, told: Option<Told>, reticence: Option<String>, now: Instant) {
        self.answered = Some(now);
        self.miss = None;
        self.reticence = reticence;
        let knows_no_leader = told.as_ref().is_some_and(|told| told.leader.is_none());
        self.leaderless = knows_no_leader.then(|| self.leaderless.unwrap_or(now));
        self.told = told;
    }

    /// A member whose connections carry bytes has only no time for looks.
    fn missed(&mut self, words: String, is_refused: bool, has_traffic: bool, now: Instant) {
        if has_traffic {
            (self.answered, self.miss) = (Some(now), None);
            return;
        }
        let count = self.misses() + 1;
        self.miss = Some(Miss { count, is_refused, words });
    }

    fn misses(&self) -> u32 {
        self.miss.as_ref().map_or(0, |miss| miss.count)
    }

    /// How it stands, where the members agree that they are `cluster`.
    pub(super) fn standing(
        &self,
        cluster: Option<ClusterId>,
        settings: &Settings,
        now: Instant,
    ) -> Standing {
        match &self.miss {
            Some(_) if self.is_dead(settings, now) => Standing::Dead,
            Some(miss) if miss.is_refused => Standing::Refuses,
            Some(_) => self.known_standing(cluster).max(Standing::Late),
            None if self.is_late(now) || self.suspected.is_some() => {
                self.known_standing(cluster).max(Standing::Late)
            }
            None => self.known_standing(cluster),
        }
    }

    /// Silence and enough looks that missed. Who never answered has no credit.
    fn is_dead(&self, settings: &Settings, now: Instant) -> bool {
        let is_long = self.answered.is_none_or(|at| now >= at + settings.dead_after);
        is_long && self.misses() >= MISSES_OF_DEATH
    }

    fn is_late(&self, now: Instant) -> bool {
        self.asked.is_some_and(|at| now >= at + LATE_AFTER)
    }

    fn known_standing(&self, cluster: Option<ClusterId>) -> Standing {
        match (&self.told, cluster) {
            (None, _) if self.answered.is_some() => Standing::Serves,
            (None, _) | (Some(_), None) => Standing::Unknown,
            (Some(told), Some(cluster)) if told.cluster_id != cluster => Standing::OtherCluster,
            (Some(told), _) if told.is_learner => Standing::Learner,
            (Some(told), _) if told.leader.is_none() => Standing::NoLeader,
            (Some(_), _) => Standing::Serves,
        }
    }

    /// Why it stands so, for people.
    pub(super) fn because(&self, standing: Standing, cluster: Option<ClusterId>) -> String {
        let missed = || match &self.miss {
            Some(miss) => format!("{} looks missed: {}", miss.count, miss.words),
            None if self.suspected.is_some() => "it broke a connection off".to_owned(),
            None => "a look is not answered yet".to_owned(),
        };
        match standing {
            Standing::Serves => match &self.reticence {
                Some(why) => format!("it lives, and does not tell more: {why}"),
                None => "it answers and knows a leader".to_owned(),
            },
            Standing::Learner => "it is a learner".to_owned(),
            Standing::NoLeader => "it knows no leader".to_owned(),
            Standing::Late | Standing::Refuses | Standing::Dead => missed(),
            Standing::Unknown if self.told.is_some() => {
                "the members do not agree yet which cluster they are".to_owned()
            }
            Standing::Unknown => "it has not answered yet".to_owned(),
            Standing::OtherCluster => {
                let text = |id: Option<ClusterId>| id.map_or_else(String::new, |id| id.to_string());
                let its = text(self.told.as_ref().map(|told| told.cluster_id));
                format!("it belongs to cluster {its}, and not to {}", text(cluster))
            }
        }
    }

    /// The cluster that its newest answer names; none while it does not answer.
    pub(super) fn cluster(&self) -> Option<ClusterId> {
        self.told.as_ref().filter(|_| self.miss.is_none()).map(|told| told.cluster_id)
    }

    /// Whether a look at it ended, however it ended.
    pub(super) fn is_looked_at(&self) -> bool {
        self.answered.is_some() || self.miss.is_some()
    }

    /// Whether it has no sign of life for so long that its connections can be of no use.
    pub(super) fn is_gone(&self, settings: &Settings, now: Instant) -> bool {
        self.miss.is_some() && self.is_dead(settings, now)
    }

    /// Whether what it told is too old to send somebody there: ports are given to others, and the next one
    /// there may be of another cluster. So it is where nobody was served for a while.
    pub(super) fn is_stale(&self, settings: &Settings, now: Instant) -> bool {
        let is_old = |at| now >= at + settings.look_every * 2;
        self.told.is_some()
            && self.miss.is_none()
            && !self.is_late(now)
            && self.answered.is_some_and(is_old)
    }

    /// Since when it knows no leader.
    pub(super) fn leaderless(&self) -> Option<Instant> {
        self.leaderless
    }

    /// What it told of itself.
    pub(super) fn told(&self) -> Option<&Told> {
        self.told.as_ref()
    }

    /// Its newest sign of life.
    pub(super) fn answered(&self) -> Option<Instant> {
        self.answered
    }

    /// The pause before the next look, before jitter.
    pub(super) fn pause(&self, is_in_use: bool, settings: &Settings) -> Duration {
        let every = settings.look_every;
        match &self.miss {
            Some(miss) => (MISS_PAUSE * 2u32.saturating_pow((miss.count - 1).min(16))).min(every),
            None if self.suspected.is_some() => SUSPICION.min(every),
            None if is_in_use && self.told.is_some() => every,
            None => every * LAZY,
        }
    }
}

#[cfg(test)]
mod tests;
