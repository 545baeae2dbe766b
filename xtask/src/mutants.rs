//! `cargo xtask mutants`: each of these small changes to the dangerous code must turn the suite red.
//!
//! HEAD is cloned, one change is made at a time, and the tests that judge decisions are
//! run: the core's, the executor's, the model's, and the simulator's seeds. A change that survives is a hole in
//! the tests. It takes a while, and is run on demand.

#![allow(clippy::print_stdout, reason = "its output is what it is run for")]

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use crate::failure::{Outcome, ensure};
use crate::programs::top;

/// One change: its name, the file, what is there, and what is put there.
struct Mutant(&'static str, &'static str, &'static str, &'static str);

const SAFETY: &str = "core/src/scheduler/safety.rs";
const ABSORB: &str = "core/src/scheduler/absorb.rs";
const FORM: &str = "core/src/scheduler/plan/form.rs";
const STATUS: &str = "core/src/status.rs";
const BOOK: &str = "core/src/scheduler/book.rs";
const LINK: &str = "core/src/scheduler/plan/link.rs";
const STORE: &str = "core/src/scheduler/plan/store.rs";
const HEALTH: &str = "core/src/health.rs";
const IDENTITY: &str = "core/src/scheduler/plan/identity.rs";
const TEND: &str = "core/src/scheduler/plan/tend.rs";

#[rustfmt::skip]
const MUTANTS: &[Mutant] = &[
    Mutant("any epoch permits", SAFETY, "stored.epoch != epoch", "false"),
    Mutant("a formed cluster may be formed again", SAFETY,
        "Phase::Formed { .. } => Err(Denied::Formed),\n        Phase::None | Phase::Forming { abandoned: Some(_), .. }",
        "Phase::Formed { .. } => Ok(FormPermit(task.clone())),\n        Phase::None | Phase::Forming { abandoned: Some(_), .. }"),
    Mutant("a task may be started twice", SAFETY, "if member.task != TaskPhase::Planned", "if false && member.task != TaskPhase::Planned"),
    Mutant("a formed cluster may be killed", SAFETY,
        "Phase::Formed { .. } => Err(Denied::Formed),\n        Phase::None => Err(Denied::NotStored)",
        "Phase::Formed { .. } => Ok(KillPermit(task.clone())),\n        Phase::None => Err(Denied::NotStored)"),
    Mutant("a running attempt may be killed", SAFETY,
        "Phase::Forming { abandoned: None, .. } => Err(Denied::NotAbandoned)",
        "Phase::Forming { abandoned: None, .. } => Ok(KillPermit(task.clone()))"),
    Mutant("an abandoned attempt may be started", SAFETY,
        "Phase::None | Phase::Forming { abandoned: Some(_), .. } => Err(Denied::NotStored)",
        "Phase::None | Phase::Forming { abandoned: Some(_), .. } => Ok(FormPermit(task.clone()))"),
    Mutant("members are announced before formed", ABSORB, "is_running && is_formed", "is_running"),
    Mutant("GONE proves an end at any time", ABSORB,
        "member.task == TaskPhase::Planned && (is_gone", "member.task >= TaskPhase::Planned && (is_gone"),
    Mutant("an answer from before the launch is believed", ABSORB, "status.state == TaskState::Gone && !is_late_answer", "status.state == TaskState::Gone && (!is_late_answer || is_late_answer)"),
    Mutant("a task ID comes twice", FORM, "self.book.stored().attempts.max(self.attempts_seen()) + 1", "self.book.stored().attempts + 1"),
    Mutant("doubtful tasks are not asked for", IDENTITY, "if doubtful.is_empty() {", "if doubtful.len() < 99 {"),
    Mutant("a deposed scheduler goes on", ABSORB,
        "self.ending.get_or_insert((code, why));", "if code != ExitCode::Deposed {\n            self.ending.get_or_insert((code, why));\n        }"),
    Mutant("a lost connection keeps its epoch", ABSORB, "if self.is_subscribed() {\n            self.book.raise_epoch();", "if false {\n            self.book.raise_epoch();"),
    Mutant("an older beat counts", ABSORB, "old.said.seq >= said.seq", "false"),
    Mutant("failed over is an error like others", ABSORB, "message.contains(\"Framework failed over\")", "message.is_empty()"),
    Mutant("unreachable proves an end", STATUS, "Unreachable | Gone | Unknown => Evidence::Silent", "Unreachable | Gone | Unknown => Evidence::Ended(Proof::ContainerEnded)"),
    Mutant("a draining agent is believed", STATUS, "GoneByOperator if self.reason == Reason::AgentDraining => Evidence::Silent", "GoneByOperator if self.message == \"?\" => Evidence::Silent"),
    Mutant("the master's word proves an end", STATUS, "(Source::Master | Source::Agent, _) => Evidence::Silent", "(Source::Master | Source::Agent, _) => Evidence::Ended(Proof::ContainerEnded)"),
    Mutant("less than a majority forms", FORM, "let quorum = members.len() / 2 + 1;", "let quorum = members.len() / 2;"),
    Mutant("stragglers are not waited for", FORM, "!serving.contains_key(m.name()) && !self.is_late(pass, m)", "false && !self.is_late(pass, m) && m.is_ended()"),
    Mutant("an old proof forms", FORM, "(fresh && seen.is_serving())", "seen.is_serving()"),
    Mutant("a failed member does not fail the attempt", FORM, "if let TaskPhase::Ended { why, .. } = &member.task {", "if let (TaskPhase::Ended { why, .. }, true) = (&member.task, pass.actions.len() > 99) {"),
    Mutant("an attempt is forgotten without proof", FORM, "if open.is_empty() {", "if open.len() < 3 {"),
    Mutant("rescinded offers are launched", FORM, "!self.offers.contains_key(offer)", "offer.as_str().is_empty()"),
    Mutant("formation on what is not stored", FORM, "if !self.book.is_settled() {", "if self.book.is_settled() && pass.actions.len() > 99 {"),
    Mutant("acknowledged before it is stored", LINK, ".partition(|update| book.is_stored(update.mark))", ".partition(|update| book.is_stored(update.mark) || true)"),
    Mutant("a change is stored at once", BOOK, "self.stored_mark >= mark", "self.next_mark >= mark"),
    Mutant("no epoch is raised", BOOK, "next.epoch = Epoch(loaded.epoch.0 + 1);", "next.epoch = loaded.epoch;"),
    Mutant("acting before the epoch is stored", STORE, "if self.book.holds_epoch() {", "if self.book.holds_epoch() || true {"),
    Mutant("a store behind the executors is used", STORE, "beat.said.epoch > ours", "beat.said.epoch.0 > ours.0 + 1_000_000"),
    Mutant("formed is told before it is stored", TEND,
        "let Phase::Formed { cluster_id, .. } = self.book.stored().phase else { return Go::On };\n        for member in self.book.stored().members.clone() {",
        "let Phase::Formed { cluster_id, .. } = self.book.next().phase else { return Go::On };\n        for member in self.book.next().members.clone() {"),
    Mutant("another cluster of our name is ignored", IDENTITY, "Identity::Alone => Go::On,", "Identity::Alone | Identity::Living { .. } => Go::On,"),
    Mutant("unknown tasks of ours are ignored", IDENTITY, "if let Some(stranger) = self.strangers.first() {", "if let Some(stranger) = self.strangers.iter().nth(50) {"),
    Mutant("half of the members are healthy", HEALTH, "if count < size / 2 + 1 {", "if count < size / 2 {"),
    Mutant("two leaders are healthy", HEALTH, "if leaders(&serving).len() > 1 {", "if leaders(&serving).len() > 9 {"),
    Mutant("two members on one agent", "core/src/placement.rs", "if agents.insert(&offer.agent_id) {", "if agents.insert(&offer.agent_id) || true {"),
    Mutant("a policy makes green what is not proven", HEALTH, "if proven.verdict > judged.health.verdict {", "if proven.verdict < judged.health.verdict {"),
    Mutant("members are told before formed", "core/src/view.rs", "if !record.is_formed() {\n        return Vec::new();", "if false {\n        return Vec::new();"),
    Mutant("new on a directory that had a WAL", "crates/executor/src/safety.rs",
        "(DataDirectory::Missing | DataDirectory::NoWal, _, true)\n        | (DataDirectory::Missing, true, _)", "(DataDirectory::NoWal, true, true) => permit(InitialState::New),\n        (DataDirectory::Missing | DataDirectory::NoWal, _, true)\n        | (DataDirectory::Missing, true, _)"),
    Mutant("new on a directory of another", "crates/executor/src/safety.rs", "(DataDirectory::NoWal, true, false) => permit(InitialState::New)", "(DataDirectory::NoWal, _, false) => permit(InitialState::New)"),
    Mutant("an executor obeys a lower epoch", "crates/executor/src/supervisor/orders.rs", "if epoch < highest {", "if epoch.0 + 1_000_000 < highest.0 {"),
    Mutant("resources are given out twice", "crates/model/src/accept.rs", "left = left.without(&taken);", "left = left.without(&taken).with(&taken);"),
    Mutant("executors hold nothing", "crates/model/src/offers.rs",
        ".chain(executors.map(|(_, known)| &known.needs))\n            .chain(offered.map(|o| &o.holding));\n        taken", ".chain(offered.map(|o| &o.holding));\n        let _ = executors;\n        taken"),
    Mutant("a filter refuses more than it named", "crates/model/src/offers.rs", "now < filter.until && filter.refused.contains(free)", "now < filter.until && (filter.refused.contains(free) || true)"),
    Mutant("offers of others are declined", "crates/model/src/offers.rs", "is_some_and(|o| o.framework == *framework);\n            let Some(offered)", "is_some_and(|o| o.framework == *framework || true);\n            let Some(offered)"),
    Mutant("the oldest update is not waited for", "crates/model/src/updates.rs", "if queue.len() == 1 {", "if !queue.is_empty() {"),
    Mutant("an end is forgotten before it is acknowledged", "crates/model/src/updates.rs", "known.state.is_terminal() && known.uuid.as_ref() == Some(&uuid)", "known.state.is_terminal() && known.uuid.as_ref() != Some(&uuid)"),
    Mutant("executors that are not back live on", "crates/model/src/crashes.rs", "|(_, c)| !c.is_subscribed && !c.is_ending", "|(_, c)| !c.is_subscribed && c.is_ending"),
    Mutant("the former scheduler is not told", "crates/model/src/subscription.rs", "self.end_stream(old, \"Framework failed over\");", "let _ = old;"),
    Mutant("a removed framework subscribes", "crates/model/src/subscription.rs", "if self.master.removed.contains(&id) {", "if self.master.removed.contains(&id) && suppressed {"),
    Mutant("the end of a client task is its member's", ABSORB, "self.absorb_client_status(&client, &status)", "self.absorb_member_status(client.member_task(), &status)"),
    Mutant("any client task is of the past", "core/src/record.rs", "attempt <= self.attempts && !is_present(attempt)", "!is_present(attempt)"),
    Mutant("client tasks of the past stop formation", IDENTITY, "present.live_tasks.retain(|task| !is_past(task));", "present.live_tasks.retain(|task| !is_past(task) || !task.is_empty());"),
    Mutant("a client task needs more of an offer", "core/src/offer.rs", "need.executor_cpus.0.saturating_sub(CLIENT_TASK_CPUS.0)", "need.executor_cpus.0.saturating_sub(CLIENT_TASK_CPUS.0 - 1)"),
    Mutant("the end of a client task is the last word", "crates/executor/src/supervisor/report.rs",
        "self.shadow(state, brief);\n        self.report_member(state, message);", "self.report_member(state, message);\n        self.shadow(state, brief);"),
    Mutant("a client task lives on after its end", "crates/executor/src/supervisor/client.rs", "!client.is_over() && client.told != Some(state)", "client.told != Some(state)"),
    Mutant("a kill of a client task stops etcd", "crates/executor/src/supervisor/absorb.rs",
        "if self.kill_client(task_id) {\n            return;\n        }\n        let ours = self.facts.member.as_mut().filter(|member| member.task.to_string() == task_id);",
        "self.kill_client(task_id);\n        let ours = self.facts.member.as_mut().filter(|member| task_id.starts_with(&member.task.to_string()));"),
    Mutant("RUNNING before formed", "crates/executor/src/supervisor/report.rs", "self.formed == Some(seen.cluster_id) && !seen.is_learner", "!seen.is_learner"),
];

/// What judges a mutant: decisions alone, so that a run takes seconds.
const JUDGES: &str = "package(etcd-mesos-core) | package(etcd-mesos-model) | package(etcd-mesos-sim) | \
     (package(etcd-mesos-executor) & kind(lib))";
#[rustfmt::skip]
const PACKAGES: [&str; 8] = [
    "-p", "etcd-mesos-core", "-p", "etcd-mesos-model", "-p", "etcd-mesos-sim", "-p", "etcd-mesos-executor",
];

/// What is tried.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Only mutants whose name contains this
    #[arg(long)]
    only: Option<String>,
}

/// Runs all mutants that were asked for, and fails if one survives.
pub fn run(options: &Options) -> Outcome<ExitCode> {
    let copy = top().join("target/mutants");
    clone_head(&copy)?;
    ensure(passes(&copy)?, || "the suite is red without any mutant".to_owned())?;
    let is_chosen = |m: &&Mutant| options.only.as_ref().is_none_or(|only| m.0.contains(only));
    let chosen: Vec<&Mutant> = MUTANTS.iter().filter(is_chosen).collect();
    let mut not_killed = 0;
    for mutant in &chosen {
        let began = Instant::now();
        let verdict = match survives(&copy, mutant) {
            Ok(false) => "killed".to_owned(),
            Ok(true) => "SURVIVES".to_owned(),
            // Such a line of the list shows nothing about the tests.
            Err(failure) => format!("NO MUTANT ({failure})"),
        };
        not_killed += usize::from(verdict != "killed");
        println!("{verdict:8}  {:5.1} s  {}", began.elapsed().as_secs_f64(), mutant.0);
    }
    println!("{} mutants, {not_killed} not killed", chosen.len());
    Ok(if not_killed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A clone of HEAD; what cargo built of the last one is kept beside it.
fn clone_head(copy: &Path) -> Outcome<()> {
    if copy.exists() {
        std::fs::remove_dir_all(copy)?;
    }
    let status = Command::new("git").args(["clone", "--quiet"]).arg(top()).arg(copy).status()?;
    ensure(status.success(), || "HEAD could not be cloned".to_owned())
}

fn survives(copy: &Path, Mutant(name, file, from, to): &Mutant) -> Outcome<bool> {
    let path = copy.join(file);
    let original = std::fs::read_to_string(&path)?;
    let count = original.matches(from).count();
    ensure(count == 1, || format!("{name}: {file} holds {count} times: {from}"))?;
    std::fs::write(&path, original.replacen(from, to, 1))?;
    let outcome = compiles(copy).and_then(|compiles| {
        // A mutant that the compiler refuses shows nothing about the tests.
        ensure(compiles, || format!("{name}: does not compile"))?;
        passes(copy)
    });
    std::fs::write(&path, original)?;
    outcome
}

fn compiles(copy: &Path) -> Outcome<bool> {
    cargo(copy, &["nextest", "run", "--no-run"])
}

fn passes(copy: &Path) -> Outcome<bool> {
    cargo(copy, &["nextest", "run", "-E", JUDGES])
}

fn cargo(copy: &Path, what: &[&str]) -> Outcome<bool> {
    let mut command = Command::new("cargo");
    command.args(what).args(PACKAGES).current_dir(copy);
    command.env("CARGO_TARGET_DIR", copy.with_file_name("mutants-build"));
    Ok(command.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success())
}
