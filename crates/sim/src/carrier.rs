//! What lies between Mesos and those around it: connections, delays, and what gets lost on the way.

use std::time::Duration;

use etcd_mesos_core::id::{Epoch, FrameworkId};
use etcd_mesos_core::scheduler::{Event, LinkFailure};
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_model::{Connection, Note, Output, Subscribe};

use crate::freight::{Call, Mesos, Sim, event_of};
use crate::world::{Coming, World};

/// What reaches the master from a scheduler.
#[derive(Debug)]
pub(crate) enum ToMaster {
    /// SUBSCRIBE.
    Subscribe { framework_id: Option<FrameworkId>, suppressed: bool },
    /// The operator API's `GET /master/frameworks`.
    AskFrameworks,
    /// Any other call, of a scheduler of that epoch.
    Call { epoch: Epoch, call: Call },
}

/// How long a framework's tasks live without a scheduler: a week.
const FAILOVER_TIMEOUT: Duration = Duration::from_secs(7 * 24 * 3600);
/// How late a MESSAGE may come: others overtake it.
const LATE_MS_MAX: u64 = 20_000;

impl World {
    /// Lets Mesos do or hear something, and carries out what follows.
    pub(crate) fn tell_mesos<T>(&mut self, what: impl FnOnce(&mut Mesos, Timestamp) -> T) -> T {
        let outcome = what(&mut self.mesos, self.now);
        self.outputs.extend(self.mesos.take_outputs());
        if !std::mem::replace(&mut self.is_carrying, true) {
            while let Some(output) = self.outputs.pop_front() {
                self.carry(output);
            }
            self.is_carrying = false;
        }
        outcome
    }

    fn carry(&mut self, output: Output<Sim>) {
        match output {
            Output::Scheduler { connection, event } => self.carry_to_scheduler(connection, event),
            Output::Closed { connection } => {
                let why = match self.mesos.is_master_down() {
                    true => "the master is gone",
                    false => "the master closed the stream",
                };
                self.disconnected(connection, 300, why);
            }
            Output::Start { container, freight, .. } => self.fetch(container, freight),
            Output::Destroy { container } => self.destroy(container),
            Output::Executor { container, event } => self.carry_to_executor(container, event),
            Output::Note(note) => self.note(&note),
        }
    }

    fn note(&mut self, note: &Note) {
        match note {
            Note::Subscribed { .. } => self.ledger.subscribed(self.calling),
            Note::Launched { task, .. } => self.ledger.launched(self.calling, task),
            Note::Acknowledged { status } => self.ledger.acknowledged(status),
            Note::Registered { agent } => self.tell(|| format!("agent {agent} registers")),
            Note::Lost { agent } => self.tell(|| format!("agent {agent} is given up")),
        }
    }

    /// No two connections have a number.
    pub(crate) fn new_connection(&mut self) -> Connection {
        self.connections += 1;
        Connection(self.connections)
    }

    /// A call comes to the master.
    pub(crate) fn master_hears(&mut self, connection: Connection, call: ToMaster) {
        match call {
            ToMaster::Subscribe { framework_id, suppressed } => {
                self.master_subscribes(connection, framework_id, suppressed);
            }
            ToMaster::AskFrameworks => {
                let listener = self.listener(connection);
                if let Some(process) =
                    listener.filter(|_| self.mesos.framework_on(connection).is_some())
                {
                    let living = self.mesos.living();
                    self.later(process, 5, Event::Asked(Ok(living)));
                }
            }
            ToMaster::Call { epoch, call } => self.master_called(connection, epoch, call),
        }
    }

    /// A subscription that nobody waits for any more is none.
    fn master_subscribes(
        &mut self,
        connection: Connection,
        framework_id: Option<FrameworkId>,
        suppressed: bool,
    ) {
        let Some(epoch) = self.listener(connection).and_then(|number| self.epoch_of(number)) else {
            return;
        };
        if self.mesos.is_master_down() || self.unlucky(50) {
            return self.disconnected(connection, 300, "no master answers");
        }
        self.calling = epoch;
        let (role, failover_timeout) = ("*".to_owned(), FAILOVER_TIMEOUT);
        let subscribe = Subscribe { framework_id, role, suppressed, failover_timeout };
        let taken = self.tell_mesos(|mesos, now| mesos.subscribe(now, connection, subscribe));
        taken.expect("the master is there");
    }

    fn master_called(&mut self, connection: Connection, epoch: Epoch, call: Call) {
        self.calling = epoch;
        let killed = match &call {
            Call::Kill { task, .. } => Some(task.clone()),
            _ => None,
        };
        match self.tell_mesos(|mesos, now| mesos.call(now, connection, call)) {
            Ok(()) => killed.iter().for_each(|task| self.ledger.kill(task)),
            Err(etcd_mesos_model::NotSubscribed) => self.refuse(connection),
        }
    }

    /// A connection is gone.
    pub(crate) fn hang_up(&mut self, connection: Option<Connection>) {
        if let Some(connection) = connection {
            self.tell_mesos(|mesos, now| mesos.hang_up(now, connection));
        }
    }

    /// Whoever uses that connection hears that it is over.
    pub(crate) fn disconnected(&mut self, connection: Connection, within_ms: u64, why: &str) {
        let event = Box::new(Event::Disconnected(LinkFailure::Temporary(why.to_owned())));
        let at = self.soon(within_ms);
        self.coming.put(at, Coming::Stream { connection, event });
    }

    /// Events keep their order on a stream: all of them take one millisecond. MESSAGEs may not come
    /// at all.
    fn carry_to_scheduler(&mut self, connection: Connection, event: etcd_mesos_model::Event<Sim>) {
        let is_message = matches!(event, etcd_mesos_model::Event::Message { .. });
        let mesos = &self.mesos;
        let event = event_of(event, |n| (mesos.agent(n).id, mesos.settings_of(n)));
        if !is_message {
            let at = self.now + Duration::from_millis(1);
            return self.coming.put(at, Coming::Stream { connection, event: Box::new(event) });
        }
        let Some(process) = self.listener(connection) else { return };
        for within_ms in self.copies(5) {
            self.later(process, within_ms, event.clone());
        }
    }

    /// An event comes over a stream, to whom still uses it.
    pub(crate) fn stream_says(&mut self, connection: Connection, event: Event) {
        if let Some(process) = self.listener(connection) {
            self.scheduler_hears(process, event);
        }
    }

    /// How often a MESSAGE arrives, and within how many milliseconds each time: once and soon,
    /// unless chance loses it, doubles it, or lets others overtake it.
    pub(crate) fn copies(&mut self, soon_ms: u64) -> Vec<u64> {
        if self.unlucky(self.faults.message_loss_per_mille) {
            self.faults.note("message lost");
            return Vec::new();
        }
        let is_double = self.unlucky(self.faults.message_double_per_mille);
        if is_double {
            self.faults.note("message doubled");
        }
        let within = |world: &mut World| {
            if !world.unlucky(100) {
                return soon_ms;
            }
            world.faults.note("message late");
            LATE_MS_MAX
        };
        (0..=usize::from(is_double)).map(|_| within(self)).collect()
    }
}
