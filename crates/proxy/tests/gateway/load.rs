//! Clients that write, read and watch through an address for as long as the test lasts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etcd_client::{Client, ConnectOptions, Error, GetOptions, WatchOptions};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// Clients wait so long for the first answer, and then try another connection.
const FIRST: Duration = Duration::from_secs(2);
/// etcd answers within 6 s with this election timeout, be it that it knows no leader.
const SECOND: Duration = Duration::from_secs(10);
/// A call that is older than this has met with something.
const LASTING: Duration = Duration::from_millis(300);
const PREFIX: &str = "load/";

/// What the clients found out.
pub struct Ledger {
    began: Instant,
    /// Acknowledged puts: key and value.
    pub acknowledged: Mutex<BTreeMap<String, String>>,
    /// What a watch saw.
    pub watched: Mutex<BTreeMap<String, String>>,
    pub reads: AtomicU64,
    /// Attempts that failed and that another connection then made good.
    pub retried: AtomicU64,
    /// Retries on another connection that failed though etcd did not say so itself.
    pub broken: Mutex<Vec<String>>,
    /// When each user began what is under way.
    under_way: Mutex<BTreeMap<usize, Instant>>,
    /// Nothing more is written and read; the watcher goes on until it has seen everything.
    is_over: AtomicBool,
    is_written: AtomicBool,
}

impl Ledger {
    fn new() -> Ledger {
        Ledger {
            began: Instant::now(),
            acknowledged: Mutex::default(),
            watched: Mutex::default(),
            reads: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            broken: Mutex::default(),
            under_way: Mutex::default(),
            is_over: AtomicBool::new(false),
            is_written: AtomicBool::new(false),
        }
    }
}

/// Clients under way.
pub struct Load {
    pub ledger: Arc<Ledger>,
    tasks: Vec<JoinHandle<()>>,
    watcher: JoinHandle<()>,
}

impl Load {
    /// Starts writers, readers and one watcher, each with a connection of its own.
    pub fn start(address: &str, writers: usize, readers: usize) -> Load {
        let ledger = Arc::new(Ledger::new());
        let user =
            |number| User { number, address: address.to_owned(), ledger: Arc::clone(&ledger) };
        let writers = (0..writers).map(|nth| tokio::spawn(user(nth).write()));
        let mut tasks: Vec<JoinHandle<()>> = writers.collect();
        let first = tasks.len();
        tasks.extend((first..first + readers).map(|nth| tokio::spawn(user(nth).read())));
        let watcher = tokio::spawn(user(tasks.len()).watch());
        Load { ledger, tasks, watcher }
    }

    /// Waits until so many further puts were acknowledged, and no call is under way that has lasted: what
    /// comes next shall not befall one that still suffers from what was before.
    pub async fn until_further(&self, count: usize) {
        let puts = || self.ledger.acknowledged.lock().unwrap().len();
        let goal = puts() + count;
        let is_calm = || {
            let under_way = self.ledger.under_way.lock().unwrap();
            under_way.values().all(|began| began.elapsed() < LASTING)
        };
        let reached = || async { (puts() >= goal && is_calm()).then_some(()) };
        crate::until("further puts", Duration::from_secs(20), reached).await;
    }

    /// Ends the clients; all that was acknowledged must have been seen by the watcher by then.
    pub async fn end(self) -> Arc<Ledger> {
        self.ledger.is_over.store(true, Relaxed);
        for task in self.tasks {
            timeout(Duration::from_secs(20), task).await.unwrap().unwrap();
        }
        self.ledger.is_written.store(true, Relaxed);
        timeout(Duration::from_secs(20), self.watcher).await.unwrap().unwrap();
        self.ledger
    }
}

struct User {
    number: usize,
    address: String,
    ledger: Arc<Ledger>,
}

impl User {
    fn is_over(&self) -> bool {
        self.ledger.is_over.load(Relaxed)
    }

    /// A new connection. It is made with the first call.
    async fn connect(&self) -> Client {
        let options = ConnectOptions::new().with_connect_timeout(Duration::from_secs(1));
        Client::connect([&self.address], Some(options)).await.unwrap()
    }

    async fn write(self) {
        let nth = self.number;
        let mut client = self.connect().await;
        for count in 0.. {
            if self.is_over() {
                return;
            }
            let (key, value) = (format!("{PREFIX}{nth}/{count}"), format!("{nth}-{count}"));
            let put = |mut client: Client| {
                let (key, value) = (key.clone(), value.clone());
                async move { client.put(key, value, None).await.map(|_| ()) }
            };
            self.perform(&mut client, put).await;
            self.ledger.acknowledged.lock().unwrap().insert(key, value);
            sleep(Duration::from_millis(1)).await;
        }
    }

    async fn read(self) {
        let mut client = self.connect().await;
        while !self.is_over() {
            let get =
                |mut client: Client| async move { client.get(PREFIX, None).await.map(|_| ()) };
            self.perform(&mut client, get).await;
            self.ledger.reads.fetch_add(1, Relaxed);
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Tries once, and then on another connection. Only what etcd itself says of a lost leader allows
    /// for a third attempt.
    async fn perform<F>(&self, client: &mut Client, call: impl Fn(Client) -> F)
    where
        F: Future<Output = Result<(), Error>>,
    {
        self.ledger.under_way.lock().unwrap().insert(self.number, Instant::now());
        self.attempt_twice(client, call).await;
        self.ledger.under_way.lock().unwrap().remove(&self.number);
    }

    async fn attempt_twice<F>(&self, client: &mut Client, call: impl Fn(Client) -> F)
    where
        F: Future<Output = Result<(), Error>>,
    {
        if attempt(FIRST, call(client.clone())).await.is_ok() {
            return;
        }
        self.ledger.retried.fetch_add(1, Relaxed);
        let began = Instant::now();
        loop {
            *client = self.connect().await;
            let Err(words) = attempt(SECOND, call(client.clone())).await else { return };
            if !is_said_by_etcd(&words) {
                let after = began.elapsed();
                let at = self.ledger.began.elapsed();
                let words = format!("at {at:.1?}, a retry begun {after:.1?} before: {words}");
                self.ledger.broken.lock().unwrap().push(words);
            }
            if self.is_over() || began.elapsed() > Duration::from_secs(30) {
                return;
            }
        }
    }

    /// Watches from the first revision on; where it breaks, from the next one on another connection.
    async fn watch(self) {
        let mut next = 1;
        while !self.is_complete() {
            let mut client = self.connect().await;
            // A watch without an answer is given up, as a client of etcd does by its keep-alive.
            let _ = self.follow(&mut client, &mut next).await;
        }
    }

    async fn follow(&self, client: &mut Client, next: &mut i64) -> Option<()> {
        let options = WatchOptions::new().with_prefix().with_start_revision(*next);
        let begin = client.watch(PREFIX, Some(options));
        let mut stream = timeout(FIRST, begin).await.ok()?.ok()?;
        while !self.is_complete() {
            let answer = timeout(FIRST, stream.message()).await.ok()?.ok()??;
            for event in answer.events() {
                let pair = event.kv()?;
                *next = pair.mod_revision() + 1;
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let mut watched = self.ledger.watched.lock().unwrap();
                watched.insert(text(pair.key()), text(pair.value()));
            }
        }
        Some(())
    }

    fn is_complete(&self) -> bool {
        let watched = self.ledger.watched.lock().unwrap();
        let acknowledged = self.ledger.acknowledged.lock().unwrap();
        let is_written = self.ledger.is_written.load(Relaxed);
        is_written && acknowledged.keys().all(|key| watched.contains_key(key))
    }
}

async fn attempt(
    time: Duration,
    call: impl Future<Output = Result<(), Error>>,
) -> Result<(), String> {
    let outcome = timeout(time, call).await.map_err(|_| format!("no answer within {time:?}"))?;
    outcome.map_err(|error| error.to_string())
}

fn is_said_by_etcd(words: &str) -> bool {
    words.contains("etcdserver: ") || words.contains("raft proposal dropped")
}

/// All that the members hold, asked of one of them.
pub async fn held(client: &mut Client) -> BTreeMap<String, String> {
    let answer = client.get(PREFIX, Some(GetOptions::new().with_prefix())).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    answer.kvs().iter().map(|pair| (text(pair.key()), text(pair.value()))).collect()
}
