//! `cargo xtask fresh`: what a reader of the README meets on a machine where nothing was done before.
//!
//! Only the compiler and the system's own packages are there. The caches, the home and every variable are not.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::failure::{Failure, Outcome, ensure};
use crate::interrupt;
use crate::programs::top;
use crate::teller::Teller;

const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How the network is reached is a matter of the machine, not of the project.
const KEPT: [&str; 11] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "LANG",
    "TERM",
];

/// Runs `.ci/run` on a clone of HEAD, and says how long it took.
pub fn run() -> Outcome<ExitCode> {
    // Ctrl-C ends .ci/run, and this program then clears away what it left.
    interrupt::catch()?;
    let teller = Teller::new();
    let place = tempfile::Builder::new().prefix("etcd-mesos-fresh-").tempdir()?;
    let clone = place.path().join("etcd-mesos");
    let cloned = Command::new("git").args(["clone", "--quiet"]).arg(top()).arg(&clone).status()?;
    ensure(cloned.success(), || "HEAD could not be cloned".to_owned())?;
    teller.tell(&format!("HEAD is in {}; .ci/run begins", clone.display()));
    let status = ci(&clone, place.path())?.status()?;
    teller.tell(&format!(".ci/run ended: {status}"));
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn ci(clone: &Path, place: &Path) -> Outcome<Command> {
    let home = place.join("home");
    let tmp = place.join("tmp");
    std::fs::create_dir(&home)?;
    std::fs::create_dir(&tmp)?;
    let path = env::join_paths([toolchain()?].into_iter().chain(env::split_paths(SYSTEM_PATH)))?;
    let mut command = Command::new("./.ci/run");
    command.current_dir(clone).env_clear().env("PATH", path).env("HOME", home).env("TMPDIR", tmp);
    for name in KEPT {
        command.envs(env::var_os(name).map(|value| (name, value)));
    }
    Ok(command)
}

/// The compiler's own directory: rustup's would bring along all that `cargo install` ever put there.
fn toolchain() -> Outcome<PathBuf> {
    let rustc = Command::new("rustc").args(["--print", "sysroot"]).current_dir(top()).output()?;
    ensure(rustc.status.success(), || "rustc is not there".to_owned())?;
    let sysroot = String::from_utf8(rustc.stdout).map_err(Failure::from)?;
    Ok(Path::new(sysroot.trim()).join("bin"))
}
