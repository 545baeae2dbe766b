//! Who calls, and the proof: HTTP basic for frameworks (Mesos `docs/authentication.md`), a bearer
//! token for executors.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::header::HeaderValue;

/// A principal and its secret. Neither `Debug` nor an error ever shows the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    principal: String,
    secret: Vec<u8>,
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// HTTP basic ends the principal at the first colon.
    #[error("the principal `{0}` holds a colon or is empty")]
    Principal(String),
    /// The secret is empty.
    #[error("the secret of the principal `{0}` is empty")]
    EmptySecret(String),
    /// The file can't be read.
    #[error("the secret file {path} can't be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Credentials {
    /// A principal and its secret, which is taken as it is.
    ///
    /// # Errors
    ///
    /// An empty principal, one with a colon, or an empty secret.
    pub fn new(
        principal: impl Into<String>,
        secret: impl Into<Vec<u8>>,
    ) -> Result<Self, CredentialsError> {
        let (principal, secret) = (principal.into(), secret.into());
        if principal.is_empty() || principal.contains(':') {
            return Err(CredentialsError::Principal(principal));
        }
        if secret.is_empty() {
            return Err(CredentialsError::EmptySecret(principal));
        }
        Ok(Self { principal, secret })
    }

    /// A principal, and its secret from a file. One line feed at the end, which editors add, is not
    /// part of the secret; any other byte is.
    ///
    /// # Errors
    ///
    /// The file can't be read, or as [`Credentials::new`].
    pub fn from_secret_file(
        principal: impl Into<String>,
        path: &Path,
    ) -> Result<Self, CredentialsError> {
        let read = std::fs::read(path);
        let mut secret =
            read.map_err(|source| CredentialsError::Read { path: path.to_owned(), source })?;
        if secret.last() == Some(&b'\n') {
            secret.pop();
        }
        Self::new(principal, secret)
    }

    /// The principal.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    pub(crate) fn authorization(&self) -> HeaderValue {
        let plain = [self.principal.as_bytes(), b":", &self.secret].concat();
        let value = format!("Basic {}", STANDARD.encode(plain));
        secret_header(&value).expect("base64 is made of visible characters")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("principal", &self.principal).finish_non_exhaustive()
    }
}

/// What proves that an executor is the one that the agent started. `Debug` does not show it.
#[derive(Clone)]
pub struct Token(HeaderValue);

impl Token {
    /// Takes a token in its text form; none where it can't stand in a header.
    pub fn new(token: &str) -> Option<Self> {
        secret_header(&format!("Bearer {token}")).map(Self)
    }

    pub(crate) fn authorization(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

fn secret_header(value: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(value).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn from_file(content: &[u8]) -> Result<Credentials, CredentialsError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, content).unwrap();
        Credentials::from_secret_file("etcd", &path)
    }

    #[test]
    fn one_line_feed_at_the_end_is_not_part_of_the_secret() {
        assert_eq!(from_file(b"s3cret\n").unwrap(), Credentials::new("etcd", "s3cret").unwrap());
        assert_eq!(from_file(b"s3cret").unwrap(), Credentials::new("etcd", "s3cret").unwrap());
        assert_eq!(from_file(b" s\n\n").unwrap(), Credentials::new("etcd", " s\n").unwrap());
        assert!(matches!(from_file(b"\n"), Err(CredentialsError::EmptySecret(_))));
    }

    #[test]
    fn the_header_is_the_one_of_rfc_7617() {
        let header = Credentials::new("Aladdin", "open sesame").unwrap().authorization();
        assert_eq!(header, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(header.is_sensitive());
    }

    #[test]
    fn the_secret_is_never_shown() {
        let credentials = Credentials::new("etcd", "s3cret").unwrap();
        let shown = format!("{credentials:?} {:?}", credentials.authorization());
        assert!(shown.contains("etcd") && !shown.contains("s3cret"), "{shown}");
        assert!(!shown.contains("ZXRjZDpzM2NyZXQ"), "{shown}");
        assert!(!format!("{:?}", Token::new("abc").unwrap()).contains("abc"));
    }

    #[test]
    fn what_basic_cannot_carry_is_refused() {
        assert!(matches!(Credentials::new("a:b", "s"), Err(CredentialsError::Principal(_))));
        assert!(matches!(Credentials::new("", "s"), Err(CredentialsError::Principal(_))));
        let missing = Credentials::from_secret_file("a", Path::new("/nonexistent/secret"));
        assert!(missing.unwrap_err().to_string().contains("/nonexistent/secret"));
    }
}
