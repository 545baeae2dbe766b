//! Reads a state without a master, for benches.

use etcd_mesos_core::cause::chain;
use etcd_mesos_core::discovery::Found;

use crate::choose::{choose, once_each};
use crate::frameworks::{Frameworks, Wanted};
use crate::task::Place;
use crate::walk::Walk;

/// The members of the framework of that name in a `/state` that comes in these pieces; without those whose agents
/// would have to be asked for.
///
/// # Errors
/// In words, why there is none.
pub fn read_state<'a>(
    framework: &str,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Found>, String> {
    let mut walk = Walk::new(Frameworks::new(Wanted::Named(framework.to_owned())));
    let read = pieces.into_iter().try_for_each(|piece| walk.push(piece));
    let found = read.and_then(|()| walk.finish()?.found()).map_err(|flaw| chain(&flaw))?;
    let framework = choose(found.frameworks).map_err(|unclear| format!("{unclear:?}"))?;
    let members = once_each(framework.members).into_iter();
    Ok(members
        .filter_map(|member| match member.place {
            Place::At(url) => Some(Found::at(url).named(member.name)),
            Place::OnAgent { .. } => None,
        })
        .collect())
}
