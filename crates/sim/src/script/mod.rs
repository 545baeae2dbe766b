//! Named scenarios as text: each command of a script does something to a [`World`], lets time
//! pass, or shows what somebody would see.
//!
//! Nothing goes wrong here that the script does not say. The commands are listed in
//! `docs/hacking.md`; [`crate::text`] is the form.

mod commands;
mod happen;
mod shown;
mod until;
mod words;

pub(crate) use words::duration;

use crate::text::{self, Ran};
use crate::world::World;

/// Runs a script.
///
/// # Errors
/// The text is no script.
pub fn run(script: &str) -> Result<Ran, String> {
    let mut stage = Stage { world: World::quiet(1, 4, 3) };
    text::run(script, |step| match stage.perform(&step.command) {
        Ok(printed) => printed,
        Err(trouble) => format!("error: {trouble}"),
    })
}

/// Where a script plays.
struct Stage {
    world: World,
}
