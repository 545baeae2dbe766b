//! An open subscription, and the calls that belong to it.

use std::{net::SocketAddr, sync::Arc};

use hyper::{Method, header::HeaderValue};
use prost::Message;

use super::{Call, Event, client::PATH};
use crate::{
    endpoint::Endpoint,
    error::{CallError, StreamError},
    http::{Dial, Line, Question},
    masters::Reign,
    proto::FrameworkId,
    stream::EventStream,
};

/// A framework's event stream. Dropping it closes the connection, and the master then takes the
/// framework for disconnected.
#[derive(Debug)]
pub struct Subscription {
    /// The master that answered, so the leading one.
    pub master: Endpoint,
    /// Our end of the connection: an address of ours that this master's network can name.
    pub local_addr: SocketAddr,
    /// The stream's ID, which each call carries.
    pub stream_id: String,
    /// The framework's ID: what the master answered, or, where it answered an ERROR, what we sent.
    pub framework_id: Option<FrameworkId>,
    stream: EventStream,
    first: Option<Event>,
    calls: Calls,
    reign: Reign,
}

/// What a subscription gives to its calls.
#[derive(Debug)]
pub(super) struct Ours {
    pub(super) framework_id: Option<FrameworkId>,
    pub(super) stream_id: HeaderValue,
    pub(super) authorization: Option<HeaderValue>,
    pub(super) dial: Dial,
}

impl Subscription {
    pub(super) fn new(stream: EventStream, first: Event, ours: Ours) -> Self {
        let master = stream.target().endpoint.clone();
        let line = Line::new(master.clone(), ours.dial.clone());
        Self {
            local_addr: stream.connection().local_addr,
            stream_id: String::from_utf8_lossy(ours.stream_id.as_bytes()).into_owned(),
            framework_id: ours.framework_id.clone(),
            calls: Calls { shared: Arc::new(Shared { line, ours }) },
            first: Some(first),
            master,
            stream,
            reign: Reign::default(),
        }
    }

    /// The subscription ends when the master's time does.
    pub(super) fn end_with(&mut self, reign: Reign) {
        self.reign = reign;
    }

    /// The next event; the first one is SUBSCRIBED or ERROR.
    ///
    /// Safe to cancel, so that it can stand in `tokio::select!`: nothing is lost.
    ///
    /// # Errors
    ///
    /// The stream is over: closed, broken, unreadable, without heartbeats, or of a master that leads no
    /// longer. Subscribe again.
    pub async fn next(&mut self) -> Result<Event, CallError> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        let record = tokio::select! {
            biased;
            by = self.reign.end() => return Err(self.stream.over(StreamError::Deposed(by.endpoint))),
            record = self.stream.next_record() => record?,
        };
        Event::decode(record).map_err(|source| self.stream.over(source))
    }

    /// The calls of this subscription; they stop working when another one takes over.
    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }
}

/// Sends the calls of one subscription. Clones share one connection.
#[derive(Clone, Debug)]
pub struct Calls {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    line: Line,
    ours: Ours,
}

impl Calls {
    /// Sends a call, with framework ID and stream ID. Accepted is not done: what comes of a call
    /// is seen in events.
    ///
    /// Calls go out one after the other, in the order in which their futures were first polled. None is
    /// ever sent twice.
    ///
    /// # Errors
    ///
    /// See [`CallError`]; after `Timeout` and `Broken` it is unknown whether the master has it.
    pub async fn send(&self, mut call: Call) -> Result<(), CallError> {
        let ours = &self.shared.ours;
        call.framework_id.clone_from(&ours.framework_id);
        let question = Question {
            call: call.name(),
            method: Method::POST,
            path: PATH.to_owned(),
            authorization: ours.authorization.clone(),
            stream_id: Some(ours.stream_id.clone()),
            body: call.encode_to_vec().into(),
        };
        self.shared.line.call(&question).await
    }
}
