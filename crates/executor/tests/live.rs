//! The driver with a real etcd. The agent is played by the test, at the channel where the link
//! would speak: what goes over the wire is tried on genuine Mesos, elsewhere.

#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcd_mesos_core::id::{ClusterId, Epoch, Generation};
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::{
    Binary, BinaryRole, EtcdState, ExecutorData, FromExecutor, LaunchOrder, Order, Peer, Start,
    ToExecutor, WIRE_VERSION,
};
use etcd_mesos_executor::driver::{DATA_DIRECTORY, Driver, Ends};
use etcd_mesos_executor::guard::Logic;
use etcd_mesos_executor::link::{SharedLedger, lock};
use etcd_mesos_executor::process::EtcdProcess;
use etcd_mesos_executor::supervisor::{Action, Event, Facts, Outcome, Settings, Supervisor};
use mesos_v1::executor::Call;
use mesos_v1::proto::{TaskState, TaskStatus};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

const TASK: &str = "etcd.prod.0.etcd-1-0.1";
const PATIENCE: Duration = Duration::from_secs(20);

fn sha256(file: &Path) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(std::fs::read(file).unwrap());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn system_etcd() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let mut places = std::env::split_paths(&path).map(|dir| dir.join("etcd"));
    places.find(|file| file.is_file()).expect("etcd is in the PATH; scripts/setup brings it")
}

fn order(host: u8) -> LaunchOrder {
    let member = Peer {
        name: "etcd-1-0".parse().unwrap(),
        ip: [127, 200, 2, host].into(),
        peer_port: 23800,
        client_port: 23790,
    };
    LaunchOrder {
        v: WIRE_VERSION,
        epoch: Epoch(1),
        generation: Generation(0),
        token: format!("test-{host}"),
        member: member.clone(),
        initial_cluster: vec![member],
        start: Start::Form,
        etcd_flags: vec!["--heartbeat-interval=50".into(), "--election-timeout=500".into()],
        stop_grace_ms: 5_000,
    }
}

/// A test that plays the agent of one executor.
struct Agent {
    sandbox: tempfile::TempDir,
    events: UnboundedSender<Event>,
    calls: UnboundedReceiver<Call>,
    ledger: SharedLedger,
    driver: JoinHandle<Outcome>,
    states: Vec<TaskState>,
    beats: u64,
}

impl Agent {
    fn with<L: Logic + Send + 'static>() -> Self {
        let sandbox = tempfile::tempdir().unwrap();
        std::fs::copy(system_etcd(), sandbox.path().join("etcd")).unwrap();
        let (events_in, events) = unbounded_channel();
        let (calls_in, calls) = unbounded_channel();
        let ledger = SharedLedger::default();
        let ends =
            Ends { events, events_in: events_in.clone(), calls: calls_in, ledger: ledger.clone() };
        let driver: Driver<L> = Driver::new(ends, sandbox.path().to_owned(), true);
        let driver = tokio::spawn(driver.run());
        Agent { sandbox, events: events_in, calls, ledger, driver, states: Vec::new(), beats: 0 }
    }

    fn says(&self, event: Event) {
        self.events.send(event).unwrap();
    }

    fn launches(&self, host: u8, sha256_of_etcd: Option<&str>) {
        let etcd = sha256(&self.sandbox.path().join("etcd"));
        let own = sha256(&std::env::current_exe().unwrap());
        let binary = |file: &str, sha256: &str, role| Binary {
            file: file.into(),
            sha256: sha256.into(),
            role,
        };
        let data = ExecutorData {
            v: WIRE_VERSION,
            cluster: "prod".parse().unwrap(),
            member: "etcd-1-0".parse().unwrap(),
            binaries: vec![
                binary("etcd-mesos-executor", &own, BinaryRole::Executor),
                binary("etcd", sha256_of_etcd.unwrap_or(&etcd), BinaryRole::Etcd),
            ],
        };
        self.says(Event::Subscribed { data: data.to_bytes(), may_say_killing: true });
        self.says(Event::Launch { task_id: TASK.into(), data: order(host).to_bytes() });
    }

    fn orders(&self, order: Order) {
        let message = ToExecutor { v: WIRE_VERSION, epoch: Epoch(1), seq: 1, order };
        self.says(Event::Message(message.to_bytes()));
    }

    /// Hears what the executor says next; acknowledges it if it is an update.
    async fn hears(&mut self) -> Result<TaskStatus, FromExecutor> {
        let call = self.calls.recv().await.expect("the executor lives");
        if let Some(message) = call.message {
            self.beats += 1;
            return Err(FromExecutor::from_bytes(&message.data).unwrap());
        }
        let status = call.update.unwrap().status;
        self.states.push(status.state());
        let left = lock(&self.ledger).acknowledged(TASK, status.uuid.as_ref().unwrap());
        let _ = self.events.send(Event::Acknowledged { left });
        Ok(status)
    }

    async fn until_state(&mut self, state: TaskState) -> TaskStatus {
        let wait = async {
            loop {
                if let Ok(status) = self.hears().await
                    && status.state() == state
                {
                    return status;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the state came in time")
    }

    async fn until_beat(&mut self, what: impl Fn(&FromExecutor) -> bool) -> FromExecutor {
        let wait = async {
            loop {
                if let Err(beat) = self.hears().await
                    && what(&beat)
                {
                    return beat;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the beat came in time")
    }

    /// Until the member is told to clients; returns etcd's process ID and its cluster.
    async fn until_running(&mut self) -> (u32, ClusterId) {
        let (pid, cluster_id) =
            serving(&self.until_beat(|beat| serving(beat).is_some()).await).unwrap();
        assert_eq!(
            self.states,
            [TaskState::Starting],
            "nobody is told before the cluster is formed"
        );
        self.orders(Order::Formed { cluster_id });
        self.until_state(TaskState::Running).await;
        (pid, cluster_id)
    }

    async fn ends(self) {
        let outcome = tokio::time::timeout(PATIENCE, self.driver).await.unwrap().unwrap();
        assert_eq!(outcome, Outcome::Done);
    }
}

fn serving(beat: &FromExecutor) -> Option<(u32, ClusterId)> {
    match &beat.etcd {
        EtcdState::Serving { pid, seen } => Some((*pid, seen.cluster_id)),
        _ => None,
    }
}

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), signal).unwrap();
}

/// Whether a process is there and not a zombie that nobody has waited for.
fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
}

#[tokio::test]
async fn a_member_lives_falls_and_is_stopped() {
    let mut agent = Agent::with::<Supervisor>();
    agent.launches(1, None);
    let (first, cluster_id) = agent.until_running().await;
    signal(first, Signal::SIGKILL);
    let beat = agent.until_beat(|beat| beat.starts == 2 && serving(beat).is_some()).await;
    let (second, same) = serving(&beat).unwrap();
    assert!(second != first && same == cluster_id);
    agent.says(Event::Kill { task_id: TASK.into(), grace: None });
    let killed = agent.until_state(TaskState::Killed).await;
    assert!(!is_alive(second), "the end is told only after it");
    assert!(killed.message().contains("etcd was stopped (KILL)"), "{}", killed.message());
    let all = [TaskState::Starting, TaskState::Running, TaskState::Killing, TaskState::Killed];
    assert_eq!(agent.states, all, "the fall was told to no client");
    assert!(agent.sandbox.path().join("etcd.log").metadata().unwrap().len() > 1_000);
    agent.ends().await;
}

#[tokio::test]
async fn a_binary_that_is_another_is_not_run() {
    let mut agent = Agent::with::<Supervisor>();
    agent.launches(2, Some("00"));
    let failed = agent.until_state(TaskState::Failed).await;
    assert!(failed.message().contains("etcd has the SHA-256"), "{}", failed.message());
    assert!(!agent.sandbox.path().join(DATA_DIRECTORY).exists());
    agent.ends().await;
}

#[tokio::test]
async fn a_binary_that_is_no_etcd_is_not_run() {
    let foreign = std::fs::read("/bin/true").unwrap();
    for (host, content, mode, words) in [
        (3, &b"#!/bin/sh\necho hello\n"[..], 0o755, "is no Linux program"),
        (4, &foreign[..], 0o755, "this is no etcd: asked for its version, it said \"true"),
        (9, &foreign[..], 0o644, "cannot be executed"),
    ] {
        let mut agent = Agent::with::<Supervisor>();
        let file = agent.sandbox.path().join("etcd");
        std::fs::write(&file, content).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        agent.launches(host, None);
        let failed = agent.until_state(TaskState::Failed).await;
        assert!(failed.message().contains(words), "{}", failed.message());
        agent.ends().await;
    }
}

#[tokio::test]
async fn data_that_vanished_is_not_replaced() {
    let mut agent = Agent::with::<Supervisor>();
    agent.launches(5, None);
    let (pid, _) = agent.until_running().await;
    std::fs::remove_dir_all(agent.sandbox.path().join(DATA_DIRECTORY).join("member/wal")).unwrap();
    signal(pid, Signal::SIGKILL);
    let failed = agent.until_state(TaskState::Failed).await;
    assert!(failed.message().contains("vanished"), "{}", failed.message());
    agent.ends().await;
}

thread_local! {
    /// How many steps the logic takes before it panics, again and again.
    static FUSE: Cell<u32> = const { Cell::new(0) };
}

/// A supervisor that panics at every seventh step.
struct Fragile(Supervisor);

impl Logic for Fragile {
    fn new(settings: Settings, now: Timestamp) -> Self {
        Fragile(Supervisor::new(settings, now))
    }
    fn resume(facts: Facts, now: Timestamp, pid: Option<u32>) -> Self {
        Fragile(Supervisor::resume(facts, now, pid))
    }
    fn facts(&self) -> &Facts {
        self.0.facts()
    }
    fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        let steps = FUSE.get() + 1;
        FUSE.set(steps);
        let actions = self.0.step(now, event);
        assert!(!steps.is_multiple_of(7), "the fuse blew at step {steps}");
        actions
    }
    fn next_wake(&self) -> Option<Timestamp> {
        self.0.next_wake()
    }
}

#[tokio::test]
async fn a_panic_of_the_logic_restarts_the_logic_and_not_etcd() {
    let mut agent = Agent::with::<Fragile>();
    agent.launches(6, None);
    let (pid, _) = agent.until_running().await;
    let before = FUSE.get();
    let heard = agent.beats;
    while FUSE.get() < before + 40 || agent.beats < heard + 5 {
        let beat = agent.until_beat(|_| true).await;
        assert_eq!((beat.starts, serving(&beat).map(|(pid, _)| pid)), (1, Some(pid)));
        agent.orders(Order::Beat);
    }
    assert!(is_alive(pid));
    agent.says(Event::Kill { task_id: TASK.into(), grace: None });
    agent.until_state(TaskState::Killed).await;
    assert!(!is_alive(pid));
    agent.ends().await;
}

/// The variables by which a test tells the process that it starts of itself what to do there.
const PLAY: &str = "ETCD_MESOS_TEST_EXECUTOR_SANDBOX";
const PLAY_HOST: &str = "ETCD_MESOS_TEST_EXECUTOR_HOST";

/// Not a test of its own: when a test below starts this program again, this is the executor in it,
/// which starts etcd and then does nothing until it is killed.
#[test]
fn executor_of_another_test() {
    let Some(sandbox) = std::env::var_os(PLAY).map(PathBuf::from) else { return };
    let host = std::env::var(PLAY_HOST).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let version =
            etcd_mesos_executor::process::ask_version(&system_etcd(), &sandbox).await.unwrap();
        let data = Path::new(DATA_DIRECTORY);
        let initial = etcd_mesos_etcd::flags::InitialState::New;
        let arguments = etcd_mesos_etcd::flags::command_line(version, &order(host), data, initial);
        let mut etcd = EtcdProcess::start(&system_etcd(), &arguments, &sandbox).unwrap();
        std::fs::write(sandbox.join("pid.new"), etcd.pid().to_string()).unwrap();
        std::fs::rename(sandbox.join("pid.new"), sandbox.join("pid")).unwrap();
        etcd.wait().await;
    });
}

/// Starts this program again as an executor, in an environment that etcd must never see.
fn another_executor(sandbox: &Path, host: u8) -> (std::process::Child, u32) {
    let executor = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "executor_of_another_test"])
        .env(PLAY, sandbox)
        .env(PLAY_HOST, host.to_string())
        .env("ETCD_NAME", "evil")
        .env("ETCD_FORCE_NEW_CLUSTER", "true")
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    (executor, eventually(|| std::fs::read_to_string(sandbox.join("pid")).ok()?.parse().ok()))
}

fn eventually<T>(what: impl Fn() -> Option<T>) -> T {
    let give_up = std::time::Instant::now() + PATIENCE;
    while std::time::Instant::now() < give_up {
        if let Some(it) = what() {
            return it;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it did not happen in time");
}

#[test]
fn etcd_dies_with_its_executor_whatever_kills_that() {
    let sandbox = tempfile::tempdir().unwrap();
    let (mut executor, etcd) = another_executor(sandbox.path(), 7);
    assert!(is_alive(etcd));
    executor.kill().unwrap();
    executor.wait().unwrap();
    eventually(|| (!is_alive(etcd)).then_some(()));
}

#[test]
fn the_executor_s_environment_does_not_reach_etcd() {
    let sandbox = tempfile::tempdir().unwrap();
    let (mut executor, etcd) = another_executor(sandbox.path(), 8);
    let log = || std::fs::read_to_string(sandbox.path().join("etcd.log")).ok();
    let log = eventually(|| log().filter(|log| log.contains("\"starting an etcd server\"")));
    let environment = std::fs::read_to_string(format!("/proc/{etcd}/environ")).unwrap();
    executor.kill().unwrap();
    executor.wait().unwrap();
    assert!(!environment.contains("ETCD") && !environment.contains("evil"), "{environment}");
    assert!(
        log.contains("\"name\":\"etcd-1-0\"") && log.contains("\"force-new-cluster\":false"),
        "{log}"
    );
}
