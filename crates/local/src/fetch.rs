//! The fetcher: brings a URI into a sandbox.
//!
//! Files and http:// only; nothing is unpacked (who asks for it is refused with the launch), and
//! nothing is kept for the next fetch. A file is written under another name and renamed, so that
//! nothing half is ever run.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::header::HOST;
use hyper::{Request, StatusCode, Uri, client::conn::http1};
use hyper_util::rt::TokioIo;
use mesos_v1::proto;
use tokio::net::TcpStream;

/// Why a URI was not fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("{0}")]
    File(#[from] io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("it is no URL: {0}")]
    Url(#[from] hyper::http::uri::InvalidUri),
    #[error("it has no host")]
    NoHost,
    #[error("the server answers {0}")]
    Status(StatusCode),
    #[error("{0} does not stay in the sandbox")]
    Outside(PathBuf),
}

pub(crate) async fn fetch(uri: &proto::Uri, sandbox: &Path) -> Result<(), FetchError> {
    let target = sandbox.join(name_of(uri)?);
    let part = target.with_added_extension("part");
    if let Some(directory) = target.parent() {
        fs::create_dir_all(directory)?;
    }
    let into = File::create(&part)?;
    match uri.value.contains("://") {
        true => download(&uri.value, into).await?,
        false => drop(io::copy(&mut File::open(&uri.value)?, &mut &into)?),
    }
    let mode = if uri.executable() { 0o755 } else { 0o644 };
    fs::set_permissions(&part, Permissions::from_mode(mode))?;
    fs::rename(&part, &target)?;
    Ok(())
}

/// Its path in the sandbox: the one that it names, or its last part.
fn name_of(uri: &proto::Uri) -> Result<PathBuf, FetchError> {
    let last = uri.value.split('?').next().unwrap_or_default().trim_end_matches('/');
    let last = last.rsplit('/').next().unwrap_or_default();
    let name = PathBuf::from(uri.output_file.as_deref().unwrap_or(last));
    let stays = name.components().all(|part| matches!(part, Component::Normal(_)));
    if stays && name.file_name().is_some() { Ok(name) } else { Err(FetchError::Outside(name)) }
}

async fn download(url: &str, mut into: File) -> Result<(), FetchError> {
    let url: Uri = url.parse()?;
    let authority = url.authority().ok_or(FetchError::NoHost)?;
    let address = (authority.host(), authority.port_u16().unwrap_or(80));
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path).header(HOST, authority.as_str()).body(Empty::<Bytes>::new());
    let Ok(request) = request else { return Err(FetchError::NoHost) };
    let answer = sender.send_request(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status()));
    }
    let mut body = answer.into_body();
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            into.write_all(data)?;
        }
    }
    connection.abort();
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn uri(value: &str, output_file: Option<&str>) -> proto::Uri {
        let output_file = output_file.map(str::to_owned);
        proto::Uri { value: value.to_owned(), output_file, ..proto::Uri::default() }
    }

    #[test]
    fn a_name_stays_in_the_sandbox() {
        let name = |value, file| name_of(&uri(value, file));
        assert_eq!(name("http://h:1/a/b?c=/d", None).unwrap(), Path::new("b"));
        assert_eq!(name("/x/y/", None).unwrap(), Path::new("y"));
        assert_eq!(name("http://h/a", Some("bin/c")).unwrap(), Path::new("bin/c"));
        for file in ["../c", "/etc/passwd", "a/../../b", ""] {
            assert!(name("http://h/a", Some(file)).is_err(), "{file}");
        }
    }

    #[tokio::test]
    async fn a_file_is_copied_whole_and_made_executable() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("source");
        fs::write(&source, "#!/bin/sh\n").unwrap();
        let mut asked = uri(&source.to_string_lossy(), Some("program"));
        asked.executable = Some(true);
        fetch(&asked, dir.path()).await.unwrap();
        let program = dir.path().join("program");
        assert_eq!(fs::read(&program).unwrap(), b"#!/bin/sh\n");
        assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o755);
        let missing = fetch(&uri("/nothing/is/here", None), dir.path()).await.unwrap_err();
        assert!(matches!(missing, FetchError::File(_)), "{missing}");
    }
}
