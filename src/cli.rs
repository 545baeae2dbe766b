//! The command line of a program: flags and commands, out of the tables.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::docs;
use crate::config::keys::Key;
use crate::config::layers::FlagGiven;
use crate::config::legacy::{Flag, Meaning};
use crate::config::show::toml_value;
use crate::dashes;
use crate::plugins::Plugins;
use crate::program::Program;

/// What the program is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Run the program.
    Run,
    /// Say whether the configuration can work.
    Check,
    /// Say what holds; with the origin of each value, or not.
    Show { with_origin: bool },
    /// Print every key at its default.
    Example,
    /// List the plugins of the build.
    Plugins,
}

/// What the arguments say.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) task: Task,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) flags: Vec<FlagGiven>,
    pub(crate) sets: Vec<String>,
    switches: Vec<&'static str>,
}

impl Arguments {
    /// Whether a switch of the program stands there.
    pub(crate) fn has(&self, switch: &str) -> bool {
        self.switches.contains(&switch)
    }
}

/// Reads the arguments, the program's own name first.
///
/// # Errors
/// What clap says, the help and the version included.
pub(crate) fn parse(
    program: &Program,
    plugins: &Plugins,
    arguments: impl Iterator<Item = OsString>,
) -> Result<Arguments, clap::Error> {
    let matches = command(program, plugins).try_get_matches_from(dashes::two_dashes(arguments))?;
    let (task, matches) = task(&matches);
    Ok(Arguments {
        task,
        files: matches.get_many::<PathBuf>("config").into_iter().flatten().cloned().collect(),
        sets: matches.get_many::<String>("set").into_iter().flatten().cloned().collect(),
        flags: program.flags.iter().filter_map(|flag| given(flag, matches)).collect(),
        switches: program
            .switches
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| matches.get_flag(name))
            .collect(),
    })
}

/// The task, and the matches of the innermost command, which see the global flags.
fn task(matches: &ArgMatches) -> (Task, &ArgMatches) {
    let Some((name, inner)) = matches.subcommand() else { return (Task::Run, matches) };
    if name == "plugins" {
        return (Task::Plugins, inner);
    }
    match inner.subcommand() {
        Some(("show", last)) => (Task::Show { with_origin: last.get_flag("origin") }, last),
        Some(("example", last)) => (Task::Example, last),
        Some((_, last)) => (Task::Check, last),
        None => (Task::Check, inner),
    }
}

fn given(flag: &Flag, matches: &ArgMatches) -> Option<FlagGiven> {
    let value = matches.get_one::<String>(flag.name)?.clone();
    Some(FlagGiven { name: flag.name.to_owned(), value })
}

/// The command line of this build.
pub(crate) fn command(program: &Program, plugins: &Plugins) -> Command {
    let keys = docs::keys(plugins);
    let config = Command::new("config")
        .about("Checks and shows the configuration; starts nothing")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(Command::new("check").about("Says whether it can work; exit code 78 if not"))
        .subcommand(
            Command::new("show").about("Says what holds, key by key; secrets are hidden").arg(
                Arg::new("origin")
                    .long("origin")
                    .action(ArgAction::SetTrue)
                    .help("Say where each value came from"),
            ),
        )
        .subcommand(Command::new("example").about("Prints every key at its default"));
    let files = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .action(ArgAction::Append)
        .value_parser(clap::value_parser!(PathBuf))
        .global(true)
        .help("A configuration file in TOML; a later one wins key by key");
    let sets = Arg::new("set")
        .long("set")
        .value_name("KEY=VALUE")
        .action(ArgAction::Append)
        .global(true)
        .help("Any key of any section, like --set cluster.size=3; wins over everything");
    Command::new(program.name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(program.about)
        .long_about(program.long_about)
        .after_help(program.after_help)
        .term_width(100)
        .args_override_self(true)
        .disable_help_subcommand(true)
        .subcommand(config)
        .subcommand(Command::new("plugins").about("Lists the plugins of this build"))
        .args([files, sets])
        .args(program.switches.iter().map(|(name, help)| switch(name, help)))
        .args(program.flags.iter().map(|flag| argument(flag, &keys)))
}

fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).global(true).help(help)
}

fn argument(flag: &Flag, keys: &[Key]) -> Arg {
    let argument = Arg::new(flag.name)
        .long(flag.name)
        .value_name(flag.value_name)
        .global(true)
        .allow_hyphen_values(true)
        .value_parser(ValueParser::string())
        .help(help(&flag.meaning, keys));
    let is_silent = matches!(flag.meaning, Meaning::Accepted(_) | Meaning::AlwaysOn(_));
    let argument = argument.hide_short_help(is_silent);
    if flag.meaning.is_switch() {
        return argument.num_args(0..=1).require_equals(true).default_missing_value("true");
    }
    argument
}

fn help(meaning: &Meaning, keys: &[Key]) -> String {
    match meaning {
        Meaning::Accepted(why) => format!("Accepted, and without effect: {why}"),
        Meaning::AlwaysOn(why) => format!("Accepted where true: {why}"),
        Meaning::Key(_)
        | Meaning::Switch(_)
        | Meaning::Keys(_)
        | Meaning::Selects { .. }
        | Meaning::AutoReseed => {
            let stands = meaning.keys();
            let key = keys.iter().find(|key| stands.first() == Some(&key.name.as_str()));
            let Some(key) = key else { return format!("Not in this build: {}", stands.join(", ")) };
            let default = key.default.as_ref().map(|d| format!(", default {}", toml_value(d)));
            let about = key.about.trim_end_matches('.');
            format!("{about} [{}{}]", stands.join(", "), default.unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::plugins::builtin;
    use crate::program::{ONCE, PRINT, PROXY, SCHEDULER};

    fn parsed_by(program: &Program, arguments: &[&str]) -> Arguments {
        let all = std::iter::once(program.name).chain(arguments.iter().copied());
        parse(program, &builtin(), all.map(OsString::from)).unwrap()
    }

    fn parsed(arguments: &[&str]) -> Arguments {
        parsed_by(&SCHEDULER, arguments)
    }

    #[test]
    fn the_command_lines_are_sound() {
        for program in [&SCHEDULER, &PROXY] {
            command(program, &builtin()).debug_assert();
        }
    }

    #[test]
    fn the_proxy_has_switches_of_its_own() {
        let parsed = parsed_by(&PROXY, &["-print", "--mode=grpc-proxy"]);
        assert!(parsed.has(PRINT) && !parsed.has(ONCE));
        let all = [PROXY.name, "--cluster-size=3"].map(OsString::from);
        assert!(parse(&PROXY, &builtin(), all.into_iter()).unwrap_err().use_stderr());
    }

    #[test]
    fn flags_stand_before_and_behind_commands_with_one_dash_or_two() {
        for arguments in [
            ["-cluster-size=3", "config", "show", "--origin"],
            ["config", "show", "--origin", "--cluster-size=3"],
            ["config", "--cluster-size=3", "show", "-origin"],
        ] {
            let parsed = parsed(&arguments);
            assert_eq!(parsed.task, Task::Show { with_origin: true });
            let size = FlagGiven { name: "cluster-size".into(), value: "3".into() };
            assert_eq!(parsed.flags, [size]);
        }
    }

    #[test]
    fn a_switch_needs_no_value_and_the_last_of_a_flag_counts() {
        let parsed = parsed(&["-auto-reseed", "-v=1", "-v=2", "plugins"]);
        assert_eq!(parsed.task, Task::Plugins);
        let values: Vec<&str> = parsed.flags.iter().map(|flag| flag.value.as_str()).collect();
        assert_eq!(values, ["true", "2"]);
    }

    #[test]
    fn help_names_the_key_and_the_default_of_every_flag() {
        let scheduler =
            ["[cluster.size, default 5]", "[http.port, default 23400]", "config show --origin"];
        let proxy = ["[proxy.data_dir, default \"default.etcd\"]", "--print", "--discovery"];
        for (program, parts) in [(&SCHEDULER, scheduler), (&PROXY, proxy)] {
            let help = command(program, &builtin()).render_long_help().to_string();
            for part in parts {
                assert!(help.contains(part), "{part} is not in: {help}");
            }
        }
    }
}
