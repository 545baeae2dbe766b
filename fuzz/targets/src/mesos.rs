//! What masters and agents send, and what an operator writes to name them.

use bytes::{Buf, Bytes};
use mesos_v1::proto::{executor as executor_wire, scheduler as scheduler_wire};
use mesos_v1::recordio::{Decoder, RecordIoError, encode};
use mesos_v1::resource::{ResourceView, take_ranges, take_scalar};
use mesos_v1::{Endpoint, Masters, Scheme, executor, scheduler};
use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};

use crate::text;

/// The bound of the decoder under trial: small, so that it is met.
const RECORD_BYTES_MAX: usize = 300;

/// The first byte says how the rest, a stream, is split; no split changes what is read.
pub fn recordio(bytes: &[u8]) {
    let Some((&seed, stream)) = bytes.split_first() else { return };
    let whole = read(std::iter::once(stream));
    assert_eq!(read(stream.chunks(1)), whole, "byte by byte");
    assert_eq!(read(stream.chunks(1 + usize::from(seed))), whole, "in equal chunks");
    let (head, tail) = stream.split_at(usize::from(seed).min(stream.len()));
    assert_eq!(read([head, tail].into_iter()), whole, "in two");
    assert!(whole.records.iter().all(|record| record.len() <= RECORD_BYTES_MAX));
    let framed: Vec<u8> = whole.records.iter().flat_map(|record| encode(record)).collect();
    let again = read(std::iter::once(&framed[..]));
    assert_eq!((again.records, again.end), (whole.records, Ok(true)), "what was framed is read");
}

#[derive(Debug, PartialEq)]
struct Read {
    records: Vec<Bytes>,
    /// Whether the stream may end there, or what made it unreadable.
    end: Result<bool, RecordIoError>,
}

fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Read {
    let mut decoder = Decoder::new(RECORD_BYTES_MAX);
    let mut records = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        loop {
            match decoder.next_record() {
                Ok(Some(record)) => records.push(record),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.next_record(), Err(error), "a failed decoder stays failed");
                    return Read { records, end: Err(error) };
                }
            }
        }
    }
    Read { records, end: Ok(decoder.is_between_records()) }
}

/// Part of a resource is asked for: it holds that part, and all else as it came.
pub fn resource(bytes: &[u8]) {
    let raw = Bytes::copy_from_slice(bytes);
    let Ok(view) = ResourceView::of(&raw) else {
        assert!(take_scalar(&raw, 1.0).is_err() && take_ranges(&raw, &[]).is_err());
        return;
    };
    let has = view.scalar.map_or(0.0, |scalar| scalar.value);
    for wanted in [0.001, 1.0, has / 2.0, has, has * 2.0] {
        check_scalar(&raw, has, wanted);
    }
    check_ranges(&raw, &view, &[(1, 2)]);
    for (begin, end) in view.range_pairs().into_iter().take(8) {
        check_ranges(&raw, &view, &[(begin, begin)]);
        check_ranges(&raw, &view, &[(begin, end)]);
        check_ranges(&raw, &view, &[(begin, end), (end, end)]);
        check_ranges(&raw, &view, &[(begin, end.saturating_add(1))]);
    }
}

fn check_scalar(raw: &Bytes, has: f64, wanted: f64) {
    let Ok(taken) = take_scalar(raw, wanted) else { return };
    let view = ResourceView::of(&taken).expect("what was taken is a resource");
    let got = view.scalar.expect("what was taken is a number").value;
    // Mesos counts in thousandths; beyond 2^43 a double has none.
    let error = 0.0005 + wanted.abs() * f64::EPSILON * 4.0;
    assert!((got - wanted).abs() <= error, "{got} was taken where {wanted} was asked for");
    assert!(got > 0.0 && got <= has + error, "{got} was taken out of {has}");
    assert!(view.ranges.is_none());
    assert_eq!(fields_but_amounts(&taken), fields_but_amounts(raw));
}

fn check_ranges(raw: &Bytes, view: &ResourceView, wanted: &[(u64, u64)]) {
    let Ok(taken) = take_ranges(raw, wanted) else { return };
    let has = view.range_pairs();
    let is_in = |number: u64| has.iter().any(|&(begin, end)| begin <= number && number <= end);
    assert!(wanted.iter().all(|&(begin, end)| begin <= end && is_in(begin) && is_in(end)));
    let view = ResourceView::of(&taken).expect("what was taken is a resource");
    assert_eq!(view.range_pairs(), wanted);
    assert!(view.scalar.is_none());
    assert_eq!(fields_but_amounts(&taken), fields_but_amounts(raw));
}

/// The fields of a resource as they lie in its bytes, without its scalar and its ranges.
fn fields_but_amounts(raw: &Bytes) -> Vec<Bytes> {
    let mut rest = raw.clone();
    let mut fields = Vec::new();
    while rest.has_remaining() {
        let before = rest.clone();
        let (number, wire_type) = decode_key(&mut rest).expect("it was decoded before");
        skip_field(wire_type, number, &mut rest, DecodeContext::default())
            .expect("it was decoded before");
        if !matches!(number, 3 | 4) {
            fields.push(before.slice(..before.len() - rest.len()));
        }
    }
    fields
}

/// What the master says: what is let through has the IDs that a scheduler acts on.
pub fn scheduler_event(bytes: &[u8]) {
    use mesos_v1::scheduler::Event;

    let record = Bytes::copy_from_slice(bytes);
    let Ok(event) = scheduler::Event::decode(record.clone()) else { return };
    let wire = scheduler_wire::Event::decode(record).expect("the event was decoded from it");
    assert_eq!(event.number(), wire.r#type.unwrap_or_default());
    let again = scheduler::Event::decode(normal(&wire)).expect("it was an event before");
    // Not the events themselves: a number that is none does not equal itself.
    assert_eq!(format!("{again:?}"), format!("{event:?}"));
    match event {
        Event::Subscribed(said) => assert!(!said.framework_id.value.is_empty()),
        Event::Offers(offers) => {
            for offer in offers {
                assert!(!offer.id.value.is_empty() && !offer.agent_id.value.is_empty());
                offer.resources.iter().for_each(|raw| resource(raw));
            }
        }
        Event::Rescind(id) | Event::RescindInverseOffer(id) => assert!(!id.value.is_empty()),
        Event::Update(status) => assert!(!status.task_id.value.is_empty()),
        Event::InverseOffers(_)
        | Event::UpdateOperationStatus(_)
        | Event::Message(_)
        | Event::Failure(_)
        | Event::Error(_)
        | Event::Heartbeat
        | Event::Other(_) => {}
    }
}

/// What the agent says: no task is started or ended without a name.
pub fn executor_event(bytes: &[u8]) {
    use mesos_v1::executor::Event;

    let record = Bytes::copy_from_slice(bytes);
    let Ok(event) = executor::Event::decode(record.clone()) else { return };
    let wire = executor_wire::Event::decode(record).expect("the event was decoded from it");
    assert_eq!(event.number(), wire.r#type.unwrap_or_default());
    let again = executor::Event::decode(normal(&wire)).expect("it was an event before");
    assert_eq!(format!("{again:?}"), format!("{event:?}"));
    match event {
        Event::Launch(task) => assert!(!task.task_id.value.is_empty()),
        Event::LaunchGroup(tasks) => assert!(tasks.iter().all(|t| !t.task_id.value.is_empty())),
        Event::Kill(kill) => assert!(!kill.task_id.value.is_empty()),
        Event::Acknowledged(said) => assert!(!said.task_id.value.is_empty()),
        Event::Subscribed(_)
        | Event::Message(_)
        | Event::Error(_)
        | Event::Shutdown
        | Event::Heartbeat
        | Event::Other(_) => {}
    }
}

/// The bytes that we would write; to read and write them again changes nothing.
fn normal<M: Message + Default>(message: &M) -> Bytes {
    let written = Bytes::from(message.encode_to_vec());
    let again = M::decode(written.clone()).expect("what was written is read");
    assert_eq!(again.encode_to_vec(), written);
    written
}

/// A list of masters: what is read is printed and read again.
pub fn masters(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Ok(masters) = Masters::parse(text) else { return };
    let known = masters.known();
    assert!(!known.is_empty());
    let printed: Vec<String> = known.iter().map(Endpoint::to_string).collect();
    // It becomes the header Host.
    assert!(printed.iter().all(|place| place.chars().all(|c| c.is_ascii_graphic())), "{printed:?}");
    let again = Masters::parse(&printed.join(",")).expect("what was printed is read");
    assert_eq!(again.known(), known);
}

/// A `Location`: it leads to a place that can be connected to, and to another scheme only where it names it.
pub fn location(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let [http, https] = [Scheme::Http, Scheme::Https].map(|from| (from, led(text, from)));
    let is_named = text.contains("http://") || text.contains("https://");
    for (from, to) in [&http, &https] {
        let Some(to) = to else { continue };
        assert!(is_named || to.scheme() == *from, "{text:?} leads from {from:?} to {to}");
        assert!(to.port() > 0 && !to.host().is_empty());
    }
    let place = |to: &Option<Endpoint>| to.as_ref().map(|to| (to.host().to_owned(), to.port()));
    assert_eq!(place(&http.1), place(&https.1), "the scheme does not change the place");
}

/// Where it leads from a master with that scheme.
fn led(text: &str, from: Scheme) -> Option<Endpoint> {
    match Endpoint::from_location(text, from) {
        Ok(to) => {
            // It becomes the header Host.
            let printed = to.to_string();
            assert!(printed.chars().all(|c| c.is_ascii_graphic()), "{printed:?}");
            assert_eq!(printed.parse().as_ref(), Ok(&to));
            Some(to)
        }
        Err(error) => {
            assert!(error.to_string().contains(text), "{error}");
            None
        }
    }
}
