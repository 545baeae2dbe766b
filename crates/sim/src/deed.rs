//! What a scheduler does, as sentences without their subject, for stories and scripts.

use etcd_mesos_core::record::{Phase, Record};
use etcd_mesos_core::scheduler::Action;
use etcd_mesos_core::wire::Order;

pub(crate) fn deed(action: &Action) -> String {
    match action {
        Action::Save { record, expected, .. } => {
            format!("saves {}, version {}", state(record), expected.0 + 1)
        }
        Action::Subscribe { framework_id, suppressed } => {
            let id = framework_id.as_ref().map_or("a new framework", |id| id.as_str());
            format!("subscribes as {id}{}", if *suppressed { ", suppressed" } else { "" })
        }
        Action::AskFrameworks => "asks for frameworks of its name".to_owned(),
        Action::Reconcile { tasks } if tasks.is_empty() => "reconciles all tasks".to_owned(),
        Action::Reconcile { tasks } => {
            let tasks: Vec<String> = tasks.iter().map(|(task, _)| task.to_string()).collect();
            format!("reconciles {}", tasks.join(" "))
        }
        Action::Acknowledge { task_id, .. } => format!("acknowledges an update of {task_id}"),
        Action::Launch { task_id, agent_id, .. } => format!("launches {task_id} on {agent_id}"),
        Action::Decline { offers, refuse_for } => {
            let which: Vec<&str> = offers.iter().map(|id| id.as_str()).collect();
            format!("declines {} for {} s", which.join(" "), refuse_for.as_secs())
        }
        Action::Suppress => "suppresses offers".to_owned(),
        Action::Revive => "revives offers".to_owned(),
        Action::Kill { task_id, .. } => format!("kills {task_id}"),
        Action::Message { member, message, .. } => match message.order {
            Order::Formed { .. } => format!("tells {member} that the cluster is formed"),
            Order::Beat => format!("asks {member} for a beat"),
        },
        Action::Probe { member, .. } => format!("looks at {member}"),
        Action::Exit { code, why } => format!("ends with {}: {why}", code.code()),
    }
}

/// What a record says, without its members' addresses.
pub(crate) fn state(record: &Record) -> String {
    let ended: Vec<&str> =
        record.members.iter().filter(|m| m.is_ended()).map(|m| m.name().as_str()).collect();
    let ended =
        if ended.is_empty() { String::new() } else { format!(", ended {}", ended.join(" ")) };
    let framework = record.framework_id.as_ref().map_or("no framework", |id| id.as_str());
    format!("{}{ended}, epoch {}, {framework}", phase(&record.phase), record.epoch)
}

fn phase(phase: &Phase) -> String {
    match phase {
        Phase::None => "no cluster".to_owned(),
        Phase::Forming { token, abandoned: None } => format!("forming {token}"),
        Phase::Forming { token, abandoned: Some(why) } => format!("abandoned {token} ({why})"),
        Phase::Formed { token, .. } => format!("formed {token}"),
    }
}
