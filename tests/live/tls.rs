//! Masters that speak TLS and nothing else.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use etcd_mesos_testkit::http;
use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::tls::Authority;
use etcd_mesos_testkit::zookeeper::Server;

use crate::masters::leading_master;
use crate::rig::{Rig, Stage, read, write};

/// One cluster, because forming is dear.
#[test]
fn a_cluster_forms_and_serves_over_tls_to_the_master() {
    let mut rig = Rig::new(Cluster::builder().tls());
    let refused = http::get(&rig.mesos.master_addr(), "/health").unwrap_err();
    assert!(format!("{refused:?}").contains("onnection"), "{refused:?}");
    a_scheduler_without_tls_says_what_is_missing(&mut rig);
    a_master_that_is_not_believed_is_told_nothing(&mut rig);
    rig.start_scheduler(&[&https(&rig), &ca_file(own_ca(&rig))]);
    let members = rig.wait_formed();
    write(&members[0].client, "YmFy");
    let pids = rig.etcd_pids();

    rig.mesos.kill_master(1).unwrap();
    rig.wait_report(&["subscribing again", &rig.mesos.master_url()]);
    rig.mesos.start_master(1).unwrap();
    wait_subscribed(&rig);
    assert_eq!((rig.etcd_pids(), rig.members()), (pids, members.clone()));
    assert_eq!(read(&members[1].client).unwrap().as_deref(), Some("YmFy"));
}

fn a_scheduler_without_tls_says_what_is_missing(rig: &mut Rig) {
    rig.start_scheduler(&[]);
    rig.wait_report(&["waiting  mesos", "broke", "--master then begins with https://"]);
    rig.scheduler().kill();
    let output = rig.command().arg("-mesos-ca-file=/no/such/ca.pem").arg(https(rig)).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("--mesos-ca-file") && said.contains("/no/such/ca.pem"), "{said}");
}

fn a_master_that_is_not_believed_is_told_nothing(rig: &mut Rig) {
    let strangers = Authority::found(rig.dir(), "strangers").unwrap();
    rig.start_scheduler(&[&https(rig), &ca_file(strangers.ca_file())]);
    let words = "its certificate is of no authority that is trusted here";
    rig.wait_report(&["TROUBLE  mesos", words, "--mesos-ca-file must hold"]);
    let log = rig.scheduler().log();
    assert!(log.contains(words) && !log.contains("panicked"), "{log}");
    assert_eq!(rig.get("/healthz").0, 200);
    assert_eq!(rig.mesos.framework("test").unwrap(), None);
    rig.scheduler().kill();
}

/// Masters that demand a certificate, elected in ZooKeeper or named one by one.
#[test]
fn elected_masters_with_tls_are_shown_our_certificate() {
    let zookeeper = Server::start().unwrap();
    let builder = Cluster::builder().agents(0).masters(2).zookeeper(&zookeeper.place("/mesos"));
    let builder = builder.tls().env("LIBPROCESS_SSL_REQUIRE_CLIENT_CERT", "true");
    let mut rig = Rig::new(builder);
    let ca = ca_file(own_ca(&rig));
    rig.start_scheduler(&[&https(&rig), &ca]);
    rig.wait_report(&["TROUBLE  mesos", "demands a client certificate", "--mesos-cert-file"]);
    rig.scheduler().kill();

    let ours = rig.mesos.authority().unwrap().certify("scheduler", vec!["etcd".to_owned()]);
    let ours = ours.unwrap();
    let certificate = format!("-mesos-cert-file={}", ours.certificate.display());
    let key = format!("-mesos-key-file={}", ours.key.display());
    // The one that does not lead sends us to the one that does, and names no scheme.
    let follower = 3 - leading_master(&rig);
    let follower = format!("-master=https://{}", rig.mesos.masters()[follower - 1]);
    rig.start_scheduler(&[&follower, &certificate, &key]);
    wait_subscribed(&rig);
    rig.scheduler().kill();
    rig.wait("the end of that subscription", || is_connected(&rig).filter(|is| !is));

    rig.start_scheduler(&[&format!("-master={}", zookeeper.url("/mesos")), "-mesos-tls"]);
    wait_subscribed(&rig);
}

fn https(rig: &Rig) -> String {
    format!("-master=https://{}", rig.mesos.masters().join(","))
}

fn ca_file(path: &Path) -> String {
    format!("-mesos-ca-file={}", path.display())
}

fn own_ca(rig: &Rig) -> &Path {
    rig.mesos.authority().unwrap().ca_file()
}

fn wait_subscribed(rig: &Rig) {
    rig.wait("a subscription over TLS", || is_connected(rig).filter(|is| *is));
}

/// Whether the leading master has a connection of ours; none while nobody leads, or nobody knows us.
fn is_connected(rig: &Rig) -> Option<bool> {
    Some(rig.mesos.framework("test").ok()??["connected"] == true)
}
