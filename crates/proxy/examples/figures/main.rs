//! `cargo run --release -p etcd-mesos-proxy --example figures [-- ROUNDS [SECONDS [LOAD [DIRECTORY]]]]`: the
//! gateway beside no gateway and beside `etcd gateway`, in one run, in rounds that take turns.
//!
//! All three ways lead to the leader of one cluster of three, so that nothing but the way differs. Its data is
//! in DIRECTORY, else where temporary files are: in `/dev/shm` no disk hides what a way costs. The load is of
//! the cheapest kind: one thread, frames of HTTP/2 that were encoded before; LOAD is a part of the name of
//! those that are wanted. A round in which other programs use more than a tenth of a processor is made
//! again, some times. The bare relay is what a hop costs at least: two threads a connection that read and
//! write and know nothing. Figures are medians of the rounds, shares are medians of what each round had for itself.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod http2;
mod load;
mod machine;
mod relay;
mod ways;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use etcd_client::Client;
use etcd_mesos_client::Following;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Found, Members};
use etcd_mesos_proxy::gateway::{self, Settings};

use etcd_mesos_testkit::process::Proc;
use http2::Connection;
use load::{LARGE, Work, load};
use ways::{Cluster, Way};

fn main() {
    gateway::raise_limit().unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match arguments.first().map(String::as_str) {
        Some("relay") => relay::be(&arguments[1], &arguments[2]),
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
    let place = std::env::args().nth(4).map_or_else(std::env::temp_dir, PathBuf::from);
    let home = tempfile::tempdir_in(place).unwrap();
    let cluster = Cluster::start(home.path()).await;
    let leader = cluster.leader().await;
    let mut writer = Client::connect([format!("http://{leader}")], None).await.unwrap();
    for (key, size) in [("small", 100), ("large", LARGE)] {
        writer.put(key, vec![b'v'; size], None).await.unwrap();
    }
    let ways = [
        Way::direct(&leader),
        Way::ours(&leader, home.path()).await,
        Way::of_etcd(&leader, home.path()).await,
        Way::bare(&leader, home.path()).await,
    ];
    println!(
        "start to serving: ours {:.0} ms, etcd gateway {:.0} ms",
        ways[1].start_ms, ways[2].start_ms
    );
    let mut pids: Vec<u32> =
        ways.iter().filter_map(|way| way.program.as_ref()).map(Proc::pid).collect();
    pids.extend(cluster.pids());
    pids.push(std::process::id());
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
    let only = std::env::args().nth(3).unwrap_or_default();
    let is_wanted = |(work, connections): &(Work, usize)| {
        format!("{}, {connections} ", work.name()).contains(&only)
    };
    for (work, connections) in loads().into_iter().filter(is_wanted) {
        compare(&ways, &pids, work, connections, rounds, time).await;
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

/// What other programs may use of a processor in a round, as a share.
const CALM: f64 = 0.10;
/// How often a round is tried.
const CALM_TRIES: usize = 4;

/// One round on one way.
struct Round {
    found: load::Found,
    cpu_seconds: f64,
}

/// A round in which other programs left the machine alone, or else the one in which they did so most.
async fn calm_round(
    way: &Way,
    pids: &[u32],
    work: Work,
    connections: usize,
    time: Duration,
) -> Round {
    let mut best: Option<(f64, Round)> = None;
    for _ in 0..CALM_TRIES {
        let (cpu, before) = (way.cpu_seconds(), machine::others(pids));
        let found = load(&way.address, work, connections, time).await.unwrap();
        let others = (machine::others(pids) - before) / (time + load::WARM_UP).as_secs_f64();
        // The warming up is in the processor's time and not in the calls.
        let share = time.as_secs_f64() / (time + load::WARM_UP).as_secs_f64();
        let cpu_seconds = (way.cpu_seconds() - cpu) * share;
        if best.as_ref().is_none_or(|(least, _)| others < *least) {
            best = Some((others, Round { found, cpu_seconds }));
        }
        if others < CALM {
            break;
        }
    }
    let (others, round) = best.unwrap();
    if others >= CALM {
        eprintln!("others used {others:.2} processors in a round of {} {connections}", work.name());
    }
    round
}

async fn compare(
    ways: &[Way],
    pids: &[u32],
    work: Work,
    connections: usize,
    rounds: usize,
    time: Duration,
) {
    let mut each: Vec<Vec<Round>> = ways.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        for turn in 0..ways.len() {
            let nth = (round + turn) % ways.len();
            each[nth].push(calm_round(&ways[nth], pids, work, connections, time).await);
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
            while open.len() < count
                && let Ok(connection) = Connection::open(&way.address).await
            {
                open.push(connection);
            }
            for connection in &mut open {
                let _ = connection.call(&load::put("idle", 10)).await;
            }
            let count = open.len();
            println!(
                "{count} idle connections: {} {:.1} MiB, peak {:.1} MiB",
                way.name,
                way.memory_mib("VmRSS"),
                way.memory_mib("VmHWM")
            );
        }
    }
}
