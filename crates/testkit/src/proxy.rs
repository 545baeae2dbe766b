//! A TCP connection that can be made to fail, as networks do.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::HarnessError;
use crate::error::Doing;

/// How soon a connection notices what the test has asked for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What becomes of bytes and connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They pass.
    Pass,
    /// Bytes vanish, and connections stay: a network that swallows packets. Who was connected in a hole is
    /// cut off when it ends, since what was swallowed does not come back.
    Hole,
    /// Connections are closed, those that are there and those that come: nobody gets through.
    Cut,
}

#[derive(Debug)]
struct State {
    mode: Mutex<Mode>,
    /// Raised to close all connections that are there.
    generation: AtomicU64,
    accepted: AtomicU64,
    is_over: AtomicBool,
}

/// Forwards from a loopback port to a server. Dropping it closes everything.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    state: Arc<State>,
}

impl Proxy {
    /// Forwards to `target`, `ip:port`, whether or not anybody listens there.
    pub fn start(target: &str) -> Result<Self, HarnessError> {
        let doing = || format!("forward to {target}");
        let target: SocketAddr =
            target.parse().map_err(|_| HarnessError::Usage(format!("`{target}` is no ip:port")))?;
        let listener = TcpListener::bind("127.0.0.1:0").doing(doing)?;
        listener.set_nonblocking(true).doing(doing)?;
        let addr = listener.local_addr().doing(doing)?;
        let state = Arc::new(State {
            mode: Mutex::new(Mode::Pass),
            generation: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        });
        let shared = state.clone();
        thread::spawn(move || accept(&listener, target, &shared));
        Ok(Self { addr, state })
    }

    /// `ip:port`, for clients.
    pub fn addr(&self) -> String {
        self.addr.to_string()
    }

    /// Changes what becomes of bytes and connections.
    pub fn set(&self, mode: Mode) {
        let mut now = self.state.mode.lock().unwrap_or_else(PoisonError::into_inner);
        if *now == Mode::Hole || mode == Mode::Cut {
            self.state.generation.fetch_add(1, Ordering::SeqCst);
        }
        *now = mode;
    }

    /// Closes the connections that are there; new ones pass.
    pub fn drop_connections(&self) {
        self.state.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// How many connections there have been.
    pub fn accepted(&self) -> u64 {
        self.state.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        self.drop_connections();
    }
}

impl State {
    fn mode(&self) -> Mode {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, target: SocketAddr, state: &Arc<State>) {
    while !state.is_over.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((client, _)) if state.mode() != Mode::Cut => {
                state.accepted.fetch_add(1, Ordering::SeqCst);
                let state = state.clone();
                thread::spawn(move || serve(client, target, &state));
            }
            // Dropped, so that the client sees it closed.
            Ok(_) => {}
            Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
}

fn serve(client: TcpStream, target: SocketAddr, state: &Arc<State>) {
    let generation = state.generation.load(Ordering::SeqCst);
    let Ok(server) = TcpStream::connect_timeout(&target, Duration::from_secs(5)) else { return };
    let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else { return };
    let other = state.clone();
    thread::spawn(move || forward(from_client, to_server, generation, &other));
    forward(server, client, generation, state);
}

/// Ends, and closes both, when either side does or when the test wants it.
fn forward(mut from: TcpStream, mut to: TcpStream, generation: u64, state: &State) {
    let mut chunk = [0; 16 * 1024];
    // Neither fails on a connection that is open.
    let _ = from.set_nonblocking(false);
    let _ = from.set_read_timeout(Some(LOOK_EVERY));
    while state.generation.load(Ordering::SeqCst) == generation {
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) if state.mode() == Mode::Pass => {
                if to.write_all(&chunk[..n]).is_err() {
                    break;
                }
            }
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    // In a hole the end of a connection vanishes too.
    while state.mode() == Mode::Hole && state.generation.load(Ordering::SeqCst) == generation {
        thread::sleep(LOOK_EVERY);
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
