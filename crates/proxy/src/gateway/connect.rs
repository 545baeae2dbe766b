//! A connection to a member.

use std::io;
use std::time::Duration;

use nix::errno::Errno;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::health::Seen;

/// A peer whose machine is gone is found out after this silence, and three questions in such pauses.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
const KEEPALIVE_PROBES: u32 = 3;

/// Connects to `host:port` within `max`.
pub(super) async fn connect(authority: &str, max: Duration) -> io::Result<TcpStream> {
    match timeout(max, TcpStream::connect(authority)).await {
        Ok(Ok(stream)) => {
            tune(&SockRef::from(&stream))?;
            Ok(stream)
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no connection in time")),
    }
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
