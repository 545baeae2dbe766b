//! The address under which agents and people reach this process.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use mesos_v1::Masters;
use tokio::net::{UdpSocket, lookup_host};

const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// The one that was given, or else the one from which the masters are reached, as soon as one of them is
/// known and can be resolved. Once found it stays.
#[derive(Clone, Debug)]
pub(crate) struct OwnAddress {
    masters: Masters,
    found: Arc<OnceLock<IpAddr>>,
}

impl OwnAddress {
    pub(crate) fn new(given: Option<IpAddr>, masters: Masters) -> OwnAddress {
        let found = given.map_or_else(OnceLock::new, OnceLock::from);
        OwnAddress { masters, found: Arc::new(found) }
    }

    /// Looks for it, unless it was found before.
    pub(crate) async fn find(&self) -> IpAddr {
        if let Some(found) = self.found.get() {
            return *found;
        }
        let masters = self.masters.known();
        for master in &masters {
            if let Ok(address) = route(master.host(), master.port()).await {
                tracing::info!(%address, towards = %master, "agents are told to fetch from here");
                return *self.found.get_or_init(|| address);
            }
        }
        if !masters.is_empty() {
            tracing::warn!(
                "no master's address can be resolved; agents are told to fetch from {LOOPBACK}"
            );
        }
        LOOPBACK
    }

    /// What is known of it now.
    pub(crate) fn now(&self) -> IpAddr {
        self.found.get().copied().unwrap_or(LOOPBACK)
    }
}

/// The address from which this machine reaches a master, so that agents reach it there too.
///
/// Connecting a datagram socket sends nothing; it asks the kernel for the route alone.
async fn route(host: &str, port: u16) -> io::Result<IpAddr> {
    let mut last = io::Error::other("no address");
    for address in lookup_host((host, port)).await? {
        let any: IpAddr = if address.is_ipv4() { [0; 4].into() } else { [0u16; 8].into() };
        let socket = UdpSocket::bind((any, 0)).await?;
        match socket.connect(address).await {
            Ok(()) => return socket.local_addr().map(|local| local.ip()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use mesos_v1::{Elected, Election, Endpoint};
    use tokio::sync::watch;

    use super::*;

    #[tokio::test]
    async fn it_is_found_as_soon_as_a_master_is_known_and_then_stays() {
        let (say, election) = watch::channel(Election::default());
        let address = OwnAddress::new(None, Masters::Watched(election));
        assert_eq!((address.find().await, address.now()), (LOOPBACK, LOOPBACK));
        let leader = |host: &str| {
            let endpoint = Endpoint::new(host, 5050);
            Election { leader: Some(Elected { endpoint, term: 1 }), trouble: None }
        };
        say.send_replace(leader("::1"));
        let v6 = IpAddr::from(std::net::Ipv6Addr::LOCALHOST);
        assert_eq!((address.find().await, address.now()), (v6, v6));
        say.send_replace(leader("127.0.0.1"));
        assert_eq!(address.find().await, v6);
    }

    #[tokio::test]
    async fn the_one_that_was_given_is_never_looked_for() {
        let given = IpAddr::from([192, 0, 2, 1]);
        let address = OwnAddress::new(Some(given), Masters::from(Endpoint::new("127.0.0.1", 1)));
        assert_eq!((address.now(), address.find().await), (given, given));
    }
}
