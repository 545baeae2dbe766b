//! Several servers.

use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use etcd_mesos_core::discovery::DiscoveryError;

use crate::section::{PATIENCE, TIMEOUT, asking, hasty, made, section, told, urls};
use crate::server::{Deed, Manner, Server};
use crate::zone::{CLIENT, mesos_dns, of_members, url, whole};

fn silent() -> Manner {
    Arc::new(|_, _| Deed::Nothing)
}

fn lying() -> Manner {
    Arc::new(|_, _| Deed::Say(b"no DNS".into()))
}

/// Three members, but late.
fn slow(delay: Duration) -> Manner {
    let records = of_members(CLIENT, 0..3);
    Arc::new(move |_, question| Deed::SayLate(delay, whole(&records, question).to_vec().unwrap()))
}

#[tokio::test]
async fn a_dead_silent_lying_or_empty_server_costs_no_timeout_beside_a_good_one() {
    let good = Server::start(mesos_dns(of_members(CLIENT, 0..3))).await;
    for manner in [silent(), lying(), mesos_dns(Vec::new()), slow(PATIENCE * 2)] {
        let bad = Server::start(manner).await;
        for servers in [[&bad, &good], [&good, &bad]] {
            let begun = Instant::now();
            let members = asking(&servers).members().await.unwrap();
            assert_eq!(urls(&members), [url(0), url(1), url(2)]);
            assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
        }
        bad.down().await;
        asking(&[&bad, &good]).members().await.unwrap();
    }
}

#[tokio::test]
async fn the_first_server_that_knows_members_is_believed() {
    let first = Server::start(mesos_dns(of_members(CLIENT, 0..1))).await;
    let records = of_members(CLIENT, 1..2);
    let second: Manner = Arc::new(move |_, question| {
        Deed::SayLate(PATIENCE / 16, whole(&records, question).to_vec().unwrap())
    });
    let second = Server::start(second).await;
    for servers in [[&first, &second], [&second, &first]] {
        assert_eq!(urls(&asking(&servers).members().await.unwrap()), [url(0)]);
    }
    assert_eq!(urls(&asking(&[&second]).members().await.unwrap()), [url(1)]);
}

#[tokio::test]
async fn a_slow_server_is_waited_for_while_the_others_know_nobody() {
    let empty = Server::start(mesos_dns(Vec::new())).await;
    let slow = Server::start(slow(TIMEOUT / 3)).await;
    let members = asking(&[&empty, &slow]).members().await.unwrap();
    assert_eq!(members.found.len(), 3);
}

#[tokio::test]
async fn where_all_fail_each_is_named_and_one_that_answered_decides() {
    let empty = Server::start(mesos_dns(Vec::new())).await;
    let liar = Server::start(lying()).await;
    let dead = Server::start(silent()).await;
    let of = async |servers: &[&Server]| {
        let error = hasty(servers).members().await.unwrap_err();
        let told = told(&error);
        for server in servers {
            assert!(told.matches(&server.address.to_string()).count() > 1, "{told}");
        }
        error
    };
    assert!(matches!(of(&[&dead, &liar, &empty]).await, DiscoveryError::NobodyFound { .. }));
    assert!(matches!(of(&[&dead, &liar]).await, DiscoveryError::Unusable { .. }));
    dead.down().await;
    assert!(matches!(of(&[&dead]).await, DiscoveryError::Unavailable { .. }));
}

#[tokio::test]
async fn a_server_may_have_a_name_which_may_be_unknown() {
    let loopback = Ipv4Addr::LOCALHOST.into();
    let server = Server::start_at(loopback, mesos_dns(of_members(CLIENT, 0..3))).await;
    // `localhost` may have a second address, of IPv6, where nobody listens.
    let named = made(section([format!("localhost:{}", server.address.port())]));
    assert_eq!(named.members().await.unwrap().found.len(), 3);
    let unknown = made(section(["no-such-host.invalid:53".to_owned()]));
    let error = unknown.members().await.unwrap_err();
    assert!(matches!(error, DiscoveryError::Unavailable { .. }), "{}", told(&error));
}

#[tokio::test]
async fn a_server_may_have_an_ipv6_address() {
    // Where the machine has no IPv6, that is told like any server that is away.
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        let error = made(section(["[::1]:5353".to_owned()])).members().await.unwrap_err();
        assert!(matches!(error, DiscoveryError::Unavailable { .. }), "{}", told(&error));
        return;
    }
    let loopback = Ipv6Addr::LOCALHOST.into();
    let server = Server::start_at(loopback, mesos_dns(of_members(CLIENT, 0..9))).await;
    assert_eq!(asking(&[&server]).members().await.unwrap().found.len(), 9);
}
