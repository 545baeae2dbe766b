//! What must hold in every replay, whatever the texts of the actions are.

use std::collections::{BTreeMap, BTreeSet};

use etcd_mesos_core::id::{ClusterId, Epoch, TaskId};
use etcd_mesos_core::record::{Phase, Record};
use etcd_mesos_core::scheduler::{Action, Event, Scheduler};
use etcd_mesos_core::status::{Evidence, TaskState, TaskStatus};

/// What must be remembered to see it.
#[derive(Debug)]
pub struct Rules {
    began_at: Epoch,
    launched: BTreeSet<TaskId>,
    cluster_id: Option<ClusterId>,
    /// The updates that wait for their acknowledgement, by task and ID.
    updates: BTreeMap<(String, Vec<u8>), TaskStatus>,
}

impl Rules {
    /// For a scheduler that has taken no step yet.
    pub fn new(scheduler: &Scheduler) -> Rules {
        let record = scheduler.record();
        Rules {
            began_at: record.epoch,
            launched: BTreeSet::new(),
            cluster_id: cluster_id(record),
            updates: BTreeMap::new(),
        }
    }

    /// What is broken after a step: nothing, always.
    pub fn check(&mut self, after: &Scheduler, event: &Event, actions: &[Action]) -> Vec<String> {
        self.remember(event);
        let mut broken: Vec<String> = after.check().into_iter().map(|v| v.0).collect();
        broken.extend(self.check_cluster_id(after.record()));
        for action in actions {
            broken.extend(self.check_action(after.record(), action));
        }
        broken
    }

    fn remember(&mut self, event: &Event) {
        let Event::Update(status) = event else { return };
        if let Some(uuid) = status.uuid.clone() {
            self.updates.insert((status.task_id.clone(), uuid), status.clone());
        }
    }

    fn check_cluster_id(&mut self, record: &Record) -> Option<String> {
        let (before, now) = (self.cluster_id, cluster_id(record));
        self.cluster_id = now.or(before);
        (before.is_some() && now != before)
            .then(|| format!("the cluster ID was {before:?}, and is {now:?}"))
    }

    /// What is done is judged by what is stored. Storing, looking and ending change nothing outside.
    fn check_action(&mut self, stored: &Record, action: &Action) -> Option<String> {
        let is_free =
            matches!(action, Action::Save { .. } | Action::Probe { .. } | Action::Exit { .. });
        if !is_free && stored.epoch <= self.began_at {
            return Some(format!("before an epoch of its own is stored: {action}"));
        }
        match action {
            Action::Launch { task_id, .. } => self.check_launch(stored, task_id),
            Action::Kill { task_id, .. } if stored.is_formed() => {
                Some(format!("{task_id} of a formed cluster is killed"))
            }
            Action::Acknowledge { task_id, uuid, .. } => {
                self.check_acknowledged(stored, task_id, uuid)
            }
            _ => None,
        }
    }

    fn check_launch(&mut self, stored: &Record, task: &TaskId) -> Option<String> {
        if stored.is_formed() {
            return Some(format!("{task} is launched although the cluster is formed"));
        }
        if stored.member_of(task).is_none() {
            return Some(format!("{task} is launched and not stored"));
        }
        let is_new = self.launched.insert(task.clone());
        (!is_new).then(|| format!("{task} is launched twice"))
    }

    /// What an update proved is stored before nobody will ever say it again.
    fn check_acknowledged(&self, stored: &Record, task: &str, uuid: &[u8]) -> Option<String> {
        let Some(status) = self.updates.get(&(task.to_owned(), uuid.to_vec())) else {
            return Some(format!("an update of {task} is acknowledged that nobody sent"));
        };
        let member = stored.member_of(&task.parse::<TaskId>().ok()?)?;
        let is_told = match status.assess() {
            Evidence::Ended(_) => member.is_ended(),
            Evidence::Alive if status.state == TaskState::Running => {
                member.announced || !stored.is_formed()
            }
            Evidence::Alive | Evidence::Silent => true,
        };
        (!is_told).then(|| format!("{:?} of {task} is acknowledged and not stored", status.state))
    }
}

fn cluster_id(record: &Record) -> Option<ClusterId> {
    match record.phase {
        Phase::Formed { cluster_id, .. } => Some(cluster_id),
        Phase::None | Phase::Forming { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use etcd_mesos_core::id::{AgentId, Epoch};
    use etcd_mesos_core::scheduler::SaveId;
    use etcd_mesos_core::status::{Reason, Source};
    use etcd_mesos_core::store::Version;
    use etcd_mesos_core::time::Timestamp;

    use super::*;
    use crate::replay::{Replay, replay};

    const FORMATION: &str = include_str!("../../recordings/formation.jsonl");

    fn formation() -> Replay {
        replay(FORMATION).unwrap()
    }

    /// A real launch, out of the recording: nobody else can make one.
    fn launch() -> (Scheduler, Action) {
        let all = formation();
        let mut scheduler = all.header.scheduler().unwrap();
        for (index, line) in FORMATION.lines().enumerate().skip(1) {
            use etcd_mesos_core::transcript::Entry;
            let Entry::Step { at, event, .. } = Entry::parse(line, index + 1).unwrap() else {
                break;
            };
            let actions = scheduler.step(at, *event).actions;
            let launch = actions.into_iter().find(|a| matches!(a, Action::Launch { .. }));
            if let Some(launch) = launch {
                return (scheduler, launch);
            }
        }
        panic!("nothing is launched in it")
    }

    fn update(state: TaskState, source: Source) -> (Event, Action) {
        let task_id = formation().scheduler.record().members[0].task_id.to_string();
        let agent_id = AgentId::from("a");
        let status = TaskStatus {
            task_id: task_id.clone(),
            agent_id: Some(agent_id.clone()),
            state,
            source,
            reason: Reason::None,
            message: String::new(),
            uuid: Some(vec![1]),
        };
        (Event::Update(status), Action::Acknowledge { agent_id, task_id, uuid: vec![1] })
    }

    fn fresh(of: &Scheduler) -> Rules {
        Rules { began_at: Epoch(0), ..Rules::new(of) }
    }

    fn assert_broken(broken: &[String], words: &str) {
        assert!(broken.len() == 1 && broken[0].contains(words), "{words:?}: {broken:?}");
    }

    #[test]
    fn a_launch_after_formed_one_that_is_not_stored_and_a_second_one_are_noticed() {
        let (forming, launch) = launch();
        let mut rules = fresh(&forming);
        let launches = std::slice::from_ref(&launch);
        assert_eq!(rules.check(&forming, &Event::Wake, launches), [""; 0]);
        assert_broken(&rules.check(&forming, &Event::Wake, launches), "launched twice");
        let formed = formation().scheduler;
        assert_broken(&fresh(&formed).check(&formed, &Event::Wake, launches), "is formed");
        let mut other = formation().header.scheduler().unwrap();
        raise_epoch(&mut other);
        assert_broken(&fresh(&other).check(&other, &Event::Wake, launches), "not stored");
    }

    /// Lets a scheduler have its first save stored.
    fn raise_epoch(scheduler: &mut Scheduler) {
        scheduler.step(Timestamp(0), Event::Wake);
        scheduler.step(Timestamp(1), Event::Saved { id: SaveId(1), outcome: Ok(Version(1)) });
    }

    #[test]
    fn whatever_is_done_before_an_epoch_is_stored_is_noticed() {
        let mut scheduler = formation().header.scheduler().unwrap();
        let mut rules = Rules::new(&scheduler);
        let broken = rules.check(&scheduler, &Event::Wake, &[Action::Revive]);
        assert_broken(&broken, "before an epoch");
        raise_epoch(&mut scheduler);
        assert_eq!(rules.check(&scheduler, &Event::Wake, &[Action::Revive]), [""; 0]);
    }

    #[test]
    fn an_end_that_is_acknowledged_before_it_is_stored_is_noticed() {
        let formed = formation().scheduler;
        let (event, acknowledge) = update(TaskState::Failed, Source::Executor);
        let done = std::slice::from_ref(&acknowledge);
        assert_broken(&fresh(&formed).check(&formed, &event, done), "acknowledged and not stored");
        assert_broken(&fresh(&formed).check(&formed, &Event::Wake, done), "nobody sent");
        let (event, acknowledge) = update(TaskState::Running, Source::Executor);
        assert_eq!(fresh(&formed).check(&formed, &event, &[acknowledge]), [""; 0]);
    }

    #[test]
    fn another_cluster_id_is_noticed() {
        let formed = formation().scheduler;
        let mut rules = Rules { cluster_id: Some(ClusterId(1)), ..fresh(&formed) };
        assert_broken(&rules.check(&formed, &Event::Wake, &[]), "the cluster ID was");
    }
}
