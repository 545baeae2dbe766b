//! The configuration: its layers, its problems, the predecessor's command line and variables, and
//! the page that is made from the code.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use etcd_mesos::builtin;
use etcd_mesos::config::layers::{FlagGiven, Layers};
use etcd_mesos::config::{configure, docs};
use etcd_mesos::program::SCHEDULER;
use proptest::prelude::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_etcd-mesos-scheduler");
const PROXY_PROGRAM: &str = env!("CARGO_BIN_EXE_etcd-mesos-proxy");

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    run_of(PROGRAM, arguments, variables)
}

fn run_of(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What `config show --origin` says: a key, what holds, where it came from.
type Shown = BTreeMap<String, (String, String)>;

fn shown(arguments: &[&str], variables: &[(&str, &str)]) -> Shown {
    shown_of(PROGRAM, arguments, variables)
}

fn shown_of(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Shown {
    let all: Vec<&str> = ["config", "show", "--origin"].iter().chain(arguments).copied().collect();
    let Output { status, stdout, stderr } = run_of(program, &all, variables);
    assert!(status.success(), "{}", text(&stderr));
    let mut section = String::new();
    let mut found = BTreeMap::new();
    for line in text(&stdout).lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
        } else if let Some((key, rest)) = line.split_once(" = ") {
            let (value, origin) = rest.rsplit_once("  # ").unwrap();
            found.insert(format!("{section}.{key}"), (value.to_owned(), origin.to_owned()));
        }
    }
    found
}

fn assert_shown(found: &BTreeMap<String, (String, String)>, expected: &[(&str, &str, &str)]) {
    for (key, value, origin) in expected {
        let pair = ((*value).to_owned(), (*origin).to_owned());
        assert_eq!(found.get(*key), Some(&pair), "{key}");
    }
}

fn problems(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    problems_of(PROGRAM, arguments, variables)
}

fn problems_of(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let all: Vec<&str> = ["config", "check"].iter().chain(arguments).copied().collect();
    let Output { status, stderr, .. } = run_of(program, &all, variables);
    assert_eq!(status.code(), Some(78), "{}", text(&stderr));
    text(&stderr)
}

/// The environment of the seed README's Marathon specification, and what Marathon adds.
const MARATHON: [(&str, &str); 14] = [
    ("FRAMEWORK_NAME", "etcd"),
    ("WEBURI", "http://etcd.marathon.mesos:$PORT0/stats"),
    ("MESOS_MASTER", "zk://master.mesos:2181/mesos"),
    ("ZK_PERSIST", "zk://master.mesos:2181/etcd"),
    ("AUTO_RESEED", "true"),
    ("CLUSTER_SIZE", "3"),
    ("CPU_LIMIT", "1"),
    ("DISK_LIMIT", "4096"),
    ("MEM_LIMIT", "2048"),
    ("RESEED_TIMEOUT", "240"),
    ("VERBOSITY", "1"),
    ("PORT0", "31000"),
    ("PORT1", "31001"),
    ("PORT2", "31002"),
];

#[test]
fn the_seed_readmes_marathon_environment_is_understood_key_by_key() {
    let found = shown(&[], &MARATHON);
    let of = |name: &str| format!("environment variable {name}");
    let expected = [
        ("framework.name", "\"etcd\"", "FRAMEWORK_NAME"),
        ("framework.weburi", "\"http://etcd.marathon.mesos:31000/stats\"", "WEBURI"),
        ("mesos.master", "\"zk://master.mesos:2181/mesos\"", "MESOS_MASTER"),
        ("persist.plugin", "\"zookeeper\"", "ZK_PERSIST"),
        ("persist.zookeeper.url", "\"zk://master.mesos:2181/etcd\"", "ZK_PERSIST"),
        ("reseed.mode", "\"timeout\"", "AUTO_RESEED"),
        ("reseed.timeout", "\"4m\"", "RESEED_TIMEOUT"),
        ("cluster.size", "3", "CLUSTER_SIZE"),
        ("member.cpus", "1.0", "CPU_LIMIT"),
        ("member.disk", "4096.0", "DISK_LIMIT"),
        ("member.mem", "2048.0", "MEM_LIMIT"),
        ("log.verbosity", "1", "VERBOSITY"),
        ("http.port", "31000", "PORT0"),
        ("artifacts.port", "31002", "PORT2"),
    ];
    for (key, value, variable) in expected {
        assert_shown(&found, &[(key, value, &of(variable))]);
    }
}

#[test]
fn a_local_mesos_brings_its_own_defaults_which_any_layer_overrides() {
    let origin = "mesos.master is local";
    let at = ["--master=local", "--set", "local.network=127.90.1", "--set", "local.work_dir=/w"];
    let found = shown(&at, &[]);
    assert_shown(
        &found,
        &[
            ("cluster.size", "3", origin),
            ("http.bind", "\"127.90.1.1\"", origin),
            ("artifacts.bind", "\"127.90.1.1\"", origin),
            ("persist.plugin", "\"file\"", origin),
            ("persist.file.path", "\"/w/scheduler.state\"", origin),
            ("local.work_dir", "\"/w\"", "flag --set local.work_dir"),
        ],
    );
    let more = ["--master=local:5", "--cluster-size=5", "--state-file=/s", "--address=127.0.0.1"];
    let found = shown(&more, &[]);
    assert_shown(
        &found,
        &[
            ("cluster.size", "5", "flag --cluster-size"),
            ("http.bind", "\"127.0.0.1\"", "flag --address"),
            ("persist.file.path", "\"/s\"", "flag --state-file"),
        ],
    );
    assert!(found["local.network"].0.starts_with("\"127."), "{found:?}");
    assert!(found["local.work_dir"].0.contains("etcd-mesos-local-"), "{found:?}");
    let genuine = shown(&["--master=127.0.0.1:5050"], &[]);
    assert_shown(
        &genuine,
        &[("cluster.size", "5", "default"), ("http.bind", "\"0.0.0.0\"", "default")],
    );
}

#[test]
fn a_local_mesos_that_cannot_be_is_refused_with_the_way_out() {
    let said = problems(&["--master=local", "--cluster-size=5"], &[]);
    assert!(said.contains("cluster.size") && said.contains("local:5 has enough"), "{said}");
    for master in ["local:0", "local:201", "local:many", "local:"] {
        let said = problems(&[&format!("--master={master}")], &[]);
        assert!(said.contains("1 to 200 agents"), "{master}: {said}");
    }
    let said = problems(&["--master=local", "--set", "local.network=10.0.0"], &[]);
    assert!(said.contains("local.network") && said.contains("127.90.1"), "{said}");
    let shared = ["--master=local", "--zk-framework-persist=zk://zk1:2181/etcd"];
    let said = problems(&shared, &[]);
    let words = [
        "persist.plugin (flag --zk-framework-persist)",
        "whose record it is",
        "persist.plugin=file",
    ];
    assert!(words.iter().all(|words| said.contains(words)), "{said}");
    // A host of that name is a host.
    let named = shown(&["--master=local.mesos:5050"], &[]);
    assert_shown(&named, &[("mesos.master", "\"local.mesos:5050\"", "flag --master")]);
}

/// The seed README's production invocation, word for word.
const PRODUCTION: [&str; 8] = [
    "-log_dir=/var/log/etcd-mesos",
    "-master=zk://zk1:2181,zk2:2181,zk3:2181/mesos",
    "-framework-name=etcd",
    "-cluster-size=5",
    "-executor-bin=/path/to/etcd-mesos-executor",
    "-etcd-bin=/path/to/etcd",
    "-etcdctl-bin=/path/to/etcdctl",
    "-zk-framework-persist=zk://zk1:2181,zk2:2181,zk3:2181/etcd-mesos",
];

#[test]
fn the_seed_readmes_production_invocation_is_understood_key_by_key() {
    let two: Vec<String> = PRODUCTION.iter().map(|flag| format!("-{flag}")).collect();
    let two: Vec<&str> = two.iter().map(String::as_str).collect();
    for arguments in [&PRODUCTION[..], &two] {
        let found = shown(arguments, &[]);
        assert_shown(
            &found,
            &[
                ("log.dir", "\"/var/log/etcd-mesos\"", "flag --log_dir"),
                ("mesos.master", "\"zk://zk1:2181,zk2:2181,zk3:2181/mesos\"", "flag --master"),
                ("framework.name", "\"etcd\"", "flag --framework-name"),
                ("cluster.size", "5", "flag --cluster-size"),
                ("artifacts.executor", "\"/path/to/etcd-mesos-executor\"", "flag --executor-bin"),
                ("artifacts.etcd", "\"/path/to/etcd\"", "flag --etcd-bin"),
                ("artifacts.etcdctl", "\"/path/to/etcdctl\"", "flag --etcdctl-bin"),
                ("persist.plugin", "\"zookeeper\"", "flag --zk-framework-persist"),
                (
                    "persist.zookeeper.url",
                    "\"zk://zk1:2181,zk2:2181,zk3:2181/etcd-mesos\"",
                    "flag --zk-framework-persist",
                ),
                ("http.port", "23400", "default"),
                ("artifacts.port", "12300", "default"),
                ("framework.failover_timeout", "\"7days\"", "default"),
                ("reseed.timeout", "\"4m\"", "default"),
            ],
        );
    }
}

/// The files that we give for Marathon, with the variables that Marathon and an agent add.
#[test]
fn our_marathon_specifications_start_with_exactly_their_environment() {
    for (file, host) in [("etcd-host.json", "10.0.0.7"), ("etcd-bridge.json", "127.0.0.1")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/marathon").join(file);
        let specification: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_ne!(specification["healthChecks"][0]["maxConsecutiveFailures"], 0);
        let mut variables: Vec<(String, String)> = specification["env"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        for (name, value) in [
            ("HOST", host),
            ("PORT0", "31000"),
            ("PORT1", "31001"),
            ("PORT2", "31002"),
            ("MESOS_TASK_ID", "etcd.1"),
            ("MARATHON_APP_ID", "/etcd"),
        ] {
            variables.push((name.to_owned(), value.to_owned()));
        }
        variables.extend(image_variables());
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let found = shown(&[], &variables);
        assert_shown(
            &found,
            &[
                ("persist.plugin", "\"zookeeper\"", "environment variable ZK_PERSIST"),
                ("http.port", "31000", "environment variable PORT0"),
                ("artifacts.port", "31002", "environment variable PORT2"),
                (
                    "artifacts.etcd",
                    "\"/usr/bin/etcd\"",
                    "environment variable ETCD_MESOS_ARTIFACTS__ETCD",
                ),
                (
                    "framework.failover_timeout",
                    "\"7days\"",
                    "environment variable FRAMEWORK_FAILOVER_TIMEOUT_SECONDS",
                ),
            ],
        );
        if file.contains("bridge") {
            assert_eq!(found["artifacts.advertise"].0, format!("\"{host}\""));
        }
    }
}

/// The variables of the image, from the Dockerfile, whose entry point is the program itself.
fn image_variables() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Dockerfile");
    let dockerfile = std::fs::read_to_string(path).unwrap();
    assert!(dockerfile.contains("ENTRYPOINT [\"/usr/bin/etcd-mesos-scheduler\"]"));
    let lines = dockerfile.lines().filter_map(|line| line.strip_prefix("ENV "));
    let variables: Vec<(String, String)> = lines
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert!(!variables.is_empty());
    variables
}

#[test]
fn all_problems_come_at_once_each_with_its_key_and_origin() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("etcd.toml");
    let lines = [
        "[cluster]\nsise = 3",
        "[member]\nmem = \"plenty\"\ncpus = true",
        "[health.raft]\napply_lagg = 3",
        "[persist.zoo]\nurl = \"x\"",
        "[htttp]\nport = 1",
    ];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let said = problems(
        &[
            &format!("--config={}", file.display()),
            "-cluster-size=4",
            "-master=nowhere",
            "--set=http.port=70000",
            "--set=nonsense",
            "-failover-timeout-seconds=300",
            "-single-instance-per-slave=false",
        ],
        &[("FRAMEWORK_NAME", "Etcd"), ("ETCD_MESOS_LOG__VERBOSITY", "loud")],
    );
    let place = format!("file {}", file.display());
    for part in [
        format!("cluster.sise ({place}): there is no such key; did you mean `size`?"),
        format!("member.mem ({place}):"),
        format!("member.cpus ({place}):"),
        format!(
            "health.raft.apply_lagg ({place}): there is no such key; did you mean `apply_lag`?"
        ),
        format!("persist.zoo ({place}): there is no plugin `zoo`"),
        format!("htttp ({place}): there is no such key; did you mean `http`?"),
        "cluster.size (flag --cluster-size): 4: it must be 1, 3, 5, 7 or 9".to_owned(),
        "mesos.master (flag --master):".to_owned(),
        "http.port (flag --set http.port):".to_owned(),
        "flag --set: `nonsense` is not of the form section.key=value".to_owned(),
        "framework.failover_timeout (flag --failover-timeout-seconds):".to_owned(),
        "flag --single-instance-per-slave: two members".to_owned(),
        "framework.name (environment variable FRAMEWORK_NAME):".to_owned(),
        "log.verbosity (environment variable ETCD_MESOS_LOG__VERBOSITY):".to_owned(),
    ] {
        assert!(said.contains(&part), "{part:?} is not in: {said}");
    }
    assert_eq!(said.matches("\n  - ").count(), 14, "{said}");
}

#[test]
fn values_that_contradict_each_other_are_refused() {
    let said = problems(
        &[
            "-admin-port=12300",
            "-sandbox-mem-limit=1",
            "-sandbox-disk-limit=1",
            "-mesos-authentication-secret-file=/s",
            "--set=member.etcd_flags=[\"--force-new-cluster\"]",
        ],
        &[("MESOS_TASK_ID", "etcd.1")],
    );
    for part in [
        "artifacts.port (default): 12300: http.port is the same",
        "member.mem (flag --sandbox-mem-limit): 1: it must be at least 64",
        "member.disk (flag --sandbox-disk-limit): 1: it must be at least 256",
        "framework.secret_file (flag --mesos-authentication-secret-file): it needs",
        "member.etcd_flags (flag --set member.etcd_flags):",
        "persist.plugin (default): this scheduler is a Mesos task",
    ] {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}

#[test]
fn the_predecessors_broken_default_is_named() {
    let said = problems(&[], &[("FRAMEWORK_FAILOVER_TIMEOUT_SECONDS", "60*60*24*7")]);
    assert!(said.contains("FRAMEWORK_FAILOVER_TIMEOUT_SECONDS"), "{said}");
    assert!(said.contains("\"60*60*24*7\" is no length of time"), "{said}");
}

#[test]
fn two_stores_on_one_command_line_are_refused() {
    let said = problems(&["-state-file=/s", "-zk-framework-persist=zk://z:2181/e"], &[]);
    assert!(said.contains("--zk-framework-persist and --state-file"), "{said}");
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let torn = dir.path().join("torn.toml");
    std::fs::write(&torn, "[cluster\nsize = 3\n").unwrap();
    let torn = torn.display().to_string();
    let said = problems(&["--config=/nowhere/x.toml", "--config", &torn], &[]);
    assert!(said.contains("file /nowhere/x.toml: cannot be read: No such file"), "{said}");
    assert!(
        said.contains(&format!("file {torn}: is no TOML")) && said.contains("line 1"),
        "{said}"
    );
}

#[test]
fn no_secret_is_shown() {
    let variables = [
        ("MESOS_MASTER", "zk://user:sesame@z1:2181/mesos"),
        ("ZK_PERSIST", "zk://user:sesame@z1:2181/etcd"),
        ("ETCD_MESOS_FRAMEWORK__SECRET", "sesame"),
        ("ETCD_MESOS_FRAMEWORK__PRINCIPAL", "etcd"),
    ];
    let Output { status, stdout, .. } = run(&["config", "show", "--origin"], &variables);
    assert!(status.success());
    let said = text(&stdout);
    assert!(!said.contains("sesame"), "{said}");
    assert!(said.contains("zk://user:***@z1:2181/etcd"), "{said}");
    assert!(said.contains("secret = \"(hidden)\""), "{said}");
    // A value that cannot be read is not repeated either.
    let broken = [("ZK_PERSIST", "zk:/user:sesame@z1:2181/etcd"), ("MESOS_MASTER", "u:sesame@z")];
    assert!(!problems(&[], &broken).contains("sesame"));
}

#[test]
fn the_example_is_a_configuration_that_changes_nothing() {
    let Output { status, stdout, .. } = run(&["config", "example"], &[]);
    assert!(status.success());
    let example = text(&stdout);
    let uncommented: Vec<&str> = example
        .lines()
        .map(|line| line.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(line))
        .filter(|line| !line.ends_with("= "))
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("example.toml");
    std::fs::write(&file, uncommented.join("\n")).unwrap();
    let with = shown(&[&format!("--config={}", file.display())], &[]);
    let without = shown(&[], &[]);
    let values = |all: &BTreeMap<String, (String, String)>| -> Vec<(String, String)> {
        all.iter().map(|(key, (value, _))| (key.clone(), value.clone())).collect()
    };
    assert_eq!(values(&with), values(&without));
    let place = format!("file {}", file.display());
    assert!(with.values().filter(|(_, origin)| *origin == place).count() > 20);
}

#[test]
fn the_plugins_of_the_build_are_listed() {
    let Output { status, stdout, .. } = run(&["plugins"], &[]);
    let said = text(&stdout);
    assert!(status.success());
    for name in ["zookeeper", "file", "none", "static", "raft", "proof", "spread"] {
        assert!(said.lines().any(|l| l.split_whitespace().nth(1) == Some(name)), "{name}: {said}");
    }
}

/// The seed README's invocation of the proxy, word for word, and what holds beside.
#[test]
fn the_seed_readmes_proxy_is_understood_key_by_key() {
    let master = "zk://localhost:2181/mesos";
    for dash in ["-", "--"] {
        let flags = [format!("{dash}master={master}"), format!("{dash}framework-name=etcd")];
        let found = shown_of(PROXY_PROGRAM, &[&flags[0], &flags[1]], &[("PORT0", "31000")]);
        let master = format!("{master:?}");
        assert_shown(
            &found,
            &[
                ("discovery.plugin", "\"mesos_state\"", "default"),
                ("discovery.mesos_state.master", &master, "flag --master"),
                ("framework.name", "\"etcd\"", "flag --framework-name"),
                ("proxy.mode", "\"gateway\"", "default"),
                (
                    "proxy.listen",
                    "[\"http://localhost:2379\", \"http://localhost:4001\"]",
                    "default",
                ),
                ("proxy.etcd", "\"./bin/etcd\"", "default"),
                ("proxy.data_dir", "\"default.etcd\"", "default"),
                ("proxy.status", "\"127.0.0.1:23401\"", "default"),
            ],
        );
        // What the scheduler alone reads is not the proxy's to show.
        assert!(found.keys().all(|key| !key.starts_with("cluster") && !key.starts_with("persist")));
    }
}

#[test]
fn the_predecessors_flags_of_the_proxy_are_understood() {
    let flags = [
        "-master=10.0.0.1:5050",
        "-etcd-bin=/usr/bin/etcd",
        "-listen-client-urls=http://127.0.0.1:2379,http://10.0.0.7:2379",
        "-data-dir=/var/lib/proxy",
        "-log_dir=/var/log",
        "-logtostderr",
        "-v=2",
        "-mode=grpc-proxy",
        "-status-address=",
    ];
    let found = shown_of(PROXY_PROGRAM, &flags, &[]);
    let listen = "[\"http://127.0.0.1:2379\", \"http://10.0.0.7:2379\"]";
    assert_shown(
        &found,
        &[
            ("discovery.mesos_state.master", "\"10.0.0.1:5050\"", "flag --master"),
            ("proxy.etcd", "\"/usr/bin/etcd\"", "flag --etcd-bin"),
            ("proxy.listen", listen, "flag --listen-client-urls"),
            ("proxy.data_dir", "\"/var/lib/proxy\"", "flag --data-dir"),
            ("proxy.mode", "\"grpc-proxy\"", "flag --mode"),
            ("proxy.status", "\"\"", "flag --status-address"),
            ("log.dir", "\"/var/log\"", "flag --log_dir"),
            ("log.verbosity", "2", "flag --v"),
        ],
    );
    let variables = [("MESOS_MASTER", "m1:5050"), ("FRAMEWORK_NAME", "prod"), ("VERBOSITY", "1")];
    assert_shown(
        &shown_of(PROXY_PROGRAM, &[], &variables),
        &[
            ("discovery.mesos_state.master", "\"m1:5050\"", "environment variable MESOS_MASTER"),
            ("framework.name", "\"prod\"", "environment variable FRAMEWORK_NAME"),
        ],
    );
}

#[test]
fn several_discoveries_are_taken_in_their_order_however_they_are_written() {
    let dns = ["--set", "discovery.mesos_dns.domain=etcd.mesos"];
    let still = ["--set", "discovery.static.members=[\"http://10.0.0.1:2379\"]"];
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("etcd.toml");
    std::fs::write(&file, "[discovery]\nplugin = [\"mesos_dns\", \"static\"]\n").unwrap();
    let file = format!("--config={}", file.display());
    for choice in [
        "--discovery=mesos_dns, static",
        "--set=discovery.plugin=[\"mesos_dns\",\"static\"]",
        &file,
    ] {
        let found = shown_of(PROXY_PROGRAM, &[&[choice][..], &dns, &still].concat(), &[]);
        assert_eq!(found["discovery.plugin"].0, "[\"mesos_dns\", \"static\"]", "{choice}");
        assert!(found.contains_key("discovery.static.members"), "{choice}");
        assert!(found.contains_key("discovery.mesos_dns.domain"), "{choice}");
        assert!(!found.contains_key("discovery.mesos_state.master"), "{choice}");
    }
    // All that are chosen are checked, in one run.
    let said = problems_of(PROXY_PROGRAM, &["--discovery=mesos_dns,static,mesos_dnss"], &[]);
    for part in [
        "discovery.mesos_dns.domain",
        "discovery.static.members",
        "discovery.plugin (flag --discovery): there is no plugin `mesos_dnss`; did you mean `mesos_dns`?",
    ] {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
    for (choice, words) in [
        ("--discovery=", "the names of plugins are wanted"),
        ("--discovery=static,,mesos_dns", "the names of plugins are wanted"),
        ("--discovery=static,static", "`static` is named twice"),
        ("--set=discovery.plugin=[3]", "the names of plugins are wanted"),
    ] {
        let said = problems_of(PROXY_PROGRAM, &[choice], &[]);
        assert!(said.contains(&format!("): {words}")), "{choice}: {said}");
    }
}

/// One file for both programs: neither trips over the other's keys, and Mesos is named once.
#[test]
fn one_file_is_both_programs() {
    let dir = tempfile::tempdir().unwrap();
    let authority = etcd_mesos_testkit::tls::Authority::found(dir.path(), "ca").unwrap();
    let (file, ca) = (dir.path().join("etcd.toml"), authority.ca_file().display().to_string());
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "sesame").unwrap();
    let lines = [
        "[framework]\nname = \"prod\"\nprincipal = \"etcd\"",
        &format!("secret_file = {:?}", secret.display().to_string()),
        "[mesos]\nmaster = \"https://m1:5050,m2:5050\"",
        &format!("ca_file = {ca:?}"),
        "[cluster]\nsize = 3",
        "[persist]\nplugin = \"zookeeper\"\n[persist.zookeeper]\nurl = \"zk://z:2181/e\"",
        "[proxy]\nmode = \"etcd-gateway\"\nlisten = [\"https://127.0.0.1:2379\"]",
    ];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let place = format!("file {}", file.display());
    let given = format!("--config={}", file.display());
    let of_scheduler = shown(&[&given], &[]);
    assert_shown(&of_scheduler, &[("cluster.size", "3", &place)]);
    assert!(of_scheduler.keys().all(|key| !key.starts_with("proxy")), "{of_scheduler:?}");
    let of_proxy = shown_of(PROXY_PROGRAM, &[&given], &[]);
    let from = |key: &str| format!("{key}, {place}");
    assert_shown(
        &of_proxy,
        &[
            ("framework.name", "\"prod\"", &place),
            ("proxy.mode", "\"etcd-gateway\"", &place),
            ("discovery.mesos_state.master", "\"https://m1:5050,m2:5050\"", &from("mesos.master")),
            ("discovery.mesos_state.ca_file", &format!("{ca:?}"), &from("mesos.ca_file")),
            ("discovery.mesos_state.principal", "\"etcd\"", &from("framework.principal")),
        ],
    );
    // What is said of the discovery itself is stronger, whichever layer says it.
    let own = ["--set", "discovery.mesos_state.ca_file=/other", &given];
    let own = shown_of(PROXY_PROGRAM, &own, &[]);
    assert_eq!(own["discovery.mesos_state.ca_file"].0, "\"/other\"");
    let other = ["--discovery=static", "--set=discovery.static.members=[\"http://a:1\"]", &given];
    let other = shown_of(PROXY_PROGRAM, &other, &[]);
    assert!(!other.contains_key("discovery.mesos_state.master"), "{other:?}");
}

#[test]
fn the_proxys_problems_come_at_once_each_with_its_key_and_origin() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("etcd.toml");
    let lines = "[proxy]\nmdoe = \"gateway\"\nwait = \"2h\"\n[cluster]\nsise = 3\n[persist]\nplugin = \"zoo\"\n";
    std::fs::write(&file, lines).unwrap();
    let said = problems_of(
        PROXY_PROGRAM,
        &[
            &format!("--config={}", file.display()),
            "-mode=tcp",
            "-listen-client-urls=http://localhost:2379,localhost:4001",
            "-status-address=23401",
            "-master=m1",
            "-framework-name=Etcd",
            "--set=proxy.drain=soon",
        ],
        &[],
    );
    let place = format!("file {}", file.display());
    for part in [
        format!("proxy.mdoe ({place}): there is no such key; did you mean `mode`?"),
        format!("proxy.wait ({place}): 2h: it must be at most an hour"),
        format!("cluster.sise ({place}): there is no such key; did you mean `size`?"),
        format!("persist.plugin ({place}): there is no plugin `zoo`"),
        "proxy.mode (flag --mode): `tcp` is none of gateway, etcd-gateway, grpc-proxy, v2-proxy".to_owned(),
        "proxy.listen (flag --listen-client-urls): `localhost:4001` is not of the form http://host:port".to_owned(),
        "proxy.status (flag --status-address): `23401` is no IP address with a port".to_owned(),
        "discovery.mesos_state.master (flag --master):".to_owned(),
        "framework.name (flag --framework-name):".to_owned(),
        "proxy.drain (flag --set proxy.drain):".to_owned(),
    ] {
        assert!(said.contains(&part), "{part:?} is not in: {said}");
    }
    assert_eq!(said.matches("\n  - ").count(), 10, "{said}");
}

#[test]
fn what_a_mode_cannot_do_is_refused_with_the_way_out() {
    for mode in ["grpc-proxy", "v2-proxy"] {
        let mode = format!("--mode={mode}");
        let said =
            problems_of(PROXY_PROGRAM, &[&mode, "--listen-client-urls=https://localhost:1"], &[]);
        assert!(said.contains("the modes gateway and etcd-gateway pass TLS on"), "{said}");
    }
    for urls in ["", "http://localhost", "http://a:1,http://a:1", "[]"] {
        let said = problems_of(PROXY_PROGRAM, &[&format!("--listen-client-urls={urls}")], &[]);
        assert!(said.contains("proxy.listen (flag --listen-client-urls)"), "{urls}: {said}");
    }
    for (master, origin) in [
        (vec!["--master=local"], "flag --master"),
        (vec!["--set=mesos.master=local:5"], "mesos.master, flag --set mesos.master"),
    ] {
        let said = problems_of(PROXY_PROGRAM, &master, &[]);
        assert!(said.contains(&format!("discovery.mesos_state.master ({origin})")), "{said}");
        assert!(said.contains("--discovery=scheduler"), "{said}");
    }
    // A binary that is not there, and a member's data directory, are found before anything listens.
    let missing =
        ["--mode=etcd-gateway", "--etcd-bin=/nowhere/etcd", "--print", "--status-address="];
    let Output { status, stderr, .. } = run_of(PROXY_PROGRAM, &missing, &[]);
    assert_eq!(status.code(), Some(78), "{}", text(&stderr));
    assert!(text(&stderr).contains("/nowhere/etcd cannot be used; proxy.etcd (--etcd-bin)"));
    let wrong = run_of(PROXY_PROGRAM, &["--cluster-size=3"], &[]);
    assert_eq!(wrong.status.code(), Some(64), "{}", text(&wrong.stderr));
}

#[test]
fn the_proxys_plugins_are_the_discoveries() {
    let Output { status, stdout, .. } = run_of(PROXY_PROGRAM, &["plugins"], &[]);
    let said = text(&stdout);
    assert!(status.success() && said.lines().all(|line| line.starts_with("discovery ")), "{said}");
    assert!(said.contains("mesos_state") && said.contains("(default)"), "{said}");
}

/// Nobody is asked and nothing is run: the members are in the configuration.
#[test]
fn print_says_what_would_be_run() {
    let members =
        "--set=discovery.static.members=[\"http://10.0.0.1:2379\",\"http://10.0.0.2:2379\"]";
    let common = [
        "--discovery=static",
        members,
        "--listen-client-urls=http://127.0.0.1:2379,http://127.0.0.1:4001",
    ];
    let print = |more: &[&str]| {
        let output =
            run_of(PROXY_PROGRAM, &[&["--print", "--once"], &common[..], more].concat(), &[]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stderr);
        assert_eq!(said.contains("--master is not used"), more.contains(&"--master=m:1"), "{said}");
        text(&output.stdout)
    };
    let gateway = "listen 127.0.0.1:2379\nlisten 127.0.0.1:4001\n\
                   member http://10.0.0.1:2379\nmember http://10.0.0.2:2379\n";
    assert_eq!(print(&[]), gateway);
    assert_eq!(print(&["--master=m:1"]), gateway);
    let etcd = etcd_mesos_testkit::etcd::find().unwrap().etcd;
    let (etcd, flag) = (etcd.display(), format!("--etcd-bin={}", etcd.display()));
    let endpoints = "--endpoints=http://10.0.0.1:2379,http://10.0.0.2:2379";
    assert_eq!(
        print(&["--mode=etcd-gateway", &flag]),
        format!(
            "{etcd} gateway start --listen-addr=127.0.0.1:2379 {endpoints} --retry-delay=1s\n\
             {etcd} gateway start --listen-addr=127.0.0.1:4001 {endpoints} --retry-delay=1s\n"
        )
    );
    assert_eq!(
        print(&[
            "--mode=grpc-proxy",
            &flag,
            "--data-dir=/var/lib/a proxy",
            "--listen-client-urls=http://127.0.0.1:1"
        ]),
        format!(
            "{etcd} grpc-proxy start --listen-addr=127.0.0.1:1 {endpoints} '--data-dir=/var/lib/a proxy'\n"
        )
    );
}

/// `ETCD_MESOS_BLESS=1` writes the page; without it, the page must be what the code makes.
#[test]
fn the_page_on_the_configuration_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let made = docs::markdown(&builtin());
    if std::env::var_os("ETCD_MESOS_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = written.lines().zip(made.lines()).find(|(is, should)| is != should);
    assert_eq!(differing, None, "ETCD_MESOS_BLESS=1 writes docs/configuration.md anew");
    assert_eq!(written.len(), made.len(), "docs/configuration.md is cut short, or too long");
}

/// Keys, and values that each of them can have.
const POOL: &[(&str, &[&str])] = &[
    ("cluster.size", &["1", "3", "7"]),
    ("framework.name", &["\"a\"", "\"b\"", "\"123\""]),
    ("http.port", &["1024", "2048"]),
    ("member.mem", &["512.0", "1024.0"]),
    ("reseed.timeout", &["\"1m\"", "\"2m\""]),
    ("health.raft.apply_lag", &["5", "6"]),
];

/// What one layer says: for each key of the pool nothing, or one of its values.
fn layer() -> impl Strategy<Value = Vec<Option<usize>>> {
    let one = |(_, values): &(&str, &[&str])| proptest::option::of(0..values.len());
    POOL.iter().map(one).collect::<Vec<_>>()
}

fn pairs(layer: &[Option<usize>]) -> Vec<(&'static str, &'static str)> {
    let named = POOL.iter().zip(layer);
    named.filter_map(|((key, values), at)| Some((*key, values[(*at)?]))).collect()
}

struct Written {
    _dir: tempfile::TempDir,
    files: Vec<PathBuf>,
}

fn write(layers: &[Vec<Option<usize>>]) -> Written {
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let file = dir.path().join(format!("{at}.toml"));
        let lines: Vec<String> =
            pairs(layer).iter().map(|(key, value)| format!("{key} = {value}")).collect();
        std::fs::write(&file, lines.join("\n")).unwrap();
        files.push(file);
    }
    Written { _dir: dir, files }
}

/// What holds for the keys of the pool under these layers.
fn holds(
    files: &[PathBuf],
    variables: &[Option<usize>],
    sets: &[Option<usize>],
) -> BTreeMap<String, String> {
    let plain = |value: &str| value.trim_matches('"').to_owned();
    let variable = |(key, value): (&str, &str)| {
        let name = format!("ETCD_MESOS_{}", key.replace('.', "__").to_uppercase());
        (OsString::from(name), OsString::from(plain(value)))
    };
    let environment = pairs(variables).into_iter().map(variable).collect();
    let sets: Vec<String> =
        pairs(sets).iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
    let flags: [FlagGiven; 0] = [];
    let layers =
        Layers::read(&SCHEDULER, Path::new("/nowhere"), files, &environment, &flags, &sets);
    let configuration = configure(&builtin(), layers, &environment);
    let configuration = configuration.unwrap_or_else(|problems| panic!("{problems}"));
    let of_pool = |key: &str| POOL.iter().any(|(known, _)| *known == key);
    let shown = configuration.shown().into_iter().filter(|shown| of_pool(&shown.key));
    shown.map(|shown| (shown.key, shown.value.to_string())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Later wins, key by key; what a layer does not name it does not change.
    #[test]
    fn the_last_layer_that_names_a_key_wins(layers in proptest::collection::vec(layer(), 4)) {
        let written = write(&layers[..2]);
        let found = holds(&written.files, &layers[2], &layers[3]);
        let mut expected = holds(&[], &vec![None; POOL.len()], &vec![None; POOL.len()]);
        for layer in &layers {
            expected.extend(pairs(layer).iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        }
        prop_assert_eq!(found, expected);
    }

    /// An empty layer anywhere changes nothing.
    #[test]
    fn an_empty_layer_changes_nothing(one in layer(), other in layer(), at in 0..3usize) {
        let nothing = vec![None; POOL.len()];
        let mut layers = vec![one, other];
        let without = holds(&write(&layers).files, &nothing, &nothing);
        layers.insert(at, nothing.clone());
        prop_assert_eq!(holds(&write(&layers).files, &nothing, &nothing), without);
    }

    /// The order of files that name different keys does not matter; of those that name the same
    /// ones it does, as the first law says.
    #[test]
    fn files_that_do_not_meet_can_change_places(one in layer(), other in layer()) {
        let apart: Vec<Option<usize>> =
            other.iter().zip(&one).map(|(o, n)| if n.is_some() { None } else { *o }).collect();
        let nothing = vec![None; POOL.len()];
        let there = write(&[one.clone(), apart.clone()]);
        let back = write(&[apart, one]);
        prop_assert_eq!(
            holds(&there.files, &nothing, &nothing),
            holds(&back.files, &nothing, &nothing)
        );
    }
}

/// TLS is asked for in words and not by a file; what misses is named with its key.
#[test]
fn tls_that_is_half_asked_for_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let authority = etcd_mesos_testkit::tls::Authority::found(dir.path(), "ca").unwrap();
    let ca = format!("-mesos-ca-file={}", authority.ca_file().display());
    for (arguments, words) in [
        (vec!["-master=m1:5050", &ca], "mesos.ca_file (flag --mesos-ca-file): the masters are not"),
        (vec!["-master=m1:5050", "-mesos-tls", &ca], "mesos.tls (flag --mesos-tls): write"),
        (vec!["-master=https://m1:5050"], "mesos.ca_file (default): TLS needs it"),
        (vec!["-master=zk://z1:2181/m", "-mesos-tls"], "mesos.ca_file (default): TLS needs it"),
        (vec!["-master=https://m1:5050", &ca, "-mesos-key-file=/k"], "it needs mesos.cert_file"),
        (vec!["-master=https://m1:5050", "-mesos-ca-file=/nowhere/ca"], "/nowhere/ca"),
    ] {
        let said = problems(&arguments, &[]);
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    for right in [["-master=https://m1:5050", "-v=0"], ["-master=zk://z1:2181/m", "-mesos-tls"]] {
        let all = [&["config", "check", &ca][..], &right].concat();
        let Output { status, stderr, .. } = run(&all, &[]);
        assert!(status.success(), "{}", text(&stderr));
    }
}
