//! Schedulers without a core: an exchange says what they call, and reads what they hear.

use std::collections::{BTreeMap, VecDeque};

use etcd_mesos_core::id::{Epoch, FrameworkId};
use etcd_mesos_core::scheduler::Event;

use crate::mesos::{Call, ToMaster};
use crate::world::{Coming, World};

/// What a client hears.
#[derive(Debug)]
pub(crate) enum Word {
    /// What a scheduler is told.
    Event(Box<Event>),
    /// Its call was refused.
    Refused,
}

/// A scheduler that an exchange plays.
#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) connection: Option<u64>,
    pub(crate) heard: VecDeque<Word>,
}

/// The clients, by a number that no scheduler process has.
pub(crate) type Clients = BTreeMap<u64, Client>;

/// Whoever subscribes: the connection that it uses, and its epoch.
pub(crate) type Caller = (Option<u64>, Epoch);

impl World {
    /// A client subscribes on a new connection.
    pub(crate) fn client_subscribes(
        &mut self,
        number: u64,
        framework_id: Option<FrameworkId>,
        suppressed: bool,
    ) {
        let connection = self.master.new_connection();
        self.clients.insert(number, Client { connection: Some(connection), ..Client::default() });
        let call = ToMaster::Subscribe { process: number, framework_id, suppressed };
        self.client_sends(number, call);
    }

    pub(crate) fn client_calls(&mut self, number: u64, call: Call) {
        self.client_sends(number, ToMaster::Call { epoch: Epoch::default(), call });
    }

    fn client_sends(&mut self, number: u64, call: ToMaster) {
        let Some(connection) = self.clients.get(&number).and_then(|c| c.connection) else { return };
        let at = self.soon(1);
        self.coming.put(at, Coming::Master { connection, call: Box::new(call) });
    }

    pub(crate) fn client_hangs_up(&mut self, number: u64) {
        let client = self.clients.remove(&number);
        self.hang_up(client.and_then(|c| c.connection));
    }

    /// The master does not take a call on that connection.
    pub(crate) fn refuse(&mut self, connection: u64) {
        let mut all = self.clients.values_mut();
        if let Some(client) = all.find(|client| client.connection == Some(connection)) {
            client.heard.push_back(Word::Refused);
        }
    }

    /// Who has that number: a scheduler process, or a client.
    pub(crate) fn caller(&self, number: u64) -> Option<Caller> {
        if let Some(client) = self.clients.get(&number) {
            return Some((client.connection, Epoch::default()));
        }
        let process = self.schedulers[self.place_of(number)?].as_ref()?;
        Some((process.connection, process.core.record().epoch))
    }
}
