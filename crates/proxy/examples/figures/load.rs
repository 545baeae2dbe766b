//! A load: so many connections, each with one call after the other.

use std::io;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::Instant;

use crate::http2::{Call, Connection};

/// Calls that are not counted, at the beginning.
pub const WARM_UP: Duration = Duration::from_millis(300);

/// What is asked of etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Puts of 100 bytes, each connection to a key of its own.
    Put,
    /// Linearizable reads of 100 bytes.
    Read,
    /// Linearizable reads of 256 KiB.
    Large,
}

pub const LARGE: usize = 256 * 1024;

impl Work {
    pub fn name(self) -> &'static str {
        match self {
            Work::Put => "put 100 B",
            Work::Read => "read 100 B",
            Work::Large => "read 256 KiB",
        }
    }

    fn call(self, nth: usize) -> Call {
        match self {
            Work::Put => put(&format!("put/{nth:04}"), 100),
            Work::Read => Call::new("/etcdserverpb.KV/Range", &field(1, b"small")),
            Work::Large => Call::new("/etcdserverpb.KV/Range", &field(1, b"large")),
        }
    }
}

/// A put of that many bytes.
pub fn put(key: &str, size: usize) -> Call {
    let message = [field(1, key.as_bytes()), field(2, &vec![b'v'; size])].concat();
    Call::new("/etcdserverpb.KV/Put", &message)
}

/// A field of bytes, as protobuf has it.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length > 0x7f {
        field.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend(bytes);
    field
}

/// What a load found.
#[derive(Clone, Debug)]
pub struct Found {
    pub calls: usize,
    pub bytes: usize,
    pub seconds: f64,
    /// In microseconds, in order.
    latencies: Vec<u32>,
}

impl Found {
    pub fn per_second(&self) -> f64 {
        self.calls as f64 / self.seconds
    }

    pub fn megabytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.seconds / 1e6
    }

    /// The latency that this share of the calls did not exceed, in microseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        let index = (self.latencies.len() as f64 * share) as usize;
        f64::from(self.latencies[index.min(self.latencies.len() - 1)])
    }
}

/// Loads an address for a time after a warming up.
pub async fn load(
    address: &str,
    work: Work,
    connections: usize,
    time: Duration,
) -> io::Result<Found> {
    let mut open = Vec::new();
    for nth in 0..connections {
        let mut connection = Connection::open(address).await?;
        connection.call(&work.call(nth)).await?;
        open.push((nth, connection));
    }
    let begin = Instant::now() + WARM_UP;
    let users = open
        .into_iter()
        .map(|(nth, connection)| user(connection, work.call(nth), begin, begin + time));
    let tasks = users.map(tokio::spawn);
    let each: Vec<(Vec<u32>, usize)> =
        try_join_all(tasks).await?.into_iter().collect::<io::Result<_>>()?;
    let bytes = each.iter().map(|(_, bytes)| bytes).sum();
    let mut latencies: Vec<u32> = each.into_iter().flat_map(|(latencies, _)| latencies).collect();
    latencies.sort_unstable();
    if latencies.is_empty() {
        return Err(io::Error::other("no call ended in time"));
    }
    Ok(Found { calls: latencies.len(), bytes, seconds: time.as_secs_f64(), latencies })
}

/// One call after the other; those that end in time count.
async fn user(
    mut connection: Connection,
    call: Call,
    begin: Instant,
    end: Instant,
) -> io::Result<(Vec<u32>, usize)> {
    let (mut latencies, mut sum) = (Vec::new(), 0);
    let mut before = Instant::now();
    while before < end {
        let bytes = connection.call(&call).await?;
        let now = Instant::now();
        if before >= begin && now <= end {
            latencies.push(u32::try_from((now - before).as_micros()).unwrap_or(u32::MAX));
            sum += bytes;
        }
        before = now;
    }
    Ok((latencies, sum))
}
