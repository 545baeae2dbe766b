//! The body of a subscription's answer: events as they come, and heartbeats in between.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::{Instant, Interval, interval_at};

use crate::refusal::Body;
use crate::world::Stream;

/// What happens when nobody reads the stream any more.
type Goodbye = Box<dyn FnOnce() + Send>;

/// Makes both ends of a stream.
pub(crate) fn open(
    every: Duration,
    heartbeat: Bytes,
    goodbye: impl FnOnce() + Send + 'static,
) -> (Stream, Body) {
    let (stream, records) = mpsc::unbounded_channel();
    let beats = interval_at(Instant::now() + every, every);
    let events = Events { records, beats, heartbeat, goodbye: Some(Box::new(goodbye)) };
    (stream, events.boxed_unsync())
}

struct Events {
    records: UnboundedReceiver<Bytes>,
    beats: Interval,
    heartbeat: Bytes,
    goodbye: Option<Goodbye>,
}

impl HttpBody for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if let Poll::Ready(record) = this.records.poll_recv(context) {
            return Poll::Ready(record.map(|record| Ok(Frame::data(record))));
        }
        match this.beats.poll_tick(context) {
            Poll::Ready(_) => Poll::Ready(Some(Ok(Frame::data(this.heartbeat.clone())))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if let Some(goodbye) = self.goodbye.take() {
            goodbye();
        }
    }
}
