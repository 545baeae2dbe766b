//! The files that genuine Mesos wrote, and what differs from them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many lines are shown around a difference.
const AROUND: usize = 3;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("exchanges").join(format!("{name}.txt"))
}

pub fn write(name: &str, text: &str) {
    let path = path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Empty where genuine Mesos has not been asked yet.
pub fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_default()
}

/// Nothing where both are the same; otherwise the lines that are missing (`-`) or too many (`+`).
pub fn difference(name: &str, expected: &[String], actual: &[String]) -> Option<String> {
    if expected == actual {
        return None;
    }
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let actual: Vec<&str> = actual.iter().map(String::as_str).collect();
    let mut text = format!("crates/local/exchanges/{name}.txt\n");
    let lines = compared(&expected, &actual);
    let is_near = |at: usize| {
        let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(lines.len());
        lines[around].iter().any(|(mark, _)| *mark != ' ')
    };
    let mut was_near = true;
    for (at, (mark, line)) in lines.iter().enumerate() {
        match is_near(at) {
            true => text.push_str(&format!("  {mark} {line}\n")),
            false if was_near => text.push_str("  …\n"),
            false => {}
        }
        was_near = is_near(at);
    }
    Some(text)
}

/// With each block where it is only referred to: their numbers would all differ after the first
/// difference.
pub fn unfolded(text: &str) -> Vec<String> {
    let mut blocks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        if line.starts_with(' ') {
            if let Some(block) = blocks.get_mut(&open) {
                block.push(line.to_owned());
            }
            lines.push(line.to_owned());
            continue;
        }
        open.clear();
        if let Some((title, number)) = line.split_once(", as in ") {
            lines.push(title.to_owned());
            lines.extend(blocks[number].iter().cloned());
        } else if let Some((title, number)) = line.rsplit_once(" [").filter(|_| line.ends_with(']'))
        {
            open = format!("[{number}");
            blocks.insert(open.clone(), Vec::new());
            lines.push(title.to_owned());
        } else {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// All lines of both, with what they have in common in its place.
fn compared<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            common[i][j] = match a == b {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    lines
}
