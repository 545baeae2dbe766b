//! What servers serve that do nothing wrong.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::rdata::{CNAME, SRV};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::section::{asking, made, section, told, urls};
use crate::server::{Deed, Server, Way, answer_to};
use crate::zone::{
    CLIENT, CLIENT_SSL, SERVER, a, aaaa, host, mesos_dns, name, of_member, of_members, record, srv,
    url, whole,
};

/// What is found where these records are.
async fn found_in(records: Vec<Record>) -> Vec<String> {
    let server = Server::start(mesos_dns(records)).await;
    match asking(&[&server]).members().await {
        Ok(members) => urls(&members).iter().map(|url| (*url).to_owned()).collect(),
        Err(error) => panic!("{}", told(&error)),
    }
}

fn urls_of(members: impl IntoIterator<Item = u8>) -> Vec<String> {
    members.into_iter().map(url).collect()
}

#[tokio::test]
async fn three_and_five_members_come_with_two_questions() {
    for (count, bytes) in [(3, 247), (5, 381)] {
        let records = of_members(CLIENT, 0..count);
        let server = Server::start(mesos_dns(records.clone())).await;
        let members = asking(&[&server]).members().await.unwrap();
        assert_eq!(urls(&members), urls_of(0..count));
        assert_eq!(members.valid_for, Some(Duration::from_secs(60)));
        let mut asked = server.asked();
        asked.sort();
        assert_eq!(asked, [format!("udp SRV {CLIENT_SSL}"), format!("udp SRV {CLIENT}")]);
        // As many bytes as of a genuine mesos-dns: this one is like it.
        let mut question = Message::query();
        let query = Query::query(name(CLIENT), RecordType::SRV);
        question.add_query(query);
        assert_eq!(whole(&records, &question).to_vec().unwrap().len(), bytes);
    }
}

#[tokio::test]
async fn nine_members_come_over_tcp_because_they_do_not_fit_into_512_bytes() {
    let server = Server::start(mesos_dns(of_members(CLIENT, 0..9))).await;
    let members = asking(&[&server]).members().await.unwrap();
    assert_eq!(urls(&members), urls_of(0..9));
    assert!(server.asked().contains(&format!("tcp SRV {CLIENT}")), "{:?}", server.asked());
}

#[tokio::test]
async fn what_the_predecessor_publishes_is_found_where_no_client_name_is() {
    assert_eq!(found_in(of_members(SERVER, 0..3)).await, urls_of(0..3));
    let both = [of_members(CLIENT, 0..3), of_members(SERVER, 0..5)].concat();
    assert_eq!(found_in(both).await, urls_of(0..3), "the preferred name has members");
}

#[tokio::test]
async fn ssl_names_are_https_and_both_are_merged() {
    let both = [of_members(CLIENT_SSL, 0..2), of_members(CLIENT, 1..3)].concat();
    let https = |member| url(member).replace("http", "https");
    // All of one rank, and so by their URLs.
    assert_eq!(found_in(both).await, [url(2), https(0), https(1)]);
}

#[tokio::test]
async fn services_of_ones_own_are_asked_for_and_nothing_else() {
    let service = "_etcd-client-ssl-blue._tcp.etcd.mesos.";
    let server = Server::start(mesos_dns(of_members(service, 0..1))).await;
    let mut section = section([server.address.to_string()]);
    section.services = vec!["_etcd-client-ssl-blue._tcp".into()];
    let members = made(section).members().await.unwrap();
    assert_eq!(urls(&members), [url(0).replace("http", "https")]);
    assert_eq!(server.asked(), [format!("udp SRV {service}")]);
}

#[tokio::test]
async fn addresses_that_do_not_come_with_the_answer_are_asked_for() {
    let records = of_members(CLIENT, 0..3);
    let manner = Arc::new(move |_: Way, question: &_| {
        let mut answer = whole(&records, question);
        answer.additionals.clear();
        Deed::Say(answer.to_vec().unwrap())
    });
    let server = Server::start(manner).await;
    let members = asking(&[&server]).members().await.unwrap();
    assert_eq!(urls(&members), urls_of(0..3));
    assert!(server.asked().contains(&format!("udp A {}", host(2))));
}

#[tokio::test]
async fn ipv6_counts_where_there_is_no_ipv4() {
    let six = vec![srv(CLIENT, 0, 1, 2379, "six."), aaaa("six.", 6)];
    assert_eq!(found_in(six.clone()).await, ["http://[2001:db8::6]:2379"]);
    let both =
        [six, vec![srv(CLIENT, 0, 1, 2379, "both."), a("both.", 9), aaaa("both.", 9)]].concat();
    assert_eq!(found_in(both).await, ["http://10.0.0.9:2379", "http://[2001:db8::6]:2379"]);
}

#[tokio::test]
async fn ipv6_is_asked_for_where_no_address_comes_with_the_answer() {
    let records = vec![srv(CLIENT, 0, 1, 2379, "six."), aaaa("six.", 6)];
    let manner = Arc::new(move |_: Way, question: &_| {
        let mut answer = whole(&records, question);
        answer.additionals.clear();
        Deed::Say(answer.to_vec().unwrap())
    });
    let server = Server::start(manner).await;
    let members = asking(&[&server]).members().await.unwrap();
    assert_eq!(urls(&members), ["http://[2001:db8::6]:2379"]);
}

#[tokio::test]
async fn every_ipv4_address_of_a_host_is_a_member_and_a_host_without_one_is_left_out() {
    let records = vec![
        srv(CLIENT, 0, 1, 2379, "two."),
        a("two.", 8),
        a("two.", 7),
        srv(CLIENT, 0, 1, 2379, "gone."),
    ];
    assert_eq!(found_in(records).await, ["http://10.0.0.7:2379", "http://10.0.0.8:2379"]);
}

#[tokio::test]
async fn a_lower_priority_comes_first_and_then_a_higher_weight() {
    let mut records = Vec::new();
    for (member, priority, weight) in [(1, 10, 9), (2, 0, 1), (3, 0, 70), (4, 0, 0)] {
        records.push(srv(CLIENT, priority, weight, 2379, &host(member)));
        records.push(a(&host(member), member));
    }
    let order = [3, 2, 4, 1].map(|member| format!("http://10.0.0.{member}:2379"));
    assert_eq!(found_in(records.clone()).await, order);
    records.reverse();
    assert_eq!(found_in(records).await, order);
}

#[tokio::test]
async fn the_lowest_time_to_live_is_how_long_the_answer_is_good_for() {
    for (of_a, of_srv, seconds) in [(0, 60, 0), (7, 60, 7), (60, 5, 5), (u32::MAX, 60, 0)] {
        let mut records = of_members(CLIENT, 0..3);
        records[0].ttl = of_srv;
        records[1].ttl = of_a;
        let server = Server::start(mesos_dns(records)).await;
        let members = asking(&[&server]).members().await.unwrap();
        assert_eq!(members.valid_for, Some(Duration::from_secs(seconds)));
    }
}

#[tokio::test]
async fn a_name_of_odd_bytes_becomes_an_address_like_any_other() {
    let odd = Name::from_labels([&b"\x1b[31m\0\xff/@a b"[..], b"etcd", b"mesos"]).unwrap();
    let to_it = RData::SRV(SRV::new(0, 1, 2379, odd.clone()));
    let its = Record::from_rdata(odd, 60, a("a.", 1).data);
    assert_eq!(found_in(vec![record(CLIENT, to_it), its]).await, ["http://10.0.0.1:2379"]);
}

#[tokio::test]
async fn an_alias_of_the_service_is_followed() {
    let alias = record(CLIENT, RData::CNAME(CNAME(name("else."))));
    let manner = Arc::new(move |_: Way, question: &Message| {
        let mut answer = answer_to(question);
        answer.add_answer(alias.clone());
        if *question.queries[0].name() == name(CLIENT) {
            answer.add_answer(of_member("else.", 0).remove(0));
            answer.add_additional(of_member("else.", 0).remove(1));
        }
        Deed::Say(answer.to_vec().unwrap())
    });
    let server = Server::start(manner).await;
    let mut section = section([server.address.to_string()]);
    section.services = vec!["_etcd-client._tcp".into()];
    assert_eq!(urls(&made(section).members().await.unwrap()), [url(0)]);
}

#[tokio::test]
async fn a_thousand_records_are_a_thousand_members() {
    let host = |n: u16| format!("m{}.mesos.", n % 50);
    let services = (0..1000).map(|n| srv(CLIENT, 0, 1, 20_000 + n, &host(n)));
    let addresses = (0..50).map(|n| a(&host(n), n as u8));
    assert_eq!(found_in(services.chain(addresses).collect()).await.len(), 1000);
}

#[tokio::test]
async fn a_server_that_knows_edns0_may_say_more_over_udp() {
    let records = of_members(CLIENT, 0..9);
    let manner = Arc::new(move |way: Way, question: &Message| {
        assert_eq!((way, question.max_payload()), (Way::Udp, 1232));
        let mut answer = whole(&records, question);
        answer.set_edns(Edns::new());
        Deed::Say(answer.to_vec().unwrap())
    });
    let server = Server::start(manner).await;
    assert_eq!(urls(&asking(&[&server]).members().await.unwrap()), urls_of(0..9));
}

#[tokio::test]
async fn a_server_that_does_not_bear_edns0_is_asked_without() {
    use hickory_proto::op::ResponseCode::{BADVERS, FormErr, NotImp};
    for code in [FormErr, NotImp, BADVERS] {
        let records = of_members(CLIENT, 0..3);
        let manner = Arc::new(move |_: Way, question: &Message| {
            let mut answer = whole(&records, question);
            if question.edns.is_some() {
                answer = answer_to(question);
                answer.metadata.response_code = code;
                answer.edns = question.edns.clone();
            }
            Deed::Say(answer.to_vec().unwrap())
        });
        let server = Server::start(manner).await;
        assert_eq!(urls(&asking(&[&server]).members().await.unwrap()), urls_of(0..3), "{code}");
    }
}
