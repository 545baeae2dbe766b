//! A connection to ZooKeeper that knows where a request ends, so that it can break at exactly one.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use crate::SOON;

/// The operation code of a transaction, the only way in which the record is written.
const MULTI: i32 = 14;
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What becomes of the next transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It never gets to the server, and the connection breaks.
    Swallowed,
    /// The server does it and answers, and the connection breaks before the answer is through.
    Unanswered,
    /// It waits until [`Wire::release`].
    Held,
}

#[derive(Debug, Default)]
struct State {
    fate: Option<Fate>,
    swallows_all: bool,
    /// No connection is accepted once the fate has struck.
    shut_then: bool,
    is_shut: bool,
    is_over: bool,
    struck: u32,
    released: bool,
    /// How many held transactions have been answered, or have found their connection closed.
    held_ended: u32,
    /// For each connection, the number of the request whose answer is not delivered.
    unanswered: HashMap<u64, i32>,
    held: HashMap<u64, i32>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
pub struct Wire {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

impl Wire {
    pub fn start(target: &str) -> Wire {
        let target: SocketAddr = target.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let other = shared.clone();
        thread::spawn(move || accept(&listener, target, &other));
        Wire { addr, shared }
    }

    pub fn addr(&self) -> String {
        self.addr.to_string()
    }

    /// Decides on the next transaction; those behind it pass, if anybody gets through then.
    pub fn next_write(&self, fate: Fate, shut_then: bool) {
        let mut state = self.shared.lock();
        (state.fate, state.shut_then) = (Some(fate), shut_then);
    }

    /// Whether each transaction gets lost from now on, while everything else passes.
    pub fn swallow_writes(&self, each: bool) {
        self.shared.lock().swallows_all = each;
    }

    /// Accepts connections again.
    pub fn open(&self) {
        self.shared.lock().is_shut = false;
    }

    /// Waits until the fate has struck this often.
    pub async fn wait_struck(&self, times: u32) {
        self.wait("the fate to strike", move |state| state.struck >= times).await;
    }

    /// Lets the held transaction go on.
    pub fn release(&self) {
        self.shared.lock().released = true;
        self.shared.changed.notify_all();
    }

    /// Waits until the server has said something to the held transaction, or has hung up.
    pub async fn wait_held_ended(&self) {
        self.wait("the held transaction to end", |state| state.held_ended > 0).await;
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        let waiting = async {
            while !is_so(&self.shared.lock()) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(SOON, waiting).await.expect(what);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        (state.is_over, state.released) = (true, true);
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What becomes of this transaction; nothing special if nothing was decided.
    fn strike(&self, connection: u64, xid: i32) -> Option<Fate> {
        let mut state = self.lock();
        let all = state.swallows_all.then_some(Fate::Swallowed);
        let fate = state.fate.take().or(all)?;
        state.struck += 1;
        state.is_shut = state.shut_then;
        match fate {
            Fate::Swallowed => {}
            Fate::Unanswered => drop(state.unanswered.insert(connection, xid)),
            Fate::Held => drop(state.held.insert(connection, xid)),
        }
        Some(fate)
    }

    fn wait_released(&self) {
        let state = self.lock();
        drop(self.changed.wait_while(state, |state| !state.released).unwrap());
    }
}

fn accept(listener: &TcpListener, target: SocketAddr, shared: &Arc<Shared>) {
    let mut connection = 0;
    while !shared.lock().is_over {
        match listener.accept() {
            Ok((client, _)) if !shared.lock().is_shut => {
                // Nobody there: dropped, so that the client sees it closed.
                let Ok(server) = TcpStream::connect(target) else { continue };
                connection += 1;
                serve(connection, &client, &server, shared);
            }
            Ok(_) => {}
            Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
}

fn serve(connection: u64, client: &TcpStream, server: &TcpStream, shared: &Arc<Shared>) {
    client.set_nonblocking(false).unwrap();
    let (client, server) =
        (Arc::new(client.try_clone().unwrap()), Arc::new(server.try_clone().unwrap()));
    let (c, s, other) = (client.clone(), server.clone(), shared.clone());
    let close = |client: &TcpStream, server: &TcpStream| {
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    };
    thread::spawn(move || {
        let _ = requests(connection, &c, &s, &other);
        close(&c, &s);
    });
    let other = shared.clone();
    thread::spawn(move || {
        let _ = answers(connection, &client, &server, &other);
        if other.lock().held.remove(&connection).is_some() {
            other.lock().held_ended += 1;
        }
        close(&client, &server);
    });
}

/// Ends when either side does, or when a request has met its fate.
fn requests(
    connection: u64,
    mut client: &TcpStream,
    mut server: &TcpStream,
    shared: &Shared,
) -> io::Result<()> {
    server.write_all(&frame(client)?)?;
    loop {
        let request = frame(client)?;
        let (xid, operation) = (number(&request, 4), number(&request, 8));
        let fate = if operation == MULTI { shared.strike(connection, xid) } else { None };
        match fate {
            Some(Fate::Swallowed) => return Ok(()),
            Some(Fate::Held) => shared.wait_released(),
            Some(Fate::Unanswered) | None => {}
        }
        server.write_all(&request)?;
        client.flush()?;
    }
}

fn answers(
    connection: u64,
    mut client: &TcpStream,
    server: &TcpStream,
    shared: &Shared,
) -> io::Result<()> {
    client.write_all(&frame(server)?)?;
    loop {
        let answer = frame(server)?;
        let xid = number(&answer, 4);
        let mut state = shared.lock();
        if state.unanswered.get(&connection) == Some(&xid) {
            return Ok(());
        }
        if state.held.get(&connection) == Some(&xid) {
            state.held.remove(&connection);
            state.held_ended += 1;
        }
        drop(state);
        // Whom nobody hears may still be asked.
        let _ = client.write_all(&answer);
    }
}

/// One request or answer, with the four bytes of its length.
fn frame(mut from: &TcpStream) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    from.read_exact(&mut frame)?;
    let len = number(&frame, 0);
    frame.resize(4 + usize::try_from(len).unwrap(), 0);
    from.read_exact(&mut frame[4..])?;
    Ok(frame)
}

fn number(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}
