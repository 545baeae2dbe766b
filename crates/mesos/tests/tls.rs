//! The scheduler's client and TLS: whom it believes, and what it never sends in plain.

#![allow(clippy::unwrap_used)]

mod server;

use std::{error::Error, fs, path::PathBuf, sync::Arc, time::Duration};

use mesos_v1::{
    Authorities, CallError, ClientCertificate, ConnectError, Credentials, Endpoint, HandshakeError,
    Masters, RedirectError, Retry, Scheme, Tls,
    scheduler::{Call, SchedulerClient, SchedulerConfig, Subscription},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::ring,
    pki_types::PrivateKeyDer,
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};

use crate::server::{Server, accepted, config, framework, redirection, stream, subscribed};

/// An authority, and the files that a client of its masters has.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, dir: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: String) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn trusted(&self) -> Authorities {
        Authorities::from_file(&self.file("ca.pem", self.issuer.pem())).unwrap()
    }

    /// A client that trusts it, and shows nothing.
    fn tls(&self) -> Tls {
        Tls::new(self.trusted(), None)
    }

    /// A client that trusts it, and has a certificate of it.
    fn tls_with_certificate(&self) -> Tls {
        let key = KeyPair::generate().unwrap();
        let certificate = params("etcd").signed_by(&key, &self.issuer).unwrap();
        let certificate = self.file("client.pem", certificate.pem());
        let key = self.file("client.key", key.serialize_pem());
        Tls::new(self.trusted(), Some(ClientCertificate::from_files(&certificate, &key).unwrap()))
    }

    fn server(&self, params: &CertificateParams) -> ServerConfig {
        self.server_of(params, &[&TLS12, &TLS13], false)
    }

    fn server_of(
        &self,
        params: &CertificateParams,
        versions: &[&'static SupportedProtocolVersion],
        demands_certificate: bool,
    ) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(ring::default_provider());
        let mut known = RootCertStore::empty();
        known.add(self.issuer.der().clone()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(known), provider.clone());
        let config = ServerConfig::builder_with_provider(provider);
        let config = config.with_protocol_versions(versions).unwrap();
        let config = match demands_certificate {
            true => config.with_client_cert_verifier(verifier.build().unwrap()),
            false => config.with_no_client_auth(),
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        config.with_single_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

/// A certificate for where all servers here listen.
fn here() -> CertificateParams {
    params("127.0.0.1")
}

fn config_of(endpoint: &Endpoint, tls: Option<Tls>) -> SchedulerConfig {
    let credentials = Some(Credentials::new("etcd", "secret").unwrap());
    let connect_timeout = Duration::from_secs(10);
    let call_timeout = connect_timeout;
    SchedulerConfig { credentials, tls, connect_timeout, call_timeout, ..config(&[endpoint]) }
}

async fn subscribe(endpoint: &Endpoint, tls: Option<Tls>) -> Result<Subscription, CallError> {
    SchedulerClient::new(config_of(endpoint, tls)).subscribe(&framework(), &[]).await
}

fn subscription() -> Vec<server::Play> {
    vec![stream(&[subscribed(15.0)]), accepted()]
}

/// Why there is no TLS with a server that has this configuration, and that nothing was sent to it.
async fn refused(config: ServerConfig, tls: Tls) -> HandshakeError {
    let server = Server::over_tls(subscription(), config).await;
    let error = handshake_error(subscribe(&server.endpoint, Some(tls)).await.unwrap_err());
    assert!(server.seen().is_empty(), "nothing is said before the other side is known");
    error
}

fn handshake_error(error: CallError) -> HandshakeError {
    match error {
        CallError::Connect { source: ConnectError::Tls(source), .. } => source,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_master_with_a_known_authority_is_subscribed_with() {
    let authority = Authority::new("ours");
    for version in [&TLS12, &TLS13] {
        let config = authority.server_of(&here(), &[version], false);
        let server = Server::over_tls(subscription(), config).await;
        let subscription = subscribe(&server.endpoint, Some(authority.tls())).await.unwrap();
        subscription.calls().send(Call::revive(vec![])).await.unwrap();
        assert_eq!(subscription.master.scheme(), Scheme::Https);
        let host = format!("host: 127.0.0.1:{}", server.endpoint.port());
        assert_eq!(server.seen().len(), 2);
        for request in server.seen() {
            assert!(request.head.contains(&host), "{}", request.head);
            assert!(request.head.contains("authorization: basic "), "{}", request.head);
        }
    }
}

#[tokio::test]
async fn a_certificate_is_refused_with_its_reason() {
    let (ours, other, namesake) =
        (Authority::new("ours"), Authority::new("other"), Authority::new("ours"));
    for stranger in [&other, &namesake] {
        let error = refused(stranger.server(&here()), ours.tls()).await;
        assert!(matches!(error, HandshakeError::Authority(_)), "{error:?}");
        assert_eq!(error.retry(), Retry::Never);
    }
    for name in ["localhost", "127.0.0.2"] {
        let error = refused(ours.server(&params(name)), ours.tls()).await;
        assert!(matches!(error, HandshakeError::OtherName(_)), "{error:?}");
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains(name) && cause.contains("127.0.0.1"), "{cause}");
        assert_eq!(error.retry(), Retry::Never);
    }
    let (mut expired, mut early) = (here(), here());
    expired.not_after = date_time_ymd(2020, 1, 1);
    early.not_before = date_time_ymd(4000, 1, 1);
    for wrong in [expired, early] {
        let error = refused(ours.server(&wrong), ours.tls()).await;
        assert!(matches!(error, HandshakeError::OutOfDate(_)), "{error:?}");
        assert_eq!(error.retry(), Retry::Never);
    }
}

#[tokio::test]
async fn a_master_that_cannot_be_believed_does_not_hide_the_next_one() {
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let stranger = Server::over_tls(subscription(), other.server(&here())).await;
    let leader = Server::over_tls(subscription(), ours.server(&here())).await;
    let mut config = config_of(&stranger.endpoint, Some(ours.tls()));
    config.masters = Masters::Listed(vec![stranger.endpoint, leader.endpoint.clone()]);
    let subscription = SchedulerClient::new(config).subscribe(&framework(), &[]).await.unwrap();
    assert_eq!(subscription.master, leader.endpoint);
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_demanded() {
    let authority = Authority::new("ours");
    for version in [&TLS12, &TLS13] {
        let config = || authority.server_of(&here(), &[version], true);
        let server = Server::over_tls(subscription(), config()).await;
        subscribe(&server.endpoint, Some(authority.tls_with_certificate())).await.unwrap();
        for tls in [authority.tls(), with_a_strangers_certificate(&authority)] {
            let error = refused(config(), tls).await;
            let is_told =
                matches!(error, HandshakeError::Refused(_) | HandshakeError::NothingShared(_));
            assert!(is_told && error.retry() == Retry::Never, "{version:?}: {error:?}");
        }
    }
}

/// Trusts `authority`, and shows a certificate that it did not sign.
fn with_a_strangers_certificate(authority: &Authority) -> Tls {
    let (stranger, key) = (Authority::new("other"), KeyPair::generate().unwrap());
    let certificate = params("etcd").signed_by(&key, &stranger.issuer).unwrap();
    let certificate = stranger.file("client.pem", certificate.pem());
    let key = stranger.file("client.key", key.serialize_pem());
    let certificate = ClientCertificate::from_files(&certificate, &key).unwrap();
    Tls::new(authority.trusted(), Some(certificate))
}

/// Says this to whoever connects, and then closes the connection or keeps it.
async fn speaker(words: &'static [u8], closes: bool) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let mut kept = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(words).await.unwrap();
            if !closes {
                kept.push(stream);
            }
        }
    });
    endpoint.with_scheme(Scheme::Https)
}

#[tokio::test]
async fn a_server_without_tls_is_told_as_such() {
    let tls = Authority::new("ours").tls();
    let plain = speaker(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", false).await;
    let error = handshake_error(subscribe(&plain, Some(tls.clone())).await.unwrap_err());
    assert!(matches!(error, HandshakeError::NotTls(_)), "{error:?}");
    assert_eq!(error.retry(), Retry::Never);
    let closing = speaker(b"", true).await;
    let error = handshake_error(subscribe(&closing, Some(tls)).await.unwrap_err());
    assert!(matches!(error, HandshakeError::Closed(_)), "{error:?}");
    assert_eq!(error.retry(), Retry::Later, "a master that ends does the same");
}

/// What a libprocess with OpenSSL 1.0 says where its ciphers are Mesos's default, which has no ECDHE, or where
/// it demands a certificate.
#[tokio::test]
async fn a_master_that_shares_no_cipher_suite_is_told_as_such() {
    let tls = Authority::new("ours").tls();
    let master = speaker(&[0x15, 3, 3, 0, 2, 2, 40], false).await;
    let error = handshake_error(subscribe(&master, Some(tls)).await.unwrap_err());
    assert!(matches!(error, HandshakeError::NothingShared(_)), "{error:?}");
    assert_eq!(error.retry(), Retry::Never);
}

#[tokio::test]
async fn a_server_with_tls_is_not_taken_for_a_plain_one() {
    let authority = Authority::new("ours");
    let server = Server::over_tls(subscription(), authority.server(&here())).await;
    let plain = server.endpoint.clone().with_scheme(Scheme::Http);
    let error = subscribe(&plain, Some(authority.tls())).await.unwrap_err();
    let is_told = matches!(error, CallError::NotMesos { .. } | CallError::Broken { .. });
    assert!(is_told, "{error:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_handshake_that_is_not_answered_is_given_up_in_time() {
    let silent = speaker(b"", false).await;
    let mut config = config_of(&silent, Some(Authority::new("ours").tls()));
    config.connect_timeout = Duration::from_millis(50);
    let error = SchedulerClient::new(config).subscribe(&framework(), &[]).await.unwrap_err();
    let CallError::Connect { source: ConnectError::Timeout(limit), .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(limit, Duration::from_millis(50));
}

#[tokio::test]
async fn a_redirection_never_leads_out_of_tls() {
    let authority = Authority::new("ours");
    let plain = Server::start(subscription()).await;
    let to = format!("http://{}/api/v1/scheduler", plain.endpoint);
    let follower = Server::over_tls(vec![redirection(&to)], authority.server(&here())).await;
    let error = subscribe(&follower.endpoint, Some(authority.tls())).await.unwrap_err();
    let CallError::Redirect { source: RedirectError::Downgrade(there), .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((there, error.retry()), (&plain.endpoint, Retry::Never));
    assert!(follower.seen()[0].head.contains("authorization: basic "));
    assert!(plain.seen().is_empty(), "neither the call nor the credentials");
}

#[tokio::test]
async fn a_redirection_without_a_scheme_stays_within_tls() {
    let authority = Authority::new("ours");
    let leader = Server::over_tls(subscription(), authority.server(&here())).await;
    let to = format!("//127.0.0.1:{}/api/v1/scheduler", leader.endpoint.port());
    let follower = Server::over_tls(vec![redirection(&to)], authority.server(&here())).await;
    let subscription = subscribe(&follower.endpoint, Some(authority.tls())).await.unwrap();
    subscription.calls().send(Call::revive(vec![])).await.unwrap();
    assert_eq!(subscription.master, leader.endpoint);
    assert_eq!((follower.seen().len(), leader.seen().len()), (1, 2));
}

#[tokio::test]
async fn a_redirection_into_tls_is_followed_where_somebody_is_trusted() {
    let authority = Authority::new("ours");
    let leader = Server::over_tls(subscription(), authority.server(&here())).await;
    let to = format!("{}/api/v1/scheduler", leader.endpoint);
    let follower = Server::start(vec![redirection(&to)]).await;
    let error = handshake_error(subscribe(&follower.endpoint, None).await.unwrap_err());
    assert!(matches!(error, HandshakeError::NoAuthorities), "{error:?}");
    assert!(leader.seen().is_empty());
    let subscription = subscribe(&follower.endpoint, Some(authority.tls())).await.unwrap();
    assert_eq!(subscription.master, leader.endpoint);
}
