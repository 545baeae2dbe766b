//! The targets without cargo-fuzz: every file of the stored corpus, and mutations of them that are the same in
//! every run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use etcd_mesos_fuzz_targets::{TARGETS, Target};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestError, TestRng, TestRunner};

/// How many mutations are tried of each target's corpus.
const MUTATIONS: u32 = 2000;
const FILES_MAX: usize = 150;
const BYTES_MAX: usize = 100 * 1024;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).expect("the directory is stored");
    let stem = |path: PathBuf| path.file_stem()?.to_str().map(str::to_owned);
    entries.filter_map(|entry| stem(entry.ok()?.path())).collect()
}

/// The files of one target's corpus, in the order of their names.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = fuzz().join("corpus").join(target);
    let entries = fs::read_dir(&directory).expect("every target has a corpus");
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("it can be listed").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "the corpus of {target} is empty");
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).expect("it can be read");
        (path, bytes)
    };
    files.into_iter().map(read).collect()
}

#[test]
fn one_table_names_programs_and_corpora() {
    let table: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&fuzz().join("fuzz_targets")), table);
    assert_eq!(names(&fuzz().join("corpus")), table);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("it is stored");
    let declared = |line: &str| line.strip_prefix("path = \"fuzz_targets/").map(str::to_owned);
    let programs: Vec<String> = manifest.lines().filter_map(declared).collect();
    assert_eq!(programs.len(), table.len());
}

#[test]
fn the_corpus_is_small() {
    let all: Vec<_> = TARGETS.iter().flat_map(|(name, _)| corpus(name)).collect();
    let bytes: usize = all.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(all.len() <= FILES_MAX, "{} files", all.len());
    assert!(bytes <= BYTES_MAX, "{bytes} bytes");
}

/// One change of a file.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Cut(Index, Index),
    Truncate(Index),
    /// From there on another file goes on, from its own place.
    Splice(Index, Index, Index),
    /// A number becomes one at a limit.
    Number(Index, &'static str),
}

/// Numbers and texts at a limit.
const LIMITS: [&str; 8] =
    ["0", "-1", "255", "65536", "4294967295", "18446744073709551615", "1e308", "\"\""];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 0_u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (at(), prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, new)| Change::Insert(at, new)),
        (at(), at()).prop_map(|(from, to)| Change::Cut(from, to)),
        at().prop_map(Change::Truncate),
        (at(), at(), at()).prop_map(|(at, file, from)| Change::Splice(at, file, from)),
        (at(), select(&LIMITS[..])).prop_map(|(at, limit)| Change::Number(at, limit)),
    ]
}

fn apply(change: &Change, bytes: &mut Vec<u8>, files: &[Vec<u8>]) {
    let place = |index: &Index, bytes: &[u8]| index.index(bytes.len() + 1);
    match change {
        Change::Flip(at, bit) => {
            let at = at.index(bytes.len().max(1));
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        Change::Insert(at, new) => {
            let at = place(at, bytes);
            bytes.splice(at..at, new.iter().copied());
        }
        Change::Cut(from, to) => {
            let (from, to) = (place(from, bytes), place(to, bytes));
            bytes.drain(from.min(to)..from.max(to));
        }
        Change::Truncate(at) => bytes.truncate(place(at, bytes)),
        Change::Splice(at, file, from) => {
            let other = &files[file.index(files.len())];
            bytes.truncate(place(at, bytes));
            bytes.extend_from_slice(&other[place(from, other)..]);
        }
        Change::Number(at, limit) => {
            if let Some(run) = number(bytes, at) {
                bytes.splice(run, limit.bytes());
            }
        }
    }
}

/// One run of digits.
fn number(bytes: &[u8], which: &Index) -> Option<std::ops::Range<usize>> {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let begins: Vec<usize> =
        (0..bytes.len()).filter(|&at| is_digit(at) && (at == 0 || !is_digit(at - 1))).collect();
    let begin = *begins.get(which.index(begins.len().max(1)))?;
    let end = (begin..=bytes.len()).find(|&at| !is_digit(at))?;
    Some(begin..end)
}

fn try_target(name: &str, target: Target) {
    let files = corpus(name);
    for (path, bytes) in &files {
        eprintln!("{}", path.display());
        target(bytes);
    }
    let files: Vec<Vec<u8>> = files.into_iter().map(|(_, bytes)| bytes).collect();
    let config = Config { cases: MUTATIONS, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mutation = (any::<Index>(), prop::collection::vec(change(), 1..5));
    let mutated = |(file, changes): &(Index, Vec<Change>)| {
        let mut bytes = files[file.index(files.len())].clone();
        changes.iter().for_each(|change| apply(change, &mut bytes, &files));
        bytes
    };
    let outcome = TestRunner::new_with_rng(config, rng).run(&mutation, |drawn| {
        target(&mutated(&drawn));
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, drawn)) => {
            panic!("{name}: {why}, on the bytes b\"{}\"", mutated(&drawn).escape_ascii())
        }
        Err(abort) => panic!("{name}: {abort}"),
    }
}

macro_rules! corpora {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                try_target(stringify!($name), etcd_mesos_fuzz_targets::$name);
            }
        )*

        #[test]
        fn every_target_is_tried() {
            let tried = BTreeSet::from([$(stringify!($name)),*]);
            assert_eq!(tried, TARGETS.iter().map(|(name, _)| *name).collect());
        }
    };
}

corpora! {
    configuration
    core_event
    dns_answer
    executor_event
    frameworks
    location
    master_info
    masters
    members_list
    mesos_state
    offer
    record
    recordio
    resource
    scheduler
    scheduler_event
    state_file
    supervisor
    task_id
    wire
    zk_url
}
