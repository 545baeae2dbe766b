//! Which framework, and which of its members.

use std::collections::BTreeMap;

use crate::flaw::printable;
use crate::frameworks::Framework;
use crate::task::Member;

/// How many IDs are named.
const NAMED_MAX: usize = 4;

/// Why no framework can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unclear {
    /// There is none.
    Nobody,
    /// There are several, in words, and to take the wrong one would be to speak with another cluster.
    Several(String),
}

/// The framework of a name: the one that is active, or else the only one.
pub(crate) fn choose(frameworks: Vec<Framework>) -> Result<Framework, Unclear> {
    let (active, inactive): (Vec<_>, Vec<_>) =
        frameworks.into_iter().partition(|framework| framework.is_active);
    let others = inactive.len();
    let (mut candidates, words) = if active.is_empty() {
        (inactive, "none of them active")
    } else {
        (active, "all of them active")
    };
    match candidates.len() {
        0 => Err(Unclear::Nobody),
        1 => {
            let chosen = candidates.remove(0);
            if chosen.is_active && others > 0 {
                tracing::warn!(
                    framework = %printable(&chosen.id), others,
                    "there are inactive frameworks of the same name; the active one is taken"
                );
            }
            Ok(chosen)
        }
        _ => Err(Unclear::Several(several(&candidates, words))),
    }
}

fn several(candidates: &[Framework], which: &str) -> String {
    let mut ids: Vec<&str> = candidates.iter().map(|framework| framework.id.as_str()).collect();
    ids.sort_unstable();
    let mut named: Vec<String> = ids.iter().take(NAMED_MAX).map(|id| printable(id)).collect();
    if ids.len() > NAMED_MAX {
        named.push(format!("{} more", ids.len() - NAMED_MAX));
    }
    format!(
        "{} frameworks have that name, {which}: {}; which one is meant cannot be known. Tear down those that are \
         over (POST /master/teardown)",
        ids.len(),
        named.join(", ")
    )
}

/// Each member once: of two tasks of a member the later one is it.
pub(crate) fn once_each(members: Vec<Member>) -> Vec<Member> {
    let mut by_name: BTreeMap<String, Member> = BTreeMap::new();
    for member in members {
        match by_name.get(&member.name) {
            Some(known) if known.attempt > member.attempt => {}
            _ => drop(by_name.insert(member.name.clone(), member)),
        }
    }
    by_name.into_values().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::task::Place;

    fn framework(id: &str, is_active: bool) -> Framework {
        Framework { id: id.to_owned(), is_active, members: Vec::new() }
    }

    fn chosen(frameworks: &[(&str, bool)]) -> Result<String, Unclear> {
        let frameworks = frameworks.iter().map(|(id, active)| framework(id, *active));
        choose(frameworks.collect()).map(|framework| framework.id)
    }

    #[test]
    fn the_active_framework_is_taken_or_else_the_only_one() {
        assert_eq!(chosen(&[("a", false), ("b", true), ("c", false)]), Ok("b".to_owned()));
        assert_eq!(chosen(&[("a", false)]), Ok("a".to_owned()));
        assert_eq!(chosen(&[]), Err(Unclear::Nobody));
    }

    #[test]
    fn where_it_is_not_clear_none_is_taken_and_the_ids_are_named() {
        let Err(Unclear::Several(words)) = chosen(&[("b", true), ("a", true), ("c", false)]) else {
            panic!("several")
        };
        assert!(
            words.starts_with("2 frameworks have that name, all of them active: a, b;"),
            "{words}"
        );
        let Err(Unclear::Several(words)) = chosen(&[("b", false), ("a", false)]) else {
            panic!("several")
        };
        assert!(words.contains("none of them active: a, b;"), "{words}");
    }

    #[test]
    fn of_two_tasks_of_a_member_the_later_one_counts() {
        let member = |name: &str, attempt| {
            let place = Place::At(format!("http://{name}-{attempt}:1"));
            Member { name: name.to_owned(), attempt, place }
        };
        let all = vec![member("b", 2), member("a", 1), member("b", 3), member("b", 1)];
        assert_eq!(once_each(all), [member("a", 1), member("b", 3)]);
    }
}
