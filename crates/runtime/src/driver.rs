//! The driver: a small loop that owns the scheduler, performs its actions, and shows its state.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use etcd_mesos_core::cause::chain;
use etcd_mesos_core::id::{FrameworkId, OfferId, TaskId};
use etcd_mesos_core::scheduler::{
    Action, Event, ExitCode, Line, SaveFailure, SaveId, Scheduler, Tone,
};
use etcd_mesos_core::store::{StateStore, StoreError, Version};
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::view;
use mesos_v1::scheduler::Call;
use mesos_v1::{Masters, proto, scheduler};
use tokio::sync::{mpsc, watch};

use crate::address::OwnAddress;
use crate::admin::{Snapshot, StoreReport, TURN};
use crate::artifacts::Artifacts;
use crate::guard::Guarded;
use crate::link::{Link, Told, What};
use crate::probes::{Looked, Probes};
use crate::settings::Framework;
use crate::transcript::Transcript;
use crate::{from_mesos, to_mesos};

/// How many events may wait for the driver.
const QUEUE_MAX: usize = 1024;

/// What the driver needs beside the scheduler.
pub(crate) struct Surroundings {
    pub(crate) framework: Framework,
    pub(crate) store: Arc<Guarded<dyn StateStore>>,
    pub(crate) artifacts: Artifacts,
    pub(crate) address: OwnAddress,
    pub(crate) admin_port: u16,
    pub(crate) artifacts_port: u16,
    pub(crate) transcript: Transcript,
}

/// How the driver ended, other than by a signal.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub code: ExitCode,
    /// Why, and the way out.
    pub why: String,
}

pub(crate) struct Driver {
    scheduler: Scheduler,
    around: Surroundings,
    started: Instant,
    masters: Masters,
    link: Link,
    told: mpsc::Receiver<Told>,
    probes: Probes,
    looked: mpsc::Receiver<Looked>,
    events: mpsc::Receiver<Event>,
    sender: mpsc::Sender<Event>,
    /// The resources of the offers that the scheduler holds, as they came.
    offered: BTreeMap<OfferId, Vec<Bytes>>,
    shown: watch::Sender<Arc<Snapshot>>,
    /// What was said last of each step of the plan.
    said: BTreeMap<&'static str, BTreeSet<String>>,
}

pub(crate) fn snapshot(scheduler: &Scheduler, store: &Guarded<dyn StateStore>) -> Arc<Snapshot> {
    Arc::new(Snapshot {
        at: Instant::now(),
        members: view::members(scheduler),
        stats: view::stats(scheduler),
        report: view::report(scheduler),
        store: StoreReport { place: store.place(), calls: store.counts() },
    })
}

impl Driver {
    pub(crate) fn new(
        scheduler: Scheduler,
        around: Surroundings,
        mesos: scheduler::SchedulerConfig,
        shown: watch::Sender<Arc<Snapshot>>,
    ) -> Driver {
        let (tell, told) = mpsc::channel(QUEUE_MAX);
        let (done, looked) = mpsc::channel(QUEUE_MAX);
        let (sender, events) = mpsc::channel(QUEUE_MAX);
        Driver {
            scheduler,
            around,
            started: Instant::now(),
            masters: mesos.masters.clone(),
            link: Link::new(mesos, tell),
            told,
            probes: Probes::new(done),
            looked,
            events,
            sender,
            offered: BTreeMap::new(),
            shown,
            said: BTreeMap::new(),
        }
    }

    /// Runs until the scheduler decides to end. Dropping it ends nothing but this process's part.
    pub(crate) async fn run(mut self) -> Ended {
        let mut event = Event::Wake;
        loop {
            if let Some(ended) = self.turn(event) {
                return ended;
            }
            event = self.next_event().await;
        }
    }

    fn turn(&mut self, event: Event) -> Option<Ended> {
        let now = self.now();
        self.around.transcript.told(now, &event);
        let step = self.scheduler.step(now, event);
        self.around.transcript.did(&step.actions);
        self.say(&step.report.lines);
        let mut ended = None;
        for action in step.actions {
            if let Action::Exit { code, why } = action {
                ended = Some(Ended { code, why });
            } else {
                self.perform(action);
            }
        }
        self.show();
        ended
    }

    /// Shows what the core says, before it what keeps the masters from being seen, and last what became of the
    /// transcript.
    fn show(&self) {
        let mut snapshot = snapshot(&self.scheduler, &self.around.store);
        if let Some(text) = self.masters.trouble() {
            let line = Line { step: "masters", tone: Tone::Trouble, text };
            Arc::make_mut(&mut snapshot).report.report.lines.insert(0, line);
        }
        let lines = &mut Arc::make_mut(&mut snapshot).report.report.lines;
        lines.extend(self.around.transcript.line());
        self.shown.send_replace(snapshot);
    }

    fn now(&self) -> Timestamp {
        Timestamp::default() + self.started.elapsed()
    }

    async fn next_event(&mut self) -> Event {
        loop {
            let pause = self.pause();
            tokio::select! {
                Some(told) = self.told.recv() => if let Some(event) = self.hear(told) { return event },
                Some(looked) = self.looked.recv() => return self.probes.finish(looked),
                Some(event) = self.events.recv() => return event,
                () = tokio::time::sleep(pause) => return Event::Wake,
            }
        }
    }

    fn pause(&self) -> Duration {
        let wake = self.scheduler.next_wake().map_or(TURN, |at| at.since(self.now()));
        // Timestamps are whole milliseconds: waking a little late is better than twice.
        wake.min(TURN) + Duration::from_millis(1)
    }

    fn hear(&mut self, told: Told) -> Option<Event> {
        if !self.link.is_current(&told) {
            return None;
        }
        match told.what {
            What::Event(event) => {
                self.keep_resources(&event);
                from_mesos::event(*event)
            }
            What::Failed(why) => {
                self.offered.clear();
                Some(Event::Disconnected(why))
            }
        }
    }

    fn keep_resources(&mut self, event: &scheduler::Event) {
        match event {
            scheduler::Event::Offers(offers) => {
                let kept =
                    offers.iter().map(|o| (OfferId(o.id.value.clone()), o.resources.clone()));
                self.offered.extend(kept);
            }
            scheduler::Event::Rescind(id) => {
                self.offered.remove(&OfferId(id.value.clone()));
            }
            _ => {}
        }
    }

    /// Performs one action; every effect of the scheduler process starts here.
    fn perform(&mut self, action: Action) {
        match action {
            Action::Save { id, record, expected } => self.save(id, record.to_bytes(), expected),
            Action::Subscribe { framework_id, suppressed } => {
                self.subscribe(framework_id, suppressed);
            }
            Action::AskFrameworks => self.ask_frameworks(),
            Action::Reconcile { tasks } => self.link.send(to_mesos::reconcile(&tasks)),
            Action::Acknowledge { agent_id, task_id, uuid } => {
                let call = to_mesos::acknowledge(&agent_id, &task_id, uuid);
                call.into_iter().for_each(|call| self.link.send(call));
            }
            launch @ Action::Launch { .. } => self.launch(launch),
            Action::Decline { offers, refuse_for } => {
                offers.iter().for_each(|id| drop(self.offered.remove(id)));
                self.link.send(to_mesos::decline(&offers, refuse_for));
            }
            Action::Suppress => self.link.send(Call::suppress(Vec::new())),
            Action::Revive => self.link.send(Call::revive(Vec::new())),
            Action::Kill { permit, task_id, agent_id, grace } => {
                assert_eq!(*permit.task_id(), task_id, "a permit is for one task");
                tracing::info!(%task_id, "killing a task of an attempt that was given up");
                self.link.send(to_mesos::kill(&task_id, &agent_id, grace));
            }
            Action::Message { member, agent_id, message } => {
                self.link.send(to_mesos::message(&member, &agent_id, &message));
            }
            Action::Probe { member, client_url } => self.probes.look(member, client_url),
            Action::Exit { .. } => {}
        }
    }

    fn save(&self, id: SaveId, bytes: Vec<u8>, expected: Version) {
        let (store, sender) = (self.around.store.clone(), self.sender.clone());
        tokio::spawn(async move {
            let outcome = store.save(&bytes, expected).await.map_err(save_failure);
            let _ = sender.send(Event::Saved { id, outcome }).await;
        });
    }

    fn subscribe(&mut self, framework_id: Option<FrameworkId>, suppressed: bool) {
        let around = &self.around;
        let (framework, port) = (around.framework.clone(), around.admin_port);
        let described = describe(framework, framework_id, around.address.clone(), port);
        self.link.connect(described, suppressed);
    }

    fn ask_frameworks(&self) {
        let asked = self.link.ask(self.around.framework.name.clone());
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let _ = sender.send(Event::Asked(asked.await)).await;
        });
    }

    fn launch(&mut self, action: Action) {
        let Action::Launch { permit, offer_id, agent_id, take, task_id, order } = action else {
            return;
        };
        assert_eq!(*permit.task_id(), task_id, "a permit is for one task");
        let Some(offered) = self.offered.remove(&offer_id) else {
            return self.not_launched(task_id, format!("its offer {offer_id} is gone"));
        };
        let launch = to_mesos::Launch {
            cluster: &self.scheduler.record().cluster,
            framework: &self.around.framework,
            artifacts: &self.around.artifacts,
            artifacts_at: SocketAddr::new(self.around.address.now(), self.around.artifacts_port),
            offered: &offered,
            offer_id: &offer_id,
            agent_id: &agent_id,
            take: &take,
            task_id: &task_id,
            order: &order,
        };
        match launch.call() {
            Ok(call) => {
                tracing::info!(%task_id, %agent_id, client = order.member.client_url(), "launching");
                self.link.send(call);
            }
            Err(error) => self.not_launched(task_id, chain(&error)),
        }
    }

    /// What was not sent never started; the core must hear so, or it would wait for an answer.
    fn not_launched(&self, task_id: TaskId, why: String) {
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let _ = sender.send(Event::NotLaunched { task_id, why }).await;
        });
    }

    /// Logs each sentence of the report when it first holds: one line a change.
    fn say(&mut self, lines: &[Line]) {
        let mut now: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for line in lines {
            if !self.said.get(line.step).is_some_and(|said| said.contains(&line.text)) {
                log(line);
            }
            now.entry(line.step).or_default().insert(line.text.clone());
        }
        // A step that did not run this time has not taken back what it said.
        self.said.extend(now);
    }
}

/// What Mesos is told of us, as soon as we know our own address, for which a master must be known.
async fn describe(
    framework: Framework,
    framework_id: Option<FrameworkId>,
    address: OwnAddress,
    admin_port: u16,
) -> proto::FrameworkInfo {
    let address = address.find().await;
    let admin = SocketAddr::new(address, admin_port);
    let webui = framework.webui_url.clone().unwrap_or_else(|| format!("http://{admin}/"));
    to_mesos::framework_info(&framework, framework_id.as_ref(), address.to_string(), webui)
}

fn log(line: &Line) {
    match line.tone {
        // Each save would be two lines, and none of them news.
        Tone::Fine | Tone::Waiting if line.step == "store" => tracing::debug!("{}", line.text),
        Tone::Fine | Tone::Waiting => tracing::info!(step = line.step, "{}", line.text),
        Tone::Trouble => tracing::warn!(step = line.step, "{}", line.text),
    }
}

fn save_failure(error: StoreError) -> SaveFailure {
    let words = chain(&error);
    match error {
        StoreError::Conflict { .. } => SaveFailure::Conflict(words),
        StoreError::Unavailable { .. } => SaveFailure::Unavailable(words),
        StoreError::Corrupt { .. } => SaveFailure::Corrupt(words),
    }
}
