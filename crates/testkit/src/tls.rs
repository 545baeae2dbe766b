//! A certificate authority for tests, and what it certifies.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::HarnessError;
use crate::error::Doing;

/// A certificate authority whose files are in one directory.
#[derive(Debug)]
pub struct Authority {
    dir: PathBuf,
    ca_file: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate's file.
    pub certificate: PathBuf,
    /// The key's file.
    pub key: PathBuf,
}

/// Speaks TLS with whoever has a certificate of one authority, and has one itself.
#[derive(Clone, Debug)]
pub struct Client(Arc<ClientConfig>);

impl Authority {
    /// Makes an authority of this name and writes its certificate into the directory.
    pub fn found(dir: &Path, name: &str) -> Result<Self, HarnessError> {
        let what = || format!("make the certificate authority {name}");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().map_err(other).doing(what)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(other).doing(what)?;
        let ca_file = dir.join(format!("{name}.ca.pem"));
        fs::write(&ca_file, issuer.pem()).doing(what)?;
        Ok(Self { dir: dir.to_owned(), ca_file, issuer })
    }

    /// The file with its own certificate.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Certifies that whoever has the key is each of these hosts, by name or address.
    pub fn certify(&self, name: &str, hosts: Vec<String>) -> Result<Certificate, HarnessError> {
        let (key, certificate) = self.issue(hosts)?;
        let file = |kind: &str| self.dir.join(format!("{name}.{kind}.pem"));
        let files = Certificate { certificate: file("certificate"), key: file("key") };
        let what = || format!("write the certificate of {name}");
        fs::write(&files.certificate, certificate.pem()).doing(what)?;
        fs::write(&files.key, key.serialize_pem()).doing(what)?;
        Ok(files)
    }

    /// A client that trusts this authority and is certified by it.
    pub fn client(&self) -> Result<Client, HarnessError> {
        let what = || "set up a TLS client".to_owned();
        let (key, certificate) = self.issue(vec!["harness".to_owned()])?;
        let mut trusted = RootCertStore::empty();
        trusted.add(self.issuer.der().clone()).map_err(other).doing(what)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let chain = vec![certificate.der().clone()];
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config.with_root_certificates(trusted).with_client_auth_cert(chain, key.into())
            });
        Ok(Client(Arc::new(config.map_err(other).doing(what)?)))
    }

    fn issue(&self, hosts: Vec<String>) -> Result<(KeyPair, rcgen::Certificate), HarnessError> {
        let issue = || -> Result<_, rcgen::Error> {
            let key = KeyPair::generate()?;
            let certificate = CertificateParams::new(hosts)?.signed_by(&key, &self.issuer)?;
            Ok((key, certificate))
        };
        issue().map_err(other).doing(|| "issue a certificate".to_owned())
    }
}

impl Client {
    /// TLS on this connection; the handshake is made with the first bytes.
    pub(crate) fn wrap(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> io::Result<impl Read + Write + use<>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(self.0.clone(), name).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }
}

fn other(error: impl Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(error)
}
