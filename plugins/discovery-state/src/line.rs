//! Documents of the leading master, read as they come.
//!
//! A body has no deadline as a whole, because how long it is nobody knows; but it has to go on: what comes more
//! slowly than [`PROGRESS_BYTES`] in each progress timeout, is given up.

use std::path::Path;
use std::time::Duration;

use etcd_mesos_core::cause::chain;
use mesos_v1::scheduler::{SchedulerClient, SchedulerConfig};
use mesos_v1::{Authorities, ClientCertificate, Credentials, Document, Endpoint, Scheme, Tls};
use tokio::time::{Instant, timeout_at};

use crate::flaw::Flaw;
use crate::section::MesosStateSection;
use crate::trouble::Trouble;
use crate::walk::{Reader, Walk};

/// So much has to come within a progress timeout, or the end: at the usual one a connection of 35 kB/s is enough.
pub(crate) const PROGRESS_BYTES: u64 = 1 << 20;
/// Longer than the state of any Mesos.
const BODY_BYTES_MAX: u64 = 16 << 30;
/// A master that does not take a connection in that time is away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The way to the leading master, for one query.
#[derive(Debug)]
pub(crate) struct Line {
    client: SchedulerClient,
    progress_timeout: Duration,
    /// Who answered last.
    pub(crate) leader: Option<Endpoint>,
}

impl Line {
    /// Finds whom to ask. Files are read each time, so that secrets and certificates may be changed.
    pub(crate) async fn find(
        section: &MesosStateSection,
        led: Option<Endpoint>,
    ) -> Result<Line, Trouble> {
        let place = section.master_with_login().map_err(Trouble::refused)?;
        let scheme = if section.tls { Scheme::Https } else { Scheme::Http };
        let masters = place.masters(led, scheme).await?;
        let mut config = SchedulerConfig::new(masters);
        config.credentials = credentials(section)?;
        config.tls = tls(section)?;
        config.connect_timeout = CONNECT_TIMEOUT.min(section.progress_timeout.0);
        config.call_timeout = section.progress_timeout.0;
        let client = SchedulerClient::new(config);
        Ok(Line { client, progress_timeout: section.progress_timeout.0, leader: None })
    }

    /// Reads a document from its beginning to its end.
    pub(crate) async fn read<R: Reader>(&mut self, path: &str, reader: R) -> Result<R, Trouble> {
        let document = self.client.open_document(path).await.map_err(Trouble::at_head)?;
        self.leader = Some(document.target().endpoint.clone());
        let mut body = Body::new(document, self.progress_timeout);
        let mut walk = Walk::new(reader);
        while let Some(piece) = body.next().await? {
            walk.push(&piece)?;
        }
        Ok(walk.finish()?)
    }
}

fn credentials(section: &MesosStateSection) -> Result<Option<Credentials>, Trouble> {
    let (Some(principal), Some(path)) = (&section.principal, &section.secret_file) else {
        return Ok(None);
    };
    Credentials::from_secret_file(principal, path).map(Some).map_err(Trouble::refused)
}

fn tls(section: &MesosStateSection) -> Result<Option<Tls>, Trouble> {
    let Some(path) = &section.ca_file else { return Ok(None) };
    let authorities = Authorities::from_file(path).map_err(Trouble::refused)?;
    let certificate = match (&section.cert_file, &section.key_file) {
        (Some(certificate), Some(key)) => Some(client_certificate(certificate, key)?),
        _ => None,
    };
    Ok(Some(Tls::new(authorities, certificate)))
}

fn client_certificate(certificate: &Path, key: &Path) -> Result<ClientCertificate, Trouble> {
    ClientCertificate::from_files(certificate, key).map_err(Trouble::refused)
}

/// A body that has to go on.
#[derive(Debug)]
struct Body {
    document: Document,
    progress_timeout: Duration,
    read: u64,
    /// By when so much must have been read, or all.
    due: (Instant, u64),
}

impl Body {
    fn new(document: Document, progress_timeout: Duration) -> Body {
        let due = (Instant::now() + progress_timeout, PROGRESS_BYTES);
        Body { document, progress_timeout, read: 0, due }
    }

    async fn next(&mut self) -> Result<Option<bytes::Bytes>, Trouble> {
        let (by, _) = self.due;
        let piece = timeout_at(by, self.document.next()).await.map_err(|_| self.stalled())?;
        // The connection is gone, or what came is not HTTP: whatever the rest was, it will not come.
        let piece =
            piece.map_err(|error| Trouble::lie(format!("{}: {}", Flaw::Cut, chain(&error))))?;
        self.note(piece.as_ref().map_or(0, |piece| piece.len() as u64))?;
        Ok(piece)
    }

    fn note(&mut self, more: u64) -> Result<(), Trouble> {
        self.read += more;
        if self.read >= self.due.1 {
            self.due = (Instant::now() + self.progress_timeout, self.read + PROGRESS_BYTES);
        }
        if self.read > BODY_BYTES_MAX {
            return Err(Trouble::lie(format!("it has more than {BODY_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    fn stalled(&self) -> Trouble {
        Trouble::away(format!(
            "{}: the answer began and did not go on: less than {PROGRESS_BYTES} bytes, and no end, came within {:?}",
            self.document.target(),
            self.progress_timeout
        ))
    }
}
