//! How fast a `/state` of 79 MB is read, beside a bare search in the same bytes and a full parse of them.
//!
//! ```text
//! cargo bench -p etcd-mesos-discovery-state
//! ```

#[path = "../tests/large/mod.rs"]
mod large;

use std::path::PathBuf;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use etcd_mesos_discovery_state::read_state;

/// As they come from a socket, at the size to which hyper's buffer grows.
const PIECE_BYTES: usize = 400 << 10;

fn main() {
    divan::main();
}

/// The state, which also lies in a file below `target`, for other programs.
fn state() -> Vec<u8> {
    let mut bytes = Vec::new();
    large::write(large::LARGE, &mut bytes).expect("memory takes it");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("state-79.json");
    std::fs::write(file, &bytes).expect("the target directory can be written");
    bytes
}

#[divan::bench(sample_count = 20)]
fn memchr_alone(bencher: Bencher<'_, '_>) {
    let state = state();
    let count = BytesCount::of_slice(&state);
    bencher.counter(count).bench_local(|| memchr::memchr_iter(0, black_box(&state)).count());
}

#[divan::bench(sample_count = 20)]
fn the_discovery(bencher: Bencher<'_, '_>) {
    let state = state();
    let count = BytesCount::of_slice(&state);
    bencher.counter(count).bench_local(|| {
        let members = read_state(large::FRAMEWORK, black_box(&state).chunks(PIECE_BYTES));
        assert_eq!(members.map(|members| members.len()), Ok(large::MEMBERS.len()));
    });
}

#[divan::bench(sample_count = 5)]
fn serde_json_whole(bencher: Bencher<'_, '_>) {
    let state = state();
    let count = BytesCount::of_slice(&state);
    bencher.counter(count).bench_local(|| {
        let value: serde_json::Value = serde_json::from_slice(black_box(&state)).expect("JSON");
        drop(black_box(value));
    });
}

#[divan::bench(sample_count = 10)]
fn serde_json_skips(bencher: Bencher<'_, '_>) {
    let state = state();
    let count = BytesCount::of_slice(&state);
    bencher.counter(count).bench_local(|| {
        let ignored = serde_json::from_slice::<serde::de::IgnoredAny>(black_box(&state));
        assert!(ignored.is_ok());
    });
}

/// What a library would do with a stream.
#[divan::bench(sample_count = 10)]
fn serde_json_skips_a_stream(bencher: Bencher<'_, '_>) {
    let state = state();
    let count = BytesCount::of_slice(&state);
    bencher.counter(count).bench_local(|| {
        let ignored = serde_json::from_reader::<_, serde::de::IgnoredAny>(black_box(&state[..]));
        assert!(ignored.is_ok());
    });
}
