//! Members are found by their SRV records: by etcd's own tools, of 3.4 and of 3.5, and by our plugin.
//!
//! The records are those that mesos-dns makes of our tasks; see the testkit's `mesos_dns`.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_core::discovery::{Discovery, Members};
use etcd_mesos_core::plugin::{Context, DiscoveryPlugin, Plugin};
use etcd_mesos_discovery_dns::{MesosDnsPlugin, MesosDnsSection};
use etcd_mesos_testkit::etcd::{self, Etcd};
use etcd_mesos_testkit::http;
use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::mesos_dns::{MesosDns, Resolv, Way, question};
use etcd_mesos_testkit::process::Proc;
use etcd_mesos_testkit::processes::send_signal;
use nix::sys::signal::Signal;

use crate::rig::{Member, Rig, SOON, Stage, identity};

const MEMBERS: usize = 5;

/// The services of a member, and the bytes of an answer of mesos-dns that names five of them.
const SERVICES: [(&str, usize); 3] =
    [("_etcd-client._tcp", 381), ("_etcd-server._tcp", 381), ("_etcd-server._client", 384)];

/// A formed cluster, and a mesos-dns of which all is known that is in it.
struct Ground {
    rig: Rig,
    dns: MesosDns,
    resolv: Resolv,
    members: Vec<Member>,
}

/// One cluster for all, because forming is dear.
#[test]
fn etcds_own_tools_and_our_plugin_find_members_by_their_srv_records() {
    let ground = Ground::new();
    let (older, newer) = both_versions();
    every_answer_fits_into_a_datagram(&ground);
    for etcd in [&older, &newer] {
        etcdctl_finds_all_members(&ground, etcd);
        is_passed_on_by("gateway", &ground, etcd);
        is_passed_on_by("grpc-proxy", &ground, etcd);
    }
    a_v2_proxy_of_3_5_finds_members(&ground, &newer);
    a_v2_proxy_of_3_4_wants_names_of_members_with_tls(&ground, &older);
    our_plugin_finds(&ground, &ground.members);
    records_go_and_come_with_the_service(&ground, &newer);
}

/// What they can differs.
fn both_versions() -> (Etcd, Etcd) {
    let (older, newer) = (etcd::find().unwrap(), etcd::find_3_5().unwrap());
    for (etcd, version) in [(&older, "3.4."), (&newer, "3.5.")] {
        let said = Command::new(&etcd.etcd).arg("--version").output().unwrap().stdout;
        let said = String::from_utf8_lossy(&said).into_owned();
        let is_it = said.starts_with(&format!("etcd Version: {version}"));
        assert!(is_it, "{} is no etcd {version}x: {said}", etcd.etcd.display());
    }
    (older, newer)
}

impl Ground {
    fn new() -> Ground {
        let mut rig = Rig::new(Cluster::builder().agents(MEMBERS));
        rig.start_scheduler(&["-framework-name=etcd", &format!("-cluster-size={MEMBERS}")]);
        let ip = rig.mesos.scheduler_ip(2);
        let master = rig.mesos.master_addr();
        let every = Duration::from_millis(200);
        let dns = MesosDns::follow(&format!("{ip}:53"), &master, every).unwrap();
        let resolv = Resolv::asking(&ip).unwrap();
        let mut ground = Ground { rig, dns, resolv, members: Vec::new() };
        ground.wait_named(MEMBERS);
        let told = || Some(ground.rig.members()).filter(|members| members.len() == MEMBERS);
        ground.members = ground.rig.wait("all members to be told of", told);
        ground
    }

    /// Waits until every service names so many members.
    fn wait_named(&self, count: usize) {
        self.rig.wait(&format!("{count} members by each SRV name"), || {
            let named = |(service, _): &(&str, usize)| self.hosts(service).len() == count;
            SERVICES.iter().all(named).then_some(())
        });
    }

    /// The records of a service, as lines.
    fn hosts(&self, service: &str) -> Vec<String> {
        let owner = format!("{service}.etcd.mesos. SRV ");
        self.dns.zone().lines().into_iter().filter(|line| line.starts_with(&owner)).collect()
    }

    /// Runs etcdctl, which finds no DNS server but ours, and gives its output.
    fn etcdctl(&self, etcd: &Etcd, arguments: &[&str]) -> String {
        let mut command = self.resolv.command(&etcd.etcdctl);
        command.args(arguments);
        let log = tempfile::NamedTempFile::new_in(self.rig.dir()).unwrap();
        let process = Proc::start(command, log.path()).unwrap();
        let succeeded = process.wait_exit(SOON).unwrap().success();
        assert!(succeeded, "etcdctl {arguments:?}: {}", process.log());
        process.log()
    }

    /// Starts etcd itself, as something that goes on.
    fn start(&self, etcd: &Etcd, name: &str, arguments: &[&str]) -> Proc {
        let mut command = self.resolv.command(&etcd.etcd);
        command.args(arguments).current_dir(self.rig.dir());
        Proc::start(command, self.rig.dir().join(format!("{name}.log"))).unwrap()
    }

    /// An address that nobody has.
    fn free(&self) -> String {
        format!("{}:2379", self.rig.mesos.scheduler_ip(3))
    }
}

fn every_answer_fits_into_a_datagram(ground: &Ground) {
    for (service, bytes) in SERVICES {
        let question = question("SRV", &format!("{service}.etcd.mesos."));
        let answer = ground.dns.zone().reply(&question, Way::Udp);
        assert!(!answer.metadata.truncation, "{service}: {answer:?}");
        assert_eq!((answer.answers.len(), answer.additionals.len()), (MEMBERS, MEMBERS));
        assert_eq!(answer.to_vec().unwrap().len(), bytes, "{service}");
    }
}

fn etcdctl_finds_all_members(ground: &Ground, etcd: &Etcd) {
    ground.dns.asked();
    let found = |arguments: &[&str]| {
        ground.etcdctl(etcd, &[&["--discovery-srv=etcd.mesos"], arguments].concat())
    };
    let value = etcd.etcdctl.display().to_string();
    keeps_a_value(&value, found);
    let members = found(&["member", "list"]);
    let health = found(&["endpoint", "health", "--cluster"]);
    for member in &ground.members {
        assert!(members.contains(&member.name), "{members}");
        assert!(health.contains(&format!("{} is healthy", client_url(member))), "{health}");
    }
    clients_names_were_asked_for(ground);
}

/// Puts and gets it. Before what is got may stand a warning of a try that failed.
fn keeps_a_value(value: &str, etcdctl: impl Fn(&[&str]) -> String) {
    let put = etcdctl(&["put", "foo", value]);
    assert!(put.ends_with("OK\n"), "{put}");
    let got = etcdctl(&["get", "foo"]);
    assert!(got.ends_with(&format!("foo\n{value}\n")), "{got}");
}

/// Those of clients, and nothing that is for members.
fn clients_names_were_asked_for(ground: &Ground) {
    let asked = ground.dns.asked();
    for service in ["_etcd-client-ssl._tcp", "_etcd-client._tcp"] {
        assert!(asked.contains(&format!("udp SRV {service}.etcd.mesos.")), "{asked:?}");
    }
    assert!(!asked.iter().any(|asked| asked.contains("SRV _etcd-server")), "{asked:?}");
}

/// Through a `gateway` or a `grpc-proxy`. Without --insecure-discovery both leave out members that speak no TLS.
fn is_passed_on_by(what: &str, ground: &Ground, etcd: &Etcd) {
    let at = ground.free();
    let listen = format!("--listen-addr={at}");
    let discovery = ["--discovery-srv=etcd.mesos", "--insecure-discovery"];
    let process = ground.start(etcd, what, &[&[what, "start", &listen], &discovery[..]].concat());
    let listens = || std::net::TcpStream::connect(&at).ok();
    process.wait_for(&format!("the {what} to listen"), SOON, listens).unwrap();
    let endpoint = format!("--endpoints={at}");
    let value = format!("{what} {}", etcd.etcd.display());
    let by = |arguments: &[&str]| ground.etcdctl(etcd, &[&[&*endpoint], arguments].concat());
    keeps_a_value(&value, by);
    clients_names_were_asked_for(ground);
}

/// It asks for the names of members, as `etcd --discovery-srv` does.
fn a_v2_proxy_of_3_5_finds_members(ground: &Ground, etcd: &Etcd) {
    let at = ground.free();
    let process = start_v2_proxy(ground, etcd, "v2-proxy-3.5", &at);
    let version_at = |place: &str| http::get(place, "/version").ok().filter(|got| got.0 == 200);
    let what = "an answer through the v2 proxy";
    let (_, by_proxy) = process.wait_for(what, SOON, || version_at(&at)).unwrap();
    let (_, by_member) = version_at(&ground.members[0].client).unwrap();
    assert_eq!(by_proxy, by_member, "a member answers, which is of another version than the proxy");
    let asked = ground.dns.asked();
    assert!(asked.contains(&"udp SRV _etcd-server._tcp.etcd.mesos.".to_owned()), "{asked:?}");
    assert!(!asked.iter().any(|asked| asked.contains("SRV _etcd-client")), "{asked:?}");
}

/// etcd 3.4 takes it for an error that there is no `_etcd-server-ssl._tcp`, whatever else there is.
fn a_v2_proxy_of_3_4_wants_names_of_members_with_tls(ground: &Ground, etcd: &Etcd) {
    let process = start_v2_proxy(ground, etcd, "v2-proxy-3.4", &ground.free());
    assert!(!process.wait_exit(SOON).unwrap().success());
    let said = process.log();
    assert!(said.contains("_etcd-server-ssl") && said.contains("no such host"), "{said}");
}

fn start_v2_proxy(ground: &Ground, etcd: &Etcd, name: &str, at: &str) -> Proc {
    let listen = format!("--listen-client-urls=http://{at}");
    let data = format!("--data-dir={name}");
    ground.start(etcd, name, &["--proxy=on", "--discovery-srv=etcd.mesos", &data, &listen])
}

/// By its default services, of which the first that has members is `_etcd-client._tcp`.
fn our_plugin_finds(ground: &Ground, members: &[Member]) {
    let told = ask_plugin(&ground.dns);
    let mut found: Vec<String> = told.found.into_iter().map(|found| found.client_url).collect();
    let mut expected: Vec<String> = members.iter().map(client_url).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

fn client_url(member: &Member) -> String {
    format!("http://{}", member.client)
}

fn ask_plugin(dns: &MesosDns) -> Members {
    let mut section = MesosDnsSection::of("etcd.mesos");
    section.servers = vec![dns.address().to_string()];
    assert_eq!(MesosDnsPlugin::check(&section), []);
    let discovery: Arc<dyn Discovery> =
        MesosDnsPlugin::make(section, &Context::new("etcd".parse().unwrap()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(discovery.members()).unwrap()
}

/// An etcd that hangs leaves RUNNING, and so has no names until it serves again.
fn records_go_and_come_with_the_service(ground: &Ground, etcd: &Etcd) {
    let (others, hanging) = a_follower_apart(&ground.members);
    let pid = ground.rig.etcd_pids()[&hanging.name];
    let (ip, _) = hanging.client.split_once(':').unwrap();
    let address = format!(" A {ip}");
    let is_named = || ground.dns.zone().lines().iter().any(|line| line.ends_with(&address));
    assert!(is_named());
    send_signal(pid, Signal::SIGSTOP);
    ground.wait_named(MEMBERS - 1);
    assert!(!is_named(), "{:?}", ground.dns.zone().lines());
    our_plugin_finds(ground, &others);
    let put = ground.etcdctl(etcd, &["--discovery-srv=etcd.mesos", "put", "foo", "without one"]);
    assert!(put.ends_with("OK\n"), "{put}");
    send_signal(pid, Signal::SIGCONT);
    ground.wait_named(MEMBERS);
    assert!(is_named());
    our_plugin_finds(ground, &ground.members);
}

/// One whose absence moves no leadership.
fn a_follower_apart(members: &[Member]) -> (Vec<Member>, Member) {
    let leads =
        |member: &Member| identity(&member.client).is_none_or(|(own, leader)| own == leader);
    let mut others = members.to_vec();
    let at = others.iter().position(|member| !leads(member)).unwrap();
    let follower = others.remove(at);
    (others, follower)
}
