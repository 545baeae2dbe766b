//! A cluster whose masters and agents speak TLS, in Mesos's own words (`docs/ssl.md`).

use std::path::Path;

use super::builder::{Builder, Env};
use super::net::Net;
use crate::HarnessError;
use crate::tls::{Authority, Client};

/// Mesos's default has no suite that is still taken for safe.
const CIPHERS: &str = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256";

/// The authority of one cluster, and what its daemons are told.
#[derive(Debug)]
pub(super) struct Tls {
    pub authority: Authority,
    pub client: Client,
    env: Env,
}

impl Tls {
    /// One certificate is for all daemons, as it is for one address each.
    pub fn new(wanted: &Builder, net: &Net, dir: &Path) -> Result<Self, HarnessError> {
        let authority = Authority::found(dir, "mesos")?;
        let masters = (1..=wanted.masters).map(|n| net.master_ip(n));
        let agents = (1..=wanted.agents).map(|n| net.agent_ip(n));
        let own = authority.certify("daemons", masters.chain(agents).collect())?;
        let file = |path: &Path| path.display().to_string();
        let env = [
            ("ENABLED", "true".to_owned()),
            ("CERT_FILE", file(&own.certificate)),
            ("KEY_FILE", file(&own.key)),
            ("CA_FILE", file(authority.ca_file())),
            ("CIPHERS", CIPHERS.to_owned()),
            // Masters and agents verify each other by their addresses.
            ("VERIFY_SERVER_CERT", "true".to_owned()),
            ("VERIFY_IPADD", "true".to_owned()),
            ("HOSTNAME_VALIDATION_SCHEME", "openssl".to_owned()),
        ];
        let env = env.map(|(name, value)| (format!("LIBPROCESS_SSL_{name}"), value)).into();
        let client = authority.client()?;
        Ok(Self { authority, client, env })
    }

    /// Masters take nothing in plain.
    pub fn of_master(&self) -> Env {
        self.env.clone()
    }

    /// Agents take what their executors say in plain.
    pub fn of_agent(&self) -> Env {
        let downgrade = ("LIBPROCESS_SSL_SUPPORT_DOWNGRADE".to_owned(), "true".to_owned());
        self.env.iter().cloned().chain([downgrade]).collect()
    }
}
