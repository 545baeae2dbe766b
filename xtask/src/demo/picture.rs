//! What runs where, drawn with characters that every terminal has: for who reads lines.

use std::fmt::Write;

use crate::demo::scene::{Agent, Member, Role, Scene};

/// Draws Mesos, the scheduler and the members.
pub fn draw(scene: &Scene) -> String {
    let mut text = format!(
        "\n  {}: {}\n   |\n   +-- scheduler, process {}, {}\n",
        scene.mesos, scene.master_url, scene.scheduler_pid, scene.report_url,
    );
    for (n, Agent { name, ip, .. }) in scene.agents.iter().enumerate() {
        let _ = write!(text, "   |\n   +-- agent {name}, {ip}\n");
        let rail = if n + 1 == scene.agents.len() { ' ' } else { '|' };
        for member in scene.members.iter().filter(|member| member.agent == *name) {
            for line in lines(member) {
                let _ = writeln!(text, "   {rail}    {line}");
            }
        }
    }
    text
}

fn lines(member: &Member) -> [String; 3] {
    let role = if member.role == Some(Role::Leader) { "leader" } else { "follower" };
    let pid = member.etcd.map_or("unknown".to_owned(), |pid| pid.to_string());
    [
        format!("+-- {}, {role}: etcd, process {pid}", member.name),
        format!("      clients  {}", member.client_url),
        format!("      sandbox  {}", member.folder),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::scene::State;

    #[test]
    fn a_member_is_drawn_below_its_agent() {
        let agent =
            |name: &str| Agent { name: name.into(), ip: "127.64.0.11".into(), state: "up".into() };
        let member = Member {
            name: "etcd-1-0".into(),
            role: Some(Role::Leader),
            state: State::Serving,
            proof: None,
            etcd: Some(7),
            executor: None,
            client_url: "http://127.64.0.11:6001".into(),
            agent: "a1".into(),
            folder: "/tmp/x/etcd-1-0".into(),
        };
        let (agents, members) = (vec![agent("a1"), agent("a2")], vec![member]);
        let text = draw(&Scene { agents, members, ..Scene::default() });
        let wanted = "
   +-- agent a1, 127.64.0.11
   |    +-- etcd-1-0, leader: etcd, process 7
   |          clients  http://127.64.0.11:6001
   |          sandbox  /tmp/x/etcd-1-0
   |
   +-- agent a2, 127.64.0.11
";
        assert!(text.ends_with(wanted), "{text}");
    }
}
