//! The layers of a configuration, and where each value came from.
//!
//! Weakest first: the defaults of the types, and what a local Mesos makes of them;
//! `/etc/etcd-mesos/config.toml`; each `--config FILE`; the predecessor's variables; `ETCD_MESOS_A__B`; flags, and `--set a.b=c`. This is the only
//! place that reads configuration files and the environment.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider, Source};

use super::address::MasterAddress;
use super::legacy::Meaning;
use super::local;
use super::problem::Problem;
use super::read::retagged;
use crate::program::{Program, SCHEDULER};

/// The file that is read if it is there.
pub const STANDARD_FILE: &str = "/etc/etcd-mesos/config.toml";
/// What the variables of any key begin with.
const VARIABLE_PREFIX: &str = "ETCD_MESOS_";

/// What a layer gives: some values, and where they came from.
struct Given {
    origin: String,
    /// Whether the values are text that may stand for a number, a switch or a list.
    is_text: bool,
    values: Dict,
}

impl Provider for Given {
    fn metadata(&self) -> Metadata {
        let kind = if self.is_text { "text" } else { "toml" };
        Metadata::from(self.origin.clone(), Source::Custom(kind.to_owned()))
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

/// The environment of a process.
pub type Environment = Vec<(OsString, OsString)>;

/// The merged layers.
#[derive(Debug)]
pub struct Layers {
    program: &'static Program,
    figment: Figment,
    /// What could not be read at all.
    pub problems: Vec<Problem>,
}

/// A setting from the command line: the flag as it was written, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagGiven {
    /// Its name, without dashes.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Layers {
    /// Merges all layers; a standard file is read if it is there, the others must be.
    pub fn read(
        program: &'static Program,
        standard: &Path,
        files: &[PathBuf],
        environment: &Environment,
        flags: &[FlagGiven],
        sets: &[String],
    ) -> Layers {
        let mut layers = Layers::of(program);
        layers.file(standard, true);
        files.iter().for_each(|file| layers.file(file, false));
        layers.variables(environment);
        layers.refuse_two_choices(flags);
        flags.iter().for_each(|flag| layers.flag(flag));
        sets.iter().for_each(|set| layers.set(set));
        if program.has_local {
            layers.local(environment);
        }
        layers
    }

    fn of(program: &'static Program) -> Layers {
        Layers { program, figment: Figment::new(), problems: Vec::new() }
    }

    /// The layers of one file that holds this text, and of settings like those of `--set`; no file and no
    /// variable is read.
    pub fn of_text(text: &str, sets: &[String]) -> Layers {
        let mut layers = Layers::of(&SCHEDULER);
        layers.toml("a text".to_owned(), text);
        sets.iter().for_each(|set| layers.set(set));
        layers
    }

    /// All values of all layers.
    pub(super) fn values(&self, problems: &mut Vec<Problem>) -> Dict {
        match self.figment.extract() {
            Ok(values) => values,
            Err(error) => {
                problems.push(Problem::general(format!("the layers do not merge: {error}")));
                Dict::new()
            }
        }
    }

    /// Where a value came from; none where no layer gave it.
    pub fn origin(&self, tag: Tag) -> Option<String> {
        self.figment.get_metadata(tag).map(|metadata| metadata.name.to_string())
    }

    /// Where the value of a key came from; none where no layer gave it.
    pub fn origin_of(&self, key: &str) -> Option<String> {
        let value = self.figment.find_value(key).ok()?;
        self.origin(value.tag())
    }

    pub(super) fn is_text(&self, tag: Tag) -> bool {
        let source = self.figment.get_metadata(tag).and_then(|m| m.source.as_ref());
        source.and_then(Source::custom) == Some("text")
    }

    /// The value of a key, if a layer gave one.
    pub(super) fn value_of(&self, key: &str) -> Option<Value> {
        self.figment.find_value(key).ok()
    }

    /// Whether a layer gave the key a value.
    pub fn is_given(&self, key: &str) -> bool {
        self.value_of(key).is_some()
    }

    /// Gives `to` what some layer gave `from`, where no layer gave it anything.
    pub(super) fn inherit(&mut self, from: &str, to: &str) {
        let Some(value) = self.value_of(from).filter(|_| !self.is_given(to)) else { return };
        let origin = self.origin(value.tag()).unwrap_or_default();
        let given = Given {
            origin: format!("{from}, {origin}"),
            is_text: self.is_text(value.tag()),
            values: nested(to, retagged(value, Tag::Default)),
        };
        self.join(given);
    }

    /// Where the Mesos is inside this program, other defaults hold.
    fn local(&mut self, environment: &Environment) {
        let given = |key: &str| self.value_of(key)?.into_string();
        let master = given("mesos.master").map(|text| MasterAddress::parse(&text));
        if !matches!(master, Some(Ok(master)) if master.is_local()) {
            return;
        }
        let (network, work_dir) = (given("local.network"), given("local.work_dir"));
        for (key, text) in local::defaults(network, work_dir, environment) {
            let values = nested(key, Value::from(text));
            self.join(Given { origin: local::ORIGIN.to_owned(), is_text: true, values });
        }
    }

    fn merge(&mut self, given: Given) {
        self.figment = std::mem::take(&mut self.figment).merge(given);
    }

    /// Adds a layer that is weaker than all others.
    fn join(&mut self, given: Given) {
        self.figment = std::mem::take(&mut self.figment).join(given);
    }

    fn trouble(&mut self, origin: String, text: impl Into<String>) {
        self.problems.push(Problem { key: None, origin: Some(origin), text: text.into() });
    }

    fn file(&mut self, path: &Path, may_be_absent: bool) {
        let origin = format!("file {}", path.display());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if may_be_absent && error.kind() == ErrorKind::NotFound => return,
            Err(error) => return self.trouble(origin, format!("cannot be read: {error}")),
        };
        self.toml(origin, &text);
    }

    fn toml(&mut self, origin: String, text: &str) {
        match toml::from_str::<Dict>(text) {
            Ok(values) => self.merge(Given { origin, is_text: false, values }),
            Err(error) => self.trouble(origin, format!("is no TOML: {}", error.to_string().trim())),
        }
    }

    fn variables(&mut self, environment: &Environment) {
        for (name, meaning) in self.program.variables {
            if let Some(text) = self.variable(environment, name).filter(|text| !text.is_empty()) {
                self.legacy(format!("environment variable {name}"), meaning, &text);
            }
        }
        let mut ours: Vec<(String, String)> = Vec::new();
        for (name, _) in environment {
            let Some(name) = name.to_str() else { continue };
            let Some(key) = name.strip_prefix(VARIABLE_PREFIX) else { continue };
            // Without a section it is no setting: the programs' own tests have such variables.
            if key.contains("__")
                && let Some(text) = self.variable(environment, name)
            {
                ours.push((name.to_owned(), text));
            }
        }
        ours.sort();
        for (name, text) in ours {
            let key = name[VARIABLE_PREFIX.len()..].to_ascii_lowercase().replace("__", ".");
            self.text(format!("environment variable {name}"), &key, &text);
        }
    }

    fn variable(&mut self, environment: &Environment, name: &str) -> Option<String> {
        let (_, value) = environment.iter().find(|(found, _)| found == name)?;
        match value.to_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                self.trouble(format!("environment variable {name}"), "is no UTF-8");
                None
            }
        }
    }

    /// Two flags that choose different plugins of one kind: whichever won, the other was meant too.
    fn refuse_two_choices(&mut self, flags: &[FlagGiven]) {
        let program = self.program;
        let chosen = |flag: &FlagGiven| match program.meaning_of(&flag.name) {
            Some(Meaning::Selects { choice, .. }) if !flag.value.is_empty() => Some(*choice),
            Some(_) | None => None,
        };
        for (at, flag) in flags.iter().enumerate() {
            let other =
                flags[..at].iter().find(|o| chosen(o).is_some() && chosen(o) == chosen(flag));
            if let Some(other) = other {
                let text = format!(
                    "--{} and --{} choose different plugins for {}; give one of them",
                    other.name,
                    flag.name,
                    chosen(flag).unwrap_or_default()
                );
                self.problems.push(Problem::general(text));
            }
        }
    }

    fn flag(&mut self, flag: &FlagGiven) {
        let origin = format!("flag --{}", flag.name);
        match self.program.meaning_of(&flag.name) {
            Some(meaning) => self.legacy(origin, meaning, &flag.value),
            None => self.trouble(origin, "there is no such flag"),
        }
    }

    fn set(&mut self, set: &str) {
        let origin = "flag --set".to_owned();
        match set.split_once('=') {
            Some((key, text)) if key.contains('.') && !key.split('.').any(str::is_empty) => {
                self.text(format!("flag --set {key}"), key, text);
            }
            Some(_) | None => self.trouble(
                origin,
                format!("`{set}` is not of the form section.key=value, like cluster.size=3"),
            ),
        }
    }

    fn legacy(&mut self, origin: String, meaning: &Meaning, text: &str) {
        match meaning.settings(text) {
            Ok(settings) => {
                for (key, text) in settings {
                    self.text(origin.clone(), key, &text);
                }
            }
            Err(why) => self.trouble(origin, why),
        }
    }

    fn text(&mut self, origin: String, key: &str, text: &str) {
        self.merge(Given { origin, is_text: true, values: nested(key, Value::from(text)) });
    }
}

/// The values of one key that is written with dots.
fn nested(key: &str, value: Value) -> Dict {
    match figment::util::nest(key, value) {
        Value::Dict(_, values) => values,
        _ => Dict::new(),
    }
}
