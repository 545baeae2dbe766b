//! Same state in, same answers out.

use std::path::PathBuf;

use etcd_mesos_testkit::mesos_dns::{self, Way, Zone};
use hickory_proto::op::{Edns, Message};
use hickory_proto::rr::rdata::SOA;
use hickory_proto::rr::{RData, Record};
use serde_json::Value;

/// A state and the answers for it.
pub struct Recording {
    pub zone: Zone,
    pub answers: Vec<Answer>,
}

/// What a genuine mesos-dns answered.
pub struct Answer {
    /// The file, the question, and how it came.
    pub title: String,
    pub way: Way,
    pub question: Message,
    pub bytes: Vec<u8>,
}

/// Reads one file.
pub fn recording(file: &str) -> Recording {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mesos_dns/recorded").join(file);
    let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let answers = json["answers"].as_array().unwrap();
    Recording {
        zone: Zone::of_state(&json["state"], 60),
        answers: answers.iter().map(|answer| parse(file, answer)).collect(),
    }
}

fn parse(file: &str, answer: &Value) -> Answer {
    let text = |key: &str| answer[key].as_str().unwrap();
    let way = if text("way") == "udp" { Way::Udp } else { Way::Tcp };
    let bytes = unhex(text("answer"));
    let edns = answer["edns"].as_u64();
    let title = format!("{file}: {way:?} {} {edns:?}", text("question"));
    Answer { title, way, question: question(text("question"), edns), bytes }
}

/// As it was asked: `SRV name`.
pub fn question(text: &str, edns: Option<u64>) -> Message {
    let (kind, name) = text.split_once(' ').unwrap();
    let mut question = mesos_dns::question(kind, name);
    question.metadata.id = 0x1234;
    if let Some(bytes) = edns {
        let mut edns = Edns::new();
        edns.set_max_payload(bytes.try_into().unwrap());
        question.set_edns(edns);
    }
    question
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[test]
fn three_members_that_start_have_no_records() {
    all_answers_are_the_same("three-starting.json", 24);
}

#[test]
fn three_members_have_records() {
    all_answers_are_the_same("three.json", 28);
}

#[test]
fn a_member_that_starts_again_has_none_while_the_others_have() {
    all_answers_are_the_same("three-of-which-one-starts.json", 28);
}

#[test]
fn five_members_fit_into_a_datagram() {
    all_answers_are_the_same("five.json", 30);
}

#[test]
fn seven_members_are_cut_short_and_whole_over_tcp() {
    all_answers_are_the_same("seven.json", 34);
}

#[test]
fn tasks_of_other_shapes_and_names_that_are_changed() {
    all_answers_are_the_same("shapes.json", 36);
}

fn all_answers_are_the_same(file: &str, at_least: usize) {
    let Recording { zone, answers } = recording(file);
    assert!(answers.len() >= at_least, "{file}: {} answers", answers.len());
    for answer in answers {
        let genuine = Message::from_vec(&answer.bytes).unwrap();
        let ours = zone.reply(&answer.question, answer.way);
        assert_eq!(ours.to_vec().unwrap().len(), answer.bytes.len(), "{}: bytes", answer.title);
        let ours = Message::from_vec(&ours.to_vec().unwrap()).unwrap();
        assert_same(&answer.title, &ours, &genuine);
        if genuine.metadata.truncation {
            assert_of_the_whole(&zone, &answer, &genuine);
        } else {
            assert_eq!(lines(&ours.answers), lines(&genuine.answers), "{}", answer.title);
        }
    }
}

fn assert_same(title: &str, ours: &Message, genuine: &Message) {
    assert_eq!(ours.metadata, genuine.metadata, "{title}: flags");
    assert_eq!(ours.queries, genuine.queries, "{title}: question");
    assert_eq!(ours.answers.len(), genuine.answers.len(), "{title}: answers");
    assert_eq!(lines(&ours.additionals), lines(&genuine.additionals), "{title}: addresses");
    assert_eq!(lines(&ours.authorities), lines(&genuine.authorities), "{title}: authority");
    assert_eq!(ours.edns.is_some(), genuine.edns.is_some(), "{title}: EDNS");
}

/// Which of the records are left out is chance.
fn assert_of_the_whole(zone: &Zone, answer: &Answer, genuine: &Message) {
    let whole = lines(&zone.whole(&answer.question).answers);
    for line in lines(&genuine.answers) {
        assert!(whole.contains(&line), "{}: {line} is not of {whole:?}", answer.title);
    }
}

/// In an order, with the spelling of names, and without the serial number.
fn lines(records: &[Record]) -> Vec<String> {
    let line = |record: &Record| {
        let data = match &record.data {
            RData::SOA(soa) => RData::SOA(without_serial(soa)),
            data => data.clone(),
        };
        format!("{} {} {} {data}", record.name, record.ttl, record.record_type())
    };
    let mut lines: Vec<String> = records.iter().map(line).collect();
    lines.sort();
    lines
}

fn without_serial(soa: &SOA) -> SOA {
    let (server, mail) = (soa.mname.clone(), soa.rname.clone());
    SOA::new(server, mail, 0, soa.refresh, soa.retry, soa.expire, soa.minimum)
}
