//! How changes are waited for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use etcd_mesos_core::discovery::{Discovery, DiscoveryError, Members};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::admin::{Admin, Manner, tag};
use crate::ground::{PATIENCE, TIMEOUT, asking, failure, hasty, list, made, section, url, urls};

type Answer = Result<Members, DiscoveryError>;

fn serve(members: &[u8]) -> Manner {
    Manner::Serve(list(members))
}

/// Asks for others than these, beside the test, once the question has come.
async fn begin(
    discovery: &Arc<dyn Discovery>,
    known: &Members,
    admin: &Admin,
) -> JoinHandle<Answer> {
    let (discovery, known) = (discovery.clone(), known.clone());
    let questions = admin.seen().len();
    let asking = tokio::spawn(async move { discovery.next(&known).await });
    admin.is_asked(questions + 1).await;
    asking
}

/// The answer, which must not take as long as a wait or a timeout.
async fn soon(asking: JoinHandle<Answer>) -> Answer {
    timeout(PATIENCE / 2, asking).await.expect("an answer before the time is over").unwrap()
}

#[tokio::test]
async fn a_change_is_told_when_it_comes() {
    let admin = Admin::start(serve(&[1, 2])).await;
    let discovery = asking(&[&admin]);
    let known = discovery.members().await.unwrap();
    assert_eq!(known.valid_for, Some(Duration::ZERO), "it may be waited for at once");
    let asking = begin(&discovery, &known, &admin).await;
    assert!(!asking.is_finished());
    admin.behave(serve(&[1, 3]));
    let changed = soon(asking).await.unwrap();
    assert_eq!(urls(&changed), [url(1), url(3)]);
    assert_eq!(admin.paths(), ["/members", "/members?wait=10000ms"]);
    let [first, second] = &admin.seen()[..] else { panic!("two questions") };
    assert!(!first.head.contains("if-none-match"));
    assert!(second.head.contains(&format!("if-none-match: {}\r\n", tag(&list(&[1, 2])))));
    assert!(second.at >= first.at);
}

#[tokio::test]
async fn what_does_not_change_is_known_once_more() {
    let admin = Admin::start(serve(&[1, 2])).await;
    let discovery = hasty(&[&admin]);
    let known = discovery.members().await.unwrap();
    let began = Instant::now();
    assert_eq!(discovery.next(&known).await.unwrap(), known);
    assert!(began.elapsed() >= TIMEOUT, "it waited");
}

#[tokio::test]
async fn who_knows_another_list_is_answered_at_once() {
    let admin = Admin::start(serve(&[1, 2])).await;
    let discovery = asking(&[&admin]);
    let other = Members::of(vec![etcd_mesos_core::discovery::Found::at("http://x:1")]).unwrap();
    assert_eq!(urls(&discovery.next(&other).await.unwrap()), [url(1), url(2)]);
    discovery.members().await.unwrap();
    assert_eq!(urls(&discovery.next(&other).await.unwrap()), [url(1), url(2)]);
    assert_eq!(admin.paths(), ["/members"; 3]);
}

#[tokio::test]
async fn a_server_that_does_not_wait_is_not_asked_as_if_it_did() {
    for manner in [Manner::Plain(list(&[1])), Manner::Hurried(list(&[1]))] {
        let admin = Admin::start(manner).await;
        let discovery = asking(&[&admin]);
        let known = discovery.members().await.unwrap();
        let again = discovery.next(&known).await.unwrap();
        assert_eq!((urls(&again), again.valid_for), (vec![url(1)], None));
    }
    let admin = Admin::start(serve(&[1])).await;
    let discovery = made(section(&[&admin], PATIENCE, Duration::ZERO));
    let known = discovery.members().await.unwrap();
    assert_eq!(discovery.next(&known).await.unwrap().valid_for, None);
    assert_eq!(admin.paths(), ["/members"; 2], "whose section wants no wait");
}

#[tokio::test]
async fn the_death_of_who_holds_the_answer_is_an_error_at_once() {
    let admin = Admin::start(serve(&[1])).await;
    let discovery = asking(&[&admin]);
    let known = discovery.members().await.unwrap();
    let asking = begin(&discovery, &known, &admin).await;
    admin.die().await;
    let (kind, words) = failure(soon(asking).await);
    assert_eq!(kind, "unavailable", "{words}");
    assert!(words.contains("closed the connection without an answer"), "{words}");
    // The next query does not wait, so that it is soon known that all is well.
    admin.live().await;
    assert_eq!(discovery.next(&known).await.unwrap(), known);
    assert_eq!(admin.paths(), ["/members", "/members?wait=10000ms", "/members"]);
}

#[tokio::test]
async fn a_death_that_nobody_tells_of_is_noticed_when_wait_and_timeout_are_over() {
    let admin = Admin::start(serve(&[1])).await;
    let discovery = hasty(&[&admin]);
    let known = discovery.members().await.unwrap();
    admin.behave(Manner::Silent);
    let began = Instant::now();
    let (kind, words) = failure(discovery.next(&known).await);
    assert_eq!(kind, "unavailable", "{words}");
    assert!(words.contains("does not answer"), "{words}");
    assert!(began.elapsed() >= TIMEOUT * 2 && began.elapsed() < PATIENCE);
}

#[tokio::test]
async fn members_that_are_gone_are_told_as_nobody() {
    let admin = Admin::start(serve(&[1])).await;
    let discovery = asking(&[&admin]);
    let known = discovery.members().await.unwrap();
    let asking = begin(&discovery, &known, &admin).await;
    admin.behave(Manner::Serve("[]".to_owned()));
    let (kind, words) = failure(soon(asking).await);
    assert_eq!(kind, "nobody", "{words}");
    assert!(words.contains("the scheduler knows no member that runs"), "{words}");
}

#[tokio::test]
async fn the_others_answer_at_once_when_the_first_fails_while_it_is_waited_for() {
    let (first, second) = (Admin::start(serve(&[1])).await, Admin::start(serve(&[1, 2])).await);
    let discovery = asking(&[&first, &second]);
    let known = discovery.members().await.unwrap();
    assert_eq!(urls(&known), [url(1)]);
    let asking = begin(&discovery, &known, &first).await;
    first.die().await;
    assert_eq!(urls(&soon(asking).await.unwrap()), [url(1), url(2)]);
    assert_eq!(second.paths(), ["/members"]);
}
