//! What an operator writes to configure the scheduler.

use std::sync::LazyLock;

use etcd_mesos::config::layers::Layers;
use etcd_mesos::config::{Configuration, configure};
use etcd_mesos::{Plugins, builtin};

use crate::{pieces, text};

/// To make the forms of all sections takes longer than to read a configuration.
static PLUGINS: LazyLock<Plugins> = LazyLock::new(builtin);

const SECRET: &str = "5Ecr3t";

/// A file, and then settings like those of `--set`, with a zero byte between them: what is wrong is said in
/// words, what can work is shown as what could be written, and no secret is in either.
pub fn configuration(bytes: &[u8]) {
    let Some(whole) = text(bytes) else { return };
    if whole.contains(SECRET) {
        return;
    }
    let mut pieces = pieces(bytes).filter_map(text);
    let file = pieces.next().unwrap_or_default();
    let secret = format!("framework.secret={SECRET}");
    let sets: Vec<String> = pieces.take(8).map(str::to_owned).chain([secret]).collect();
    let said = match configure(&PLUGINS, Layers::of_text(file, &sets), &Vec::new()) {
        Ok(configuration) => shown(&configuration),
        Err(problems) => {
            assert!(!problems.0.is_empty());
            for problem in &problems.0 {
                assert!(!problem.text.trim().is_empty(), "{problem:?}");
                assert!(problems.to_string().contains(&problem.to_string()));
            }
            format!("{problems} {problems:?}")
        }
    };
    assert!(!said.contains(SECRET), "{said}");
}

fn shown(configuration: &Configuration) -> String {
    let plain = configuration.show(false);
    let problems = Layers::of_text(&plain, &[]).problems;
    assert!(problems.is_empty(), "what is shown can be written: {problems:?}\n{plain}");
    plain + &configuration.show(true)
}
