//! A master's state in a file: what the discovery's own benchmark reads, with members on this machine.

#[path = "../../../../plugins/discovery-state/tests/large/mod.rs"]
mod large;

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::rc::Rc;

use super::scene::Scene;
use crate::failure::Outcome;

pub(super) use large::{FRAMEWORK, Size};

/// The members' port in the generated state.
pub(super) const CLIENT_PORT: u16 = 31_001;
/// How many members it has.
pub(super) const MEMBERS: u8 = 3;
/// Our framework is the last thing in it.
const TAIL_BYTES: u64 = 4_000;

impl Size {
    pub(super) const LARGE: Size = large::LARGE;
    pub(super) const HUGE: Size = large::HUGE;
}

/// The file; removed with the last who has it.
#[derive(Clone, Debug)]
pub(super) struct State(Rc<Written>);

#[derive(Debug)]
struct Written(PathBuf);

impl Drop for Written {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl State {
    pub(super) fn generate(size: Size, scene: &Scene) -> Outcome<State> {
        let path = scene.path(&format!("state-{}.json", size.tasks));
        let mut to = BufWriter::new(File::create(&path)?);
        large::write(size, &mut to)?;
        to.flush()?;
        drop(to);
        let state = State(Rc::new(Written(path)));
        state.move_members(scene)?;
        Ok(state)
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.0.clone()
    }

    /// Gives the members addresses of this machine.
    fn move_members(&self, scene: &Scene) -> Outcome<()> {
        let mut file = OpenOptions::new().read(true).write(true).open(self.path())?;
        let begin = file.metadata()?.len().saturating_sub(TAIL_BYTES);
        let mut tail = String::new();
        file.seek(SeekFrom::Start(begin))?;
        file.read_to_string(&mut tail)?;
        for number in 1..=MEMBERS {
            let there = format!("\"10.1.0.{number}\"");
            assert!(tail.contains(&there), "{there} is not at the end of the state");
            tail = tail.replace(&there, &format!("{:?}", scene.ip(number)));
        }
        file.set_len(begin)?;
        file.seek(SeekFrom::Start(begin))?;
        Ok(file.write_all(tail.as_bytes())?)
    }
}
