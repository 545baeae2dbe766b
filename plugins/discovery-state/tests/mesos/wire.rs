//! How masters are reached, and how answers come.

use std::time::{Duration, Instant};

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_discovery_state::MasterAddress;
use tokio::net::TcpListener;

use super::ground::{
    PROGRESS, discovery, failure, framework, know, section, state, task, url, urls,
};
use super::master::{Answer, Master};

#[tokio::test]
async fn a_redirection_leads_to_the_leader_who_is_asked_first_from_then_on() {
    let (leader, follower) = (Master::start().await, Master::start().await);
    know(&leader, &[task(1)]);
    follower.answer_all(&Answer::Redirect(leader.address.clone()));
    let discovery = discovery(section(&follower.address));
    for _ in 0..3 {
        assert_eq!(urls(&discovery.members().await.unwrap()), [url(1)]);
    }
    assert_eq!(follower.paths(), ["/state"]);
    assert_eq!(leader.paths(), ["/state", "/tasks", "/tasks"]);
}

#[tokio::test]
async fn another_of_the_list_is_asked_where_one_is_away_and_after_another_election() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (first, second) = (Master::start().await, Master::start().await);
    know(&first, &[task(1)]);
    let masters = format!("{nobody},{},{}", first.address, second.address);
    let discovery = discovery(section(&masters));
    assert_eq!(urls(&discovery.members().await.unwrap()), [url(1)]);
    first.answer_all(&Answer::Redirect(second.address.clone()));
    know(&second, &[task(2)]);
    assert_eq!(urls(&discovery.members().await.unwrap()), [url(2)]);
    first.stop().await;
    assert_eq!(urls(&discovery.members().await.unwrap()), [url(2)]);
    assert_eq!(second.paths(), ["/tasks", "/tasks"], "the framework is still the same");
}

#[tokio::test]
async fn the_credentials_are_sent_also_behind_a_redirection() {
    let (leader, follower) = (Master::start().await, Master::start().await);
    know(&leader, &[task(1)]);
    follower.answer_all(&Answer::Redirect(leader.address.clone()));
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "open sesame\n").unwrap();
    let mut section = section(&follower.address);
    (section.principal, section.secret_file) =
        (Some("Aladdin".to_owned()), Some(secret.path().to_owned()));
    let discovery = discovery(section);
    discovery.members().await.unwrap();
    for master in [&leader, &follower] {
        let head = &master.seen()[0].head;
        assert!(head.contains("authorization: basic qwxhzgrpbjpvcgvuihnlc2ftzq=="), "{head}");
        assert!(!head.contains("accept-encoding"), "compressing is the master's work: {head}");
    }
    secret.close().unwrap();
    let (kind, words) = failure(&discovery).await;
    assert_eq!(kind, "unavailable");
    assert!(words.contains("can't be read") && !words.contains("sesame"), "{words}");
}

#[tokio::test]
async fn refusals_are_unavailable_and_say_which() {
    let master = Master::start().await;
    let discovery = discovery(section(&master.address));
    for (line, body, part) in [
        ("404 Not Found", "", "404"),
        ("503 Service Unavailable", "No leader elected", "No leader elected"),
        ("401 Unauthorized", "who are you", "not authenticated (401): who are you"),
        ("403 Forbidden", "", "403"),
        ("500 Internal Server Error", "", "500"),
    ] {
        master.answer_all(&Answer::Status(line, body));
        let (kind, words) = failure(&discovery).await;
        assert_eq!(kind, "unavailable", "{words}");
        assert!(words.contains(part) && words.contains(&master.address), "{words}");
        let (_, again) = failure(&discovery).await;
        assert_eq!(words, again, "the same failure has the same words");
    }
}

#[tokio::test]
async fn a_master_that_cannot_be_named_is_said() {
    for (text, part) in [("m1", "the port is missing"), ("zk://h/mesos", "has no port")] {
        let (kind, words) = failure(&discovery(section(text))).await;
        assert_eq!(kind, "unavailable");
        assert!(words.contains(part), "{words}");
    }
}

/// Three MiB, with our framework behind them.
fn long_state() -> Vec<u8> {
    let mut state = state(&[framework("F", "etcd", true, &[task(1)])]);
    state["a"] = "x".repeat(3 << 20).into();
    state.to_string().into_bytes()
}

#[tokio::test]
async fn an_answer_that_goes_on_may_take_longer_than_a_piece_of_it() {
    let master = Master::start().await;
    master.answer("/state", Answer::Slow(long_state(), 1 << 18, PROGRESS / 8));
    let begun = Instant::now();
    let members = discovery(section(&master.address)).members().await.unwrap();
    assert_eq!(urls(&members), [url(1)]);
    assert!(begun.elapsed() > PROGRESS, "it took longer than a piece may take");
}

#[tokio::test]
async fn an_answer_that_does_not_go_on_is_given_up() {
    let master = Master::start().await;
    let slow = Answer::Slow(long_state(), 1 << 16, PROGRESS / 4);
    for (answer, part) in [
        (Answer::Stuck(long_state()), "began and did not go on"),
        (slow, "began and did not go on"),
        (Answer::Silence, "no whole answer within"),
    ] {
        master.answer("/state", answer);
        let begun = Instant::now();
        let (kind, words) = failure(&discovery(section(&master.address))).await;
        assert_eq!(kind, "unavailable", "{words}");
        assert!(words.contains(part), "{words}");
        assert!(begun.elapsed() < PROGRESS * 4 + Duration::from_secs(2));
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_unusable() {
    let master = Master::start().await;
    master.answer("/state", Answer::Cut(long_state()));
    let (kind, words) = failure(&discovery(section(&master.address))).await;
    assert_eq!(kind, "unusable");
    assert!(words.contains("it ends before its end"), "{words}");
}

#[tokio::test]
async fn what_does_not_listen_at_zookeepers_place_is_said() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut section = section("");
    section.master = MasterAddress::new(&format!("zk://u:sesame@{nobody}/mesos"));
    let (kind, words) = failure(&discovery(section)).await;
    assert_eq!(kind, "unavailable");
    assert!(words.contains(&nobody.to_string()) && !words.contains("sesame"), "{words}");
}
