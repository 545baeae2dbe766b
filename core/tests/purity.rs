//! The core is pure: no runtime, no socket, no file, no clock. `clippy.toml` bans the calls; this
//! bans the crates, and the modules of the standard library behind the calls.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};

/// The crates that the core may use: data and its forms, errors, and the macro for the I/O plugins' traits.
const ALLOWED: [&str; 6] =
    ["async-trait", "humantime", "schemars", "serde", "serde_json", "thiserror"];

/// What no source line of the core may name.
const BANNED: [&str; 9] = [
    "std::fs",
    "std::process",
    "std::thread",
    "std::env",
    "std::io",
    "Instant",
    "SystemTime",
    "TcpStream",
    "tokio",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_core_depends_on_no_runtime_and_nothing_of_ours() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("[dependencies]").unwrap();
    let section = rest.split("\n[").next().unwrap();
    let named: Vec<&str> = section
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
        .collect();
    assert!(!named.is_empty(), "the section was not found");
    for name in named {
        assert!(ALLOWED.contains(&name), "{name} has no place in the core");
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn no_source_of_the_core_names_what_is_not_pure() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    assert!(files.len() > 15, "the sources were not found");
    for file in files {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap();
            let banned = BANNED.iter().find(|word| code.contains(*word));
            assert_eq!(banned, None, "{}:{}", file.display(), number + 1);
        }
    }
}
