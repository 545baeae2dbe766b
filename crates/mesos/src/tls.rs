//! TLS towards masters: whom we trust, who we are, and why a handshake fails.
//!
//! Mesos itself speaks TLS 1.2 (`docs/ssl.md`, 1.11). What is absent: the system's authorities, because a
//! Mesos has nearly always one of its own, and a file can name the system's too; and a switch that turns
//! the verification off.

use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        AlertDescription, CertificateError, ClientConfig, Error as TlsError, RootCertStore,
        crypto::{CryptoProvider, ring},
        pki_types::{
            CertificateDer, PrivateKeyDer, ServerName,
            pem::{self, PemObject},
        },
        sign::{CertifiedKey, SingleCertAndKey},
    },
};

type Cause = Box<dyn Error + Send + Sync>;

/// The authorities whose certificates are accepted.
#[derive(Clone, Debug)]
pub struct Authorities(RootCertStore);

/// Our own certificate, for masters that demand one, with its key, which `Debug` does not show.
#[derive(Clone)]
pub struct ClientCertificate(CertifiedKey);

/// All that TLS towards masters needs.
#[derive(Clone)]
pub struct Tls(TlsConnector);

/// Why a file can't be used for TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsFileError {
    /// It can't be read.
    #[error("the file {path} can't be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its PEM is malformed.
    #[error("the file {path} is not PEM")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// It may be PEM, and holds nothing of what is looked for.
    #[error("the file {path} holds no {what} in PEM (`-----BEGIN …`)")]
    Empty {
        /// The file.
        path: PathBuf,
        /// What is looked for.
        what: &'static str,
    },
    /// A certificate of an authority that can't be used.
    #[error("certificate {number} in {path} can't be used")]
    Authority {
        /// The file.
        path: PathBuf,
        /// Which one, from 1.
        number: usize,
        /// Why.
        source: Cause,
    },
    /// A certificate and a key that are not of each other, or are of a kind that is not known here.
    #[error("the certificate in {certificate} can't be used with the key in {key}")]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        source: Cause,
    },
}

/// Why the other side and we could not agree on TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// TLS is asked for, and nobody said whom to trust.
    #[error("it needs TLS, and no certificate authority was given")]
    NoAuthorities,
    /// Nobody can have a certificate for such a name.
    #[error("`{0}` is no name that a certificate can be for")]
    Name(String),
    /// Its certificate comes from an authority that was not given.
    #[error("its certificate is of no authority that is trusted here")]
    Authority(#[source] Cause),
    /// Its certificate is for another name or address than the one that we connected to.
    #[error("its certificate is for another name")]
    OtherName(#[source] Cause),
    /// Its certificate has expired, or is not valid yet.
    #[error("its certificate is not valid at this time")]
    OutOfDate(#[source] Cause),
    /// Its certificate is not accepted for another reason.
    #[error("its certificate is not accepted")]
    Certificate(#[source] Cause),
    /// What it says is not TLS.
    #[error("it does not speak TLS")]
    NotTls(#[source] Cause),
    /// It shares no cipher suite with us, or asks for a certificate that it did not get: OpenSSL has one
    /// alert for both.
    #[error("it shares no cipher suite with us, or demands a client certificate")]
    NothingShared(#[source] Cause),
    /// It refuses what we are.
    #[error("it refuses our side of TLS")]
    Refused(#[source] Cause),
    /// Versions or messages that don't fit.
    #[error("no TLS can be agreed on")]
    Unfit(#[source] Cause),
    /// It closed the connection before TLS was agreed on.
    #[error("it closed the connection within the TLS handshake, as a server without TLS does")]
    Closed(#[source] io::Error),
    /// The connection broke.
    #[error("the connection broke within the TLS handshake")]
    Broken(#[source] io::Error),
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

impl Authorities {
    /// Reads one certificate or more in PEM.
    ///
    /// # Errors
    ///
    /// The file can't be read, is not PEM, holds no certificate, or one that can't be used.
    pub fn from_file(path: &Path) -> Result<Self, TlsFileError> {
        let mut store = RootCertStore::empty();
        for (index, certificate) in certificates(path)?.into_iter().enumerate() {
            store.add(certificate).map_err(|error| TlsFileError::Authority {
                path: path.to_owned(),
                number: index + 1,
                source: Box::new(error),
            })?;
        }
        Ok(Self(store))
    }
}

impl ClientCertificate {
    /// Reads a certificate, with those between it and its authority behind it, and its key: PKCS#8, PKCS#1
    /// or SEC1, not encrypted. Both are PEM.
    ///
    /// # Errors
    ///
    /// A file can't be read, is not PEM, lacks what it is for, or the two are not of each other.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsFileError> {
        let chain = certificates(certificate)?;
        let private = private_key(key)?;
        let pair = CertifiedKey::from_der(chain, private, &provider());
        pair.map(Self).map_err(|error| TlsFileError::Pair {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            source: Box::new(error),
        })
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let text = read(path)?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|source| TlsFileError::Pem { path: path.to_owned(), source })?;
    if found.is_empty() {
        return Err(TlsFileError::Empty { path: path.to_owned(), what: "certificate" });
    }
    Ok(found)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    let path = path.to_owned();
    PrivateKeyDer::from_pem_slice(&read(&path)?).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsFileError::Empty { path, what: "unencrypted private key" },
        source => TlsFileError::Pem { path, source },
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsFileError> {
    fs::read(path).map_err(|source| TlsFileError::Read { path: path.to_owned(), source })
}

impl Tls {
    /// Trusts these authorities alone, and shows this certificate to a master that asks for one.
    pub fn new(authorities: Authorities, certificate: Option<ClientCertificate>) -> Self {
        // The provider is named: the process may have none, or another one, as its default.
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring has suites for each version that is safe")
            .with_root_certificates(authorities.0);
        let config = match certificate {
            Some(ClientCertificate(pair)) => {
                config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair)))
            }
            None => config.with_no_client_auth(),
        };
        Self(Arc::new(config).into())
    }

    /// Makes TLS of a connection to that host, whose certificate has to be for that very name or address.
    pub(crate) async fn shake_hands(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, HandshakeError> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| HandshakeError::Name(host.to_owned()))?;
        self.0.connect(name, stream).await.map_err(failed)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// In TLS 1.3 a refusal of our certificate comes after the handshake, in place of an answer.
pub(crate) fn late_refusal(error: &(dyn Error + 'static)) -> Option<HandshakeError> {
    let io = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let inner = io.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref());
    match inner {
        Some(TlsError::AlertReceived(alert)) => Some(refused(TlsError::AlertReceived(*alert))),
        _ => late_refusal(error.source()?),
    }
}

/// rustls's errors come within those of I/O.
fn failed(error: io::Error) -> HandshakeError {
    let is_end = matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    );
    match error.downcast::<TlsError>() {
        Ok(error) => refused(error),
        Err(error) if is_end => HandshakeError::Closed(error),
        Err(error) => HandshakeError::Broken(error),
    }
}

fn refused(error: TlsError) -> HandshakeError {
    let kind = match &error {
        TlsError::InvalidCertificate(problem) => certificate_problem(problem),
        TlsError::InvalidMessage(_) => HandshakeError::NotTls,
        TlsError::AlertReceived(AlertDescription::HandshakeFailure) => {
            HandshakeError::NothingShared
        }
        TlsError::AlertReceived(_) => HandshakeError::Refused,
        _ => HandshakeError::Unfit,
    };
    kind(Box::new(error))
}

fn certificate_problem(problem: &CertificateError) -> fn(Cause) -> HandshakeError {
    use CertificateError as Problem;
    match problem {
        // An authority of the same name with another key makes the signature a bad one.
        Problem::UnknownIssuer | Problem::BadSignature => HandshakeError::Authority,
        Problem::NotValidForName | Problem::NotValidForNameContext { .. } => {
            HandshakeError::OtherName
        }
        Problem::Expired
        | Problem::ExpiredContext { .. }
        | Problem::NotValidYet
        | Problem::NotValidYetContext { .. } => HandshakeError::OutOfDate,
        _ => HandshakeError::Certificate,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rcgen::{CertificateParams, KeyPair};
    use tempfile::TempDir;

    use super::*;

    fn file(dir: &TempDir, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn pair() -> (String, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::default().self_signed(&key).unwrap().pem(), key)
    }

    fn words(error: &TlsFileError) -> String {
        error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
    }

    #[test]
    fn a_file_may_hold_several_authorities_and_every_problem_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = pair();
        let both = file(&dir, "both", format!("words\n{certificate}\n{}", pair().0));
        assert_eq!(Authorities::from_file(&both).unwrap().0.len(), 2);
        for (name, bytes, expected) in [
            ("empty", Vec::new(), "no certificate in PEM"),
            ("der", vec![0x30, 0x82, 1, 10, 13, 0xff], "no certificate in PEM"),
            ("key", key.serialize_pem().into_bytes(), "no certificate in PEM"),
            ("cut", certificate[..certificate.len() / 2].into(), "is not PEM"),
            (
                "false",
                b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n".into(),
                "1 in",
            ),
        ] {
            let path = file(&dir, name, bytes);
            let said = words(&Authorities::from_file(&path).unwrap_err());
            assert!(said.contains(expected) && said.contains(path.to_str().unwrap()), "{said}");
        }
        let said = words(&Authorities::from_file(Path::new("/no/such/ca")).unwrap_err());
        assert!(said.starts_with("the file /no/such/ca can't be read: No such file"), "{said}");
    }

    #[test]
    fn a_client_certificate_needs_its_own_key() {
        let dir = tempfile::tempdir().unwrap();
        let ((certificate, key), (_, other)) = (pair(), pair());
        let certificate = file(&dir, "certificate", certificate);
        let key = file(&dir, "key", key.serialize_pem());
        let shown = format!("{:?}", ClientCertificate::from_files(&certificate, &key).unwrap());
        assert_eq!(shown, "ClientCertificate { .. }");
        let other = file(&dir, "other", other.serialize_pem());
        let said = words(&ClientCertificate::from_files(&certificate, &other).unwrap_err());
        assert!(said.contains("can't be used with the key in") && said.contains("other"), "{said}");
        let said = words(&ClientCertificate::from_files(&certificate, &certificate).unwrap_err());
        assert!(said.contains("no unencrypted private key"), "{said}");
    }
}
