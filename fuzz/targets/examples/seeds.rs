//! Writes the stored corpus anew: `cargo run -p etcd-mesos-fuzz-targets --example seeds`.
//!
//! Each file is something that this program, Mesos or an operator really writes, or a form of it at a limit.
//! What a search found is stored beside them under other names, and stays.

use std::fs;
use std::io;
use std::path::Path;

use etcd_mesos_core::id::{AgentId, ClusterId, Epoch, Generation, MemberId, MemberName, TaskId};
use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::offer::{Amount, Disk, Milli, Offer, Resource, Scalar};
use etcd_mesos_core::record::{Member, Phase, Record, TaskPhase};
use etcd_mesos_core::store::Version;
use etcd_mesos_core::wire::{
    Binary, BinaryRole, EtcdState, ExecutorData, FromExecutor, LaunchOrder, Order, Peer, Start,
    ToExecutor, WIRE_VERSION,
};
use etcd_mesos_persist_file::render;
use mesos_v1::proto::{self, executor as executor_wire, scheduler as scheduler_wire};
use mesos_v1::recordio::encode;
use mesos_v1::resource::{DiskInfo, DiskSource, ReservationInfo, ResourceView, ranges, scalar};
use prost::Message;

type Seeds = Vec<(&'static str, Vec<u8>)>;

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let all = [
        ("configuration", texts(&CONFIGURATIONS)),
        ("core_event", scheduler_events()),
        ("dns_answer", dns_answers()),
        ("executor_event", executor_events()),
        ("frameworks", texts(&FRAMEWORKS)),
        ("location", texts(&LOCATIONS)),
        ("master_info", texts(&MASTER_INFOS)),
        ("masters", texts(&MASTERS)),
        ("members_list", texts(&MEMBERS_LISTS)),
        ("mesos_state", texts(&STATES)),
        ("offer", offers()),
        ("record", records()),
        ("recordio", streams()),
        ("resource", resources()),
        ("scheduler", scheduler()),
        ("scheduler_event", scheduler_events()),
        ("state_file", state_files()),
        ("supervisor", supervisor()),
        ("task_id", texts(&NAMES)),
        ("wire", wire()),
        ("zk_url", texts(&ZK_URLS)),
    ];
    for (target, seeds) in all {
        let directory = corpus.join(target);
        fs::create_dir_all(&directory)?;
        for (name, bytes) in seeds {
            fs::write(directory.join(name), bytes)?;
        }
    }
    Ok(())
}

/// What a master 1.11.0 said, cut to what is looked at.
const STATES: [(&str, &str); 5] = [
    (
        "state",
        r#"{"leader":"m","slaves":[],"frameworks":[{"id":"F","name":"etcd","active":true,"connected":true,"tasks":[{"id":"etcd.test.0.etcd-1-2.1","name":"etcd-server","slave_id":"b60222bb-ec75-4874-8215-633aa6278b64-S2","state":"TASK_RUNNING","statuses":[{"state":"TASK_STARTING","timestamp":1795727593.5086172,"container_status":{"container_id":{"value":"3c236d1d-6c3f-4855-8084-1935ced9351e"},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"127.80.0.12"}]}]}},{"state":"TASK_RUNNING","timestamp":1795727594.0304923,"container_status":{"container_id":{"value":"3c236d1d-6c3f-4855-8084-1935ced9351e"},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"127.80.0.12"}]}]}}],"discovery":{"visibility":"EXTERNAL","name":"etcd-server","ports":{"ports":[{"number":12432,"protocol":"tcp"},{"number":12433,"protocol":"client"}]}},"framework_id":"F"}]}],"completed_frameworks":[]}"#,
    ),
    (
        "name-last",
        r#"{"frameworks":[{"tasks":[{"id":"etcd.test.0.etcd-1-2.1","name":"etcd-server","slave_id":"b60222bb-ec75-4874-8215-633aa6278b64-S2","state":"TASK_RUNNING","statuses":[{"state":"TASK_STARTING","timestamp":1795727593.5086172,"container_status":{"container_id":{"value":"3c236d1d-6c3f-4855-8084-1935ced9351e"},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"127.80.0.12"}]}]}},{"state":"TASK_RUNNING","timestamp":1795727594.0304923,"container_status":{"container_id":{"value":"3c236d1d-6c3f-4855-8084-1935ced9351e"},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"127.80.0.12"}]}]}}],"discovery":{"visibility":"EXTERNAL","name":"etcd-server","ports":{"ports":[{"number":12432,"protocol":"tcp"},{"number":12433,"protocol":"client"}]}},"framework_id":"F"}],"name":"etcd","active":true,"id":"F"}]}"#,
    ),
    (
        "namesakes",
        r#"{"frameworks":[{"id":"F","name":"etcd","active":true,"connected":true,"tasks":[{"id":"etcd.test.0.etcd-1-2.1","name":"etcd-server","slave_id":"b60222bb-ec75-4874-8215-633aa6278b64-S2","state":"TASK_RUNNING","statuses":[{"state":"TASK_STARTING","timestamp":1795727593.5086172,"container_status":{"container_id":{"value":"3c236d1d-6c3f-4855-8084-1935ced9351e"},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"127.80.0.12"}]}]}},{"state":"TASK_RUNNING","timestamp":1795727594.0304923,"container_status":{"container_id":{"value":"3c236d1d-6c3f-4855-8084-1935ced9351e"},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"127.80.0.12"}]}]}}],"discovery":{"visibility":"EXTERNAL","name":"etcd-server","ports":{"ports":[{"number":12432,"protocol":"tcp"},{"number":12433,"protocol":"client"}]}},"framework_id":"F"}]},{"id":"G","name":"etcd","active":false,"connected":true,"tasks":[]}]}"#,
    ),
    (
        "tasks",
        r#"{"tasks":[{"id":"etcd.test.0.etcd-1-2.1","name":"etcd-server","slave_id":"b60222bb-ec75-4874-8215-633aa6278b64-S2","state":"TASK_RUNNING","statuses":[{"state":"TASK_STARTING","timestamp":1795727593.5086172,"container_status":{"container_id":{"value":"3c236d1d-6c3f-4855-8084-1935ced9351e"},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"127.80.0.12"}]}]}},{"state":"TASK_RUNNING","timestamp":1795727594.0304923,"container_status":{"container_id":{"value":"3c236d1d-6c3f-4855-8084-1935ced9351e"},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"127.80.0.12"}]}]}}],"discovery":{"visibility":"EXTERNAL","name":"etcd-server","ports":{"ports":[{"number":12432,"protocol":"tcp"},{"number":12433,"protocol":"client"}]}},"framework_id":"F"}]}"#,
    ),
    ("agent", r#"{"slaves":[{"id":"S","pid":"slave(1)@127.0.0.11:5051","hostname":"h"}]}"#),
];

/// What `GET /members` is answered, and in the predecessor's manner.
const MEMBERS_LISTS: [(&str, &str); 4] = [
    (
        "three",
        r#"[{"name":"etcd-1-0","host":"10.0.0.10","rpcPort":31000,"clientPort":31001,"httpPort":0,"type":"new","slaveID":"6a1b0f4e-S0"},{"name":"etcd-1-1","host":"10.0.0.11","rpcPort":31000,"clientPort":31001,"httpPort":0,"type":"new","slaveID":"6a1b0f4e-S1"},{"name":"etcd-1-2","host":"10.0.0.12","rpcPort":31000,"clientPort":31001,"httpPort":0,"type":"new","slaveID":"6a1b0f4e-S2"}]"#,
    ),
    (
        "ipv6",
        r#"[{"name":"etcd-1-0","host":"2001:db8::1","rpcPort":1,"clientPort":2379,"httpPort":0}]"#,
    ),
    (
        "predecessor",
        r#"[{"name":"etcd-1455061410","host":"agent1.example","rpcPort":31000,"clientPort":31001,"httpPort":31002,"type":"","slaveID":"S0"}]"#,
    ),
    ("nobody", "[]"),
];

/// Answers in the shapes of a mesos-dns: names written out, addresses beside the answer.
fn dns_answers() -> Seeds {
    let host = |n: u8| format!("etcd-client-h000{n}-s{n}.etcd.mesos");
    let members = |count: u8| {
        let srv = (0..count).map(|n| srv_record(0, 31_000 + u16::from(n), &host(n)));
        let a = (0..count).map(|n| dns_record(&host(n), 1, &[10, 0, 0, n + 1]));
        (srv.collect::<Vec<_>>(), a.collect::<Vec<_>>())
    };
    let six = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let six = (vec![srv_record(7, 2379, "six")], vec![dns_record("six", 28, &six)]);
    vec![
        ("three", dns_message(&members(3))),
        ("one", dns_message(&members(1))),
        ("ipv6", dns_message(&six)),
        ("nobody-by-decree", dns_message(&(vec![srv_record(0, 0, "")], Vec::new()))),
        ("nobody", dns_message(&(Vec::new(), Vec::new()))),
    ]
}

const DNS_NAME: &str = "_etcd-client._tcp.etcd.mesos";
const DNS_SRV: u16 = 33;

fn dns_name(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let labels = labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
    labels.chain([0]).collect()
}

fn srv_record(priority: u16, port: u16, host: &str) -> Vec<u8> {
    let numbers = [priority, 1, port].map(u16::to_be_bytes).concat();
    dns_record(DNS_NAME, DNS_SRV, &[numbers, dns_name(host)].concat())
}

/// Class IN, 60 s to live.
fn dns_record(owner: &str, kind: u16, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u16).to_be_bytes();
    let head = [&kind.to_be_bytes()[..], &[0, 1, 0, 0, 0, 60], &length].concat();
    [&dns_name(owner), &head[..], data].concat()
}

/// An authoritative answer to the one question.
fn dns_message((answers, beside): &(Vec<Vec<u8>>, Vec<Vec<u8>>)) -> Vec<u8> {
    let counts = [1, answers.len() as u16, 0, beside.len() as u16].map(u16::to_be_bytes).concat();
    let question = [dns_name(DNS_NAME), DNS_SRV.to_be_bytes().to_vec(), vec![0, 1]].concat();
    let head = [vec![0x12, 0x34, 0x84, 0x00], counts, question].concat();
    [head, answers.concat(), beside.concat()].concat()
}

/// The first one is as a master 1.11.0 wrote it.
const MASTER_INFOS: [(&str, &str); 6] = [
    (
        "genuine",
        r#"{"address":{"hostname":"m1.example","ip":"127.64.0.1","port":5050},"capabilities":[{"type":"AGENT_UPDATE"},{"type":"AGENT_DRAINING"},{"type":"QUOTA_V2"}],"hostname":"m1.example","id":"2b0c7ba5-e6e9-4a3a-9c6a-4f2ab3a4ab2b","ip":16793727,"pid":"master@127.64.0.1:5050","port":5050,"version":"1.11.0"}"#,
    ),
    ("old", r#"{"id":"x","ip":16793727,"port":5051,"hostname":"m1"}"#),
    ("pid", r#"{"id":"x","pid":"master@10.0.0.7:5052","hostname":"m1"}"#),
    ("pid-v6", r#"{"pid":"master@[fd00::7]:5052"}"#),
    ("name-only", r#"{"address":{"ip":"0.0.0.0","hostname":"m1.example","port":5050},"ip":0}"#),
    ("no-name", r#"{"hostname":"m1\nX-Evil: 1","port":1}"#),
];

const MASTERS: [(&str, &str); 4] = [
    ("list", "m1.example:5050, http://10.0.0.2:5050/,[::1]:5050,"),
    ("one", "127.0.0.1:5050"),
    ("zk", "zk://h:2181/mesos"),
    ("limits", "a:1,b:65535,http://c:65536/master/redirect"),
];

/// A file, and what stands behind `--set`, with a zero byte between them.
const CONFIGURATIONS: [(&str, &str); 6] = [
    (
        "file",
        "[cluster]\nsize = 3\n[member]\ncpus = 0.5\nmem = 256\netcd_flags = [\"--snapshot-count=10000\"]\n\
         [framework]\nname = \"prod\"\nprincipal = \"etcd\"\nfailover_timeout = \"7days\"\n\
         [persist]\nplugin = \"file\"\n[persist.file]\npath = \"/var/lib/etcd-mesos/prod.state\"\n",
    ),
    (
        "zookeeper",
        "mesos.master = \"zk://u:p@h1:2181,h2:2181/mesos\"\nmesos.tls = true\nmesos.ca_file = \"/ca.pem\"\n\
         persist.plugin = \"zookeeper\"\npersist.zookeeper.url = \"zk://u:p@h1:2181/etcd\"\n\
         persist.zookeeper.timeout = 2\n",
    ),
    (
        "sets",
        "\0framework.principal=etcd\0cluster.size=5\0health.raft.apply_lag=9\0health.raft.election_window=30s",
    ),
    (
        "plain",
        "[persist]\nplugin = \"none\"\n[health]\nplugin = \"proof\"\n\
         [discovery]\nplugin = \"static\"\nstatic.members = [\"http://h:2379\"]\n",
    ),
    (
        "mistakes",
        "[clutser]\nsize = 4\n[cluster]\nsize = \"many\"\n[persist.zookeper]\nurl = 1\n[health]\nplugin = 7\n\0.=\0a.b",
    ),
    ("no-toml", "[cluster\nsize=3"),
];

/// The first one has the form of an answer of a master 1.11.0.
const FRAMEWORKS: [(&str, &str); 3] = [
    (
        "master",
        r#"{"frameworks":[{"id":"f-0000","name":"etcd","active":true,"tasks":[{"id":"etcd.etcd.0.etcd-1-0.1","slave_id":"f-S0","state":"TASK_RUNNING"},{"id":"t2","slave_id":"f-S1","state":"TASK_FAILED"}],"unreachable_tasks":[{"id":"t3","slave_id":"f-S2","state":"TASK_UNREACHABLE"}]},{"id":"f-0001","name":"web","tasks":[]}],"completed_frameworks":[{"id":"f-0002","name":"etcd"}],"unregistered_frameworks":[]}"#,
    ),
    (
        "predecessor",
        r#"{"frameworks":[{"id":"f","name":"etcd","tasks":[{"id":"etcd-1447 10.0.0.1 31000 31001 31002","state":"?"}]}]}"#,
    ),
    ("nobody", "{}"),
];

const LOCATIONS: [(&str, &str); 5] = [
    ("mesos", "//10.0.0.1:5050/api/v1/scheduler"),
    ("https", "https://m1.example:5050/master/redirect"),
    ("http", "http://[::1]:65535/"),
    ("both", "//https://h:1"),
    ("no-place", "/master/redirect"),
];

const ZK_URLS: [(&str, &str); 4] = [
    ("plain", "zk://h1:2181,h2:2181,h3:2181/mesos"),
    ("login", "zk://etcd:p:a@s@h1:2181, [::1]:2182,10.0.0.1:1/any/depth/"),
    ("root", "zk://h:1//"),
    ("late-at", "zk://u:p/w@h:1/mesos"),
];

const NAMES: [(&str, &str); 8] = [
    ("task", "etcd.prod.0.etcd-1-2.7"),
    ("task-limits", "etcd.a.4294967295.etcd-4294967295-8.4294967295"),
    (
        "task-long",
        "etcd.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.0.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.1",
    ),
    ("predecessor", "etcd-1447 10.0.0.1 31000 31001 31002"),
    ("foreign", "web.3f1c0e6a-5b0d-11e6-8b77-86f30ca893d3"),
    ("cluster", "prod-2"),
    ("member-id", "8e9e05c52164694d"),
    ("member-id-largest", "ffffffffffffffff"),
];

fn texts(all: &[(&'static str, &str)]) -> Seeds {
    all.iter().map(|&(name, text)| (name, text.as_bytes().to_vec())).collect()
}

// What this program writes.

fn name(index: usize) -> MemberName {
    MemberName::of(1, index)
}

fn peer(index: u8) -> Peer {
    let (peer_port, client_port) = (31000, 31001);
    Peer { name: name(index.into()), ip: [10, 0, 0, index].into(), peer_port, client_port }
}

fn task(index: usize) -> TaskId {
    TaskId {
        cluster: etcd_mesos_core::id::ClusterName::try_from("prod".to_owned()).expect("a name"),
        generation: Generation(0),
        member: name(index),
        attempt: 1,
    }
}

fn member(index: u8) -> Member {
    Member {
        peer: peer(index),
        member_id: None,
        task_id: task(index.into()),
        agent_id: AgentId(format!("a{index}")),
        hostname: format!("agent{index}.example"),
        task: TaskPhase::Planned,
        announced: false,
    }
}

fn none() -> Record {
    Record::new(task(0).cluster)
}

fn forming() -> Record {
    let phase = Phase::Forming { token: "prod-nonce-1".into(), abandoned: None };
    let members = (0..3).map(member).collect();
    Record { epoch: Epoch(1), attempts: 1, phase, members, ..none() }
}

fn formed() -> Record {
    let phase = Phase::Formed { token: "prod-nonce-1".into(), cluster_id: ClusterId(0xcdf8) };
    let mut record = Record { phase, framework_id: Some("f-0000".into()), ..forming() };
    for member in &mut record.members {
        member.member_id = Some(MemberId(0x8e9e));
        (member.task, member.announced) = (TaskPhase::Seen, true);
    }
    record
}

fn ended() -> Record {
    let mut record = formed();
    let (proof, why) = ("executor_said".to_owned(), "TASK_FAILED: exit status: 2".to_owned());
    record.members[2].task = TaskPhase::Ended { proof, why };
    record
}

fn abandoned() -> Record {
    let abandoned = Some("an agent was lost".to_owned());
    Record { phase: Phase::Forming { token: "t".into(), abandoned }, ..forming() }
}

fn records() -> Seeds {
    vec![
        ("none", none().to_bytes()),
        ("forming", forming().to_bytes()),
        ("abandoned", abandoned().to_bytes()),
        ("formed", formed().to_bytes()),
        ("ended", ended().to_bytes()),
        ("last-epoch", Record { epoch: Epoch(u64::MAX), ..formed() }.to_bytes()),
    ]
}

fn state_files() -> Seeds {
    let whole = render(&formed().to_bytes(), Version(12));
    let torn = whole[..whole.len() / 2].to_vec();
    vec![
        ("whole", whole),
        ("torn", torn),
        ("small", render(b"{}", Version(1))),
        ("version-0", render(b"{}", Version(0))),
        ("last-version", render(b"{}", Version(u64::MAX))),
        ("empty", Vec::new()),
        ("foreign", b"root:x:0:0\n".to_vec()),
    ]
}

fn observation() -> Observation {
    Observation {
        member_id: MemberId(0x8e9e),
        cluster_id: ClusterId(0xcdf8),
        leader: Some(MemberId(0x8e9e)),
        raft_term: 2,
        raft_index: 9,
        raft_applied_index: 9,
        db_size_bytes: 20480,
        is_learner: false,
        version: "3.5.16".into(),
        complaints: vec!["NOSPACE".into()],
        linearizable_revision: Some(1),
    }
}

fn from_executor(etcd: EtcdState) -> Vec<u8> {
    let said = FromExecutor {
        v: WIRE_VERSION,
        epoch: Epoch(2),
        seq: 3,
        re: Some(1),
        refused: Some("an old epoch".into()),
        task_id: task(0),
        formed: true,
        etcd,
        starts: 1,
    };
    said.to_bytes()
}

fn serving() -> Vec<u8> {
    from_executor(EtcdState::Serving { pid: 7, seen: observation() })
}

fn to_executor(epoch: u64, order: Order) -> Vec<u8> {
    ToExecutor { v: WIRE_VERSION, epoch: Epoch(epoch), seq: 1, order }.to_bytes()
}

fn binary(file: &str, role: BinaryRole) -> Binary {
    Binary { file: file.into(), sha256: "0f".repeat(32), role }
}

fn executor_data() -> Vec<u8> {
    let binaries = vec![
        binary("etcd-mesos-executor", BinaryRole::Executor),
        binary("etcd", BinaryRole::Etcd),
        binary("etcdctl", BinaryRole::Etcdctl),
    ];
    ExecutorData { v: WIRE_VERSION, cluster: task(0).cluster, member: name(0), binaries }.to_bytes()
}

fn launch_order() -> Vec<u8> {
    let order = LaunchOrder {
        v: WIRE_VERSION,
        epoch: Epoch(1),
        generation: Generation(0),
        token: "prod-nonce-1".into(),
        member: peer(0),
        initial_cluster: (0..3).map(peer).collect(),
        start: Start::Form,
        etcd_flags: vec!["--snapshot-count=10000".into()],
        stop_grace_ms: 20_000,
    };
    order.to_bytes()
}

fn wire() -> Seeds {
    let stalled =
        EtcdState::Stalled { pid: 7, seen: Some(observation()), why: "no quorum".to_owned() };
    vec![
        ("executor-data", executor_data()),
        ("launch-order", launch_order()),
        ("formed", to_executor(2, Order::Formed { cluster_id: ClusterId(0xcdf8) })),
        ("beat", to_executor(2, Order::Beat)),
        ("preparing", from_executor(EtcdState::Preparing)),
        ("serving", serving()),
        ("stalled", from_executor(stalled)),
        ("restarting", from_executor(EtcdState::Restarting { why: "exit status: 2".into() })),
        ("ended", from_executor(EtcdState::Ended { verdict: "killed".into() })),
    ]
}

fn plain(index: usize, amount: Amount) -> Resource {
    Resource { index, amount, reserved_for: None, disk: Disk::Root, is_weak: false }
}

fn core_offer() -> Offer {
    let scalar = |index, kind, units| plain(index, Amount::Scalar(kind, Milli::whole(units)));
    let reserved = Resource { reserved_for: Some("etcd".into()), ..scalar(0, Scalar::Cpus, 1) };
    let apart = Resource { disk: Disk::Apart, ..scalar(5, Scalar::Disk, 9999) };
    Offer {
        id: "o1".into(),
        agent_id: AgentId("a0".into()),
        hostname: "agent0.example".into(),
        ip: Some([10, 0, 0, 1].into()),
        resources: vec![
            reserved,
            scalar(1, Scalar::Cpus, 3),
            scalar(2, Scalar::Mem, 4096),
            scalar(3, Scalar::Disk, 8192),
            plain(4, Amount::Ports(vec![(31000, 31010), (65535, 65535), (0, 0)])),
            apart,
            plain(6, Amount::Other),
        ],
    }
}

fn json(offer: &Offer) -> Vec<u8> {
    serde_json::to_vec(offer).expect("plain data is always JSON")
}

fn offers() -> Seeds {
    let mut weak = core_offer();
    weak.resources[1].is_weak = true;
    let mut one_port = core_offer();
    one_port.resources[4].amount = Amount::Ports(vec![(65535, 65535)]);
    let mut absurd = core_offer();
    absurd.resources[0].amount = Amount::Scalar(Scalar::Cpus, Milli(u64::MAX));
    absurd.resources[1].amount = Amount::Scalar(Scalar::Cpus, Milli(u64::MAX));
    let nowhere = Offer { ip: None, ..core_offer() };
    vec![
        ("whole", json(&core_offer())),
        ("weak", json(&weak)),
        ("one-port", json(&one_port)),
        ("nowhere", json(&nowhere)),
        ("absurd", json(&absurd)),
    ]
}

fn scheduler() -> Seeds {
    let one = Record { members: vec![member(0)], ..formed() };
    let starting = from_executor(EtcdState::Starting { pid: 7 });
    vec![
        ("nothing", [b"".to_vec(), json(&core_offer())].join(&0)),
        ("none", [none().to_bytes(), json(&core_offer()), serving()].join(&0)),
        ("forming", [forming().to_bytes(), starting, serving()].join(&0)),
        ("formed", [one.to_bytes(), serving(), json(&core_offer())].join(&0)),
        ("abandoned", [abandoned().to_bytes(), serving()].join(&0)),
        ("ended", [ended().to_bytes(), serving()].join(&0)),
        ("last-epoch", Record { epoch: Epoch(u64::MAX), attempts: u32::MAX, ..none() }.to_bytes()),
    ]
}

fn supervisor() -> Seeds {
    let launch = [executor_data(), task(0).to_string().into_bytes(), launch_order()].join(&0);
    let formed = to_executor(2, Order::Formed { cluster_id: ClusterId(0xcdf8) });
    let old = to_executor(0, Order::Beat);
    let other_task = [executor_data(), task(1).to_string().into_bytes(), launch_order()].join(&0);
    vec![
        ("formed", [launch.clone(), formed.clone(), to_executor(2, Order::Beat)].join(&0)),
        ("old-epoch", [launch.clone(), old, formed].join(&0)),
        ("nonsense", [launch, b"{}".to_vec(), b"\xff".to_vec()].join(&0)),
        ("other-task", other_task),
    ]
}

// What Mesos writes.

fn reserved() -> Vec<u8> {
    let reservation = ReservationInfo { role: Some("etcd".into()), ..Default::default() };
    let disk = DiskInfo {
        source: Some(DiskSource { r#type: 2, ..Default::default() }),
        ..Default::default()
    };
    let plain = scalar("disk", 1024.0, Some("etcd"));
    let view = ResourceView::of(&plain).expect("it is a resource");
    ResourceView { reservations: vec![reservation], disk: Some(disk), ..view }.encode_to_vec()
}

fn resources() -> Seeds {
    let cpus = scalar("cpus", 3.5, Some("etcd")).to_vec();
    // Field 100, a varint, and field 101, four bytes: no Mesos of today knows them.
    let unknown = [&[0xa0, 0x06, 0x2a][..], &cpus, &[0xad, 0x06, 1, 2, 3, 4]].concat();
    vec![
        ("cpus", cpus),
        ("unknown", unknown),
        ("ports", ranges("ports", &[(31000, 31999), (32000, 32000)], None).to_vec()),
        ("ports-limits", ranges("ports", &[(0, 0), (9, 1), (40, u64::MAX)], None).to_vec()),
        ("reserved", reserved()),
        ("no-number", scalar("cpus", f64::NAN, None).to_vec()),
        ("huge", scalar("mem", 1e300, None).to_vec()),
    ]
}

fn proto_offer() -> proto::Offer {
    let address = proto::Address { hostname: None, ip: Some("10.0.0.1".into()), port: 5051 };
    let url = proto::Url { scheme: "http".into(), address, ..Default::default() };
    let allocation_info = Some(proto::AllocationInfo { role: Some("etcd".into()) });
    let all = resources().into_iter().map(|(_, bytes)| bytes.into());
    proto::Offer {
        id: "o1".into(),
        framework_id: "f-0000".into(),
        agent_id: "a0".into(),
        hostname: "agent0.example".into(),
        url: Some(url),
        resources: all.collect(),
        allocation_info,
        ..Default::default()
    }
}

fn status() -> proto::TaskStatus {
    proto::TaskStatus {
        task_id: task(0).to_string().into(),
        state: proto::TaskState::Running.into(),
        agent_id: Some("a0".into()),
        message: Some("serving".into()),
        uuid: Some(vec![7; 16].into()),
        ..Default::default()
    }
}

fn scheduler_event(kind: i32, fill: impl FnOnce(&mut scheduler_wire::Event)) -> Vec<u8> {
    let mut event = scheduler_wire::Event { r#type: Some(kind), ..Default::default() };
    fill(&mut event);
    event.encode_to_vec()
}

fn scheduler_events() -> Seeds {
    use scheduler_wire::event;

    let subscribed = event::Subscribed {
        framework_id: "f-0000".into(),
        heartbeat_interval_seconds: Some(15.0),
        master_info: None,
    };
    let message = event::Message {
        agent_id: "a0".into(),
        executor_id: "etcd-1-0".into(),
        data: serving().into(),
    };
    let failure =
        event::Failure { agent_id: Some("a0".into()), status: Some(9), ..Default::default() };
    let offers = event::Offers { offers: vec![proto_offer()] };
    vec![
        ("subscribed", scheduler_event(1, |e| e.subscribed = Some(subscribed))),
        ("offers", scheduler_event(2, |e| e.offers = Some(offers))),
        (
            "rescind",
            scheduler_event(3, |e| e.rescind = Some(event::Rescind { offer_id: "o1".into() })),
        ),
        ("update", scheduler_event(4, |e| e.update = Some(event::Update { status: status() }))),
        ("message", scheduler_event(5, |e| e.message = Some(message))),
        ("failure", scheduler_event(6, |e| e.failure = Some(failure))),
        (
            "error",
            scheduler_event(7, |e| {
                e.error = Some(event::Error { message: "Framework failed over".into() })
            }),
        ),
        ("heartbeat", scheduler_event(8, |_| {})),
        ("unknown", scheduler_event(99, |_| {})),
    ]
}

fn executor_event(kind: i32, fill: impl FnOnce(&mut executor_wire::Event)) -> Vec<u8> {
    let mut event = executor_wire::Event { r#type: Some(kind), ..Default::default() };
    fill(&mut event);
    event.encode_to_vec()
}

fn executor_events() -> Seeds {
    use executor_wire::event;

    let task_info = proto::TaskInfo {
        name: "etcd".into(),
        task_id: task(0).to_string().into(),
        agent_id: "a0".into(),
        data: Some(launch_order().into()),
        ..Default::default()
    };
    let launch = event::Launch { task: task_info };
    let kill = event::Kill { task_id: task(0).to_string().into(), ..Default::default() };
    let acknowledged =
        event::Acknowledged { task_id: task(0).to_string().into(), uuid: vec![7; 16].into() };
    let message = event::Message { data: to_executor(2, Order::Beat).into() };
    vec![
        ("subscribed", executor_event(1, |e| e.subscribed = Some(event::Subscribed::default()))),
        ("launch", executor_event(2, |e| e.launch = Some(launch))),
        ("kill", executor_event(3, |e| e.kill = Some(kill))),
        ("acknowledged", executor_event(4, |e| e.acknowledged = Some(acknowledged))),
        ("message", executor_event(5, |e| e.message = Some(message))),
        ("shutdown", executor_event(7, |_| {})),
        ("unknown", executor_event(42, |_| {})),
    ]
}

/// The first byte says how the rest is split.
fn streams() -> Seeds {
    let stream = |seed: u8, parts: &[&[u8]]| [&[seed][..], &parts.concat()].concat();
    let event = encode(&scheduler_event(8, |_| {}));
    vec![
        ("events", stream(3, &[&event, &encode(b"12"), &encode(b""), &encode(b"\n7\n"), &event])),
        ("begun", stream(200, &[&encode(&[0xff; 260]), b"17\nabc"])),
        ("bound", stream(5, &[b"00000000000000000300\n", &[b'x'; 300], b"301\n"])),
        ("too-long", stream(0, &[b"18446744073709551616\n"])),
        ("no-digit", stream(1, &[&encode(b"a"), b"{\"type\":\"HEARTBEAT\"}\n"])),
    ]
}
