//! Offers: held only while something waits for them, asked for only when something is wanted.

use std::time::Duration;

use super::{Action, Pass, Scheduler};
use crate::id::OfferId;
use crate::record::Phase;
use crate::scheduler::Flow;

impl Scheduler {
    /// Declines, suppresses and revives, as what is wanted demands.
    pub(super) fn plan_offers(&mut self, pass: &mut Pass) {
        if !self.is_subscribed() || self.ending.is_some() {
            return;
        }
        let wanted = self.wants_offers();
        self.decline_unused(pass, wanted);
        self.set_flow(pass, wanted);
    }

    /// Whether a launch is, or will soon be, waiting for offers.
    fn wants_offers(&self) -> bool {
        self.book.next().phase == Phase::None
    }

    fn set_flow(&mut self, pass: &mut Pass, wanted: bool) {
        let (action, flow) = match (wanted, self.flow) {
            (true, Flow::Suppressed) => (Action::Revive, Flow::Offers),
            (false, Flow::Offers) => (Action::Suppress, Flow::Suppressed),
            (true, Flow::Offers) | (false, Flow::Suppressed) => return,
        };
        self.flow = flow;
        pass.act(action);
    }

    fn decline_unused(&mut self, pass: &mut Pass, wanted: bool) {
        let timing = self.config.timing;
        let refuse_for = if wanted { timing.refuse_wanted } else { timing.refuse_unwanted };
        let mut offers = std::mem::take(&mut self.surplus_offers);
        offers.extend(self.unused_offers(pass, wanted));
        for id in &offers {
            self.offers.remove(id);
        }
        decline(pass, offers, refuse_for);
    }

    fn unused_offers(&self, pass: &mut Pass, wanted: bool) -> Vec<OfferId> {
        let hold = self.config.timing.offer_hold;
        let free = self.offers.iter().filter(|(id, _)| !self.is_promised(id));
        free.filter(|(_, held)| !wanted || pass.is_due(held.since + hold))
            .map(|(id, _)| id.clone())
            .collect()
    }

    fn is_promised(&self, id: &OfferId) -> bool {
        self.launching.values().any(|(offer, _)| offer == id)
    }
}

fn decline(pass: &mut Pass, offers: Vec<OfferId>, refuse_for: Duration) {
    if !offers.is_empty() {
        pass.act(Action::Decline { offers, refuse_for });
    }
}
