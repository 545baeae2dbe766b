//! The arguments: what the program is to do, and the predecessor's flags, which do nothing any more.
//!
//! Whoever has the predecessor's command line for the executor in a wrapper or a specification need not
//! change it before the programs are changed.

use std::ffi::{OsStr, OsString};

/// The predecessor's own, and glog's; each has a value, behind `=` or as the next argument.
const WITH_VALUE: [&str; 7] = [
    "launch-timeout",
    "driver-port",
    "log_dir",
    "stderrthreshold",
    "v",
    "vmodule",
    "log_backtrace_at",
];

/// glog's switches. As Go has it, only `=` gives them a value.
const SWITCHES: [&str; 2] = ["logtostderr", "alsologtostderr"];

/// What the arguments ask for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// To supervise; these arguments have no effect.
    Run {
        ignored: Vec<OsString>,
    },
    Help,
    Version,
    /// Nothing can be done with this one.
    Unknown(OsString),
}

impl Wanted {
    /// Reads the arguments, the program's own name not among them.
    pub(crate) fn of(arguments: &[OsString]) -> Wanted {
        match arguments {
            [only] if only == "--help" || only == "-h" => return Wanted::Help,
            [only] if only == "--version" || only == "-V" => return Wanted::Version,
            _ => {}
        }
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match form(argument) {
                Some(Form::Whole) => {}
                Some(Form::ValueFollows) if rest.next().is_some() => {}
                Some(Form::ValueFollows) | None => return Wanted::Unknown(argument.clone()),
            }
        }
        Wanted::Run { ignored: arguments.to_vec() }
    }
}

enum Form {
    Whole,
    ValueFollows,
}

/// The form of one of the predecessor's flags, if it is one.
fn form(argument: &OsStr) -> Option<Form> {
    let text = argument.to_str()?;
    let flag = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
    let (name, value) =
        flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
    if SWITCHES.contains(&name) {
        return Some(Form::Whole);
    }
    let form = if value.is_some() { Form::Whole } else { Form::ValueFollows };
    WITH_VALUE.contains(&name).then_some(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(line: &str) -> Wanted {
        Wanted::of(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_predecessors_flags_are_accepted_in_each_of_gos_forms() {
        for line in [
            "",
            "-launch-timeout=240",
            "--launch-timeout 240 -driver-port 0",
            "-logtostderr --alsologtostderr=true -stderrthreshold=INFO",
            "-log_dir /tmp -v=2 --vmodule a=1,b=2 -log_backtrace_at=main.go:7",
            "-launch-timeout -1",
        ] {
            let ignored = line.split_whitespace().map(OsString::from).collect();
            assert_eq!(wanted(line), Wanted::Run { ignored }, "{line}");
        }
    }

    #[test]
    fn anything_else_is_unknown_and_named() {
        for (line, named) in [
            ("-cluster-size=3", "-cluster-size=3"),
            ("-logtostderr true", "true"),
            ("-v=1 --help", "--help"),
            ("-v", "-v"),
            ("---v=1", "---v=1"),
            ("v=1", "v=1"),
            ("-", "-"),
        ] {
            assert_eq!(wanted(line), Wanted::Unknown(named.into()), "{line}");
        }
    }

    #[test]
    fn help_and_version_stand_alone() {
        assert_eq!((wanted("-h"), wanted("--help")), (Wanted::Help, Wanted::Help));
        assert_eq!((wanted("-V"), wanted("--version")), (Wanted::Version, Wanted::Version));
    }

    #[test]
    fn help_says_that_they_do_nothing() {
        assert!(crate::program::HELP.contains("-launch-timeout"));
    }
}
