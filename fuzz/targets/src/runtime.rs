//! What masters say, as the core is told of it.

use bytes::Bytes;
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_runtime::from_mesos;
use mesos_v1::scheduler;

use crate::machines::SchedulerWorld;

/// An event: what the core is told has the IDs that it acts on, and does not break it.
pub fn core_event(bytes: &[u8]) {
    let Ok(said) = scheduler::Event::decode(Bytes::copy_from_slice(bytes)) else { return };
    let offers = match &said {
        scheduler::Event::Offers(offers) => offers.clone(),
        _ => Vec::new(),
    };
    let Some(told) = from_mesos::event(said) else { return };
    if let Event::Offers(told) = &told {
        assert_eq!(told.len(), offers.len(), "each offer is declined or used");
        for (told, said) in told.iter().zip(&offers) {
            let indices: Vec<usize> =
                told.resources.iter().map(|resource| resource.index).collect();
            assert!(indices.is_sorted() && indices.last() < Some(&said.resources.len()));
        }
    }
    if let Event::Subscribed { framework_id } = &told {
        assert!(!framework_id.as_str().is_empty());
    }
    let mut world = SchedulerWorld::without_a_cluster(Vec::new());
    world.goes_on_after(told);
}

/// The master's answer to `GET /master/frameworks`: who is told of has a task that may live.
pub fn frameworks(bytes: &[u8]) {
    let Ok(living) = from_mesos::living(bytes, "etcd") else { return };
    assert!(living.iter().all(|framework| framework.tasks().next().is_some()));
    let mut world = SchedulerWorld::without_a_cluster(living.clone());
    world.goes_on_after(Event::Asked(Ok(living)));
}
