//! The client task beside the member's: its shadow, and nothing more.

use super::*;

const CLIENT: &str = "etcd.prod.0.etcd-1-0.1.client";

impl Story {
    fn launched_client(&mut self) -> Vec<String> {
        self.hears(Event::Launch { task_id: CLIENT.into(), data: Vec::new() })
    }

    /// Runs both tasks, and the member is told to clients.
    fn running_with_client() -> Story {
        let mut story = Story::running();
        story.launched_client();
        assert_eq!(story.told(), ["client Running"], "it catches up at once");
        story
    }

    /// What was told of which task in the last step, in its order.
    fn told(&self) -> Vec<String> {
        let update = |action: &Action| match action {
            Action::Update(update) => Some((update.task_id.clone(), update.state)),
            _ => None,
        };
        let name = |task: &str| match task {
            TASK => "member",
            CLIENT => "client",
            _ => "another",
        };
        let told = self.last.iter().filter_map(update);
        told.map(|(task, state)| format!("{} {state:?}", name(&task))).collect()
    }

    fn panics(&mut self) {
        let facts = self.supervisor.facts().clone();
        let pid = facts.living().and_then(super::super::Member::pid);
        self.supervisor = Supervisor::resume(facts, self.now, pid);
    }
}

#[test]
fn the_two_launches_may_come_in_either_order_and_with_a_panic_between() {
    for is_client_first in [true, false] {
        let mut story = Story::new();
        story.subscribed();
        let mut told = Vec::new();
        for is_client in [is_client_first, !is_client_first] {
            if is_client {
                story.launched_client()
            } else {
                story.launched()
            };
            told.extend(story.told());
            story.panics();
        }
        let expected = match is_client_first {
            true => ["client Starting", "member Starting"],
            false => ["member Starting", "client Starting"],
        };
        assert_eq!(told, expected);
        story.launched_client();
        assert!(story.told().is_empty(), "the same launch again changes nothing");
        assert!(story.prepared().contains(&"inspect".into()));
    }
}

#[test]
fn a_client_task_is_told_all_that_the_members_is_and_told_it_first() {
    let mut story = Story::new();
    story.subscribed();
    story.launched_client();
    story.launched();
    story.prepared();
    story.hears(Event::Inspected(DataDirectory::Missing));
    story.hears(Event::DirectoryCreated(Ok(())));
    story.hears(Event::Inspected(DataDirectory::NoWal));
    story.started();
    story.looked(Ok(seen(Some(1))));
    assert!(story.told().is_empty(), "it serves, and is not stored as formed");
    story.hears(message(5, 1, formed(CLUSTER)));
    assert_eq!(story.told(), ["client Running", "member Running"]);
    story.now = story.now + Duration::from_secs(6);
    story.looked(Err("etcd did not answer".into()));
    assert_eq!(story.told(), ["client Starting", "member Starting"]);
    story.looked(Ok(seen(Some(2))));
    assert_eq!(story.told(), ["client Running", "member Running"]);
    story.hears(Event::Kill { task_id: TASK.into(), grace: None });
    assert_eq!(story.told(), ["client Killing", "member Killing"]);
    story.hears(Event::HandedOver("it did not lead".into()));
    story.exited(Exit::Signal(15));
    assert_eq!(story.told(), ["client Killed", "member Killed"]);
    for left in [3, 2, 1] {
        assert!(story.hears(Event::Acknowledged { left }).is_empty(), "{left} are on their way");
    }
    assert_eq!(story.hears(Event::Acknowledged { left: 0 }), ["exit"]);
}

#[test]
fn a_verdict_ends_both() {
    let mut story = Story::running_with_client();
    story.exited(Exit::MemberRemoved);
    assert_eq!(story.told(), ["client Failed", "member Failed"]);
    let (_, words) = story.status();
    assert!(
        words.contains("removed from its cluster") && !words.contains("its last line"),
        "{words}"
    );
}

#[test]
fn a_kill_of_the_client_task_alone_touches_no_etcd() {
    let mut story = Story::running_with_client();
    let kill = || Event::Kill { task_id: CLIENT.into(), grace: None };
    assert_eq!(story.hears(kill()), ["Killed"]);
    assert_eq!(story.told(), ["client Killed"]);
    assert!(story.hears(kill()).is_empty(), "it was answered");
    assert!(story.launched_client().is_empty(), "it does not come back");
    let wanted = story.serves(20_000);
    assert!(wanted.iter().all(|w| w == "look" || w == "say serving"), "{wanted:?}");
    story.panics();
    story.now = story.now + Duration::from_secs(6);
    story.looked(Err("etcd did not answer".into()));
    assert_eq!(story.told(), ["member Starting"]);
    story.looked(Ok(seen(Some(2))));
    assert_eq!(story.told(), ["member Running"]);
    story.exited(Exit::MemberRemoved);
    assert_eq!(story.told(), ["member Failed"], "nothing follows its end");
}

#[test]
fn a_client_task_alone_runs_nothing_and_does_not_hold_the_executor() {
    let mut story = Story::new();
    story.subscribed();
    assert!(story.launched_client().is_empty());
    assert!(story.waits(9_900).is_empty());
    assert_eq!(story.waits(200), ["Failed"]);
    assert!(story.status().1.contains("did not come"));
    story.launched();
    assert_eq!(story.told(), ["member Failed"], "it is too late for it");
    story.hears(Event::Acknowledged { left: 1 });
    assert_eq!(story.hears(Event::Acknowledged { left: 0 }), ["exit"]);
}

#[test]
fn a_client_task_alone_that_is_killed_or_shut_down_ends_too() {
    let kill = Event::Kill { task_id: CLIENT.into(), grace: None };
    for event in [kill, Event::Shutdown { grace: Duration::from_secs(4) }] {
        let mut story = Story::new();
        story.subscribed();
        story.launched_client();
        story.hears(event);
        assert_eq!(story.told(), ["client Killed"]);
        story.hears(Event::Acknowledged { left: 0 });
        let wanted = story.waits(10_100);
        assert!(!wanted.contains(&"Failed".into()), "{wanted:?}");
    }
}

#[test]
fn a_launch_that_is_refused_takes_its_client_task_with_it() {
    let mut story = Story::new();
    story.subscribed();
    story.launched_client();
    story.hears(Event::Launch { task_id: TASK.into(), data: b"{}".to_vec() });
    assert_eq!(story.told(), ["client Failed", "member Failed"]);
    story.launched_client();
    assert!(story.told().is_empty());
}

#[test]
fn a_client_task_of_another_is_refused_and_nothing_else_changes() {
    let foreign = |task: &str| Event::Launch { task_id: task.into(), data: Vec::new() };
    for other in [
        "etcd.prod.0.etcd-1-0.2.client",
        "etcd.prod.0.etcd-1-1.1.client",
        "etcd.other.0.etcd-1-0.1.client",
    ] {
        let mut story = Story::running();
        assert_eq!(story.hears(foreign(other)), ["Failed"]);
        assert_eq!(story.told(), ["another Failed"]);
        assert!(story.status().1.contains("does not run task"), "{:?}", story.status());
        story.launched_client();
        assert_eq!(story.told(), ["client Running"], "its own is taken all the same");
        story.hears(foreign(other));
        assert!(story.status().1.contains("already"), "{:?}", story.status());
    }
}

#[test]
fn a_client_task_that_came_first_and_is_anothers_goes_when_the_members_comes() {
    let mut story = Story::new();
    story.subscribed();
    let other = "etcd.prod.0.etcd-1-0.2.client";
    assert!(story.hears(Event::Launch { task_id: other.into(), data: Vec::new() }).is_empty());
    story.launched();
    assert_eq!(story.told(), ["another Failed", "member Starting"]);
    story.launched_client();
    assert_eq!(story.told(), ["client Starting"]);
}

#[test]
fn killing_is_not_said_of_the_client_task_either_to_a_framework_that_does_not_know_it() {
    let mut story = Story::running_with_client();
    story.hears(Event::Subscribed { data: executor_data(), may_say_killing: false });
    story.hears(Event::Kill { task_id: TASK.into(), grace: None });
    assert!(story.told().is_empty());
}
