//! `config example` and `docs/configuration.md`, out of the keys that there are.

use std::fmt::Write;

use etcd_mesos_etcd::flags::{EXTRA_FLAGS, LOG_LEVELS};

use super::keys::{Key, flatten, schema_of};
use super::legacy::{Flag, Meaning, Variable};
use super::show::toml_value;
use super::tree::Tree;
use crate::plugins::{OPTIONAL, Plugins};
use crate::program::{PROXY, Program, SCHEDULER};

/// Every key of a build, in the order of the sections.
pub fn keys(plugins: &Plugins) -> Vec<Key> {
    let mut keys = flatten(&schema_of::<Tree>(), "");
    keys.extend(plugins.keys());
    keys
}

/// A configuration file with every key, each at its default and commented out.
pub fn example(plugins: &Plugins) -> String {
    let mut text = String::from(
        "# Every setting of etcd-mesos-scheduler and etcd-mesos-proxy, at its default. Keep what you \
         change.\n\
         # [proxy] and [discovery] are the proxy's; framework.name and log are both's; the others are \
         the scheduler's.\n\
         # A length of time is \"240s\", \"10m\", \"7days\"; a bare number is seconds.\n",
    );
    let mut section = String::new();
    for key in keys(plugins) {
        if key.section() != section {
            section = key.section().to_owned();
            let _ = writeln!(text, "\n[{section}]");
        }
        let name = key.name.rsplit('.').next().unwrap_or_default();
        let must = if key.is_required { " Must be given." } else { "" };
        let _ = writeln!(text, "# {} ({}).{must}", key.about.trim_end_matches('.'), key.holds);
        let value = key.default.as_ref().map_or_else(String::new, toml_value);
        let _ = writeln!(text, "#{name} = {value}");
    }
    text
}

/// `docs/configuration.md`.
pub fn markdown(plugins: &Plugins) -> String {
    let mut text = String::from(INTRODUCTION);
    sections(&mut text, plugins);
    etcd_flags(&mut text);
    flags(&mut text, &SCHEDULER);
    flags(&mut text, &PROXY);
    text.push_str(SWITCHES);
    variables(&mut text);
    text.push_str(FEATURES_INTRODUCTION);
    for known in OPTIONAL {
        let _ = writeln!(text, "| `{}` | {} | `{}` |", known.feature, known.kind, known.name);
    }
    text.push_str(LOCAL_FEATURE);
    text
}

fn flags(text: &mut String, program: &Program) {
    let _ = write!(
        text,
        "\n## Flags of `{}`\n\nWith one dash or two. Beside `--config FILE` and \
         `--set section.key=value`:\n\n| flag | stands for |\n|---|---|\n",
        program.name
    );
    for Flag { name, meaning: means, .. } in program.flags {
        let _ = writeln!(text, "| `--{name}` | {} |", meaning(means));
    }
    for (name, help) in program.switches {
        let _ = writeln!(text, "| `--{name}` | {help} |");
    }
}

fn variables(text: &mut String) {
    text.push_str(VARIABLES_INTRODUCTION);
    for (name, known) in SCHEDULER.variables {
        let of_proxy = PROXY.variables.iter().find(|(other, _)| other == name);
        let of_proxy = of_proxy.map(|(_, known)| meaning(known)).unwrap_or_default();
        let _ = writeln!(text, "| `{name}` | {} | {of_proxy} |", meaning(known));
    }
}

fn sections(text: &mut String, plugins: &Plugins) {
    let mut section = String::new();
    for key in keys(plugins) {
        if key.section() != section {
            section = key.section().to_owned();
            let _ = write!(
                text,
                "\n### `[{section}]`\n\n| key | holds | default | |\n|---|---|---|---|\n"
            );
        }
        let name = key.name.rsplit('.').next().unwrap_or_default();
        let default = match &key.default {
            Some(value) => format!("`{}`", toml_value(value)),
            None if key.is_required => "must be given".to_owned(),
            None => String::new(),
        };
        let also = also(&key.name);
        let about = key.about.trim_end_matches('.');
        let _ = writeln!(text, "| `{name}` | {} | {default} | {about}{also} |", key.holds);
    }
}

fn etcd_flags(text: &mut String) {
    let quoted = |name: &&str| format!("`--{}`", name.trim_start_matches('-'));
    let all: Vec<String> = EXTRA_FLAGS.iter().chain(&LOG_LEVELS).map(quoted).collect();
    let _ = writeln!(
        text,
        "\n### What `member.etcd_flags` may hold\n\nEach as one word, `--name=value`: {}. They tune, \
         and none of them can cost data or identity. A quota may be at most 40 % of `member.disk`; \
         where none is given, it is that, and at most 2 GiB.",
        all.join(", ")
    );
}

/// The flags and variables that stand for a key.
fn also(key: &str) -> String {
    let of_scheduler = stand_for(key, &SCHEDULER);
    let mut all = of_scheduler.clone();
    let of_proxy = stand_for(key, &PROXY).into_iter().filter(|word| !of_scheduler.contains(word));
    all.extend(of_proxy.map(|word| format!("proxy: {word}")));
    if all.is_empty() { String::new() } else { format!(" ({})", all.join(", ")) }
}

fn stand_for(key: &str, program: &Program) -> Vec<String> {
    let stands = |meaning: &Meaning| meaning.keys().contains(&key);
    let flags = program.flags.iter().filter(|flag| stands(&flag.meaning));
    let variables = program.variables.iter().filter(|(_, meaning)| stands(meaning));
    let flags = flags.map(|flag: &Flag| format!("`--{}`", flag.name));
    flags.chain(variables.map(|(name, _): &Variable| format!("`{name}`"))).collect()
}

fn meaning(meaning: &Meaning) -> String {
    let quoted =
        |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    match meaning {
        Meaning::Key(key) | Meaning::Switch(key) => quoted(&[key]),
        Meaning::Keys(keys) => quoted(keys),
        Meaning::Selects { choice, plugin, key } => {
            format!("`{key}`, and `{choice} = \"{plugin}\"`")
        }
        Meaning::AutoReseed => "`reseed.mode`: true is `timeout`, false is `manual`".to_owned(),
        Meaning::AlwaysOn(why) => format!("accepted where true; false is refused: {why}"),
        Meaning::Accepted(why) => format!("accepted, and without effect: {why}"),
    }
}

const INTRODUCTION: &str = "\
# Configuration

This page is made from the code: `ETCD_MESOS_BLESS=1 cargo nextest run -p etcd-mesos configuration`
writes it, and a test compares.

## Layers

Weakest first; a later layer wins key by key, and what a layer does not name it does not change:

1. the defaults below, and with `mesos.master = \"local\"` those that a Mesos inside this program
   makes of them: three members, servers on its own loopback address, the record in its own
   directory, the executor beside this program, etcd from `PATH`;
2. `/etc/etcd-mesos/config.toml`, if it is there;
3. each `--config FILE`, in their order;
4. the predecessor's variables, below;
5. `ETCD_MESOS_SECTION__KEY`, for example `ETCD_MESOS_CLUSTER__SIZE=3` or
   `ETCD_MESOS_PERSIST__ZOOKEEPER__URL=zk://…`;
6. flags, below, and then `--set section.key=value`, for any key of any plugin.

An empty variable of the predecessor, and an empty flag of those whose default was empty, count as
absent. Text from variables, flags and `--set` may stand for numbers, switches and lists; in a file
the types must be right. A length of time is `\"240s\"`, `\"10m\"` or `\"7days\"`; a bare number is
seconds, as the predecessor counted.

All problems are said at once, each with its key and where the value came from; unknown keys are
problems too. Nothing is opened before: the exit code is 78.

```
etcd-mesos-scheduler config check --config FILE     # is it right?
etcd-mesos-scheduler config show --origin           # what holds, and where it came from
etcd-mesos-scheduler config example                 # every key, at its default
etcd-mesos-scheduler plugins                        # what is in this build
```

## Two programs, one file

`etcd-mesos-proxy` has the same layers and commands, and reads the same files. `[proxy]` and
`[discovery]` are its sections, `framework.name` and `[log]` both programs'; the other keys are the
scheduler's. Each program checks the types and names of all keys, and the sense of its own alone.
What `[discovery.mesos_state]` does not say it takes from `[mesos]` (`master`, `zookeeper_auth_file`,
`tls`, `ca_file`, `cert_file`, `key_file`) and from `[framework]` (`principal` with `secret_file`), so
that one file says once where Mesos is.

## Keys
";

const SWITCHES: &str = "
`--master` does not choose a discovery: where another one is chosen than `mesos_state`, which the proxy
takes by default, it is not asked.
";

const VARIABLES_INTRODUCTION: &str = "
## Variables of the predecessor

| variable | stands for | to the proxy |
|---|---|---|
";

const FEATURES_INTRODUCTION: &str = "
## Features

`default` has all of them, `minimal` has none; its scheduler keeps its record nowhere, and its proxy knows
`static` alone. What a build lacks is named with its feature where it is chosen, and by the command
`plugins`.

| feature | kind | plugin |
|---|---|---|
";

const LOCAL_FEATURE: &str = "| `local` | | none: it is the Mesos of `--master=local` |\n";
