//! The operations on the record. One at a time sits here, so that nothing is shared between two.

use std::time::Duration;

use etcd_mesos_core::store::{StoreError, Stored, Version};
use etcd_mesos_zk::{Change, ZkError, ZkUrl};
use uuid::Uuid;

use crate::link::{Link, Places};
use crate::mirror::Mirror;
use crate::seen::{self, SAVE, Seen};
use crate::trouble::{Setback, Trouble, overtaken};

/// Forgetting one would be safe: what it wrote would then be taken for somebody else's.
const ATTEMPTS_MAX: usize = 16;

/// What was tried with the record, and may have been done without the caller knowing.
#[derive(Debug)]
struct Attempt {
    /// The version that the caller expected.
    expected: Version,
    /// The name of the save, or nothing for a removal.
    save: Option<String>,
}

/// A record that was written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) version: Version,
    /// The framework ID that it names.
    pub(crate) framework_id: Option<String>,
    /// The framework ID that the record before it named.
    pub(crate) framework_id_before: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) link: Link,
    pub(crate) places: Places,
    pub(crate) mirrored: Mirror,
    attempts: Vec<Attempt>,
}

impl Desk {
    pub(crate) fn new(url: ZkUrl, operation_timeout: Duration, places: Places) -> Self {
        let link = Link::new(url, operation_timeout);
        Self { link, places, mirrored: Mirror::default(), attempts: Vec::new() }
    }

    pub(crate) async fn load(&mut self) -> Result<Option<Stored>, StoreError> {
        self.link.begin("load", &self.places.state_url);
        loop {
            match self.look().await {
                Ok(seen) => return Ok(seen.map(|seen| seen.stored)),
                Err(setback) => self.link.again(setback)?,
            }
        }
    }

    pub(crate) async fn save(
        &mut self,
        bytes: &[u8],
        expected: Version,
    ) -> Result<Written, StoreError> {
        self.begin("save", expected);
        loop {
            match self.try_save(bytes, expected).await {
                Ok(written) => return Ok(written),
                Err(setback) => self.link.again(setback)?,
            }
        }
    }

    pub(crate) async fn remove(&mut self, expected: Version) -> Result<(), StoreError> {
        self.begin("remove", expected);
        loop {
            match self.try_remove(expected).await {
                Ok(()) => return Ok(()),
                Err(setback) => self.link.again(setback)?,
            }
        }
    }

    /// The caller hears how the operation ended: nothing is unknown to it any longer.
    pub(crate) fn settle(&mut self) {
        self.attempts.clear();
    }

    /// The time of the operation is up.
    pub(crate) fn late(&mut self) -> StoreError {
        let trouble = self.link.late();
        self.link.failed(trouble)
    }

    /// Whoever names another version knows what has become of the attempts with this one.
    fn begin(&mut self, operation: &'static str, expected: Version) {
        self.link.begin(operation, &self.places.state_url);
        self.attempts.retain(|attempt| attempt.expected == expected);
    }

    async fn look(&mut self) -> Result<Option<Seen>, Setback> {
        let session = self.link.session("read the record").await?;
        // A server may lag behind the one that took the last save.
        session.catch_up().await?;
        let Some(snapshot) = session.snapshot(&self.places.state).await? else { return Ok(None) };
        let seen = Seen::new(snapshot).map_err(|found| {
            let hint = "Nothing was changed. Put a copy of the record back with zkCli; without one, a \
                        cluster that still runs can only be taken over by hand";
            let place = self.places.state_url.clone();
            StoreError::Corrupt { place, found: format!("{found}. {hint}") }
        })?;
        Ok(Some(seen))
    }

    async fn try_save(&mut self, bytes: &[u8], expected: Version) -> Result<Written, Setback> {
        let seen = self.look().await?;
        self.check(seen.as_ref(), expected)?;
        if seen.is_none() {
            self.link.session("create the chroot").await?.create_root().await?;
        }
        let save = format!("{SAVE}{}", Uuid::new_v4());
        self.remember(Attempt { expected, save: Some(save.clone()) });
        let version = self.write(bytes, seen.as_ref(), &save).await?;
        let framework_id = seen::parse(bytes).ok().and_then(|r| seen::framework_id_of(&r));
        let framework_id_before = seen.and_then(|seen| seen.framework_id);
        Ok(Written { version, framework_id, framework_id_before })
    }

    async fn write(
        &mut self,
        bytes: &[u8],
        seen: Option<&Seen>,
        save: &str,
    ) -> Result<Version, Setback> {
        let state = self.places.state.as_str();
        let below = |child: &String| format!("{state}/{child}");
        let old: Vec<String> = seen.into_iter().flat_map(|s| &s.saves).map(below).collect();
        let new = format!("{state}/{save}");
        let mut changes = Vec::with_capacity(old.len() + 3);
        if seen.is_none() {
            changes.push(Change::Create { path: state, data: b"" });
        }
        changes.extend(old.iter().map(|path| Change::Delete { path, expected: None }));
        changes.push(Change::Create { path: &new, data: b"" });
        let znode = seen.map_or(etcd_mesos_zk::Version(0), |seen| seen.znode);
        changes.push(Change::Set { path: state, data: bytes, expected: Some(znode) });

        let session = self.link.session("write the record").await?;
        let zxid = session.commit(&changes).await.map_err(overtaken)?;
        let version = zxid.and_then(|zxid| u64::try_from(zxid.0).ok()).map(Version);
        // The next look will say which version it is.
        version.ok_or_else(|| Setback::Over(self.link.failed(Trouble::Unnumbered)))
    }

    async fn try_remove(&mut self, expected: Version) -> Result<(), Setback> {
        let Some(seen) = self.look().await? else { return Ok(self.check_removed(expected)?) };
        self.check(Some(&seen), expected)?;
        let framework_id = self.framework_id_to_remove(&seen).await?;
        self.remember(Attempt { expected, save: None });
        let state = self.places.state.as_str();
        let saves: Vec<String> = seen.saves.iter().map(|save| format!("{state}/{save}")).collect();
        let children = saves.iter().map(|path| Change::Delete { path, expected: None });
        let mut changes: Vec<Change<'_>> = children.collect();
        changes.push(Change::Delete { path: state, expected: Some(seen.znode) });
        if let Some(znode) = framework_id {
            let path = self.places.framework_id.as_str();
            changes.push(Change::Delete { path, expected: Some(znode) });
        }
        let session = self.link.session("remove the record").await?;
        session.commit(&changes).await.map_err(overtaken)?;
        self.mirrored = Mirror::default();
        Ok(())
    }

    /// The znode of the framework ID goes with a record that names the same one.
    async fn framework_id_to_remove(
        &mut self,
        seen: &Seen,
    ) -> Result<Option<etcd_mesos_zk::Version>, ZkError> {
        let Some(id) = &seen.framework_id else { return Ok(None) };
        let session = self.link.session("read the framework ID").await?;
        match session.get(&self.places.framework_id).await {
            Ok(node) => Ok((node.data == id.as_bytes()).then_some(node.version)),
            Err(ZkError::NoNode { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn remember(&mut self, attempt: Attempt) {
        if self.attempts.len() >= ATTEMPTS_MAX {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }

    /// Whether what is there is what the caller expects, or what was written on top of that in its name.
    fn check(&self, seen: Option<&Seen>, expected: Version) -> Result<(), StoreError> {
        let found = seen.map_or(Version(0), |seen| seen.stored.version);
        if found == expected {
            return Ok(());
        }
        let author = seen.and_then(|seen| seen.author.as_ref());
        let is_ours = author.is_some_and(|author| {
            let mut ours = self.attempts.iter().filter(|attempt| attempt.expected == expected);
            ours.any(|attempt| attempt.save.as_ref() == Some(author))
        });
        if is_ours { Ok(()) } else { Err(self.conflict(found, expected)) }
    }

    /// There is no record: because there was none, or because an attempt has removed it.
    fn check_removed(&self, expected: Version) -> Result<(), StoreError> {
        let is_ours = |attempt: &Attempt| attempt.expected == expected && attempt.save.is_none();
        if expected == Version(0) || self.attempts.iter().any(is_ours) {
            return Ok(());
        }
        Err(self.conflict(Version(0), expected))
    }

    fn conflict(&self, found: Version, expected: Version) -> StoreError {
        let say = |version| match version {
            Version(0) => "no record".to_owned(),
            Version(zxid) => format!("version {zxid:#x}"),
        };
        let found = format!("{} where {} was expected", say(found), say(expected));
        StoreError::Conflict { place: self.places.state_url.clone(), found }
    }
}
