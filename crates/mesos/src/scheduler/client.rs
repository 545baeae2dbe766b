//! Finds the leading master and subscribes with it.

use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, StatusCode, Uri, header::HeaderValue};
use prost::Message;

use super::{Call, Event, Subscription, subscription::Ours};
use crate::{
    credentials::Credentials,
    document::Document,
    endpoint::Endpoint,
    error::{CallError, NotMesos, StreamError},
    http::{self, Answer, Deadline, Dial, Limits, Question},
    masters::{Elected, Masters, Reign},
    proto::FrameworkInfo,
    recordio::RECORD_BYTES_MAX,
    stream::EventStream,
    tls::Tls,
};

pub(super) const PATH: &str = "/api/v1/scheduler";

/// What a scheduler has to know of its masters.
#[derive(Clone, Debug)]
pub struct SchedulerConfig {
    /// How the leading master is found.
    pub masters: Masters,
    /// Who calls; none where the masters don't authenticate frameworks.
    pub credentials: Option<Credentials>,
    /// Whom to trust, and what to show, where masters are spoken with over TLS.
    pub tls: Option<Tls>,
    /// How long a leading master is waited for where somebody watches the election.
    pub election_timeout: Duration,
    /// How long opening a connection may take, the TLS handshake included.
    pub connect_timeout: Duration,
    /// How long a call may take as a whole, redirections included; and a subscription, until its first
    /// event is there.
    pub call_timeout: Duration,
    /// After so many intervals without a heartbeat the master counts as away.
    pub heartbeats_missed_max: u32,
    /// The longest event that is accepted, in bytes.
    pub record_bytes_max: usize,
}

impl SchedulerConfig {
    /// Five seconds for an election, five to connect, fifteen for a call, five heartbeats, 64 MiB for an event.
    pub fn new(masters: Masters) -> Self {
        Self {
            masters,
            credentials: None,
            tls: None,
            election_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(15),
            heartbeats_missed_max: 5,
            record_bytes_max: RECORD_BYTES_MAX,
        }
    }

    fn dial(&self) -> Dial {
        let limits = Limits { connect: self.connect_timeout, call: self.call_timeout };
        let follows = matches!(self.masters, Masters::Listed(_));
        Dial { limits, tls: self.tls.clone(), follows }
    }
}

/// Subscribes a framework, again and again, and remembers who led.
#[derive(Debug)]
pub struct SchedulerClient {
    config: SchedulerConfig,
    leader: Option<Endpoint>,
    /// The winner of an election who was asked last.
    asked: Option<Elected>,
}

impl SchedulerClient {
    /// A client that has not asked anybody yet.
    pub fn new(config: SchedulerConfig) -> Self {
        Self { config, leader: None, asked: None }
    }

    /// Opens an event stream with the leading master, and with it takes the framework over from
    /// whoever else is subscribed for it. The credentials are sent along, also to where a redirection
    /// leads, but never from TLS to where there is none.
    ///
    /// The first event is there already, and [`Subscription::next`] gives it again: SUBSCRIBED, or
    /// ERROR, because Mesos answers HTTP 200 and an ERROR where it does not accept the framework (for
    /// example "Framework has been removed").
    ///
    /// Where the election is watched, its winner is waited for, and another election ends the attempt with
    /// the former master, as it ends a subscription.
    ///
    /// # Errors
    ///
    /// Each master is asked once. A refusal that holds for all of them is returned at once, else the
    /// failure of the last one.
    pub async fn subscribe(
        &mut self,
        framework: &FrameworkInfo,
        suppressed_roles: &[String],
    ) -> Result<Subscription, CallError> {
        let call = Call::subscribe(framework, suppressed_roles);
        let question = self.question("SUBSCRIBE", Method::POST, PATH, call.encode_to_vec().into());
        let (mut subscription, reign) = loop {
            let (all, mut reign) = self.candidates().await?;
            self.asked = reign.elected().cloned();
            tokio::select! {
                biased;
                outcome = self.subscribe_among(&question, all, framework) => break (outcome?, reign),
                now = reign.end() => {
                    tracing::debug!(leader = %now.endpoint, "another master was elected meanwhile");
                }
            }
        };
        self.leader = Some(subscription.master.clone());
        subscription.end_with(reign);
        Ok(subscription)
    }

    /// Waits, as long as the settings say, until somebody leads who may be asked.
    ///
    /// # Errors
    ///
    /// Nobody does, or nobody who can be seen.
    pub async fn leader_known(&self) -> Result<(), CallError> {
        self.candidates().await.map(drop)
    }

    /// Waits until another master is elected than the one whom [`SchedulerClient::subscribe`] asked last; for
    /// ever where nobody watches an election.
    pub async fn another_elected(&self) {
        self.config.masters.other_than(self.asked.as_ref()).await;
    }

    /// Fetches a document of the leading master's operator API, `/master/frameworks` for example.
    ///
    /// # Errors
    ///
    /// As [`SchedulerClient::subscribe`], and when the document is longer than `body_max` bytes.
    ///
    /// # Panics
    ///
    /// When `path` is not the path of a URI.
    pub async fn get(&self, path: &str, body_max: usize) -> Result<Bytes, CallError> {
        let question = self.question_for(path);
        let mut others = self.candidates().await?.0.into_iter();
        loop {
            let endpoint = others.next().expect("there is at least one master");
            match self.get_from(&question, &endpoint, body_max).await {
                Err(error) if is_worth_asking_another(&error, &others) => {}
                outcome => return outcome,
            }
        }
    }

    /// Asks for a document of the leading master's operator API that may be of any length, such as `/state`, and
    /// gives it as soon as its head is there, which the call timeout bounds; the body is the caller's to read.
    ///
    /// # Errors
    ///
    /// As [`SchedulerClient::subscribe`].
    ///
    /// # Panics
    ///
    /// When `path` is not the path of a URI.
    pub async fn open_document(&self, path: &str) -> Result<Document, CallError> {
        let question = self.question_for(path);
        let mut others = self.candidates().await?.0.into_iter();
        loop {
            let endpoint = others.next().expect("there is at least one master");
            match self.answer_from(&question, &endpoint).await {
                Err(error) if is_worth_asking_another(&error, &others) => {}
                outcome => return outcome.map(|(answer, _)| Document::new(answer)),
            }
        }
    }

    async fn candidates(&self) -> Result<(Vec<Endpoint>, Reign), CallError> {
        let within = self.config.election_timeout;
        self.config.masters.candidates(self.leader.as_ref(), within).await
    }

    async fn subscribe_among(
        &self,
        question: &Question,
        masters: Vec<Endpoint>,
        framework: &FrameworkInfo,
    ) -> Result<Subscription, CallError> {
        let mut others = masters.into_iter();
        loop {
            let endpoint = others.next().expect("there is at least one master");
            match self.subscribe_with(question, &endpoint, framework).await {
                Err(error) if is_worth_asking_another(&error, &others) => {}
                outcome => return outcome,
            }
        }
    }

    async fn subscribe_with(
        &self,
        question: &Question,
        endpoint: &Endpoint,
        framework: &FrameworkInfo,
    ) -> Result<Subscription, CallError> {
        let dial = self.config.dial();
        let deadline = dial.limits.start();
        let answer = http::ask(question, endpoint, None, &dial, deadline).await?;
        self.open(answer, framework, deadline).await
    }

    async fn get_from(
        &self,
        question: &Question,
        endpoint: &Endpoint,
        body_max: usize,
    ) -> Result<Bytes, CallError> {
        let (answer, deadline) = self.answer_from(question, endpoint).await?;
        let Answer { target, connection, response } = answer;
        let body = http::read(&target, response.into_body(), body_max);
        let body = deadline.run(&target, body).await;
        drop(connection);
        body
    }

    /// The head of an answer, and by when the rest has to be there.
    async fn answer_from(
        &self,
        question: &Question,
        endpoint: &Endpoint,
    ) -> Result<(Answer, Deadline), CallError> {
        let dial = self.config.dial();
        let deadline = dial.limits.start();
        let answer = http::ask(question, endpoint, None, &dial, deadline).await?;
        http::check_status(&answer, StatusCode::OK)?;
        Ok((answer, deadline))
    }

    fn question_for(&self, path: &str) -> Question {
        assert!(path.starts_with('/') && path.parse::<Uri>().is_ok(), "`{path}` is no path");
        self.question("GET", Method::GET, path, Bytes::new())
    }

    fn question(&self, call: &'static str, method: Method, path: &str, body: Bytes) -> Question {
        let authorization = self.config.credentials.as_ref().map(Credentials::authorization);
        Question { call, method, path: path.to_owned(), authorization, stream_id: None, body }
    }

    async fn open(
        &self,
        answer: Answer,
        framework: &FrameworkInfo,
        deadline: Deadline,
    ) -> Result<Subscription, CallError> {
        let stream_id = check_subscription(&answer)?;
        let mut stream = EventStream::new(answer, self.config.record_bytes_max);
        let target = stream.target().clone();
        let record = deadline.run(&target, stream.next_record()).await?;
        let first = Event::decode(record).map_err(|source| stream.over(source))?;
        let mut framework_id = framework.id.clone();
        match &first {
            Event::Subscribed(subscribed) => {
                framework_id = Some(subscribed.framework_id.clone());
                if let Some(silence_max) = self.silence_max(subscribed.heartbeat_interval_seconds) {
                    stream.watch(silence_max);
                }
            }
            Event::Error(_) => {}
            other => return Err(stream.over(StreamError::NotSubscribed(other.number()))),
        }
        let authorization = self.config.credentials.as_ref().map(Credentials::authorization);
        let ours = Ours { framework_id, stream_id, authorization, dial: self.config.dial() };
        Ok(Subscription::new(stream, first, ours))
    }

    /// A master that names no interval sends no heartbeats.
    fn silence_max(&self, interval_seconds: Option<f64>) -> Option<Duration> {
        let interval = Duration::try_from_secs_f64(interval_seconds?).ok()?;
        interval.checked_mul(self.config.heartbeats_missed_max).filter(|max| !max.is_zero())
    }
}

/// Whether the error is this master's own, and there is another one to ask.
fn is_worth_asking_another(error: &CallError, others: &std::vec::IntoIter<Endpoint>) -> bool {
    let another = error.is_of_this_master_alone() && !others.as_slice().is_empty();
    if another {
        tracing::debug!(%error, "a master can't be asked");
    }
    another
}

fn check_subscription(answer: &Answer) -> Result<HeaderValue, CallError> {
    http::check_status(answer, StatusCode::OK)?;
    http::check_content_type(answer)?;
    let stream_id = answer.response.headers().get(http::STREAM_ID).cloned();
    stream_id.ok_or_else(|| http::not_mesos(answer, NotMesos::NoStreamId))
}
