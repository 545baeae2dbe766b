//! What every program of ours does with its arguments: the commands that start nothing, and the frame of the
//! one that does.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::{self, Arguments, Task};
use crate::config::docs;
use crate::config::layers::{Environment, Layers, STANDARD_FILE};
use crate::config::tree::LogSection;
use crate::exit::{CONFIG, Failure, UNAVAILABLE, USAGE};
use crate::logging;
use crate::plugins::Plugins;
use crate::program::Program;

/// What a program does that no other does.
pub(crate) struct Deeds {
    /// Says whether the configuration can work.
    pub(crate) check: fn(&Plugins, &Arguments) -> Result<(), Failure>,
    /// Says what holds; with where it came from, or without.
    pub(crate) show: fn(&Plugins, &Arguments, bool) -> Result<String, Failure>,
    /// Runs.
    pub(crate) start: fn(&Plugins, &Arguments) -> Result<ExitCode, Failure>,
}

/// A program, from its arguments to its exit code.
pub(crate) fn run(program: &Program, plugins: &Plugins, listing: &str, deeds: &Deeds) -> ExitCode {
    let arguments = match cli::parse(program, plugins, std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let can_work = "the configuration can work; `config show --origin` says what holds\n";
    let outcome = match arguments.task {
        Task::Plugins => Ok(print(listing)),
        Task::Example => Ok(print(&docs::example(plugins))),
        Task::Check => (deeds.check)(plugins, &arguments).map(|()| print(can_work)),
        Task::Show { with_origin } => {
            (deeds.show)(plugins, &arguments, with_origin).map(|text| print(&text))
        }
        Task::Run => (deeds.start)(plugins, &arguments),
    };
    outcome.unwrap_or_else(|failure| failure.report())
}

fn print(text: &str) -> ExitCode {
    // Who closed the pipe has read enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// The environment of this process.
pub(crate) fn environment() -> Environment {
    std::env::vars_os().collect()
}

/// What files, environment and arguments say.
pub(crate) fn layers(
    program: &'static Program,
    arguments: &Arguments,
    environment: &Environment,
) -> Layers {
    let Arguments { files, flags, sets, .. } = arguments;
    Layers::read(program, Path::new(STANDARD_FILE), files, environment, flags, sets)
}

/// Starts logging.
pub(crate) fn log(program: &Program, section: &LogSection) -> Result<(), Failure> {
    logging::start(program.name, section.dir.as_deref(), section.verbosity)
        .map_err(|error| Failure::new(CONFIG, error))
}

/// Runs on one thread: our programs wait nearly always, and threads cost memory.
pub(crate) fn on_one_thread(
    life: impl Future<Output = Result<ExitCode, Failure>>,
    bug: impl FnOnce() -> Failure,
) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        .build()
        .map_err(|error| Failure::new(UNAVAILABLE, error))?;
    // A broken invariant must end the program at once, with the exit code that says what it is.
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(life)));
    // A task that hangs (a file being served) must not hold the process back.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|_| Err(bug()))
}
