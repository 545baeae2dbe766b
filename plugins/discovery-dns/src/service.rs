//! The SRV names to ask for.

use std::fmt;
use std::str::FromStr;

use hickory_proto::rr::Name;

/// The domain of a cluster, without the dot at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Domain(String);

impl FromStr for Domain {
    type Err = String;

    fn from_str(text: &str) -> Result<Domain, String> {
        let domain = text.strip_suffix('.').unwrap_or(text);
        absolute(domain)?;
        Ok(Domain(domain.to_owned()))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that no search list is applied to. Only what SRV names are made of is taken, because what
/// DNS allows beyond that is a typing error here.
fn absolute(text: &str) -> Result<Name, String> {
    let is_right = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || !text.chars().all(is_right) {
        return Err(format!("`{text}` is no domain name like etcd.mesos"));
    }
    Name::from_ascii(format!("{text}.")).map_err(|error| format!("`{text}`: {error}"))
}

/// A service of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// What is asked for.
    pub name: Name,
    /// Whether its members speak TLS, as its name says by `-ssl`.
    pub is_ssl: bool,
    /// Its name without `-ssl`.
    plain: String,
}

impl Service {
    /// The service of this name, like `_etcd-client._tcp`, in the domain.
    pub(crate) fn of(text: &str, domain: &Domain) -> Result<Service, String> {
        let labels: Vec<&str> = text.split('.').collect();
        let is_label = |label: &&str| label.len() > 1 && label.starts_with('_');
        if labels.len() < 2 || !labels.iter().all(is_label) {
            return Err(format!("`{text}` is not of the form _service._protocol"));
        }
        let name = match domain.0.as_str() {
            "" => absolute(text)?,
            domain => absolute(&format!("{text}.{domain}"))?,
        };
        let plain = without_ssl(text);
        Ok(Service { name, is_ssl: plain != text, plain })
    }
}

/// `_etcd-client-ssl-foo._tcp` becomes `_etcd-client-foo._tcp`: where etcd is given a service name of
/// one's own, `ssl` stands before it.
fn without_ssl(text: &str) -> String {
    let (service, rest) = text.split_once('.').unwrap_or((text, ""));
    let words = service.split('-').enumerate();
    let words = words.filter(|(at, word)| *at == 0 || !word.eq_ignore_ascii_case("ssl"));
    let words: Vec<&str> = words.map(|(_, word)| word).collect();
    format!("{}.{rest}", words.join("-"))
}

/// Services that are asked for together, because etcd's clients merge what they say.
pub(crate) type Group = Vec<Service>;

/// Services that differ by `-ssl` alone stand together, where the first of them stands.
pub(crate) fn grouped(services: Vec<Service>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for service in services {
        let of_its_name = |group: &&mut Group| group[0].plain == service.plain;
        match groups.iter_mut().find(of_its_name) {
            // The same name twice would ask the same question twice.
            Some(group) if group.contains(&service) => (),
            Some(group) => group.push(service),
            None => groups.push(vec![service]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(text: &str) -> Service {
        Service::of(text, &"etcd.mesos".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_service_is_asked_for_below_its_domain_and_nowhere_else() {
        let (plain, ssl) = (service("_etcd-client._tcp"), service("_etcd-client-ssl._tcp"));
        assert_eq!(plain.name.to_ascii(), "_etcd-client._tcp.etcd.mesos.");
        assert!(ssl.is_ssl && !plain.is_ssl && ssl.name.is_fqdn());
        assert!(!service("_etcd-clientssl._tcp").is_ssl);
    }

    #[test]
    fn names_that_differ_by_ssl_alone_are_asked_for_together() {
        let names = [
            "_etcd-client-ssl-foo._tcp",
            "_etcd-server._client",
            "_etcd-client-foo._tcp",
            "_etcd-server._client",
        ];
        let groups = grouped(names.map(service).to_vec());
        let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1]);
        assert_eq!(groups[0][1], service("_etcd-client-foo._tcp"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "x".repeat(64);
        for domain in ["", ".", "a..b", "a b", "etcd.mésos", "etcd.mesos..", &long] {
            assert!(domain.parse::<Domain>().is_err(), "{domain}");
        }
        assert_eq!("etcd.mesos.".parse::<Domain>().unwrap().to_string(), "etcd.mesos");
        let domain = "etcd.mesos".parse().unwrap();
        for text in ["", "_etcd", "etcd._tcp", "_etcd.tcp", "_._tcp", "_a._b/", "_a._tcp."] {
            assert!(Service::of(text, &domain).is_err(), "{text}");
        }
        let deep = Domain(vec!["x".repeat(60); 4].join("."));
        assert!(Service::of("_etcd-client._tcp", &deep).is_err(), "255 bytes are the most");
    }
}
