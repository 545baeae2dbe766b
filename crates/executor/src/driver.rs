//! The thin loop around the supervisor: reads the clock, performs actions, brings back events.
//!
//! It holds what must outlive a panic: the etcd process, the reader of its output, and (through
//! the ledger) the updates that were not acknowledged.

use std::future::{Future, pending};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_core::cause::chain;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::{Binary, BinaryRole, FromExecutor};
use etcd_mesos_etcd::EtcdVersion;
use etcd_mesos_etcd::hand_over::{HandOver, hand_over};
use etcd_mesos_etcd::probe::Probe;
use futures_util::FutureExt;
use mesos_v1::executor::Call;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};

use crate::data_directory;
use crate::digest::{check_binaries, path_of};
use crate::guard::{Guard, Logic};
use crate::link::{SharedLedger, lock};
use crate::process::{EtcdProcess, ask_version};
use crate::supervisor::{Action, Event, Outcome, Settings, TaskUpdate};

/// The name of the data directory in the sandbox.
pub const DATA_DIRECTORY: &str = "etcd_data";
/// The pause after a panic of the loop itself, so that one that repeats does not take the processor.
const PANIC_PAUSE: Duration = Duration::from_millis(200);

/// What the driver is connected to.
#[derive(Debug)]
pub struct Ends {
    /// Where events come in: from the agent, from signals, and from the driver's own tasks.
    pub events: UnboundedReceiver<Event>,
    /// The other end of the same.
    pub events_in: UnboundedSender<Event>,
    /// Where calls to the agent go.
    pub calls: UnboundedSender<Call>,
    /// What is not acknowledged.
    pub ledger: SharedLedger,
}

/// Performs what the logic decides.
#[derive(Debug)]
pub struct Driver<L> {
    ends: Ends,
    guard: Guard<L>,
    sandbox: PathBuf,
    started_at: Instant,
    etcd: Option<EtcdProcess>,
    etcd_file: PathBuf,
    /// The eye on etcd; kept, because a new connection for each look would cost both sides more.
    probe: Option<Arc<Mutex<Probe>>>,
}

impl<L: Logic> Driver<L> {
    /// A driver whose etcd runs in this sandbox. Its clock begins now.
    pub fn new(ends: Ends, sandbox: PathBuf, checkpoint: bool) -> Self {
        let settings = Settings { checkpoint, data_directory: PathBuf::from(DATA_DIRECTORY) };
        let etcd_file = sandbox.join("etcd");
        Driver {
            ends,
            guard: Guard::new(settings, Timestamp::default()),
            sandbox,
            started_at: Instant::now(),
            etcd: None,
            etcd_file,
            probe: None,
        }
    }

    /// Runs until the executor has nothing left to do.
    ///
    /// It must be polled on the main thread, by a runtime that has no other: see [`EtcdProcess::start`].
    pub async fn run(mut self) -> Outcome {
        loop {
            match AssertUnwindSafe(self.drive()).catch_unwind().await {
                Ok(outcome) => return outcome,
                // What the loop holds is whole: it panicked between two steps, or in a call that
                // it made, and etcd is not touched by either.
                Err(_) => tracing::error!("the executor's loop panicked and goes on"),
            }
            tokio::time::sleep(PANIC_PAUSE).await;
        }
    }

    async fn drive(&mut self) -> Outcome {
        loop {
            let event = self.next_event().await;
            let pid = self.etcd.as_ref().map(EtcdProcess::pid);
            let actions = self.guard.step(self.now(), event, pid);
            for action in actions {
                if let Some(outcome) = self.perform(action) {
                    return outcome;
                }
            }
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::default() + self.started_at.elapsed()
    }

    async fn next_event(&mut self) -> Event {
        let wake_at =
            self.guard.next_wake().map(|at| self.started_at + at.since(Timestamp::default()));
        tokio::select! {
            // The end of etcd first: whatever else is said refers to a process that is gone.
            biased;
            (exit, tail) = ended(&mut self.etcd) => {
                self.etcd = None;
                Event::Exited { exit, tail }
            }
            Some(event) = self.ends.events.recv() => event,
            () = wake(wake_at) => Event::Wake,
        }
    }

    fn perform(&mut self, action: Action) -> Option<Outcome> {
        match action {
            Action::Prepare(binaries) => self.prepare(binaries),
            Action::Inspect => self.tell(Event::Inspected(self.inspect())),
            Action::CreateDirectory => {
                let done = data_directory::create(&self.sandbox.join(DATA_DIRECTORY));
                self.tell(Event::DirectoryCreated(done));
            }
            Action::Start { arguments } => self.start(&arguments),
            Action::Look { pid, client_url, deadline } => self.look(pid, client_url, deadline),
            Action::HandOver { client_url, deadline } => self.hand_over(client_url, deadline),
            Action::Signal(signal) => {
                if let Some(etcd) = &self.etcd {
                    etcd.signal(signal);
                }
            }
            Action::Update(update) => self.update(update),
            Action::Say(message) => self.say(&message),
            Action::Exit(outcome) => return Some(outcome),
        }
        None
    }

    fn prepare(&mut self, binaries: Vec<Binary>) {
        let sandbox = self.sandbox.clone();
        let etcd = binaries.iter().find(|binary| binary.role == BinaryRole::Etcd);
        if let Some(Ok(file)) = etcd.map(|binary| path_of(binary, &sandbox)) {
            self.etcd_file = file;
        }
        let file = self.etcd_file.clone();
        let work = async move { Event::Prepared(prepare(binaries, file, sandbox).await) };
        let lost = || Event::Prepared(Err("the check of the binaries panicked".to_owned()));
        self.spawn(work, lost);
    }

    fn inspect(&self) -> crate::safety::DataDirectory {
        data_directory::inspect(&self.sandbox.join(DATA_DIRECTORY))
    }

    fn start(&mut self, arguments: &[String]) {
        if let Some(etcd) = &self.etcd {
            // Never two: the one that is there is the one that was started.
            return self.tell(Event::Started { pid: etcd.pid() });
        }
        let event = match EtcdProcess::start(&self.etcd_file, arguments, &self.sandbox) {
            Ok(etcd) => {
                let pid = etcd.pid();
                tracing::info!(pid, arguments = arguments.join(" "), "etcd started");
                self.etcd = Some(etcd);
                Event::Started { pid }
            }
            Err(error) => Event::StartFailed(chain(&error)),
        };
        self.tell(event);
    }

    fn look(&mut self, pid: u32, client_url: String, deadline: Duration) {
        let probe = self.probe.get_or_insert_with(|| Arc::new(Mutex::new(Probe::new(client_url))));
        let probe = Arc::clone(probe);
        let directory = self.inspect();
        let lost_directory = directory.clone();
        let work = async move {
            let seen = probe.lock().await.look(deadline).await;
            Event::Looked { pid, seen: seen.map_err(|error| chain(&error)), directory }
        };
        let lost = move || {
            let seen = Err("the look panicked".to_owned());
            Event::Looked { pid, seen, directory: lost_directory }
        };
        self.spawn(work, lost);
    }

    fn hand_over(&mut self, client_url: String, deadline: Duration) {
        let work = async move {
            Event::HandedOver(match hand_over(&client_url, deadline).await {
                Ok(HandOver::NotLeader) => "it did not lead".to_owned(),
                Ok(HandOver::NobodyElse) => "it led, and nobody could take over".to_owned(),
                Ok(HandOver::To { name, .. }) => format!("{name} took over as leader"),
                Err(error) => format!("the leadership was not handed over: {}", chain(&error)),
            })
        };
        self.spawn(work, || Event::HandedOver("the hand-over panicked".to_owned()));
    }

    fn update(&mut self, update: TaskUpdate) {
        let status = lock(&self.ends.ledger).record(update);
        self.call(Call::update(status));
    }

    fn say(&mut self, message: &FromExecutor) {
        self.call(Call::message(message.to_bytes().into()));
    }

    fn call(&self, call: Call) {
        if self.ends.calls.send(call).is_err() {
            tracing::error!("the link to the agent is gone");
        }
    }

    fn tell(&self, event: Event) {
        // The driver holds the other end.
        let _ = self.ends.events_in.send(event);
    }

    /// Lets work run beside the loop. Its event always comes, also if it panics.
    fn spawn(
        &self,
        work: impl Future<Output = Event> + Send + 'static,
        lost: impl FnOnce() -> Event + Send + 'static,
    ) {
        let events = self.ends.events_in.clone();
        tokio::spawn(async move {
            let event = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| lost());
            let _ = events.send(event);
        });
    }
}

async fn prepare(
    binaries: Vec<Binary>,
    etcd: PathBuf,
    sandbox: PathBuf,
) -> Result<EtcdVersion, String> {
    check_binaries(&binaries, &sandbox).await.map_err(|error| chain(&error))?;
    let version = ask_version(&etcd, &sandbox).await.map_err(|error| chain(&error))?;
    tracing::info!(%version, "binaries checked");
    Ok(version)
}

async fn ended(etcd: &mut Option<EtcdProcess>) -> (etcd_mesos_etcd::exit::Exit, Vec<String>) {
    match etcd {
        Some(etcd) => etcd.wait().await,
        None => pending().await,
    }
}

async fn wake(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
