//! What both APIs ask of a request, in the order in which Mesos asks it.

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::{HeaderMap, Method, Request, StatusCode};
use prost::Message;

use crate::hear::NO_CALL;
use crate::refusal::Refusal;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";
/// The largest body that is taken; Mesos has no bound.
const BODY_BYTES_MAX: usize = 16 << 20;

/// Reads a call out of a request.
pub(crate) async fn read_call<C: Message + Default>(
    request: Request<Incoming>,
) -> Result<(C, HeaderMap), Refusal> {
    if request.method() != Method::POST {
        let words = format!(
            "405 Method Not Allowed. Expecting one of {{ 'POST' }}, but received '{}'.",
            request.method()
        );
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, words));
    }
    let (head, body) = request.into_parts();
    let kind = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    check_content_type(kind)?;
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let body: Bytes =
        body.map_err(|_| Refusal::bad("the body is too long, or broke off"))?.to_bytes();
    let call = C::decode(body).map_err(|_| Refusal::bad(NO_CALL))?;
    Ok((call, head.headers))
}

fn check_content_type(kind: Option<&str>) -> Result<(), Refusal> {
    match kind {
        Some(PROTOBUF) => Ok(()),
        Some(JSON) => Err(Refusal::not_modelled("JSON in place of application/x-protobuf")),
        None => Err(Refusal::bad("Expecting 'Content-Type' to be present")),
        Some(_) => {
            let words = format!("Expecting 'Content-Type' of {JSON} or {PROTOBUF}");
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, words))
        }
    }
}

/// A subscription's answer is protobuf; who asks for something else alone gets nothing.
pub(crate) fn check_accept(headers: &HeaderMap) -> Result<(), Refusal> {
    let asked = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let has = |kind: &str| asked.is_some_and(|asked| asked.contains(kind));
    if asked.is_none() || has(PROTOBUF) || has("*/*") || has("application/*") {
        return Ok(());
    }
    if has(JSON) {
        return Err(Refusal::not_modelled("JSON in place of application/x-protobuf"));
    }
    let words = format!("Expecting 'Accept' to allow '{PROTOBUF}' or '{JSON}'");
    Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, words))
}
