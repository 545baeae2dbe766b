#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// A text of JSON, with all that might be taken for structure.
fn text() -> BoxedStrategy<String> {
    let part = prop_oneof![
        "[a-z0-9 ]{0,12}".prop_map(|text| text),
        select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\\\"",
            "\\\\",
            "\\/",
            "\\n",
            "\\u0022",
            "\\u005c",
            "\\u00e4",
            "ä",
            "😀",
            "\\ud83d\\ude00",
            "\u{7f}",
        ])
        .prop_map(str::to_owned),
    ];
    vec(part, 0..6).prop_map(|parts| format!("\"{}\"", parts.concat())).boxed()
}

fn scalar() -> BoxedStrategy<String> {
    let fixed = ["true", "false", "null", "0", "-0.0", "1e400", "-1.5E-30", "18446744073709551616"];
    let fixed = fixed.map(str::to_owned).to_vec();
    prop_oneof![
        select(fixed),
        any::<i64>().prop_map(|n| n.to_string()),
        "[1-9][0-9]{0,400}",
        text()
    ]
    .boxed()
}

fn space() -> BoxedStrategy<String> {
    select(vec!["", "", " ", "\n\t", "\r\n  "]).prop_map(str::to_owned).boxed()
}

/// An object of these entries, in any order, with spaces anywhere.
fn object(entries: BoxedStrategy<Vec<(String, String)>>) -> BoxedStrategy<String> {
    (entries.prop_shuffle(), space(), space())
        .prop_map(|(entries, a, b)| {
            let entries =
                entries.iter().map(|(key, value)| format!("{a}\"{key}\"{b}:{a}{value}{b}"));
            format!("{{{a}{}{b}}}", entries.collect::<Vec<_>>().join(","))
        })
        .boxed()
}

fn array(items: impl Strategy<Value = Vec<String>> + 'static) -> BoxedStrategy<String> {
    (items, space())
        .prop_map(|(items, a)| format!("[{a}{}{a}]", items.join(&format!("{a},"))))
        .boxed()
}

/// Any value.
fn value() -> BoxedStrategy<String> {
    let nested = |inner: BoxedStrategy<String>| {
        let entries = vec(("[a-z]{1,4}", inner.clone()), 0..4).prop_map(unlike);
        prop_oneof![array(vec(inner, 0..4)), object(entries.boxed())].boxed()
    };
    scalar().prop_recursive(4, 24, 4, move |inner| nested(inner.boxed())).boxed()
}

/// With keys that nobody looks for.
fn unlike(entries: Vec<(String, String)>) -> Vec<(String, String)> {
    entries.into_iter().map(|(key, value)| (format!("{key}_x"), value)).collect()
}

/// A key, in one of the ways to write it.
fn written(key: &'static str) -> BoxedStrategy<String> {
    let escaped = key.bytes().map(|byte| format!("\\u{byte:04x}")).collect::<String>();
    prop_oneof![9 => Just(key.to_owned()), 1 => Just(escaped)].boxed()
}

/// A value that should be there, and sometimes is not, or is something else.
fn maybe(key: &'static str, usual: BoxedStrategy<String>) -> BoxedStrategy<Vec<(String, String)>> {
    let odd = prop_oneof![scalar(), value()];
    let value = prop_oneof![30 => usual, 1 => odd];
    let present = prop_oneof![20 => Just(true), 1 => Just(false)];
    (written(key), value, present)
        .prop_map(|(key, value, is_there)| if is_there { vec![(key, value)] } else { Vec::new() })
        .boxed()
}

fn entries(
    parts: Vec<BoxedStrategy<Vec<(String, String)>>>,
) -> BoxedStrategy<Vec<(String, String)>> {
    let more = vec(("[a-z]{1,4}", value()), 0..3).prop_map(unlike);
    (parts, more).prop_map(|(parts, more)| [parts.concat(), more].concat()).boxed()
}

fn one_of(texts: &[&str]) -> BoxedStrategy<String> {
    let texts: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    select(texts).boxed()
}

fn task() -> BoxedStrategy<String> {
    let ids = [
        "etcd.etcd.0.etcd-1-0.1",
        "etcd.etcd.0.etcd-1-1.2",
        "etcd-1 10.0.0.1 1 2 3",
        "etcd-2 a 1 70 3",
        "web",
    ];
    let ports = ["1", "2", "3", "31001", "31001", "0", "65536"].map(str::to_owned).to_vec();
    let port =
        (select(ports), one_of(&["client", "client", "tcp"])).prop_map(|(number, protocol)| {
            format!(r#"{{"number": {number}, "protocol": {protocol}}}"#)
        });
    let discovery = (one_of(&["etcd-server", "etcd-server", "web"]), array(vec(port, 1..3)))
        .prop_map(|(name, ports)| format!(r#"{{"ports": {{"ports": {ports}}}, "name": {name}}}"#));
    let status = (one_of(&["TASK_RUNNING", "TASK_STARTING"]), one_of(&["10.0.0.1", "10.0.0.2", "::1", "::2", "x"]), 0..3)
        .prop_map(|(state, ip, time)| {
            format!(
                r#"{{"container_status": {{"network_infos": [{{"ip_addresses": [{{"ip_address": {ip}}}]}}]}}, "timestamp": {time}, "state": {state}}}"#
            )
        });
    object(entries(vec![
        maybe("id", one_of(&ids)),
        maybe("framework_id", one_of(&["F", "F", "G"])),
        maybe("state", one_of(&["TASK_RUNNING", "TASK_RUNNING", "TASK_KILLED"])),
        maybe("statuses", array(vec(status, 0..3))),
        maybe("discovery", discovery.boxed()),
    ]))
}

fn framework() -> BoxedStrategy<String> {
    object(entries(vec![
        maybe("id", one_of(&["F", "G"])),
        maybe("name", one_of(&["etcd", "etcd", "web", "etcd\\u0000", "\\u0065tcd"])),
        maybe("active", select(vec!["true".to_owned(), "false".to_owned()]).boxed()),
        maybe("tasks", array(vec(task(), 0..4))),
    ]))
}

fn document() -> BoxedStrategy<String> {
    object(entries(vec![
        maybe("frameworks", array(vec(framework(), 0..4))),
        maybe("completed_frameworks", array(vec(framework(), 0..2))),
        maybe("slaves", array(vec(value(), 0..3))),
        maybe("tasks", array(vec(task(), 0..4))),
    ]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_state_is_read_as_by_serde_json(document in document()) {
        check(document.as_bytes());
    }

    #[test]
    fn a_state_that_was_damaged_breaks_nothing(
        document in document(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = document.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if is_cut {
            bytes.truncate(at);
        }
        check(&bytes);
    }

    #[test]
    fn any_bytes_break_nothing(bytes in vec(any::<u8>(), 0..400)) {
        check(&bytes);
    }
}

#[test]
fn the_generated_states_are_states_with_members() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut usable, mut with_members) = (0, 0);
    for _ in 0..200 {
        let document = document().new_tree(&mut runner).unwrap().current();
        let Some(outcome) = frameworks(document.as_bytes(), &Fits::Name) else { continue };
        usable += 1;
        let has_members =
            |found: &Found| found.frameworks.iter().any(|one| !one.members.is_empty());
        with_members += usize::from(outcome.as_ref().is_ok_and(has_members));
    }
    assert!(
        usable > 30 && with_members > 5,
        "{usable} of 200 are usable, {with_members} have members"
    );
}

#[test]
fn lists_in_the_place_of_objects_are_none() {
    for text in
        ["[[], []]", r#"{"frameworks": [[]]}"#, r#"{"frameworks": [["F", "etcd", true, []]]}"#]
    {
        check(text.as_bytes());
        assert!(crate::read_state(NAME, [text.as_bytes()]).is_err(), "{text}");
    }
}

#[test]
fn nesting_that_no_stack_would_bear_is_refused() {
    for open in ["[", "{\"a\":"] {
        let deep = format!("{{\"frameworks\": [], \"x\": {}", open.repeat(1_000_000));
        check(deep.as_bytes());
    }
}
