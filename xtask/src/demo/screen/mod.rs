//! The live screen: what there is, and what happens, drawn again and again.

mod draw;
mod terminal;
mod text;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::demo::scene::{Event, Scene};
use draw::draw;
use terminal::Terminal;

pub use terminal::is_there;

const DRAW_EVERY: Duration = Duration::from_millis(100);
const EVENTS_MAX: usize = 200;

/// The screen, and what it remembers.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal,
    events: VecDeque<Event>,
    drawn: Option<Instant>,
}

impl Screen {
    /// Takes the terminal.
    pub fn open() -> Self {
        Self { terminal: Terminal::enter(), events: VecDeque::new(), drawn: None }
    }

    /// Something that happened; it is drawn soon.
    pub fn tell(&mut self, at: Duration, text: &str) {
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(Event { at, text: text.to_owned() });
        self.drawn = None;
    }

    /// Whether it is time to draw.
    pub fn is_due(&self) -> bool {
        self.drawn.is_none_or(|drawn| drawn.elapsed() >= DRAW_EVERY)
    }

    /// Draws a scene, with what happened.
    pub fn show(&mut self, scene: Scene) {
        let scene = Scene { events: self.events.clone(), ..scene };
        let has_colours = self.terminal.has_colours();
        let lines: Vec<String> = draw(&scene, self.terminal.size())
            .iter()
            .map(|line| line.render(has_colours))
            .collect();
        self.terminal.show(&lines);
        self.drawn = Some(Instant::now());
    }

    /// The key that was pressed, if one was.
    pub fn key(&self) -> Option<char> {
        self.terminal.key()
    }
}
