//! The record: nothing is done before the epoch is stored, and at most one save is under way.

use super::{Action, Go, Pass, Scheduler};

impl Scheduler {
    /// Says how the store is.
    pub(super) fn plan_store(&mut self, pass: &mut Pass) -> Go {
        match self.book.trouble() {
            Some(why) => pass.trouble(
                "store",
                format!("the record cannot be stored, so nothing is changed; etcd runs on: {why}"),
            ),
            None if self.book.is_settled() => pass.fine("store", "all that is intended is stored"),
            None => pass.waiting("store", "the record is being stored"),
        }
        Go::On
    }

    /// Nothing is done, not even a subscription, before the store says that it is our turn.
    pub(super) fn plan_epoch(&mut self, pass: &mut Pass) -> Go {
        if self.book.holds_epoch() {
            return Go::On;
        }
        pass.waiting("epoch", format!("epoch {} is being stored", self.book.epoch()));
        Go::Stop
    }

    /// An executor that has heard a higher epoch knows more than this store: it was rolled back,
    /// or another scheduler leads. Nothing is done until an operator has looked.
    pub(super) fn plan_behind(&mut self, pass: &mut Pass) -> Go {
        let ours = self.book.epoch();
        let ahead = self.beats.iter().find(|(_, beat)| beat.said.epoch > ours);
        let Some((name, beat)) = ahead else { return Go::On };
        pass.trouble(
            "epoch",
            format!(
                "{name} has heard epoch {}, and this scheduler has {ours}: the state was rolled \
                 back, or another scheduler leads. Nothing is changed; etcd runs on. Stop this \
                 scheduler, and put the newest copy of the state file (--state-file) back.",
                beat.said.epoch
            ),
        );
        Go::Stop
    }

    /// Stores what is intended.
    pub(super) fn plan_save(&mut self, pass: &mut Pass) {
        if self.ending.is_some() {
            return;
        }
        if let Some((id, record, expected)) = self.book.due(pass.now) {
            pass.act(Action::Save { id, record: Box::new(record), expected });
        } else if let Some(at) = self.book.retry_at() {
            pass.wake_at(at);
        }
    }
}
