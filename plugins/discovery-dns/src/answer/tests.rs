//! Answers of every kind, without a socket.

use hickory_proto::op::OpCode;
use hickory_proto::rr::rdata::{A, AAAA, CNAME, NS, SRV};

use super::*;
use etcd_mesos_core::trouble::Kind;

const ASKED: &str = "_etcd-client._tcp.etcd.mesos.";

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn record(owner: &str, ttl: u32, data: RData) -> Record {
    Record::from_rdata(name(owner), ttl, data)
}

fn srv(owner: &str, port: u16, host: &str) -> Record {
    record(owner, 60, RData::SRV(SRV::new(0, 1, port, name(host))))
}

fn alias(owner: &str, ttl: u32, of: &str) -> Record {
    record(owner, ttl, RData::CNAME(CNAME(name(of))))
}

fn question() -> Question {
    Question::of(&name(ASKED), RecordType::SRV)
}

fn said(answers: Vec<Record>) -> Result<Said<Vec<Target>>, Trouble> {
    let mut answer = Message::response(1, OpCode::Query);
    answer.add_answers(answers);
    targets(&question(), &answer)
}

/// The hosts and ports of an answer with some.
fn hosts(answers: Vec<Record>) -> Vec<(String, u16)> {
    match said(answers) {
        Ok(Said::That(targets)) => {
            targets.iter().map(|target| (target.host.to_ascii(), target.port)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_records_of_the_asked_name_are_believed() {
    let records = vec![
        srv(ASKED, 1, "a."),
        srv("_etcd-client._tcp.other.mesos.", 2, "b."),
        srv(ASKED, 3, "c."),
    ];
    assert_eq!(hosts(records), [("a.".to_owned(), 1), ("c.".to_owned(), 3)]);
    let upper = ASKED.to_uppercase();
    assert_eq!(hosts(vec![srv(&upper, 1, "a.")]).len(), 1);
}

#[test]
fn records_that_were_not_asked_for_are_a_lie_and_are_named() {
    let mut of_another_class = srv(ASKED, 1, "a.");
    of_another_class.dns_class = DNSClass::CH;
    for (record, words) in [
        (srv("_x._tcp.etcd.mesos.", 1, "a."), "SRV _x._tcp.etcd.mesos."),
        (record(ASKED, 60, RData::A(A::new(10, 0, 0, 1))), "A _etcd-client._tcp.etcd.mesos."),
        (of_another_class, "SRV"),
    ] {
        let trouble = said(vec![record]).unwrap_err();
        assert!(trouble.kind == Kind::Lie && trouble.words.contains(words), "{trouble:?}");
    }
}

#[test]
fn aliases_are_followed_and_their_time_to_live_counts() {
    let records = vec![srv("z.", 1, "a."), alias("y.", 5, "z."), alias(ASKED, 7, "y.")];
    let Ok(Said::That(targets)) = said(records) else { panic!("no targets") };
    assert_eq!(targets[0].ttl, 5);
}

#[test]
fn aliases_in_a_circle_and_a_long_row_of_them_are_a_lie() {
    let circle = vec![alias(ASKED, 5, "y."), alias("y.", 5, ASKED)];
    let mut row = vec![alias(ASKED, 5, "0.")];
    row.extend((0..20).map(|n| alias(&format!("{n}."), 5, &format!("{}.", n + 1))));
    for records in [circle, row, vec![alias(ASKED, 5, ASKED)]] {
        let trouble = said(records).unwrap_err();
        assert!(trouble.kind == Kind::Lie && trouble.words.contains("circle"), "{trouble:?}");
    }
}

#[test]
fn an_alias_without_a_record_is_nobody_and_names_its_end() {
    let Ok(Said::Nothing(words)) = said(vec![alias(ASKED, 5, "y.")]) else { panic!("somebody") };
    assert!(words.contains("alias of y."), "{words}");
}

#[test]
fn the_root_as_the_target_says_that_there_is_no_such_service() {
    let Ok(Said::Nothing(words)) = said(vec![srv(ASKED, 0, ".")]) else { panic!("somebody") };
    assert!(words.contains("decidedly"), "{words}");
    assert_eq!(hosts(vec![srv(ASKED, 0, "."), srv(ASKED, 1, "a.")]), [("a.".to_owned(), 1)]);
}

#[test]
fn one_port_0_spoils_the_answer_and_its_host_is_named_without_control_characters() {
    let host = Name::from_labels([&b"b\x1b[31m"[..]]).unwrap();
    let odd = record(ASKED, 60, RData::SRV(SRV::new(0, 1, 0, host)));
    let trouble = said(vec![srv(ASKED, 1, "a."), odd]).unwrap_err();
    assert_eq!(trouble, Trouble::lie("port 0 of b\\033\\[31m."));
}

#[test]
fn without_records_the_answer_says_whether_that_is_all() {
    let of = |change: fn(&mut Message)| {
        let mut answer = Message::response(1, OpCode::Query);
        change(&mut answer);
        targets(&question(), &answer)
    };
    let refer = |answer: &mut Message| {
        answer.add_authority(record("mesos.", 60, RData::NS(NS(name("ns.mesos.")))));
    };
    assert!(matches!(of(|_| ()), Ok(Said::Nothing(_))));
    assert!(matches!(of(refer), Ok(Said::Fails(_))));
    for (code, is_nothing) in [
        (ResponseCode::NXDomain, true),
        (ResponseCode::ServFail, false),
        (ResponseCode::Refused, false),
        (ResponseCode::Unknown(4000), false),
    ] {
        let mut answer = Message::response(1, OpCode::Query);
        answer.metadata.response_code = code;
        // What else such an answer holds is not believed.
        answer.add_answer(srv(ASKED, 1, "a."));
        let said = targets(&question(), &answer);
        assert_eq!(matches!(said, Ok(Said::Nothing(_))), is_nothing, "{said:?}");
        assert_eq!(matches!(said, Ok(Said::Fails(_))), !is_nothing, "{said:?}");
    }
}

#[test]
fn an_address_that_no_member_can_have_is_none() {
    for text in
        ["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1", "fe80::1", "::ffff:0.0.0.0"]
    {
        let data = match text.parse().unwrap() {
            IpAddr::V4(ip) => RData::A(A(ip)),
            IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
        };
        let kind = data.record_type();
        let mut answer = Message::response(1, OpCode::Query);
        answer.add_answer(record("a.", 60, data));
        let said = addresses(&Question::of(&name("a."), kind), &answer);
        assert!(matches!(said, Ok(Said::Nothing(_))), "{text}: {said:?}");
    }
}

#[test]
fn addresses_beside_the_answer_are_those_of_the_host_and_of_the_kind() {
    let mut answer = Message::response(1, OpCode::Query);
    answer.add_additional(record("A.", 7, RData::A(A::new(10, 0, 0, 1))));
    answer.add_additional(record("b.", 7, RData::A(A::new(10, 0, 0, 2))));
    let ip = IpAddr::from([10, 0, 0, 1]);
    let (host, beside) = (name("a."), Beside::of(&answer));
    assert_eq!(beside.addresses(&host, RecordType::A), [Address { ip, ttl: 7 }]);
    assert_eq!(beside.addresses(&host, RecordType::AAAA), []);
}

#[test]
fn a_time_to_live_with_the_highest_bit_is_none() {
    let mut record = srv(ASKED, 1, "a.");
    record.ttl = 1 << 31;
    let Ok(Said::That(targets)) = said(vec![record]) else { panic!("no targets") };
    assert_eq!(targets[0].ttl, 0);
}
