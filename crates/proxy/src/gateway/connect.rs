//! A connection to a member.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use nix::errno::Errno;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::health::Seen;

/// A peer whose machine is gone is found out after this silence, and three questions in such pauses.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
const KEEPALIVE_PROBES: u32 = 3;

/// What is wrong with a member that is none.
const OURSELVES: &str = "it is this gateway's own address: what is sent there comes back";

/// What a member shows that is this gateway itself, by a connection that carries nothing.
pub(super) async fn is_ourselves(
    authority: &str,
    max: Duration,
    doors: &[SocketAddr],
) -> Option<Seen> {
    let stream = timeout(max, TcpStream::connect(authority)).await.ok()?.ok()?;
    leads_back(&stream, doors).then(|| Seen::Refused(OURSELVES.to_owned()))
}

/// Connects to `host:port` within `max`; `doors` are the addresses of this gateway, which is no member.
pub(super) async fn connect(
    authority: &str,
    max: Duration,
    doors: &[SocketAddr],
) -> io::Result<TcpStream> {
    match timeout(max, TcpStream::connect(authority)).await {
        Ok(Ok(stream)) if leads_back(&stream, doors) => Err(io::Error::other(OURSELVES)),
        Ok(Ok(stream)) => {
            tune(&SockRef::from(&stream))?;
            Ok(stream)
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no connection in time")),
    }
}

/// Whether a connection leads to one of these addresses of ours.
fn leads_back(stream: &TcpStream, doors: &[SocketAddr]) -> bool {
    let (Ok(peer), Ok(own)) = (stream.peer_addr(), stream.local_addr()) else { return false };
    let is_it = |door: &SocketAddr| {
        // A door on every address of the machine is reached at one from which one can only speak with it.
        let is_there =
            door.ip() == peer.ip() || door.ip().is_unspecified() && own.ip() == peer.ip();
        door.port() == peer.port() && is_there
    };
    doors.iter().any(is_it)
}

/// Small messages at once, and a look at the peer now and then. What is accepted has it from its listener.
pub(super) fn tune(socket: &SockRef<'_>) -> io::Result<()> {
    let (time, interval) = KEEPALIVE;
    let keepalive = TcpKeepalive::new().with_time(time).with_interval(interval);
    socket.set_tcp_keepalive(&keepalive.with_retries(KEEPALIVE_PROBES))?;
    socket.set_tcp_nodelay(true)
}

/// What a failure to connect shows of the member.
pub(super) fn seen(error: &io::Error) -> Seen {
    if error.kind() == io::ErrorKind::TimedOut {
        return Seen::Silent(error.to_string());
    }
    Seen::Refused(error.to_string())
}

/// Whether a failure is this process's own: nothing that it shows of a member.
pub(super) fn is_our_own(error: &io::Error) -> bool {
    let codes = [Errno::EMFILE, Errno::ENFILE, Errno::ENOBUFS, Errno::ENOMEM, Errno::EADDRNOTAVAIL];
    error.raw_os_error().is_some_and(|code| codes.contains(&Errno::from_raw(code)))
}
