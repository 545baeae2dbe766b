//! Checks that the types cannot make: values against each other, and against what is around.

use std::path::Path;

use etcd_mesos_core::config::SIZE_MAX;
use etcd_mesos_core::id::ClusterName;
use etcd_mesos_core::setting::Span;
use etcd_mesos_etcd::flags;

use super::address::MasterPlace;
use super::layers::{Environment, Layers};
use super::problem::{Problem, in_one_line};
use super::tree::Tree;

/// The memory that etcd cannot do without, in megabytes.
const MEM_MIN: f64 = 64.0;
/// A write-ahead log segment is 64 MB, and etcd keeps one more ready; in megabytes.
const DISK_MIN: f64 = 256.0;
/// The smallest share of a CPU that Mesos counts with.
const CPUS_MIN: f64 = 0.01;
/// More of anything than any agent has.
const SCALAR_MAX: f64 = 1e9;

const DAY: Span = Span::seconds(86_400);
const YEAR: Span = Span::seconds(31_536_000);

struct Checks<'a> {
    layers: &'a Layers,
    problems: &'a mut Vec<Problem>,
}

impl Checks<'_> {
    fn refuse(&mut self, is_wrong: bool, key: &str, text: impl FnOnce() -> String) {
        if is_wrong {
            let origin = self.layers.origin_of(key);
            self.problems.push(Problem { key: Some(key.to_owned()), origin, text: text() });
        }
    }
}

/// Checks the settings against each other.
pub(super) fn check(tree: &Tree, layers: &Layers, problems: &mut Vec<Problem>) {
    let mut checks = Checks { layers, problems };
    check_framework(tree, &mut checks);
    check_cluster(tree, &mut checks);
    check_local(tree, &mut checks);
    check_ports(tree, &mut checks);
}

fn check_framework(tree: &Tree, checks: &mut Checks<'_>) {
    let framework = &tree.framework;
    if let Err(error) = framework.name.parse::<ClusterName>() {
        checks.refuse(true, "framework.name", || in_one_line(&error));
    }
    let is_short = framework.failover_timeout < DAY && !framework.allow_short_failover_timeout;
    checks.refuse(is_short, "framework.failover_timeout", || {
        format!(
            "{}: Mesos ends every member when no scheduler is subscribed for that long; below a \
             day it is refused unless framework.allow_short_failover_timeout is true",
            framework.failover_timeout
        )
    });
    let has_secret = framework.secret.is_some() || framework.secret_file.is_some();
    let key = if framework.secret.is_some() { "framework.secret" } else { "framework.secret_file" };
    checks.refuse(has_secret && framework.principal.is_none(), key, || {
        "it needs framework.principal".to_owned()
    });
    let is_double = framework.secret.is_some() && framework.secret_file.is_some();
    checks.refuse(is_double, "framework.secret", || {
        "framework.secret_file is given too; give one of them".to_owned()
    });
    checks.refuse(tree.mesos.offer_refuse > YEAR, "mesos.offer_refuse", || {
        "it must be at most a year".to_owned()
    });
}

fn check_cluster(tree: &Tree, checks: &mut Checks<'_>) {
    let size = tree.cluster.size;
    checks.refuse(size == 0 || size > SIZE_MAX || size.is_multiple_of(2), "cluster.size", || {
        format!("{size}: it must be 1, 3, 5, 7 or 9; an even number adds no tolerance")
    });
    let member = &tree.member;
    let amounts = [
        ("member.cpus", member.cpus, CPUS_MIN),
        ("member.mem", member.mem, MEM_MIN),
        ("member.disk", member.disk, DISK_MIN),
    ];
    for (key, value, least) in amounts {
        let is_wrong = !(value.is_finite() && (least..=SCALAR_MAX).contains(&value));
        checks.refuse(is_wrong, key, || format!("{value}: it must be at least {least}"));
    }
    for flag in &member.etcd_flags {
        if let Err(error) = flags::check_extra_flag(flag) {
            checks.refuse(true, "member.etcd_flags", || in_one_line(&error));
        }
    }
    let quota = quota_given(&member.etcd_flags);
    let most = quota_for(member.disk);
    checks.refuse(quota.is_some_and(|quota| quota > most), "member.etcd_flags", || {
        format!("the quota must be at most 40 % of member.disk, {most} bytes: the log, a snapshot and a defragmentation need room beside it")
    });
}

fn check_local(tree: &Tree, checks: &mut Checks<'_>) {
    let MasterPlace::Local { agents } = tree.mesos.master.place else { return };
    let size = tree.cluster.size;
    checks.refuse(size > agents, "cluster.size", || {
        format!(
            "{size}: each member needs an agent of its own, and mesos.master={} has {agents}; \
             local:{size} has enough",
            tree.mesos.master
        )
    });
}

fn check_ports(tree: &Tree, checks: &mut Checks<'_>) {
    let (http, artifacts) = (&tree.http, &tree.artifacts);
    let do_meet = http.bind == artifacts.bind
        || http.bind.is_unspecified()
        || artifacts.bind.is_unspecified();
    let is_same = http.port == artifacts.port && http.port != 0;
    checks.refuse(is_same && do_meet, "artifacts.port", || {
        format!("{}: http.port is the same; each server needs a port of its own", artifacts.port)
    });
}

const QUOTA_FLAG: &str = "--quota-backend-bytes=";

fn quota_given(flags: &[String]) -> Option<u64> {
    flags.iter().find_map(|flag| flag.strip_prefix(QUOTA_FLAG)?.parse().ok())
}

/// Four tenths of the disk, in bytes.
fn quota_for(disk_mb: f64) -> u64 {
    (disk_mb * 1024.0 * 1024.0 * 0.4) as u64
}

/// etcd's flags: what was given, and a quota that fits the disk. etcd's own default is 2 GiB.
pub(crate) fn etcd_flags(disk_mb: f64, given: &[String]) -> Vec<String> {
    let mut flags = given.to_vec();
    if quota_given(given).is_none() {
        let quota = quota_for(disk_mb).min(2 * 1024 * 1024 * 1024);
        flags.insert(0, format!("{QUOTA_FLAG}{quota}"));
    }
    flags
}

/// Puts the environment's values in the place of `$NAME` where that is promised: Marathon sets
/// ports and host in variables, and no shell stands between.
pub(super) fn expand(
    tree: &mut Tree,
    layers: &Layers,
    environment: &Environment,
    problems: &mut Vec<Problem>,
) {
    let value_of = |name: &str| {
        let found = environment.iter().find(|(known, _)| known == name)?;
        found.1.to_str().map(str::to_owned)
    };
    let settings = [
        ("framework.weburi", &mut tree.framework.weburi),
        ("artifacts.advertise", &mut tree.artifacts.advertise),
    ];
    for (key, setting) in settings {
        let Some(text) = setting.take().filter(|text| !text.is_empty()) else { continue };
        match expanded(&text, value_of) {
            Ok(text) => *setting = Some(text),
            Err(name) => problems.push(Problem {
                key: Some(key.to_owned()),
                origin: layers.origin_of(key),
                text: format!("there is no environment variable {name}, which it names"),
            }),
        }
    }
}

/// The text with its variables' values; the name of one that is not there.
fn expanded(text: &str, value_of: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        whole.push_str(before);
        let is_named = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, behind) = match after.strip_prefix('{').and_then(|a| a.split_once('}')) {
            Some((name, behind)) => (name, behind),
            None => after.split_at(after.find(|c| !is_named(c)).unwrap_or(after.len())),
        };
        if name.is_empty() {
            whole.push('$');
        } else {
            whole.push_str(&value_of(name).ok_or(name)?);
        }
        rest = behind;
    }
    whole.push_str(rest);
    Ok(whole)
}

/// A record in a file of a Mesos task's sandbox, or of its container, ends with the task.
pub(super) fn disk_that_lasts(
    section: &serde_json::Value,
    layers: &Layers,
    environment: &Environment,
    problems: &mut Vec<Problem>,
) {
    let is_set = |name: &str| environment.iter().any(|(known, _)| known == name);
    let is_task = is_set("MESOS_TASK_ID") || is_set("MARATHON_APP_ID");
    let may_end = is_task && section["durable"] != true;
    if may_end {
        let key = "persist.plugin";
        let path = section["path"].as_str().map_or("its file", |path| path);
        problems.push(Problem {
            key: Some(key.to_owned()),
            origin: layers.origin_of(key),
            text: format!(
                "this scheduler is a Mesos task, and what it writes to {} may end with the task: \
                 use the plugin `zookeeper` (--zk-framework-persist, ZK_PERSIST), or say \
                 persist.file.durable=true if the file is on a volume that lasts",
                Path::new(path).display()
            ),
        });
    }
}

/// What a Mesos inside this process runs ends with the process; a record that others share must not tell of it.
/// It would take the next epoch, and end the scheduler whose record that is.
pub(super) fn record_of_a_local_mesos(
    tree: &Tree,
    store: &str,
    layers: &Layers,
    problems: &mut Vec<Problem>,
) {
    if tree.mesos.master.is_local() && store == "zookeeper" {
        let key = "persist.plugin";
        problems.push(Problem {
            key: Some(key.to_owned()),
            origin: layers.origin_of(key),
            text: "a local Mesos ends with this program, and a record in ZooKeeper would take over the cluster \
                   whose record it is: leave it out (--zk-framework-persist, ZK_PERSIST), or say \
                   persist.plugin=file"
                .to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_their_places() {
        let value_of = |name: &str| (name == "PORT0").then(|| "31000".to_owned());
        let expand = |text| expanded(text, value_of);
        assert_eq!(expand("http://e:$PORT0/stats"), Ok("http://e:31000/stats".to_owned()));
        assert_eq!(expand("${PORT0}0 $ $PORT0"), Ok("310000 $ 31000".to_owned()));
        assert_eq!(expand("http://e:$PORT9/"), Err("PORT9".to_owned()));
        assert_eq!(expand("${PORT0"), Err("".to_owned()).or(Ok("${PORT0".to_owned())));
    }

    #[test]
    fn the_quota_fits_the_disk() {
        assert_eq!(etcd_flags(4096.0, &[]), ["--quota-backend-bytes=1717986918"]);
        assert_eq!(etcd_flags(100_000.0, &[]), ["--quota-backend-bytes=2147483648"]);
        let given = ["--quota-backend-bytes=1000000".to_owned()];
        assert_eq!(etcd_flags(4096.0, &given), given);
        flags::check_extra_flag("--quota-backend-bytes=1717986918").expect("a flag");
    }
}
