//! A scheduler of an exchange: calls as they are, and events as they come.

use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use etcd_mesos_sim::exchange::What;
use mesos_v1::proto::framework_capability::Type as Capability;
use mesos_v1::proto::scheduler::call::{Subscribe, Type};
use mesos_v1::proto::{FrameworkInfo, Offer, Reason, Source, TaskState, TaskStatus};
use mesos_v1::scheduler::{Call, Event};
use prost::Message;

use crate::wire::{self, Answer, Head, Hook, Request, STREAM_ID, Stream};

pub const PATH: &str = "/api/v1/scheduler";
/// A master that was started just now does not listen yet.
const TRIES_MAX: usize = 100;
const TRY_EVERY: Duration = Duration::from_millis(100);

/// What comes over a stream: a record, or its end, and of which subscription.
pub struct Said {
    pub subscription: usize,
    pub record: Option<Bytes>,
}

/// A subscription; dropping it hangs up.
pub struct Scheduler {
    pub subscription: usize,
    pub stream_id: String,
    /// The framework's ID, which its first event says.
    pub framework: String,
    pub head: Head,
    _hook: Hook,
}

impl Scheduler {
    /// Subscribes. Whoever is refused a stream gets the answer.
    pub fn subscribe(
        master: &str,
        info: &FrameworkInfo,
        is_suppressed: bool,
        subscription: usize,
        to: Sender<Said>,
    ) -> Result<Scheduler, Answer> {
        let mut stream = open(master, &request(info, is_suppressed))?;
        let first = stream.next();
        let framework = first.clone().and_then(|record| framework(record, info));
        let scheduler = Scheduler {
            subscription,
            stream_id: stream.head.get(STREAM_ID).unwrap_or_default().to_owned(),
            framework: framework.unwrap_or_default(),
            head: stream.head.clone(),
            _hook: stream.hook(),
        };
        thread::spawn(move || read(stream, first, subscription, &to));
        Ok(scheduler)
    }

    /// Makes a call in its framework's name.
    pub fn call(&self, master: &str, call: Call) -> Answer {
        let framework_id = Some(self.framework.as_str().into());
        let body = Call { framework_id, ..call }.encode_to_vec();
        wire::ask(master, &Request::call(PATH, Some(&self.stream_id), body)).unwrap()
    }
}

fn open(master: &str, request: &Request) -> Result<Stream, Answer> {
    for _ in 0..TRIES_MAX {
        match wire::open(master, request) {
            Ok(Err(answer)) if answer.head.status.starts_with("503") => {}
            Ok(answer) => return answer,
            Err(_) => {}
        }
        thread::sleep(TRY_EVERY);
    }
    panic!("{master} lets nobody subscribe");
}

fn framework(record: Bytes, info: &FrameworkInfo) -> Option<String> {
    match Event::decode(record).unwrap() {
        Event::Subscribed(subscribed) => Some(subscribed.framework_id.value),
        _ => info.id.as_ref().map(|id| id.value.clone()),
    }
}

/// SUBSCRIBE.
pub fn request(info: &FrameworkInfo, is_suppressed: bool) -> Request {
    let subscribe = Subscribe {
        framework_info: info.clone(),
        suppressed_roles: if is_suppressed { vec!["*".to_owned()] } else { Vec::new() },
        offer_constraints: None,
    };
    let call = Call {
        framework_id: info.id.clone(),
        r#type: Some(Type::Subscribe.into()),
        subscribe: Some(subscribe),
        ..Call::default()
    };
    Request::call(PATH, None, call.encode_to_vec())
}

fn read(mut stream: Stream, first: Option<Bytes>, subscription: usize, to: &Sender<Said>) {
    let mut record = first;
    loop {
        let is_over = record.is_none();
        // Nobody hears any more when the test is over.
        if to.send(Said { subscription, record }).is_err() || is_over {
            return;
        }
        record = stream.next();
    }
}

/// The framework of the exchanges.
pub fn info(framework: Option<&str>) -> FrameworkInfo {
    let capabilities =
        [Capability::PartitionAware, Capability::TaskKillingState, Capability::MultiRole];
    FrameworkInfo {
        user: "root".to_owned(),
        name: "exchange".to_owned(),
        id: framework.map(Into::into),
        failover_timeout: Some(3600.0),
        checkpoint: Some(true),
        roles: vec!["*".to_owned()],
        capabilities: capabilities.map(Into::into).to_vec(),
        ..FrameworkInfo::default()
    }
}

/// What an exchange says of an event, if it says anything; `name` names agents.
pub fn what(event: Event, name: impl Fn(&str) -> String) -> Vec<What> {
    match event {
        Event::Subscribed(s) => vec![What::Subscribed { framework: s.framework_id.value }],
        Event::Offers(offers) => offers.iter().map(|o| offer(o, &name)).collect(),
        Event::Rescind(id) => vec![What::Rescind { offer: id.value }],
        Event::Update(status) => vec![update(*status, &name)],
        Event::Message(m) => vec![What::Message { agent: name(&m.agent_id.value) }],
        Event::Failure(f) => vec![What::Failure {
            agent: f.agent_id.map(|id| name(&id.value)),
            executor: f.executor_id.map(|id| id.value),
        }],
        Event::Error(message) => vec![What::Error(message)],
        Event::InverseOffers(_)
        | Event::RescindInverseOffer(_)
        | Event::UpdateOperationStatus(_)
        | Event::Heartbeat
        | Event::Other(_) => Vec::new(),
    }
}

fn offer(offer: &Offer, name: impl Fn(&str) -> String) -> What {
    What::Offer { offer: offer.id.value.clone(), agent: name(&offer.agent_id.value) }
}

fn update(status: TaskStatus, name: impl Fn(&str) -> String) -> What {
    let state = TaskState::try_from(status.state).unwrap().as_str_name().to_owned();
    let source = status.source.map(|n| Source::try_from(n).unwrap().as_str_name());
    let reason = status.reason.map(|n| Reason::try_from(n).unwrap().as_str_name());
    What::Update {
        task: status.task_id.value,
        agent: status.agent_id.map(|id| name(&id.value)),
        state,
        source: source.unwrap_or("no source").to_owned(),
        reason: reason.map(str::to_owned),
        uuid: status.uuid.map(|uuid| uuid.to_vec()),
    }
}
