//! Which of several servers is asked.

use etcd_mesos_discovery_scheduler::SchedulerSection;
use tokio::net::TcpListener;

use crate::admin::{Admin, Manner};
use crate::ground::{asking, failure, hasty, list, made, url, urls};

async fn serving(members: &[u8]) -> Admin {
    Admin::start(Manner::Serve(list(members))).await
}

#[tokio::test]
async fn who_named_members_last_is_asked_first() {
    let (first, second) = (serving(&[]).await, serving(&[2]).await);
    let discovery = asking(&[&first, &second]);
    for _ in 0..2 {
        assert_eq!(urls(&discovery.members().await.unwrap()), [url(2)]);
    }
    assert_eq!((first.paths().len(), second.paths().len()), (1, 2));
    first.behave(Manner::Serve(list(&[1])));
    second.die().await;
    for _ in 0..2 {
        assert_eq!(urls(&discovery.members().await.unwrap()), [url(1)]);
    }
    assert_eq!(first.paths().len(), 3);
}

#[tokio::test]
async fn what_all_servers_together_say_is_the_most_telling() {
    let away = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let foreign = Admin::start(Manner::Plain("<html>".to_owned())).await;
    let nobody = serving(&[]).await;
    for (servers, kind) in [
        (vec![away.to_string()], "unavailable"),
        (vec![foreign.url(), away.to_string()], "unusable"),
        (vec![nobody.url(), foreign.url(), away.to_string()], "nobody"),
    ] {
        let discovery = made(SchedulerSection::of(&servers.join(",")));
        let (said, words) = failure(discovery.members().await);
        assert_eq!(said, kind, "{words}");
        assert!(servers.iter().all(|server| words.contains(server)), "{words}");
    }
}

#[tokio::test]
async fn a_silent_server_does_not_keep_the_next_one_from_being_asked() {
    let (silent, second) = (Admin::start(Manner::Silent).await, serving(&[2]).await);
    let discovery = hasty(&[&silent, &second]);
    assert_eq!(urls(&discovery.members().await.unwrap()), [url(2)]);
}

#[tokio::test]
async fn a_server_is_found_by_its_name() {
    let admin = serving(&[1]).await;
    let port = admin.address.rsplit_once(':').unwrap().1;
    let discovery = made(SchedulerSection::of(&format!("http://localhost:{port}")));
    assert_eq!(urls(&discovery.members().await.unwrap()), [url(1)]);
    assert!(admin.seen()[0].head.contains(&format!("host: localhost:{port}\r\n")));
    let nowhere = made(SchedulerSection::of("http://no-such-host.invalid"));
    let (kind, words) = failure(nowhere.members().await);
    assert_eq!(kind, "unavailable", "{words}");
}
