//! `docs/plugins.md` shows this package as it is.

#![allow(clippy::unwrap_used)]

const DOCUMENT: &str = include_str!("../../../docs/plugins.md");
const SOURCES: [&str; 4] = [
    include_str!("../src/history.rs"),
    include_str!("../src/main.rs"),
    include_str!("../src/small_database.rs"),
    include_str!("conformance.rs"),
];

/// What can be compared of a piece of code: its lines without indentation, blanks and comments.
fn lines(code: &str) -> impl Iterator<Item = &str> {
    code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("// "))
}

#[test]
fn each_line_of_rust_in_it_is_one_of_the_sources() {
    let mut blocks =
        DOCUMENT.split("```rust\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let shown: Vec<&str> = blocks.by_ref().flat_map(lines).collect();
    assert!(shown.len() > 50, "the document shows {} lines of Rust", shown.len());
    let known: Vec<&str> = SOURCES.into_iter().flat_map(lines).collect();
    let strange: Vec<&&str> = shown.iter().filter(|line| !known.contains(line)).collect();
    assert!(strange.is_empty(), "these lines are in the document alone: {strange:#?}");
}
