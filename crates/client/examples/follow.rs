//! An application of etcd that goes on while members come and go: it counts, and watches its own count.
//!
//! ```text
//! $ cat follow.toml
//! key = "count"
//! [members]
//! url = "http://etcd.mesos:23400"
//! $ cargo run -p etcd-mesos-client --example follow -- follow.toml
//! ```

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Duration;

use etcd_client::WatchOptions;
use etcd_mesos_client::{Cluster, Options, WatchError};
use etcd_mesos_core::plugin::{Context, DiscoveryPlugin, Plugin};
use etcd_mesos_discovery_scheduler::{SchedulerPlugin, SchedulerSection};
use serde::Deserialize;
use tokio::time::sleep;

/// The application's own configuration. Where members are found is a part of it, in our scheduler's words.
#[derive(Deserialize)]
struct Configuration {
    key: String,
    members: SchedulerSection,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Configuration { key, members } = configuration()?;
    let discovery = SchedulerPlugin::make(members, &Context::new("etcd".parse()?));
    let cluster = Cluster::follow(discovery, Options::default());
    tokio::try_join!(count(&cluster, &key), watch(&cluster, &key))?;
    Ok(())
}

fn configuration() -> Result<Configuration, Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("the configuration's file must be named")?;
    let configuration: Configuration = toml::from_str(&std::fs::read_to_string(file)?)?;
    match SchedulerPlugin::check(&configuration.members).first() {
        Some(problem) => Err(format!("members.{}: {}", problem.key, problem.text).into()),
        None => Ok(configuration),
    }
}

/// Puts the next number every second. To put it twice does no harm, so it is repeated whatever happened.
async fn count(cluster: &Cluster, key: &str) -> Result<(), Box<dyn Error>> {
    for number in 1_u64.. {
        let put = cluster
            .idempotent(|mut etcd| async move { etcd.put(key, number.to_string(), None).await });
        // The cluster may be away for longer than a call takes; this application has the time to wait.
        if let Err(error) = put.await {
            println!("{number} is not known to be put: {error}");
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// Shows each change, whichever member tells of it.
async fn watch(cluster: &Cluster, key: &str) -> Result<(), Box<dyn Error>> {
    let mut watch = cluster.watch(key, WatchOptions::new(), None);
    loop {
        match watch.next().await {
            Ok(response) => {
                for kv in response.events().iter().filter_map(|event| event.kv()) {
                    println!("revision {}: {}", kv.mod_revision(), kv.value_str()?);
                }
            }
            Err(error @ WatchError::NobodyServes { .. }) => println!("still waiting: {error}"),
            Err(error) => return Err(error.into()),
        }
    }
}
