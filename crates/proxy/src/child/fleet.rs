//! All children of a mode.

use std::sync::Arc;

use etcd_mesos_client::Following;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::plan::Plan;
use super::seat::{ChildView, Ending, Seat};
use super::targets::{self, Told};

/// The children of a mode. Dropping it kills them.
#[derive(Debug)]
pub struct Fleet {
    seats: JoinSet<()>,
    views: Vec<watch::Receiver<ChildView>>,
    told: watch::Receiver<Told>,
    ending: watch::Sender<Ending>,
    follower: JoinHandle<()>,
}

impl Fleet {
    /// Keeps children for the members that are found. A current-thread runtime on the main thread must run
    /// this: see [`super::launch`].
    pub fn start(plan: Plan, following: &Following) -> Fleet {
        let plan = Arc::new(plan);
        let (tell, told) = watch::channel(Told::default());
        let (ending, end) = watch::channel(Ending::No);
        let (mut seats, mut views) = (JoinSet::new(), Vec::new());
        for listen in plan.seats() {
            let (seat, view) = Seat::new(Arc::clone(&plan), listen);
            views.push(view);
            seats.spawn(seat.run(told.clone(), end.clone()));
        }
        let follower = tokio::spawn(targets::follow(plan.kind, following.known(), tell));
        Fleet { seats, views, told, ending, follower }
    }

    /// The children, in the order of the addresses.
    pub fn views(&self) -> Vec<ChildView> {
        self.views.iter().map(|view| view.borrow().clone()).collect()
    }

    /// Why it is not known whom to tell the children of.
    pub fn trouble(&self) -> Option<String> {
        self.told.borrow().trouble.clone()
    }

    /// Asks the children to end, each with its grace.
    pub fn end(&self) {
        self.ending.send_replace(Ending::Asked);
    }

    /// Kills them.
    pub fn end_at_once(&self) {
        self.ending.send_replace(Ending::AtOnce);
    }

    /// Waits until all have ended. Safe to cancel.
    pub async fn wait(&mut self) {
        while self.seats.join_next().await.is_some() {}
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.follower.abort();
    }
}
