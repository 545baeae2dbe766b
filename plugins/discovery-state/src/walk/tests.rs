#![allow(clippy::unwrap_used)]

use super::*;

/// Enters the arrays and objects below keys `in`, keeps the values of keys `keep`, and writes down what happens.
#[derive(Debug, Default)]
struct Notes(Vec<String>);

/// What is kept is no longer than this.
const KEEP_BYTES_MAX: usize = 16;

impl Reader for Notes {
    fn wish(&mut self, key: Option<&[u8]>, kind: Kind) -> Result<Wish, Flaw> {
        let key = key.map(|key| String::from_utf8_lossy(key).into_owned());
        self.0.push(format!("{} {kind:?}", key.as_deref().unwrap_or("-")));
        Ok(match key.as_deref() {
            None | Some("in") if matches!(kind, Kind::Object | Kind::Array) => Wish::Enter,
            Some("keep") => Wish::Keep(KEEP_BYTES_MAX),
            _ => Wish::Skip,
        })
    }

    fn kept(&mut self, value: Option<&[u8]>) -> Result<(), Flaw> {
        self.0.push(value.map_or("too long".into(), |v| String::from_utf8_lossy(v).into_owned()));
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Flaw> {
        self.0.push("leave".to_owned());
        Ok(())
    }
}

/// What happens; each cut of the document in two must make it happen the same way.
fn walk(text: &str) -> Result<Vec<String>, String> {
    let in_two = |cut: usize| {
        let mut walk = Walk::new(Notes::default());
        let (head, tail) = text.as_bytes().split_at(cut);
        walk.push(head).and_then(|()| walk.push(tail)).map_err(|flaw| flaw.to_string())?;
        walk.finish().map(|notes| notes.0).map_err(|flaw| flaw.to_string())
    };
    let whole = in_two(0);
    for cut in 0..=text.len() {
        assert_eq!(in_two(cut), whole, "cut at {cut}: {text}");
    }
    whole
}

#[test]
fn what_is_wished_for_happens_wherever_the_document_is_cut() {
    let text = r#" { "a" : [1, {"in": 2}], "in":[ {"keep": {"x": "}\""}, "b": -1.5e3} , [ ] , true,{}],
        "k\u0065ep":"ä\\", "keep" : 12 , "c":null } "#;
    let expected = [
        "- Object",
        "a Array",
        "in Array",
        "- Object",
        "keep Object",
        r#"{"x": "}\""}"#,
        "b Scalar",
        "leave",
        "- Array",
        "leave",
        "- Scalar",
        "- Object",
        "leave",
        "leave",
        "keep Text",
        "\"ä\\\\\"",
        "keep Scalar",
        "12",
        "c Scalar",
        "leave",
    ];
    assert_eq!(walk(text).unwrap(), expected);
}

#[test]
fn what_is_too_long_is_not_kept_and_the_rest_is_read() {
    let fits = format!("[{}]", "1,".repeat(6) + "12");
    assert_eq!(fits.len(), KEEP_BYTES_MAX);
    let long = format!("[{}]", "1,".repeat(7) + "1");
    let text =
        format!(r#"{{"keep": {fits}, "keep": {long}, "keep": "{}", "b": 1}}"#, "x".repeat(15));
    let notes = walk(&text).unwrap();
    let expected = [
        "- Object",
        "keep Array",
        &fits,
        "keep Array",
        "too long",
        "keep Text",
        "too long",
        "b Scalar",
        "leave",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn a_key_that_is_too_long_is_none_that_is_looked_for() {
    let key = format!("in{}", "\\u0000".repeat(KEY_BYTES_MAX));
    let text = format!(r#"{{"{key}": [1], "in": []}}"#);
    assert_eq!(walk(&text).unwrap(), ["- Object", " Array", "in Array", "leave", "leave"]);
}

#[test]
fn what_is_no_json_is_refused_where_it_is_entered() {
    for (text, words) in [
        ("", "ends before"),
        (" ", "ends before"),
        ("{", "ends before"),
        (r#"{"in": ["#, "ends before"),
        (r#"{"a": {"b": 1}"#, "ends before"),
        (r#"{"a": "b"#, "ends before"),
        ("{}{", "behind its end"),
        ("{}]", "behind its end"),
        ("{]", "a key"),
        ("{1: 2}", "a key"),
        (r#"{"a", 1}"#, "a colon"),
        (r#"{"a": }"#, "a value"),
        (r#"{"a": 1,}"#, "a key"),
        (r#"{"a": 1 "b"}"#, "a comma"),
        (r#"{"in": [1,]}"#, "a value"),
        (r#"{"in": [,1]}"#, "a value"),
        (r#"{"in": [1}"#, "a comma"),
        (r#"{"in": [1 2]}"#, "a comma"),
        (r#"{"in": {]}"#, "a key"),
        ("<html>", "`<` stands where a value must"),
        (r#"{"\ud800": 1}"#, "a key"),
    ] {
        let error = walk(text).unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn only_what_has_parts_can_be_entered() {
    struct Enters;
    impl Reader for Enters {
        fn wish(&mut self, _: Option<&[u8]>, _: Kind) -> Result<Wish, Flaw> {
            Ok(Wish::Enter)
        }
        fn kept(&mut self, _: Option<&[u8]>) -> Result<(), Flaw> {
            Ok(())
        }
        fn leave(&mut self) -> Result<(), Flaw> {
            Ok(())
        }
    }
    for text in ["1", "\"x\"", "null", "[1]", r#"{"a": "b"}"#] {
        assert!(matches!(Walk::new(Enters).push(text.as_bytes()), Err(Flaw::Kind(_))), "{text}");
    }
}
