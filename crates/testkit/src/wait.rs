//! Waiting for a condition instead of sleeping.

use std::thread;
use std::time::{Duration, Instant};

use crate::HarnessError;

const POLL_EVERY: Duration = Duration::from_millis(10);

/// Asks `probe` again and again until it has an answer; `what` names in the error what never came.
pub fn wait_for<T>(
    what: &str,
    deadline: Duration,
    probe: impl FnMut() -> Option<T>,
) -> Result<T, HarnessError> {
    wait_or(what, deadline, probe, String::new)
}

/// The same, with evidence for the error: `evidence` is asked once, when the time is up.
pub fn wait_or<T>(
    what: &str,
    deadline: Duration,
    mut probe: impl FnMut() -> Option<T>,
    evidence: impl FnOnce() -> String,
) -> Result<T, HarnessError> {
    let started = Instant::now();
    loop {
        if let Some(answer) = probe() {
            return Ok(answer);
        }
        if started.elapsed() >= deadline {
            return Err(HarnessError::Timeout {
                what: what.to_owned(),
                deadline,
                evidence: evidence(),
            });
        }
        thread::sleep(POLL_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_the_wait_and_its_lack_names_what_was_awaited() {
        let mut left = 3;
        let third_time = wait_for("a third time", Duration::from_secs(5), || {
            left -= 1;
            (left == 0).then_some("answer")
        });
        assert_eq!(third_time.unwrap(), "answer");
        let never = wait_for("Godot", Duration::ZERO, || None::<()>).unwrap_err();
        assert_eq!(never.to_string(), "waited 0ns in vain for Godot");
    }
}
