//! The predecessor was written in Go, whose flags take one dash or two.

use std::ffi::OsString;

/// Gives every flag two dashes: `-log_dir=x` becomes `--log_dir=x`.
///
/// `-h` stays, as do single dashes and everything behind `--`.
pub(crate) fn two_dashes(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut is_over = false;
    let widen = |argument: OsString| {
        is_over |= argument == "--";
        match argument.to_str() {
            Some(text) if !is_over && is_one_dash_flag(text) => format!("-{text}").into(),
            Some(_) | None => argument,
        }
    };
    arguments.map(widen).collect()
}

fn is_one_dash_flag(text: &str) -> bool {
    let Some(name) = text.strip_prefix('-') else { return false };
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name != "h"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widened(arguments: &[&str]) -> Vec<OsString> {
        two_dashes(arguments.iter().map(OsString::from))
    }

    #[test]
    fn one_dash_becomes_two() {
        assert_eq!(
            widened(&[
                "program",
                "-log_dir=/var/log",
                "--master=m:1",
                "-v=1",
                "-h",
                "-",
                "-3",
                "x"
            ]),
            ["program", "--log_dir=/var/log", "--master=m:1", "--v=1", "-h", "-", "-3", "x"]
        );
    }

    #[test]
    fn what_stands_behind_two_dashes_alone_is_left() {
        assert_eq!(widened(&["program", "--", "-x"]), ["program", "--", "-x"]);
    }
}
