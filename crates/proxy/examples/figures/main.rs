//! `cargo run --release -p etcd-mesos-proxy --example figures [-- ROUNDS [SECONDS]]`: the gateway beside
//! no gateway and beside `etcd gateway`, in one run, in rounds that take turns.
//!
//! All three ways lead to the leader of one cluster of three, whose data is in memory (`/dev/shm`), so that
//! nothing but the way differs and no disk hides it. The load is of the cheapest kind: one thread, frames
//! of HTTP/2 that were encoded before. Figures are medians of the rounds, shares are medians of what each
//! round had for itself.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod http2;
mod load;
mod ways;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_client::Following;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Found, Members};
use etcd_mesos_proxy::gateway::{self, Settings};

use http2::Connection;
use load::{LARGE, Work, load};
use ways::{Cluster, Way};

fn main() {
    gateway::raise_limit().unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match arguments.first().map(String::as_str) {
        Some("gateway") => runtime.block_on(be_gateway(&arguments[1], &arguments[2])),
        rounds => {
            let rounds = rounds.map_or(5, |text| text.parse().unwrap());
            let seconds = arguments.get(1).map_or(1.0, |text| text.parse().unwrap());
            runtime.block_on(figures(rounds, Duration::from_secs_f64(seconds)));
        }
    }
}

/// A discovery of one member.
struct One(String);

#[async_trait]
impl Discovery for One {
    fn place(&self) -> String {
        "the command line".to_owned()
    }

    fn cost(&self) -> Cost {
        Cost::new(Duration::from_secs(1), "none")
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        Ok(Members::of(vec![Found::at(&self.0)]).unwrap())
    }
}

async fn be_gateway(address: &str, member: &str) {
    let settings = Settings::on(vec![address.parse().unwrap()]);
    let following = Arc::new(Following::start(Arc::new(One(member.to_owned()))));
    let _gateway = gateway::start(settings, following).await.unwrap();
    std::future::pending::<()>().await;
}

async fn figures(rounds: usize, time: Duration) {
    let home = tempfile::tempdir_in("/dev/shm").unwrap();
    let cluster = Cluster::start(home.path()).await;
    let leader = cluster.leader().await;
    let mut writer = Connection::open(&leader).await.unwrap();
    writer.call(&load::put("small", 100)).await.unwrap();
    writer.call(&load::put("large", LARGE)).await.unwrap();
    let ways = [
        Way::direct(&leader),
        Way::ours(&leader, home.path()).await,
        Way::of_etcd(&leader, home.path()).await,
    ];
    println!(
        "start to serving: ours {:.0} ms, etcd gateway {:.0} ms",
        ways[1].start_ms, ways[2].start_ms
    );
    println!(
        "resident: ours {:.1} MiB, etcd gateway {:.1} MiB",
        ways[1].memory_mib("VmRSS"),
        ways[2].memory_mib("VmRSS")
    );
    println!();
    println!(
        "| load | way | calls/s | MB/s | p50 µs | p99 µs | calls/s of direct | p99 of direct | CPU s per 100k |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (work, connections) in loads() {
        compare(&ways, work, connections, rounds, time).await;
    }
    let peak = |way: &Way| way.memory_mib("VmHWM");
    println!(
        "\npeak resident: ours {:.1} MiB, etcd gateway {:.1} MiB",
        peak(&ways[1]),
        peak(&ways[2])
    );
    drop(ways);
    idle(&leader, home.path()).await;
}

fn loads() -> Vec<(Work, usize)> {
    let of = |work, counts: &[usize]| counts.iter().map(|count| (work, *count)).collect::<Vec<_>>();
    [
        of(Work::Put, &[1, 10, 200, 1000]),
        of(Work::Read, &[1, 10, 200, 1000]),
        of(Work::Large, &[1, 10, 50]),
    ]
    .concat()
}

/// One round on one way.
struct Round {
    found: load::Found,
    cpu_seconds: f64,
}

async fn compare(ways: &[Way], work: Work, connections: usize, rounds: usize, time: Duration) {
    let mut each: Vec<Vec<Round>> = ways.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        for turn in 0..ways.len() {
            let nth = (round + turn) % ways.len();
            let cpu = ways[nth].cpu_seconds();
            let found = load(&ways[nth].address, work, connections, time).await.unwrap();
            // The warming up is in the processor's time and not in the calls.
            let share = found.seconds / (found.seconds + load::WARM_UP.as_secs_f64());
            let cpu_seconds = (ways[nth].cpu_seconds() - cpu) * share;
            each[nth].push(Round { found, cpu_seconds });
        }
    }
    for (way, own) in ways.iter().zip(&each) {
        let of = |what: &dyn Fn(&Round) -> f64| median(own.iter().map(what).collect());
        let share = |what: &dyn Fn(&Round) -> f64| {
            median(own.iter().zip(&each[0]).map(|(own, direct)| what(own) / what(direct)).collect())
        };
        println!(
            "| {}, {connections} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} % | {:.0} % | {:.2} |",
            work.name(),
            way.name,
            of(&|round| round.found.per_second()),
            of(&|round| round.found.megabytes_per_second()),
            of(&|round| round.found.percentile(0.5)),
            of(&|round| round.found.percentile(0.99)),
            100.0 * share(&|round| round.found.per_second()),
            100.0 * share(&|round| round.found.percentile(0.99)),
            of(&|round| round.cpu_seconds / round.found.calls as f64 * 1e5),
        );
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// The memory of idle connections, in gateways that have done nothing else.
async fn idle(leader: &str, home: &std::path::Path) {
    for count in [0, 1_000, 5_000] {
        let ways = [Way::ours(leader, home).await, Way::of_etcd(leader, home).await];
        for way in &ways {
            let mut open = Vec::new();
            for _ in 0..count {
                let mut connection = Connection::open(&way.address).await.unwrap();
                connection.call(&load::put("idle", 10)).await.unwrap();
                open.push(connection);
            }
            println!(
                "{count} idle connections: {} {:.1} MiB, peak {:.1} MiB",
                way.name,
                way.memory_mib("VmRSS"),
                way.memory_mib("VmHWM")
            );
        }
    }
}
