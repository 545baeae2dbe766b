//! The subscription, and the acknowledgements that go over it.

use super::{Action, Go, Pass, Scheduler};
use crate::record::{Member, Phase};
use crate::scheduler::{Flow, Link, LinkFailure};
use crate::time::Timestamp;

impl Scheduler {
    /// Subscribes, and stores the framework ID before anything is done under it.
    pub(super) fn plan_link(&mut self, pass: &mut Pass) -> Go {
        match self.link.clone() {
            Link::Down { why } => {
                self.say_link(pass, why.as_ref());
                self.subscribe(pass);
                self.link = Link::Subscribing { why };
                Go::Stop
            }
            Link::Subscribing { why } => {
                self.say_link(pass, why.as_ref());
                Go::Stop
            }
            Link::Up { since } if self.book.stored().framework_id.is_none() => {
                let text =
                    format!("subscribed {since} after the start; the framework ID is being stored");
                pass.waiting("mesos", text);
                Go::Stop
            }
            Link::Up { since } => {
                let id = self.book.stored().framework_id.as_ref();
                let id = id.map_or("", |id| id.as_str());
                let text = format!("subscribed as framework {id}, {since} after the start");
                match self.silent_since(pass) {
                    None => pass.fine("mesos", text),
                    Some(at) => pass.waiting("mesos", format!("{text}; {}", silence(at))),
                }
                Go::On
            }
        }
    }

    /// Since when nothing came over the master although executors say something every 2 s. The driver ends
    /// a subscription without heartbeats, but only after more than a minute.
    fn silent_since(&self, pass: &mut Pass) -> Option<Timestamp> {
        let speaks = |m: &Member| !m.is_ended() && self.beats.contains_key(m.name());
        let is_anybody = self.book.stored().members.iter().any(speaks);
        let silent_at = self.heard_at + self.config.timing.proof_max;
        (is_anybody && pass.is_due(silent_at)).then_some(self.heard_at)
    }

    fn subscribe(&mut self, pass: &mut Pass) {
        let suppressed = self.book.stored().phase != Phase::None;
        self.flow = if suppressed { Flow::Suppressed } else { Flow::Offers };
        let framework_id = self.book.stored().framework_id.clone();
        pass.act(Action::Subscribe { framework_id, suppressed });
    }

    fn say_link(&self, pass: &mut Pass, why: Option<&LinkFailure>) {
        match why {
            None => pass.waiting("mesos", "subscribing"),
            Some(LinkFailure::Temporary(why)) => {
                pass.waiting("mesos", format!("subscribing again: {why}"));
            }
            Some(LinkFailure::Lasting(why)) => pass.trouble("mesos", why.clone()),
        }
    }

    /// Acknowledges what is stored; the rest is asked for again by Mesos, which is harmless.
    pub(super) fn plan_acknowledge(&mut self, pass: &mut Pass) -> Go {
        let book = &self.book;
        let (ready, rest) = std::mem::take(&mut self.unacknowledged)
            .into_iter()
            .partition(|update| book.is_stored(update.mark));
        self.unacknowledged = rest;
        for update in ready {
            let (agent_id, task_id, uuid) = (update.agent_id, update.task_id, update.uuid);
            pass.act(Action::Acknowledge { agent_id, task_id, uuid });
        }
        Go::On
    }
}

fn silence(since: Timestamp) -> String {
    format!(
        "nothing came over the master since {since}, and executors say something every 2 s: the \
         master or the network to it may be away, or all executors and their agents"
    )
}
