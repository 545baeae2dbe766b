//! Kinds of etcd: behind TLS, of another cluster, of a cluster that was made anew.

use std::process::Command;
use std::slice::from_ref;
use std::time::Duration;

use etcd_mesos_proxy::gateway::{Gateway, Settings, Standing};
use etcd_mesos_testkit::etcd;
use etcd_mesos_testkit::process::Proc;
use etcd_mesos_testkit::tls::{Authority, Certificate};
use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::cluster::{Cluster, loopback};
use crate::passing::{PATIENCE, before, connect};
use crate::until;

async fn until_standings(gateway: &Gateway, expected: &[(&str, Standing)]) {
    let stands = |url: &str| {
        let view = gateway.view();
        view.members.into_iter().find(|member| member.client_url == url).map(|m| m.standing)
    };
    until(&format!("{expected:?}"), PATIENCE, || async {
        expected.iter().all(|(url, standing)| stands(url) == Some(*standing)).then_some(())
    })
    .await;
}

/// Settings under which what takes seconds takes parts of them.
fn quick(settings: &mut Settings) {
    settings.look_every = Duration::from_millis(200);
    settings.look_max = Duration::from_millis(300);
    settings.dead_after = Duration::from_millis(1_000);
}

struct Rig {
    process: Proc,
    authority: Authority,
    https: String,
    _home: tempfile::TempDir,
}

/// One member that speaks TLS with its clients.
fn behind_tls() -> Rig {
    let home = tempfile::tempdir().unwrap();
    let ip = loopback();
    let authority = Authority::found(home.path(), "ca").unwrap();
    let Certificate { certificate, key } =
        authority.certify("etcd", vec!["127.0.0.1".to_owned()]).unwrap();
    let (https, peer) = (format!("https://{ip}:21000"), format!("http://{ip}:22000"));
    let mut command = Command::new(etcd::find().unwrap().etcd);
    command
        .args(["--name=m0", "--logger=zap", "--listen-client-urls", &https])
        .args(["--advertise-client-urls", &https, "--listen-peer-urls", &peer])
        .args(["--initial-advertise-peer-urls", &peer, "--initial-cluster"])
        .arg(format!("m0={peer}"))
        .arg("--data-dir")
        .arg(home.path().join("data"))
        .arg("--cert-file")
        .arg(certificate)
        .arg("--key-file")
        .arg(key);
    let process = Proc::start(command, home.path().join("log")).unwrap();
    Rig { process, authority, https, _home: home }
}

async fn etcdctl(rig: &Rig, gateway: &Gateway, words: &[&str]) -> String {
    let mut command = tokio::process::Command::new(etcd::find().unwrap().etcdctl);
    let endpoint = format!("https://{}", gateway.addresses()[0]);
    command.env("ETCDCTL_API", "3").args(["--endpoints", &endpoint, "--cacert"]);
    let out = command.arg(rig.authority.ca_file()).args(words).output().await.unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// TLS passes from end to end; whether the member lives is known without it, and a member that is frozen
/// is dead, though its kernel takes connections.
#[tokio::test]
async fn a_member_behind_tls_is_known_to_live_or_to_be_frozen() {
    let rig = behind_tls();
    let (gateway, _listed) = before(from_ref(&rig.https), quick).await;
    until_standings(&gateway, &[(&rig.https, Standing::Serves)]).await;
    etcdctl(&rig, &gateway, &["put", "a", "b"]).await;
    assert_eq!(etcdctl(&rig, &gateway, &["get", "a", "--print-value-only"]).await, "b\n");
    assert_eq!(gateway.view().cluster_id, None);

    let bytes = || gateway.view().members[0].bytes_to_member;
    let before = bytes();
    let mut client = connect(&gateway).await;
    client.write_all(b"\x16\x03\x01").await.unwrap();
    until("the bytes to arrive", PATIENCE, || async { (bytes() == before + 3).then_some(()) })
        .await;
    rig.process.signal(Signal::SIGSTOP);
    until_standings(&gateway, &[(&rig.https, Standing::Dead)]).await;
    let end = timeout(PATIENCE, client.read(&mut [0; 64])).await.unwrap();
    assert!(end.is_err(), "cut: {end:?}");
    assert_eq!(gateway.view().members[0].cut, 1);
    rig.process.signal(Signal::SIGCONT);
    until_standings(&gateway, &[(&rig.https, Standing::Serves)]).await;
}

/// The scheme of a client URL may be wrong; a port that speaks TLS is alive all the same.
#[tokio::test]
async fn a_member_behind_tls_that_is_found_as_http_serves() {
    let rig = behind_tls();
    let http = rig.https.replace("https", "http");
    let (gateway, _listed) = before(from_ref(&http), quick).await;
    until_standings(&gateway, &[(&http, Standing::Serves)]).await;
    etcdctl(&rig, &gateway, &["put", "a", "b"]).await;
}

#[tokio::test]
async fn a_member_of_another_cluster_gets_no_connection() {
    let cluster = Cluster::start(3, "this").await;
    let stray = Cluster::start(1, "another").await;
    let urls = [cluster.urls(), stray.urls()].concat();
    let (gateway, _listed) = before(&urls, quick).await;
    let mut expected: Vec<(&str, Standing)> =
        urls.iter().map(|url| (url.as_str(), Standing::Serves)).collect();
    expected[3].1 = Standing::OtherCluster;
    until_standings(&gateway, &expected).await;
    let mut clients = Vec::new();
    for _ in 0..12 {
        clients.push(connect(&gateway).await);
    }
    until("twelve connections", PATIENCE, || async { (gateway.view().open == 12).then_some(()) })
        .await;
    let mut view = gateway.view();
    view.members.sort_by_key(|m| urls.iter().position(|url| *url == m.client_url));
    let open: Vec<usize> = view.members.iter().map(|member| member.open).collect();
    assert_eq!(open, [4, 4, 4, 0]);
    assert!(view.members[3].because.contains("it belongs to cluster"), "{view:#?}");
    assert_eq!(view.cluster_id, view.members[0].cluster_id);
}

/// The discovery finds only members of a new cluster, as after a reseed that made one.
#[tokio::test]
async fn a_cluster_that_was_made_anew_is_followed_when_the_old_one_is_gone() {
    let old = Cluster::start(1, "old").await;
    let new = Cluster::start(1, "new").await;
    let (gateway, listed) = before(&old.urls(), quick).await;
    until_standings(&gateway, &[(&old.urls()[0], Standing::Serves)]).await;
    let client = connect(&gateway).await;
    until("a connection", PATIENCE, || async { (gateway.view().open == 1).then_some(()) }).await;
    let pinned = gateway.view().cluster_id;
    listed.say(&new.urls());
    until_standings(&gateway, &[(&new.urls()[0], Standing::OtherCluster)]).await;
    assert_eq!(gateway.view().cluster_id, pinned, "the old one lives, and has connections");
    drop((old, client));
    until_standings(&gateway, &[(&new.urls()[0], Standing::Serves)]).await;
    assert_ne!(gateway.view().cluster_id, pinned);
}

/// Ports are given to others. A gateway that served nobody for a while looks before it sends somebody.
#[tokio::test]
async fn whoever_has_got_the_port_of_a_member_gets_no_connection() {
    let mut cluster = Cluster::start(1, "first").await;
    let url = cluster.urls().remove(0);
    // It would not look again by itself while this test lasts.
    let slow = |settings: &mut Settings| settings.look_every = Duration::from_millis(1_500);
    let (gateway, _listed) = before(from_ref(&url), slow).await;
    until_standings(&gateway, &[(&url, Standing::Serves)]).await;
    let looked = std::time::Instant::now();
    cluster.succeed_by_a_stranger().await;
    until("what is known to be old", PATIENCE, || async {
        (looked.elapsed() > Duration::from_millis(3_100)).then_some(())
    })
    .await;
    assert_eq!(gateway.view().members[0].standing, Standing::Serves, "it has not looked again");
    let _client = connect(&gateway).await;
    until_standings(&gateway, &[(&url, Standing::OtherCluster)]).await;
    let view = gateway.view();
    assert_eq!((view.open, view.waiting, view.members[0].opened), (0, 1, 0));
}
