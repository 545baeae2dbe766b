//! The command line, the looks, the hand-over and the texts of an end, on the real etcd of this machine.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use etcd_mesos_core::id::{Epoch, Generation};
use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::wire::{LaunchOrder, Peer, Start, WIRE_VERSION};
use etcd_mesos_etcd::EtcdVersion;
use etcd_mesos_etcd::exit::{Clues, Exit, Status};
use etcd_mesos_etcd::flags::{InitialState, command_line};
use etcd_mesos_etcd::hand_over::{HandOver, hand_over};
use etcd_mesos_etcd::probe::Probe;

const LOOK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(20);

/// An etcd of a test. It is killed by its handle when the test ends, however it ends.
struct Etcd {
    child: Child,
    order: LaunchOrder,
    home: PathBuf,
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn version() -> EtcdVersion {
    let said = Command::new("etcd")
        .arg("--version")
        .output()
        .expect("etcd is in the PATH; scripts/setup brings it");
    EtcdVersion::parse(&String::from_utf8(said.stdout).unwrap()).unwrap()
}

/// A launch order for member `index` of a cluster on a loopback address of the test's own.
fn order(host: u8, index: u16, size: u16) -> LaunchOrder {
    let peer = |index: u16| Peer {
        name: format!("m{index}").parse().unwrap(),
        ip: [127, 200, 1, host].into(),
        peer_port: 23800 + index,
        client_port: 23790 - index,
    };
    LaunchOrder {
        v: WIRE_VERSION,
        epoch: Epoch(1),
        generation: Generation(0),
        token: format!("test-{host}"),
        member: peer(index),
        initial_cluster: (0..size).map(peer).collect(),
        start: Start::Form,
        etcd_flags: vec!["--heartbeat-interval=50".into(), "--election-timeout=500".into()],
        stop_grace_ms: 1_000,
    }
}

impl Etcd {
    fn start(home: &Path, order: LaunchOrder, initial: InitialState) -> Self {
        let home = home.join(order.member.name.as_str());
        std::fs::create_dir_all(&home).unwrap();
        let output = File::create(home.join("output")).unwrap();
        let child = Command::new("etcd")
            .args(command_line(version(), &order, &home.join("data"), initial))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Etcd { child, order, home }
    }

    fn cluster(home: &Path, host: u8, size: u16) -> Vec<Self> {
        (0..size)
            .map(|index| Etcd::start(home, order(host, index, size), InitialState::New))
            .collect()
    }

    fn url(&self) -> String {
        self.order.member.client_url()
    }

    /// How it ends, by the clues in what it printed.
    fn ends(&mut self) -> Exit {
        use std::os::unix::process::ExitStatusExt;
        let status = self.wait();
        let mut clues = Clues::default();
        let output = std::fs::read_to_string(self.home.join("output")).unwrap();
        output.lines().for_each(|line| clues.read(line));
        let status =
            status.code().map_or(Status::Signal(status.signal().unwrap_or(0)), Status::Code);
        clues.conclude(status)
    }

    fn wait(&mut self) -> std::process::ExitStatus {
        let give_up = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < give_up {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("etcd still runs: {}", std::fs::read_to_string(self.home.join("output")).unwrap());
    }

    /// Writes enough that the WAL and the database have something to lose.
    async fn fill(&self) {
        let mut client = etcd_client::Client::connect([self.url()], None).await.unwrap();
        for key in 0..20 {
            client.put(format!("key{key}"), "x".repeat(4096), None).await.unwrap();
        }
    }

    async fn until(&self, what: impl Fn(&Observation) -> bool) -> Observation {
        let mut probe = Probe::new(self.url());
        let looks = async {
            loop {
                if let Ok(seen) = probe.look(LOOK).await
                    && what(&seen)
                {
                    return seen;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, looks).await.expect("etcd came to that within its time")
    }

    fn wal(&self) -> PathBuf {
        let wal = self.home.join("data/member/wal");
        let mut files = std::fs::read_dir(wal).unwrap().map(|entry| entry.unwrap().path());
        files.find(|file| file.extension().is_some_and(|end| end == "wal")).unwrap()
    }
}

#[tokio::test]
async fn a_member_without_quorum_is_seen_and_does_not_serve() {
    let home = tempfile::tempdir().unwrap();
    let members = Etcd::cluster(home.path(), 1, 3);
    let seen = members[0].until(Observation::is_serving).await;
    assert!(!seen.is_learner && seen.version.starts_with("3."));
    assert_eq!(members[1].until(Observation::is_serving).await.cluster_id, seen.cluster_id);
    let mut members = members.into_iter();
    let alone = members.next().unwrap();
    drop(members);
    let seen = alone.until(|seen| seen.linearizable_revision.is_none()).await;
    assert!(!seen.is_serving());
}

#[tokio::test]
async fn a_member_that_is_frozen_is_given_up_in_time() {
    let home = tempfile::tempdir().unwrap();
    let members = Etcd::cluster(home.path(), 2, 1);
    let mut probe = Probe::new(members[0].url());
    members[0].until(Observation::is_serving).await;
    probe.look(LOOK).await.unwrap();
    let signal = |name: &str| {
        let pid = members[0].child.id().to_string();
        assert!(Command::new("kill").args([name, pid.as_str()]).status().unwrap().success());
    };
    signal("-STOP");
    let before = std::time::Instant::now();
    let error = probe.look(Duration::from_millis(300)).await.unwrap_err().to_string();
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    assert!(error.contains("did not answer Status within 300 ms"), "{error}");
    signal("-CONT");
    members[0].until(Observation::is_serving).await;
}

#[tokio::test]
async fn nobody_there_is_an_error_at_once() {
    let mut probe = Probe::new("http://127.200.1.3:23790");
    let before = std::time::Instant::now();
    let error = probe.look(PATIENCE).await.unwrap_err().to_string();
    assert!(before.elapsed() < Duration::from_secs(5));
    assert!(error.contains("http://127.200.1.3:23790 did not answer Status"), "{error}");
}

#[tokio::test]
async fn a_leader_hands_over_and_a_follower_has_nothing_to_hand() {
    let home = tempfile::tempdir().unwrap();
    let members = Etcd::cluster(home.path(), 4, 3);
    for member in &members {
        member.until(Observation::is_serving).await;
    }
    let leader_id = members[0].until(Observation::is_serving).await.leader.unwrap();
    let mut leader = None;
    for member in &members {
        let seen = member.until(Observation::is_serving).await;
        match seen.member_id == leader_id {
            true => leader = Some(member.url()),
            false => {
                assert_eq!(hand_over(&member.url(), PATIENCE).await.unwrap(), HandOver::NotLeader);
            }
        }
    }
    let leader = leader.unwrap();
    let HandOver::To { member_id, .. } = hand_over(&leader, Duration::from_secs(5)).await.unwrap()
    else {
        panic!("nobody took over")
    };
    assert_ne!(member_id, leader_id);
    for member in &members {
        member.until(|seen| seen.leader == Some(member_id) && seen.is_serving()).await;
    }
}

#[tokio::test]
async fn a_single_member_has_nobody_to_hand_over_to() {
    let home = tempfile::tempdir().unwrap();
    let members = Etcd::cluster(home.path(), 5, 1);
    members[0].until(Observation::is_serving).await;
    assert_eq!(hand_over(&members[0].url(), PATIENCE).await.unwrap(), HandOver::NobodyElse);
}

#[tokio::test]
async fn a_member_with_data_starts_as_existing() {
    let home = tempfile::tempdir().unwrap();
    let mut members = Etcd::cluster(home.path(), 6, 1);
    let first = members[0].until(Observation::is_serving).await;
    let order = members.remove(0).order.clone();
    let again = Etcd::start(home.path(), order, InitialState::Existing);
    let second = again.until(Observation::is_serving).await;
    assert_eq!((first.cluster_id, first.member_id), (second.cluster_id, second.member_id));
}

#[tokio::test]
async fn as_existing_an_emptied_member_makes_no_second_cluster() {
    let home = tempfile::tempdir().unwrap();
    let mut members = Etcd::cluster(home.path(), 7, 1);
    members[0].until(Observation::is_serving).await;
    let etcd = members.remove(0);
    let (order, wal) = (etcd.order.clone(), etcd.wal());
    drop(etcd);
    std::fs::remove_file(wal).unwrap();
    let mut emptied = Etcd::start(home.path(), order, InitialState::Existing);
    assert!(matches!(emptied.ends(), Exit::Code(1)), "it refuses to start");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let home = tempfile::tempdir().unwrap();
    let order = order(8, 0, 1);
    let taken = std::net::SocketAddr::new(order.member.ip, order.member.peer_port);
    let _listener = std::net::TcpListener::bind(taken).unwrap();
    let mut etcd = Etcd::start(home.path(), order, InitialState::New);
    assert_eq!(etcd.ends(), Exit::PortTaken(taken.to_string()));
}

#[tokio::test]
async fn an_address_of_another_machine_is_named() {
    let home = tempfile::tempdir().unwrap();
    let mut order = order(9, 0, 1);
    order.member.ip = [192, 0, 2, 1].into();
    order.initial_cluster = vec![order.member.clone()];
    let mut etcd = Etcd::start(home.path(), order, InitialState::New);
    assert!(
        matches!(etcd.ends(), Exit::NoSuchAddress(address) if address.starts_with("192.0.2.1:"))
    );
}

#[tokio::test]
async fn data_that_is_spoilt_is_known_as_such() {
    let spoil_wal = |file: &Path| {
        let mut bytes = std::fs::read(file).unwrap();
        bytes[20_000..20_010].iter_mut().for_each(|byte| *byte ^= 0xff);
        std::fs::write(file, bytes).unwrap();
    };
    let spoil_head = |file: &Path| {
        let mut bytes = std::fs::read(file).unwrap();
        bytes[..8192].fill(0xff);
        std::fs::write(file, bytes).unwrap();
    };
    let cut = |file: &Path| File::options().write(true).open(file).unwrap().set_len(8192).unwrap();
    for (host, what, spoil) in
        [(10, "wal", &spoil_wal as &dyn Fn(&Path)), (11, "db", &spoil_head), (12, "db", &cut)]
    {
        let home = tempfile::tempdir().unwrap();
        let mut members = Etcd::cluster(home.path(), host, 1);
        members[0].until(Observation::is_serving).await;
        members[0].fill().await;
        // The database is written every 100 ms; it is complete when etcd has ended well.
        let mut etcd = members.remove(0);
        assert!(Command::new("kill").arg(etcd.child.id().to_string()).status().unwrap().success());
        etcd.wait();
        let (order, wal, db) =
            (etcd.order.clone(), etcd.wal(), etcd.home.join("data/member/snap/db"));
        drop(etcd);
        spoil(if what == "wal" { &wal } else { &db });
        let exit = Etcd::start(home.path(), order, InitialState::Existing).ends();
        assert!(matches!(exit, Exit::Corrupt(_)), "{host} {what}: {exit:?}");
    }
}

#[tokio::test]
async fn a_removed_member_ends_as_one_and_so_does_its_next_start() {
    let home = tempfile::tempdir().unwrap();
    let mut members = Etcd::cluster(home.path(), 13, 3);
    for member in &members {
        member.until(Observation::is_serving).await;
    }
    let gone = members[2].until(Observation::is_serving).await.member_id;
    let mut client = etcd_client::Client::connect([members[0].url()], None).await.unwrap();
    // For 5 s after a voter connected etcd takes the cluster for unhealthy.
    let removed = async {
        while client.member_remove(gone.0).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, removed).await.unwrap();
    let mut member = members.remove(2);
    assert_eq!(member.ends(), Exit::MemberRemoved);
    let mut again = Etcd::start(home.path(), member.order.clone(), InitialState::Existing);
    assert_eq!(again.ends(), Exit::MemberRemoved);
}
