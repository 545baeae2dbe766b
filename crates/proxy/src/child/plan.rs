//! What is the same for all starts of the children of a mode.

use std::path::PathBuf;
use std::time::Duration;

use etcd_mesos_core::discovery::Members;
use etcd_mesos_etcd::version::EtcdVersion;

use super::data_dir::{self, DataDirError};
use super::line::{Kind, NotInVersion, Place, Target};
use super::peers::PeersError;
use super::version::{self, BinaryError};
use super::{launch, targets};
use crate::listen::ListenUrl;
use crate::quote;

/// How a mode's children are run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) kind: Kind,
    pub(super) version: EtcdVersion,
    pub(super) etcd: PathBuf,
    pub(super) listen: Vec<ListenUrl>,
    pub(super) data_dir: PathBuf,
    pub(super) grace: Duration,
}

/// A mode that cannot be run with what is configured.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The etcd.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// Its version.
    #[error(transparent)]
    Version(#[from] NotInVersion),
    /// Its data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
}

impl Plan {
    /// Makes the plan, and looks at what it needs.
    ///
    /// # Errors
    /// When etcd cannot be run, has no such mode, or must not have that data directory.
    pub async fn make(
        kind: Kind,
        etcd: PathBuf,
        listen: Vec<ListenUrl>,
        data_dir: PathBuf,
        grace: Duration,
    ) -> Result<Plan, PlanError> {
        let version = version::ask(&etcd).await?;
        kind.check(version)?;
        if kind == Kind::V2Proxy {
            data_dir::check(&data_dir)?;
        }
        Ok(Plan { kind, version, etcd, listen, data_dir, grace })
    }

    /// Which addresses each child serves.
    pub(super) fn seats(&self) -> Vec<Vec<ListenUrl>> {
        match self.kind.serves_several() {
            true => vec![self.listen.clone()],
            false => self.listen.iter().map(|url| vec![url.clone()]).collect(),
        }
    }

    pub(super) fn arguments(&self, listen: &[ListenUrl], targets: &[Target]) -> Vec<String> {
        self.kind.arguments(self.version, Place { listen, data_dir: &self.data_dir }, targets)
    }

    pub(super) fn shown(&self, arguments: &[String]) -> String {
        let program = self.etcd.display().to_string();
        quote::line(std::iter::once(program.as_str()).chain(arguments.iter().map(String::as_str)))
    }

    /// The command lines for these members, each as a shell takes it.
    ///
    /// # Errors
    /// When the members must be asked for something, and none answers.
    pub async fn lines(&self, members: &Members) -> Result<Vec<String>, PeersError> {
        let targets = targets::of(self.kind, members).await?;
        let line = |listen: Vec<ListenUrl>| self.shown(&self.arguments(&listen, &targets));
        Ok(self.seats().into_iter().map(line).collect())
    }

    /// What has to be done before each start.
    pub(super) fn prepare(&self) -> Result<(), DataDirError> {
        match self.kind {
            Kind::V2Proxy => data_dir::forget_peers(&self.data_dir),
            Kind::Gateway | Kind::GrpcProxy => Ok(()),
        }
    }

    /// What is executed, with the binding to this process.
    pub(super) fn command(&self, arguments: &[String]) -> std::process::Command {
        launch::command(&self.etcd, arguments)
    }
}
