//! `cargo xtask demo`: an etcd cluster on Mesos, to look at and to hurt.
//!
//! Everything is this machine's loopback and one directory, which goes when the demo ends. Where there is a
//! terminal it shows a live screen, and lines where there is none.

mod deed;
mod gather;
mod invitation;
mod picture;
mod scene;
mod screen;
mod stage;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Args;

use crate::failure::{Failure, Outcome};
use crate::flags::{AGENTS, SIZE};
use crate::interrupt;
use crate::programs::Programs;
use crate::teller::{Teller, print};
use scene::Scene;
use screen::Screen;
use stage::Stage;
use watch::Watch;

/// How often the living processes are looked at, which is how fine the times of a recovery are.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Three seconds are usual.
const FORMING_MAX: Duration = Duration::from_secs(120);

/// What the demo can be told.
#[derive(Debug, Args)]
pub struct Options {
    /// Use a genuine Apache Mesos, which `scripts/demo --mesos` installs, instead of the one inside the
    /// scheduler
    #[arg(long)]
    mesos: bool,
    /// Tell lines instead of showing a screen, as without a terminal
    #[arg(long)]
    lines: bool,
    /// Write and read a key, and end as soon as the picture was shown
    #[arg(long)]
    once: bool,
    /// End by itself after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
    /// Take the programs from there as they are, instead of building them
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

/// Shows the demo until its end, which is no failure.
pub fn run(options: &Options) -> Outcome<ExitCode> {
    interrupt::catch()?;
    let teller = Teller::new();
    let programs = match &options.programs {
        Some(dir) => Programs::in_dir(dir)?,
        None => Programs::build()?,
    };
    let mut stage = start(options, &programs, &teller)?;
    let mut demo = Demo::new(&mut *stage, &teller, options);
    let outcome = demo.play();
    // The screen goes, so that what follows can be read, and then remains.
    drop(demo);
    // The evidence goes with the stage, so it is gathered before.
    let outcome = outcome.map_err(|failure| failure.with(&stage.evidence()));
    if let Some(why) = stage.is_over() {
        teller.tell(&why);
    }
    teller.tell("stopping etcd, the scheduler and Mesos");
    drop(stage);
    outcome?;
    teller.tell("everything is stopped, and nothing is left behind");
    Ok(ExitCode::SUCCESS)
}

fn start(options: &Options, programs: &Programs, teller: &Teller) -> Outcome<Box<dyn Stage>> {
    if options.mesos {
        return start_genuine(programs, teller);
    }
    teller.tell(&format!("starting the scheduler, with a Mesos of {AGENTS} agents inside"));
    Ok(Box::new(stage::Local::start(programs)?))
}

#[cfg(feature = "all")]
fn start_genuine(programs: &Programs, teller: &Teller) -> Outcome<Box<dyn Stage>> {
    teller.tell(&format!("starting a Mesos master and {AGENTS} agents, and then the scheduler"));
    Ok(Box::new(stage::Genuine::start(programs)?))
}

#[cfg(not(feature = "all"))]
fn start_genuine(_: &Programs, _: &Teller) -> Outcome<Box<dyn Stage>> {
    Err(Failure::new("there is no genuine Mesos in this build: use scripts/demo --mesos"))
}

/// A cluster that is watched.
struct Demo<'a> {
    stage: &'a mut dyn Stage,
    watch: Watch,
    teller: &'a Teller,
    screen: Option<Screen>,
    is_once: bool,
    limit: Option<Duration>,
}

impl<'a> Demo<'a> {
    fn new(stage: &'a mut dyn Stage, teller: &'a Teller, options: &Options) -> Self {
        let has_screen = screen::is_there() && !options.lines && !options.once;
        Self {
            stage,
            watch: Watch::new(),
            teller,
            screen: has_screen.then(Screen::open),
            is_once: options.once,
            limit: options.seconds.map(Duration::from_secs),
        }
    }

    /// Until the cluster is complete, and then until the end.
    fn play(&mut self) -> Outcome<()> {
        let forming_until = self.teller.elapsed() + FORMING_MAX;
        while !self.watch.is_formed() {
            if self.is_asked_to_end() {
                return Ok(());
            }
            self.turn()?;
            if self.teller.elapsed() > forming_until {
                let text = format!("no cluster of {SIZE} members for {FORMING_MAX:?}");
                return Err(Failure::new(text));
            }
        }
        if self.screen.is_none() {
            self.invite()?;
        }
        let until = self.limit.map(|limit| self.teller.elapsed() + limit);
        let is_late = |teller: &Teller| until.is_some_and(|until| teller.elapsed() >= until);
        while !self.is_once && !is_late(self.teller) && !self.is_asked_to_end() {
            self.turn()?;
        }
        Ok(())
    }

    fn is_asked_to_end(&mut self) -> bool {
        interrupt::is_asked() || self.stage.is_over().is_some()
    }

    /// For who reads lines: the picture, and what to do.
    fn invite(&self) -> Outcome<()> {
        let scene = self.scene();
        print(&picture::draw(&scene));
        print(&invitation::text(&scene));
        if self.is_once { invitation::check(&scene, self.teller) } else { Ok(()) }
    }

    fn turn(&mut self) -> Outcome<()> {
        for line in self.watch.look(self.stage)? {
            self.tell(&line);
        }
        if let Some(key) = self.screen.as_ref().and_then(Screen::key) {
            self.press(key);
        }
        if self.screen.as_ref().is_some_and(Screen::is_due) {
            let scene = self.scene();
            self.screen.iter_mut().for_each(|screen| screen.show(scene.clone()));
        }
        thread::sleep(LOOK_EVERY);
        Ok(())
    }

    /// Does what a key stands for.
    fn press(&mut self, key: char) {
        let deeds = self.scene().deeds;
        let Some(deed) = deeds.into_iter().find(|deed| deed.key == key) else { return };
        self.tell(&format!("you pressed {key}: {}", deed.act.command()));
        if let Err(why) = deed.act.perform() {
            self.tell(&why.to_string());
        }
    }

    fn tell(&mut self, line: &str) {
        match &mut self.screen {
            Some(screen) => screen.tell(self.teller.elapsed(), line),
            None => self.teller.tell(line),
        }
    }

    fn scene(&self) -> Scene {
        gather::scene(self.stage, &self.watch, self.teller)
    }
}
