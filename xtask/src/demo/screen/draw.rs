//! Draws a scene: a pure function of the facts and of the size of the terminal.

use std::time::Duration;

use super::text::{Line, Style};
use crate::demo::deed::Deed;
use crate::demo::scene::{Agent, Event, Member, Role, Scene, State};
use crate::gateway::Proof;

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// What gives way first where there are too few rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Needed,
    /// What the report says as well.
    Detail,
    /// What a key does as well.
    Command,
    Blank,
}

type Rows = Vec<(Rank, Line)>;

/// So many of the newest events are shown on the smallest screen.
const EVENTS_MIN: usize = 4;
/// Long ones are in the report.
const CONCERNS_MAX: usize = 3;

/// The lines of the screen, none wider and not more than there is room for.
pub fn draw(scene: &Scene, size: Size) -> Vec<Line> {
    let mut rows = head(scene);
    rows.extend(members(scene));
    rows.push(agents(&scene.agents));
    rows.extend(clients(scene));
    rows.extend(deeds(&scene.deeds, size.width));
    rows.push(blank());
    rows.push(needed(heading("WHAT HAPPENS")));
    shed(&mut rows, size.height.saturating_sub(EVENTS_MIN));
    let room = size.height.saturating_sub(rows.len());
    rows.extend(events(scene, room));
    rows.into_iter().take(size.height).map(|(_, line)| line.fit(size.width)).collect()
}

/// Drops what matters least until the rest fits, from below.
fn shed(rows: &mut Rows, room: usize) {
    while rows.len() > room {
        let worst = rows.iter().map(|(rank, _)| *rank).max().unwrap_or(Rank::Needed);
        if worst == Rank::Needed {
            return;
        }
        if let Some(at) = rows.iter().rposition(|(rank, _)| *rank == worst) {
            rows.remove(at);
        }
    }
}

fn head(scene: &Scene) -> Rows {
    let (style, word) = match scene.verdict.as_str() {
        "healthy" => (Style::Good, "HEALTHY"),
        "degraded" => (Style::Waiting, "DEGRADED"),
        "unhealthy" => (Style::Bad, "NOT HEALTHY"),
        "unknown" => (Style::Waiting, "NOT YET"),
        _ => (Style::Bad, "UNKNOWN: THE SCHEDULER DOES NOT ANSWER"),
    };
    let because = match scene.because.as_str() {
        "" => String::new(),
        because => format!(": {because}"),
    };
    let title = Line::new().and(Style::Dim, time(scene.elapsed)).and(Style::Bold, &scene.framework);
    let mesos = format!("  {}: {}", scene.mesos, scene.master_url);
    let mut rows = vec![
        needed(title.and(Style::Plain, " is ").and(style, word).and(Style::Plain, because)),
        needed(scheduler(scene)),
        (Rank::Detail, Line::new().and(Style::Plain, mesos)),
    ];
    let concern =
        |text: &String| (Rank::Detail, Line::new().and(Style::Waiting, format!("! {text}")));
    rows.extend(scene.concerns.iter().take(CONCERNS_MAX).map(concern));
    rows
}

fn scheduler(scene: &Scene) -> Line {
    Line::new()
        .and(Style::Dim, format!("  scheduler, process {}, and its report: ", scene.scheduler_pid))
        .and(Style::Plain, &scene.report_url)
}

fn members(scene: &Scene) -> Rows {
    let title = format!(
        "{:8} {:8} {:9} {:>7}  {}",
        "MEMBER", "ROLE", "STATE", "PROCESS", "LAST LINEARIZABLE READ; RAFT INDEX/APPLIED"
    );
    let mut rows = vec![blank(), needed(heading(&title))];
    for member in &scene.members {
        rows.push(needed(member_line(member)));
        rows.push(needed(place_line(member)));
    }
    rows.push(blank());
    rows
}

fn member_line(member: &Member) -> Line {
    let role = match member.role {
        Some(Role::Leader) => (Style::Bold, "leader"),
        Some(Role::Follower) => (Style::Plain, "follower"),
        None => (Style::Dim, "-"),
    };
    let (style, state) = state(&member.state);
    let pid = member.etcd.map_or("-".to_owned(), |pid| pid.to_string());
    Line::new()
        .column(Style::Bold, 8, &member.name)
        .column(role.0, 8, role.1)
        .column(style, 9, state)
        .and(Style::Plain, format!("{pid:>7}  "))
        .and(style, proof(member))
}

fn state(state: &State) -> (Style, &str) {
    match state {
        State::Coming(word) if word.is_empty() => (Style::Waiting, "placed"),
        State::Coming(word) => (Style::Waiting, word),
        State::Serving => (Style::Good, "serving"),
        State::Stalled => (Style::Bad, "stalled"),
        State::Down(_) => (Style::Bad, "down"),
        State::Ended => (Style::Bad, "ended"),
    }
}

fn proof(member: &Member) -> String {
    match (&member.state, &member.proof) {
        (State::Ended, _) => "its task has ended: see the report".to_owned(),
        (State::Down(since), _) => format!("no etcd for {}", seconds(*since)),
        (_, Some((age, proof))) => proven(*age, proof),
        (State::Coming(_), None) => "none yet".to_owned(),
        (State::Serving | State::Stalled, None) => "no answer".to_owned(),
    }
}

fn proven(age: Duration, proof: &Proof) -> String {
    format!(
        "{} ago, revision {}, raft {}/{}, term {}",
        seconds(age),
        proof.revision,
        proof.raft_index,
        proof.raft_applied_index,
        proof.raft_term
    )
}

fn place_line(member: &Member) -> Line {
    Line::new()
        .and(Style::Plain, format!("  {}", member.client_url))
        .and(Style::Dim, "  on ")
        .and(Style::Plain, &member.agent)
        .and(Style::Dim, format!("  {}", member.folder))
}

fn agents(agents: &[Agent]) -> (Rank, Line) {
    let mut line = Line::new().and(Style::Dim, "AGENTS  ");
    for Agent { name, state, .. } in agents {
        let style = match state.as_str() {
            "up" => Style::Good,
            "away" => Style::Waiting,
            _ => Style::Bad,
        };
        line = line.and(Style::Plain, format!("  {name} ")).and(style, state);
    }
    needed(line)
}

/// Written through one member and read through another: that shows more than a command with all of them, and
/// fits.
fn clients(scene: &Scene) -> Rows {
    let serving = scene.serving();
    let command = |member: &Member, words: &str| {
        let endpoint = member.client_url.trim_start_matches("http://");
        format!("  {} --endpoints={endpoint} {words}", scene.etcdctl)
    };
    let title = "TRY THIS IN ANOTHER TERMINAL, OR PRESS A KEY HERE; Ctrl-C STOPS EVERYTHING";
    let mut rows = vec![blank(), needed(heading(title))];
    if let (Some(first), Some(last)) = (serving.first(), serving.last()) {
        rows.push(needed(Line::new().and(Style::Plain, command(first, "put hello world"))));
        rows.push(needed(Line::new().and(Style::Plain, command(last, "get hello"))));
    }
    rows.push((
        Rank::Command,
        Line::new().and(Style::Plain, format!("  curl {}", scene.report_url)),
    ));
    rows
}

fn deeds(deeds: &[Deed], width: usize) -> Rows {
    let mut rows = vec![blank()];
    for deed in deeds {
        let act = deed.act.command();
        let line = Line::new()
            .and(Style::Key, format!("  {}  ", deed.key))
            .column(Style::Plain, 20, &deed.whom)
            .and(Style::Dim, &deed.effect);
        let command = Line::new().and(Style::Plain, format!("     {act}"));
        match line.width() + act.len() + 4 <= width {
            true => rows.push(needed(line.column(Style::Dim, 0, ":").and(Style::Plain, act))),
            false => rows.extend([needed(line), (Rank::Command, command)]),
        }
    }
    rows
}

fn events(scene: &Scene, room: usize) -> Rows {
    let skip = scene.events.len().saturating_sub(room);
    let newest = scene.events.len().saturating_sub(1);
    let line = |(n, Event { at, text }): (usize, &Event)| {
        let style = if n == newest { Style::Bold } else { Style::Plain };
        needed(Line::new().and(Style::Dim, time(*at)).and(style, text))
    };
    scene.events.iter().enumerate().skip(skip).map(line).collect()
}

fn time(at: Duration) -> String {
    format!("{:7.1} s  ", at.as_secs_f64())
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn heading(text: &str) -> Line {
    Line::new().and(Style::Dim, text)
}

fn needed(line: Line) -> (Rank, Line) {
    (Rank::Needed, line)
}

fn blank() -> (Rank, Line) {
    (Rank::Blank, Line::new())
}

#[cfg(test)]
#[path = "draw_tests.rs"]
mod tests;
