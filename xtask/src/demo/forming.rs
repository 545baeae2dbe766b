//! Tells how the cluster comes into being.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use crate::admin::{Member, Report};
use crate::deployment::{Deployment, SIZE};
use crate::failure::{Failure, Outcome};
use crate::interrupt;
use crate::teller::Teller;

/// Three seconds are usual.
const DEADLINE: Duration = Duration::from_secs(120);
const ASK_EVERY: Duration = Duration::from_millis(20);

/// Waits until all members serve; nothing if the demo is asked to end before.
pub fn wait(deployment: &Deployment, teller: &Teller) -> Outcome<Option<Report>> {
    let until = Instant::now() + DEADLINE;
    let mut told = BTreeMap::new();
    while !interrupt::is_asked() {
        if let Some(status) = deployment.scheduler_status() {
            return Err(Failure::new(format!("the scheduler ended: {status}")));
        }
        // The scheduler does not listen in its first moments; that it never does shows at the deadline.
        let report = deployment.admin().report().unwrap_or_default();
        for line in news(&mut told, &report) {
            teller.tell(&line);
        }
        if report.is_complete(SIZE) {
            teller.tell(&format!("{}: {}", report.verdict, report.because));
            return Ok(Some(report));
        }
        if Instant::now() > until {
            return Err(Failure::new(format!("no cluster of {SIZE} members for {DEADLINE:?}")));
        }
        thread::sleep(ASK_EVERY);
    }
    Ok(None)
}

/// What is new since the last report, a line for each member that has moved.
fn news(told: &mut BTreeMap<String, String>, report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for member in &report.members {
        let now = state(member);
        if told.insert(member.name.clone(), now.clone()).as_ref() != Some(&now) {
            lines.push(format!("{}: {now}", member.name));
        }
    }
    lines
}

fn state(member: &Member) -> String {
    match (member.etcd_pid, member.task_state.as_str()) {
        (Some(_), "Running") => format!("clients are told of {}", member.client_url),
        (Some(pid), _) => format!("etcd {pid} is {}", member.etcd_state),
        (None, _) => format!("placed on agent {}", member.hostname),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_once() {
        let member = |etcd_pid, task_state: &str| Member {
            name: "etcd-1-0".into(),
            hostname: "127.64.0.11".into(),
            client_url: "http://127.64.0.11:6001".into(),
            task_state: task_state.into(),
            etcd_state: "starting".into(),
            etcd_pid,
            is_leader: false,
        };
        let report = |member| Report { members: vec![member], ..Report::default() };
        let mut told = BTreeMap::new();
        let mut tell = |member| news(&mut told, &report(member)).join("\n");
        assert_eq!(tell(member(None, "")), "etcd-1-0: placed on agent 127.64.0.11");
        assert_eq!(tell(member(None, "Staging")), "");
        assert_eq!(tell(member(Some(7), "Starting")), "etcd-1-0: etcd 7 is starting");
        let serves = "etcd-1-0: clients are told of http://127.64.0.11:6001";
        assert_eq!(tell(member(Some(7), "Running")), serves);
    }
}
