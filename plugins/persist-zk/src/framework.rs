//! The framework ID as the predecessor left it.

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::store::StoreError;
use etcd_mesos_zk::ZkError;

use crate::desk::Desk;
use crate::trouble::Setback;

/// Mesos makes 41 characters of a UUID and a number; a custom one is seldom longer.
const FRAMEWORK_ID_MAX: usize = 255;

impl Desk {
    pub(crate) async fn framework_id(&mut self) -> Result<Option<FrameworkId>, StoreError> {
        self.link.begin("load", &self.places.framework_id_url);
        loop {
            match self.read_framework_id().await {
                Ok(id) => return Ok(id),
                Err(setback) => self.link.again(setback)?,
            }
        }
    }

    async fn read_framework_id(&mut self) -> Result<Option<FrameworkId>, Setback> {
        let session = self.link.session("read the framework ID").await?;
        session.catch_up().await?;
        let data = match session.get(&self.places.framework_id).await {
            Ok(node) => node.data,
            Err(ZkError::NoNode { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let corrupt = |found| {
            let hint = "Nothing was changed. Write the framework ID there, or delete the znode if there is \
                        no framework to take over";
            let place = self.places.framework_id_url.clone();
            StoreError::Corrupt { place, found: format!("{found}. {hint}") }
        };
        Ok(Some(parse(&data).map_err(corrupt)?))
    }
}

/// # Errors
/// In words, why this is no framework ID.
fn parse(data: &[u8]) -> Result<FrameworkId, String> {
    let data = data.strip_suffix(b"\n").unwrap_or(data);
    let data = data.strip_suffix(b"\r").unwrap_or(data);
    match data.len() {
        0 => return Err("it is empty".to_owned()),
        1..=FRAMEWORK_ID_MAX => {}
        len => {
            return Err(format!(
                "it has {len} bytes, and a framework ID at most {FRAMEWORK_ID_MAX}"
            ));
        }
    }
    let text = String::from_utf8_lossy(data).into_owned();
    if !data.iter().all(u8::is_ascii_graphic) {
        return Err(format!("{text:?} is no framework ID"));
    }
    Ok(FrameworkId(text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_framework_id_is_read_as_it_is_and_garbage_is_named() {
        let id = "6a1b0f4e-6f5c-4b56-9d2a-0f2c3b1a7d11-0000";
        for end in ["", "\n", "\r\n"] {
            assert_eq!(parse(format!("{id}{end}").as_bytes()).unwrap().as_str(), id);
        }
        assert_eq!(parse(&[b'x'; FRAMEWORK_ID_MAX]).unwrap().as_str().len(), FRAMEWORK_ID_MAX);
        let large = [b'x'; FRAMEWORK_ID_MAX + 1];
        for (data, part) in [
            (&b""[..], "it is empty"),
            (b"\n", "it is empty"),
            (b"a b", "\"a b\" is no framework ID"),
            (b"a\n\n", "is no framework ID"),
            (b"a\x00", "is no framework ID"),
            ("ö".as_bytes(), "is no framework ID"),
            (b"\xff", "is no framework ID"),
            (&large, "it has 256 bytes"),
        ] {
            let why = parse(data).unwrap_err();
            assert!(why.contains(part), "{part:?} is not in {why}");
        }
    }
}
