//! `etcd-mesos-proxy`: its commands, and its life.

use std::process::ExitCode;
use std::sync::Arc;

use etcd_mesos_client::InOrder;
use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_core::plugin::Context;
use etcd_mesos_proxy::{End, Mode, ProxyError, Settings, StatusAddress, Task};

use crate::cli::Arguments;
use crate::commands::{self, Deeds};
use crate::config::proxy::{DEFAULT_DISCOVERY, ProxyConfiguration, configure};
use crate::config::tree::{ProxyMode, ProxySection};
use crate::exit::{BUG, CONFIG, Failure, TEMPORARY, UNAVAILABLE};
use crate::plugins::Plugins;
use crate::program::{ONCE, PRINT, PROXY};

/// `etcd-mesos-proxy` with these plugins, from its arguments to its exit code.
///
/// It must be called on the main thread, first of all, and it stays there: an etcd that it runs is started by
/// way of this program, and dies with the thread that started it.
pub fn proxy_main(plugins: Plugins) -> ExitCode {
    if let Some(code) = etcd_mesos_proxy::become_child(std::env::args_os()) {
        return code;
    }
    let listing = plugins.discoveries(DEFAULT_DISCOVERY);
    commands::run(&PROXY, &plugins, &listing, &Deeds { check, show, start })
}

fn configuration(plugins: &Plugins, arguments: &Arguments) -> Result<ProxyConfiguration, Failure> {
    let layers = commands::layers(&PROXY, arguments, &commands::environment());
    configure(plugins, layers).map_err(|problems| Failure::new(CONFIG, problems))
}

fn check(plugins: &Plugins, arguments: &Arguments) -> Result<(), Failure> {
    configuration(plugins, arguments).map(drop)
}

fn show(plugins: &Plugins, arguments: &Arguments, with_origin: bool) -> Result<String, Failure> {
    Ok(configuration(plugins, arguments)?.show(with_origin))
}

fn start(plugins: &Plugins, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let configuration = configuration(plugins, arguments)?;
    commands::log(&PROXY, &configuration.tree.log)?;
    if let Some(words) = configuration.unheard() {
        tracing::warn!("{words}");
    }
    let settings = settings(&configuration, task(arguments));
    let discovery = discovery(configuration)?;
    let life = async move {
        match etcd_mesos_proxy::run(settings, discovery).await {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => Err(Failure::new(code_of(&error), error)),
        }
    };
    commands::on_one_thread(life, || Failure::new(BUG, "a fault of this program"))
}

fn task(arguments: &Arguments) -> Task {
    let is_once = arguments.has(ONCE);
    match (arguments.has(PRINT), is_once) {
        (true, _) => Task::Print { is_once },
        (false, true) => Task::Try,
        (false, false) => Task::Serve,
    }
}

fn settings(configuration: &ProxyConfiguration, task: Task) -> Settings {
    let section: &ProxySection = &configuration.tree.proxy;
    let is_given = configuration.layers.is_given("proxy.status");
    Settings {
        mode: match section.mode {
            ProxyMode::Gateway => Mode::Gateway,
            ProxyMode::EtcdGateway => Mode::EtcdGateway,
            ProxyMode::GrpcProxy => Mode::GrpcProxy,
            ProxyMode::V2Proxy => Mode::V2Proxy,
        },
        listen: section.listen.0.clone(),
        etcd: section.etcd.clone(),
        data_dir: section.data_dir.clone(),
        status: section.status.0.map(|address| StatusAddress { address, is_given }),
        wait: section.wait.0,
        drain: section.drain.0,
        task,
    }
}

/// The discovery, which may be several in order; all are made with one context.
fn discovery(configuration: ProxyConfiguration) -> Result<Arc<dyn Discovery>, Failure> {
    let cluster = configuration.tree.framework.name.parse();
    let context = Context::new(cluster.map_err(|error| Failure::new(CONFIG, error))?);
    let made = configuration.discovery.into_iter();
    let mut made: Vec<(String, Arc<dyn Discovery>)> =
        made.map(|plugin| (plugin.name.to_owned(), (plugin.make)(&context))).collect();
    if made.len() == 1 {
        return Ok(made.remove(0).1);
    }
    let several = InOrder::new(made);
    let several = several.ok_or_else(|| Failure::new(CONFIG, "discovery.plugin names nothing"))?;
    Ok(Arc::new(several))
}

fn code_of(error: &ProxyError) -> u8 {
    match error.kind() {
        End::Configuration => CONFIG,
        End::Unavailable => UNAVAILABLE,
        End::Temporary => TEMPORARY,
    }
}
