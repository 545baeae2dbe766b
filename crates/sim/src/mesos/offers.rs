//! Offers: who is offered what, for how long it is not, and what becomes of an accepted one.

use std::time::Duration;

use etcd_mesos_core::id::{Epoch, FrameworkId, OfferId};
use etcd_mesos_core::offer::{Amount, Disk, Milli, Offer, Resource, Scalar};
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_core::status::{Reason, Source, TaskState};

use super::agent::ToAgent;
use super::call::Launch;
use super::master::KnownTask;
use crate::world::{Coming, World};

impl World {
    pub(super) fn offer_soon(&mut self) {
        if !std::mem::replace(&mut self.master.is_offer_due, true) {
            let at = self.soon(10);
            self.coming.put(at, Coming::Offer);
        }
    }

    pub(crate) fn offer(&mut self) {
        self.master.is_offer_due = false;
        if self.master.is_down || self.master.stream.is_none() || self.master.suppressed {
            return;
        }
        let mut offers = Vec::new();
        for agent in self.master.registered.clone() {
            let is_filtered = self.master.filters.get(&agent).is_some_and(|at| self.now < *at);
            let is_offered = self.master.offers.values().any(|n| *n == agent);
            if is_filtered || is_offered || self.agents[agent].is_down {
                continue;
            }
            self.master.next_offer += 1;
            let id = OfferId(format!("o{}", self.master.next_offer));
            self.master.offers.insert(id.clone(), agent);
            offers.push(self.offer_of(id, agent));
        }
        if !offers.is_empty() {
            self.say(Event::Offers(offers));
        }
    }

    pub(super) fn offer_of(&self, id: OfferId, agent: usize) -> Offer {
        let there = &self.agents[agent];
        let plain = |index, amount| Resource {
            index,
            amount,
            reserved_for: None,
            disk: Disk::Root,
            is_weak: false,
        };
        Offer {
            id,
            agent_id: there.id(),
            hostname: format!("h{}", agent + 1),
            ip: Some(there.ip()),
            resources: vec![
                plain(0, Amount::Scalar(Scalar::Cpus, Milli::whole(4))),
                plain(1, Amount::Scalar(Scalar::Mem, Milli::whole(4096))),
                plain(2, Amount::Scalar(Scalar::Disk, Milli::whole(8192))),
                plain(3, Amount::Ports(vec![(1026, 1028), (1038, 2180)])),
            ],
        }
    }

    pub(super) fn decline(&mut self, offers: &[OfferId], refuse_for: Duration) {
        let until = self.now + refuse_for;
        for id in offers {
            if let Some(agent) = self.master.offers.remove(id) {
                self.master.filters.insert(agent, until);
            }
        }
        self.coming.put(until, Coming::Offer);
    }

    pub(crate) fn rescind(&mut self, agent: usize) {
        let gone: Vec<OfferId> = self
            .master
            .offers
            .iter()
            .filter(|(_, n)| **n == agent)
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            self.master.offers.remove(&id);
            self.say(Event::Rescinded(id));
        }
    }

    /// An ACCEPT with a LAUNCH. An offer that is no more: DROPPED (`Master::accept`).
    pub(super) fn accept(&mut self, framework: &FrameworkId, epoch: Epoch, launch: Launch) {
        let Launch { offer, agent_id, task, executor, work } = launch;
        let agent = self.agent_number(&agent_id);
        let Some(agent) = self.master.offers.remove(&offer).filter(|n| Some(*n) == agent) else {
            let dropped = (TaskState::Dropped, Source::Master, Reason::InvalidOffers);
            let status = self.status(&task, agent, dropped);
            return self.say(Event::Update(status));
        };
        self.ledger.launched(epoch, &task);
        let known = KnownTask {
            agent,
            framework: framework.clone(),
            state: TaskState::Staging,
            uuid: None,
        };
        self.master.tasks.insert(task.clone(), known);
        let framework = framework.clone();
        self.send_agent(agent, ToAgent::Run { framework, task, executor, work });
    }
}
