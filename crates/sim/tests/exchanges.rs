//! The model answers each exchange as genuine Mesos did; `crates/local/tests/exchanges` asks that one.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use etcd_mesos_sim::exchange::{self, Mode, Model};

#[test]
fn the_model_answers_every_exchange_as_genuine_mesos_did() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("exchanges");
    let mut paths: Vec<_> =
        directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 12, "{} exchanges", paths.len());
    let mut wrong = String::new();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let ran = exchange::run(&text, &mut Model::default(), Mode::Check).unwrap();
        for difference in &ran.differences {
            wrong.push_str(&format!("exchanges/{name}, {difference}\n\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}Genuine Mesos is right, and the model is not");
}
