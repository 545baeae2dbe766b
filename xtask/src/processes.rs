//! The processes of this machine, read from `/proc`.

use std::fs;
use std::path::Path;

/// Whether a process is there and has not ended.
pub fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !has_ended(&stat))
}

/// A process that works in `dir` or below it, and whose program has this file name.
pub fn program_in(program: &str, dir: &Path) -> Option<u32> {
    let entries = fs::read_dir("/proc").ok()?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.into_iter().find(|&pid| works_in(pid, dir) && name_of(pid).as_deref() == Some(program))
}

/// One that has ended and is not reaped has no working directory.
fn works_in(pid: u32, dir: &Path) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(dir))
}

fn name_of(pid: u32) -> Option<String> {
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let program = command.split(|byte| *byte == 0).next()?;
    let path = String::from_utf8_lossy(program);
    Some(Path::new(path.as_ref()).file_name()?.to_str()?.to_owned())
}

/// The name before the state may hold blanks and parentheses, so the last one counts.
fn has_ended(stat: &str) -> bool {
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
    matches!(state, None | Some("Z" | "X"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_alive() {
        let own = std::process::id();
        assert!(is_alive(own));
        let name = name_of(own).unwrap();
        assert!(program_in(&name, &std::env::current_dir().unwrap()).is_some());
        assert_eq!(program_in("no such program", Path::new("/")), None);
    }

    #[test]
    fn a_zombie_has_ended_whatever_its_name() {
        assert!(has_ended("7 (a) S (b) Z 1 7"));
        assert!(has_ended(""));
        assert!(!has_ended("7 (a) Z (b) S 1 7"));
    }
}
