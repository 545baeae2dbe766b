//! An event stream: the body of a subscription's answer, cut into records, watched for silence.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming};
use tokio::time::{Instant, timeout};

use crate::{
    error::{CallError, StreamError, Target},
    http::{Answer, Connection, boxed},
    recordio::Decoder,
};

/// An open event stream; dropping it closes its connection.
#[derive(Debug)]
pub(crate) struct EventStream {
    target: Target,
    connection: Connection,
    body: Incoming,
    decoder: Decoder,
    silence: Silence,
}

impl EventStream {
    pub(crate) fn new(answer: Answer, record_max: usize) -> Self {
        let Answer { target, connection, response } = answer;
        let (body, decoder) = (response.into_body(), Decoder::new(record_max));
        Self { target, connection, body, decoder, silence: Silence::default() }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// From now on so much silence is the end of the stream.
    pub(crate) fn watch(&mut self, silence_max: Duration) {
        self.silence = Silence { max: Some(silence_max), heard: Duration::ZERO };
    }

    /// The next record. Safe to cancel: what was read stays.
    pub(crate) async fn next_record(&mut self) -> Result<Bytes, CallError> {
        loop {
            match self.decoder.next_record() {
                Ok(Some(record)) => return Ok(record),
                Ok(None) => self.read().await.map_err(|source| self.over(source))?,
                Err(error) => return Err(self.over(error.into())),
            }
        }
    }

    /// Says why the stream is over.
    pub(crate) fn over(&self, source: StreamError) -> CallError {
        CallError::Stream { at: self.target.clone(), source }
    }

    async fn read(&mut self) -> Result<(), StreamError> {
        match self.silence.bound(self.body.frame()).await? {
            Some(Ok(frame)) => self.take(frame),
            Some(Err(error)) => return Err(StreamError::Broken(boxed(error))),
            None if self.decoder.is_between_records() => return Err(StreamError::Closed),
            None => return Err(StreamError::Truncated),
        }
        Ok(())
    }

    fn take(&mut self, frame: Frame<Bytes>) {
        if let Some(data) = frame.data_ref() {
            self.decoder.push(data);
        }
    }
}

/// Counts the time for which we listened and heard nothing.
///
/// It counts listening only: a caller that was busy for a minute did not give the master a chance to be
/// heard. And it counts on when the caller cancels and listens again, as `select!` does.
#[derive(Debug, Default)]
struct Silence {
    max: Option<Duration>,
    heard: Duration,
}

impl Silence {
    async fn bound<T>(&mut self, sound: impl Future<Output = T>) -> Result<T, StreamError> {
        let Some(max) = self.max else {
            return Ok(sound.await);
        };
        let left = max.saturating_sub(self.heard);
        let listening = Listening { since: Instant::now(), silence: &mut self.heard };
        let heard = timeout(left, sound).await;
        drop(listening);
        let heard = heard.map_err(|_| StreamError::HeartbeatsMissing(max))?;
        self.heard = Duration::ZERO;
        Ok(heard)
    }
}

struct Listening<'a> {
    since: Instant,
    silence: &'a mut Duration,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        *self.silence += self.since.elapsed();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::future::{pending, ready};

    use tokio::time::sleep;

    use super::*;

    const LOOK: Duration = Duration::from_millis(10);

    fn silence(max: Duration) -> Silence {
        Silence { max: Some(max), heard: Duration::ZERO }
    }

    #[tokio::test]
    async fn cancelled_looks_add_up_and_absence_does_not() {
        let mut silence = silence(Duration::from_secs(3600));
        for looks in 1..4 {
            timeout(LOOK, silence.bound(pending::<()>())).await.unwrap_err();
            assert!(silence.heard >= LOOK * looks);
        }
        let before = silence.heard;
        sleep(LOOK).await;
        assert_eq!(silence.heard, before);
        silence.bound(ready(())).await.unwrap();
        assert_eq!(silence.heard, Duration::ZERO, "a sound begins the count again");
    }

    #[tokio::test]
    async fn what_is_there_is_heard_although_the_time_is_up() {
        let mut silence = silence(LOOK);
        silence.heard = LOOK;
        silence.bound(ready(())).await.unwrap();
        let missing = silence.bound(pending::<()>()).await.unwrap_err();
        assert!(matches!(missing, StreamError::HeartbeatsMissing(LOOK)));
    }
}
