//! Schedulers without a core: an exchange says what they call, and reads what they hear.

use std::collections::{BTreeMap, VecDeque};

use etcd_mesos_core::id::{Epoch, FrameworkId};
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_model::Connection;

use crate::carrier::ToMaster;
use crate::freight::Call;
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
    pub(crate) connection: Option<Connection>,
    pub(crate) heard: VecDeque<Word>,
}

/// The clients, by a number that no scheduler process has.
pub(crate) type Clients = BTreeMap<u64, Client>;

impl World {
    /// A client subscribes on a new connection.
    pub(crate) fn client_subscribes(
        &mut self,
        number: u64,
        framework_id: Option<FrameworkId>,
        suppressed: bool,
    ) {
        let connection = self.new_connection();
        self.clients.insert(number, Client { connection: Some(connection), ..Client::default() });
        self.client_sends(number, ToMaster::Subscribe { framework_id, suppressed });
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
    pub(crate) fn refuse(&mut self, connection: Connection) {
        let mut all = self.clients.values_mut();
        if let Some(client) = all.find(|client| client.connection == Some(connection)) {
            client.heard.push_back(Word::Refused);
        }
    }

    /// Whose connection that is: the number of a scheduler process, or of a client.
    pub(crate) fn listener(&self, connection: Connection) -> Option<u64> {
        let processes = self.schedulers.iter().flatten().map(|p| (p.number, p.connection));
        let clients = self.clients.iter().map(|(number, client)| (*number, client.connection));
        let mut all = processes.chain(clients);
        all.find(|(_, used)| *used == Some(connection)).map(|(number, _)| number)
    }

    /// The epoch of whoever has that number.
    pub(crate) fn epoch_of(&self, number: u64) -> Option<Epoch> {
        if self.clients.contains_key(&number) {
            return Some(Epoch::default());
        }
        let process = self.schedulers[self.place_of(number)?].as_ref()?;
        Some(process.core.record().epoch)
    }
}
