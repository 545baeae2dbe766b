//! What an exchange lets happen: calls of schedulers, and disasters.

use std::time::Duration;

use super::heard::Names;
use crate::script::duration;

/// A call of a scheduler, or a disaster. Agents go by their names, `a1`; all other IDs are Mesos's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Act {
    /// SUBSCRIBE, on a new connection.
    Subscribe { scheduler: usize, framework: Option<String>, suppressed: bool },
    /// The scheduler closes its connection.
    HangUp { scheduler: usize },
    /// ACCEPT with a LAUNCH of a task in an executor of its own (`EXECUTOR`), which says RUNNING,
    /// answers each MESSAGE with one, and says KILLED when it is asked to. Where it is not
    /// fetchable, a file of it cannot be fetched.
    Launch { scheduler: usize, offer: String, agent: String, task: String, is_fetchable: bool },
    /// ACKNOWLEDGE.
    Acknowledge { scheduler: usize, agent: String, task: String, uuid: Vec<u8> },
    /// RECONCILE; of all tasks where none is named.
    Reconcile { scheduler: usize, tasks: Vec<(String, Option<String>)> },
    /// KILL.
    Kill { scheduler: usize, task: String, agent: Option<String> },
    /// DECLINE.
    Decline { scheduler: usize, offer: String, refuse_for: Duration },
    /// SUPPRESS.
    Suppress { scheduler: usize },
    /// REVIVE.
    Revive { scheduler: usize },
    /// MESSAGE to a task's executor.
    Message { scheduler: usize, task: String, agent: String },
    /// TEARDOWN.
    Teardown { scheduler: usize },
    /// The executor of a task is killed.
    KillExecutor { task: String },
    /// An agent's daemon is killed; what it runs goes on.
    KillAgent { agent: String },
    /// It is started again, with the state that it had.
    StartAgent { agent: String },
    /// The master is killed and started again: it remembers which agents there were, and no
    /// more. Those that run have registered again when this is over.
    FailOver,
}

/// A UUID that nobody gave; well-formed, because Mesos refuses any other with 400.
const STRANGE_UUID: [u8; 16] = [7, 7, 7, 7, 7, 7, 0x47, 7, 0x87, 7, 7, 7, 7, 7, 7, 7];

/// How long an answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Usual,
    Within(Duration),
    For(Duration),
}

pub(super) struct Command {
    pub(super) act: Option<Act>,
    pub(super) wait: Wait,
}

impl Command {
    pub(super) fn parse(text: &str, names: &Names) -> Result<Command, String> {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let wait = take_wait(&mut words)?;
        let act = match words.as_slice() {
            [] | ["wait"] => None,
            words => Some(act(words, names).map_err(|why| format!("{text:?}: {why}"))?),
        };
        Ok(Command { act, wait })
    }
}

/// Takes `within TIME` or `for TIME` from the end.
fn take_wait(words: &mut Vec<&str>) -> Result<Wait, String> {
    let [.., kind, time] = words.as_slice() else { return Ok(Wait::Usual) };
    let wait = match *kind {
        "within" => Wait::Within(duration(time)?),
        "for" => Wait::For(duration(time)?),
        _ => return Ok(Wait::Usual),
    };
    words.truncate(words.len() - 2);
    Ok(wait)
}

fn act(words: &[&str], names: &Names) -> Result<Act, String> {
    match words {
        ["executor", "of", task, "is", "killed"] => {
            Ok(Act::KillExecutor { task: (*task).to_owned() })
        }
        ["agent", agent, "is", "killed"] => Ok(Act::KillAgent { agent: (*agent).to_owned() }),
        ["agent", agent, "is", "started"] => Ok(Act::StartAgent { agent: (*agent).to_owned() }),
        ["master", "fails", "over"] => Ok(Act::FailOver),
        [scheduler, call @ ..] => {
            let number = scheduler.strip_prefix('s').and_then(|n| n.parse().ok());
            let number = number.ok_or("it begins with no scheduler, such as s1")?;
            self::call(number, call, names)
        }
        [] => Err("it is empty".to_owned()),
    }
}

fn call(scheduler: usize, words: &[&str], names: &Names) -> Result<Act, String> {
    let owned = |word: &&str| (*word).to_owned();
    Ok(match words {
        ["subscribes"] => Act::Subscribe { scheduler, framework: None, suppressed: false },
        ["subscribes", "suppressed"] => {
            Act::Subscribe { scheduler, framework: None, suppressed: true }
        }
        ["subscribes", "as", framework] => {
            let framework = Some(names.framework(framework)?);
            Act::Subscribe { scheduler, framework, suppressed: false }
        }
        ["subscribes", "as", framework, "suppressed"] => {
            let framework = Some(names.framework(framework)?);
            Act::Subscribe { scheduler, framework, suppressed: true }
        }
        ["hangs", "up"] => Act::HangUp { scheduler },
        ["launches", task, "on", agent, rest @ ..] => {
            let offer = names.offer(scheduler, agent)?;
            let is_fetchable = rest != ["unfetchable"];
            Act::Launch { scheduler, offer, agent: owned(agent), task: owned(task), is_fetchable }
        }
        ["acknowledges", task] => {
            let (uuid, agent) = names.update(task)?;
            Act::Acknowledge { scheduler, agent, task: owned(task), uuid }
        }
        ["acknowledges", task, "wrongly"] => {
            let (_, agent) = names.update(task)?;
            Act::Acknowledge { scheduler, agent, task: owned(task), uuid: STRANGE_UUID.to_vec() }
        }
        ["reconciles"] => Act::Reconcile { scheduler, tasks: Vec::new() },
        ["reconciles", task] => Act::Reconcile { scheduler, tasks: vec![(owned(task), None)] },
        ["reconciles", task, "on", agent] => {
            Act::Reconcile { scheduler, tasks: vec![(owned(task), Some(owned(agent)))] }
        }
        ["kills", task] => Act::Kill { scheduler, task: owned(task), agent: None },
        ["kills", task, "on", agent] => {
            Act::Kill { scheduler, task: owned(task), agent: Some(owned(agent)) }
        }
        ["declines", agent, "lasting", time] => {
            let (offer, refuse_for) = (names.offer(scheduler, agent)?, duration(time)?);
            Act::Decline { scheduler, offer, refuse_for }
        }
        ["suppresses"] => Act::Suppress { scheduler },
        ["revives"] => Act::Revive { scheduler },
        ["messages", task, "on", agent] => {
            Act::Message { scheduler, task: owned(task), agent: owned(agent) }
        }
        ["tears", "down"] => Act::Teardown { scheduler },
        _ => return Err("there is no such call".to_owned()),
    })
}
