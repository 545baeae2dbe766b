//! One HTTP/1.1 connection at a time, with deadlines, redirections and statuses.
//!
//! There is no pool, because Mesos needs to know its connections: a subscription has one of its own,
//! calls share another one in order. A POST is sent once; it goes to a new connection only where it
//! is certain that no byte of it was sent on the old one.

use std::{error::Error, net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION},
};
use hyper_util::rt::TokioIo;
use tokio::{
    sync::Mutex,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    connect::connect,
    endpoint::{Endpoint, Scheme},
    error::{CallError, ConnectError, NotMesos, RedirectError, Target},
    tls::{self, Tls},
};

pub(crate) const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
pub(crate) const STREAM_ID: HeaderName = HeaderName::from_static("mesos-stream-id");

/// More masters in a row than any cluster has.
const REDIRECTS_MAX: usize = 8;
/// What is kept of the body of a refusal.
const REFUSAL_BYTES_MAX: usize = 4 << 10;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// To open a connection.
    pub(crate) connect: Duration,
    /// For a call as a whole, connection and redirections included.
    pub(crate) call: Duration,
}

/// How connections are made.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    pub(crate) limits: Limits,
    /// For endpoints that are spoken with over TLS.
    pub(crate) tls: Option<Tls>,
    /// Whether redirections are followed: not where the election is watched, because whoever was elected and
    /// redirects does not know it yet, or no longer leads, and names a master that may be dead.
    pub(crate) follows: bool,
}

/// When a call has to be over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    limits: Limits,
    at: Instant,
}

impl Limits {
    pub(crate) fn start(self) -> Deadline {
        Deadline { limits: self, at: Instant::now() + self.call }
    }
}

impl Deadline {
    pub(crate) async fn run<T>(
        self,
        target: &Target,
        step: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let late = |_| CallError::Timeout { at: target.clone(), after: self.limits.call };
        timeout_at(self.at, step).await.map_err(late)?
    }
}

/// What is asked, before it is known of whom.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) call: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) stream_id: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

impl Question {
    pub(crate) fn target(&self, endpoint: &Endpoint) -> Target {
        Target { call: self.call, endpoint: endpoint.clone() }
    }

    fn request(&self, endpoint: &Endpoint) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.parse().expect("the paths are ours, or were checked");
        let host = HeaderValue::from_str(&endpoint.authority());
        let headers = request.headers_mut();
        headers.insert(HOST, host.expect("the host of an endpoint is visible ASCII"));
        if self.method == Method::POST {
            headers.insert(CONTENT_TYPE, PROTOBUF);
            headers.insert(ACCEPT, PROTOBUF);
        }
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(stream_id) = &self.stream_id {
            headers.insert(STREAM_ID, stream_id.clone());
        }
        request
    }
}

/// An open connection; dropping it closes it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) endpoint: Endpoint,
    pub(crate) local_addr: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    async fn open(target: &Target, dial: &Dial) -> Result<Self, CallError> {
        let failed = |source| CallError::Connect { at: target.clone(), source };
        let limit = dial.limits.connect;
        let (local_addr, stream) = timeout(limit, connect(&target.endpoint, dial.tls.as_ref()))
            .await
            .map_err(|_| failed(ConnectError::Timeout(limit)))?
            .map_err(failed)?;
        let broken = |error: hyper::Error| lost(target, error);
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an HTTP connection broke");
            }
        });
        Ok(Self { endpoint: target.endpoint.clone(), local_addr, sender, driver })
    }

    /// Whether a request can be sent on it; a connection that the other side closed can't take one.
    async fn is_usable(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    async fn send(
        &mut self,
        target: &Target,
        question: &Question,
    ) -> Result<Response<Incoming>, CallError> {
        let request = question.request(&self.endpoint);
        self.sender.send_request(request).await.map_err(|error| lost(target, error))
    }
}

pub(crate) fn lost(target: &Target, error: hyper::Error) -> CallError {
    let at = target.clone();
    if let Some(refusal) = tls::late_refusal(&error) {
        return CallError::Connect { at, source: ConnectError::Tls(refusal) };
    }
    if error.is_parse() {
        return CallError::NotMesos { at, source: NotMesos::NotHttp(Box::new(error)) };
    }
    CallError::Broken { at, source: Box::new(error) }
}

/// An answer that is not a refusal, and the connection on which it comes.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) target: Target,
    pub(crate) connection: Connection,
    pub(crate) response: Response<Incoming>,
}

/// Asks, and asks again where a redirection leads. A connection that is `open` is used where it leads
/// to the right place.
pub(crate) async fn ask(
    question: &Question,
    endpoint: &Endpoint,
    mut open: Option<Connection>,
    dial: &Dial,
    deadline: Deadline,
) -> Result<Answer, CallError> {
    let mut target = question.target(endpoint);
    for _ in 0..=REDIRECTS_MAX {
        let exchange = ask_once(question, &target, open.take(), dial);
        let answer = deadline.run(&target, exchange).await?;
        if !is_redirection(answer.response.status()) {
            return Ok(answer);
        }
        let to = location(&answer)?;
        if !dial.follows {
            let source = RedirectError::NotLeading(to);
            return Err(CallError::Redirect { at: target, source });
        }
        target.endpoint = to;
        tracing::debug!(from = %endpoint, to = %target.endpoint, call = question.call, "redirected");
    }
    let source = RedirectError::TooMany(REDIRECTS_MAX, target.endpoint);
    Err(CallError::Redirect { at: question.target(endpoint), source })
}

async fn ask_once(
    question: &Question,
    target: &Target,
    open: Option<Connection>,
    dial: &Dial,
) -> Result<Answer, CallError> {
    let mut connection = match reusable(open, &target.endpoint).await {
        Some(connection) => connection,
        None => Connection::open(target, dial).await?,
    };
    let response = connection.send(target, question).await?;
    let status = response.status();
    if status.is_success() || is_redirection(status) {
        return Ok(Answer { target: target.clone(), connection, response });
    }
    Err(refusal(target, response).await)
}

async fn reusable(open: Option<Connection>, endpoint: &Endpoint) -> Option<Connection> {
    let mut connection = open?;
    let is_right = connection.endpoint == *endpoint && connection.is_usable().await;
    is_right.then_some(connection)
}

fn is_redirection(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::FOUND | StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
    )
}

fn location(answer: &Answer) -> Result<Endpoint, CallError> {
    let named = answer.response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let from = answer.target.endpoint.scheme();
    named
        .ok_or(RedirectError::NoLocation)
        .and_then(|location| Ok(Endpoint::from_location(location, from)?))
        .and_then(|to| match (from, to.scheme()) {
            (Scheme::Https, Scheme::Http) => Err(RedirectError::Downgrade(to)),
            (Scheme::Https, Scheme::Https) | (Scheme::Http, _) => Ok(to),
        })
        .map_err(|source| CallError::Redirect { at: answer.target.clone(), source })
}

async fn refusal(target: &Target, response: Response<Incoming>) -> CallError {
    let at = target.clone();
    let status = response.status();
    let body = beginning(response.into_body()).await;
    match status {
        StatusCode::BAD_REQUEST => CallError::BadRequest { at, body },
        StatusCode::UNAUTHORIZED => CallError::Unauthorized { at, body },
        StatusCode::FORBIDDEN => CallError::Forbidden { at, body },
        StatusCode::NOT_FOUND => CallError::NotFound { at },
        StatusCode::METHOD_NOT_ALLOWED => CallError::MethodNotAllowed { at },
        StatusCode::NOT_ACCEPTABLE => CallError::NotAcceptable { at, body },
        StatusCode::UNSUPPORTED_MEDIA_TYPE => CallError::UnsupportedMediaType { at, body },
        StatusCode::NOT_IMPLEMENTED => CallError::NotImplemented { at },
        StatusCode::SERVICE_UNAVAILABLE => CallError::Unavailable { at, body },
        other => CallError::UnexpectedStatus { at, status: other.as_u16(), body },
    }
}

/// The beginning of a refusal's body; the refusal counts even where its words can't be read.
async fn beginning(mut body: Incoming) -> String {
    let mut kept = BytesMut::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            kept.extend_from_slice(&data);
        }
        if kept.len() >= REFUSAL_BYTES_MAX {
            kept.truncate(REFUSAL_BYTES_MAX);
            break;
        }
    }
    String::from_utf8_lossy(&kept).trim_end().to_owned()
}

/// The whole body of an answer.
pub(crate) async fn read(
    target: &Target,
    mut body: Incoming,
    body_max: usize,
) -> Result<Bytes, CallError> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| lost(target, error))?;
        if let Ok(data) = frame.into_data() {
            read.extend_from_slice(&data);
        }
        if read.len() > body_max {
            return Err(CallError::TooLong { at: target.clone(), body_max });
        }
    }
    Ok(read.freeze())
}

/// The answer has to have this status, or it is not one of Mesos.
pub(crate) fn check_status(answer: &Answer, expected: StatusCode) -> Result<(), CallError> {
    let status = answer.response.status();
    if status == expected {
        return Ok(());
    }
    Err(not_mesos(answer, NotMesos::Status(status.as_u16())))
}

/// The answer has to be in protobuf.
pub(crate) fn check_content_type(answer: &Answer) -> Result<(), CallError> {
    let named = answer.response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let shown = String::from_utf8_lossy(named.unwrap_or_default());
    let essence = shown.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/x-protobuf") {
        return Ok(());
    }
    Err(not_mesos(answer, NotMesos::ContentType(shown.chars().take(200).collect())))
}

pub(crate) fn not_mesos(answer: &Answer, source: NotMesos) -> CallError {
    CallError::NotMesos { at: answer.target.clone(), source }
}

/// The line on which calls go out, one after the other, in the order in which they were begun.
#[derive(Debug)]
pub(crate) struct Line {
    dial: Dial,
    state: Mutex<LineState>,
}

#[derive(Debug)]
struct LineState {
    endpoint: Endpoint,
    connection: Option<Connection>,
}

impl Line {
    pub(crate) fn new(endpoint: Endpoint, dial: Dial) -> Self {
        Self { dial, state: Mutex::new(LineState { endpoint, connection: None }) }
    }

    /// Makes one call, which is answered by 202.
    ///
    /// The connection is out of its place while a call is on it: where the future is dropped, the
    /// connection goes with it, and the next call does not read the answer of this one.
    pub(crate) async fn call(&self, question: &Question) -> Result<(), CallError> {
        let mut state = self.state.lock().await;
        let deadline = self.dial.limits.start();
        let open = state.connection.take();
        let answer = ask(question, &state.endpoint, open, &self.dial, deadline).await?;
        check_status(&answer, StatusCode::ACCEPTED)?;
        let Answer { target, connection, response } = answer;
        let body = read(&target, response.into_body(), REFUSAL_BYTES_MAX);
        deadline.run(&target, body).await?;
        state.endpoint = target.endpoint;
        state.connection = Some(connection);
        Ok(())
    }
}

/// Boxes what hyper says, so that its types stay inside.
pub(crate) fn boxed(error: hyper::Error) -> Box<dyn Error + Send + Sync> {
    Box::new(error)
}
