//! The proxy: each of its modes in front of a cluster on genuine Mesos, and in front of a master that refuses,
//! knows nobody, and knows others.
#![allow(clippy::unwrap_used)]

mod local;
mod master;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::process::Proc;
use etcd_mesos_testkit::zookeeper::Server;
use etcd_mesos_testkit::{etcd, processes};
use nix::sys::signal::Signal;

use crate::masters::{MASTERS_SESSION, a_leading_master_that_falls_is_succeeded};
use crate::rig::{Rig, Stage, read, write};
use local::{Local, SLACK, command, etcdctl, put_and_get};
use master::Master;

/// The default of `proxy.drain`.
const DRAIN: Duration = Duration::from_secs(10);

/// Addresses of this process, on which nobody else listens.
fn ip(number: u8) -> String {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    format!("127.{}.{low}.{number}", 64 + high % 48)
}

/// An etcd that is a cluster by itself.
fn lonely_etcd(ip: &str, dir: &Path) -> Proc {
    let mut command = Command::new(etcd::find().unwrap().etcd);
    let (client, peer) = (format!("http://{ip}:2379"), format!("http://{ip}:2380"));
    command
        .arg("--name=lonely")
        .arg(format!("--data-dir={}", dir.join(ip).display()))
        .arg(format!("--listen-client-urls={client}"))
        .arg(format!("--advertise-client-urls={client}"))
        .arg(format!("--listen-peer-urls={peer}"))
        .arg(format!("--initial-advertise-peer-urls={peer}"))
        .arg(format!("--initial-cluster=lonely={peer}"));
    Proc::start(command, dir.join(format!("{ip}.log"))).unwrap()
}

/// Told of once, and asked at most once a second, whatever the refusal and however often somebody is in a hurry.
#[test]
fn a_master_that_refuses_is_asked_slowly_and_told_of_once() {
    let refusals = [(1, "404 Not Found"), (3, "503 Service Unavailable")];
    let refused = refusals.map(|(number, refusal)| {
        let master = Master::start(&ip(number));
        master.refuse(refusal);
        let at = format!("-master={}", master.address);
        let more = ["-framework-name=test", &at, "--set=discovery.mesos_state.interval=5s"];
        (refusal, Local::start(&ip(number + 1), "gateway", &more), master)
    });
    for (refusal, local, master) in &refused {
        local.wait("the page", || local.status());
        let asked = local.wait("another question", || {
            local.process.signal(Signal::SIGHUP);
            Some(master.asked()).filter(|all| all.len() >= 2)
        });
        let pauses: Vec<Duration> = asked.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(pauses.iter().all(|p| *p + SLACK >= Duration::from_secs(1)), "{pauses:?}");
        let log = local.process.log();
        assert_eq!(log.matches("the members cannot be asked for").count(), 1, "{log}");
        assert!(log.contains(refusal.split(' ').next().unwrap()), "{log}");
        assert!(log.contains("no member is known yet: clients are accepted"), "{log}");
        let (code, why) = local.get("/healthz").unwrap();
        assert!(code == 503 && why.contains("cannot ask"), "{code} {why}");
        // Clients are accepted meanwhile; one that waits does not hold the end back.
        let _waits = std::net::TcpStream::connect(&local.address).unwrap();
        local.wait("a client that waits", || {
            local.status().filter(|status| status["gateway"]["waiting"] == 1)
        });
        let asked_to_end = std::time::Instant::now();
        local.end(&[]);
        assert!(asked_to_end.elapsed() < DRAIN, "{:?}", asked_to_end.elapsed());
    }
}

/// Nobody, then one, then another: the page says it, and etcd is started, and started anew for the other.
#[test]
fn a_framework_that_gets_members_and_others_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (ip(11), ip(12));
    let _etcds = [lonely_etcd(&first, dir.path()), lonely_etcd(&second, dir.path())];
    let master = Master::start(&ip(10));
    master.know(&[]);
    let at = format!("-master={}", master.address);
    let more = ["-framework-name=test", &at, "--set=discovery.mesos_state.interval=5s"];
    let local = Local::start(&ip(13), "etcd-gateway", &more);
    let nobody = local.wait("the page to say that nobody is there", || {
        local.status().filter(|status| status["discovery"]["trouble"]["is_nobody"] == true)
    });
    assert_eq!(
        (nobody["serves"].as_bool(), nobody["children"][0]["starts"].as_u64()),
        (Some(false), Some(0))
    );
    local
        .process
        .wait_log("no member is known yet: etcd is started when one is", crate::rig::SOON)
        .unwrap();

    master.know(&[(&first, 2379)]);
    local.wait("etcd to be started", || local.child());
    put_and_get(&local, "first");
    local.wait_serves();
    // Who dies is started again, and says how it ended.
    processes::send_signal(local.child().unwrap(), Signal::SIGKILL);
    let again =
        local.wait("another start", || local.status().filter(|s| s["children"][0]["starts"] == 2));
    let ended = again["children"][0]["last_exit"].as_str().unwrap();
    assert!(ended.starts_with("signal: 9 (SIGKILL)"), "{ended}");

    // None of those that it was told of is left: no pause.
    master.know(&[(&second, 2379)]);
    local.process.signal(Signal::SIGHUP);
    local.wait("etcd to be told of the other", || {
        let command = local.status()?["children"][0]["command"].as_str()?.to_owned();
        command.contains(&second).then_some(())
    });
    put_and_get(&local, "second");
    let of =
        |address: &str| etcdctl(&format!("{address}:2379"), &["get", "key", "--print-value-only"]);
    assert_eq!(of(&first).unwrap().trim(), "first");
    assert_eq!(of(&second).unwrap().trim(), "second");
    local.end(&[]);
}

/// `--once` says whether it would work, and `--print` what would be run.
#[test]
fn once_waits_for_nobody() {
    let master = Master::start(&ip(20));
    let dir = tempfile::tempdir().unwrap();
    let at = format!("-master={}", master.address);
    let listen = format!("-listen-client-urls=http://{}:2379", ip(22));
    let common = ["--once", "-framework-name=test", "-status-address=", &at, &listen];
    let run = |more: &[&str]| {
        let output = command(dir.path()).args(common).args(more).output().unwrap();
        let [said, errors] = [output.stdout, output.stderr].map(|b| String::from_utf8(b).unwrap());
        (output.status.code(), said, errors)
    };
    master.know(&[]);
    let (code, _, errors) = run(&[]);
    assert!(code == Some(75) && errors.contains("knows no member"), "{code:?} {errors}");
    master.refuse("503 Service Unavailable");
    let (code, _, errors) = run(&["--print"]);
    assert!(code == Some(69) && errors.contains("cannot ask"), "{code:?} {errors}");

    let member = ip(21);
    master.know(&[(&member, 2379)]);
    let printed = format!("listen {}:2379\nmember http://{member}:2379 etcd-1-0\n", ip(22));
    let (code, said, errors) = run(&["--print"]);
    assert_eq!((code, said), (Some(0), printed), "{errors}");
    let _etcd = lonely_etcd(&member, dir.path());
    let (code, _, errors) = run(&[]);
    assert!(code == Some(0) && errors.contains("it serves"), "{code:?} {errors}");
    let [etcd_bin, of_3_5] = [etcd::find().unwrap(), etcd::find_3_5().unwrap()]
        .map(|found| format!("-etcd-bin={}", found.etcd.display()));
    for etcd_bin in [&etcd_bin, &of_3_5] {
        for mode in ["etcd-gateway", "grpc-proxy", "v2-proxy"] {
            let (code, _, errors) = run(&[etcd_bin, &format!("-mode={mode}")]);
            assert!(code == Some(0) && errors.contains("it serves"), "{mode}: {code:?} {errors}");
        }
    }
    // An address that is somebody else's.
    let taken = format!("-listen-client-urls=http://{member}:2379");
    for mode in ["gateway", "etcd-gateway"] {
        let (code, _, errors) = run(&[&etcd_bin, &format!("-mode={mode}"), &taken]);
        assert!(code == Some(69) && errors.contains("listen"), "{mode}: {code:?} {errors}");
    }
}

/// One cluster, because forming is dear.
#[test]
fn every_mode_serves_a_cluster_on_mesos_whatever_falls() {
    let zookeeper = Server::builder().session_timeout_max(MASTERS_SESSION).start().unwrap();
    let masters = zookeeper.url("/mesos");
    let mut rig = Rig::new(Cluster::builder().masters(2).zookeeper(&zookeeper.place("/mesos")));
    let ips: Vec<String> = (2..6).map(|number| rig.mesos.scheduler_ip(number)).collect();
    let at = format!("-master={masters}");
    let common = ["-framework-name=test", at.as_str(), "--set=discovery.mesos_state.interval=5s"];
    // There is no framework yet, and nobody is in a hurry.
    let gateway = Local::start(&ips[0], "gateway", &common);
    gateway.wait("the page to say that nobody is there", || {
        gateway.status().filter(|status| status["discovery"]["trouble"]["is_nobody"] == true)
    });
    rig.start_scheduler(&[&at]);
    let members = rig.wait_formed();
    gateway.wait_serves();
    put_and_get(&gateway, "by the gateway");

    let etcd_gateway = Local::start(&ips[1], "etcd-gateway", &common);
    put_and_get(&etcd_gateway, "by etcd's gateway");
    let grpc = Local::start(&ips[2], "grpc-proxy", &[&common[..], &["-data-dir=data"]].concat());
    put_and_get(&grpc, "by gRPC");
    let v2 = v2_proxy(&ips[3], &common);

    // Whoever is killed, clients are served.
    processes::send_signal(*rig.etcd_pids().values().next().unwrap(), Signal::SIGKILL);
    for local in [&gateway, &etcd_gateway, &grpc] {
        put_and_get(local, "after a member");
    }
    rig.wait_serving(&members[0]);
    let starts = |local: &Local| local.status().unwrap()["children"][0]["starts"].as_u64();
    a_leading_master_that_falls_is_succeeded(&rig, &members, "killed", |n| {
        rig.mesos.kill_master(n).unwrap()
    });
    for local in [&gateway, &etcd_gateway, &grpc] {
        put_and_get(local, "after a master");
    }
    gateway.wait("an answer of the next master", || {
        gateway.status().filter(|status| status["discovery"]["trouble"].is_null())
    });
    assert_eq!(
        [&etcd_gateway, &grpc, &v2].map(starts),
        [Some(1); 3],
        "nobody was restarted for that"
    );

    etcd_gateway.kill();
    grpc.end(&[]);
    gateway.end(&[]);
    v2.end(&["data"]);
}

/// It passes HTTP on, which is etcd's JSON gateway too; and it keeps its peers in the data directory, from where
/// those of an earlier life must not be read.
fn v2_proxy(ip: &str, common: &[&str]) -> Local {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("member")).unwrap();
    let refused = command(dir.path())
        .args(common)
        .args(["-mode=v2-proxy", "-data-dir=.", "-status-address="])
        .arg(format!("-etcd-bin={}", etcd::find().unwrap().etcd.display()))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(78) && errors.contains("of an etcd member"), "{errors}");

    let stale = dir.path().join("proxy");
    std::fs::create_dir_all(&stale).unwrap();
    std::fs::remove_dir(dir.path().join("member")).unwrap();
    std::fs::write(stale.join("cluster"), r#"{"PeerURLs":["http://127.0.0.1:1"]}"#).unwrap();
    let data = format!("-data-dir={}", dir.path().display());
    let old = Local::start(ip, "v2-proxy", &[common, &[&data]].concat());
    old.wait("a read", || read(&old.address));
    old.end(&[]);

    let local = Local::start(ip, "v2-proxy", &[common, &["-data-dir=data"]].concat());
    local.wait("a read", || read(&local.address));
    write(&local.address, "YmFy");
    assert_eq!(read(&local.address), Some(Some("YmFy".to_owned())));
    assert!(local.path("data/proxy").is_dir(), "the data directory is the operator's");
    local
}
