//! Puts, reads and a watch that go on whatever happens, and what came of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use etcd_client::{GetOptions, WatchOptions};
use etcd_mesos_client::{CallError, Cluster};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::rig::PATIENCE;

const PREFIX: &str = "load/";

#[derive(Default)]
struct Count {
    calls: AtomicU64,
    attempts: AtomicU64,
    longest_ms: AtomicU64,
}

#[derive(Default)]
struct Seen {
    /// Those that were acknowledged.
    puts: Mutex<Vec<String>>,
    idempotent: Count,
    strict: Count,
    reads: Count,
    /// Strict puts of which nobody knows.
    unknown: AtomicU64,
    is_over: AtomicBool,
}

/// The load; it runs beside the test.
pub struct Load {
    cluster: Cluster,
    seen: Arc<Seen>,
    tasks: Vec<JoinHandle<()>>,
    watch: JoinHandle<Vec<i64>>,
    first: i64,
}

impl Load {
    pub async fn start(cluster: &Cluster) -> Load {
        let seen = Arc::new(Seen::default());
        let first =
            cluster.idempotent(|mut etcd| async move { etcd.put("load/0", "", None).await });
        let first = first.await.unwrap().header().unwrap().revision();
        let watch = tokio::spawn(watches(cluster.clone(), first));
        let mut tasks = Vec::new();
        for worker in 0..4 {
            tasks.push(tokio::spawn(puts(cluster.clone(), seen.clone(), worker)));
        }
        tasks.push(tokio::spawn(strict_puts(cluster.clone(), seen.clone())));
        tasks.push(tokio::spawn(reads(cluster.clone(), seen.clone())));
        Load { cluster: cluster.clone(), seen, tasks, watch, first }
    }

    /// Waits until so many more puts are acknowledged.
    pub async fn goes_on(&self) {
        let before = self.puts();
        crate::rig::wait("the load goes on", async || self.puts() >= before + 50).await;
    }

    fn puts(&self) -> usize {
        self.seen.puts.lock().unwrap().len()
    }

    /// Ends it, and holds what was promised against what is there.
    pub async fn ends(self) {
        self.seen.is_over.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.expect("no call failed that might have been repeated");
        }
        let all = GetOptions::new().with_prefix();
        let there = self.cluster.read(|mut etcd| {
            let all = all.clone();
            async move { etcd.get(PREFIX, Some(all)).await }
        });
        let there = there.await.unwrap();
        let keys: BTreeMap<&str, &str> =
            there.kvs().iter().map(|kv| (kv.key_str().unwrap(), kv.value_str().unwrap())).collect();
        for key in self.seen.puts.lock().unwrap().iter() {
            assert_eq!(keys.get(key.as_str()), Some(&key.as_str()), "an acknowledged put");
        }
        let end =
            self.cluster.write(|mut etcd| async move { etcd.put("load/end", "", None).await });
        let last = end.await.unwrap().header().unwrap().revision();
        let watched =
            timeout(PATIENCE, self.watch).await.expect("the watch comes to the end").unwrap();
        let expected: Vec<i64> = (self.first..=last).collect();
        assert_eq!(watched, expected, "every revision once, in order");
        self.seen.tell(watched.len());
    }
}

impl Seen {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    fn tell(&self, watched: usize) {
        for (what, count) in [
            ("idempotent puts", &self.idempotent),
            ("strict puts", &self.strict),
            ("reads", &self.reads),
        ] {
            let [calls, attempts, longest] = [&count.calls, &count.attempts, &count.longest_ms]
                .map(|number| number.load(Ordering::SeqCst));
            let more = attempts - calls;
            eprintln!("{calls} {what}, {more} further attempts, the longest call {longest} ms");
        }
        let unknown = self.unknown.load(Ordering::SeqCst);
        eprintln!("{unknown} strict puts of which nobody knows; {watched} revisions watched");
    }
}

impl Count {
    async fn during<T>(&self, call: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let outcome = call.await;
        let took = u64::try_from(began.elapsed().as_millis()).unwrap();
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.longest_ms.fetch_max(took, Ordering::SeqCst);
        outcome
    }
}

/// Each key is put once, and its value is itself.
async fn puts(cluster: Cluster, seen: Arc<Seen>, worker: usize) {
    for number in 1.. {
        if seen.is_over() {
            return;
        }
        let key = format!("{PREFIX}{worker}/{number}");
        let put = cluster.idempotent(|mut etcd| {
            seen.idempotent.attempts.fetch_add(1, Ordering::SeqCst);
            let key = key.clone();
            async move { etcd.put(key.clone(), key, None).await }
        });
        seen.idempotent.during(put).await.unwrap();
        seen.puts.lock().unwrap().push(key);
    }
}

async fn strict_puts(cluster: Cluster, seen: Arc<Seen>) {
    for number in 1.. {
        if seen.is_over() {
            return;
        }
        let key = format!("{PREFIX}strict/{number}");
        let put = cluster.write(|mut etcd| {
            seen.strict.attempts.fetch_add(1, Ordering::SeqCst);
            let key = key.clone();
            async move { etcd.put(key.clone(), key, None).await }
        });
        match seen.strict.during(put).await {
            Ok(_) => seen.puts.lock().unwrap().push(key),
            Err(error) => {
                assert!(error.is_maybe_applied(), "it might have been repeated: {}", told(&error));
                seen.unknown.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

async fn reads(cluster: Cluster, seen: Arc<Seen>) {
    while !seen.is_over() {
        let newest = seen.puts.lock().unwrap().last().cloned();
        let Some(key) = newest else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let read = cluster.read(|mut etcd| {
            seen.reads.attempts.fetch_add(1, Ordering::SeqCst);
            let key = key.clone();
            async move { etcd.get(key, None).await }
        });
        let answer = seen.reads.during(read).await.unwrap();
        assert_eq!(answer.kvs().len(), 1, "what was acknowledged is read: {key}");
    }
}

pub fn told(error: &CallError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

/// The revisions of all events, until the last put.
async fn watches(cluster: Cluster, from: i64) -> Vec<i64> {
    let mut watch = cluster.watch(PREFIX, WatchOptions::new().with_prefix(), Some(from));
    let mut revisions = Vec::new();
    loop {
        let response = watch.next().await.unwrap();
        for kv in response.events().iter().filter_map(|event| event.kv()) {
            revisions.push(kv.mod_revision());
            if kv.key() == b"load/end" {
                return revisions;
            }
        }
    }
}
