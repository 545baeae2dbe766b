//! What the reader can do with the cluster now, and the proof that it works.

use std::process::Command;

use crate::admin::{Member, Report};
use crate::deployment::Deployment;
use crate::failure::{Failure, Outcome, ensure};
use crate::teller::Teller;

const KEY: &str = "hello";
const VALUE: &str = "world";

/// Commands to copy.
pub fn text(deployment: &Deployment, report: &Report) -> String {
    let etcdctl = etcdctl(deployment, report).join(" ");
    format!(
        "
  write and read a key:
      {etcdctl} put {KEY} {VALUE}
      {etcdctl} get {KEY}
  kill an etcd; its executor starts it again, on its data, and here you see it heal:
{}  kill the scheduler, and etcd runs on; the demo starts another, which takes over:
      kill -9 {}
  ask the scheduler what it does, and why:
      curl {}
  stop everything: Ctrl-C

",
        kills(report),
        deployment.scheduler().map_or(0, |scheduler| scheduler.pid()),
        deployment.admin().url("/report"),
    )
}

/// Runs the commands of [`text`] for the reader.
pub fn check(deployment: &Deployment, report: &Report, teller: &Teller) -> Outcome<()> {
    let base = etcdctl(deployment, report);
    let written = output(&base, &["put", KEY, VALUE])?;
    ensure(written.trim() == "OK", || format!("etcdctl put answered '{written}'"))?;
    let read = output(&base, &["get", KEY])?;
    ensure(read.lines().eq([KEY, VALUE]), || format!("etcdctl get answered '{read}'"))?;
    teller.tell(&format!("etcdctl wrote the key {KEY}, and read it again"));
    Ok(())
}

/// etcd 3.4 and later speak API version 3 without being told; `ETCDCTL_API` may say otherwise.
fn etcdctl(deployment: &Deployment, report: &Report) -> Vec<String> {
    let urls: Vec<&str> = report.members.iter().map(|member| member.client_url.as_str()).collect();
    let found = deployment.etcdctl();
    let is_on_path = std::env::var_os("ETCD_MESOS_ETCD").is_none();
    let name = found.file_name().filter(|_| is_on_path).map_or(found, |name| name.as_ref());
    vec![name.display().to_string(), format!("--endpoints={}", urls.join(","))]
}

fn output(base: &[String], arguments: &[&str]) -> Outcome<String> {
    let output = Command::new(&base[0])
        .args(&base[1..])
        .args(arguments)
        .env_remove("ETCDCTL_API")
        .output()?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(Failure::new(format!("etcdctl {} failed: {stderr}", arguments.join(" ")))),
    }
}

fn kills(report: &Report) -> String {
    let line =
        |member: Option<&Member>, what: &str| match member.and_then(|m| Some((m, m.etcd_pid?))) {
            Some((member, pid)) => format!("      kill -9 {pid:<8} # {}, {what}\n", member.name),
            None => String::new(),
        };
    let follower = report.members.iter().find(|member| !member.is_leader);
    line(follower, "a follower: it serves again within half a second")
        + &line(report.leader(), "the leader: the others elect one of them, in a second or two")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_and_the_leader_are_offered_to_be_killed() {
        let member = |name: &str, etcd_pid, is_leader| Member {
            name: name.into(),
            hostname: String::new(),
            client_url: String::new(),
            task_state: "Running".into(),
            etcd_state: "serving".into(),
            etcd_pid: Some(etcd_pid),
            is_leader,
        };
        let members = vec![member("a", 1, true), member("b", 2, false), member("c", 3, false)];
        let text = kills(&Report { members, ..Report::default() });
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("kill -9 2 ") && lines[0].contains("b, a follower"), "{text}");
        assert!(lines[1].contains("kill -9 1 ") && lines[1].contains("a, the leader"), "{text}");
    }
}
