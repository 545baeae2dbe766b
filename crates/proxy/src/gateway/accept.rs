//! Listening sockets.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::connect;
use super::serve::serve;
use super::shared::Shared;

/// Clients that the kernel keeps until they are accepted.
const BACKLOG: u32 = 4096;
/// How long nobody is accepted when the system lacks something, descriptors above all.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens on an address.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    connect::tune(&SockRef::from(&socket))?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts clients for ever, as many at once as there are places.
pub(super) async fn accept(shared: Arc<Shared>, listener: TcpListener, places: Arc<Semaphore>) {
    loop {
        let permit = place(&shared, &places).await;
        match listener.accept().await {
            Ok((client, _)) => begin(&shared, client, permit),
            Err(error) if connect::is_our_own(&error) => {
                shared.trouble(format!("no client can be accepted: {error}"));
                drop(permit);
                sleep(PAUSE).await;
            }
            // This client is gone again (ECONNABORTED and its like); the next one is not concerned.
            Err(error) => tracing::debug!(%error, "a client was not accepted"),
        }
    }
}

fn begin(shared: &Arc<Shared>, client: TcpStream, permit: OwnedSemaphorePermit) {
    shared.counts.accepted.fetch_add(1, Relaxed);
    tokio::spawn(serve(Arc::clone(shared), client, permit));
}

/// A place for the next client.
async fn place(shared: &Shared, places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    if let Ok(permit) = Arc::clone(places).try_acquire_owned() {
        return permit;
    }
    let words = format!("{} clients are served, as many as may be", shared.settings.open_max);
    shared.trouble(words);
    #[allow(clippy::expect_used)] // Nobody closes it.
    Arc::clone(places).acquire_owned().await.expect("the semaphore is open for ever")
}
