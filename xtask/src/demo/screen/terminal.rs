//! The terminal: its alternate screen, its size, its keys. It is left as it was found.
//!
//! A dozen escape sequences are all that this takes, and clap links the crate that knows the size, so that no
//! library for screens has to be built before somebody sees one.

use std::io::{self, IsTerminal, Read, Write};
use std::panic;
use std::sync::{Mutex, PoisonError};

use nix::sys::termios::{self, LocalFlags, SetArg, SpecialCharacterIndices, Termios};

use super::draw::Size;

/// Alternate screen, no cursor, no wrapping of lines.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/// Terminals that know it show what is in between as a whole.
const BEGIN: &str = "\x1b[?2026h\x1b[H";
const END: &str = "\x1b[J\x1b[?2026l";
/// Where the terminal does not say.
const USUAL: Size = Size { width: 80, height: 24 };

/// How to leave, while we are there; the keyboard's mode, if there is a keyboard.
static ENTERED: Mutex<Option<Option<Termios>>> = Mutex::new(None);

/// The terminal, for us alone. Dropping it gives it back.
#[derive(Debug)]
pub struct Terminal {
    has_keys: bool,
    has_colours: bool,
    shown: String,
}

/// Whether there is a terminal to draw on.
pub fn is_there() -> bool {
    let is_dumb = std::env::var("TERM").map_or(true, |term| term.is_empty() || term == "dumb");
    io::stdout().is_terminal() && !is_dumb
}

impl Terminal {
    /// Takes it. A panic gives it back before it says anything.
    pub fn enter() -> Self {
        let keyboard = quieten();
        let has_keys = keyboard.is_some();
        *entered() = Some(keyboard);
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            leave();
            report(panic);
        }));
        write(ENTER);
        let has_colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { has_keys, has_colours, shown: String::new() }
    }

    /// Whether it is to be in colours.
    pub fn has_colours(&self) -> bool {
        self.has_colours
    }

    /// How large it is now.
    pub fn size(&self) -> Size {
        terminal_size::terminal_size().map_or(USUAL, |(width, height)| Size {
            width: width.0.into(),
            height: height.0.into(),
        })
    }

    /// Shows these lines and nothing else.
    pub fn show(&mut self, lines: &[String]) {
        let body = lines.join("\x1b[K\r\n");
        if body != self.shown {
            write(&format!("{BEGIN}{body}\x1b[K{END}"));
            self.shown = body;
        }
    }

    /// The key that was pressed, if one was.
    pub fn key(&self) -> Option<char> {
        let mut bytes = [0; 32];
        let read = if self.has_keys { io::stdin().lock().read(&mut bytes).ok()? } else { 0 };
        // A key with more than one byte is an arrow or the like, and none of ours.
        (read == 1).then_some(char::from(bytes[0]))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        leave();
    }
}

fn leave() {
    if let Some(keyboard) = entered().take() {
        write(LEAVE);
        if let Some(mode) = keyboard {
            // Keys that were typed and not read are not for the shell.
            let _ = termios::tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &mode);
        }
    }
}

fn entered() -> std::sync::MutexGuard<'static, Option<Option<Termios>>> {
    ENTERED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keys come at once and are not shown; Ctrl-C remains a signal. Gives back how it was before.
fn quieten() -> Option<Termios> {
    let before = termios::tcgetattr(io::stdin()).ok()?;
    let mut mode = before.clone();
    mode.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON);
    mode.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
    mode.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
    // A demo that is stopped would keep its screen.
    mode.control_chars[SpecialCharacterIndices::VSUSP as usize] = 0;
    termios::tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &mode).ok()?;
    Some(before)
}

/// A terminal that has gone away is no reason to leave a cluster behind.
fn write(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
