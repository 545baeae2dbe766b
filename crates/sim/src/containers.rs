//! Containers: what is fetched into them, what runs in them, and their end.

use std::time::Duration;

use etcd_mesos_model::Container;

use crate::freight::Work;
use crate::world::{Coming, World};

/// Longer than any agent waits for an executor.
const SLOW: Duration = Duration::from_secs(90);

impl World {
    /// What an executor needs is fetched. Some fetches take so long that the agent gives up first.
    pub(crate) fn fetch(&mut self, container: Container, work: Work) {
        let is_fetchable = !matches!(work, Work::Plain { is_fetchable: false });
        self.fetching.insert(container, work);
        let is_good = !self.unlucky(self.faults.fetch_failure_per_mille) && is_fetchable;
        let is_slow = self.unlucky(20);
        if !is_good || is_slow {
            self.faults.note("fetch failed");
        }
        let at = if is_slow { self.now + SLOW } else { self.soon(500) };
        self.coming.put(at, Coming::Fetched { container, is_good });
    }

    /// The fetch is over, and the executor runs. A daemon that is down starts nothing.
    pub(crate) fn fetched(&mut self, container: Container, is_good: bool) {
        let Some(work) = self.fetching.remove(&container) else { return };
        if !is_good || self.mesos.is_down(container.agent) {
            let why = "Failed to fetch all URIs";
            return self.tell_mesos(|mesos, now| mesos.launch_failed(now, container, why));
        }
        match work {
            Work::Member(order) => self.start_executor(container, *order),
            Work::Plain { .. } => self.start_plain(container),
        }
    }

    /// The agent ends a container by force.
    pub(crate) fn destroy(&mut self, container: Container) {
        self.end_executor(container);
        self.end_plain(container);
        if self.fetching.remove(&container).is_some() {
            self.container_ended(container);
        }
    }

    /// All processes of a container are gone.
    pub(crate) fn container_ended(&mut self, container: Container) {
        self.links.remove(&container);
        self.tell_mesos(|mesos, now| mesos.container_ended(now, container, None));
    }
}
