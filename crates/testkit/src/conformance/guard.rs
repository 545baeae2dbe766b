//! Runs a check so that neither a panic nor a hang of the plugin ends the suite.

use std::any::Any;
use std::cell::Cell;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::timeout;

use super::{Met, Outcome};

/// How long a line may take as a whole. Stores have deadlines of seconds, and a line asks often.
const LINE_MAX: Duration = Duration::from_secs(180);

/// How a check turned out; a panic in it and a check without an end are failures.
pub(super) async fn run(check: impl Future<Output = Met>) -> Outcome {
    let guarded = AssertUnwindSafe(check).catch_unwind();
    match timeout(LINE_MAX, guarded).await {
        Ok(Ok(met)) => met.into(),
        Ok(Err(panic)) => Outcome::Failed(format!("it panicked: {}", panic_words(&*panic))),
        Err(_) => Outcome::Failed(format!("it was not done within {LINE_MAX:?}")),
    }
}

/// Asks a pure plugin until it panics, and then no more: that it panics is one line's matter.
#[derive(Debug, Default)]
pub(super) struct Asker {
    has_panicked: Cell<bool>,
}

impl Asker {
    /// The answer; nothing from a plugin that panics.
    pub(super) fn ask<T>(&self, ask: impl FnOnce() -> T) -> Option<T> {
        if self.has_panicked.get() {
            return None;
        }
        let answer = answer(ask).ok();
        self.has_panicked.set(answer.is_none());
        answer
    }
}

/// What a pure plugin answers; its panic in words, if it panics.
pub(super) fn answer<T>(ask: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(ask)).map_err(|panic| panic_words(&*panic))
}

/// What a panic said.
pub(super) fn panic_words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without words").to_owned()
}

/// An error with its causes.
pub(super) fn words(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said += &format!(": {error}");
        cause = error.source();
    }
    said
}
