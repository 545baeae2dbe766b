//! The programs, as far as they differ in what an operator writes.

use crate::config::legacy::{
    FLAGS, Flag, Meaning, PROXY_FLAGS, PROXY_VARIABLES, VARIABLES, Variable,
};

/// A program with a configuration.
#[derive(Debug)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub(crate) about: &'static str,
    /// What it is, in some.
    pub(crate) long_about: &'static str,
    /// Its exit codes.
    pub(crate) after_help: &'static str,
    /// Its flags that stand for keys.
    pub(crate) flags: &'static [Flag],
    /// Its flags that say what is to be done: the name, and what it does.
    pub(crate) switches: &'static [(&'static str, &'static str)],
    /// The predecessor's variables that it reads.
    pub(crate) variables: &'static [Variable],
    /// Whether a Mesos can be inside it.
    pub(crate) has_local: bool,
    /// Whether a key that is no plugin's means something to it.
    pub(crate) reads: fn(&str) -> bool,
}

impl Program {
    /// What a flag stands for.
    pub(crate) fn meaning_of(&self, flag: &str) -> Option<&'static Meaning> {
        self.flags.iter().find(|known| known.name == flag).map(|known| &known.meaning)
    }
}

/// `etcd-mesos-scheduler`.
pub static SCHEDULER: Program = Program {
    name: "etcd-mesos-scheduler",
    about: "Runs an etcd cluster on Apache Mesos: forms it once, and takes it over at each start.",
    long_about: "\
Runs an etcd cluster on Apache Mesos: forms it once, and takes it over at each start.

Ending this program ends nothing else: the etcd cluster runs on, and the next start takes it over.
Every flag takes one dash or two. What holds can also come from files, variables and --set:
`config show --origin` says what holds and where it came from.",
    after_help: "\
Exit codes: 0 asked to end, 64 usage, 69 something is not available, 70 a bug, 75 another scheduler
took over, 76 Mesos removed the framework, 78 configuration.",
    flags: FLAGS,
    switches: &[],
    variables: VARIABLES,
    has_local: true,
    reads: |key| !key.starts_with("proxy."),
};

/// The switch `--print`.
pub(crate) const PRINT: &str = "print";
/// The switch `--once`.
pub(crate) const ONCE: &str = "once";

/// `etcd-mesos-proxy`.
pub static PROXY: Program = Program {
    name: "etcd-mesos-proxy",
    about: "Keeps a local address serving etcd, whatever happens to the members on Mesos.",
    long_about: "\
Keeps a local address serving etcd, whatever happens to the members on Mesos.

It finds the members (--discovery), and serves clients by a TCP gateway of its own, which passes
every protocol on, or by an etcd that it supervises (--mode).
Every flag takes one dash or two. What holds can also come from files, variables and --set:
`config show --origin` says what holds and where it came from.

Signals: SIGTERM and SIGINT end it, and its etcd; a second one at once. SIGHUP asks for the members
anew.",
    after_help: "\
Exit codes: 0 asked to end, or done; 64 usage; 69 something is not available; 70 a bug; 75 nobody is
there yet (with --once); 78 configuration, or an etcd that cannot do it.",
    flags: PROXY_FLAGS,
    switches: &[
        (PRINT, "Write what would be run, once members are known, run nothing, and end"),
        (
            ONCE,
            "Ask for the members once, and wait for nobody. With --print for that; without, serve, end as \
             soon as it works (0), or say why it does not (69, 75)",
        ),
    ],
    variables: PROXY_VARIABLES,
    has_local: false,
    reads: |key| {
        let both = ["framework.name", "log.dir", "log.verbosity"];
        key.starts_with("proxy.") || both.contains(&key)
    },
};
