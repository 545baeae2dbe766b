//! What a script can look at: what an operator sees, and what only a simulator can.

use etcd_mesos_core::record::{Member, Record, TaskPhase};
use etcd_mesos_core::view;

use etcd_mesos_model::Container;

use super::Stage;
use super::words::Words;
use crate::deed::state;
use crate::executors::Executor;
use crate::schedulers::Process;
use crate::world::World;

impl Stage {
    /// `show report|members|health|record|tasks|actions`.
    pub(super) fn show(&mut self, words: &mut Words<'_>) -> Result<String, String> {
        let place = usize::from(words.take("second"));
        match words.next()? {
            "report" => Ok(self.process(place)?.core.report().to_string()),
            "health" => Ok(health(self.process(place)?)),
            "members" => Ok(members(self.process(place)?)),
            "record" => Ok(record(&self.world)),
            "tasks" => Ok(tasks(&self.world)),
            "actions" => Ok(actions(std::mem::take(&mut self.world.deeds))),
            other => Err(format!("there is nothing called {other:?} to show")),
        }
    }

    pub(super) fn process(&self, place: usize) -> Result<&Process, String> {
        self.world.schedulers[place].as_ref().ok_or_else(|| "no scheduler runs".to_owned())
    }
}

fn health(process: &Process) -> String {
    let health = process.core.health();
    format!("{:?}: {}", health.verdict, health.because)
}

/// `/members`, one a line.
fn members(process: &Process) -> String {
    let told = view::members(&process.core);
    if told.is_empty() {
        return "nobody is told of a member".to_owned();
    }
    let line = |m: &view::MemberEntry| {
        format!("{} {}:{} on {}", m.name, m.host, m.client_port, m.agent_id)
    };
    told.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What the store holds.
fn record(world: &World) -> String {
    let Some((bytes, version)) = world.store.load() else { return "the store is empty".to_owned() };
    let record = match Record::parse(bytes, &world.config.cluster) {
        Ok(record) => record,
        Err(error) => return format!("version {}: {error}", version.0),
    };
    let head = format!("version {}: {}", version.0, state(&record));
    let lines = [head].into_iter().chain(record.members.iter().map(member));
    lines.collect::<Vec<_>>().join("\n")
}

fn member(member: &Member) -> String {
    let task = match &member.task {
        TaskPhase::Planned => "planned".to_owned(),
        TaskPhase::Seen => "seen".to_owned(),
        TaskPhase::Ended { proof, why } => format!("ended, {proof}: {why}"),
    };
    let announced = if member.announced { ", announced" } else { "" };
    format!("{} on {}: {task}{announced}", member.task_id, member.agent_id)
}

/// The executors that live, and their etcds: only a simulator sees this.
fn tasks(world: &World) -> String {
    let line = |(container, executor): (&Container, &Executor)| {
        let etcd = match executor.pid {
            Some(_) if world.cut.contains(&container.agent) => "etcd runs, cut off",
            Some(_) => "etcd runs",
            None => "no etcd",
        };
        format!("{} on a{}: {etcd}", executor.task, container.agent + 1)
    };
    let lines: Vec<String> = world.executors.iter().map(line).collect();
    if lines.is_empty() { "no executor lives".to_owned() } else { lines.join("\n") }
}

/// What schedulers did, without their looks at members and executors, which never end. Lines that
/// follow each other again and again are told once, with how often.
fn actions(lines: Vec<String>) -> String {
    let is_look = |line: &String| line.contains(" looks at ") || line.ends_with(" for a beat");
    let mut told: Vec<(String, u32)> = Vec::new();
    for line in lines.into_iter().filter(|line| !is_look(line)) {
        match told.last_mut() {
            Some((last, times)) if *last == line => *times += 1,
            _ => told.push((line, 1)),
        }
    }
    if told.is_empty() {
        return "nothing".to_owned();
    }
    let line = |(line, times): (String, u32)| {
        if times == 1 { line } else { format!("{line} ({times} times)") }
    };
    told.into_iter().map(line).collect::<Vec<_>>().join("\n")
}
