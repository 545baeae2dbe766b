//! `etcd-mesos-scheduler`: its flags, and its life.

use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use etcd_mesos_core::config::{Config, SIZE_MAX, Timing};
use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::offer::{Milli, Need};
use etcd_mesos_persist_file::FileStore;
use etcd_mesos_runtime::settings::{Binaries, Framework, MasterSource, Settings};
use etcd_mesos_runtime::{Ended, StartError};
use mesos_v1::{Credentials, Masters};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{BUG, CONFIG, Failure, UNAVAILABLE, USAGE};
use crate::{legacy, logging};

/// Runs an etcd cluster on Apache Mesos: forms it once, and takes it over at each start.
///
/// Ending this program ends nothing else: the etcd cluster runs on, and the next start takes it
/// over. Every flag takes one dash or two. Exit codes: 0 asked to end, 64 usage, 69 something is
/// not available, 70 a bug, 75 another scheduler took over, 76 Mesos removed the framework,
/// 78 configuration.
#[derive(Debug, Parser)]
#[command(name = "etcd-mesos-scheduler", version, term_width = 100, args_override_self = true)]
pub struct SchedulerArgs {
    /// The framework's and the cluster's name: a-z, 0-9 and -
    #[arg(long, default_value = "etcd")]
    framework_name: String,
    /// The Mesos masters: host:port, or several with commas between them, or where they are elected:
    /// zk://[user:password@]h1:p1,h2:p2/path
    #[arg(long, default_value = "127.0.0.1:5050")]
    master: String,
    /// The file that keeps what the next scheduler must know [default:
    /// /var/lib/etcd-mesos/<framework-name>.state]
    #[arg(long, value_name = "PATH")]
    state_file: Option<PathBuf>,
    /// zk://h1:p1,h2:p2/path (not in this build yet: use --state-file)
    #[arg(long, value_name = "URL", default_value = "")]
    zk_framework_persist: String,
    /// How many members the cluster has: 1, 3, 5, 7 or 9
    #[arg(long, default_value_t = 5)]
    cluster_size: usize,
    /// The port of the admin server; 0 takes a free one
    #[arg(long, default_value_t = 23400)]
    admin_port: u16,
    /// The port from which agents fetch the binaries; 0 takes a free one
    #[arg(long, default_value_t = 12300)]
    artifact_port: u16,
    /// The predecessor's libprocess port: accepted, and not needed by the v1 API
    #[arg(long, default_value_t = 0, hide_short_help = true)]
    driver_port: u16,
    /// The IP address of this host that agents are told; the servers listen on it alone [default:
    /// the one from which the master is reached, and every address is listened on]
    #[arg(long, value_name = "IP")]
    address: Option<IpAddr>,
    /// The executor, for the agents
    #[arg(long, value_name = "PATH", default_value = "./bin/etcd-mesos-executor")]
    executor_bin: PathBuf,
    /// etcd, for the agents: version 3.4 or later
    #[arg(long, value_name = "PATH", default_value = "./bin/etcd")]
    etcd_bin: PathBuf,
    /// etcdctl, for the agents
    #[arg(long, value_name = "PATH", default_value = "./bin/etcdctl")]
    etcdctl_bin: PathBuf,
    /// Seconds of lost quorum before a reseed (reseeding is not in this build yet)
    #[arg(long, default_value_t = 240)]
    reseed_timeout: u64,
    /// Whether to reseed without being asked (reseeding is not in this build yet)
    #[arg(long, default_value_t = true, num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set)]
    auto_reseed: bool,
    /// CPUs of a member
    #[arg(long, default_value_t = 1.0)]
    sandbox_cpu_limit: f64,
    /// Megabytes of memory of a member
    #[arg(long, default_value_t = 2048.0)]
    sandbox_mem_limit: f64,
    /// Megabytes of disk of a member; etcd's quota is at most 40 % of it
    #[arg(long, default_value_t = 4096.0)]
    sandbox_disk_limit: f64,
    /// One member an agent: always so; false is refused
    #[arg(long, default_value_t = true, num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set)]
    single_instance_per_slave: bool,
    /// Seconds for which an offer that does not serve is declined while members are wanted
    #[arg(long, default_value_t = 2.0)]
    mesos_offer_refuse_seconds: f64,
    /// Seconds for which Mesos lets the members live without a scheduler
    #[arg(long, default_value_t = 604_800.0)]
    failover_timeout_seconds: f64,
    /// Take a failover timeout below a day: a scheduler away for longer loses the whole cluster
    #[arg(long)]
    allow_short_failover_timeout: bool,
    /// The web page that Mesos links to [default: the admin server]
    #[arg(long, value_name = "URL")]
    framework_weburi: Option<String>,
    /// The Mesos role whose resources are used
    #[arg(long, default_value = "*")]
    mesos_role: String,
    /// The user that members run as on the agents [default: the one that runs this program]
    #[arg(long)]
    mesos_user: Option<String>,
    /// The principal to authenticate as
    #[arg(long)]
    mesos_authentication_principal: Option<String>,
    /// The file that holds the principal's secret
    #[arg(long, value_name = "PATH")]
    mesos_authentication_secret_file: Option<PathBuf>,
    /// The predecessor's mechanism: accepted; the v1 API takes HTTP basic authentication
    #[arg(long, default_value = "SASL", hide_short_help = true)]
    mesos_authentication_provider: String,
    /// The framework ID that Mesos has removed: where it is the stored one, subscribe under a new
    /// one; what is known of the cluster is kept
    #[arg(long, value_name = "REMOVED_ID")]
    new_framework: Option<String>,
    /// Write the log into this directory too
    #[arg(long = "log_dir", value_name = "DIR")]
    log_dir: Option<PathBuf>,
    /// How much is logged: 0 and 1 what changes, 2 and 3 more
    #[arg(long = "v", value_name = "N", default_value_t = 0)]
    v: i32,
    /// glog's flags: accepted; the log always goes to standard error
    #[command(flatten)]
    glog: Glog,
}

/// The flags that glog gave to the predecessor, and that change nothing here.
#[derive(Debug, clap::Args)]
struct Glog {
    #[arg(long, num_args = 0..=1, default_missing_value = "true", hide = true)]
    logtostderr: Option<bool>,
    #[arg(long, num_args = 0..=1, default_missing_value = "true", hide = true)]
    alsologtostderr: Option<bool>,
    #[arg(long, hide = true)]
    stderrthreshold: Option<String>,
    #[arg(long, hide = true)]
    vmodule: Option<String>,
    #[arg(long = "log_backtrace_at", hide = true)]
    log_backtrace_at: Option<String>,
}

/// Every setting that cannot work, in one answer.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot work:\n  - {}", .0.join("\n  - "))]
struct Problems(Vec<String>);

/// `etcd-mesos-scheduler`, from its arguments to its exit code.
pub fn scheduler_main() -> ExitCode {
    let arguments = match SchedulerArgs::try_parse_from(legacy::two_dashes(std::env::args_os())) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let log = logging::start("etcd-mesos-scheduler", arguments.log_dir.as_deref(), arguments.v);
    let outcome = log
        .map_err(|error| Failure::new(CONFIG, error))
        .and_then(|()| Plan::of(arguments).map_err(|problems| Failure::new(CONFIG, problems)))
        .and_then(live);
    outcome.unwrap_or_else(|failure| failure.report())
}

/// What the arguments say, checked.
#[derive(Debug)]
struct Plan {
    settings: Settings,
    state_file: PathBuf,
}

impl Plan {
    /// Checks all settings, and reports all problems at once.
    fn of(args: SchedulerArgs) -> Result<Plan, Problems> {
        let mut problems = Problems(Vec::new());
        let masters = masters(&args.master, &mut problems);
        let cluster = problems.note("--framework-name", args.framework_name.parse());
        let credentials = problems.note("credentials", credentials(&args));
        let need = need(&args, &mut problems);
        problems.0.extend(cross_checks(&args));
        let (Some(masters), Some(cluster), Some(credentials), true) =
            (masters, cluster, credentials, problems.0.is_empty())
        else {
            return Err(problems);
        };
        let bind = args.address.unwrap_or(IpAddr::from([0, 0, 0, 0]));
        let default_state = || PathBuf::from(format!("/var/lib/etcd-mesos/{cluster}.state"));
        let timing = Timing {
            refuse_wanted: Duration::from_secs_f64(args.mesos_offer_refuse_seconds),
            ..Timing::default()
        };
        let framework = Framework {
            name: args.framework_name,
            user: args.mesos_user.unwrap_or_else(current_user),
            role: args.mesos_role.clone(),
            principal: args.mesos_authentication_principal,
            failover_timeout: Duration::from_secs_f64(args.failover_timeout_seconds),
            webui_url: args.framework_weburi.filter(|url| !url.is_empty()),
        };
        Ok(Plan {
            state_file: args.state_file.unwrap_or_else(default_state),
            settings: Settings {
                core: Config {
                    cluster,
                    role: args.mesos_role,
                    size: args.cluster_size,
                    etcd_flags: vec![quota_flag(need.disk)],
                    need,
                    nonce: uuid::Uuid::new_v4().simple().to_string()[..12].to_owned(),
                    removed_framework: args.new_framework.map(FrameworkId),
                    timing,
                },
                framework,
                masters,
                credentials,
                admin: SocketAddr::new(bind, args.admin_port),
                artifacts: SocketAddr::new(bind, args.artifact_port),
                advertise: args.address,
                binaries: Binaries {
                    executor: args.executor_bin,
                    etcd: args.etcd_bin,
                    etcdctl: args.etcdctl_bin,
                },
            },
        })
    }
}

impl Problems {
    fn note<T, E: std::error::Error>(&mut self, what: &str, outcome: Result<T, E>) -> Option<T> {
        outcome.map_err(|error| self.0.push(format!("{what}: {}", in_one_line(&error)))).ok()
    }
}

/// A text with an `@` is read as a ZooKeeper's whatever else it says, because only those hide passwords.
fn masters(text: &str, problems: &mut Problems) -> Option<MasterSource> {
    if text.trim_start().starts_with("zk:") || text.contains('@') {
        return problems.note("--master", text.parse()).map(MasterSource::ZooKeeper);
    }
    problems.note("--master", Masters::parse(text)).map(MasterSource::Listed)
}

fn in_one_line(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", in_one_line(cause)),
        None => error.to_string(),
    }
}

/// The memory that etcd cannot do without, in megabytes.
const MEM_MIN: f64 = 64.0;
/// A write-ahead log segment is 64 MB, and etcd keeps one more ready; in megabytes.
const DISK_MIN: f64 = 256.0;

fn need(args: &SchedulerArgs, problems: &mut Problems) -> Need {
    let mut at_least = |flag: &str, value: f64, least: f64| {
        if !(value.is_finite() && value >= least) {
            problems.0.push(format!("{flag}={value}: it must be at least {least}"));
        }
        Milli::from_f64(value)
    };
    Need {
        cpus: at_least("--sandbox-cpu-limit", args.sandbox_cpu_limit, 0.01),
        mem: at_least("--sandbox-mem-limit", args.sandbox_mem_limit, MEM_MIN),
        disk: at_least("--sandbox-disk-limit", args.sandbox_disk_limit, DISK_MIN),
        executor_cpus: Milli(100),
        executor_mem: Milli::whole(32),
    }
}

/// etcd's default quota is 2 GiB; the log, a defragmentation and a snapshot need room beside it.
fn quota_flag(disk: Milli) -> String {
    let disk_bytes = disk.0 / 1000 * 1024 * 1024;
    format!("--quota-backend-bytes={}", (disk_bytes / 10 * 4).min(2 * 1024 * 1024 * 1024))
}

fn credentials(args: &SchedulerArgs) -> Result<Option<Credentials>, mesos_v1::CredentialsError> {
    let secret = args.mesos_authentication_secret_file.as_ref();
    match (&args.mesos_authentication_principal, secret) {
        (Some(principal), Some(path)) => {
            Credentials::from_secret_file(principal.as_str(), path).map(Some)
        }
        (Some(_) | None, _) => Ok(None),
    }
}

const DAY_SECONDS: f64 = 86_400.0;

fn cross_checks(args: &SchedulerArgs) -> Vec<String> {
    let mut problems = Vec::new();
    let mut refuse = |is_wrong: bool, text: &str| {
        if is_wrong {
            problems.push(text.to_owned());
        }
    };
    let size = args.cluster_size;
    refuse(
        size == 0 || size > SIZE_MAX || size.is_multiple_of(2),
        &format!(
            "--cluster-size={size}: it must be 1, 3, 5, 7 or 9; an even number adds no tolerance"
        ),
    );
    refuse(
        !args.zk_framework_persist.is_empty(),
        "--zk-framework-persist: ZooKeeper is not in this build yet; use --state-file",
    );
    refuse(
        !args.single_instance_per_slave,
        "--single-instance-per-slave=false: two members on one agent would be lost together",
    );
    refuse(
        args.mesos_authentication_secret_file.is_some()
            && args.mesos_authentication_principal.is_none(),
        "--mesos-authentication-secret-file: it needs --mesos-authentication-principal",
    );
    let refuse_seconds = args.mesos_offer_refuse_seconds;
    refuse(
        !(refuse_seconds.is_finite() && (0.0..=31_536_000.0).contains(&refuse_seconds)),
        "--mesos-offer-refuse-seconds: it must be between 0 and a year",
    );
    let failover = args.failover_timeout_seconds;
    let is_short = failover < DAY_SECONDS && !args.allow_short_failover_timeout;
    refuse(
        !(failover.is_finite() && (0.0..=1e9).contains(&failover)) || is_short,
        "--failover-timeout-seconds: Mesos ends every member when no scheduler is subscribed for \
         that long; below a day it is refused unless --allow-short-failover-timeout is given",
    );
    problems
}

fn current_user() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
    user.map_or_else(|| "root".to_owned(), |user| user.name)
}

fn live(plan: Plan) -> Result<ExitCode, Failure> {
    // One thread: the scheduler waits nearly always, and threads cost memory.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        .build()
        .map_err(|error| Failure::new(UNAVAILABLE, error))?;
    // A broken invariant must end the program at once, with the exit code that says what it is.
    let running = AssertUnwindSafe(|| runtime.block_on(run(plan)));
    let outcome = catch_unwind(running)
        .unwrap_or_else(|_| Err(Failure::new(BUG, "a fault of this program; etcd runs on")));
    // A task that hangs (a file being served) must not hold the process back.
    runtime.shutdown_background();
    outcome
}

async fn run(plan: Plan) -> Result<ExitCode, Failure> {
    let store = FileStore::open(&plan.state_file).map_err(|e| Failure::new(UNAVAILABLE, e))?;
    let ready = etcd_mesos_runtime::start(plan.settings, Arc::new(store)).await;
    let ready = ready.map_err(|error| Failure::new(code_of(&error), error))?;
    tokio::select! {
        ended = ready.run() => Ok(report_end(&ended)),
        name = asked_to_end() => {
            tracing::info!(signal = name, "asked to end; the etcd cluster runs on");
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn report_end(ended: &Ended) -> ExitCode {
    eprintln!("error: {}", ended.why);
    ExitCode::from(ended.code.code())
}

fn code_of(error: &StartError) -> u8 {
    use etcd_mesos_core::store::StoreError;
    match error {
        StartError::Artifacts(_) | StartError::Etcd(_) | StartError::Record { .. } => CONFIG,
        StartError::Load(StoreError::Corrupt { .. }) => CONFIG,
        StartError::Listen { .. } | StartError::Load(_) => UNAVAILABLE,
    }
}

/// Waits for SIGTERM or SIGINT; without handlers for them it waits for ever.
async fn asked_to_end() -> &'static str {
    let (term, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut term), Ok(mut interrupt)) = (term, interrupt) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::ffi::OsString;

    fn parse(arguments: &[&str]) -> SchedulerArgs {
        let all = std::iter::once("etcd-mesos-scheduler").chain(arguments.iter().copied());
        SchedulerArgs::try_parse_from(legacy::two_dashes(all.map(OsString::from))).unwrap()
    }

    /// The seed README's production invocation, word for word.
    const README: [&str; 8] = [
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
    fn the_seed_readmes_invocation_parses() {
        let two: Vec<String> = README.iter().map(|flag| format!("-{flag}")).collect();
        let two: Vec<&str> = two.iter().map(String::as_str).collect();
        for arguments in [&README[..], &two] {
            let args = parse(arguments);
            assert_eq!(args.log_dir.as_deref(), Some("/var/log/etcd-mesos".as_ref()));
            assert_eq!(args.master, "zk://zk1:2181,zk2:2181,zk3:2181/mesos");
            assert_eq!((args.framework_name.as_str(), args.cluster_size), ("etcd", 5));
            assert_eq!(args.etcdctl_bin, PathBuf::from("/path/to/etcdctl"));
            assert_eq!(args.zk_framework_persist, "zk://zk1:2181,zk2:2181,zk3:2181/etcd-mesos");
        }
    }

    #[test]
    fn all_problems_come_at_once() {
        let args = parse(&[
            "-master=nowhere",
            "-framework-name=Etcd",
            "-cluster-size=4",
            "-sandbox-mem-limit=1",
            "-sandbox-disk-limit=1",
            "-failover-timeout-seconds=300",
            "-single-instance-per-slave=false",
        ]);
        let problems = Plan::of(args).unwrap_err().to_string();
        for part in [
            "nowhere",
            "Etcd",
            "--cluster-size=4",
            "--sandbox-mem-limit=1",
            "--sandbox-disk-limit=1",
            "below a day",
            "two members",
        ] {
            assert!(problems.contains(part), "{part} is not in: {problems}");
        }
    }

    #[test]
    fn the_defaults_work_and_the_quota_fits_the_disk() {
        let plan = Plan::of(parse(&[])).unwrap();
        assert_eq!(plan.state_file, PathBuf::from("/var/lib/etcd-mesos/etcd.state"));
        let flags = &plan.settings.core.etcd_flags;
        // Four tenths of 4096 MB.
        assert_eq!(flags, &["--quota-backend-bytes=1717986916"]);
        assert_eq!(quota_flag(Milli::whole(100_000)), "--quota-backend-bytes=2147483648");
        for flag in flags {
            etcd_mesos_etcd::flags::check_extra_flag(flag).unwrap();
        }
    }

    #[test]
    fn masters_are_named_or_elected_and_their_password_is_not_repeated() {
        let plan = |master: &str| Plan::of(parse(&[&format!("-master={master}")]));
        let elected = plan("zk://u:secret@z1:2181,z2:2181/mesos").unwrap();
        assert!(matches!(elected.settings.masters, MasterSource::ZooKeeper(_)));
        assert!(!format!("{elected:?}").contains("secret"));
        let named = plan("m1:5050,m2:5050").unwrap();
        assert!(matches!(named.settings.masters, MasterSource::Listed(_)));
        for wrong in ["zk://u:secret@z1/mesos", "zk:/u:secret@z1:2181/mesos", "u:secret@z1:2181"] {
            let problems = plan(wrong).unwrap_err().to_string();
            assert!(problems.contains("--master: ") && !problems.contains("secret"), "{problems}");
        }
    }

    #[test]
    fn go_booleans_parse_in_each_form() {
        assert!(parse(&["-auto-reseed"]).auto_reseed);
        assert!(!parse(&["-auto-reseed=false"]).auto_reseed);
        parse(&["-logtostderr", "-alsologtostderr=true", "-v=1", "-stderrthreshold=INFO"]);
    }
}
