//! Resources: counted, offered, refused.

use etcd_mesos_core::offer::Milli;
use etcd_mesos_core::status::{Reason, TaskState};
use etcd_mesos_model::{Call, Launch};

use crate::scene::{Scene, WEEK, cpus};

#[test]
fn what_a_launch_leaves_is_offered_when_nobody_refuses_it() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    assert_eq!(offer.holding, cpus(10));
    scene.launch(scheduler, &offer, &[("t", "e", "one")]);
    scene.seconds(3000);
    assert_eq!(scene.offers(scheduler).len(), 0, "it was refused for an hour");
    scene.seconds(600);
    let rest = scene.offers(scheduler).remove(0);
    assert_eq!(rest.holding, cpus(8), "the task and its executor have the others");
    assert_eq!(rest.executors, ["e"]);
}

#[test]
fn what_becomes_more_than_was_refused_is_offered_again() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    scene.say(container, "t", TaskState::Finished);
    let more = scene.offers(scheduler);
    assert_eq!(more[0].holding, cpus(9), "the task's, while its executor has its own");
    scene.decline(scheduler, more[0].id.clone(), 3600);
    scene.tell(|mesos, now| mesos.container_ended(now, container, Some(0)));
    scene.seconds(0);
    assert_eq!(scene.offers(scheduler)[0].holding, cpus(10));
}

#[test]
fn a_shorter_refusal_does_not_end_a_longer_one() {
    let (mut scene, scheduler, container) = Scene::with_a_task();
    scene.say(container, "t", TaskState::Finished);
    let more = scene.offers(scheduler).remove(0);
    assert_eq!(more.holding, cpus(9), "eight are refused for an hour");
    scene.launch_refusing(scheduler, &more, &[("t2", "e", "one")], 0);
    scene.seconds(60);
    assert_eq!(scene.offers(scheduler).len(), 0, "and eight are left");
    scene.call(scheduler, Call::Revive);
    assert_eq!(scene.offers(scheduler)[0].holding, cpus(8), "REVIVE clears filters");
}

#[test]
fn an_offer_that_is_taken_back_is_made_anew() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let old = scene.offers(scheduler).remove(0);
    scene.tell(|mesos, now| mesos.rescind(now, 0));
    scene.seconds(0);
    let new = scene.offers(scheduler).remove(0);
    assert_ne!(old.id, new.id);
    scene.launch(scheduler, &old, &[("t", "e", "one")]);
    let update = scene.updates(scheduler).remove(0);
    assert_eq!(update.status.state, TaskState::Dropped);
    assert_eq!(update.status.reason, Reason::InvalidOffers);
    assert_eq!(scene.mesos.tasks().len(), 0);
}

#[test]
fn two_frameworks_share_the_agents() {
    let mut scene = Scene::of(2);
    let one = scene.subscribe(1, None, WEEK);
    assert_eq!(scene.offers(one).len(), 2, "the only one is offered all");
    let two = scene.subscribe(2, None, WEEK);
    assert_eq!(scene.offers(two).len(), 0);
    scene.tell(|mesos, now| mesos.rescind(now, 0));
    scene.seconds(0);
    assert_eq!(scene.offers(two)[0].agent, 0, "the other one had more");
    scene.tell(|mesos, now| mesos.rescind(now, 1));
    scene.seconds(0);
    assert_eq!(scene.offers(one)[0].agent, 1);
}

#[test]
fn what_one_framework_holds_the_other_is_not_offered() {
    let (mut scene, one, _) = Scene::with_a_task();
    let two = scene.subscribe(2, None, WEEK);
    assert_eq!(scene.offers(two)[0].holding, cpus(8));
    scene.tell(|mesos, now| mesos.hang_up(now, two));
    scene.call(one, Call::Revive);
    assert_eq!(scene.offers(one)[0].holding, cpus(8), "who is gone has no offers");
}

#[test]
fn offers_of_another_framework_cannot_be_used() {
    let mut scene = Scene::of(1);
    let one = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(one).remove(0);
    let two = scene.subscribe(2, None, WEEK);
    scene.launch(two, &offer, &[("t", "e", "one")]);
    assert_eq!(scene.states(two), [("t".to_owned(), TaskState::Dropped)]);
    scene.decline(two, offer.id.clone(), 5);
    scene.launch(one, &offer, &[("t", "e", "one")]);
    assert_eq!(scene.mesos.tasks()[0].framework.as_str(), "f1", "it is still there");
}

#[test]
fn more_than_is_offered_is_refused() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    let tasks: Vec<String> = (0..6).map(|n| format!("t{n}")).collect();
    let tasks: Vec<_> = tasks.iter().map(|t| (t.as_str(), t.as_str(), "one")).collect();
    scene.launch(scheduler, &offer, &tasks);
    assert_eq!(scene.states(scheduler), [("t5".to_owned(), TaskState::Error)]);
    assert_eq!(scene.mesos.tasks().len(), 5);
}

#[test]
fn an_accept_of_nothing_gives_the_offer_back() {
    let mut scene = Scene::of(1);
    let scheduler = scene.subscribe(1, None, WEEK);
    let offer = scene.offers(scheduler).remove(0);
    let refuse_for = std::time::Duration::from_secs(5);
    let nothing = Launch { offers: vec![offer.id], tasks: Vec::new(), refuse_for };
    scene.call(scheduler, Call::Accept(nothing));
    scene.seconds(4);
    assert_eq!(scene.offers(scheduler).len(), 0);
    scene.seconds(1);
    assert_eq!(scene.offers(scheduler)[0].holding.cpus, Milli::whole(10));
}
