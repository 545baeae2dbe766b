//! One entry of `/members`, in the predecessor's keys.

use std::net::{IpAddr, SocketAddr};

use etcd_mesos_core::discovery::Found;
use serde_json::{Map, Value};

use crate::server::is_name;
use crate::shown::printable;

const NAME_MAX: usize = 255;

/// The member that an entry names; or, in words, why it names none.
pub(crate) fn member(entry: &Map<String, Value>) -> Result<Found, String> {
    let found = Found::at(format!("http://{}", authority(entry)?));
    Ok(match name(entry)? {
        Some(name) => found.named(name),
        None => found,
    })
}

fn authority(entry: &Map<String, Value>) -> Result<String, String> {
    let host = entry.get("host").and_then(Value::as_str).ok_or("an entry has no `host`")?;
    let port = port(entry)?;
    match host.parse::<IpAddr>() {
        Ok(ip) if ip.is_unspecified() || ip.is_multicast() => {
            Err(format!("{ip} is nobody's address"))
        }
        Ok(ip) => Ok(SocketAddr::new(ip, port).to_string()),
        Err(_) if is_name(host) => Ok(format!("{host}:{port}")),
        Err(_) => Err(format!("`{}` is no host", printable(host))),
    }
}

fn port(entry: &Map<String, Value>) -> Result<u16, String> {
    let port = entry.get("clientPort").and_then(Value::as_u64);
    match port.ok_or("an entry has no `clientPort` that is a number")? {
        0 => Err("`clientPort` is 0".to_owned()),
        port => port.try_into().map_err(|_| format!("`clientPort` is {port}, which is no port")),
    }
}

fn name(entry: &Map<String, Value>) -> Result<Option<&str>, String> {
    let is_right = |name: &&str| {
        !name.is_empty() && name.len() <= NAME_MAX && !name.chars().any(char::is_control)
    };
    match entry.get("name") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => match Some(name.as_str()).filter(is_right) {
            Some(name) => Ok(Some(name)),
            None => Err(format!("`{}` is no member's name", printable(name))),
        },
        Some(_) => Err("`name` is no text".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(entry: &Value) -> Result<Found, String> {
        member(entry.as_object().expect("an entry"))
    }

    #[test]
    fn host_and_client_port_make_the_client_url() {
        let whole = json!({
            "name": "etcd-1-0", "host": "10.0.0.1", "rpcPort": 31000, "clientPort": 31001,
            "httpPort": 0, "type": "new", "slaveID": "S0",
        });
        assert_eq!(of(&whole), Ok(Found::at("http://10.0.0.1:31001").named("etcd-1-0")));
        for (host, url) in
            [("agent1.example", "http://agent1.example:1"), ("::1", "http://[::1]:1")]
        {
            assert_eq!(of(&json!({"host": host, "clientPort": 1})), Ok(Found::at(url)));
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (entry, part) in [
            (json!({}), "no `host`"),
            (json!({"host": 7, "clientPort": 1}), "no `host`"),
            (json!({"host": "a"}), "no `clientPort`"),
            (json!({"host": "a", "clientPort": "1"}), "no `clientPort`"),
            (json!({"host": "a", "clientPort": -1}), "no `clientPort`"),
            (json!({"host": "a", "clientPort": 0}), "is 0"),
            (json!({"host": "a", "clientPort": 65536}), "65536, which is no port"),
            (json!({"host": "", "clientPort": 1}), "`` is no host"),
            (json!({"host": "a/b\n", "clientPort": 1}), "`a/b` is no host"),
            (json!({"host": "0.0.0.0", "clientPort": 1}), "nobody's"),
            (json!({"host": "a", "clientPort": 1, "name": ""}), "no member's name"),
            (json!({"host": "a", "clientPort": 1, "name": 1}), "no text"),
        ] {
            let words = of(&entry).expect_err(part);
            assert!(words.contains(part), "{words}");
        }
    }
}
