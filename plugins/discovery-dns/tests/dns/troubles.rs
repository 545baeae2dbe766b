//! What servers do wrong: each is told apart, and none of it is an empty list.

use std::sync::Arc;
use std::time::Instant;

use etcd_mesos_core::discovery::DiscoveryError;
use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::rdata::{CNAME, NS};
use hickory_proto::rr::{RData, RecordType};

use crate::conformance::truncated;
use crate::section::{DEADLINE, PATIENCE, TIMEOUT, asking, hasty, told, urls};
use crate::server::{Deed, Manner, Server, Way};
use crate::zone::{
    CLIENT, CLIENT_SSL, a, host, mesos_dns, name, of_members, record, srv, url, whole,
};

/// Says three members, but for a change.
fn changed(change: impl Fn(&mut Message) + Send + Sync + 'static) -> Manner {
    let records = of_members(CLIENT, 0..3);
    Arc::new(move |_, question| {
        let mut answer = whole(&records, question);
        change(&mut answer);
        Deed::Say(answer.to_vec().unwrap())
    })
}

fn with_code(code: ResponseCode) -> Manner {
    changed(move |answer| {
        answer.metadata.response_code = code;
        answer.answers.clear();
    })
}

fn without_addresses() -> Manner {
    mesos_dns(vec![srv(CLIENT, 0, 1, 2379, "gone.etcd.mesos.")])
}

fn hosts_without_end() -> Manner {
    let hosts = (0..100).map(|n| srv(CLIENT, 0, 1, 2379, &format!("m{n}.")));
    mesos_dns(hosts.collect())
}

/// What each server does, which error that is, and words that it has.
fn table() -> Vec<(&'static str, Manner, &'static str, &'static str)> {
    let refer = |answer: &mut Message| {
        answer.answers.clear();
        answer.metadata.authoritative = false;
        answer.add_authority(record("mesos.", RData::NS(NS(name("ns1.mesos.")))));
    };
    let alias = |answer: &mut Message| {
        answer.answers = vec![
            record(CLIENT, RData::CNAME(CNAME(name("b.")))),
            record("b.", RData::CNAME(CNAME(name(CLIENT)))),
            record(CLIENT_SSL, RData::CNAME(CNAME(name(CLIENT)))),
        ];
    };
    let other_question = |answer: &mut Message| {
        answer.queries = vec![Query::query(name("x.example."), RecordType::SRV)];
    };
    let other_name = |answer: &mut Message| {
        answer.answers = vec![srv("_etcd-client._tcp.other.mesos.", 0, 1, 1, "a.")];
    };
    let root = || mesos_dns(vec![srv(CLIENT, 0, 0, 0, ".")]);
    let long = || truncated(|whole| Deed::Trickle(TIMEOUT / 10, whole));
    let pieces = || truncated(|w| if w.len() > 200 { Deed::Cut(100, w) } else { Deed::Say(w) });
    let cut_udp: Manner = Arc::new(|_, question| {
        let mut bytes = whole(&of_members(CLIENT, 0..3), question).to_vec().unwrap();
        bytes.truncate(100);
        Deed::Say(bytes)
    });
    vec![
        ("empty", mesos_dns(Vec::new()), "NobodyFound", "no record of that name"),
        ("NXDOMAIN", with_code(ResponseCode::NXDomain), "NobodyFound", "NXDOMAIN"),
        ("target .", root(), "NobodyFound", "decidedly not available"),
        (
            "silent",
            Arc::new(|_, _| Deed::Nothing),
            "Unavailable",
            "no answer within 300ms, asked 2",
        ),
        ("SERVFAIL", with_code(ResponseCode::ServFail), "Unavailable", "Server Failure"),
        ("REFUSED", with_code(ResponseCode::Refused), "Unavailable", "Query Refused"),
        ("referral", changed(refer), "Unavailable", "refers to other DNS servers"),
        ("wrong id", changed(|answer| answer.metadata.id ^= 1), "Unusable", "ID of another"),
        ("wrong question", changed(other_question), "Unusable", "another question: SRV x.example."),
        (
            "echo",
            changed(|a| a.metadata.message_type = MessageType::Query),
            "Unusable",
            "no answer",
        ),
        (
            "other name",
            changed(other_name),
            "Unusable",
            "not asked for: SRV _etcd-client._tcp.other",
        ),
        ("other type", changed(|w| w.answers = vec![a(CLIENT, 1)]), "Unusable", "not asked for: A"),
        ("aliases", changed(alias), "Unusable", "circle"),
        ("port 0", mesos_dns(vec![srv(CLIENT, 0, 1, 0, "b.")]), "Unusable", "port 0 of b."),
        ("no address", without_addresses(), "Unusable", "A gone.etcd.mesos.: no such name"),
        ("100 hosts", hosts_without_end(), "Unusable", "100 hosts without their addresses"),
        ("no DNS", Arc::new(|_, _| Deed::Say(b"SSH-2.0".into())), "Unusable", "no DNS message"),
        ("cut over UDP", cut_udp, "Unusable", "100 bytes that are no DNS message"),
        ("truncated twice", truncated_twice(), "Unusable", "over TCP truncated too"),
        ("TCP cut", pieces(), "Unusable", "ended before its end (after 98 of 247 bytes)"),
        ("TCP closed", truncated(|w| Deed::Cut(0, w)), "Unusable", "before the first byte"),
        ("TCP slow", long(), "Unusable", "did not end within 300ms (after "),
        (
            "TCP silent",
            truncated(|_| Deed::Nothing),
            "Unusable",
            "did not end within 300ms (before",
        ),
        ("TCP no DNS", truncated(|_| Deed::Say(vec![7])), "Unusable", "over TCP 1 bytes that"),
    ]
}

fn truncated_twice() -> Manner {
    changed(|answer| answer.metadata.truncation = true)
}

fn kind(error: &DiscoveryError) -> &'static str {
    match error {
        DiscoveryError::Unavailable { .. } => "Unavailable",
        DiscoveryError::NobodyFound { .. } => "NobodyFound",
        DiscoveryError::Unusable { .. } => "Unusable",
        _ => "another error",
    }
}

/// Asks a server that is in trouble; the kind of the error and its words, which name the server.
async fn trouble_with(server: &Server) -> (&'static str, String) {
    let begun = Instant::now();
    let error = hasty(&[server]).members().await.expect_err("no members");
    let late = begun.elapsed().saturating_sub(DEADLINE);
    assert!(late.as_millis() < 1500, "{late:?} after the deadline: {error}");
    let told = told(&error);
    assert!(told.contains(&server.address.to_string()) && told.contains("SRV _etcd-"), "{told}");
    (kind(&error), told)
}

#[tokio::test]
async fn each_trouble_is_told_apart_in_words() {
    let server = Server::start(mesos_dns(Vec::new())).await;
    for (what, manner, error, words) in table() {
        server.behave(manner);
        let (kind, told) = trouble_with(&server).await;
        assert!(kind == error && told.contains(words), "{what}: {kind}: {told}");
    }
}

#[tokio::test]
async fn a_closed_port_is_told_before_any_timeout() {
    let server = Server::start(mesos_dns(Vec::new())).await;
    server.down().await;
    let begun = Instant::now();
    let error = asking(&[&server]).members().await.unwrap_err();
    assert_eq!(kind(&error), "Unavailable");
    assert!(told(&error).contains("nobody listens"), "{}", told(&error));
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn truncated_where_nobody_listens_over_tcp_is_no_short_list() {
    let server = Server::start(mesos_dns(of_members(CLIENT, 0..9))).await;
    server.without_tcp().await;
    let (kind, told) = trouble_with(&server).await;
    assert!(kind == "Unusable" && told.contains("over TCP nobody listens"), "{kind}: {told}");
}

#[tokio::test]
async fn a_failure_at_the_name_that_is_not_there_is_none() {
    for code in [ResponseCode::Refused, ResponseCode::ServFail] {
        let server = Server::start(changed(move |answer| {
            if answer.answers.is_empty() {
                answer.metadata.response_code = code;
            }
        }))
        .await;
        assert_eq!(urls(&asking(&[&server]).members().await.unwrap()).len(), 3, "{code}");
    }
}

#[tokio::test]
async fn silence_about_one_name_of_two_is_no_short_list() {
    let records = of_members(CLIENT, 0..3);
    let manner: Manner = Arc::new(move |_: Way, question| {
        let is_ssl = *question.queries[0].name() == name(CLIENT_SSL);
        let answer = whole(&records, question).to_vec().unwrap();
        if is_ssl { Deed::Nothing } else { Deed::Say(answer) }
    });
    let server = Server::start(manner).await;
    assert_eq!(trouble_with(&server).await.0, "Unavailable");
}

#[tokio::test]
async fn trouble_with_one_address_is_no_short_list() {
    let records = of_members(CLIENT, 0..3);
    let manner: Manner = Arc::new(move |_: Way, question| {
        let mut answer = whole(&records, question);
        answer.additionals.retain(|record| record.name != name(&host(1)));
        if *question.queries[0].name() == name(&host(1)) {
            answer.answers.clear();
            answer.metadata.response_code = ResponseCode::ServFail;
        }
        Deed::Say(answer.to_vec().unwrap())
    });
    let server = Server::start(manner).await;
    let error = asking(&[&server]).members().await.unwrap_err();
    let words = format!("A {}: it says `Server Failure`", host(1));
    assert!(kind(&error) == "Unavailable" && told(&error).contains(&words), "{}", told(&error));
}

#[tokio::test]
async fn a_lie_does_not_keep_the_genuine_answer_after_it_from_being_heard() {
    let records = of_members(CLIENT, 0..3);
    let manner: Manner = Arc::new(move |_, question| {
        let truth = whole(&records, question);
        let mut lie = whole(&of_members(CLIENT, 7..8), question);
        lie.metadata.id ^= 1;
        Deed::Both([lie, truth].map(|answer| answer.to_vec().unwrap()))
    });
    let server = Server::start(manner).await;
    assert_eq!(urls(&asking(&[&server]).members().await.unwrap()), [url(0), url(1), url(2)]);
}

#[tokio::test]
async fn whoever_knew_members_keeps_them() {
    let server = Server::start(mesos_dns(of_members(CLIENT, 0..3))).await;
    let discovery = hasty(&[&server]);
    let known = discovery.members().await.unwrap();
    for (what, manner, ..) in table() {
        server.behave(manner);
        // Nothing of this is `Ok`, so nothing of this can be taken for a list without members.
        assert!(discovery.members().await.is_err(), "{what}");
    }
    server.behave(mesos_dns(of_members(CLIENT, 0..3)));
    assert_eq!(discovery.members().await.unwrap(), known);
}
