//! The predecessor's flags and variables, and those of ours that follow their style, for each program: each
//! says which keys it stands for.

/// What a flag or a variable stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A key.
    Key(&'static str),
    /// A switch, in any form that Go takes.
    Switch(&'static str),
    /// Keys that all get the same value; nothing where it is empty.
    Keys(&'static [&'static str]),
    /// A plugin's key, and with it the choice of that plugin; nothing where it is empty.
    Selects {
        /// The key of the choice.
        choice: &'static str,
        /// The plugin.
        plugin: &'static str,
        /// The plugin's key.
        key: &'static str,
    },
    /// Go's switch for `reseed.mode`.
    AutoReseed,
    /// A switch that cannot be turned off; why.
    AlwaysOn(&'static str),
    /// Accepted, and without effect; why.
    Accepted(&'static str),
}

/// A flag of the command line.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its name, without dashes.
    pub name: &'static str,
    /// What its value is called in the help.
    pub value_name: &'static str,
    /// What it stands for.
    pub meaning: Meaning,
}

/// A variable of the environment, and what it stands for.
pub type Variable = (&'static str, Meaning);

const fn flag(name: &'static str, value_name: &'static str, meaning: Meaning) -> Flag {
    Flag { name, value_name, meaning }
}

const ZOOKEEPER: Meaning = Meaning::Selects {
    choice: "persist.plugin",
    plugin: "zookeeper",
    key: "persist.zookeeper.url",
};
const FILE: Meaning =
    Meaning::Selects { choice: "persist.plugin", plugin: "file", key: "persist.file.path" };
const ONE_AN_AGENT: Meaning =
    Meaning::AlwaysOn("two members on one agent would be lost together; leave it on");
const NO_DRIVER: Meaning = Meaning::Accepted("the v1 API needs no port of the scheduler");
const GLOG: Meaning = Meaning::Accepted("glog's; the log always goes to standard error");

/// The flags of the scheduler: the predecessor's names, one dash or two.
pub const FLAGS: &[Flag] = &[
    flag("framework-name", "NAME", Meaning::Key("framework.name")),
    flag("master", "MASTERS", Meaning::Key("mesos.master")),
    flag("zk-framework-persist", "URL", ZOOKEEPER),
    flag("state-file", "PATH", FILE),
    flag("cluster-size", "N", Meaning::Key("cluster.size")),
    flag("admin-port", "PORT", Meaning::Key("http.port")),
    flag("artifact-port", "PORT", Meaning::Key("artifacts.port")),
    flag("address", "IP", Meaning::Keys(&["http.bind", "artifacts.bind", "artifacts.advertise"])),
    flag("executor-bin", "PATH", Meaning::Key("artifacts.executor")),
    flag("etcd-bin", "PATH", Meaning::Key("artifacts.etcd")),
    flag("etcdctl-bin", "PATH", Meaning::Key("artifacts.etcdctl")),
    flag("reseed-timeout", "SECONDS", Meaning::Key("reseed.timeout")),
    flag("auto-reseed", "BOOL", Meaning::AutoReseed),
    flag("sandbox-cpu-limit", "CPUS", Meaning::Key("member.cpus")),
    flag("sandbox-mem-limit", "MB", Meaning::Key("member.mem")),
    flag("sandbox-disk-limit", "MB", Meaning::Key("member.disk")),
    flag("mesos-offer-refuse-seconds", "SECONDS", Meaning::Key("mesos.offer_refuse")),
    flag("failover-timeout-seconds", "SECONDS", Meaning::Key("framework.failover_timeout")),
    flag(
        "allow-short-failover-timeout",
        "BOOL",
        Meaning::Switch("framework.allow_short_failover_timeout"),
    ),
    flag("framework-weburi", "URL", Meaning::Keys(&["framework.weburi"])),
    flag("mesos-role", "ROLE", Meaning::Key("framework.role")),
    flag("mesos-user", "USER", Meaning::Key("framework.user")),
    flag("mesos-authentication-principal", "PRINCIPAL", Meaning::Keys(&["framework.principal"])),
    flag("mesos-authentication-secret-file", "PATH", Meaning::Keys(&["framework.secret_file"])),
    flag("mesos-tls", "BOOL", Meaning::Switch("mesos.tls")),
    flag("mesos-ca-file", "PATH", Meaning::Key("mesos.ca_file")),
    flag("mesos-cert-file", "PATH", Meaning::Key("mesos.cert_file")),
    flag("mesos-key-file", "PATH", Meaning::Key("mesos.key_file")),
    flag("transcript", "FILE", Meaning::Key("log.transcript")),
    flag("new-framework", "REMOVED_ID", Meaning::Key("framework.replaces")),
    flag("log_dir", "DIR", Meaning::Keys(&["log.dir"])),
    flag("v", "N", Meaning::Key("log.verbosity")),
    flag("single-instance-per-slave", "BOOL", ONE_AN_AGENT),
    flag("driver-port", "PORT", NO_DRIVER),
    flag(
        "mesos-authentication-provider",
        "NAME",
        Meaning::Accepted("the v1 API takes HTTP basic authentication"),
    ),
    flag("logtostderr", "BOOL", GLOG),
    flag("alsologtostderr", "BOOL", GLOG),
    flag("stderrthreshold", "LEVEL", GLOG),
    flag("vmodule", "PATTERN", GLOG),
    flag("log_backtrace_at", "PLACE", GLOG),
];

/// The flags of the proxy.
pub const PROXY_FLAGS: &[Flag] = &[
    flag("framework-name", "NAME", Meaning::Key("framework.name")),
    flag("master", "MASTERS", Meaning::Key("discovery.mesos_state.master")),
    flag("discovery", "NAME[,NAME…]", Meaning::Key("discovery.plugin")),
    flag("mode", "MODE", Meaning::Key("proxy.mode")),
    flag("listen-client-urls", "URLS", Meaning::Key("proxy.listen")),
    flag("etcd-bin", "PATH", Meaning::Key("proxy.etcd")),
    flag("data-dir", "DIR", Meaning::Key("proxy.data_dir")),
    flag("status-address", "IP:PORT", Meaning::Key("proxy.status")),
    flag("log_dir", "DIR", Meaning::Keys(&["log.dir"])),
    flag("v", "N", Meaning::Key("log.verbosity")),
    flag("logtostderr", "BOOL", GLOG),
    flag("alsologtostderr", "BOOL", GLOG),
    flag("stderrthreshold", "LEVEL", GLOG),
    flag("vmodule", "PATTERN", GLOG),
    flag("log_backtrace_at", "PLACE", GLOG),
];

/// Those of the predecessor's variables that mean something to the proxy. Its image had no proxy; the others,
/// `PORT0` among them, are the scheduler's alone.
pub const PROXY_VARIABLES: &[Variable] = &[
    ("FRAMEWORK_NAME", Meaning::Key("framework.name")),
    ("MESOS_MASTER", Meaning::Key("discovery.mesos_state.master")),
    ("VERBOSITY", Meaning::Key("log.verbosity")),
];

/// The variables that the predecessor's image and Marathon specifications set.
pub const VARIABLES: &[Variable] = &[
    ("FRAMEWORK_NAME", Meaning::Key("framework.name")),
    ("FRAMEWORK_FAILOVER_TIMEOUT_SECONDS", Meaning::Key("framework.failover_timeout")),
    ("CLUSTER_SIZE", Meaning::Key("cluster.size")),
    ("MESOS_MASTER", Meaning::Key("mesos.master")),
    ("ZK_PERSIST", ZOOKEEPER),
    ("VERBOSITY", Meaning::Key("log.verbosity")),
    ("SINGLE_INSTANCE_PER_SLAVE", ONE_AN_AGENT),
    ("AUTO_RESEED", Meaning::AutoReseed),
    ("RESEED_TIMEOUT", Meaning::Key("reseed.timeout")),
    ("DISK_LIMIT", Meaning::Key("member.disk")),
    ("CPU_LIMIT", Meaning::Key("member.cpus")),
    ("MEM_LIMIT", Meaning::Key("member.mem")),
    ("WEBURI", Meaning::Key("framework.weburi")),
    ("LIBPROCESS_IP", Meaning::Key("artifacts.advertise")),
    ("PORT0", Meaning::Key("http.port")),
    ("PORT1", NO_DRIVER),
    ("PORT2", Meaning::Key("artifacts.port")),
];

impl Meaning {
    /// The keys and their values.
    ///
    /// # Errors
    /// In words, what is wrong with the value.
    pub fn settings(&self, text: &str) -> Result<Vec<(&'static str, String)>, String> {
        let same = |key: &&'static str| (*key, text.to_owned());
        match self {
            Meaning::Key(key) => Ok(vec![same(key)]),
            Meaning::Keys(keys) if !text.is_empty() => Ok(keys.iter().map(same).collect()),
            Meaning::Selects { choice, plugin, key } if !text.is_empty() => {
                Ok(vec![(*choice, (*plugin).to_owned()), same(key)])
            }
            Meaning::Keys(_) | Meaning::Selects { .. } | Meaning::Accepted(_) => Ok(Vec::new()),
            Meaning::Switch(key) => Ok(vec![(*key, go_bool(text)?.to_string())]),
            Meaning::AutoReseed => {
                let mode = if go_bool(text)? { "timeout" } else { "manual" };
                Ok(vec![("reseed.mode", mode.to_owned())])
            }
            Meaning::AlwaysOn(why) => match go_bool(text)? {
                true => Ok(Vec::new()),
                false => Err((*why).to_owned()),
            },
        }
    }

    /// The keys that it gives values to.
    pub fn keys(&self) -> Vec<&'static str> {
        match self {
            Meaning::Key(key) | Meaning::Switch(key) => vec![key],
            Meaning::Keys(keys) => keys.to_vec(),
            Meaning::Selects { choice, key, .. } => vec![key, choice],
            Meaning::AutoReseed => vec!["reseed.mode"],
            Meaning::AlwaysOn(_) | Meaning::Accepted(_) => Vec::new(),
        }
    }

    /// Whether the flag can stand without a value, as Go's switches can.
    pub fn is_switch(&self) -> bool {
        matches!(self, Meaning::Switch(_) | Meaning::AutoReseed | Meaning::AlwaysOn(_))
            || *self == GLOG
    }
}

/// The forms that Go's `strconv.ParseBool` takes.
fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        other => Err(format!("`{other}` is neither true nor false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flag_and_no_variable_stands_twice() {
        for flags in [FLAGS, PROXY_FLAGS] {
            for (at, flag) in flags.iter().enumerate() {
                assert!(flags[..at].iter().all(|other| other.name != flag.name), "{}", flag.name);
            }
        }
        for variables in [VARIABLES, PROXY_VARIABLES] {
            for (at, (name, _)) in variables.iter().enumerate() {
                assert!(variables[..at].iter().all(|(other, _)| other != name), "{name}");
            }
        }
    }

    #[test]
    fn go_booleans_parse_in_each_form() {
        for (text, mode) in [("1", "timeout"), ("T", "timeout"), ("false", "manual")] {
            let settings = Meaning::AutoReseed.settings(text);
            assert_eq!(settings, Ok(vec![("reseed.mode", mode.to_owned())]));
        }
        assert!(Meaning::AutoReseed.settings("yes").is_err());
        assert!(ONE_AN_AGENT.settings("false").is_err());
        assert_eq!(ONE_AN_AGENT.settings("true"), Ok(Vec::new()));
    }
}
