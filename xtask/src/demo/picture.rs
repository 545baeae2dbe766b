//! What runs where, drawn with characters that every terminal has.

use std::fs;
use std::io;
use std::path::Path;

use crate::admin::{Member, Report};
use crate::deployment::{AGENTS, Deployment};
use crate::failure::Outcome;

/// Draws Mesos, the scheduler and the members.
pub fn draw(deployment: &Deployment, report: &Report) -> Outcome<String> {
    let mesos = &deployment.mesos;
    let mut text = format!(
        "\n  Mesos master {}\n   |\n   +-- scheduler, process {}, {}\n",
        mesos.master_url(),
        deployment.scheduler()?.pid(),
        deployment.admin().url("/"),
    );
    for n in 1..=AGENTS {
        text +=
            &format!("   |\n   +-- agent {}, process {}\n", mesos.agent_ip(n), mesos.agent_pid(n)?);
        for member in report.members.iter().filter(|m| m.hostname == mesos.agent_ip(n)) {
            let rail = if n == AGENTS { ' ' } else { '|' };
            for line in lines(deployment, member)? {
                text += &format!("   {rail}    {line}\n");
            }
        }
    }
    Ok(text)
}

fn lines(deployment: &Deployment, member: &Member) -> Outcome<[String; 3]> {
    let role = if member.is_leader { "leader" } else { "follower" };
    let pid = member.etcd_pid.map_or("unknown".to_owned(), |pid| pid.to_string());
    let sandbox = deployment.sandbox_of(member)?;
    // The sandbox's own path has 250 characters.
    let short = deployment.mesos.dir().join(&member.name);
    link(&sandbox, &short)?;
    Ok([
        format!("+-- {}, {role}: etcd, process {pid}", member.name),
        format!("      clients  {}", member.client_url),
        format!("      sandbox  {}", short.display()),
    ])
}

fn link(target: &Path, link: &Path) -> io::Result<()> {
    match fs::remove_file(link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::os::unix::fs::symlink(target, link)
}
