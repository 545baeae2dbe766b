//! Recorded genuine runs, replayed: the same decisions, and what must hold whatever is decided.
//!
//! With `ETCD_MESOS_BLESS` set to anything, what is decided today becomes what is recorded. That is right after
//! a change that is wanted; where the events no longer fit (a save that nobody answers), the run has to be
//! recorded anew: `docs/hacking.md`, "Transcripts".

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use etcd_mesos_core::scheduler::ExitCode;
use etcd_mesos_sim::replay::{Replay, replay};

/// What a run must come to.
struct Expected {
    name: &'static str,
    /// How many launches there are in it.
    launched: usize,
    /// How many members' tasks have ended by its end.
    ended: usize,
    /// Sentences that the report had, or parts of them.
    said: &'static [&'static str],
    exit: Option<ExitCode>,
}

const ALL_SERVE: &str = "all 3 members proved a linearizable read";

const RUNS: [Expected; 7] = [
    Expected { name: "formation", launched: 3, ended: 0, said: &[ALL_SERVE], exit: None },
    Expected { name: "restart", launched: 0, ended: 0, said: &[ALL_SERVE], exit: None },
    Expected {
        name: "deposed",
        launched: 0,
        ended: 0,
        said: &["another scheduler has subscribed"],
        exit: Some(ExitCode::Deposed),
    },
    Expected { name: "successor", launched: 0, ended: 0, said: &[ALL_SERVE], exit: None },
    Expected {
        name: "agent-lost",
        launched: 0,
        ended: 0,
        said: &["its agent does not answer the master; its etcd may well run", ": running"],
        exit: None,
    },
    Expected {
        name: "master-failover",
        launched: 0,
        ended: 0,
        said: &["subscribing again", ALL_SERVE],
        exit: None,
    },
    Expected {
        name: "executor-killed",
        launched: 0,
        ended: 1,
        said: &["its task has ended", "needs a replacement"],
        exit: None,
    },
];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("recordings/{name}.jsonl"))
}

fn replayed(name: &str) -> Replay {
    replay(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

#[test]
fn recorded_runs_are_decided_as_they_were() {
    let is_blessed = std::env::var_os("ETCD_MESOS_BLESS").is_some();
    for Expected { name, .. } in RUNS {
        let replayed = replayed(name);
        if is_blessed {
            std::fs::write(path(name), &replayed.blessed).unwrap();
        } else {
            assert!(replayed.difference.is_none(), "{name}: {replayed}");
        }
    }
}

#[test]
fn what_must_hold_holds_in_recorded_runs_whatever_is_decided() {
    for Expected { name, launched, ended, said, exit } in RUNS {
        let replayed = replayed(name);
        assert_eq!(replayed.broken, [""; 0], "{name}");
        let record = replayed.scheduler.record();
        assert!(record.is_formed(), "{name}: one cluster, at the end");
        let is = record.members.iter().filter(|member| member.is_ended()).count();
        assert_eq!((is, replayed.launches), (ended, launched), "{name}");
        for words in said {
            let is_said = replayed.said.iter().any(|text| text.contains(words));
            assert!(is_said, "{name}: {words:?} is not in {:?}", replayed.said);
        }
        assert_eq!(replayed.exit, exit, "{name}");
    }
}

/// A changed decision is found, where it is and with what was decided instead.
#[test]
fn a_difference_names_its_line_and_both_decisions() {
    let text = std::fs::read_to_string(path("formation")).unwrap();
    let line = 1 + text.lines().position(|line| line.contains("\"launch ")).unwrap();
    let found = replay(&text.replace("\"launch ", "\"lunch ")).unwrap();
    let difference = found.difference.as_ref().unwrap();
    assert_eq!(difference.line, line);
    let shown = found.to_string();
    for words in ["DIFFERENCE", "    lunch etcd.", "    launch etcd.", "the report after it"] {
        assert!(shown.contains(words), "{words:?} is not in {shown}");
    }
    assert_eq!(found.blessed, text, "and blessing it restores what is decided");
}

/// A process that was killed leaves half a line, which is no fault of the transcript's.
#[test]
fn a_transcript_that_was_cut_off_is_replayed_to_its_end() {
    let text = std::fs::read_to_string(path("formation")).unwrap();
    let lines = text.lines().count();
    let half: Vec<&str> = text.lines().take(lines / 2).collect();
    let cut = replay(&(half.join("\n") + "\n{\"at\":")).unwrap();
    assert_eq!((cut.steps, cut.broken.len()), (lines / 2 - 1, 0));
    assert!(cut.end.contains("cut off"), "{}", cut.end);
}
