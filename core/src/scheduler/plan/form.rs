//! Formation: the members of a new cluster are started together, once, or the attempt is given up.
//!
//! Stored before it is done, at each point: the attempt with every name, agent, URL and task ID
//! before the first launch; `formed` before any client address is told to anybody; "abandoned"
//! before the first kill.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Go, Pass, Scheduler, tend};
use crate::id::{ClusterId, MemberId, MemberName, OurTaskId, TaskId};
use crate::offer::{Offer, Take};
use crate::placement::{Demand, Placement, place};
use crate::record::{ATTEMPTS_MAX, Applied, Member, Phase, TaskPhase};
use crate::scheduler::{Identity, Repeated, safety};
use crate::status::TaskState;
use crate::wire::{EtcdState, LaunchOrder, Order, Peer, Start, WIRE_VERSION};

const STEP: &str = "form";

impl Scheduler {
    /// Sends the launches of the stored attempt, each once.
    pub(super) fn plan_launch(&mut self, pass: &mut Pass) -> Go {
        if self.launching.is_empty() {
            return Go::On;
        }
        let is_stored = |name: &MemberName| self.book.stored().member(name).is_some();
        if !self.launching.keys().all(is_stored) {
            pass.waiting(STEP, "the formation attempt is being stored");
            return Go::Stop;
        }
        let promised = std::mem::take(&mut self.launching);
        if promised.values().any(|(offer, _)| !self.offers.contains_key(offer)) {
            self.abandon("an offer was rescinded before the launch");
            return Go::On;
        }
        for (name, (offer_id, take)) in promised {
            let Some(member) = self.book.stored().member(&name).cloned() else { continue };
            self.launch(pass, &member, offer_id, take);
        }
        Go::On
    }

    fn launch(
        &mut self,
        pass: &mut Pass,
        member: &Member,
        offer_id: crate::id::OfferId,
        take: Take,
    ) {
        let (stored, epoch) = (self.book.stored(), self.book.epoch());
        let permit = match safety::permit_form(stored, epoch, &member.task_id) {
            Ok(permit) => permit,
            Err(denied) => {
                return pass.trouble(STEP, format!("{} is not launched: {denied}", member.task_id));
            }
        };
        let order = Box::new(self.launch_order(member));
        self.offers.remove(&offer_id);
        self.counters.launched += 1;
        self.launched_unasked.insert(member.task_id.clone());
        pass.act(Action::Launch {
            permit,
            offer_id,
            agent_id: member.agent_id.clone(),
            take,
            task_id: member.task_id.clone(),
            order,
        });
    }

    fn launch_order(&self, member: &Member) -> LaunchOrder {
        let stored = self.book.stored();
        let token = match &stored.phase {
            Phase::Forming { token, .. } | Phase::Formed { token, .. } => token.clone(),
            Phase::None => String::new(),
        };
        LaunchOrder {
            v: WIRE_VERSION,
            epoch: self.book.epoch(),
            generation: stored.generation,
            token,
            member: member.peer.clone(),
            initial_cluster: stored.members.iter().map(|m| m.peer.clone()).collect(),
            start: Start::Form,
            etcd_flags: self.config.etcd_flags.clone(),
            stop_grace_ms: self.config.timing.stop_grace.as_millis() as u64,
        }
    }

    /// Moves the formation on, from no cluster to a formed one.
    pub(super) fn plan_form(&mut self, pass: &mut Pass) -> Go {
        if !self.book.is_settled() {
            return Go::On;
        }
        match self.book.stored().phase.clone() {
            Phase::None => self.plan_attempt(pass),
            Phase::Forming { abandoned: None, token } => self.plan_progress(pass, token),
            Phase::Forming { abandoned: Some(why), .. } => self.plan_abandoned(pass, &why),
            Phase::Formed { .. } => {}
        }
        Go::On
    }

    fn plan_attempt(&mut self, pass: &mut Pass) {
        let placement = self.placement(pass);
        let (found, size) = (placement.chosen.len(), self.config.size);
        if found < size {
            pass.waiting(
                STEP,
                format!("{size} agents are needed, and the offers of {found} serve"),
            );
            for (offer, refusal) in &placement.refused {
                let agent = self.offers.get(offer).map_or("", |h| h.offer.hostname.as_str());
                pass.waiting(STEP, format!("the offer of {agent} does not serve: {refusal}"));
            }
            return;
        }
        let chosen: Vec<(Offer, Take)> = placement
            .chosen
            .into_iter()
            .take(size)
            .filter_map(|(id, take)| Some((self.offers.get(&id)?.offer.clone(), take)))
            .collect();
        self.begin_attempt(chosen);
        pass.waiting(
            STEP,
            format!("agents for {size} members are found; the attempt is being stored"),
        );
    }

    fn placement(&mut self, pass: &mut Pass) -> Placement {
        let now = pass.now;
        let mut set_aside = BTreeMap::new();
        for (agent, aside) in self.set_aside.iter().filter(|(_, aside)| now < aside.until) {
            pass.wake_at(aside.until);
            set_aside.insert(agent.clone(), aside.why.clone());
        }
        let demand = Demand {
            need: &self.config.need,
            role: &self.config.role,
            rotation: self.book.stored().attempts,
            set_aside: &set_aside,
            wanted: self.config.size,
        };
        let offers = self.offers.values().map(|held| &held.offer);
        place(offers, &demand, &*self.policies.placement)
    }

    fn begin_attempt(&mut self, chosen: Vec<(Offer, Take)>) {
        let attempt = self.book.stored().attempts.max(self.attempts_seen()) + 1;
        let token = format!("{}-{}-{attempt}", self.config.cluster, self.config.nonce);
        let mut members = Vec::new();
        for (index, (offer, take)) in chosen.into_iter().enumerate() {
            let Some(member) = self.planned_member(MemberName::of(attempt, index), &offer, &take)
            else {
                return;
            };
            self.launching.insert(member.name().clone(), (offer.id, take));
            members.push(member);
        }
        self.attempt_since = Some(self.now);
        let applied = Some(Applied::of(&self.config));
        self.book.change(|record| {
            record.attempts = attempt;
            record.phase = Phase::Forming { token, abandoned: None };
            record.members = members;
            record.applied = applied;
        });
    }

    /// The highest attempt of our name that Mesos told of: a record that was rolled back counts fewer,
    /// and no task ID may come twice.
    fn attempts_seen(&self) -> u32 {
        let living = match &self.identity {
            Identity::Living { frameworks, .. } => frameworks.as_slice(),
            Identity::Unasked
            | Identity::Asked { .. }
            | Identity::Failed { .. }
            | Identity::Alone => &[],
        };
        let told = living.iter().flat_map(|framework| framework.tasks());
        let all = told.chain(self.strangers.iter().chain(&self.gone).map(String::as_str));
        let ours = all
            .filter_map(|task| task.parse::<OurTaskId>().ok())
            .filter(|task| task.member_task().cluster == self.config.cluster);
        ours.filter_map(|task| task.member_task().member.attempt())
            .filter(|a| *a < ATTEMPTS_MAX)
            .max()
            .unwrap_or(0)
    }

    fn planned_member(&self, name: MemberName, offer: &Offer, take: &Take) -> Option<Member> {
        let (cluster, generation) = (self.config.cluster.clone(), self.book.stored().generation);
        let (peer_port, client_port) = (take.peer_port, take.client_port);
        Some(Member {
            peer: Peer { name: name.clone(), ip: offer.ip?, peer_port, client_port },
            member_id: None,
            task_id: TaskId { cluster, generation, member: name, attempt: 1 },
            agent_id: offer.agent_id.clone(),
            hostname: offer.hostname.clone(),
            task: TaskPhase::Planned,
            announced: false,
        })
    }

    fn plan_progress(&mut self, pass: &mut Pass, token: String) {
        let members = self.book.stored().members.clone();
        if let Some(why) = self.attempt_failure(pass, &members) {
            pass.waiting(STEP, format!("the attempt is given up: {why}"));
            return self.abandon(&why);
        }
        match self.formed_cluster(pass, &members) {
            Some((cluster_id, ids)) => {
                pass.waiting(STEP, format!("cluster {cluster_id} serves; that is being stored"));
                self.book.change(|record| {
                    record.phase = Phase::Formed { token, cluster_id };
                    for member in &mut record.members {
                        member.member_id = ids.get(member.name()).copied();
                    }
                });
            }
            None => members.iter().for_each(|m| {
                self.say_forming(pass, m);
                self.ask_for_beat(pass, m);
            }),
        }
    }

    /// A scheduler that came into a formation does not wait for the executors' next beats.
    fn ask_for_beat(&mut self, pass: &mut Pass, member: &Member) {
        let is_heard = self.beats.contains_key(member.name());
        if !is_heard
            && member.task == TaskPhase::Seen
            && self.is_repeat_due(pass, member, Repeated::Beat)
        {
            self.order(pass, member, Order::Beat);
        }
    }

    /// Why the attempt cannot succeed any more, or has taken too long.
    fn attempt_failure(&mut self, pass: &mut Pass, members: &[Member]) -> Option<String> {
        for member in members {
            if let TaskPhase::Ended { why, .. } = &member.task {
                return Some(format!("{} on {}: {why}", member.name(), member.hostname));
            }
        }
        let since = *self.attempt_since.get_or_insert(pass.now);
        let limit = self.config.timing.formation_max;
        let late = pass.is_due(since + limit);
        late.then(|| format!("the members did not serve within {} s", limit.as_secs()))
    }

    fn abandon(&mut self, why: &str) {
        self.book.change(|record| {
            if let Phase::Forming { abandoned, .. } = &mut record.phase {
                abandoned.get_or_insert_with(|| why.to_owned());
            }
        });
    }

    /// The cluster that a majority proved to serve, once the others serve too or are late enough.
    fn formed_cluster(
        &self,
        pass: &mut Pass,
        members: &[Member],
    ) -> Option<(ClusterId, BTreeMap<MemberName, MemberId>)> {
        let serving: BTreeMap<&MemberName, (ClusterId, MemberId)> =
            members.iter().filter_map(|m| Some((m.name(), self.proven_ids(pass, m)?))).collect();
        let clusters: BTreeSet<ClusterId> = serving.values().map(|(cluster, _)| *cluster).collect();
        if clusters.len() > 1 {
            pass.trouble(STEP, format!("the members formed {} clusters", clusters.len()));
            return None;
        }
        let cluster = *clusters.first()?;
        let quorum = members.len() / 2 + 1;
        if serving.len() < quorum {
            return None;
        }
        let is_waited_for =
            |m: &Member, pass: &mut Pass| !serving.contains_key(m.name()) && !self.is_late(pass, m);
        if members.iter().any(|m| is_waited_for(m, pass)) {
            return None;
        }
        let ids = serving.into_iter().map(|(name, (_, id))| (name.clone(), id)).collect();
        Some((cluster, ids))
    }

    /// What a member's executor proved, within the last seconds: a linearizable read.
    fn proven_ids(&self, pass: &mut Pass, member: &Member) -> Option<(ClusterId, MemberId)> {
        let beat = self.beats.get(member.name()).filter(|b| b.said.task_id == member.task_id)?;
        let EtcdState::Serving { seen, .. } = &beat.said.etcd else { return None };
        let fresh = pass.now.since(beat.at) <= self.config.timing.proof_max;
        (fresh && seen.is_serving()).then_some((seen.cluster_id, seen.member_id))
    }

    /// Whether a member that does not serve is no longer waited for.
    fn is_late(&self, pass: &mut Pass, member: &Member) -> bool {
        let silent = [TaskState::Unreachable, TaskState::Lost, TaskState::Gone, TaskState::Unknown];
        if self.task_state(&member.task_id).is_some_and(|state| silent.contains(&state)) {
            return true;
        }
        let since = self.attempt_since.unwrap_or(pass.now);
        pass.is_due(since + self.config.timing.straggler_max)
    }

    fn say_forming(&self, pass: &mut Pass, member: &Member) {
        let place = format!("{} on {}", member.name(), member.hostname);
        let beat = self.beats.get(member.name()).filter(|b| b.said.task_id == member.task_id);
        let what = match (self.task_state(&member.task_id), beat) {
            (_, Some(beat)) => tend::describe(&beat.said.etcd),
            (Some(TaskState::Staging) | None, None) => {
                "the agent fetches the binaries and starts the executor".to_owned()
            }
            (Some(state), None) => format!("Mesos says {state:?}"),
        };
        pass.waiting(STEP, format!("{place}: {what}"));
    }

    /// Ends what the attempt started, and goes back to no cluster once all of it has ended. Client tasks end
    /// with their executors; nothing is asked of them, and nothing waits for them.
    fn plan_abandoned(&mut self, pass: &mut Pass, why: &str) {
        let open: Vec<Member> =
            self.book.stored().members.iter().filter(|m| !m.is_ended()).cloned().collect();
        if open.is_empty() {
            pass.waiting(STEP, format!("the attempt has ended ({why}); the next one begins"));
            self.forget_attempt();
            return;
        }
        for member in open {
            pass.waiting(
                STEP,
                format!(
                    "the attempt is given up ({why}); waiting for proof that {} has ended",
                    member.task_id
                ),
            );
            self.kill(pass, &member);
        }
    }

    fn kill(&mut self, pass: &mut Pass, member: &Member) {
        if !self.is_repeat_due(pass, member, Repeated::Kill) {
            return;
        }
        let (stored, epoch) = (self.book.stored(), self.book.epoch());
        self.launched_unasked.remove(&member.task_id);
        match safety::permit_kill(stored, epoch, &member.task_id) {
            Ok(permit) => pass.act(Action::Kill {
                permit,
                task_id: member.task_id.clone(),
                agent_id: member.agent_id.clone(),
                grace: self.config.timing.stop_grace,
            }),
            Err(denied) => pass.trouble(STEP, format!("{} is not ended: {denied}", member.task_id)),
        }
    }

    fn forget_attempt(&mut self) {
        self.attempt_since = None;
        self.launching.clear();
        self.launched_unasked.clear();
        self.beats.clear();
        self.repeat_at.clear();
        self.tasks.clear();
        self.client_tasks.clear();
        self.reconciliation.doubtful.clear();
        self.book.change(|record| {
            record.phase = Phase::None;
            record.members.clear();
        });
    }
}
