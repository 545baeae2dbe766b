//! A question, and whether an answer belongs to it.
//!
//! Pure: no sockets here.

use std::fmt;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};

use crate::shown::printable;

/// The size of answers over UDP that pass every network in one piece (DNS flag day 2020).
const PAYLOAD_BYTES: u16 = 1232;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub name: Name,
    pub kind: RecordType,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name.to_ascii())
    }
}

impl Question {
    pub(crate) fn of(name: &Name, kind: RecordType) -> Question {
        Question { name: name.clone(), kind }
    }

    /// The question as it is sent, with an ID by chance.
    pub(crate) fn message(&self, has_edns: bool) -> Message {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(self.name.clone(), self.kind));
        if has_edns {
            let mut edns = Edns::new();
            edns.set_max_payload(PAYLOAD_BYTES);
            message.set_edns(edns);
        }
        message
    }
}

/// Reads an answer to a question.
///
/// # Errors
/// In words, why these bytes are no answer to it.
pub(crate) fn read(asked: &Message, bytes: &[u8]) -> Result<Message, String> {
    let answer = Message::from_vec(bytes).map_err(|error| {
        let why = printable(&error.to_string());
        format!("{} bytes that are no DNS message ({why})", bytes.len())
    })?;
    match why_foreign(asked, &answer) {
        Some(why) => Err(why),
        None => Ok(answer),
    }
}

fn why_foreign(asked: &Message, answer: &Message) -> Option<String> {
    if answer.metadata.id != asked.metadata.id {
        return Some("an answer with the ID of another question".to_owned());
    }
    if answer.metadata.message_type != MessageType::Response {
        return Some("a question, no answer".to_owned());
    }
    if answer.metadata.op_code != OpCode::Query {
        return Some("the answer to another operation".to_owned());
    }
    // Who could not read the question cannot repeat it.
    let is_failure = answer.metadata.response_code != ResponseCode::NoError;
    if answer.queries.is_empty() && is_failure || answer.queries == asked.queries {
        return None;
    }
    let other = answer.queries.first();
    let other = other.map_or("no question at all".to_owned(), |query| {
        Question::of(query.name(), query.query_type()).to_string()
    });
    Some(format!("an answer to another question: {other}"))
}

/// Whether a server may have failed at the extension (EDNS0) alone. hickory reads 16 as the code of a
/// wrong signature, which is BADVERS where nothing was signed.
pub(crate) fn dislikes_edns(answer: &Message) -> bool {
    use ResponseCode::{BADSIG, BADVERS, FormErr, NotImp};
    matches!(answer.metadata.response_code, BADSIG | BADVERS | FormErr | NotImp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Message {
        let name = Name::from_ascii("_etcd-client._tcp.etcd.mesos.").unwrap();
        Question::of(&name, RecordType::SRV).message(true)
    }

    /// Reads a change of the answer that has no records.
    fn read_changed(change: impl FnOnce(&mut Message)) -> Result<Message, String> {
        let asked = asked();
        let mut answer = Message::response(asked.metadata.id, OpCode::Query);
        answer.add_queries(asked.queries.clone());
        change(&mut answer);
        read(&asked, &answer.to_vec().unwrap())
    }

    #[test]
    fn a_question_says_what_size_its_answer_may_have() {
        let edns = asked().edns.expect("EDNS0");
        assert_eq!((edns.max_payload(), edns.version()), (PAYLOAD_BYTES, 0));
    }

    #[test]
    fn an_answer_to_the_question_in_whatever_case_is_one() {
        read_changed(|_| ()).unwrap();
        let upper = Name::from_ascii("_ETCD-CLIENT._TCP.ETCD.MESOS.").unwrap();
        read_changed(|a| a.queries = vec![Query::query(upper, RecordType::SRV)]).unwrap();
        read_changed(|a| {
            a.queries.clear();
            a.metadata.response_code = ResponseCode::FormErr;
        })
        .unwrap();
    }

    #[test]
    fn what_is_no_answer_to_it_is_told_in_words() {
        let another = |kind| Query::query(Name::from_ascii("x.").unwrap(), kind);
        for (read, words) in [
            (read_changed(|a| a.metadata.id ^= 1), "ID of another question"),
            (read_changed(|a| a.metadata.message_type = MessageType::Query), "no answer"),
            (read_changed(|a| a.metadata.op_code = OpCode::Status), "another operation"),
            (read_changed(|a| a.queries.clear()), "no question at all"),
            (read_changed(|a| a.queries = vec![another(RecordType::SRV)]), "SRV x."),
            (read(&asked(), b"HTTP/1.1 400 Bad Request\r\n\r\n"), "no DNS message"),
            (read(&asked(), b""), "0 bytes"),
        ] {
            let why = read.unwrap_err();
            assert!(why.contains(words), "{why}");
        }
    }
}
