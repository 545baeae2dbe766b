//! What the reader can do to the cluster: by a key, or by a command in another terminal.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::demo::scene::{Member, Role, State};
use crate::failure::{Outcome, ensure};
use crate::http;

/// An agent that starts takes a moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The key that does it.
    pub key: char,
    /// To whom it is done.
    pub whom: String,
    /// What will happen.
    pub effect: String,
    /// How it is done.
    pub act: Act,
}

/// How something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A process is killed.
    Kill(u32),
    /// A master is told so.
    Post {
        /// The master's address.
        address: String,
        /// What it is told.
        path: String,
    },
}

impl Act {
    /// The command that does the same.
    pub fn command(&self) -> String {
        match self {
            Act::Kill(pid) => format!("kill -9 {pid}"),
            Act::Post { address, path } => format!("curl -X POST http://{address}{path}"),
        }
    }

    /// Does it.
    pub fn perform(&self) -> Outcome<()> {
        match self {
            Act::Kill(pid) => {
                let pid = Pid::from_raw(i32::try_from(*pid)?);
                Ok(kill(pid, Signal::SIGKILL)?)
            }
            Act::Post { address, path } => {
                let (status, words) = http::post(address, path, "", PATIENCE)?;
                ensure(status < 300, || format!("{address}{path}: {status} {words}"))
            }
        }
    }
}

/// What can be done to members, whatever Mesos they are on.
pub fn to_members(members: &[Member]) -> Vec<Deed> {
    let is_follower = |member: &&Member| member.role == Some(Role::Follower);
    let is_leader = |member: &&Member| member.role == Some(Role::Leader);
    let follower = members.iter().find(is_follower);
    // Another than whose etcd is killed above, so that both can be watched.
    let last = members.iter().rfind(is_follower);
    let leader = members.iter().find(is_leader);
    let etcd = |key, member: Option<&Member>, who: &str, effect: &str| {
        let (member, pid) = member.and_then(|member| Some((member, member.etcd?)))?;
        let whom = format!("{who} {}", member.name);
        Some(Deed { key, whom, effect: effect.to_owned(), act: Act::Kill(pid) })
    };
    let deeds = [
        etcd('f', follower, "follower", "serves again within half a second, on its data"),
        etcd('l', leader, "leader", "the others elect one of them, in a second or two"),
        last.and_then(|member| to_executor(member, members)),
    ];
    deeds.into_iter().flatten().collect()
}

fn to_executor(member: &Member, members: &[Member]) -> Option<Deed> {
    let effect = match may_lose_one(members) {
        true => "its etcd dies with it; not replaced yet, and reported",
        false => QUORUM_LOST,
    };
    let whom = format!("executor of {}", member.name);
    Some(Deed { key: 'e', whom, effect: effect.to_owned(), act: Act::Kill(member.executor?) })
}

/// What follows if a member is lost that the others need.
pub const QUORUM_LOST: &str = "the quorum is lost then, and there is no reseed yet";

/// Whether the others are a majority if one more member is lost for good.
pub fn may_lose_one(members: &[Member]) -> bool {
    let lives = |member: &&Member| matches!(member.state, State::Serving);
    members.iter().filter(lives).count() > members.len() / 2 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, pid: u32, role: Role) -> Member {
        Member {
            name: name.into(),
            role: Some(role),
            state: State::Serving,
            proof: None,
            etcd: Some(pid),
            executor: Some(pid + 100),
            client_url: String::new(),
            agent: String::new(),
            folder: String::new(),
        }
    }

    #[test]
    fn a_follower_the_leader_and_an_executor_are_offered_to_be_killed() {
        let mut members = vec![
            member("a", 1, Role::Leader),
            member("b", 2, Role::Follower),
            member("c", 3, Role::Follower),
        ];
        let commands = |members: &[Member]| {
            let line = |deed: Deed| format!("{} {} {}", deed.key, deed.whom, deed.act.command());
            to_members(members).into_iter().map(line).collect::<Vec<_>>()
        };
        let all = ["f follower b kill -9 2", "l leader a kill -9 1", "e executor of c kill -9 103"];
        assert_eq!(commands(&members), all);

        members[1].etcd = None;
        assert_eq!(commands(&members), all[1..]);
    }

    #[test]
    fn whoever_takes_the_quorum_is_told_so() {
        let mut members = vec![
            member("a", 1, Role::Leader),
            member("b", 2, Role::Follower),
            member("c", 3, Role::Follower),
        ];
        assert!(may_lose_one(&members));
        members[2].state = State::Ended;
        members[2].role = None;
        assert!(!may_lose_one(&members));
        assert_eq!(to_members(&members)[2].effect, QUORUM_LOST);
    }
}
