//! Which plugins of a kind are chosen, and what their sections say.

use figment::value::{Dict, Value};

use super::layers::Layers;
use super::problem::{Problem, suggestion};
use super::read;
use crate::plugins::{Kind, Prepared, absent};

/// Takes a kind's section out of the values, checks all plugins' parts of it, and prepares the chosen one.
pub(super) fn one<T>(
    kind: &Kind<T>,
    values: &mut Dict,
    layers: &Layers,
    problems: &mut Vec<Problem>,
) -> Option<Prepared<T>> {
    let section = Section::take(kind, values, layers, problems)?;
    let chosen = match &section.choice {
        None => kind.default.map(str::to_owned),
        Some(Value::String(_, name)) => Some(name.clone()),
        Some(_) => {
            problems.push(section.wrong_choice("the name of a plugin is wanted"));
            return None;
        }
    };
    section.prepare(&chosen.into_iter().collect::<Vec<_>>(), problems).pop()
}

/// The same, where several can be chosen, in order.
pub(super) fn several<T>(
    kind: &Kind<T>,
    default: Option<&str>,
    values: &mut Dict,
    layers: &Layers,
    problems: &mut Vec<Problem>,
) -> Vec<Prepared<T>> {
    let Some(section) = Section::take(kind, values, layers, problems) else { return Vec::new() };
    match names(section.choice.as_ref(), layers) {
        Ok(None) => {
            section.prepare(&default.map(str::to_owned).into_iter().collect::<Vec<_>>(), problems)
        }
        Ok(Some(names)) => section.prepare(&names, problems),
        Err(text) => {
            problems.push(section.wrong_choice(&text));
            section.prepare(&[], problems)
        }
    }
}

/// The same for a kind that the program has no use for: what is written of it must be right all the same,
/// because one file can be two programs'.
pub(super) fn unused<T>(
    kind: &Kind<T>,
    values: &mut Dict,
    layers: &Layers,
    problems: &mut Vec<Problem>,
) {
    let Some(section) = Section::take(kind, values, layers, problems) else { return };
    if let Some(Value::String(_, name)) = &section.choice
        && !kind.names().contains(&name.as_str())
        && absent(kind).all(|known| known.name != name)
    {
        problems.push(section.wrong_choice(&no_such_plugin(kind, name)));
    }
    section.prepare(&[], problems);
}

/// The names that a choice has: a list, or a text with commas between them.
pub(super) fn names(
    choice: Option<&Value>,
    layers: &Layers,
) -> Result<Option<Vec<String>>, String> {
    let wanted =
        || "the names of plugins are wanted, in a list or with commas between them".to_owned();
    let names: Vec<String> = match choice {
        None => return Ok(None),
        Some(Value::String(tag, text)) if layers.is_text(*tag) && text.starts_with('[') => {
            let parsed =
                toml::from_str::<Dict>(&format!("names = {text}")).map_err(|_| wanted())?;
            return names(parsed.get("names"), layers);
        }
        Some(Value::String(_, text)) => {
            text.split(',').map(|name| name.trim().to_owned()).collect()
        }
        Some(Value::Array(_, all)) => {
            let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(wanted);
            all.iter().map(text).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(wanted()),
    };
    if names.is_empty() || names.iter().any(String::is_empty) {
        return Err(wanted());
    }
    let twice = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name));
    match twice {
        Some((_, name)) => Err(format!("`{name}` is named twice")),
        None => Ok(Some(names)),
    }
}

/// A kind's section, without its choice.
struct Section<'a, T> {
    kind: &'a Kind<T>,
    layers: &'a Layers,
    choice: Option<Value>,
    values: Dict,
}

impl<'a, T> Section<'a, T> {
    fn take(
        kind: &'a Kind<T>,
        values: &mut Dict,
        layers: &'a Layers,
        problems: &mut Vec<Problem>,
    ) -> Option<Section<'a, T>> {
        let mut values = match values.remove(kind.name) {
            None => Dict::new(),
            Some(Value::Dict(_, section)) => section,
            Some(other) => {
                let origin = layers.origin(other.tag());
                let text = format!("it is a section: write [{}]", kind.name);
                problems.push(Problem { key: Some(kind.name.to_owned()), origin, text });
                return None;
            }
        };
        let choice = values.remove("plugin");
        Some(Section { kind, layers, choice, values })
    }

    fn key_of_choice(&self) -> String {
        format!("{}.plugin", self.kind.name)
    }

    fn wrong_choice(&self, text: &str) -> Problem {
        let key = self.key_of_choice();
        Problem { origin: self.layers.origin_of(&key), key: Some(key), text: text.to_owned() }
    }

    /// Reads the sections of all plugins, and prepares those that are chosen, in their order.
    fn prepare(mut self, chosen: &[String], problems: &mut Vec<Problem>) -> Vec<Prepared<T>> {
        self.check_names(problems);
        let mut prepared = Vec::new();
        for at in 0..self.kind.entries.len() {
            prepared.extend(self.prepare_one(at, chosen, problems));
        }
        for name in chosen.iter().filter(|name| !self.kind.names().contains(&name.as_str())) {
            problems.push(self.wrong_choice(&no_such_plugin(self.kind, name)));
        }
        prepared.sort_by_key(|p: &Prepared<T>| chosen.iter().position(|name| name == p.name));
        prepared
    }

    fn prepare_one(
        &mut self,
        at: usize,
        chosen: &[String],
        problems: &mut Vec<Problem>,
    ) -> Option<Prepared<T>> {
        let entry = &self.kind.entries[at];
        let is_chosen = chosen.iter().any(|name| name == entry.name);
        let prefix = format!("{}.{}", self.kind.name, entry.name);
        let given = match self.values.remove(entry.name) {
            Some(Value::Dict(_, given)) => given,
            Some(other) => {
                let (key, origin) = (Some(prefix), self.layers.origin(other.tag()));
                problems.push(Problem { key, origin, text: "it is a section".to_owned() });
                return None;
            }
            None if is_chosen => Dict::new(),
            None => return None,
        };
        let mut found = Vec::new();
        let outcome = entry.prepare(self.layers, given, &prefix, &mut found);
        if !is_chosen {
            // What a plugin needs is not needed of one that is not chosen; typing errors are errors.
            found.retain(|problem| problem.text != read::MUST_BE_GIVEN);
        }
        problems.append(&mut found);
        outcome.filter(|_| is_chosen)
    }

    /// A section of a plugin that nobody knows is a typing error.
    fn check_names(&self, problems: &mut Vec<Problem>) {
        for (name, value) in &self.values {
            let is_ours = absent(self.kind).any(|known| known.name == name);
            if !self.kind.names().contains(&name.as_str()) && !is_ours {
                problems.push(Problem {
                    key: Some(format!("{}.{name}", self.kind.name)),
                    origin: origin_within(self.layers, value),
                    text: no_such_plugin(self.kind, name),
                });
            }
        }
    }
}

/// Where a value, or the first value in it, came from.
fn origin_within(layers: &Layers, value: &Value) -> Option<String> {
    match value {
        Value::Dict(_, inner) => inner.values().find_map(|value| origin_within(layers, value)),
        other => layers.origin(other.tag()),
    }
}

fn no_such_plugin<T>(kind: &Kind<T>, name: &str) -> String {
    if let Some(known) = absent(kind).find(|known| known.name == name) {
        return format!(
            "the plugin `{name}` is not in this build: build it with `--features {}`; in this \
             build: {}",
            known.feature,
            kind.names().join(", ")
        );
    }
    let absent = absent(kind).map(|known| known.name);
    match suggestion(name, kind.names().into_iter().chain(absent)) {
        Some(near) => format!("there is no plugin `{name}`; did you mean `{near}`?"),
        None => format!("there is no plugin `{name}`; there are: {}", kind.names().join(", ")),
    }
}
