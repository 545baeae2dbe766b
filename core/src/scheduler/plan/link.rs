//! The subscription, and the acknowledgements that go over it.

use super::{Action, Go, Pass, Scheduler};
use crate::record::Phase;
use crate::scheduler::{Flow, Link, LinkFailure};

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
                pass.fine(
                    "mesos",
                    format!("subscribed as framework {id}, {since} after the start"),
                );
                Go::On
            }
        }
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
