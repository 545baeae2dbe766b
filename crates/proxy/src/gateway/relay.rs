//! The way of the bytes: one client, one member, both directions in one task.
//!
//! A message costs one read and one write. What is read lands in a buffer that the thread's connections
//! share; only what the other side does not take at once is kept, and until it is taken nothing more is
//! read from this side. So an idle connection holds no buffer, and a slow reader slows its sender down.
//! No clock is read here and nothing is locked.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The buffer of a thread, in bytes.
const SCRATCH: usize = 128 * 1024;
/// What is read at once where many clients are slow, in bytes.
const SCANT: usize = 4 * 1024;
/// More than this is not held for slow readers at full reads, in bytes.
const HELD_AMPLE: usize = 4 * 1024 * 1024;
/// How often one direction reads before the other connections have their turn.
const ROUNDS: u32 = 16;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(SCRATCH));
}

/// What one connection has carried, for whoever feels its pulse.
#[derive(Debug, Default)]
pub(super) struct Carried {
    pub(super) to_member: AtomicU64,
    pub(super) from_member: AtomicU64,
    /// Whether the last bytes came from the client.
    pub(super) is_asking: AtomicBool,
    /// Bytes that were read and that the other side has not taken.
    pub(super) held: AtomicUsize,
    /// Whether it is closed for being of no use any more, and not broken.
    pub(super) is_closed: AtomicBool,
    /// Whether it has ended. Written and read under the lock.
    pub(super) is_over: AtomicBool,
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client, in order or not.
    Client,
    /// The member, in order or not.
    Member,
}

/// One connection from end to end.
#[derive(Debug)]
pub(super) struct Relay {
    client: TcpStream,
    member: TcpStream,
    to_member: Way,
    from_member: Way,
}

/// One direction.
#[derive(Debug, Default)]
struct Way {
    /// What was read and not taken yet; no memory where there is none.
    held: Vec<u8>,
    /// How much of that has been taken since.
    taken: usize,
    is_ended: bool,
    is_shut: bool,
}

/// What one turn of one direction needs to know.
struct Turn<'a> {
    carried: &'a Carried,
    is_to_member: bool,
    held_by_all: &'a AtomicUsize,
}

/// Why a direction does not go on, and whose fault it is.
enum Fault {
    Reading,
    Writing,
}

impl Relay {
    pub(super) fn new(client: TcpStream, member: TcpStream) -> Relay {
        Relay { client, member, to_member: Way::default(), from_member: Way::default() }
    }

    /// Carries bytes until both directions are shut, or one side breaks. Then the other side is told in
    /// the same manner: an end in order as an end, a break as a break.
    pub(super) fn poll(
        &mut self,
        carried: &Carried,
        held_by_all: &AtomicUsize,
        cx: &mut Context<'_>,
    ) -> Poll<End> {
        let Relay { client, member, to_member, from_member } = self;
        let turn = |is_to_member| Turn { carried, is_to_member, held_by_all };
        // The answer first: who waits for it waits longest.
        let down = from_member.pass(member, client, &turn(false), cx);
        match down {
            Poll::Ready(Err(Fault::Reading)) => return Poll::Ready(End::Member),
            Poll::Ready(Err(Fault::Writing)) => return Poll::Ready(End::Client),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        let up = to_member.pass(client, member, &turn(true), cx);
        match (up, down.is_ready()) {
            (Poll::Ready(Err(Fault::Reading)), _) => Poll::Ready(End::Client),
            (Poll::Ready(Err(Fault::Writing)), _) => Poll::Ready(End::Member),
            (Poll::Ready(Ok(())), true) => Poll::Ready(End::Client),
            (Poll::Ready(Ok(())) | Poll::Pending, _) => Poll::Pending,
        }
    }

    /// Whether the member ended its direction and the client did not.
    pub(super) fn was_left_by_member(&self) -> bool {
        self.from_member.is_ended && !self.to_member.is_ended
    }

    /// Whether both directions ended in order.
    pub(super) fn is_shut(&self) -> bool {
        self.to_member.is_shut && self.from_member.is_shut
    }

    /// Makes the end of both sides a break: what was on the way is lost, and nobody shall take the rest
    /// for the whole.
    pub(super) fn break_off(&self) {
        for side in [&self.client, &self.member] {
            // A socket that is broken already needs nothing more.
            let _ = side.set_zero_linger();
        }
    }
}

impl Way {
    fn pass(
        &mut self,
        from: &mut TcpStream,
        to: &mut TcpStream,
        turn: &Turn<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Fault>> {
        for _ in 0..ROUNDS {
            if self.is_shut {
                return Poll::Ready(Ok(()));
            }
            ready!(self.hand_over(to, turn, cx)).map_err(|_| Fault::Writing)?;
            if self.is_ended {
                ready!(Pin::new(&mut *to).poll_shutdown(cx)).map_err(|_| Fault::Writing)?;
                self.is_shut = true;
                continue;
            }
            ready!(self.take_over(from, to, turn, cx))?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what is held.
    fn hand_over(
        &mut self,
        to: &mut TcpStream,
        turn: &Turn<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.taken < self.held.len() {
            let count = ready!(Pin::new(&mut *to).poll_write(cx, &self.held[self.taken..]))?;
            self.taken += count;
            turn.let_go(count);
        }
        if !self.held.is_empty() {
            (self.held, self.taken) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once, and writes at once what can be written.
    fn take_over(
        &mut self,
        from: &mut TcpStream,
        to: &mut TcpStream,
        turn: &Turn<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Fault>> {
        BUFFER.with_borrow_mut(|buffer| {
            let room = &mut buffer.spare_capacity_mut()[..turn.room()];
            let mut read = ReadBuf::uninit(room);
            ready!(Pin::new(from).poll_read(cx, &mut read)).map_err(|_| Fault::Reading)?;
            let bytes = read.filled();
            if bytes.is_empty() {
                self.is_ended = true;
                return Poll::Ready(Ok(()));
            }
            turn.count(bytes.len());
            let taken = match Pin::new(to).poll_write(cx, bytes) {
                Poll::Ready(taken) => taken.map_err(|_| Fault::Writing)?,
                Poll::Pending => 0,
            };
            if taken < bytes.len() {
                self.held = bytes[taken..].to_vec();
                turn.hold(self.held.len());
            }
            Poll::Ready(Ok(()))
        })
    }
}

impl Turn<'_> {
    fn room(&self) -> usize {
        if self.held_by_all.load(Relaxed) < HELD_AMPLE { SCRATCH } else { SCANT }
    }

    fn count(&self, bytes: usize) {
        let carried = self.carried;
        let way = if self.is_to_member { &carried.to_member } else { &carried.from_member };
        way.fetch_add(bytes as u64, Relaxed);
        carried.is_asking.store(self.is_to_member, Relaxed);
    }

    fn hold(&self, count: usize) {
        self.carried.held.fetch_add(count, Relaxed);
        self.held_by_all.fetch_add(count, Relaxed);
    }

    fn let_go(&self, count: usize) {
        self.carried.held.fetch_sub(count, Relaxed);
        self.held_by_all.fetch_sub(count, Relaxed);
    }
}
