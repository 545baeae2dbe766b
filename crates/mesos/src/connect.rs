//! Opens what HTTP is spoken over: TCP, with TLS on it where the endpoint says so.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};

use crate::{
    endpoint::{Endpoint, Scheme},
    error::ConnectError,
    tls::{HandshakeError, Tls},
};

/// What HTTP is spoken over.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Connects, and says from which address of ours.
pub(crate) async fn connect(
    endpoint: &Endpoint,
    tls: Option<&Tls>,
) -> Result<(SocketAddr, Box<dyn Wire>), ConnectError> {
    let stream = connect_tcp(endpoint).await?;
    let local_addr = stream.local_addr().map_err(ConnectError::Io)?;
    if endpoint.scheme() == Scheme::Http {
        return Ok((local_addr, Box::new(stream)));
    }
    let tls = tls.ok_or(ConnectError::Tls(HandshakeError::NoAuthorities))?;
    let stream = tls.shake_hands(endpoint.host(), stream).await.map_err(ConnectError::Tls)?;
    Ok((local_addr, Box::new(stream)))
}

async fn connect_tcp(endpoint: &Endpoint) -> Result<TcpStream, ConnectError> {
    let resolved = lookup_host((endpoint.host(), endpoint.port())).await;
    let name = || endpoint.host().to_owned();
    let addresses = resolved.map_err(|source| ConnectError::Resolve { name: name(), source })?;
    let mut last = ConnectError::NoAddress(name());
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Calls are small, and each waits for its answer.
                stream.set_nodelay(true).map_err(ConnectError::Io)?;
                return Ok(stream);
            }
            Err(error) => last = ConnectError::Io(error),
        }
    }
    Err(last)
}
