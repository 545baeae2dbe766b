//! Which words do what.

use super::Stage;
use super::words::Words;
use crate::world::World;

impl Stage {
    /// Does what a command says, and returns what it prints.
    pub(super) fn perform(&mut self, command: &str) -> Result<String, String> {
        let mut words = Words::of(command);
        match words.next()? {
            "world" => self.begin(&words),
            "advance" => self.advance(words.duration()?),
            "until" => self.until(&mut words),
            "show" => self.show(&mut words),
            "kill" => self.kill(&mut words),
            "daemon" => self.daemon(&mut words),
            "host" => self.host(&mut words),
            "cut" => self.cut(&mut words),
            "join" => self.join(&mut words),
            "rescind" => self.rescind(&mut words),
            "break" => self.break_link(),
            "master" => self.master(&mut words),
            "store" => self.store(&mut words),
            "framework" => self.framework(&mut words),
            "stranger" => self.stranger(&mut words),
            "start" => self.start(&mut words),
            "stop" => self.stop(&mut words),
            "crash" => self.crash(&mut words),
            "pause" => self.pause(&mut words),
            "resume" => self.resume(&mut words),
            "clock" => self.clock(&mut words),
            other => Err(format!("there is no command {other:?}")),
        }
    }

    fn begin(&mut self, words: &Words<'_>) -> Result<String, String> {
        let seed = words.number("seed", 1)?;
        let agents = words.number("agents", 4)? as usize;
        let size = words.number("size", 3)? as usize;
        self.world = World::quiet(seed, agents, size);
        Ok(String::new())
    }
}
