//! Which etcd a binary is, by what it says of itself.

use std::fmt;

/// What every etcd since 3.0 prints first when it is asked for its version.
const VERSION_PREFIX: &str = "etcd Version: ";
/// How much of a foreign program's answer an error repeats, in characters.
const QUOTED_CHARS_MAX: usize = 120;

/// The version of an etcd that this program knows how to start: 3.4 or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EtcdVersion {
    major: u16,
    minor: u16,
    patch: u16,
}

/// A binary that is not an etcd that can be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It does not say that it is etcd.
    #[error(
        "this is no etcd: asked for its version, it said {said:?}; check the configured etcd binary"
    )]
    NotEtcd {
        /// The beginning of what it said.
        said: String,
    },
    /// It says that it is etcd, of a version that cannot be read.
    #[error(
        "etcd says that its version is {said:?}, which is not three numbers with points between them"
    )]
    Unreadable {
        /// The version as it was said.
        said: String,
    },
    /// It is an etcd whose command line this program does not know.
    #[error(
        "etcd {found} is not supported: this program starts etcd 3.4 and later versions of etcd 3"
    )]
    Unsupported {
        /// The version that was found.
        found: EtcdVersion,
    },
}

/// The versions between which etcd's command line differs in a way that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Series {
    /// 3.4: pre-vote is off and the logger is the old one unless it is told otherwise.
    V3_4,
    /// 3.5: pre-vote is on, zap is the only logger.
    V3_5,
    /// 3.6 and later of etcd 3: as 3.5, for all that is used here.
    V3_6,
}

impl EtcdVersion {
    /// Makes a supported version of its numbers.
    ///
    /// # Errors
    /// When it is below 3.4, or another major version.
    pub fn new(major: u16, minor: u16, patch: u16) -> Result<Self, VersionError> {
        let version = EtcdVersion { major, minor, patch };
        if major != 3 || minor < 4 {
            return Err(VersionError::Unsupported { found: version });
        }
        Ok(version)
    }

    /// Reads what `etcd --version` printed. The first line has the form `etcd Version: 3.4.23`.
    ///
    /// # Errors
    /// When another program spoke, when the version cannot be read, or when it is not supported.
    pub fn parse(output: &str) -> Result<Self, VersionError> {
        let first = output.lines().next().unwrap_or_default().trim();
        let Some(said) = first.strip_prefix(VERSION_PREFIX) else {
            let said = first.chars().take(QUOTED_CHARS_MAX).collect();
            return Err(VersionError::NotEtcd { said });
        };
        let (major, minor, patch) =
            numbers(said).ok_or_else(|| VersionError::Unreadable { said: said.to_owned() })?;
        EtcdVersion::new(major, minor, patch)
    }

    /// The row of the command line table that holds for it.
    pub fn series(self) -> Series {
        match self.minor {
            ..=4 => Series::V3_4,
            5 => Series::V3_5,
            6.. => Series::V3_6,
        }
    }
}

/// The three numbers of a version; what follows a `-` or `+` (a pre-release, a build) is left out.
fn numbers(text: &str) -> Option<(u16, u16, u16)> {
    let release = text.split(['-', '+']).next()?;
    let fields: Vec<&str> = release.split('.').collect();
    let [major, minor, patch] = fields[..] else { return None };
    Some((major.parse().ok()?, minor.parse().ok()?, patch.parse().ok()?))
}

impl fmt::Display for EtcdVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn debian_s_etcd_is_read() {
        let said =
            "etcd Version: 3.4.23\nGit SHA: Not provided (use ./build instead of go build)\n";
        let version = EtcdVersion::parse(said).unwrap();
        assert_eq!(version.to_string(), "3.4.23");
        assert_eq!(version.series(), Series::V3_4);
    }

    #[test]
    fn pre_releases_belong_to_their_series() {
        let version = EtcdVersion::parse("etcd Version: 3.6.0-rc.1").unwrap();
        assert_eq!(version.series(), Series::V3_6);
        assert_eq!(EtcdVersion::parse("etcd Version: 3.7.2").unwrap().series(), Series::V3_6);
    }

    #[test]
    fn what_cannot_be_run_is_refused_in_words() {
        for (said, words) in [
            ("etcdctl version: 3.4.23", "this is no etcd"),
            ("", "this is no etcd"),
            ("etcd Version: three", "not three numbers"),
            ("etcd Version: 3.3.10", "3.3.10 is not supported"),
            ("etcd Version: 4.0.0", "4.0.0 is not supported"),
        ] {
            let error = EtcdVersion::parse(said).unwrap_err().to_string();
            assert!(error.contains(words), "{said}: {error}");
        }
    }
}
