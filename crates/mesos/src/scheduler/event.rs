//! What the master says, one variant a kind.

use bytes::Bytes;
use prost::Message;

use crate::{
    error::StreamError,
    proto::{
        InverseOffer, Offer, OfferId, TaskStatus,
        scheduler::{self as wire, event},
    },
};

/// An event of the scheduler's stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The first one: the framework is subscribed.
    Subscribed(Box<event::Subscribed>),
    /// New offers.
    Offers(Vec<Offer>),
    /// The question whether resources may be taken away.
    InverseOffers(Vec<InverseOffer>),
    /// An offer is no longer valid.
    Rescind(OfferId),
    /// An inverse offer is no longer valid.
    RescindInverseOffer(OfferId),
    /// A task has a new state. Acknowledge it once it is stored.
    Update(Box<TaskStatus>),
    /// An operation has a new state; an opaque `OperationStatus`.
    UpdateOperationStatus(Bytes),
    /// An executor says something.
    Message(event::Message),
    /// An agent was removed, or an executor ended. Not reliable: reconcile.
    Failure(event::Failure),
    /// The subscription is over, for example because the framework was removed, or because another
    /// scheduler took it over ("Framework failed over").
    Error(String),
    /// The master is there.
    Heartbeat,
    /// Of a type that this crate doesn't know.
    Other(i32),
}

impl Event {
    /// Reads one record. What prost leaves empty because the record lacks it is refused where a
    /// scheduler would act on it.
    ///
    /// # Errors
    ///
    /// The record is no event, or lacks what its type needs.
    pub fn decode(record: Bytes) -> Result<Self, StreamError> {
        let wire = wire::Event::decode(record)?;
        let number = wire.r#type.unwrap_or_default();
        let Ok(kind) = event::Type::try_from(number) else {
            return Ok(Self::Other(number));
        };
        let event = kind.as_str_name();
        let lacks = |missing| StreamError::Incomplete { event, missing };
        let part = || lacks("part of its own");
        let event = match kind {
            event::Type::Unknown => Self::Other(number),
            event::Type::Subscribed => {
                Self::Subscribed(Box::new(wire.subscribed.ok_or_else(part)?))
            }
            event::Type::Offers => Self::Offers(wire.offers.ok_or_else(part)?.offers),
            event::Type::InverseOffers => {
                Self::InverseOffers(wire.inverse_offers.ok_or_else(part)?.inverse_offers)
            }
            event::Type::Rescind => Self::Rescind(wire.rescind.ok_or_else(part)?.offer_id),
            event::Type::RescindInverseOffer => Self::RescindInverseOffer(
                wire.rescind_inverse_offer.ok_or_else(part)?.inverse_offer_id,
            ),
            event::Type::Update => Self::Update(Box::new(wire.update.ok_or_else(part)?.status)),
            event::Type::UpdateOperationStatus => {
                Self::UpdateOperationStatus(wire.update_operation_status.ok_or_else(part)?)
            }
            event::Type::Message => Self::Message(wire.message.ok_or_else(part)?),
            event::Type::Failure => Self::Failure(wire.failure.ok_or_else(part)?),
            event::Type::Error => Self::Error(wire.error.ok_or_else(part)?.message),
            event::Type::Heartbeat => Self::Heartbeat,
        };
        event.checked(lacks)
    }

    /// Its type's number on the wire.
    pub fn number(&self) -> i32 {
        match self {
            Self::Subscribed(_) => event::Type::Subscribed.into(),
            Self::Offers(_) => event::Type::Offers.into(),
            Self::InverseOffers(_) => event::Type::InverseOffers.into(),
            Self::Rescind(_) => event::Type::Rescind.into(),
            Self::RescindInverseOffer(_) => event::Type::RescindInverseOffer.into(),
            Self::Update(_) => event::Type::Update.into(),
            Self::UpdateOperationStatus(_) => event::Type::UpdateOperationStatus.into(),
            Self::Message(_) => event::Type::Message.into(),
            Self::Failure(_) => event::Type::Failure.into(),
            Self::Error(_) => event::Type::Error.into(),
            Self::Heartbeat => event::Type::Heartbeat.into(),
            Self::Other(number) => *number,
        }
    }

    fn checked(self, lacks: impl Fn(&'static str) -> StreamError) -> Result<Self, StreamError> {
        let missing = match &self {
            Self::Subscribed(subscribed) if subscribed.framework_id.value.is_empty() => {
                "framework ID"
            }
            Self::Offers(offers) if offers.iter().any(|offer| offer.id.value.is_empty()) => {
                "offer ID"
            }
            Self::Offers(offers) if offers.iter().any(|offer| offer.agent_id.value.is_empty()) => {
                "agent ID"
            }
            Self::Rescind(offer) | Self::RescindInverseOffer(offer) if offer.value.is_empty() => {
                "offer ID"
            }
            Self::Update(status) if status.task_id.value.is_empty() => "task ID",
            _ => return Ok(self),
        };
        Err(lacks(missing))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn decode(event: &wire::Event) -> Result<Event, StreamError> {
        Event::decode(event.encode_to_vec().into())
    }

    fn of(kind: i32) -> wire::Event {
        wire::Event { r#type: Some(kind), ..wire::Event::default() }
    }

    #[test]
    fn a_type_that_is_not_known_is_carried() {
        assert_eq!(decode(&of(99)).unwrap(), Event::Other(99));
        assert_eq!(decode(&of(0)).unwrap(), Event::Other(0));
        assert_eq!(decode(&of(8)).unwrap(), Event::Heartbeat);
    }

    #[test]
    fn every_event_but_a_heartbeat_needs_its_part() {
        for kind in [1, 2, 9, 3, 10, 4, 11, 5, 6, 7] {
            let error = decode(&of(kind)).unwrap_err();
            assert!(matches!(error, StreamError::Incomplete { .. }), "{kind}: {error}");
        }
    }

    #[test]
    fn an_update_without_a_task_is_refused() {
        let update = Some(event::Update { status: TaskStatus::default() });
        let error = decode(&wire::Event { update, ..of(4) }).unwrap_err();
        assert_eq!(error.to_string(), "an event UPDATE has no task ID");
    }

    #[test]
    fn an_offer_without_an_agent_is_refused() {
        let offer = Offer { id: "o".into(), ..Offer::default() };
        let offers = Some(event::Offers { offers: vec![offer] });
        let error = decode(&wire::Event { offers, ..of(2) }).unwrap_err();
        assert_eq!(error.to_string(), "an event OFFERS has no agent ID");
    }
}
