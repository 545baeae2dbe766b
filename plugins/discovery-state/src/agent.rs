//! Reads the address of one agent in `/slaves?slave_id=…`.

use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;

use crate::flaw::Flaw;
use crate::frameworks::{enter, once};
use crate::task::{Place as At, at, is_host};
use crate::walk::{Kind, Reader, Wish};

/// The longest agent that is read; it grows by its reservations.
const AGENT_BYTES_MAX: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Before,
    Top,
    Agents,
}

#[derive(Debug)]
pub(crate) struct Agents {
    id: String,
    place: Place,
    has_agents: bool,
    found: Option<Agent>,
}

/// An agent, by what says where it is.
#[derive(Debug, Deserialize)]
pub(crate) struct Agent {
    id: String,
    /// `slave(1)@10.0.0.1:5051`
    #[serde(default)]
    pid: String,
    #[serde(default)]
    hostname: String,
}

impl Agents {
    pub(crate) fn new(id: String) -> Agents {
        Agents { id, place: Place::Before, has_agents: false, found: None }
    }

    /// The agent, if the master knows it.
    pub(crate) fn found(self) -> Result<Option<Agent>, Flaw> {
        if self.has_agents { Ok(self.found) } else { Err(Flaw::NotMesos("slaves")) }
    }
}

impl Agent {
    /// Where a port of it is: at the address with which it registered, or at its name.
    pub(crate) fn place(&self, port: u16) -> Option<At> {
        let address = self.pid.rsplit_once('@').map_or("", |(_, address)| address);
        if let Ok(address) = address.parse::<SocketAddr>() {
            return Some(at(address.ip(), port));
        }
        if let Ok(address) = self.hostname.parse::<IpAddr>() {
            return Some(at(address, port));
        }
        is_host(&self.hostname).then(|| At::At(format!("http://{}:{port}", self.hostname)))
    }
}

impl Reader for Agents {
    fn wish(&mut self, key: Option<&[u8]>, kind: Kind) -> Result<Wish, Flaw> {
        match (self.place, key) {
            (Place::Before, _) => {
                self.place = Place::Top;
                enter(kind, Kind::Object, "document")
            }
            (Place::Top, Some(b"slaves")) => {
                once(&mut self.has_agents, "slaves")?;
                self.place = Place::Agents;
                enter(kind, Kind::Array, "slaves")
            }
            (Place::Top, _) => Ok(Wish::Skip),
            (Place::Agents, _) => Ok(Wish::Keep(AGENT_BYTES_MAX)),
        }
    }

    fn kept(&mut self, value: Option<&[u8]>) -> Result<(), Flaw> {
        let too_long = Flaw::TooLong { what: "an agent", bytes_max: AGENT_BYTES_MAX };
        let read = serde_json::from_slice::<Agent>(value.ok_or(too_long)?);
        let agent = read.map_err(|source| Flaw::Json { what: "an agent", source })?;
        if agent.id == self.id {
            self.found = Some(agent);
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Flaw> {
        if self.place == Place::Agents {
            self.place = Place::Top;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::walk::Walk;

    fn place(pid: &str, hostname: &str) -> Option<At> {
        let text = serde_json::json!({"recovered_slaves": [], "slaves": [
            {"id": "S0", "pid": "slave(1)@10.9.9.9:5051", "hostname": "other"},
            {"id": "S1", "pid": pid, "hostname": hostname, "attributes": {}},
        ]});
        let mut walk = Walk::new(Agents::new("S1".to_owned()));
        walk.push(text.to_string().as_bytes()).unwrap();
        walk.finish().unwrap().found().unwrap().and_then(|agent| agent.place(2379))
    }

    #[test]
    fn an_agent_is_where_it_registered_from_or_else_by_its_name() {
        let at = |url: &str| Some(At::At(url.to_owned()));
        assert_eq!(place("slave(1)@10.0.0.1:5051", "a1"), at("http://10.0.0.1:2379"));
        assert_eq!(place("slave(1)@[::1]:5051", "a1"), at("http://[::1]:2379"));
        assert_eq!(place("", "a1.example"), at("http://a1.example:2379"));
        assert_eq!(place("x", "10.0.0.2"), at("http://10.0.0.2:2379"));
        assert_eq!(place("", "a b"), None);
    }

    #[test]
    fn an_agent_that_is_not_there_is_none() {
        let mut walk = Walk::new(Agents::new("S1".to_owned()));
        walk.push(br#"{"slaves": []}"#).unwrap();
        assert!(walk.finish().unwrap().found().unwrap().is_none());
        let walk = Walk::new(Agents::new("S1".to_owned()));
        assert!(matches!(walk.finish(), Err(Flaw::Cut)));
    }
}
