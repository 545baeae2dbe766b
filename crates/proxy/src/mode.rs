//! What keeps the local addresses serving.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What serves the local addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The TCP gateway of this program.
    #[default]
    Gateway,
    /// `etcd gateway`.
    EtcdGateway,
    /// `etcd grpc-proxy`.
    GrpcProxy,
    /// `etcd --proxy=on`.
    V2Proxy,
}

impl Mode {
    /// Every mode, the default first.
    pub const ALL: [Mode; 4] = [Mode::Gateway, Mode::EtcdGateway, Mode::GrpcProxy, Mode::V2Proxy];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Gateway => "gateway",
            Mode::EtcdGateway => "etcd-gateway",
            Mode::GrpcProxy => "grpc-proxy",
            Mode::V2Proxy => "v2-proxy",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_read_as_it_is_written() {
        for mode in Mode::ALL {
            let read: Mode = serde_json::from_value(mode.name().into()).expect("a mode");
            assert_eq!(read, mode);
        }
    }
}
