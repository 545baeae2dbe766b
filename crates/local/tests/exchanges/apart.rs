//! Where the local Mesos answers otherwise than genuine Mesos, on purpose, and why. Everything else is
//! the same.

use std::collections::{BTreeMap, BTreeSet};

/// How an answer may differ.
#[derive(Clone, Copy, Debug)]
enum How {
    /// It is refused, in these words.
    Refused(&'static str),
    /// It is another answer, in which these words are.
    Otherwise(&'static str),
    /// Fields may be missing; those that are there are the same.
    InPart,
}

use How::{InPart, Otherwise, Refused};

const NOT_MODELLED: How = Refused("--master=local does not model it; nothing was done");
const HELP: &str = "everything else is genuine Mesos's alone";
const AGENT_HELP: &str = "a local agent has /api/v1/executor alone";

/// The command, how, and why.
type Row = (&'static str, How, &'static str);

/// By exchange.
const APART: [(&str, &[Row]); 5] = [
    ("operations", &[("s1 reserves nothing of a1", NOT_MODELLED, "nobody here reserves")]),
    ("requests_of_operators", &OF_OPERATORS),
    ("requests_of_schedulers", &OF_SCHEDULERS),
    ("subscriptions", &SUBSCRIPTIONS),
    (
        "tasks_refused",
        &[
            (
                "s1 launches t9 on a1 with what there is not",
                NOT_MODELLED,
                "agents have four resources",
            ),
            (
                "s1 launches t3 in e-t1 on a1, with another ExecutorInfo",
                Otherwise("is not compatible with existing ExecutorInfo with same ExecutorID"),
                "both are not written out behind the sentence",
            ),
        ],
    ),
];

const OF_OPERATORS: [Row; 6] = [
    (
        "GET /version",
        Otherwise("1.11.0"),
        "the tests' genuine Mesos is libmesos; a packaged one has it",
    ),
    ("GET /redirect", Refused(HELP), "there is one master"),
    ("GET /nothing", Refused(HELP), "it says what there is"),
    ("GET /master/frameworks", InPart, "what nobody asks for is left out"),
    ("GET /master/frameworks after the end", InPart, "the same"),
    ("GET /health of an agent", Refused(AGENT_HELP), "the master says how agents are"),
];

const OF_SCHEDULERS: [Row; 10] = [
    ("a call to a path that there is not", Refused(HELP), "it says what there is"),
    ("a call in JSON", NOT_MODELLED, "our clients speak protobuf"),
    ("ACCEPT_INVERSE_OFFERS without its part", NOT_MODELLED, "no machine is maintained"),
    ("DECLINE_INVERSE_OFFERS without its part", NOT_MODELLED, "no machine is maintained"),
    ("ACKNOWLEDGE_OPERATION_STATUS without its part", NOT_MODELLED, "nobody here reserves"),
    ("RECONCILE_OPERATIONS without its part", NOT_MODELLED, "nobody here reserves"),
    ("RECONCILE_OPERATIONS", NOT_MODELLED, "nobody here reserves"),
    ("REQUEST without its part", NOT_MODELLED, "genuine Mesos ignores it"),
    ("UPDATE_FRAMEWORK without its part", NOT_MODELLED, "a framework stays as it is"),
    ("UPDATE_FRAMEWORK", NOT_MODELLED, "a framework stays as it is"),
];

const SUBSCRIPTIONS: [Row; 4] = [
    ("s1 subscribes with a bad role", NOT_MODELLED, "roles have one level"),
    ("s1 subscribes with a role twice", NOT_MODELLED, "a framework has one role"),
    ("s1 subscribes with a role in the old form", NOT_MODELLED, "a framework has one role"),
    ("s1 subscribes with roles but not MULTI_ROLE", NOT_MODELLED, "every framework has it"),
];

type Steps = Vec<(String, Vec<String>)>;

/// What the local Mesos is to answer, given what it did; and what is wrong with the table.
pub fn expected(name: &str, genuine: &[String], local: &[String]) -> (Vec<String>, String) {
    let answers: BTreeMap<String, Vec<String>> = steps(local).into_iter().collect();
    let rows = APART.iter().filter(|(exchange, _)| *exchange == name).flat_map(|(_, rows)| *rows);
    let mut left: BTreeMap<&str, How> = rows.map(|(command, how, _)| (*command, *how)).collect();
    let mut expected = Vec::new();
    for (command, lines) in steps(genuine) {
        let how = left.remove(command.as_str());
        let answer = answers.get(&command);
        let lines = match (how, answer) {
            (Some(how), Some(answer)) => how.expected(lines, answer),
            _ => lines,
        };
        expected.push(command);
        expected.extend(lines);
    }
    let stray = |command: &&str| format!("the table in apart.rs names {command:?} of {name}\n\n");
    (expected, left.keys().map(stray).collect())
}

impl How {
    fn expected(self, genuine: Vec<String>, local: &[String]) -> Vec<String> {
        let says = |words: &str| local.iter().any(|line| line.contains(words));
        let is_done = || local.iter().any(|line| line.contains("is answered 2"));
        let is_fine = match self {
            Refused(words) => says(words) && !is_done(),
            Otherwise(words) => says(words),
            InPart => {
                let key = |line: &String| line.split(" = ").next().unwrap_or_default().to_owned();
                let there: BTreeSet<String> = local.iter().map(key).collect();
                return genuine.into_iter().filter(|line| there.contains(&key(line))).collect();
            }
        };
        if is_fine { local.to_vec() } else { genuine }
    }
}

/// Commands and what stands below them, up to the next.
fn steps(lines: &[String]) -> Steps {
    let mut steps: Steps = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let is_command = lines.get(at + 1).is_some_and(|next| next == "----");
        match steps.last_mut() {
            Some((_, answer)) if !is_command => answer.push(line.clone()),
            _ => steps.push((line.clone(), Vec::new())),
        }
    }
    steps
}
