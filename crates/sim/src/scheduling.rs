//! What happens when: a queue of things to come, in virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use etcd_mesos_core::time::Timestamp;

/// Things to come, the earliest first; of those at one time, the first that was put in.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Reverse<(Timestamp, u64)>>,
    things: std::collections::BTreeMap<u64, T>,
    next: u64,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Queue<T> {
        Queue { heap: BinaryHeap::new(), things: std::collections::BTreeMap::new(), next: 0 }
    }

    pub(crate) fn put(&mut self, at: Timestamp, thing: T) {
        self.heap.push(Reverse((at, self.next)));
        self.things.insert(self.next, thing);
        self.next += 1;
    }

    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    pub(crate) fn take(&mut self) -> Option<(Timestamp, T)> {
        let Reverse((at, id)) = self.heap.pop()?;
        self.things.remove(&id).map(|thing| (at, thing))
    }
}
