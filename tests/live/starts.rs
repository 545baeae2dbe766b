//! Starts that cannot work: each ends, or waits, with words that name the thing and the way out.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::time::Duration;

use etcd_mesos_testkit::etcd;
use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::process::Proc;
use tempfile::TempDir;

use crate::rig::{Rig, SOON, Stage};

/// Ports that no test cluster has, on addresses that no test cluster has.
const ADMIN: u16 = 5991;
const ARTIFACTS: u16 = 5992;

/// A scheduler's command line on loopback addresses of its own; nothing listens at its master.
fn command(dir: &TempDir, host: &str) -> Command {
    let etcd = etcd::find().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcd-mesos-scheduler"));
    command
        .args([format!("-master={host}:5050"), format!("-address={host}")])
        .arg(format!("-state-file={}", dir.path().join("state").display()))
        .arg(format!("-executor-bin={}", env!("CARGO_BIN_EXE_etcd-mesos-executor")))
        .arg(format!("-etcd-bin={}", etcd.etcd.display()))
        .arg(format!("-etcdctl-bin={}", etcd.etcdctl.display()))
        .args([format!("-admin-port={ADMIN}"), format!("-artifact-port={ARTIFACTS}")])
        .arg("-cluster-size=3");
    command
}

fn refused(command: &mut Command, code: i32, words: &[&str]) {
    let Output { status, stderr, .. } = command.output().unwrap();
    let said = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
}

#[test]
fn a_taken_port_is_named_with_its_flag() {
    let dir = tempfile::tempdir().unwrap();
    for (port, flag) in [(ARTIFACTS, "--artifact-port"), (ADMIN, "--admin-port")] {
        let _taken = TcpListener::bind(("127.201.0.1", port)).unwrap();
        let place = format!("127.201.0.1:{port}");
        refused(&mut command(&dir, "127.201.0.1"), 69, &[flag, &place, "in use"]);
    }
}

#[test]
fn a_missing_and_a_foreign_etcd_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let run = |etcd: &str, words: &[&str]| {
        refused(command(&dir, "127.201.0.2").arg(format!("-etcd-bin={etcd}")), 78, words);
    };
    run("/nowhere/etcd", &["/nowhere/etcd", "--etcd-bin", "No such file"]);
    run("/bin/echo", &["/bin/echo", "this is no etcd", "echo (GNU"]);
    run("/etc", &["/etc", "no regular file"]);
}

#[test]
fn a_damaged_and_a_locked_state_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    std::fs::write(&state, "not ours\n").unwrap();
    let place = state.display().to_string();
    refused(&mut command(&dir, "127.201.0.3"), 78, &[&place, "not ours"]);
    std::fs::remove_file(&state).unwrap();
    let first = Proc::start(command(&dir, "127.201.0.3"), dir.path().join("log")).unwrap();
    first.wait_log("listening", SOON).unwrap();
    refused(&mut command(&dir, "127.201.0.4"), 69, &[&place, "another scheduler"]);
}

#[test]
fn usage_is_64_and_help_teaches() {
    refused(
        Command::new(env!("CARGO_BIN_EXE_etcd-mesos-scheduler")).arg("-cluster-sise=3"),
        64,
        &["--cluster-size"],
    );
    for program in
        [env!("CARGO_BIN_EXE_etcd-mesos-scheduler"), env!("CARGO_BIN_EXE_etcd-mesos-executor")]
    {
        let output = Command::new(program).arg("--help").output().unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("Exit codes"), "{program}");
    }
}

#[test]
fn the_log_goes_to_the_log_directory_too() {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("logs");
    let mut command = command(&dir, "127.201.0.5");
    command.arg(format!("-log_dir={}", logs.display()));
    let scheduler = Proc::start(command, dir.path().join("out")).unwrap();
    scheduler.wait_log("listening", SOON).unwrap();
    let log = std::fs::read_to_string(logs.join("etcd-mesos-scheduler.log")).unwrap();
    assert!(log.contains("listening"), "{log}");
}

/// Starts a scheduler at a master and waits for its report to hold all the words.
fn waits_with(host: &str, words: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let scheduler = Proc::start(command(&dir, host), dir.path().join("log")).unwrap();
    let report = || etcd_mesos_testkit::http::get(&format!("{host}:{ADMIN}"), "/report").ok();
    let said = scheduler.wait_for("the report", SOON, || {
        report().map(|(_, text)| text).filter(|text| words.iter().all(|word| text.contains(word)))
    });
    if let Err(error) = said {
        panic!("{error:?}\n{:?}", report());
    }
}

#[test]
fn a_master_that_is_not_there_is_waited_for() {
    waits_with("127.201.1.1", &["waiting", "127.201.1.1:5050", "refused"]);
}

#[test]
fn a_master_that_does_not_answer_is_named() {
    let silent = TcpListener::bind("127.201.1.2:5050").unwrap();
    let _kept = std::thread::spawn(move || silent.incoming().collect::<Vec<_>>());
    waits_with("127.201.1.2", &["waiting", "127.201.1.2:5050", "within"]);
}

#[test]
fn a_master_that_is_no_mesos_is_named() {
    let web = TcpListener::bind("127.201.1.3:5050").unwrap();
    std::thread::spawn(move || web.incoming().flatten().for_each(answer));
    waits_with("127.201.1.3", &["TROUBLE", "127.201.1.3:5050", "--master"]);
}

fn answer(mut stream: TcpStream) {
    let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
    let _ = stream.read(&mut [0; 65536]);
    let _ = stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello");
}

#[test]
fn a_master_that_asks_for_credentials_gets_them() {
    let dir = tempfile::tempdir().unwrap();
    let credentials = dir.path().join("credentials");
    std::fs::write(&credentials, r#"{"credentials":[{"principal":"etcd","secret":"s3cret"}]}"#)
        .unwrap();
    let builder = Cluster::builder()
        .env("MESOS_AUTHENTICATE_HTTP_FRAMEWORKS", "true")
        .env("MESOS_HTTP_FRAMEWORK_AUTHENTICATORS", "basic")
        .env("MESOS_CREDENTIALS", &credentials.display().to_string());
    let mut rig = Rig::with_scheduler(builder);
    rig.wait("words about credentials", || {
        let report = rig.get("/report").1;
        let words = ["TROUBLE", "401", "--mesos-authentication-principal"];
        words.iter().all(|word| report.contains(word)).then_some(())
    });
    rig.scheduler().kill();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let file = format!("-mesos-authentication-secret-file={}", secret.display());
    rig.start_scheduler(&["-mesos-authentication-principal=etcd", &file]);
    rig.wait_formed();
    assert!(!rig.scheduler().log().contains("s3cret"), "a secret was logged");
}
