//! RecordIO, the framing of Mesos's event streams: a length in decimal digits, a line feed, and then
//! that many bytes (Mesos `docs/scheduler-http-api.md`, "RecordIO response format").
//!
//! A record may hold line feeds and may arrive split at any byte, so nothing here reads lines.

use bytes::{Buf, Bytes, BytesMut};

/// The bound on a record that the clients of this crate use: 64 MiB.
pub const RECORD_BYTES_MAX: usize = 64 << 20;

/// No length that fits into 64 bits has more digits.
const LENGTH_DIGITS_MAX: usize = 20;

/// What made a stream unreadable. The place of the next record is then unknown, so that only a new
/// stream helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordIoError {
    /// Something other than a digit stands where a length should.
    #[error("the byte {0:#04x} stands where the length of a record should")]
    NotADigit(u8),
    /// A length without digits.
    #[error("a record has an empty length")]
    EmptyLength,
    /// More digits than any length has.
    #[error("the length of a record has more than {LENGTH_DIGITS_MAX} digits")]
    LengthTooLong,
    /// More bytes than the decoder accepts.
    #[error("a record of {length} bytes is above the bound of {record_max}")]
    RecordTooLong {
        /// What the stream announced; 64 bits at most are shown.
        length: u64,
        /// The bound.
        record_max: usize,
    },
}

/// Cuts a stream of bytes into records.
///
/// Memory is taken for bytes that came, never for bytes that were announced.
#[derive(Debug)]
pub struct Decoder {
    record_max: usize,
    buffer: BytesMut,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// That many digits of a length were read and found good.
    Length {
        digits: usize,
    },
    Record {
        length: usize,
    },
    Failed(RecordIoError),
}

impl Decoder {
    /// A decoder that refuses records of more than `record_max` bytes.
    pub fn new(record_max: usize) -> Self {
        Self { record_max, buffer: BytesMut::new(), state: State::Length { digits: 0 } }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next whole record, or none while bytes are missing.
    ///
    /// # Errors
    ///
    /// A malformed length, or one above the bound; once failed, the same error for ever.
    pub fn next_record(&mut self) -> Result<Option<Bytes>, RecordIoError> {
        let step = match self.state {
            State::Failed(error) => Err(error),
            State::Length { digits } => self.read_length(digits),
            State::Record { length } => Ok(Some(length)),
        };
        match step {
            Ok(Some(length)) => Ok(self.read_record(length)),
            Ok(None) => Ok(None),
            Err(error) => {
                self.state = State::Failed(error);
                Err(error)
            }
        }
    }

    /// Whether the stream may end here: no record has begun.
    pub fn is_between_records(&self) -> bool {
        self.buffer.is_empty() && matches!(self.state, State::Length { .. })
    }

    fn read_length(&mut self, mut digits: usize) -> Result<Option<usize>, RecordIoError> {
        while let Some(&byte) = self.buffer.get(digits) {
            match byte {
                b'\n' => return self.finish_length(digits).map(Some),
                b'0'..=b'9' if digits == LENGTH_DIGITS_MAX => {
                    return Err(RecordIoError::LengthTooLong);
                }
                b'0'..=b'9' => digits += 1,
                other => return Err(RecordIoError::NotADigit(other)),
            }
        }
        self.state = State::Length { digits };
        Ok(None)
    }

    fn finish_length(&mut self, digits: usize) -> Result<usize, RecordIoError> {
        if digits == 0 {
            return Err(RecordIoError::EmptyLength);
        }
        let length = self.buffer[..digits]
            .iter()
            .fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add((digit - b'0').into()));
        self.buffer.advance(digits + 1);
        match usize::try_from(length) {
            Ok(length) if length <= self.record_max => {
                self.state = State::Record { length };
                Ok(length)
            }
            _ => Err(RecordIoError::RecordTooLong { length, record_max: self.record_max }),
        }
    }

    fn read_record(&mut self, length: usize) -> Option<Bytes> {
        if self.buffer.len() < length {
            return None;
        }
        self.state = State::Length { digits: 0 };
        Some(self.buffer.split_to(length).freeze())
    }
}

/// One record, framed.
pub fn encode(record: &[u8]) -> Vec<u8> {
    let mut framed = record.len().to_string().into_bytes();
    framed.push(b'\n');
    framed.extend_from_slice(record);
    framed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn drain(decoder: &mut Decoder) -> Result<Vec<Bytes>, RecordIoError> {
        std::iter::from_fn(|| decoder.next_record().transpose()).collect()
    }

    fn fail(stream: &[u8]) -> RecordIoError {
        let mut decoder = Decoder::new(1000);
        decoder.push(stream);
        let error = drain(&mut decoder).unwrap_err();
        decoder.push(b"1\nx");
        assert_eq!(decoder.next_record(), Err(error), "a failed decoder stays failed");
        error
    }

    #[test]
    fn records_split_at_every_byte() {
        let stream: Vec<u8> =
            [&b"12"[..], b"", b"\n7\n", &[0xff; 300]].iter().flat_map(|r| encode(r)).collect();
        for at in 0..=stream.len() {
            let mut decoder = Decoder::new(1000);
            decoder.push(&stream[..at]);
            let mut records = drain(&mut decoder).unwrap();
            decoder.push(&stream[at..]);
            records.extend(drain(&mut decoder).unwrap());
            assert_eq!(records, [&b"12"[..], b"", b"\n7\n", &[0xff; 300]], "split at {at}");
            assert!(decoder.is_between_records());
        }
    }

    #[test]
    fn absurd_lengths_are_refused_before_their_bytes_come() {
        assert_eq!(fail(b"12a"), RecordIoError::NotADigit(b'a'));
        assert_eq!(fail(b"-1\n"), RecordIoError::NotADigit(b'-'));
        assert_eq!(fail(b" 1\n"), RecordIoError::NotADigit(b' '));
        assert_eq!(fail(b"1\r\n"), RecordIoError::NotADigit(b'\r'));
        assert_eq!(fail(b"{\"type\":"), RecordIoError::NotADigit(b'{'));
        assert_eq!(fail(b"\n"), RecordIoError::EmptyLength);
        assert_eq!(fail(b"000000000000000000001"), RecordIoError::LengthTooLong);
        let record_max = 1000;
        for (text, length) in [
            (&b"1001\n"[..], 1001),
            (b"18446744073709551615\n", u64::MAX),
            (b"99999999999999999999\n", u64::MAX),
        ] {
            assert_eq!(fail(text), RecordIoError::RecordTooLong { length, record_max });
        }
    }

    #[test]
    fn the_bound_itself_is_allowed() {
        let mut decoder = Decoder::new(3);
        decoder.push(b"00000000000000000003\nabc2");
        assert_eq!(decoder.next_record(), Ok(Some(Bytes::from_static(b"abc"))));
        assert_eq!(decoder.next_record(), Ok(None));
        assert!(!decoder.is_between_records(), "a length has begun");
    }

    #[test]
    fn an_announced_record_takes_no_memory() {
        let mut decoder = Decoder::new(usize::MAX);
        decoder.push(b"1000000000000\nabc");
        assert_eq!(decoder.next_record(), Ok(None));
        assert!(decoder.buffer.capacity() < 1000);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_records(
            records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..8),
            sizes in prop::collection::vec(1_usize..40, 1..20),
        ) {
            let stream: Vec<u8> = records.iter().flat_map(|record| encode(record)).collect();
            let mut decoder = Decoder::new(80);
            let mut rest = &stream[..];
            let mut seen = Vec::new();
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, after) = rest.split_at((*size).min(rest.len()));
                decoder.push(chunk);
                seen.extend(drain(&mut decoder).unwrap());
                rest = after;
            }
            prop_assert_eq!(seen, records);
            prop_assert!(decoder.is_between_records());
        }

        #[test]
        fn any_bytes_are_read_or_refused(stream in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut decoder = Decoder::new(50);
            decoder.push(&stream);
            let _ = drain(&mut decoder);
        }
    }
}
