//! Takes a part of a resource: everything else about it stays as it came, byte for byte.

use bytes::{Buf, BufMut, Bytes};
use prost::{
    DecodeError, Message,
    encoding::{DecodeContext, decode_key, message::encode, skip_field},
};

use super::{ResourceView, message, thousandths};
use crate::proto::Scalar;

/// `mesos.v1.Resource.scalar`.
const SCALAR: u32 = 3;
/// `mesos.v1.Resource.ranges`.
const RANGES: u32 = 4;

/// Why a part can't be taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TakeError {
    /// The bytes are not a resource.
    #[error("the bytes are not a resource")]
    Malformed(#[from] DecodeError),
    /// The resource is of another kind.
    #[error("the resource `{name}` has no {wanted}")]
    OtherKind {
        /// Its name.
        name: String,
        /// What was to be taken.
        wanted: &'static str,
    },
    /// Not an amount that can be taken: not finite, or below a thousandth.
    #[error("{amount} is not an amount of `{name}`")]
    Amount {
        /// The resource's name.
        name: String,
        /// What was asked for.
        amount: f64,
    },
    /// More than there is.
    #[error("{wanted} of `{name}` were asked for, and there are {available}")]
    NotEnough {
        /// The resource's name.
        name: String,
        /// What was asked for.
        wanted: f64,
        /// What there is.
        available: f64,
    },
    /// A range that is reversed, that overlaps another one, or that is not in the resource.
    #[error("{begin} to {end} can't be taken from the ranges of `{name}`")]
    Range {
        /// The resource's name.
        name: String,
        /// Its first number.
        begin: u64,
        /// Its last number.
        end: u64,
    },
}

/// The same resource, but only so much of it. Amounts count in thousandths, as in Mesos.
///
/// # Errors
///
/// The resource is not a number, or has less.
pub fn take_scalar(raw: &Bytes, amount: f64) -> Result<Bytes, TakeError> {
    let view = ResourceView::of(raw)?;
    let name = view.name;
    let Some(available) = view.scalar else {
        return Err(TakeError::OtherKind { name, wanted: "scalar" });
    };
    let (wanted, available) = (thousandths(amount), thousandths(available.value));
    if !wanted.is_finite() || wanted <= 0.0 {
        return Err(TakeError::Amount { name, amount });
    }
    // What is no number holds nothing.
    if available.is_nan() || wanted > available {
        return Err(TakeError::NotEnough { name, wanted, available });
    }
    with_amount(raw, SCALAR, &Scalar { value: wanted })
}

/// The same resource, but only these ranges of it, both ends included.
///
/// # Errors
///
/// The resource is not ranges, or one of the wanted ranges is not within one of its own, or two of
/// them overlap.
pub fn take_ranges(raw: &Bytes, wanted: &[(u64, u64)]) -> Result<Bytes, TakeError> {
    let view = ResourceView::of(raw)?;
    if view.ranges.is_none() {
        return Err(TakeError::OtherKind { name: view.name, wanted: "ranges" });
    }
    let available = coalesced(view.range_pairs());
    for (at, &(begin, end)) in wanted.iter().enumerate() {
        let is_there = available.iter().any(|&(first, last)| first <= begin && end <= last);
        let overlaps = wanted[..at].iter().any(|&(first, last)| first <= end && begin <= last);
        if begin > end || !is_there || overlaps {
            return Err(TakeError::Range { name: view.name, begin, end });
        }
    }
    with_amount(raw, RANGES, &message(wanted))
}

/// Mesos does not promise that adjacent ranges come as one.
fn coalesced(mut ranges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    ranges.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
    for (begin, end) in ranges {
        match joined.last_mut() {
            Some((_, last)) if begin <= last.saturating_add(1) => *last = end.max(*last),
            _ => joined.push((begin, end)),
        }
    }
    joined
}

/// A later occurrence of a message is merged with an earlier one, so that ranges would add up: the old
/// amount has to go before the new one comes.
fn with_amount<M: Message>(raw: &Bytes, field: u32, amount: &M) -> Result<Bytes, TakeError> {
    let mut resource = without_amounts(raw)?;
    encode(field, amount, &mut resource);
    Ok(resource.into())
}

fn without_amounts(raw: &Bytes) -> Result<Vec<u8>, DecodeError> {
    let mut kept = Vec::with_capacity(raw.len());
    let mut rest = raw.clone();
    while rest.has_remaining() {
        let field = rest.clone();
        let (number, wire_type) = decode_key(&mut rest)?;
        skip_field(wire_type, number, &mut rest, DecodeContext::default())?;
        if number != SCALAR && number != RANGES {
            kept.put_slice(&field[..field.len() - rest.len()]);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use prost::encoding::{WireType, encode_key, encode_varint};

    use super::*;
    use crate::resource::{ReservationInfo, ranges, scalar};

    /// A resource with fields that neither we nor Mesos 1.11 know, before and after the amount.
    fn with_unknown(amount: &Bytes, unknown: &[(u32, Unknown)], at: usize) -> Bytes {
        let mut raw = Vec::new();
        let at = at.min(unknown.len());
        unknown[..at].iter().for_each(|field| field.1.encode(field.0, &mut raw));
        raw.put_slice(amount);
        unknown[at..].iter().for_each(|field| field.1.encode(field.0, &mut raw));
        raw.into()
    }

    #[derive(Clone, Debug)]
    enum Unknown {
        Varint(u64),
        Fixed64(u64),
        Fixed32(u32),
        Bytes(Vec<u8>),
    }

    impl Unknown {
        fn encode(&self, number: u32, out: &mut Vec<u8>) {
            match self {
                Self::Varint(value) => {
                    encode_key(number, WireType::Varint, out);
                    encode_varint(*value, out);
                }
                Self::Fixed64(value) => {
                    encode_key(number, WireType::SixtyFourBit, out);
                    out.put_u64_le(*value);
                }
                Self::Fixed32(value) => {
                    encode_key(number, WireType::ThirtyTwoBit, out);
                    out.put_u32_le(*value);
                }
                Self::Bytes(value) => {
                    encode_key(number, WireType::LengthDelimited, out);
                    encode_varint(value.len() as u64, out);
                    out.put_slice(value);
                }
            }
        }
    }

    fn unknown_fields() -> impl Strategy<Value = Vec<(u32, Unknown)>> {
        let value = prop_oneof![
            any::<u64>().prop_map(Unknown::Varint),
            any::<u64>().prop_map(Unknown::Fixed64),
            any::<u32>().prop_map(Unknown::Fixed32),
            prop::collection::vec(any::<u8>(), 0..20).prop_map(Unknown::Bytes),
        ];
        prop::collection::vec((14_u32..5000, value), 0..6)
    }

    proptest! {
        #[test]
        fn what_is_unknown_survives_and_the_amount_is_the_wanted_one(
            unknown in unknown_fields(), at in 0_usize..6, have in 1_u32..100_000, want in 1_u32..100_000,
        ) {
            let (have, want) = (f64::from(have.max(want)) / 1000.0, f64::from(want) / 1000.0);
            let raw = with_unknown(&scalar("cpus", have, Some("etcd")), &unknown, at);
            let taken = take_scalar(&raw, want).unwrap();
            let view = ResourceView::of(&taken).unwrap();
            prop_assert_eq!(view.scalar, Some(Scalar { value: want }));
            let rest = ResourceView { scalar: None, ..ResourceView::of(&raw).unwrap() };
            prop_assert_eq!(&ResourceView { scalar: None, ..view }, &rest);
            prop_assert_eq!(without_amounts(&taken).unwrap(), without_amounts(&raw).unwrap());
            let fields = with_unknown(&Bytes::new(), &unknown, 0).len();
            let known = without_amounts(&scalar("cpus", have, Some("etcd"))).unwrap().len();
            prop_assert_eq!(without_amounts(&taken).unwrap().len(), fields + known);
        }

        #[test]
        fn ranges_are_replaced_and_not_added(
            unknown in unknown_fields(), at in 0_usize..6, begin in 0_u64..1000, length in 0_u64..1000,
            first in 0_u64..1000, last in 0_u64..1000,
        ) {
            let raw = with_unknown(&ranges("ports", &[(begin, begin + length)], None), &unknown, at);
            let (first, last) = (begin + first % (length + 1), begin + last % (length + 1));
            let (first, last) = (first.min(last), first.max(last));
            let taken = take_ranges(&raw, &[(first, last)]).unwrap();
            prop_assert_eq!(ResourceView::of(&taken).unwrap().range_pairs(), [(first, last)]);
            prop_assert_eq!(without_amounts(&taken).unwrap(), without_amounts(&raw).unwrap());
        }

        #[test]
        fn any_bytes_are_taken_or_refused(raw in prop::collection::vec(any::<u8>(), 0..100)) {
            let raw = Bytes::from(raw);
            let _ = take_scalar(&raw, 1.0);
            let _ = take_ranges(&raw, &[(1, 2)]);
        }
    }

    #[test]
    fn reservations_survive() {
        let reservation = ReservationInfo { role: Some("etcd".into()), ..Default::default() };
        let view = ResourceView {
            reservations: vec![reservation],
            ..ResourceView::of(&scalar("mem", 1024.0, None)).unwrap()
        };
        let taken = take_scalar(&view.encode_to_vec().into(), 256.0).unwrap();
        let taken = ResourceView::of(&taken).unwrap();
        assert_eq!(taken.reserved_role(), Some("etcd"));
        assert_eq!(taken.scalar, Some(Scalar { value: 256.0 }));
    }

    #[test]
    fn amounts_are_thousandths() {
        let raw = scalar("cpus", 0.3, None);
        let taken = take_scalar(&raw, 0.1 + 0.2).unwrap();
        assert_eq!(ResourceView::of(&taken).unwrap().scalar, Some(Scalar { value: 0.3 }));
        for amount in [0.0, 0.0004, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(take_scalar(&raw, amount), Err(TakeError::Amount { .. })), "{amount}");
        }
        assert!(matches!(take_scalar(&raw, 0.301), Err(TakeError::NotEnough { .. })));
        let nothing = take_scalar(&scalar("cpus", f64::NAN, None), 0.1);
        assert!(matches!(nothing, Err(TakeError::NotEnough { .. })));
        assert!(matches!(take_ranges(&raw, &[]), Err(TakeError::OtherKind { .. })));
    }

    #[test]
    fn ranges_have_to_be_there() {
        let raw = ranges("ports", &[(20, 29), (1, 5), (6, 9), (40, u64::MAX)], None);
        let take = |wanted: &[(u64, u64)]| take_ranges(&raw, wanted);
        assert!(take(&[(4, 7), (20, 20), (u64::MAX, u64::MAX)]).is_ok(), "adjacent ranges are one");
        for wanted in [&[(0, 1)][..], &[(9, 20)], &[(7, 6)], &[(1, 3), (3, 4)], &[(30, 30)]] {
            assert!(matches!(take(wanted), Err(TakeError::Range { .. })), "{wanted:?}");
        }
        assert!(matches!(take_scalar(&raw, 1.0), Err(TakeError::OtherKind { .. })));
    }
}
