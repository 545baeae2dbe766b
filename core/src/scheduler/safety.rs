//! The only place where permits for dangerous actions are made.
//!
//! A permit's fields are private to this module: an action that carries one does not typecheck
//! unless a function here judged the *stored* record, never the one that is still being saved.

use std::fmt;

use crate::id::{Epoch, TaskId};
use crate::record::{Member, Phase, Record, TaskPhase};

/// A task may be started as part of the stored formation attempt.
#[derive(Debug, PartialEq, Eq)]
pub struct FormPermit(TaskId);

/// A task may be ended.
#[derive(Debug, PartialEq, Eq)]
pub struct KillPermit(TaskId);

impl FormPermit {
    /// The task that may be started.
    pub fn task_id(&self) -> &TaskId {
        &self.0
    }
}

impl KillPermit {
    /// The task that may be ended.
    pub fn task_id(&self) -> &TaskId {
        &self.0
    }
}

/// Why a permit was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Denied {
    /// The store does not (yet) say that this scheduler is the one that acts.
    Epoch,
    /// Clients may have written to the cluster: nothing of it is started anew or ended here.
    Formed,
    /// The store holds no such attempt, or another.
    NotStored,
    /// The task was started before, or has ended: it is never started twice.
    NotPlanned,
    /// The attempt has not been given up.
    NotAbandoned,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Denied::Epoch => "this scheduler's epoch is not stored",
            Denied::Formed => "the cluster is formed",
            Denied::NotStored => "the task is not in the stored record",
            Denied::NotPlanned => "the task was started before",
            Denied::NotAbandoned => "the formation attempt has not been given up",
        })
    }
}

fn stored_member<'a>(
    stored: &'a Record,
    epoch: Epoch,
    task: &TaskId,
) -> Result<&'a Member, Denied> {
    if stored.epoch != epoch {
        return Err(Denied::Epoch);
    }
    stored.member_of(task).ok_or(Denied::NotStored)
}

/// A member of the stored, running attempt may be started once.
pub(super) fn permit_form(
    stored: &Record,
    epoch: Epoch,
    task: &TaskId,
) -> Result<FormPermit, Denied> {
    let member = stored_member(stored, epoch, task)?;
    match &stored.phase {
        Phase::Formed { .. } => Err(Denied::Formed),
        Phase::None | Phase::Forming { abandoned: Some(_), .. } => Err(Denied::NotStored),
        Phase::Forming { abandoned: None, .. } if member.task != TaskPhase::Planned => {
            Err(Denied::NotPlanned)
        }
        Phase::Forming { abandoned: None, .. } => Ok(FormPermit(task.clone())),
    }
}

/// A task may be ended only if its whole attempt has been given up before any client heard of it.
pub(super) fn permit_kill(
    stored: &Record,
    epoch: Epoch,
    task: &TaskId,
) -> Result<KillPermit, Denied> {
    stored_member(stored, epoch, task)?;
    match &stored.phase {
        Phase::Formed { .. } => Err(Denied::Formed),
        Phase::None => Err(Denied::NotStored),
        Phase::Forming { abandoned: None, .. } => Err(Denied::NotAbandoned),
        Phase::Forming { abandoned: Some(_), .. } => Ok(KillPermit(task.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ClusterId, Generation, MemberName};
    use crate::wire::Peer;

    fn task(name: &MemberName) -> TaskId {
        let cluster = "prod".parse().unwrap();
        TaskId { cluster, generation: Generation(0), member: name.clone(), attempt: 1 }
    }

    fn record(phase: Phase) -> (Record, TaskId) {
        let mut record = Record::new("prod".parse().unwrap());
        let name = MemberName::of(1, 0);
        record.epoch = Epoch(4);
        record.phase = phase;
        record.members.push(Member {
            peer: Peer {
                name: name.clone(),
                ip: [127, 0, 0, 1].into(),
                peer_port: 1,
                client_port: 2,
            },
            member_id: None,
            task_id: task(&name),
            agent_id: "a".into(),
            hostname: "h".into(),
            task: TaskPhase::Planned,
            announced: false,
        });
        (record, task(&name))
    }

    fn forming(abandoned: Option<&str>) -> Phase {
        Phase::Forming { token: "t".into(), abandoned: abandoned.map(str::to_owned) }
    }

    fn formed() -> Phase {
        Phase::Formed { token: "t".into(), cluster_id: ClusterId(1) }
    }

    #[test]
    fn a_stored_attempt_may_start_and_an_abandoned_one_may_end() {
        let (stored, task) = record(forming(None));
        assert!(permit_form(&stored, Epoch(4), &task).is_ok());
        assert_eq!(permit_kill(&stored, Epoch(4), &task), Err(Denied::NotAbandoned));
        let (stored, task) = record(forming(Some("why")));
        assert_eq!(permit_form(&stored, Epoch(4), &task), Err(Denied::NotStored));
        assert!(permit_kill(&stored, Epoch(4), &task).is_ok());
    }

    #[test]
    fn a_formed_cluster_is_neither_formed_again_nor_killed() {
        let (stored, task) = record(formed());
        assert_eq!(permit_form(&stored, Epoch(4), &task), Err(Denied::Formed));
        assert_eq!(permit_kill(&stored, Epoch(4), &task), Err(Denied::Formed));
    }

    #[test]
    fn nothing_is_started_twice() {
        let (mut stored, task) = record(forming(None));
        stored.members[0].task = TaskPhase::Seen;
        assert_eq!(permit_form(&stored, Epoch(4), &task), Err(Denied::NotPlanned));
    }

    #[test]
    fn another_epoch_permits_nothing() {
        let (stored, task) = record(forming(None));
        assert_eq!(permit_form(&stored, Epoch(5), &task), Err(Denied::Epoch));
        let (stored, task) = record(forming(Some("why")));
        assert_eq!(permit_kill(&stored, Epoch(3), &task), Err(Denied::Epoch));
    }
}
