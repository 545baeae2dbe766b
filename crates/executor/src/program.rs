//! The program: arguments, logging, signals, and what all of it is wired to.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use etcd_mesos_core::cause::chain;
use mesos_v1::executor::{ExecutorClient, ExecutorEnvironment};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::arguments::Wanted;
use crate::driver::{Driver, Ends};
use crate::link::{Link, SharedLedger, shutdown_grace};
use crate::supervisor::{Event, Outcome, Supervisor};

pub(crate) const HELP: &str = "\
etcd-mesos-executor: supervises one etcd process for as long as its Mesos task lives.

It is not started by hand. The etcd-mesos scheduler serves this program to Mesos agents, and an agent
starts it in a sandbox, beside the etcd binary, with these variables:

  MESOS_AGENT_ENDPOINT                    where the agent listens
  MESOS_FRAMEWORK_ID, MESOS_EXECUTOR_ID   whose executor this is, and which
  MESOS_SANDBOX                           the sandbox
  MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD    how long a shutdown may take
  MESOS_CHECKPOINT                        1 if it is to outlive a restart of the agent

In the sandbox it keeps etcd's data (etcd_data) and the last 32 MiB of etcd's output (etcd.log,
etcd.log.1 to .3). Its own log goes to stderr, one line per change. What it is to run comes with the
task; there is nothing to configure here.

Usage: etcd-mesos-executor [--help | --version]

The Go predecessor's flags and glog's, such as -launch-timeout=240 and -logtostderr, are accepted, and
without effect.

Exit codes: 0 done, 64 wrong usage, 69 no agent answered, 70 a bug, 78 not started by an agent.
";

const EX_USAGE: u8 = 64;
const EX_UNAVAILABLE: u8 = 69;
const EX_SOFTWARE: u8 = 70;
const EX_CONFIG: u8 = 78;

/// Runs the program with these arguments, the program's own name not among them.
///
/// It must be called on the main thread, and it stays there: etcd dies with the thread that
/// started it.
pub fn executor_main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match Wanted::of(&arguments) {
        Wanted::Run { ignored } => run(&ignored),
        Wanted::Help => print(HELP),
        Wanted::Version => print(concat!("etcd-mesos-executor ", env!("CARGO_PKG_VERSION"), "\n")),
        Wanted::Unknown(argument) => {
            let argument = argument.display();
            complain(&format!("unknown argument: {argument}; --help says what there is"));
            ExitCode::from(EX_USAGE)
        }
    }
}

fn run(ignored: &[OsString]) -> ExitCode {
    let environment = match ExecutorEnvironment::from_env() {
        Ok(environment) => environment,
        Err(error) => {
            complain(&format!(
                "{error}\nThis program is started by a Mesos agent; --help says more."
            ));
            return ExitCode::from(EX_CONFIG);
        }
    };
    log_to_stderr();
    if !ignored.is_empty() {
        tracing::info!(flags = ?ignored, "accepted, and without effect: the predecessor's flags");
    }
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("no event loop can be made: {error}"));
            return ExitCode::from(EX_SOFTWARE);
        }
    };
    let outcome = runtime.block_on(supervise(environment));
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::NoAgent) => {
            complain("no agent answered, and there was no task to look after");
            ExitCode::from(EX_UNAVAILABLE)
        }
        Err(error) => {
            complain(&format!("signals cannot be received: {}", chain(&error)));
            ExitCode::from(EX_SOFTWARE)
        }
    }
}

async fn supervise(environment: ExecutorEnvironment) -> std::io::Result<Outcome> {
    let (events_in, events) = unbounded_channel();
    let (calls_in, calls) = unbounded_channel();
    let ledger = SharedLedger::default();
    listen_to_signals(&environment, events_in.clone())?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        agent = %environment.agent,
        executor_id = %environment.executor_id,
        checkpoint = environment.checkpoint,
        "executor started"
    );
    let (sandbox, checkpoint) = (environment.sandbox.clone(), environment.checkpoint);
    let link = Link {
        client: ExecutorClient::new(environment),
        ledger: Arc::clone(&ledger),
        events: events_in.clone(),
        calls,
    };
    tokio::spawn(link.run());
    let ends = Ends { events, events_in, calls: calls_in, ledger };
    let driver: Driver<Supervisor> = Driver::new(ends, sandbox, checkpoint);
    Ok(driver.run().await)
}

/// SIGTERM and SIGINT mean the same as the agent's SHUTDOWN.
fn listen_to_signals(
    environment: &ExecutorEnvironment,
    events: UnboundedSender<Event>,
) -> std::io::Result<()> {
    let grace = shutdown_grace(environment.shutdown_grace_period);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            let _ = events.send(Event::Shutdown { grace });
        }
    });
    Ok(())
}

fn log_to_stderr() {
    // Whoever has set a logger before is content with it.
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .try_init();
}

fn print(text: &str) -> ExitCode {
    // A reader that has gone away (`--help | head`) is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "etcd-mesos-executor: {text}");
}
