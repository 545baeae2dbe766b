//! The client task of a member, of which the report alone speaks: without it mesos-dns has no
//! `_etcd-client._tcp` of the member. Nothing is launched or ended for it.

use super::{Pass, Scheduler};
use crate::record::Member;
use crate::scheduler::TaskView;
use crate::status::TaskState;

impl Scheduler {
    /// Says of a member that runs why clients do not find it by its client task, where that is so.
    pub(super) fn say_client_task(&self, pass: &mut Pass, member: &Member) {
        let Some(why) = self.why_unnamed(pass, member) else { return };
        pass.waiting(
            "client",
            format!(
                "`_etcd-client._tcp` does not name {}: {why}; the next launch of that member brings it \
                 back",
                member.name()
            ),
        );
    }

    fn why_unnamed(&self, pass: &mut Pass, member: &Member) -> Option<String> {
        let is_running = |view: &&TaskView| view.state == TaskState::Running;
        let running = self.tasks.get(&member.task_id).filter(is_running)?;
        let timing = self.config.timing;
        match self.client_tasks.get(&member.task_id) {
            Some(client) if client.state == TaskState::Running => None,
            Some(client) if client.state.is_terminal() => {
                // Where both end, the member's word may be the later one.
                let certain_at = running.since.max(client.since) + timing.proof_max;
                pass.is_due(certain_at).then(|| told(client))
            }
            // Who took over is told of client tasks only with the answers for all tasks.
            other => {
                let certain_at = running.since + timing.reconcile_implicit + timing.proof_max;
                pass.is_due(certain_at).then(|| other.map_or_else(never_seen, told))
            }
        }
    }
}

fn never_seen() -> String {
    "Mesos tells of no client task of it: it has ended, or an earlier version launched none"
        .to_owned()
}

fn told(client: &TaskView) -> String {
    let said = client.message.lines().next().filter(|said| !said.is_empty());
    let said = said.map_or_else(String::new, |said| format!(" ({said})"));
    format!("of its client task Mesos says {:?}{said}", client.state)
}
