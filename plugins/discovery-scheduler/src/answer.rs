//! What an answer says: members, that they are as they were, or a trouble. Pure.

use bytes::Bytes;
use etcd_mesos_core::cause::chain;
use etcd_mesos_core::discovery::Members;
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::entry::member;
use crate::shown::printable;
use etcd_mesos_core::trouble::Trouble;

/// The longest tag that is sent back; ours have 34 characters.
const TAG_MAX: usize = 256;

/// An answer as it came, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    /// `ETag`.
    pub tag: Option<HeaderValue>,
    pub body: Bytes,
}

/// What it says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// These members, and the tag of their list.
    These(Members, Option<HeaderValue>),
    /// Those whose tag was sent.
    Unchanged,
}

/// Reads an answer to a question with or without a tag.
pub(crate) fn read(answer: Answer, is_tagged: bool) -> Result<Said, Trouble> {
    match answer.status {
        StatusCode::OK => {
            let tag = answer.tag.filter(|tag| tag.len() <= TAG_MAX);
            members(&answer.body).map(|members| Said::These(members, tag))
        }
        StatusCode::NOT_MODIFIED if is_tagged => Ok(Said::Unchanged),
        status if says_later(status) => Err(Trouble::away(refusal(status, &answer.body))),
        status if status.is_redirection() => {
            let words = format!("it answered {status}; redirections are not followed");
            Err(Trouble::lie(words))
        }
        status => {
            let words = refusal(status, &answer.body);
            Err(Trouble::lie(format!("{words}: it is no scheduler's admin server")))
        }
    }
}

/// Whether an admin server, or what stands before it, may answer otherwise at another time.
fn says_later(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502..=504)
}

fn refusal(status: StatusCode, body: &[u8]) -> String {
    let words = printable(&String::from_utf8_lossy(body));
    if words.is_empty() {
        format!("it answered {status}")
    } else {
        format!("it answered {status}: {words}")
    }
}

fn members(body: &[u8]) -> Result<Members, Trouble> {
    let entries: Vec<Map<String, Value>> = serde_json::from_slice(body).map_err(|error| {
        Trouble::lie(format!("it answered no list of members: {}", chain(&error)))
    })?;
    let found: Result<Vec<_>, String> = entries.iter().map(member).collect();
    let found = found.map_err(Trouble::lie)?;
    Members::of(found).ok_or_else(|| Trouble::nobody("the scheduler knows no member that runs"))
}

/// What a body of these bytes makes known, as if it were the whole answer of an admin server. For tests with
/// hostile bytes.
///
/// # Errors
/// In words that can be shown, why no member is known by it.
pub fn members_of_body(bytes: &[u8]) -> Result<Members, String> {
    members(bytes).map_err(|trouble| trouble.words)
}

#[cfg(test)]
mod tests {
    use etcd_mesos_core::discovery::Found;

    use super::*;
    use etcd_mesos_core::trouble::Kind;

    const ONE: &str = r#"[{"name":"a","host":"10.0.0.1","clientPort":1,"new":{"key":[]}}]"#;

    fn answer(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).expect("a status");
        Answer { status, tag: None, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    #[test]
    fn a_list_is_members_and_its_tag() {
        let tag = Some(HeaderValue::from_static("\"t\""));
        let said = read(Answer { tag: tag.clone(), ..answer(200, ONE) }, true);
        let members = Members::of(vec![Found::at("http://10.0.0.1:1").named("a")]).expect("one");
        assert_eq!(said, Ok(Said::These(members, tag)));
        let long = HeaderValue::try_from("x".repeat(1000)).ok();
        let said = read(Answer { tag: long, ..answer(200, ONE) }, true);
        assert!(matches!(said, Ok(Said::These(_, None))), "{said:?}");
    }

    #[test]
    fn only_who_sent_a_tag_may_be_told_that_nothing_changed() {
        assert_eq!(read(answer(304, ""), true), Ok(Said::Unchanged));
        assert_eq!(read(answer(304, ""), false).expect_err("a lie").kind, Kind::Lie);
    }

    #[test]
    fn every_other_answer_is_a_trouble_of_its_kind() {
        for (status, body, kind, part) in [
            (200, "[]", Kind::Nobody, "knows no member that runs"),
            (200, "<html>", Kind::Lie, "no list of members"),
            (200, r#"{"members":[]}"#, Kind::Lie, "no list of members"),
            (200, r#"[["a","10.0.0.1",1]]"#, Kind::Lie, "no list of members"),
            (200, "", Kind::Lie, "no list of members"),
            (200, &ONE[..20], Kind::Lie, "no list of members"),
            (200, r#"[{"host":"a","clientPort":0}]"#, Kind::Lie, "`clientPort` is 0"),
            (404, "no\x1bthing", Kind::Lie, "404 Not Found: no\\u{1b}thing: it is no scheduler's"),
            (401, "", Kind::Lie, "401 Unauthorized: it is no"),
            (302, "", Kind::Lie, "redirections are not followed"),
            (204, "", Kind::Lie, "204"),
            (503, "later", Kind::Away, "503 Service Unavailable: later"),
            (500, "", Kind::Away, "500"),
        ] {
            let trouble = read(answer(status, body), true).expect_err(body);
            assert_eq!(trouble.kind, kind, "{status} {body}");
            assert!(trouble.words.contains(part), "{}", trouble.words);
        }
    }
}
