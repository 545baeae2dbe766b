//! The artifact server: the files that agents fetch, each under its own digest.
//!
//! A file is opened once and served from that open file, so that replacing it on disk (an upgrade)
//! never gives an agent bytes whose digest nobody announced.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use etcd_mesos_core::wire::{Binary, BinaryRole};
use sha2::{Digest, Sha256};
use tokio_util::io::ReaderStream;

use crate::settings::Binaries;

/// A file that cannot be served to agents.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// It cannot be read.
    #[error("cannot read {}, which {flag} names", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The flag that names it.
        flag: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// It is no regular file with a name.
    #[error("{}, which {flag} names, is no regular file", path.display())]
    NoFile {
        /// The file.
        path: PathBuf,
        /// The flag that names it.
        flag: &'static str,
    },
}

/// One file, open, with its digest.
#[derive(Debug)]
pub struct Artifact {
    /// What the executor must find in its sandbox.
    pub binary: Binary,
    file: File,
    len: u64,
}

impl Artifact {
    fn open(role: BinaryRole, path: &Path) -> Result<Artifact, ArtifactError> {
        let (flag, file_name) = names(role);
        let failed = |source| ArtifactError::Read { path: path.to_owned(), flag, source };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(ArtifactError::NoFile { path: path.to_owned(), flag });
        }
        let sha256 = digest(&file).map_err(failed)?;
        let binary = Binary { file: file_name.to_owned(), sha256, role };
        Ok(Artifact { binary, file, len: metadata.len() })
    }

    /// The path of its URL; the digest in it makes the fetcher's cache right for ever.
    pub fn url_path(&self) -> String {
        format!("/{}/{}", self.binary.sha256, self.binary.file)
    }

    /// A second, independent reader of the very file that was digested, even if it was replaced.
    fn reader(&self) -> io::Result<File> {
        File::open(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }
}

/// The flag that names a binary, and its name in the sandbox.
fn names(role: BinaryRole) -> (&'static str, &'static str) {
    match role {
        BinaryRole::Executor => ("--executor-bin", "etcd-mesos-executor"),
        BinaryRole::Etcd => ("--etcd-bin", "etcd"),
        BinaryRole::Etcdctl => ("--etcdctl-bin", "etcdctl"),
    }
}

fn digest(mut file: &File) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// All files that agents fetch.
#[derive(Clone, Debug)]
pub struct Artifacts(Arc<Vec<Artifact>>);

impl Artifacts {
    /// Opens and digests the files.
    ///
    /// # Errors
    /// The first that cannot be read, with the flag that names it.
    pub fn open(binaries: &Binaries) -> Result<Artifacts, ArtifactError> {
        let files = [
            (BinaryRole::Executor, &binaries.executor),
            (BinaryRole::Etcd, &binaries.etcd),
            (BinaryRole::Etcdctl, &binaries.etcdctl),
        ];
        let opened = files.into_iter().map(|(role, path)| Artifact::open(role, path));
        Ok(Artifacts(Arc::new(opened.collect::<Result<_, _>>()?)))
    }

    /// The files.
    pub fn iter(&self) -> impl Iterator<Item = &Artifact> {
        self.0.iter()
    }

    /// The routes that serve them.
    pub fn router(&self) -> Router {
        Router::new().route("/{digest}/{file}", get(serve)).with_state(self.clone())
    }
}

async fn serve(
    State(artifacts): State<Artifacts>,
    UrlPath((digest, file)): UrlPath<(String, String)>,
) -> Response {
    let wanted = artifacts.iter().find(|a| a.binary.sha256 == digest && a.binary.file == file);
    let Some(artifact) = wanted else {
        return (StatusCode::NOT_FOUND, "no such artifact: its digest is part of its path\n")
            .into_response();
    };
    match artifact.reader() {
        Ok(reader) => {
            let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(reader), 256 * 1024);
            let length = (header::CONTENT_LENGTH, artifact.len.to_string());
            ([length], Body::from_stream(stream)).into_response()
        }
        Err(error) => {
            tracing::warn!(file, %error, "an artifact cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
