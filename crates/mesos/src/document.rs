//! A document of the operator API, which may be longer than memory: it is read piece by piece.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::{
    error::{CallError, Target},
    http::{Answer, Connection, lost},
};

/// An answer whose body is read piece by piece; dropping it closes its connection, and with that ends what the
/// other side still sends.
///
/// There is no deadline here: how slowly a body may come is the caller's to say, for each piece.
#[derive(Debug)]
pub struct Document {
    target: Target,
    body: Incoming,
    /// The body comes over it.
    _connection: Connection,
}

impl Document {
    pub(crate) fn new(answer: Answer) -> Self {
        let Answer { target, connection, response } = answer;
        Self { target, body: response.into_body(), _connection: connection }
    }

    /// What was asked of whom; after redirections of whom it led to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The next piece, in whatever size it came; none after the last one. Safe to cancel.
    ///
    /// # Errors
    ///
    /// The connection broke before the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| lost(&self.target, error))?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}
