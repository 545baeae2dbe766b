//! Why a request is not done: the status and the words.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

/// The body of any answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

/// A request that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) words: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, words: impl Into<String>) -> Refusal {
        Refusal { status, words: words.into() }
    }

    pub(crate) fn bad(words: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, words)
    }

    /// It is Mesos's, and not here.
    pub(crate) fn not_modelled(what: &str) -> Refusal {
        let words = format!(
            "{what}: genuine Mesos can, and --master=local does not model it; nothing was done"
        );
        Refusal::new(StatusCode::NOT_IMPLEMENTED, words)
    }

    pub(crate) fn answer(self) -> Response<Body> {
        let is_method = self.status == StatusCode::METHOD_NOT_ALLOWED;
        let mut answer = text(self.status, self.words);
        if is_method {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        answer
    }
}

pub(crate) fn text(status: StatusCode, words: String) -> Response<Body> {
    let mut answer = Response::new(whole(words));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

pub(crate) fn json(value: &serde_json::Value) -> Response<Body> {
    let mut answer = Response::new(whole(value.to_string()));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

pub(crate) fn accepted() -> Response<Body> {
    empty(StatusCode::ACCEPTED)
}

pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(whole(String::new()));
    *answer.status_mut() = status;
    answer
}

fn whole(text: String) -> Body {
    Full::new(Bytes::from(text)).boxed_unsync()
}
