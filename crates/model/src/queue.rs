//! What happens when: a queue of things to come.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use etcd_mesos_core::time::Timestamp;

/// Things to come, the earliest first; of those at one time, the first that was put in.
#[derive(Debug)]
pub struct Queue<T> {
    heap: BinaryHeap<Reverse<(Timestamp, u64)>>,
    things: BTreeMap<u64, T>,
    next: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue::new()
    }
}

impl<T> Queue<T> {
    /// Nothing will come.
    pub fn new() -> Queue<T> {
        Queue { heap: BinaryHeap::new(), things: BTreeMap::new(), next: 0 }
    }

    /// It will come at that time.
    pub fn put(&mut self, at: Timestamp, thing: T) {
        self.heap.push(Reverse((at, self.next)));
        self.things.insert(self.next, thing);
        self.next += 1;
    }

    /// When the next thing comes.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// The next thing, and when it was to come.
    pub fn take(&mut self) -> Option<(Timestamp, T)> {
        let Reverse((at, id)) = self.heap.pop()?;
        self.things.remove(&id).map(|thing| (at, thing))
    }
}
