//! What Mesos's masters write below their path in ZooKeeper.
//!
//! Each master that would lead has an entry there that lives as long as its session: `json.info_` and a number,
//! the `MasterInfo` in JSON. The lowest number leads (Mesos `src/master/detector/zookeeper.cpp`,
//! `src/master/constants.hpp`). Masters before 0.24 wrote `info_` and a number, in protobuf; the registry's
//! `log_replicas` lies beside them.

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

const JSON_LABEL: &str = "json.info_";
const LEGACY_LABEL: &str = "info_";

/// The entry that leads, among those of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// There is none.
    Nobody,
    /// There are only those of masters before 0.24.
    Legacy,
    /// This one.
    Entry {
        /// Its name.
        name: String,
        /// Its number.
        sequence: u64,
    },
}

pub(crate) fn choose(children: &[String]) -> Chosen {
    let number = |name: &str, label| name.strip_prefix(label)?.parse::<u64>().ok();
    let entries = children.iter().filter_map(|name| Some((number(name, JSON_LABEL)?, name)));
    if let Some((sequence, name)) = entries.min() {
        return Chosen::Entry { name: name.clone(), sequence };
    }
    let is_legacy = children.iter().any(|name| number(name, LEGACY_LABEL).is_some());
    if is_legacy { Chosen::Legacy } else { Chosen::Nobody }
}

/// Why an entry says of no master where it listens.
#[derive(Debug, thiserror::Error)]
pub enum MasterInfoError {
    /// It is not a `MasterInfo` in JSON.
    #[error("it is no MasterInfo in JSON")]
    Json(#[from] serde_json::Error),
    /// It is one, but names neither address nor port.
    #[error("it names no address and port: {text}")]
    NoAddress {
        /// Its beginning.
        text: String,
    },
}

/// Where a master listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MasterInfo {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) hostname: Option<String>,
    pub(crate) id: Option<String>,
}

/// Mesos's `MasterInfo`, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Wire {
    id: Option<String>,
    /// In network byte order, as it lay in the memory of a little-endian machine.
    ip: Option<u32>,
    port: Option<u16>,
    pid: Option<String>,
    hostname: Option<String>,
    #[serde(default)]
    address: WireAddress,
}

/// Its `address`, since 0.24.
#[derive(Debug, Default, Deserialize)]
struct WireAddress {
    hostname: Option<String>,
    ip: Option<String>,
    port: Option<u16>,
}

impl MasterInfo {
    pub(crate) fn parse(data: &[u8]) -> Result<Self, MasterInfoError> {
        let wire: Wire = serde_json::from_slice(data)?;
        let no_address = || {
            let text = String::from_utf8_lossy(data).chars().take(200).collect();
            MasterInfoError::NoAddress { text }
        };
        let (host, port) = wire.place().ok_or_else(no_address)?;
        let hostname = wire.address.hostname.or(wire.hostname);
        Ok(Self { host, port, hostname, id: wire.id })
    }
}

impl Wire {
    /// The address before the name: it is what the master itself gives to the other masters and agents.
    fn place(&self) -> Option<(String, u16)> {
        let port = self.address.port.or(self.port);
        let numeric = |ip: u32| IpAddr::V4(Ipv4Addr::from(ip.to_le_bytes())).to_string();
        let names = [
            (usable_ip(self.address.ip.as_deref()), port),
            self.pid.as_deref().map_or((None, None), of_pid),
            (usable_ip(self.ip.map(numeric).as_deref()), port),
            (usable_name(self.address.hostname.as_deref()), port),
            (usable_name(self.hostname.as_deref()), port),
        ];
        let complete = |(host, port): (Option<String>, Option<u16>)| Some((host?, port?));
        names.into_iter().find_map(complete).filter(|(_, port)| *port > 0)
    }
}

/// An address that somebody else can connect to.
fn usable_ip(text: Option<&str>) -> Option<String> {
    let ip: IpAddr = text?.parse().ok()?;
    (!ip.is_unspecified()).then(|| ip.to_string())
}

/// A name that can stand in the header `Host`, and is no part of a URL but the host.
fn usable_name(text: Option<&str>) -> Option<String> {
    let allowed = |c: char| c.is_ascii_graphic() && !"/?#@[]%,:".contains(c);
    text.filter(|name| !name.is_empty() && name.chars().all(allowed)).map(str::to_owned)
}

/// `master@10.0.0.1:5050`
fn of_pid(pid: &str) -> (Option<String>, Option<u16>) {
    let place = pid.split_once('@').and_then(|(_, place)| place.rsplit_once(':'));
    let Some((ip, port)) = place else { return (None, None) };
    (usable_ip(Some(ip.trim_matches(['[', ']']))), port.parse().ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// As a master 1.11.0 wrote it.
    const GENUINE: &str = r#"{"address":{"hostname":"m1.example","ip":"127.64.0.1","port":5050},"capabilities":[{"type":"AGENT_UPDATE"},{"type":"AGENT_DRAINING"},{"type":"QUOTA_V2"}],"hostname":"m1.example","id":"2b0c7ba5-e6e9-4a3a-9c6a-4f2ab3a4ab2b","ip":16793727,"pid":"master@127.64.0.1:5050","port":5050,"version":"1.11.0"}"#;

    fn place(json: &str) -> (String, u16) {
        let info = MasterInfo::parse(json.as_bytes()).unwrap();
        (info.host, info.port)
    }

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn the_lowest_number_leads_whatever_lies_beside_it() {
        let all =
            ["log_replicas", "json.info_0000000012", "json.info_0000000009", "info_0000000001"];
        let first = Chosen::Entry { name: "json.info_0000000009".into(), sequence: 9 };
        assert_eq!(choose(&names(&all)), first);
        let beyond = names(&["json.info_10000000000", "json.info_9999999999"]);
        assert!(matches!(choose(&beyond), Chosen::Entry { sequence: 9_999_999_999, .. }));
        assert_eq!(choose(&names(&["log_replicas", "info_0000000003"])), Chosen::Legacy);
        for none in [&[][..], &["log_replicas"], &["json.info_"], &["json.info_x", "info_"]] {
            assert_eq!(choose(&names(none)), Chosen::Nobody, "{none:?}");
        }
    }

    #[test]
    fn a_genuine_entry_is_read() {
        let info = MasterInfo::parse(GENUINE.as_bytes()).unwrap();
        assert_eq!((info.host.as_str(), info.port), ("127.64.0.1", 5050));
        assert_eq!(info.hostname.as_deref(), Some("m1.example"));
        assert_eq!(info.id.unwrap().len(), 36);
    }

    #[test]
    fn every_way_to_name_the_place_is_known() {
        let old = r#"{"id":"x","ip":16793727,"port":5051,"hostname":"m1"}"#;
        assert_eq!(place(old), ("127.64.0.1".into(), 5051));
        let pid = r#"{"id":"x","pid":"master@10.0.0.7:5052","hostname":"m1"}"#;
        assert_eq!(place(pid), ("10.0.0.7".into(), 5052));
        let v6 = r#"{"pid":"master@[fd00::7]:5052"}"#;
        assert_eq!(place(v6), ("fd00::7".into(), 5052));
        let any = r#"{"address":{"ip":"0.0.0.0","hostname":"m1.example","port":5050},"ip":0}"#;
        assert_eq!(place(any), ("m1.example".into(), 5050));
    }

    #[test]
    fn what_names_no_place_is_said() {
        for text in ["", "\u{8}\u{1}", "[]", r#"{"port":"x"}"#] {
            let error = MasterInfo::parse(text.as_bytes()).unwrap_err();
            assert!(matches!(error, MasterInfoError::Json(_)), "{text}: {error}");
        }
        let no_name = r#"{"hostname":"m1\nX-Evil: 1","port":1}"#;
        for text in ["{}", r#"{"hostname":"m1"}"#, r#"{"ip":1,"port":0}"#, no_name] {
            let error = MasterInfo::parse(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
