//! What a script lets happen.

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_etcd::exit::Exit;
use etcd_mesos_model::Container;

use super::Stage;
use super::words::Words;
use crate::faults::Fault;
use crate::schedulers::Trap;
use crate::store::Mood;
use crate::world::Coming;

/// What a command prints that shows nothing.
type Done = Result<String, String>;

const DONE: Done = Ok(String::new());

/// How long a trap may wait for its action.
const TRAP_MAX: Duration = Duration::from_secs(300);

impl Stage {
    fn strike(&mut self, fault: Fault) -> Done {
        self.world.strike(fault);
        DONE
    }

    /// `kill etcd MEMBER|leader`, `kill executor MEMBER`, `kill client MEMBER`, `kill host AGENT`.
    pub(super) fn kill(&mut self, words: &mut Words<'_>) -> Done {
        match words.next()? {
            "etcd" => {
                let key = self.executor_of(words.next()?)?;
                self.world.end_etcd(key, Exit::Signal(9));
                DONE
            }
            "executor" => {
                let key = self.executor_of(words.next()?)?;
                self.world.end_executor(key);
                DONE
            }
            "client" => {
                let key = self.executor_of(words.next()?)?;
                self.world.kill_client_task(key);
                DONE
            }
            "host" => {
                let agent = words.agent(self.world.mesos.agent_count())?;
                self.strike(Fault::HostDown(agent))
            }
            other => Err(format!("{other:?} cannot be killed")),
        }
    }

    fn executor_of(&self, member: &str) -> Result<Container, String> {
        let leader = self.world.etcds.leader_pid();
        let mut all = self.world.executors.iter();
        let is_it = |e: &crate::executors::Executor| match member {
            "leader" => e.pid.is_some() && e.pid == leader,
            name => e.order.member.name.as_str() == name,
        };
        let found = all.find(|(_, e)| is_it(e)).map(|(key, _)| *key);
        found.ok_or_else(|| format!("no executor of {member} lives"))
    }

    /// `daemon AGENT down|up`: the agent's daemon alone.
    pub(super) fn daemon(&mut self, words: &mut Words<'_>) -> Done {
        let agent = words.agent(self.world.mesos.agent_count())?;
        match words.next()? {
            "down" => self.strike(Fault::DaemonDown(agent)),
            "up" => self.strike(Fault::AgentUp(agent)),
            other => Err(format!("a daemon is up or down, not {other:?}")),
        }
    }

    /// `host AGENT up`: a killed host starts again, with its disk.
    pub(super) fn host(&mut self, words: &mut Words<'_>) -> Done {
        let agent = words.agent(self.world.mesos.agent_count())?;
        if words.take("up") {
            return self.strike(Fault::AgentUp(agent));
        }
        Err("a host is started by `host AGENT up`".to_owned())
    }

    pub(super) fn cut(&mut self, words: &mut Words<'_>) -> Done {
        let agent = words.agent(self.world.mesos.agent_count())?;
        self.strike(Fault::Cut(agent))
    }

    pub(super) fn join(&mut self, words: &mut Words<'_>) -> Done {
        let agent = words.agent(self.world.mesos.agent_count())?;
        self.strike(Fault::Joined(agent))
    }

    pub(super) fn rescind(&mut self, words: &mut Words<'_>) -> Done {
        let agent = words.agent(self.world.mesos.agent_count())?;
        self.strike(Fault::Rescinded(agent))
    }

    pub(super) fn break_link(&mut self) -> Done {
        self.strike(Fault::LinkBreaks)
    }

    pub(super) fn master(&mut self, words: &mut Words<'_>) -> Done {
        match words.next()? {
            "down" => self.strike(Fault::MasterDown),
            "up" => self.strike(Fault::MasterUp),
            other => Err(format!("a master is up or down, not {other:?}")),
        }
    }

    /// `store well|away|forgetful|deleted|remember|rolled-back`.
    pub(super) fn store(&mut self, words: &mut Words<'_>) -> Done {
        let store = &mut self.world.store;
        match words.next()? {
            "well" => store.mood = Mood::Well,
            "away" => store.mood = Mood::Away,
            "forgetful" => store.mood = Mood::Forgetful,
            "remember" => store.remember(),
            "deleted" => {
                store.delete();
                self.world.ledger.store_was_changed();
            }
            "rolled-back" => {
                store.roll_back();
                self.world.ledger.store_was_changed();
            }
            other => return Err(format!("a store cannot be {other:?}")),
        }
        DONE
    }

    /// `framework removed`: an operator tears it down.
    pub(super) fn framework(&mut self, words: &mut Words<'_>) -> Done {
        if words.take("removed") {
            return self.tear_down();
        }
        Err("a framework can be `removed`".to_owned())
    }

    fn tear_down(&mut self) -> Done {
        let connections = self.world.schedulers.iter().flatten().filter_map(|p| p.connection);
        let ids = connections.filter_map(|c| self.world.mesos.framework_on(c).cloned());
        for id in ids.collect::<Vec<_>>() {
            self.world.tell_mesos(|mesos, now| mesos.tear_down(now, &id));
        }
        DONE
    }

    /// `stranger FRAMEWORK on AGENT: TASK ID`: a task of our name that is not ours.
    pub(super) fn stranger(&mut self, words: &mut Words<'_>) -> Done {
        let framework = FrameworkId(words.next()?.to_owned());
        let agent = words.agent(self.world.mesos.agent_count())?;
        let (task, _) = words.up_to_max(Duration::ZERO)?;
        self.world.tell_mesos(|mesos, now| mesos.add_stranger(now, framework, agent, task));
        DONE
    }

    /// `start [second] scheduler [removed=FRAMEWORK]`.
    pub(super) fn start(&mut self, words: &mut Words<'_>) -> Done {
        let place = place(words)?;
        let removed = words.setting("removed").map(|id| FrameworkId(id.to_owned()));
        self.world.config.removed_framework = removed;
        self.world.start_scheduler(place);
        DONE
    }

    /// `stop [second] scheduler`: it is killed, and nothing starts it again.
    pub(super) fn stop(&mut self, words: &mut Words<'_>) -> Done {
        let place = place(words)?;
        let process = self.world.schedulers[place].take();
        self.world.hang_up(process.and_then(|p| p.connection));
        DONE
    }

    /// `crash [second] scheduler [before|after ACTION] [max DURATION]`: now, or when it comes to
    /// that action. It is started again at once.
    pub(super) fn crash(&mut self, words: &mut Words<'_>) -> Done {
        let place = place(words)?;
        let is_before = words.take("before");
        if !is_before && !words.take("after") {
            self.world.crash_scheduler(place);
            return DONE;
        }
        let (action, max) = words.up_to_max(TRAP_MAX)?;
        let what = format!("crashed {} {action}", if is_before { "before" } else { "after" });
        self.world.trap = Some(Trap { place, is_before, action });
        let waited = self.wait(&what, max, |stage| stage.world.trap.is_none());
        self.world.trap = None;
        waited
    }

    pub(super) fn pause(&mut self, words: &mut Words<'_>) -> Done {
        let place = place(words)?;
        let process = self.world.schedulers[place].as_mut();
        process.ok_or_else(|| "no scheduler runs".to_owned())?.is_paused = true;
        DONE
    }

    pub(super) fn resume(&mut self, words: &mut Words<'_>) -> Done {
        let place = place(words)?;
        self.world.coming.put(self.world.now, Coming::Resume { place });
        DONE
    }

    /// `clock jumps DURATION`: the machine of the schedulers has slept.
    pub(super) fn clock(&mut self, words: &mut Words<'_>) -> Done {
        if !words.take("jumps") {
            return Err("a clock `jumps`".to_owned());
        }
        let by = words.duration()?;
        self.world.schedulers.iter_mut().flatten().for_each(|p| p.ahead += by);
        DONE
    }
}

/// `scheduler` or `second scheduler`.
fn place(words: &mut Words<'_>) -> Result<usize, String> {
    let place = usize::from(words.take("second"));
    if words.take("scheduler") {
        return Ok(place);
    }
    Err("say `scheduler` or `second scheduler`".to_owned())
}
