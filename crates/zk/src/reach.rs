//! What is the matter with the servers that no session could be opened with.
//!
//! The client says no more than that none of them will do, and an operator needs to know which and why. So
//! each server is tried once more, for the message alone.

use std::io;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::url::Server;

/// Long enough for a server that is there; the servers are tried side by side.
const TRY_MAX: Duration = Duration::from_secs(1);

/// One sentence for each server, in the order of the URL.
pub(crate) async fn explain(servers: &[Server]) -> String {
    let mut tries = JoinSet::new();
    for (number, server) in servers.iter().cloned().enumerate() {
        tries.spawn(async move { (number, explain_one(&server).await) });
    }
    let mut said = tries.join_all().await;
    said.sort();
    let said: Vec<String> = said.into_iter().map(|(_, words)| words).collect();
    said.join("; ")
}

async fn explain_one(server: &Server) -> String {
    let words = match timeout(TRY_MAX, connect(server)).await {
        Ok(Ok(())) => "takes connections but does not serve; it may lack a quorum".to_owned(),
        Ok(Err(words)) => words,
        Err(_) => format!("is silent for {TRY_MAX:?}"),
    };
    format!("{server} {words}")
}

async fn connect(server: &Server) -> Result<(), String> {
    let found = lookup_host((server.host.as_str(), server.port)).await;
    let addresses =
        found.map_err(|error| format!("has a name that cannot be resolved ({error})"))?;
    let mut last = "has a name without an address".to_owned();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                last = "refuses connections".to_owned();
            }
            Err(error) => last = format!("cannot be reached ({error})"),
        }
    }
    Err(last)
}
