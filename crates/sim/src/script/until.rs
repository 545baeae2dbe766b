//! Lets time pass: so long, or until something holds.

use std::time::Duration;

use etcd_mesos_core::health::Verdict;
use etcd_mesos_core::view;

use super::Stage;
use super::words::Words;
use crate::world::World;

const MAX: Duration = Duration::from_secs(600);

impl Stage {
    pub(super) fn advance(&mut self, time: Duration) -> Result<String, String> {
        let until = self.world.now() + time;
        while self.world.next_at().is_some_and(|at| at <= until) {
            self.world.step()?;
        }
        self.world.now = until;
        Ok(String::new())
    }

    /// `until formed|healthy|stopped|report WORDS [max DURATION]`.
    pub(super) fn until(&mut self, words: &mut Words<'_>) -> Result<String, String> {
        let what = words.next()?;
        let (said, max) = words.up_to_max(MAX)?;
        let holds: Box<dyn Fn(&World) -> bool> = match what {
            "formed" => Box::new(is_formed),
            "healthy" => Box::new(is_healthy),
            "stopped" => Box::new(|world| world.schedulers[0].is_none()),
            "report" => Box::new(move |world| says(world, &said)),
            other => return Err(format!("there is no condition {other:?}")),
        };
        self.wait(what, max, |stage| holds(&stage.world))
    }

    /// Lets things happen until `holds`, and says how long that took.
    pub(super) fn wait(
        &mut self,
        what: &str,
        max: Duration,
        holds: impl Fn(&Stage) -> bool,
    ) -> Result<String, String> {
        let (began, deadline) = (self.world.now(), self.world.now() + max);
        while !holds(self) {
            if self.world.next_at().is_none_or(|at| at > deadline) {
                self.world.now = deadline;
                return Err(format!("not {what} after {}", seconds(max)));
            }
            self.world.step()?;
        }
        Ok(format!("{what} after {}", seconds(self.world.now().since(began))))
    }
}

fn is_formed(world: &World) -> bool {
    world.schedulers.iter().flatten().any(|p| p.core.record().is_formed())
}

/// All members serve, and clients are told of all.
fn is_healthy(world: &World) -> bool {
    world.schedulers.iter().flatten().any(|process| {
        let members = process.core.record().members.len();
        process.core.health().verdict == Verdict::Healthy
            && members > 0
            && view::members(&process.core).len() == members
    })
}

fn says(world: &World, words: &str) -> bool {
    world.schedulers.iter().flatten().any(|p| p.core.report().to_string().contains(words))
}

pub(super) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
