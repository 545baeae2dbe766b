//! Each script in `scripts/` prints what it says. `ETCD_MESOS_BLESS=1` writes down what it prints.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use etcd_mesos_sim::script;

fn all(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut paths: Vec<PathBuf> =
        directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_script_prints_what_it_says() {
    let is_blessed = std::env::var_os("ETCD_MESOS_BLESS").is_some();
    let mut wrong = String::new();
    for path in all("scripts") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let ran = script::run(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for difference in &ran.differences {
            wrong.push_str(&format!("scripts/{name}, {difference}\n\n"));
        }
        if is_blessed {
            std::fs::write(&path, ran.text).unwrap();
        }
    }
    assert!(
        is_blessed || wrong.is_empty(),
        "{wrong}ETCD_MESOS_BLESS=1 writes down what is printed"
    );
}
