#![allow(clippy::unwrap_used)]

use super::*;
use crate::walk::Walk;

fn read(wanted: Wanted, text: &str) -> Result<Found, Flaw> {
    let mut walk = Walk::new(Frameworks::new(wanted));
    walk.push(text.as_bytes())?;
    walk.finish()?.found()
}

fn named(text: &str) -> Result<Found, Flaw> {
    read(Wanted::Named("etcd".to_owned()), text)
}

const MEMBER: &str = r#"{"id": "etcd-1 a 1 2 3", "state": "TASK_RUNNING"}"#;

/// The IDs that are found, each with the number of its members.
fn ids(found: &Found) -> Vec<(&str, usize)> {
    found.frameworks.iter().map(|one| (one.id.as_str(), one.members.len())).collect()
}

#[test]
fn the_order_of_keys_does_not_matter() {
    let parts = [
        r#""id": "F""#,
        r#""name": "etcd""#,
        r#""active": true"#,
        &format!(r#""tasks": [{MEMBER}]"#),
    ];
    for first in 0..4 {
        let mut turned = parts;
        turned.rotate_left(first);
        let framework = turned.join(", ");
        let text = format!(r#"{{"frameworks": [{{{framework}}}], "slaves": [{{"id": "S"}}]}}"#);
        let found = named(&text).unwrap();
        assert_eq!(ids(&found), [("F", 1)], "{text}");
        assert!(found.frameworks[0].is_active);
    }
}

#[test]
fn other_frameworks_tasks_are_dropped_whatever_they_are() {
    let wild = r#"[{}, 7, {"id": "etcd-1 a 1 0 3", "state": "TASK_RUNNING"}, [[]]]"#;
    for other in [
        format!(r#"{{"name": "web", "id": "W", "tasks": {wild}}}"#),
        format!(r#"{{"tasks": {wild}, "id": "W", "name": "web"}}"#),
        format!(r#"{{"tasks": {wild}, "id": "W"}}"#),
        r#"{"name": "web", "tasks": null}"#.to_owned(),
    ] {
        let ours = format!(r#"{{"name": "etcd", "id": "F", "tasks": [{MEMBER}]}}"#);
        let text = format!(r#"{{"frameworks": [{other}, {ours}, {other}]}}"#);
        assert_eq!(ids(&named(&text).unwrap()), [("F", 1)], "{text}");
    }
}

#[test]
fn our_own_tasks_have_to_be_what_they_can_be() {
    for task in ["{}", "7", r#"{"id": "etcd-1 a 1 0 3", "state": "TASK_RUNNING"}"#] {
        for framework in [
            format!(r#"{{"name": "etcd", "id": "F", "tasks": [{task}]}}"#),
            format!(r#"{{"tasks": [{task}], "id": "F", "name": "etcd"}}"#),
        ] {
            let text = format!(r#"{{"frameworks": [{framework}]}}"#);
            assert!(named(&text).is_err(), "{text}");
        }
    }
}

#[test]
fn a_completed_framework_is_found_by_its_id_alone() {
    let over =
        format!(r#"{{"id": "F", "name": "etcd", "tasks": [], "completed_tasks": [{MEMBER}]}}"#);
    let text = format!(r#"{{"completed_frameworks": [{over}], "frameworks": []}}"#);
    assert_eq!(named(&text).unwrap(), Found::default());
    let by_id = read(Wanted::WithId("F".to_owned()), &text).unwrap();
    assert_eq!(by_id, Found { frameworks: Vec::new(), is_completed: true });
    let other = read(Wanted::WithId("G".to_owned()), &text).unwrap();
    assert_eq!(other, Found::default());
}

#[test]
fn what_is_no_state_is_told() {
    for (text, words) in [
        ("{}", "no frameworks"),
        ("[]", "document is not"),
        ("7", "document is not"),
        (r#"{"frameworks": {}}"#, "frameworks is not"),
        (r#"{"frameworks": [7]}"#, "frameworks is not"),
        (r#"{"frameworks": [], "frameworks": []}"#, "stands twice"),
        (r#"{"frameworks": [{"name": "etcd", "name": "web"}]}"#, "stands twice"),
        (r#"{"frameworks": [{"name": 7}]}"#, "the name of a framework"),
        (r#"{"frameworks": [{"name": "etcd"}]}"#, "no ID of a framework"),
        (r#"{"frameworks": [{"name": "etcd", "tasks": 7}]}"#, "tasks is not"),
    ] {
        let error = named(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let many = |count: usize, what: &str| vec![what; count].join(", ");
    let members = |count| {
        let tasks = many(count, MEMBER);
        format!(r#"{{"frameworks": [{{"tasks": [{tasks}], "name": "etcd", "id": "F"}}]}}"#)
    };
    assert_eq!(ids(&named(&members(MEMBERS_MAX)).unwrap()), [("F", MEMBERS_MAX)]);
    assert!(matches!(named(&members(MEMBERS_MAX + 1)), Err(Flaw::TooMany { .. })));
    let namesakes = |count| {
        let frameworks = many(count, r#"{"name": "etcd", "id": "F"}"#);
        format!(r#"{{"frameworks": [{frameworks}]}}"#)
    };
    assert_eq!(named(&namesakes(NAMESAKES_MAX)).unwrap().frameworks.len(), NAMESAKES_MAX);
    assert!(matches!(named(&namesakes(NAMESAKES_MAX + 1)), Err(Flaw::TooMany { .. })));
    let large = format!(r#"{{"id": "x", "state": "", "data": "{}"}}"#, "x".repeat(TASK_BYTES_MAX));
    let of = |name| {
        format!(r#"{{"frameworks": [{{"tasks": [{large}], "name": "{name}", "id": "F"}}]}}"#)
    };
    assert!(matches!(named(&of("etcd")), Err(Flaw::TooLong { .. })));
    assert_eq!(named(&of("web")).unwrap(), Found::default());
}
