//! What a Mesos inside this program makes of the defaults: servers on its own addresses, a record in
//! its own directory, programs where they are found.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layers::Environment;

/// Where these defaults come from, in `config show --origin`.
pub(super) const ORIGIN: &str = "mesos.master is local";
/// As many members as are of use on one machine.
const SIZE: &str = "3";

/// A share of the loopback network, 127.A.B.0/24, written `127.A.B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct LoopbackNetwork(pub u8, pub u8);

impl LoopbackNetwork {
    /// The one that a process takes if it is told of none: processes that live at one time hardly
    /// ever share one.
    fn of_process(id: u32) -> LoopbackNetwork {
        let [_, _, high, low] = id.to_be_bytes();
        LoopbackNetwork(112 + high % 128, low)
    }
}

impl fmt::Display for LoopbackNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "127.{}.{}", self.0, self.1)
    }
}

impl From<LoopbackNetwork> for String {
    fn from(network: LoopbackNetwork) -> String {
        network.to_string()
    }
}

impl TryFrom<String> for LoopbackNetwork {
    type Error = String;

    fn try_from(text: String) -> Result<LoopbackNetwork, String> {
        let numbers: Vec<Result<u8, _>> = text.split('.').map(str::parse).collect();
        match numbers.as_slice() {
            [Ok(127), Ok(a), Ok(b)] => Ok(LoopbackNetwork(*a, *b)),
            _ => Err(format!(
                "`{text}` is no share of the loopback network: its first three numbers are wanted, \
                 127.90.1 for example"
            )),
        }
    }
}

/// The defaults, each a key and its value; what was given of network and work directory counts.
pub(super) fn defaults(
    network: Option<String>,
    work_dir: Option<String>,
    environment: &Environment,
) -> Vec<(&'static str, String)> {
    let own = || LoopbackNetwork::of_process(std::process::id()).to_string();
    let network = network.unwrap_or_else(own);
    let work_dir = work_dir.map(PathBuf::from).unwrap_or_else(|| {
        std::env::temp_dir().join(format!("etcd-mesos-local-{}", std::process::id()))
    });
    let shown = |path: &Path| path.display().to_string();
    let mut defaults = vec![
        ("cluster.size", SIZE.to_owned()),
        ("http.bind", format!("{network}.1")),
        ("artifacts.bind", format!("{network}.1")),
        ("persist.plugin", "file".to_owned()),
        ("persist.file.path", shown(&work_dir.join("scheduler.state"))),
        ("local.work_dir", shown(&work_dir)),
        ("local.network", network),
    ];
    let own = std::env::current_exe().unwrap_or_default();
    let found = [
        ("artifacts.executor", Some(own.with_file_name("etcd-mesos-executor"))),
        ("artifacts.etcd", on_path("etcd", environment)),
        ("artifacts.etcdctl", on_path("etcdctl", environment)),
    ];
    let there = found.into_iter().filter_map(|(key, path)| Some((key, path?)));
    defaults
        .extend(there.filter(|(_, path)| path.is_file()).map(|(key, path)| (key, shown(&path))));
    defaults
}

fn on_path(program: &str, environment: &Environment) -> Option<PathBuf> {
    let path = environment.iter().find(|(name, _)| name == "PATH");
    let path: &OsStr = path.map(|(_, value)| value.as_ref())?;
    std::env::split_paths(path).map(|directory| directory.join(program)).find(|p| p.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_read_as_it_is_written() {
        let network = LoopbackNetwork::of_process(0x0001_8203);
        assert_eq!(network.to_string(), "127.114.3");
        assert_eq!(LoopbackNetwork::try_from("127.114.3".to_owned()), Ok(network));
        for text in ["", "127.1", "127.1.2.3", "10.0.0", "127.256.1", "127..1"] {
            assert!(LoopbackNetwork::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
