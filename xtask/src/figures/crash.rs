//! `kill -9` of an etcd: its executor starts it again on its data.

use std::thread;
use std::time::{Duration, Instant};

use etcd_mesos_testkit::processes::send_signal;
use nix::sys::signal::Signal;

use super::figure::Sample;
use super::scene::{KEY, Scene, time_until};
use crate::admin::Member;
use crate::failure::{Failure, Outcome};
use crate::gateway;
use crate::sandbox::etcd_in;

/// At which age of the tasks an etcd is killed, and how the predecessor fared then.
#[derive(Debug)]
pub struct Age {
    age: Duration,
    go: &'static str,
}

/// An age at which the predecessor's executor restarted etcd too.
pub const YOUNG: Age = Age { age: Duration::from_secs(5), go: "2.3 s" };
/// An age at which it did not any more.
pub const OLD: Age = Age { age: Duration::from_secs(245), go: "19 s, a new member" };

/// Whose etcd is killed: after the leader's death the others have to elect another first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Follower,
    Leader,
}

/// Kills one etcd.
pub fn measure(scene: &Scene<'_>, age: &Age, role: Role) -> Outcome<Vec<Sample>> {
    let (who, must) = match role {
        Role::Follower => ("follower", 0.5),
        Role::Leader => ("leader", 2.0),
    };
    thread::sleep(age.age.saturating_sub(scene.formed.elapsed()));
    let victim = pick(scene, role)?;
    let (process, served) = kill(scene, &victim)?;
    scene.settle()?;
    let name = |what: &str| format!("{who} killed after {} s: {what}", age.age.as_secs());
    Ok(vec![
        Sample::seconds(&name("new process"), process, Some(0.2), ""),
        Sample::seconds(&name("serves again"), served, Some(must), age.go),
    ])
}

fn pick(scene: &Scene<'_>, role: Role) -> Outcome<Member> {
    let mut members = scene.settle()?.members.into_iter();
    let found = members.find(|member| member.is_leader == (role == Role::Leader));
    found.ok_or_else(|| Failure::new(format!("nobody is {role:?}")))
}

/// How long until there is another process, and until it serves: the same member, with the same data.
fn kill(scene: &Scene<'_>, victim: &Member) -> Outcome<(Duration, Duration)> {
    let old = scene.etcd_pid(&victim.name)?;
    let sandbox = scene.sandbox(&victim.name)?;
    let killed = Instant::now();
    send_signal(old, Signal::SIGKILL);
    let another = || etcd_in(sandbox).filter(|&pid| pid != old);
    let (process, _) = time_until("another etcd", killed, another)?;
    let read = || gateway::read(&victim.client_url, KEY).ok();
    let (served, answer) = time_until("a linearizable read", killed, read)?;
    scene.ensure_same(victim, &answer)?;
    scene.ensure_same_list()?;
    Ok((process, served))
}
