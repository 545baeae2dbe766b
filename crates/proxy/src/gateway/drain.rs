//! When an open connection is closed because of its member. Pure.

use std::time::Duration;

use tokio::time::Instant;

use super::Settings;

/// What is to become of the open connections of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// They go on.
    Keep,
    /// They are closed when they are quiet, and at this moment in any case.
    DrainUntil(Instant),
    /// They are of no use, and a hanging connection is worse than a broken one.
    Cut,
}

/// What is to become of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Stay,
    Close,
    Break,
}

impl Treatment {
    /// The fate of a connection with this pulse.
    pub(super) fn fate(self, pulse: &Pulse, settings: &Settings, now: Instant) -> Fate {
        match self {
            Treatment::Keep => Fate::Stay,
            Treatment::Cut => Fate::Break,
            Treatment::DrainUntil(_) if pulse.is_quiet(settings.quiet, now) => Fate::Close,
            Treatment::DrainUntil(end) if now >= end => Fate::Break,
            Treatment::DrainUntil(_) => Fate::Stay,
        }
    }
}

/// How many times longer a connection is left alone whose last bytes came from the client: an answer
/// may be on its way. It need not be, since an acknowledgement of HTTP/2 looks the same.
const UNANSWERED_PATIENCE: u32 = 3;

/// What one connection has carried so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beat {
    pub(super) to_member: u64,
    pub(super) from_member: u64,
    /// The last bytes came from the client.
    pub(super) is_asking: bool,
    /// Bytes were read that the other side does not take yet.
    pub(super) is_holding: bool,
}

/// The pulse of one connection, felt from time to time. So the way of the
/// bytes itself needs no clock.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    beat: Beat,
    moved: Instant,
    heard: Option<Instant>,
    unanswered: Option<Instant>,
    is_told: bool,
}

impl Pulse {
    /// Of a connection that begins now.
    pub(super) fn new(now: Instant) -> Pulse {
        Pulse { beat: Beat::default(), moved: now, heard: None, unanswered: None, is_told: false }
    }

    /// Feels it.
    pub(super) fn feel(&mut self, beat: Beat, now: Instant) {
        let is_answered = beat.from_member != self.beat.from_member;
        if is_answered || beat.to_member != self.beat.to_member {
            self.moved = now;
        }
        if is_answered {
            (self.unanswered, self.is_told) = (None, false);
            self.heard = Some(now);
        }
        if beat.is_asking {
            self.unanswered.get_or_insert(now);
        }
        self.beat = beat;
    }

    /// When bytes of the member were last felt.
    pub(super) fn heard(&self) -> Option<Instant> {
        self.heard
    }

    /// Whether the client's bytes have waited for an answer for so long. It says so once.
    pub(super) fn is_unanswered(&mut self, patience: Duration, now: Instant) -> bool {
        let is_due = self.unanswered.is_some_and(|since| now >= since + patience);
        is_due && !std::mem::replace(&mut self.is_told, true)
    }

    /// Whether nothing seems to be under way in either direction.
    fn is_quiet(&self, quiet: Duration, now: Instant) -> bool {
        let patience = if self.unanswered.is_some() { quiet * UNANSWERED_PATIENCE } else { quiet };
        !self.beat.is_holding && now >= self.moved + patience
    }
}

#[cfg(test)]
mod tests;
