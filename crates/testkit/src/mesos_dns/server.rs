//! The server: one thread for datagrams, one for connections, one that asks the master.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hickory_proto::op::Message;

use super::zone::{Way, Zone};
use crate::error::Doing;
use crate::{HarnessError, http};

/// How soon the threads notice that the server ends.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long a client may keep a connection without asking.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// What mesos-dns gives its records, in seconds.
const TTL: u32 = 60;

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct MesosDns {
    address: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    zone: Mutex<Arc<Zone>>,
    asked: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl MesosDns {
    /// Serves these records at `ip:port`, over UDP and TCP; a port of 0 is any that is free both ways.
    pub fn serve(address: &str, zone: Zone) -> Result<Self, HarnessError> {
        let wanted = address
            .parse()
            .map_err(|_| HarnessError::Usage(format!("`{address}` is no ip:port")))?;
        let (udp, tcp) = sockets(wanted)
            .doing(|| format!("serve DNS at {address}; a port below 1024 is root's, as CI is"))?;
        let address = udp.local_addr().doing(|| format!("serve DNS at {address}"))?;
        let shared = Arc::new(Shared::default());
        *shared.zone() = Arc::new(zone);
        let (of_udp, of_tcp) = (shared.clone(), shared.clone());
        let threads = vec![
            thread::spawn(move || serve_udp(&udp, &of_udp)),
            thread::spawn(move || serve_tcp(&tcp, &of_tcp)),
        ];
        Ok(Self { address, shared, threads })
    }

    /// Serves what the master at `ip:port` knows, and asks it `every` so often. As long as the master does not
    /// answer, the old records stay.
    pub fn follow(address: &str, master: &str, every: Duration) -> Result<Self, HarnessError> {
        let mut dns = Self::serve(address, read(master)?)?;
        let (shared, master) = (dns.shared.clone(), master.to_owned());
        dns.threads.push(thread::spawn(move || {
            while !shared.is_over.load(Ordering::SeqCst) {
                if let Ok(zone) = read(&master) {
                    *shared.zone() = Arc::new(zone);
                }
                thread::park_timeout(every);
            }
        }));
        Ok(dns)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it serves now.
    pub fn zone(&self) -> Arc<Zone> {
        self.shared.zone().clone()
    }

    /// What it was asked since this was last called, such as `udp SRV _etcd-client._tcp.etcd.mesos.`.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.asked())
    }
}

impl Drop for MesosDns {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // It has panicked, and said so.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn zone(&self) -> MutexGuard<'_, Arc<Zone>> {
        self.zone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> MutexGuard<'_, Vec<String>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::SeqCst)
    }

    /// What is no question gets no answer.
    fn reply(&self, bytes: &[u8], way: Way) -> Option<Vec<u8>> {
        let question = Message::from_vec(bytes).ok()?;
        let query = question.queries.first()?;
        let way_name = if way == Way::Udp { "udp" } else { "tcp" };
        self.asked().push(format!("{way_name} {} {}", query.query_type(), query.name()));
        let zone = self.zone().clone();
        zone.reply(&question, way).to_vec().ok()
    }
}

fn read(master: &str) -> Result<Zone, HarnessError> {
    let (status, body) = http::get(master, "/master/state")?;
    let state = serde_json::from_str(&body).ok().filter(|_| status == 200);
    let state = state.ok_or_else(|| HarnessError::Answer {
        from: format!("GET http://{master}/master/state"),
        answer: format!("{status} and no JSON"),
    })?;
    Ok(Zone::of_state(&state, TTL))
}

fn sockets(wanted: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    // The port that is free for one may be taken for the other.
    let tries = if wanted.port() == 0 { 100 } else { 1 };
    let mut last = io::ErrorKind::AddrInUse.into();
    for _ in 0..tries {
        let udp = UdpSocket::bind(wanted)?;
        udp.set_read_timeout(Some(LOOK_EVERY))?;
        match TcpListener::bind(udp.local_addr()?) {
            Ok(tcp) => return tcp.set_nonblocking(true).map(|()| (udp, tcp)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn serve_udp(socket: &UdpSocket, shared: &Shared) {
    let mut buffer = [0; 4096];
    while shared.goes_on() {
        // The time is up, or somebody who asked is not there any more.
        let Ok((length, client)) = socket.recv_from(&mut buffer) else { continue };
        if let Some(answer) = shared.reply(&buffer[..length], Way::Udp) {
            let _ = socket.send_to(&answer, client);
        }
    }
}

fn serve_tcp(listener: &TcpListener, shared: &Arc<Shared>) {
    while shared.goes_on() {
        match listener.accept() {
            Ok((client, _)) => {
                let shared = shared.clone();
                // A client that goes away takes its conversation with it.
                thread::spawn(move || drop(converse(client, &shared)));
            }
            Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
}

fn converse(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_nonblocking(false)?;
    client.set_read_timeout(Some(IDLE_MAX))?;
    loop {
        let mut length = [0; 2];
        client.read_exact(&mut length)?;
        let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
        client.read_exact(&mut question)?;
        let Some(answer) = shared.reply(&question, Way::Tcp) else { return Ok(()) };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        client.write_all(&[&length.to_be_bytes()[..], &answer].concat())?;
    }
}
