//! The state store that keeps the record in one local file.
//!
//! The file can be read by a person: one line that says what it is, its version and the SHA-256
//! of the rest, then the record as JSON. It is replaced as a whole (written beside, synced,
//! renamed, directory synced), so that a crash leaves the old or the new one, never a torn one.
//! A lock file beside it is held for as long as the store lives: a second scheduler on the same
//! machine is refused. It does not protect against a disk that is lost.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use etcd_mesos_core::plugin::{Context, PersistPlugin, Plugin};
use etcd_mesos_core::store::{RECORD_BYTES_MAX, StateStore, StoreError, Stored, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The first words of every file of ours.
const MAGIC: &str = "etcd-mesos state 1";

/// The plugin `file`.
pub struct FilePlugin;

/// The section `[persist.file]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FileSection {
    /// The file that keeps what the next scheduler must know; by default
    /// /var/lib/etcd-mesos/NAME.state with the framework's name
    pub path: Option<PathBuf>,
    /// The file outlives the machine or container that the scheduler runs in: by a volume, say
    pub durable: bool,
}

impl Plugin for FilePlugin {
    const NAME: &'static str = "file";
    const ABOUT: &'static str = "one file on the scheduler's machine";
    type Section = FileSection;
}

impl PersistPlugin for FilePlugin {
    fn open(section: FileSection, context: &Context) -> Result<Arc<dyn StateStore>, StoreError> {
        let usual = || PathBuf::from(format!("/var/lib/etcd-mesos/{}.state", context.cluster));
        Ok(Arc::new(FileStore::open(section.path.unwrap_or_else(usual))?))
    }
}

/// Saves that failed and may have been written nevertheless: from where they began, and what is there
/// in that case. There are never more than two.
#[derive(Debug, Default)]
struct Doubt {
    from: Version,
    wrote: Vec<Stored>,
}

/// A record in one file.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    doubt: Mutex<Doubt>,
    // Held for its lock alone; the kernel lets go of it when the process ends, however it ends.
    _lock: File,
}

impl FileStore {
    /// Opens the store and takes its lock; makes the directory if there is none.
    ///
    /// # Errors
    /// `Unavailable` when the directory cannot be made or written, or another process holds the
    /// lock.
    pub fn open(path: impl Into<PathBuf>) -> Result<FileStore, StoreError> {
        let path = path.into();
        let unavailable = |source| failed("lock", &path, source);
        std::fs::create_dir_all(directory(&path)).map_err(unavailable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(beside(&path, "lock"))
            .map_err(unavailable)?;
        match lock.try_lock() {
            Ok(()) => Ok(FileStore { path, doubt: Mutex::default(), _lock: lock }),
            Err(TryLockError::Error(source)) => Err(unavailable(source)),
            Err(TryLockError::WouldBlock) => Err(unavailable(io::Error::other(
                "another scheduler on this machine holds it; run exactly one for a cluster",
            ))),
        }
    }

    fn read(&self) -> Result<Option<Stored>, StoreError> {
        let mut bytes = Vec::new();
        let limit = 2 * RECORD_BYTES_MAX as u64;
        match File::open(&self.path) {
            Ok(file) => file.take(limit).read_to_end(&mut bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => Err(error),
        }
        .map_err(|source| failed("load", &self.path, source))?;
        parse(&bytes).map(Some).map_err(|found| self.corrupt(found))
    }

    fn corrupt(&self, found: String) -> StoreError {
        StoreError::Corrupt {
            place: self.place(),
            found: format!(
                "{found}. Nothing was changed. Put back a copy of it; without one, a cluster that \
                 still runs can only be taken over by hand"
            ),
        }
    }

    /// The version on which the caller can build: the one that is there if it is the expected one, or
    /// that of an own save that began from it and was written although it failed. The lock keeps other
    /// processes out, so that bytes and version tell an own save; a file that somebody put there by
    /// hand is not overwritten.
    fn base(&self, doubt: &mut Doubt, expected: Version) -> Result<Version, StoreError> {
        let there = self.read()?;
        let found = there.as_ref().filter(|s| !is_removed(s)).map_or(Version(0), |s| s.version);
        let is_own =
            doubt.from == expected && doubt.wrote.iter().any(|w| Some(w) == there.as_ref());
        if found != expected && !is_own {
            let found = format!("version {} where {} was expected", found.0, expected.0);
            return Err(StoreError::Conflict { place: self.place(), found });
        }
        doubt.from = expected;
        doubt.wrote = if is_own { there.clone().into_iter().collect() } else { Vec::new() };
        Ok(there.map_or(Version(0), |stored| stored.version))
    }

    /// Held from the look to the end of the write: of saves at once each sees what the one before it
    /// wrote, and none writes into the file of another.
    fn doubt(&self) -> MutexGuard<'_, Doubt> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts bytes in the place of the expected version; no bytes are a removed record, whose version
    /// stays, so that none comes twice.
    fn replace(
        &self,
        operation: &'static str,
        bytes: &[u8],
        expected: Version,
    ) -> Result<Version, StoreError> {
        let mut doubt = self.doubt();
        let version = Version(self.base(&mut doubt, expected)?.0 + 1);
        match self.write(&render(bytes, version)) {
            Ok(()) => {
                doubt.wrote.clear();
                Ok(version)
            }
            Err(error) => {
                doubt.wrote.push(Stored { bytes: bytes.to_vec(), version });
                Err(failed(operation, &self.path, error))
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let temporary = beside(&self.path, "new");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &self.path)?;
        File::open(directory(&self.path))?.sync_all()
    }
}

#[async_trait]
impl StateStore for FileStore {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        Ok(self.read()?.filter(|stored| !is_removed(stored)))
    }

    // A record is a few kilobytes, so that a thread of its own would cost more than it saves.
    async fn save(&self, record: &[u8], expected: Version) -> Result<Version, StoreError> {
        self.replace("save", record, expected)
    }

    async fn remove(&self, expected: Version) -> Result<(), StoreError> {
        if expected == Version(0) && self.base(&mut self.doubt(), expected)? == Version(0) {
            return Ok(());
        }
        self.replace("remove", b"", expected).map(drop)
    }
}

fn is_removed(stored: &Stored) -> bool {
    stored.bytes.is_empty()
}

fn failed(operation: &'static str, path: &Path, source: io::Error) -> StoreError {
    let place = path.display().to_string();
    StoreError::Unavailable { operation, place, source: Box::new(source) }
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a file that holds this record.
pub fn render(record: &[u8], version: Version) -> Vec<u8> {
    let mut bytes =
        format!("{MAGIC} version {} sha256 {}\n", version.0, digest(record)).into_bytes();
    bytes.extend_from_slice(record);
    bytes
}

/// Takes a file apart.
///
/// # Errors
/// In words, what is wrong with it.
pub fn parse(bytes: &[u8]) -> Result<Stored, String> {
    if bytes.is_empty() {
        return Err("it is empty".to_owned());
    }
    let end = bytes.iter().position(|&b| b == b'\n').ok_or("its first line does not end")?;
    let (header, record) = (String::from_utf8_lossy(&bytes[..end]), &bytes[end + 1..]);
    let rest = header.strip_prefix(MAGIC).ok_or_else(|| {
        format!("it begins with {:?}", header.chars().take(40).collect::<String>())
    })?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let ["version", version, "sha256", sum] = words[..] else {
        return Err(format!("its first line is {header:?}"));
    };
    // 0 is the version of no record, and after the last one none can follow.
    let version = version.parse().ok().filter(|v| (1..u64::MAX).contains(v));
    let version = version.ok_or_else(|| format!("its first line is {header:?}"))?;
    if sum != digest(record) {
        return Err("its digest does not match: it was edited, or torn".to_owned());
    }
    Ok(Stored { bytes: record.to_vec(), version: Version(version) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn store() -> (tempfile::TempDir, FileStore) {
        let dir = tempfile::tempdir().unwrap();
        let store = FileStore::open(dir.path().join("deep/etcd.state")).unwrap();
        (dir, store)
    }

    #[tokio::test]
    async fn what_was_saved_is_loaded() {
        let (_dir, store) = store();
        assert_eq!(store.load().await.unwrap(), None);
        let first = store.save(b"{\"a\":1}", Version(0)).await.unwrap();
        let second = store.save(b"{\"a\":2}", first).await.unwrap();
        let loaded = store.load().await.unwrap().unwrap();
        assert_eq!((loaded.bytes.as_slice(), loaded.version), (&b"{\"a\":2}"[..], second));
    }

    #[tokio::test]
    async fn a_stale_writer_changes_nothing() {
        let (_dir, store) = store();
        let first = store.save(b"1", Version(0)).await.unwrap();
        for stale in [Version(0), Version(first.0 + 1)] {
            let error = store.save(b"2", stale).await.unwrap_err();
            assert!(matches!(error, StoreError::Conflict { .. }));
            assert!(matches!(store.remove(stale).await, Err(StoreError::Conflict { .. })));
        }
        assert_eq!(store.load().await.unwrap().unwrap().bytes, b"1");
        store.remove(first).await.unwrap();
        assert_eq!(store.load().await.unwrap(), None);
    }

    #[tokio::test]
    async fn damage_is_never_an_empty_start() {
        let (_dir, store) = store();
        let version = store.save(b"{\"a\":1}", Version(0)).await.unwrap();
        let whole = std::fs::read(&store.path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&store.path, &whole[..cut]).unwrap();
            let error = store.load().await.unwrap_err();
            assert!(matches!(error, StoreError::Corrupt { .. }), "cut at {cut}");
            assert!(matches!(store.save(b"2", version).await, Err(StoreError::Corrupt { .. })));
        }
        std::fs::write(&store.path, "root:x:0:0\n").unwrap();
        let error = store.load().await.unwrap_err().to_string();
        assert!(error.contains("it begins with \"root:x:0:0\""), "{error}");
    }

    #[test]
    fn a_version_that_no_record_can_have_is_refused() {
        let read = |version| parse(&render(b"{}", Version(version)));
        assert_eq!(read(u64::MAX - 1).unwrap().version, Version(u64::MAX - 1));
        for version in [0, u64::MAX] {
            let why = read(version).unwrap_err();
            assert!(why.contains(&format!("version {version}")), "{why}");
        }
    }

    #[tokio::test]
    async fn a_second_scheduler_is_refused() {
        let (_dir, store) = store();
        let error = FileStore::open(&store.path).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("another scheduler"), "{cause}");
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_is_named() {
        let error = FileStore::open("/proc/etcd.state").unwrap_err().to_string();
        assert_eq!(error, "cannot lock /proc/etcd.state");
    }
}
