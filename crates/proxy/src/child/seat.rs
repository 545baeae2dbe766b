//! One child: what the keeper decides is done here.

use std::sync::Arc;

use etcd_mesos_core::cause::chain;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::keeper::{Deed, Keeper};
use super::line::Target;
use super::plan::Plan;
use super::process::Process;
use super::targets::Told;
use crate::listen::ListenUrl;

/// What an operator sees of a child.
#[derive(Clone, Debug, Default)]
pub struct ChildView {
    /// Where it listens.
    pub listen: Vec<String>,
    /// Its process ID, while it runs.
    pub pid: Option<u32>,
    /// The command line of its last start, as a shell takes it.
    pub command: Option<String>,
    /// How often it was started.
    pub starts: u64,
    /// When it was started last.
    pub started: Option<Instant>,
    /// When it ended last, and how.
    pub last_exit: Option<(Instant, String)>,
    /// When it is started again, where it waits for that.
    pub next_start: Option<Instant>,
    /// Whether it runs, and nobody has asked it to end.
    pub is_up: bool,
}

/// Whether everything ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// It goes on.
    #[default]
    No,
    /// Children have their grace.
    Asked,
    /// They have none any more.
    AtOnce,
}

/// One child.
pub(super) struct Seat {
    plan: Arc<Plan>,
    listen: Vec<ListenUrl>,
    label: String,
    keeper: Keeper,
    process: Option<Process>,
    view: ChildView,
    tell: watch::Sender<ChildView>,
}

impl Seat {
    pub(super) fn new(
        plan: Arc<Plan>,
        listen: Vec<ListenUrl>,
    ) -> (Seat, watch::Receiver<ChildView>) {
        let places: Vec<String> = listen.iter().map(ListenUrl::authority).collect();
        let label = format!("etcd {} on {}", plan.kind.name(), places.join(", "));
        let keeper = Keeper::new(plan.kind, plan.grace);
        let view = ChildView {
            listen: listen.iter().map(ToString::to_string).collect(),
            ..ChildView::default()
        };
        let (tell, shown) = watch::channel(view.clone());
        (Seat { plan, listen, label, keeper, process: None, view, tell }, shown)
    }

    /// Keeps the child until the end.
    pub(super) async fn run(
        mut self,
        mut told: watch::Receiver<Told>,
        mut ending: watch::Receiver<Ending>,
    ) {
        while !self.keeper.is_over() {
            self.absorb(&mut told, &mut ending);
            self.perform();
            self.show();
            let wake = self.keeper.next_wake();
            if self.keeper.is_over() {
                return;
            }
            tokio::select! {
                () = changed(&mut told) => {}
                () = changed(&mut ending) => {}
                words = gone(&mut self.process) => self.end(words),
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
        }
    }

    fn absorb(&mut self, told: &mut watch::Receiver<Told>, ending: &mut watch::Receiver<Ending>) {
        let targets = told.borrow_and_update().targets.clone();
        self.keeper.members(Instant::now(), targets);
        let ending = *ending.borrow_and_update();
        if ending != Ending::No {
            self.keeper.end();
        }
        if let (Ending::AtOnce, Some(process)) = (ending, &self.process) {
            process.kill();
        }
    }

    fn perform(&mut self) {
        while let Some(deed) = self.keeper.plan(Instant::now()) {
            match (deed, &self.process) {
                (Deed::Start(targets), _) => self.start(&targets),
                (Deed::Terminate, Some(process)) => process.terminate(),
                (Deed::Kill, Some(process)) => {
                    tracing::warn!("{}: it did not end in time, and is killed", self.label);
                    process.kill();
                }
                (Deed::Terminate | Deed::Kill, None) => {}
            }
        }
    }

    fn start(&mut self, targets: &[Target]) {
        let arguments = self.plan.arguments(&self.listen, targets);
        self.view.command = Some(self.plan.shown(&arguments));
        self.view.starts += 1;
        let now = Instant::now();
        let prepared = self.plan.prepare().map_err(|error| chain(&error));
        let command = self.plan.command(&arguments);
        let started = prepared
            .and_then(|()| Process::start(command, &self.label).map_err(|error| chain(&error)));
        match started {
            Ok(process) => {
                let command = self.view.command.as_deref().unwrap_or_default();
                tracing::info!(pid = process.pid(), "{}: started: {command}", self.label);
                self.view.started = Some(now);
                self.process = Some(process);
                self.keeper.started(now);
            }
            Err(words) => self.end(words),
        }
    }

    fn end(&mut self, words: String) {
        let now = Instant::now();
        self.process = None;
        self.keeper.ended(now);
        match self.keeper.next_start() {
            Some(at) => {
                let pause = at.saturating_duration_since(now).as_secs_f64();
                tracing::warn!(
                    "{}: it ended: {words}; it is started again in {pause:.1} s",
                    self.label
                );
            }
            None => tracing::info!("{}: it ended: {words}", self.label),
        }
        self.view.last_exit = Some((now, words));
    }

    fn show(&mut self) {
        self.view.pid = self.process.as_ref().map(Process::pid);
        self.view.next_start = self.keeper.next_start();
        self.view.is_up = self.keeper.is_up();
        self.tell.send_replace(self.view.clone());
    }
}

/// Waits for a change; for ever, where nobody can change it any more.
async fn changed<T>(watched: &mut watch::Receiver<T>) {
    if watched.changed().await.is_err() {
        std::future::pending().await
    }
}

/// Waits for the end of the process; for ever, where there is none.
async fn gone(process: &mut Option<Process>) -> String {
    match process {
        Some(process) => process.wait().await,
        None => std::future::pending().await,
    }
}
