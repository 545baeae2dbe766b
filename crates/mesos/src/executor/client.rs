//! Subscribes an executor with its agent.

use std::{sync::Arc, time::Duration};

use hyper::{Method, StatusCode, header::HeaderValue};
use prost::Message;

use super::{Call, EnvironmentError, Event, ExecutorEnvironment, calls::Update};
use crate::{
    credentials::Token,
    error::{CallError, StreamError},
    http::{self, Answer, Deadline, Dial, Limits, Line, Question},
    proto::TaskInfo,
    recordio::RECORD_BYTES_MAX,
    stream::EventStream,
};

const PATH: &str = "/api/v1/executor";

/// Subscribes an executor, again and again.
#[derive(Debug)]
pub struct ExecutorClient {
    environment: ExecutorEnvironment,
    dial: Dial,
}

impl ExecutorClient {
    /// For the executor that this process is.
    ///
    /// # Errors
    ///
    /// The environment is not one that an agent gives.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        Ok(Self::new(ExecutorEnvironment::from_env()?))
    }

    /// For an executor with that environment. The agent is on this host, so it gets two seconds to
    /// connect and ten for a call.
    pub fn new(environment: ExecutorEnvironment) -> Self {
        let limits = Limits { connect: Duration::from_secs(2), call: Duration::from_secs(10) };
        Self { environment, dial: Dial { limits, tls: None, follows: true } }
    }

    /// The same, with other limits: to open a connection, and for a call as a whole.
    pub fn with_timeouts(mut self, connect: Duration, call: Duration) -> Self {
        self.dial.limits = Limits { connect, call };
        self
    }

    /// What the agent told.
    pub fn environment(&self) -> &ExecutorEnvironment {
        &self.environment
    }

    /// Opens an event stream with the agent.
    ///
    /// After a restart of the agent it has to be given the tasks of which no update was acknowledged
    /// yet, and the updates that were not, or the agent takes those tasks for lost.
    ///
    /// The first event is there already, and [`ExecutorSubscription::next`] gives it again.
    ///
    /// # Errors
    ///
    /// See [`CallError`]. An agent that has not finished its recovery is `Unavailable`: ask again
    /// soon, because it destroys what has not come back in time. One that does not know the executor
    /// any more is a `BadRequest`.
    pub async fn subscribe(
        &self,
        unacknowledged_tasks: &[TaskInfo],
        unacknowledged_updates: &[Update],
    ) -> Result<ExecutorSubscription, CallError> {
        let call = Call::subscribe(unacknowledged_tasks, unacknowledged_updates);
        let question = question(&self.environment, call);
        let deadline = self.dial.limits.start();
        let agent = &self.environment.agent;
        let answer = http::ask(&question, agent, None, &self.dial, deadline).await?;
        http::check_status(&answer, StatusCode::OK)?;
        http::check_content_type(&answer)?;
        self.open(answer, deadline).await
    }

    async fn open(
        &self,
        answer: Answer,
        deadline: Deadline,
    ) -> Result<ExecutorSubscription, CallError> {
        let mut stream = EventStream::new(answer, RECORD_BYTES_MAX);
        let target = stream.target().clone();
        let record = deadline.run(&target, stream.next_record()).await?;
        let first = Event::decode(record).map_err(|source| stream.over(source))?;
        if !matches!(first, Event::Subscribed(_) | Event::Error(_)) {
            return Err(stream.over(StreamError::NotSubscribed(first.number())));
        }
        let line = Line::new(target.endpoint, self.dial.clone());
        let shared = Arc::new(Shared { line, environment: self.environment.clone() });
        Ok(ExecutorSubscription { stream, first: Some(first), calls: Calls { shared } })
    }
}

fn question(environment: &ExecutorEnvironment, mut call: Call) -> Question {
    call.framework_id.clone_from(&environment.framework_id);
    call.executor_id.clone_from(&environment.executor_id);
    let token = environment.authentication_token.as_ref();
    let authorization: Option<HeaderValue> = token.map(Token::authorization);
    Question {
        call: call.name(),
        method: Method::POST,
        path: PATH.to_owned(),
        authorization,
        stream_id: None,
        body: call.encode_to_vec().into(),
    }
}

/// An executor's event stream. Dropping it closes the connection.
#[derive(Debug)]
pub struct ExecutorSubscription {
    stream: EventStream,
    first: Option<Event>,
    calls: Calls,
}

impl ExecutorSubscription {
    /// The next event; the first one is SUBSCRIBED or ERROR.
    ///
    /// Safe to cancel, so that it can stand in `tokio::select!`: nothing is lost.
    ///
    /// # Errors
    ///
    /// The stream is over, so the agent is away.
    pub async fn next(&mut self) -> Result<Event, CallError> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        let record = self.stream.next_record().await?;
        Event::decode(record).map_err(|source| self.stream.over(source))
    }

    /// The calls of this executor.
    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }
}

/// Sends the calls of an executor. Clones share one connection.
#[derive(Clone, Debug)]
pub struct Calls {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    line: Line,
    environment: ExecutorEnvironment,
}

impl Calls {
    /// Sends a call, with framework ID and executor ID. Accepted is not done: an update is to be kept
    /// until it is acknowledged.
    ///
    /// Calls go out one after the other, in the order in which their futures were first polled. None is
    /// ever sent twice.
    ///
    /// # Errors
    ///
    /// See [`CallError`]; after `Timeout` and `Broken` it is unknown whether the agent has it.
    pub async fn send(&self, call: Call) -> Result<(), CallError> {
        self.shared.line.call(&question(&self.shared.environment, call)).await
    }
}
