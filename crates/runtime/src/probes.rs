//! Looks at members, from this process; one client a member, and one look at a time each.

use std::collections::BTreeMap;
use std::time::Duration;

use etcd_mesos_core::cause::chain;
use etcd_mesos_core::id::MemberName;
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_etcd::probe::Probe;
use tokio::sync::mpsc;

/// How long one look may take in all.
const LOOK_MAX: Duration = Duration::from_secs(3);

/// A look that ended: the client comes back with what it saw.
pub(crate) struct Looked {
    member: MemberName,
    client_url: String,
    probe: Probe,
    event: Event,
}

/// The clients that are not looking at present.
pub(crate) struct Probes {
    idle: BTreeMap<MemberName, (String, Probe)>,
    done: mpsc::Sender<Looked>,
}

impl Probes {
    pub(crate) fn new(done: mpsc::Sender<Looked>) -> Probes {
        Probes { idle: BTreeMap::new(), done }
    }

    /// Begins a look at a member.
    pub(crate) fn look(&mut self, member: MemberName, client_url: String) {
        let kept = self.idle.remove(&member).filter(|(url, _)| *url == client_url);
        let mut probe = kept.map_or_else(|| Probe::new(&client_url), |(_, probe)| probe);
        let done = self.done.clone();
        tokio::spawn(async move {
            let outcome = probe.look(LOOK_MAX).await.map_err(|error| chain(&error));
            let event = Event::Probed { member: member.clone(), outcome };
            let _ = done.send(Looked { member, client_url, probe, event }).await;
        });
    }

    /// Takes the client back, and yields what it saw.
    pub(crate) fn finish(&mut self, looked: Looked) -> Event {
        self.idle.insert(looked.member, (looked.client_url, looked.probe));
        looked.event
    }
}
