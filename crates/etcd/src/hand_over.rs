//! A leader that is stopped on purpose hands over first: 15 ms without a failed write, where the
//! election after its end takes a second.

use std::time::Duration;

use etcd_client::Member;
use etcd_mesos_core::id::MemberId;

use crate::probe::{Deadline, Probe, ProbeError};

/// How long one candidate may take to show that it serves. A dead one refuses at once; this is
/// for one that is frozen.
const CANDIDATE_DEADLINE: Duration = Duration::from_millis(500);
/// The pause between two looks at whether the leader has changed.
const CONFIRM_PAUSE: Duration = Duration::from_millis(5);

/// What became of the leadership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandOver {
    /// The member does not lead; there was nothing to do.
    NotLeader,
    /// The member leads, and no other voter serves: nobody could take over.
    NobodyElse,
    /// Another member leads now.
    To {
        /// Its member ID.
        member_id: MemberId,
        /// Its name.
        name: String,
    },
}

/// Hands the leadership over, if the member at `client_url` has it, to a voter that serves.
///
/// All of it takes at most `deadline`. A failure is no reason not to stop the member: the others
/// elect a leader by themselves, only later.
///
/// # Errors
/// When the member does not answer, or when the leader has not changed in time.
pub async fn hand_over(client_url: &str, deadline: Duration) -> Result<HandOver, ProbeError> {
    let deadline = Deadline::within(deadline);
    let mut probe = Probe::new(client_url);
    let own = probe.look(deadline.left()).await?;
    if !own.is_leader() {
        return Ok(HandOver::NotLeader);
    }
    let members = member_list(&mut probe, deadline).await?;
    let Some(heir) = heir(&members, own.member_id, deadline).await else {
        return Ok(HandOver::NobodyElse);
    };
    move_leader(&mut probe, heir.id(), deadline).await?;
    confirm(&mut probe, MemberId(heir.id()), deadline).await?;
    Ok(HandOver::To { member_id: MemberId(heir.id()), name: heir.name().to_owned() })
}

async fn member_list(probe: &mut Probe, deadline: Deadline) -> Result<Vec<Member>, ProbeError> {
    let mut client = probe.client(deadline).await?.cluster_client();
    let answer =
        probe.call("MemberList", deadline, async move { client.member_list().await }).await?;
    Ok(answer.members().to_vec())
}

/// The first voter that proves that it serves, and takes this member for the leader.
async fn heir(members: &[Member], own: MemberId, deadline: Deadline) -> Option<&Member> {
    for member in members.iter().filter(|m| m.id() != own.0 && !m.is_learner()) {
        // A member that was added and never started has no client URL.
        let Some(url) = member.client_urls().first() else { continue };
        let time = CANDIDATE_DEADLINE.min(deadline.left());
        let seen = Probe::new(url.as_str()).look(time).await;
        if seen.is_ok_and(|seen| seen.is_serving() && seen.leader == Some(own)) {
            return Some(member);
        }
    }
    None
}

async fn move_leader(probe: &mut Probe, to: u64, deadline: Deadline) -> Result<(), ProbeError> {
    let mut client = probe.client(deadline).await?.maintenance_client();
    let moved = async move { client.move_leader(to).await };
    probe.call("MoveLeader", deadline, moved).await.map(|_| ())
}

async fn confirm(probe: &mut Probe, heir: MemberId, deadline: Deadline) -> Result<(), ProbeError> {
    while probe.look(deadline.left()).await?.leader != Some(heir) {
        tokio::time::sleep(CONFIRM_PAUSE).await;
    }
    Ok(())
}
