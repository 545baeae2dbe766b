//! `etcd-mesos-scheduler`: its commands, and its life.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use etcd_mesos_core::plugin::Context;
use etcd_mesos_core::scheduler::Policies;
use etcd_mesos_core::store::StateStore;
use etcd_mesos_runtime::guard::{Guarded, Limits};
use etcd_mesos_runtime::settings::Settings;
use etcd_mesos_runtime::{Ended, StartError};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{self, Arguments, Task};
use crate::config::layers::{Environment, Layers, STANDARD_FILE};
use crate::config::{Configuration, configure, docs};
use crate::exit::{BUG, CONFIG, Failure, UNAVAILABLE, USAGE};
use crate::plugins::Plugins;
use crate::{local, logging, plan};

/// `etcd-mesos-scheduler` with these plugins, from its arguments to its exit code.
pub fn scheduler_main(plugins: Plugins) -> ExitCode {
    let arguments = match cli::parse(&plugins, std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let outcome = match arguments.task {
        Task::Plugins => Ok(print(&plugins.listing())),
        Task::Example => Ok(print(&docs::example(&plugins))),
        Task::Check => check(&plugins, &arguments),
        Task::Show { with_origin } => show(&plugins, &arguments, with_origin),
        Task::Run => start(&plugins, &arguments),
    };
    outcome.unwrap_or_else(|failure| failure.report())
}

fn print(text: &str) -> ExitCode {
    // Who closed the pipe has read enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn configuration(plugins: &Plugins, arguments: &Arguments) -> Result<Configuration, Failure> {
    let environment: Environment = std::env::vars_os().collect();
    let Arguments { files, flags, sets, .. } = arguments;
    let layers = Layers::read(Path::new(STANDARD_FILE), files, &environment, flags, sets);
    configure(plugins, layers, &environment).map_err(|problems| Failure::new(CONFIG, problems))
}

fn settings(configuration: &Configuration) -> Result<Settings, Failure> {
    plan::settings(configuration).map_err(|problems| Failure::new(CONFIG, problems))
}

fn check(plugins: &Plugins, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let configuration = configuration(plugins, arguments)?;
    settings(&configuration)?;
    Ok(print("the configuration can work; `config show --origin` says what holds\n"))
}

fn show(plugins: &Plugins, arguments: &Arguments, with_origin: bool) -> Result<ExitCode, Failure> {
    Ok(print(&configuration(plugins, arguments)?.show(with_origin)))
}

fn start(plugins: &Plugins, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let configuration = configuration(plugins, arguments)?;
    let log = &configuration.tree.log;
    logging::start("etcd-mesos-scheduler", log.dir.as_deref(), log.verbosity)
        .map_err(|error| Failure::new(CONFIG, error))?;
    let settings = settings(&configuration)?;
    live(configuration, settings)
}

fn live(configuration: Configuration, settings: Settings) -> Result<ExitCode, Failure> {
    // One thread: the scheduler waits nearly always, and threads cost memory.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        .build()
        .map_err(|error| Failure::new(UNAVAILABLE, error))?;
    // A broken invariant must end the program at once, with the exit code that says what it is.
    let running = AssertUnwindSafe(|| runtime.block_on(run(configuration, settings)));
    let outcome = catch_unwind(running)
        .unwrap_or_else(|_| Err(Failure::new(BUG, "a fault of this program; etcd runs on")));
    // A task that hangs (a file being served) must not hold the process back.
    runtime.shutdown_background();
    outcome
}

async fn run(configuration: Configuration, settings: Settings) -> Result<ExitCode, Failure> {
    // It is there before anything is opened in its directory, and ends after everything else.
    let local = local::start(&configuration)?;
    let context = Context::new(settings.core.cluster.clone());
    let Configuration { persist, health, placement, .. } = configuration;
    tracing::info!(
        persist = persist.name,
        health = health.name,
        placement = placement.name,
        "plugins"
    );
    let store = (persist.make)(&context).map_err(|error| Failure::new(UNAVAILABLE, error))?;
    let store: Arc<Guarded<dyn StateStore>> = Arc::new(Guarded::new(store, Limits::default()));
    let policies =
        Policies { health: (health.make)(&context), placement: (placement.make)(&context) };
    tokio::select! {
        ended = lead(settings, store, policies, &local) => ended,
        name = asked_to_end() => {
            tracing::info!(signal = name, "asked to end; {}", local.at_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn lead(
    settings: Settings,
    store: Arc<Guarded<dyn StateStore>>,
    policies: Policies,
    local: &local::Running,
) -> Result<ExitCode, Failure> {
    let ready = etcd_mesos_runtime::start(settings, store, policies).await;
    let ready = ready.map_err(|error| Failure::new(code_of(&error), error))?;
    local.announce(ready.admin);
    Ok(report_end(&ready.run().await))
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
