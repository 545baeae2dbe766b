//! Offers: who is offered what, and for how long it is not.

use std::time::Duration;

use etcd_mesos_core::id::{FrameworkId, OfferId};
use etcd_mesos_core::time::Timestamp;

use crate::master::{Filter, Offered};
use crate::resources::Holding;
use crate::vocabulary::{Event, Freight, Offer};
use crate::{Alarm, Mesos};

/// How soon what is free is offered.
const SOON_MS: u64 = 10;

impl<F: Freight> Mesos<F> {
    pub(crate) fn offer_soon(&mut self) {
        if !std::mem::replace(&mut self.master.is_offer_due, true) {
            let pause = self.pace.within(SOON_MS);
            self.after(pause, Alarm::Offer);
        }
    }

    /// Offers what each agent has free, as a whole, to the framework that has least
    /// (`HierarchicalAllocatorProcess::__generateOffers`).
    pub(crate) fn allocate(&mut self) {
        self.master.is_offer_due = false;
        if self.master.is_down {
            return;
        }
        let agents = self.master.registered.iter().copied();
        let agents: Vec<usize> = agents.filter(|agent| self.is_connected(*agent)).collect();
        let mut made: Vec<(FrameworkId, Offer)> = Vec::new();
        for agent in agents {
            let free = self.free(agent);
            if let Some(framework) = self.who_wants(agent, &free).filter(|_| free.is_offerable()) {
                made.push((framework.clone(), self.make_offer(&framework, agent, free)));
            }
        }
        let frameworks: Vec<FrameworkId> = self.master.frameworks.keys().cloned().collect();
        for framework in frameworks {
            let its: Vec<Offer> =
                made.iter().filter(|(f, _)| *f == framework).map(|(_, o)| o.clone()).collect();
            if !its.is_empty() {
                self.say(&framework, Event::Offers(its));
            }
        }
    }

    fn make_offer(&mut self, framework: &FrameworkId, agent: usize, holding: Holding) -> Offer {
        let id = self.new_offer_id();
        let offered = Offered { agent, framework: framework.clone(), holding: holding.clone() };
        self.master.offers.insert(id.clone(), offered);
        let of_agent = self.master.executors.keys();
        let executors = of_agent
            .filter(|(on, of, _)| *on == agent && of == framework)
            .map(|(_, _, executor)| executor.clone())
            .collect();
        Offer { id, agent, holding, executors }
    }

    /// What nobody uses, holds, or is offered.
    fn free(&self, agent: usize) -> Holding {
        let master = &self.master;
        let tasks = master.tasks.values().filter(|t| t.agent == agent && !t.state.is_terminal());
        let executors = master.executors.iter().filter(|((on, _, _), _)| *on == agent);
        let offered = master.offers.values().filter(|o| o.agent == agent);
        let taken = tasks
            .map(|t| &t.needs)
            .chain(executors.map(|(_, known)| &known.needs))
            .chain(offered.map(|o| &o.holding));
        taken.fold(self.settings.agents[agent].resources.clone(), |left, one| left.without(one))
    }

    /// The framework with the smallest share of those that want it
    /// (`DRFSorter`; the filter is `RefusedOfferFilter::filter`).
    fn who_wants(&self, agent: usize, free: &Holding) -> Option<FrameworkId> {
        let now = self.now;
        let wants = |framework: &crate::master::Framework| {
            let mut filters = framework.filters.get(&agent).into_iter().flatten();
            let is_filtered =
                filters.any(|filter| now < filter.until && filter.refused.contains(free));
            framework.connection.is_some() && !framework.is_suppressed && !is_filtered
        };
        let all = self.master.frameworks.iter().filter(|(_, f)| wants(f)).map(|(id, _)| id);
        let only: Vec<&FrameworkId> = all.collect();
        match only.as_slice() {
            [] => None,
            [one] => Some((*one).clone()),
            several => several.iter().min_by_key(|id| self.share(id)).map(|id| (*id).clone()),
        }
    }

    fn share(&self, framework: &FrameworkId) -> u64 {
        let master = &self.master;
        let tasks =
            master.tasks.iter().filter(|((of, _), t)| of == framework && !t.state.is_terminal());
        let executors = master.executors.iter().filter(|((_, of, _), _)| of == framework);
        let offers = master.offers.values().filter(|o| o.framework == *framework);
        let holds = tasks
            .map(|(_, t)| &t.needs)
            .chain(executors.map(|(_, known)| &known.needs))
            .chain(offers.map(|o| &o.holding));
        let holds = holds.fold(Holding::default(), |sum, one| sum.with(one));
        let all = self.settings.agents.iter();
        let all = all.fold(Holding::default(), |sum, agent| sum.with(&agent.resources));
        holds.share_of(&all)
    }

    /// DECLINE (`Master::decline`; tried: suppress_and_revive).
    pub(crate) fn decline(
        &mut self,
        framework: &FrameworkId,
        offers: &[OfferId],
        refuse_for: Duration,
    ) {
        for id in offers {
            let is_its = self.master.offers.get(id).is_some_and(|o| o.framework == *framework);
            let Some(offered) = is_its.then(|| self.master.offers.remove(id)).flatten() else {
                continue;
            };
            self.refuse_rest(framework, offered.agent, offered.holding, refuse_for);
        }
    }

    /// What a framework leaves is not offered to it for a while, unless it becomes more
    /// (`HierarchicalAllocatorProcess::recoverResources`).
    pub(crate) fn refuse_rest(
        &mut self,
        framework: &FrameworkId,
        agent: usize,
        refused: Holding,
        refuse_for: Duration,
    ) {
        if refused.is_empty() {
            return;
        }
        let (now, until) = (self.now, self.now + refuse_for);
        if let Some(framework) = self.master.frameworks.get_mut(framework) {
            let filters = framework.filters.entry(agent).or_default();
            filters.retain(|filter| now < filter.until);
            filters.push(Filter { until, refused });
        }
        self.after(refuse_for, Alarm::Offer);
        // Another framework may want it at once.
        if self.master.frameworks.len() > 1 {
            self.offer_soon();
        }
    }

    /// SUPPRESS (`Master::suppress`; tried: suppress_and_revive).
    pub(crate) fn suppress(&mut self, framework: &FrameworkId) {
        if let Some(framework) = self.master.frameworks.get_mut(framework) {
            framework.is_suppressed = true;
        }
    }

    /// REVIVE clears filters (`Master::revive`; tried: suppress_and_revive).
    pub(crate) fn revive(&mut self, framework: &FrameworkId) {
        if let Some(framework) = self.master.frameworks.get_mut(framework) {
            framework.is_suppressed = false;
            framework.filters.clear();
        }
        self.offer_soon();
    }

    /// Takes back the offers of an agent, which is offered again (`Master::offerTimeout`; tried:
    /// offer_rescinded).
    pub fn rescind(&mut self, now: Timestamp, agent: usize) {
        self.at(now, |mesos| {
            mesos.rescind_all(agent);
            mesos.offer_soon();
        });
    }

    pub(crate) fn rescind_all(&mut self, agent: usize) {
        let of_agent = self.master.offers.iter().filter(|(_, o)| o.agent == agent);
        let gone: Vec<(OfferId, FrameworkId)> =
            of_agent.map(|(id, o)| (id.clone(), o.framework.clone())).collect();
        for (id, framework) in gone {
            self.master.offers.remove(&id);
            self.say(&framework, Event::Rescinded(id));
        }
    }

    /// A framework's offers are gone without a word.
    pub(crate) fn forget_offers(&mut self, framework: &FrameworkId) {
        self.master.offers.retain(|_, offered| offered.framework != *framework);
    }
}
