//! The discovery itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Found, Members};
use etcd_mesos_core::id::ClusterName;
use mesos_v1::Endpoint;
use tokio::time::Instant;

use crate::agent::Agents;
use crate::choose::{Unclear, choose, once_each};
use crate::flaw::printable;
use crate::frameworks::{Framework, Frameworks, Wanted};
use crate::line::Line;
use crate::pace::{End, Gate, Gates, Pace};
use crate::section::MesosStateSection;
use crate::task::{Member, Place};
use crate::tasks::Tasks;
use crate::trouble::Trouble;

/// A refusal costs a master next to nothing; even so it is not asked more often.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);
/// As many tasks as a framework never has: Mesos keeps a thousand that are over, and tells of a hundred if not
/// asked for more.
const TASKS_MAX: usize = 100_000;
/// As many agents are asked for in one query.
const AGENTS_ASKED_MAX: usize = 16;
/// For so long a framework may be unknown to the master before it is looked for by its name again. A master that
/// was only just elected learns of frameworks and tasks in this time, and has more to do than to tell its state.
const UNKNOWN_MAX: Duration = Duration::from_secs(300);

/// Finds members in what the leading master knows.
#[derive(Debug)]
pub struct StateDiscovery {
    section: MesosStateSection,
    framework: String,
    gate: Arc<Gate>,
    known: Mutex<Known>,
}

/// What earlier queries found out.
#[derive(Clone, Debug, Default)]
struct Known {
    framework_id: Option<String>,
    /// Since when the master does not know that framework.
    unknown_since: Option<Instant>,
    /// Whether the master tells of all tasks whatever framework it is asked for.
    is_unfiltered: bool,
    leader: Option<Endpoint>,
}

impl StateDiscovery {
    /// A discovery that has asked nobody yet. The framework has the cluster's name if the section names no other
    /// one. All discoveries of a process are to be given the same gates.
    pub fn new(section: MesosStateSection, cluster: &ClusterName, gates: &Gates) -> StateDiscovery {
        let framework = section.framework.clone().unwrap_or_else(|| cluster.to_string());
        let interval = section.interval.0;
        let pace = Pace { interval, refused: REFUSED_PAUSE.min(interval) };
        let gate = gates.gate(section.master.shown(), pace);
        StateDiscovery { section, framework, gate, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self) -> Result<Members, Trouble> {
        let known = self.known().clone();
        let mut line = match Line::find(&self.section, known.leader).await {
            Ok(line) => line,
            Err(trouble) => return Err(self.forget_leader(trouble)),
        };
        let found = match known.framework_id {
            Some(id) => self.by_id(&mut line, &id).await,
            None => self.by_name(&mut line).await,
        };
        match found {
            Err(trouble) if !trouble.is_of_members() => Err(self.forget_leader(trouble)),
            found => {
                self.known().leader = line.leader;
                found
            }
        }
    }

    /// Whoever did not answer is no longer the first to be asked.
    fn forget_leader(&self, trouble: Trouble) -> Trouble {
        self.known().leader = None;
        trouble
    }

    /// Looks for the framework's name in the whole state.
    async fn by_name(&self, line: &mut Line) -> Result<Members, Trouble> {
        let reader = Frameworks::new(Wanted::Named(self.framework.clone()));
        let found = line.read("/state", reader).await?.found()?;
        let framework = choose(found.frameworks).map_err(|unclear| self.unclear(unclear))?;
        self.remember(&framework);
        if framework.members.is_empty() {
            return Err(nobody_runs(&framework));
        }
        members(line, framework.members).await
    }

    fn unclear(&self, unclear: Unclear) -> Trouble {
        match unclear {
            Unclear::Several(words) => Trouble::lie(words),
            Unclear::Nobody => {
                let words = "no framework has that name, or none that this principal may see";
                Trouble::nobody(words).in_vain()
            }
        }
    }

    fn remember(&self, framework: &Framework) {
        let mut known = self.known();
        known.unknown_since = None;
        if !known.is_unfiltered {
            tracing::info!(
                framework = self.framework, framework_id = %printable(&framework.id),
                "found the framework; from now on its tasks alone are asked for"
            );
            known.framework_id = Some(framework.id.clone());
        }
    }

    /// Asks for the tasks of the framework alone.
    async fn by_id(&self, line: &mut Line, id: &str) -> Result<Members, Trouble> {
        let path = format!("/tasks?framework_id={}&limit={TASKS_MAX}", in_query(id));
        let listed = line.read(&path, Tasks::new(id.to_owned())).await?.listed()?;
        if listed.is_unfiltered {
            return self.by_name_for_ever(line).await;
        }
        if listed.members.is_empty() {
            return Err(self.why_nobody(line, id).await);
        }
        self.known().unknown_since = None;
        members(line, listed.members).await
    }

    async fn by_name_for_ever(&self, line: &mut Line) -> Result<Members, Trouble> {
        tracing::warn!(
            "this master tells of all frameworks' tasks at once: it is asked for its state each time"
        );
        {
            let mut known = self.known();
            known.is_unfiltered = true;
            known.framework_id = None;
        }
        self.by_name(line).await
    }

    /// A framework without members may be over, and another one have its name.
    async fn why_nobody(&self, line: &mut Line, id: &str) -> Trouble {
        let path = format!("/frameworks?framework_id={}", in_query(id));
        let found = line.read(&path, Frameworks::new(Wanted::WithId(id.to_owned()))).await;
        let found = match found.and_then(|reader| Ok(reader.found()?)) {
            Ok(found) => found,
            Err(trouble) => return trouble,
        };
        let shown = printable(id);
        match found.frameworks.first() {
            Some(framework) => {
                self.known().unknown_since = None;
                nobody_runs(framework)
            }
            None if found.is_completed => {
                self.known().framework_id = None;
                let words = format!(
                    "the framework {shown} is over; another one of its name will be looked for"
                );
                Trouble::nobody(words).in_vain()
            }
            None => self.unknown(&shown, Instant::now()),
        }
    }

    fn unknown(&self, shown: &str, now: Instant) -> Trouble {
        let mut known = self.known();
        let since = *known.unknown_since.get_or_insert(now);
        if now.duration_since(since) >= UNKNOWN_MAX {
            known.framework_id = None;
            known.unknown_since = None;
        }
        Trouble::nobody(format!("the master does not know the framework {shown}, yet or any more"))
    }
}

fn nobody_runs(framework: &Framework) -> Trouble {
    let id = printable(&framework.id);
    let scheduler = if framework.is_active { "" } else { ", whose scheduler is away," };
    Trouble::nobody(format!("the framework {id}{scheduler} has no member in TASK_RUNNING"))
}

/// The members in order, with addresses for all whose agent the master knows.
async fn members(line: &mut Line, told: Vec<Member>) -> Result<Members, Trouble> {
    let (mut found, mut asked) = (Vec::new(), 0);
    for Member { name, place, .. } in once_each(told) {
        let client_url = match place {
            Place::At(url) => Some(url),
            Place::OnAgent { .. } if asked >= AGENTS_ASKED_MAX => {
                let words = format!("more than {AGENTS_ASKED_MAX} tasks do not tell their address");
                return Err(Trouble::lie(words));
            }
            Place::OnAgent { agent_id, port } => {
                asked += 1;
                at_agent(line, &agent_id, port).await?
            }
        };
        found.extend(client_url.map(|url| Found::at(url).named(name)));
    }
    let nobody = "of no member is an address known: neither its task nor its agent tells one";
    Members::of(found).ok_or_else(|| Trouble::nobody(nobody))
}

async fn at_agent(line: &mut Line, id: &str, port: u16) -> Result<Option<String>, Trouble> {
    let path = format!("/slaves?slave_id={}", in_query(id));
    let agent = line.read(&path, Agents::new(id.to_owned())).await?.found()?;
    Ok(agent.and_then(|agent| agent.place(port)).and_then(|place| match place {
        Place::At(url) => Some(url),
        Place::OnAgent { .. } => None,
    }))
}

/// A text as it may stand in a query.
fn in_query(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escape = |byte: u8| {
        if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escape).collect()
}

#[async_trait]
impl Discovery for StateDiscovery {
    fn place(&self) -> String {
        let (framework, master) = (&self.framework, self.section.master.shown());
        format!("the Mesos master at {master} for the members of the framework {framework}")
    }

    fn cost(&self) -> Cost {
        let words = "of the leading master: once its whole state, about 1 kB for each task and 2 kB for each agent of \
                     the Mesos; from then on the framework's own tasks, 1 kB for each, those that are over included";
        // Whether a failure cost the master anything the gate knows, and waits accordingly.
        Cost::new(self.section.interval.0, words).sooner_after_failures(REFUSED_PAUSE)
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        let wait_max = self.section.turn_timeout();
        let Some(turn) = self.gate.turn(wait_max).await else {
            let source = format!("others of this process asked the same masters for {wait_max:?}");
            return Err(DiscoveryError::Unavailable { place: self.place(), source: source.into() });
        };
        let outcome = self.ask().await;
        turn.end(outcome.as_ref().map_or_else(|trouble| trouble.end, |_| End::Answered));
        outcome.map_err(|trouble| trouble.at(self.place()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framework_that_stays_unknown_is_looked_for_by_its_name_again() {
        let cluster = "etcd".parse().expect("a name");
        let discovery =
            StateDiscovery::new(MesosStateSection::default(), &cluster, &Gates::default());
        discovery.known().framework_id = Some("F".to_owned());
        let first = Instant::now();
        for (after, is_kept) in [(0, true), (299, true), (300, false)] {
            discovery.unknown("F", first + Duration::from_secs(after));
            assert_eq!(discovery.known().framework_id.is_some(), is_kept, "after {after} s");
        }
    }

    #[test]
    fn an_id_cannot_be_more_than_a_value_in_a_query() {
        let id = "2b0c7ba5-e6e9-4a3a-9c6a-4f2ab3a4ab2b-0000";
        assert_eq!(in_query(id), id);
        assert_eq!(in_query("a&limit=0 ä"), "a%26limit%3D0%20%C3%A4");
    }
}
