//! etcd's command lines, by mode and version.

use std::path::Path;

use etcd_mesos_etcd::version::{EtcdVersion, Series};

use crate::listen::ListenUrl;

/// What an etcd that is no member does for its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `etcd gateway`: passes bytes on.
    Gateway,
    /// `etcd grpc-proxy`: speaks gRPC on both sides.
    GrpcProxy,
    /// `etcd --proxy=on`: passes HTTP on.
    V2Proxy,
}

/// An etcd that does not have what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "etcd {version} has no {name}: 3.5 was the last series that had it. Take an etcd 3.4 or 3.5 \
     (--etcd-bin), or another mode (--mode=gateway needs no etcd)"
)]
pub struct NotInVersion {
    name: &'static str,
    version: EtcdVersion,
}

/// Somebody to be told of: a member's client URL, or its peer URL with its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Where.
    pub url: String,
    /// The member's name, where it is told on.
    pub name: Option<String>,
}

/// Where one child listens, and what it may use.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The addresses; one but for [`Kind::V2Proxy`].
    pub listen: &'a [ListenUrl],
    /// The data directory.
    pub data_dir: &'a Path,
}

/// How long `etcd gateway` leaves a member alone that refused a connection. Its default is a minute, in
/// which a cluster whose members were all restarted would not be served.
const RETRY_DELAY: &str = "--retry-delay=1s";

impl Kind {
    /// What etcd calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Gateway => "gateway",
            Kind::GrpcProxy => "grpc-proxy",
            Kind::V2Proxy => "v2 proxy (--proxy=on)",
        }
    }

    /// Whether one child can serve several addresses.
    pub fn serves_several(self) -> bool {
        match self {
            Kind::Gateway | Kind::GrpcProxy => false,
            Kind::V2Proxy => true,
        }
    }

    /// Whether it finds out by itself which members there are, once it knows one.
    pub fn refreshes(self) -> bool {
        match self {
            Kind::Gateway | Kind::GrpcProxy => false,
            Kind::V2Proxy => true,
        }
    }

    /// Whether etcd of that version has it.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(self, version: EtcdVersion) -> Result<(), NotInVersion> {
        match (self, version.series()) {
            (Kind::V2Proxy, Series::V3_6) => Err(NotInVersion { name: self.name(), version }),
            (Kind::V2Proxy, Series::V3_4 | Series::V3_5)
            | (Kind::Gateway | Kind::GrpcProxy, Series::V3_4 | Series::V3_5 | Series::V3_6) => {
                Ok(())
            }
        }
    }

    /// The arguments, without the program's own name.
    pub fn arguments(
        self,
        version: EtcdVersion,
        place: Place<'_>,
        targets: &[Target],
    ) -> Vec<String> {
        let listens: Vec<String> = place.listen.iter().map(ListenUrl::authority).collect();
        let listen = format!("--listen-addr={}", listens.join(","));
        let data_dir = format!("--data-dir={}", place.data_dir.display());
        match self {
            Kind::Gateway => {
                let given = [listen, endpoints(targets), RETRY_DELAY.to_owned()];
                ["gateway", "start"].map(str::to_owned).into_iter().chain(given).collect()
            }
            Kind::GrpcProxy => {
                let given = [listen, endpoints(targets), data_dir];
                ["grpc-proxy", "start"].map(str::to_owned).into_iter().chain(given).collect()
            }
            Kind::V2Proxy => {
                let mut line = vec!["--proxy=on".to_owned(), data_dir];
                line.extend(v2_addresses(place.listen, targets));
                line.extend(logging(version).iter().map(|flag| (*flag).to_owned()));
                line
            }
        }
    }
}

fn endpoints(targets: &[Target]) -> String {
    let urls: Vec<&str> = targets.iter().map(|target| target.url.as_str()).collect();
    format!("--endpoints={}", urls.join(","))
}

fn v2_addresses(listen: &[ListenUrl], targets: &[Target]) -> [String; 3] {
    let urls: Vec<String> = listen.iter().map(ToString::to_string).collect();
    let urls = urls.join(",");
    let name = |target: &Target| target.name.clone().unwrap_or_else(|| "member".to_owned());
    let peers: Vec<String> = targets.iter().map(|t| format!("{}={}", name(t), t.url)).collect();
    [
        format!("--listen-client-urls={urls}"),
        format!("--advertise-client-urls={urls}"),
        format!("--initial-cluster={}", peers.join(",")),
    ]
}

/// What must be said of the log: the table of `etcd_mesos_etcd::flags`, for an etcd that is no member.
fn logging(version: EtcdVersion) -> &'static [&'static str] {
    match version.series() {
        Series::V3_4 => &["--logger=zap", "--log-outputs=stderr"],
        Series::V3_5 | Series::V3_6 => &["--log-outputs=stderr"],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn of(minor: u16) -> EtcdVersion {
        EtcdVersion::new(3, minor, 0).unwrap()
    }

    fn target(url: &str, name: Option<&str>) -> Target {
        Target { url: url.to_owned(), name: name.map(str::to_owned) }
    }

    fn line(kind: Kind, minor: u16, listen: &[&str], targets: &[Target]) -> Vec<String> {
        let listen: Vec<ListenUrl> = listen.iter().map(|url| url.parse().unwrap()).collect();
        let place = Place { listen: &listen, data_dir: Path::new("/var/lib/proxy") };
        kind.arguments(of(minor), place, targets)
    }

    #[test]
    fn the_gateway_and_the_grpc_proxy_are_told_endpoints() {
        let members =
            [target("http://10.0.0.1:2379", None), target("http://10.0.0.2:2379", Some("b"))];
        let endpoints = "--endpoints=http://10.0.0.1:2379,http://10.0.0.2:2379";
        for minor in [4, 5, 6] {
            assert_eq!(
                line(Kind::Gateway, minor, &["http://localhost:2379"], &members),
                ["gateway", "start", "--listen-addr=localhost:2379", endpoints, "--retry-delay=1s"]
            );
            assert_eq!(
                line(Kind::GrpcProxy, minor, &["http://[::1]:4001"], &members),
                [
                    "grpc-proxy",
                    "start",
                    "--listen-addr=[::1]:4001",
                    endpoints,
                    "--data-dir=/var/lib/proxy"
                ]
            );
        }
    }

    #[test]
    fn the_v2_proxy_is_told_peers_by_name() {
        let peers =
            [target("http://10.0.0.1:2380", Some("a")), target("http://10.0.0.2:2380", Some("b"))];
        let listen = ["http://localhost:2379", "http://localhost:4001"];
        let urls = "http://localhost:2379,http://localhost:4001";
        let mut expected = vec![
            "--proxy=on".to_owned(),
            "--data-dir=/var/lib/proxy".to_owned(),
            format!("--listen-client-urls={urls}"),
            format!("--advertise-client-urls={urls}"),
            "--initial-cluster=a=http://10.0.0.1:2380,b=http://10.0.0.2:2380".to_owned(),
        ];
        let common = expected.len();
        expected.push("--log-outputs=stderr".to_owned());
        assert_eq!(line(Kind::V2Proxy, 5, &listen, &peers), expected);
        expected.insert(common, "--logger=zap".to_owned());
        assert_eq!(line(Kind::V2Proxy, 4, &listen, &peers), expected);
    }

    #[test]
    fn what_a_version_has_not_is_refused_by_both_names() {
        for kind in [Kind::Gateway, Kind::GrpcProxy, Kind::V2Proxy] {
            for minor in [4, 5] {
                assert_eq!(kind.check(of(minor)), Ok(()));
            }
        }
        assert_eq!(Kind::GrpcProxy.check(of(6)), Ok(()));
        let said = Kind::V2Proxy.check(of(6)).unwrap_err().to_string();
        assert!(said.contains("etcd 3.6.0 has no v2 proxy (--proxy=on)"), "{said}");
        assert!(said.contains("--mode=gateway"), "{said}");
    }
}
