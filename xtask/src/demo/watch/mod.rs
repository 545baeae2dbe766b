//! Tells what changes in a cluster: by looking at its processes, by reading from its members, and by asking
//! the scheduler.
//!
//! The times are of our own looking: a process that is gone, and a read that the member serves.

mod seen;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::admin::Report;
use crate::demo::scene::{Member, Role};
use crate::demo::stage::Stage;
use crate::failure::Outcome;
use crate::flags::SIZE;
use seen::Seen;

const ASK_SCHEDULER_EVERY: Duration = Duration::from_millis(100);

/// What was last seen.
#[derive(Debug)]
pub struct Watch {
    members: BTreeMap<String, Seen>,
    leader: Option<String>,
    report: Option<Report>,
    verdict: String,
    asked: Option<Instant>,
    is_formed: bool,
}

impl Watch {
    /// A watch that has seen nothing yet.
    pub fn new() -> Self {
        Self {
            members: BTreeMap::new(),
            leader: None,
            report: None,
            // What it is as long as there is no cluster, which is no news.
            verdict: "unknown".to_owned(),
            asked: None,
            is_formed: false,
        }
    }

    /// What has changed since the last look, a line for each change.
    pub fn look(&mut self, stage: &mut dyn Stage) -> Outcome<Vec<String>> {
        let is_due = self.asked.is_none_or(|asked| asked.elapsed() >= ASK_SCHEDULER_EVERY);
        let report = if is_due { self.ask(stage) } else { None };
        let mut lines = stage.tend(report.as_ref())?;
        if let Some(report) = report {
            lines.extend(self.compare(&report));
        }
        for seen in self.members.values_mut() {
            lines.extend(seen.look(stage, self.leader.as_deref()));
        }
        lines.extend(self.compare_leader());
        Ok(lines)
    }

    /// Whether all members have served together once.
    pub fn is_formed(&self) -> bool {
        self.is_formed
    }

    /// The scheduler's newest answer; none while it does not answer.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// The members, for the screen.
    pub fn members(&self, stage: &dyn Stage) -> Vec<Member> {
        self.members.values().map(|seen| seen.member(stage, self.role_of(seen))).collect()
    }

    fn ask(&mut self, stage: &dyn Stage) -> Option<Report> {
        self.asked = Some(Instant::now());
        // One that does not answer is gone, which is told, or not yet there.
        self.report = stage.admin().report().ok();
        self.report.clone()
    }

    fn compare(&mut self, report: &Report) -> Vec<String> {
        let mut lines = Vec::new();
        for member in &report.members {
            match self.members.get_mut(&member.name) {
                Some(seen) => lines.extend(seen.compare(member)),
                None => {
                    lines.push(format!("{}: placed on {}", member.name, member.hostname));
                    self.members.insert(member.name.clone(), Seen::new(member));
                }
            }
        }
        self.members.retain(|name, _| report.members.iter().any(|member| member.name == *name));
        self.is_formed |= report.is_complete(SIZE) && self.members.values().all(Seen::has_served);
        if report.verdict != self.verdict {
            self.verdict.clone_from(&report.verdict);
            lines.push(format!("the scheduler says: {}: {}", report.verdict, report.because));
        }
        lines
    }

    fn compare_leader(&mut self) -> Option<String> {
        let leads = self.members.values().filter_map(|seen| Some((seen.leads_in_term()?, seen)));
        let (term, leader) = leads.max_by_key(|(term, _)| *term)?;
        if self.leader.as_deref() == Some(leader.name()) {
            return None;
        }
        self.leader = Some(leader.name().to_owned());
        Some(format!("{} leads now, in raft term {term}", leader.name()))
    }

    fn role_of(&self, seen: &Seen) -> Option<Role> {
        let is_leader = self.leader.as_deref() == Some(seen.name());
        seen.is_serving().then_some(if is_leader { Role::Leader } else { Role::Follower })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin;

    fn member(etcd_pid: Option<u32>, is_ended: bool) -> admin::Member {
        admin::Member {
            name: "etcd-1-0".into(),
            hostname: "127.64.0.11".into(),
            client_url: "http://127.64.0.11:6001".into(),
            task_state: "Starting".into(),
            etcd_state: "starting".into(),
            etcd_pid,
            is_ended,
            is_leader: false,
        }
    }

    #[test]
    fn what_the_scheduler_says_is_told_once() {
        let mut watch = Watch::new();
        let mut tell = |verdict: &str, member| {
            let verdict = verdict.to_owned();
            let report = Report { verdict, members: vec![member], ..Report::default() };
            watch.compare(&report).join("\n")
        };
        assert_eq!(tell("unknown", member(None, false)), "etcd-1-0: placed on 127.64.0.11");
        assert_eq!(tell("unknown", member(None, false)), "");
        assert_eq!(tell("unknown", member(Some(7), false)), "etcd-1-0: etcd 7 is starting");
        assert_eq!(tell("unknown", member(Some(7), false)), "");
        assert_eq!(tell("healthy", member(Some(7), false)), "the scheduler says: healthy: ");
        assert_eq!(tell("healthy", member(Some(7), true)), "etcd-1-0: its task has ended");
        assert_eq!(tell("healthy", member(Some(7), true)), "");
    }
}
