//! Where `scripts/mesos/setup` put Mesos.

use std::env;
use std::path::{Path, PathBuf};

use crate::HarnessError;

/// The directory with `mesos-master`, `mesos-agent` and the programs that the agent runs.
pub(super) fn libexec() -> Result<PathBuf, HarnessError> {
    libexec_below(&home())
}

fn libexec_below(home: &Path) -> Result<PathBuf, HarnessError> {
    let libexec = home.join("libexec");
    if libexec.join("mesos-agent").exists() && home.join("recipe").exists() {
        return Ok(libexec);
    }
    let what = "Apache Mesos 1.11.0".to_owned();
    Err(HarnessError::Missing { what, place: home.display().to_string() })
}

fn home() -> PathBuf {
    env::var_os("ETCD_MESOS_RIG").map(PathBuf::from).unwrap_or_else(|| {
        let user_home = env::var_os("HOME").unwrap_or_else(|| "/root".into());
        PathBuf::from(user_home).join(".cache/etcd-mesos/mesos-1.11.0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_mesos_is_an_error_that_names_the_place_and_the_way_out() {
        let error = libexec_below(Path::new("/nowhere")).unwrap_err();
        let text = "Apache Mesos 1.11.0 is not in /nowhere; run `scripts/setup` at the top of the project, which installs it";
        assert_eq!(error.to_string(), text);
    }
}
