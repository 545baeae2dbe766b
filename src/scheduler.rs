//! `etcd-mesos-scheduler`: its commands, and its life.

use std::process::ExitCode;
use std::sync::Arc;

use etcd_mesos_core::plugin::Context;
use etcd_mesos_core::scheduler::Policies;
use etcd_mesos_core::store::StateStore;
use etcd_mesos_runtime::guard::{Guarded, Limits};
use etcd_mesos_runtime::settings::Settings;
use etcd_mesos_runtime::{Ended, StartError};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Arguments;
use crate::commands::{self, Deeds};
use crate::config::{Configuration, configure};
use crate::exit::{BUG, CONFIG, Failure, UNAVAILABLE};
use crate::plugins::Plugins;
use crate::program::SCHEDULER;
use crate::{local, plan};

/// `etcd-mesos-scheduler` with these plugins, from its arguments to its exit code.
pub fn scheduler_main(plugins: Plugins) -> ExitCode {
    let listing = plugins.listing();
    commands::run(&SCHEDULER, &plugins, &listing, &Deeds { check, show, start })
}

fn configuration(plugins: &Plugins, arguments: &Arguments) -> Result<Configuration, Failure> {
    let environment = commands::environment();
    let layers = commands::layers(&SCHEDULER, arguments, &environment);
    configure(plugins, layers, &environment).map_err(|problems| Failure::new(CONFIG, problems))
}

fn settings(configuration: &Configuration) -> Result<Settings, Failure> {
    plan::settings(configuration).map_err(|problems| Failure::new(CONFIG, problems))
}

fn check(plugins: &Plugins, arguments: &Arguments) -> Result<(), Failure> {
    let configuration = configuration(plugins, arguments)?;
    settings(&configuration).map(drop)
}

fn show(plugins: &Plugins, arguments: &Arguments, with_origin: bool) -> Result<String, Failure> {
    Ok(configuration(plugins, arguments)?.show(with_origin))
}

fn start(plugins: &Plugins, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let configuration = configuration(plugins, arguments)?;
    commands::log(&SCHEDULER, &configuration.tree.log)?;
    let settings = settings(&configuration)?;
    let bug = || Failure::new(BUG, "a fault of this program; etcd runs on");
    commands::on_one_thread(run(configuration, settings), bug)
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
