//! A scheduler of an exchange: calls as they are, and events as they come.

use std::time::Duration;

use etcd_mesos_sim::exchange::What;
use mesos_v1::Masters;
use mesos_v1::proto::framework_capability::Type as Capability;
use mesos_v1::proto::{FrameworkInfo, Offer, Reason, Source, TaskState, TaskStatus};
use mesos_v1::scheduler::{Call, Calls, Event, SchedulerClient, SchedulerConfig, Subscription};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

/// What comes of a stream: an event, or its end.
pub type Said = Option<Event>;

/// A scheduler that is subscribed, or was.
pub struct Scheduler {
    pub calls: Calls,
    reading: JoinHandle<()>,
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl Scheduler {
    pub async fn subscribe(
        master: &str,
        framework: Option<&String>,
        suppressed: bool,
        (number, to): (usize, UnboundedSender<(usize, Said)>),
    ) -> Scheduler {
        let mut client =
            SchedulerClient::new(SchedulerConfig::new(Masters::parse(master).unwrap()));
        let info = info(framework);
        let suppressed = if suppressed { vec!["*".to_owned()] } else { Vec::new() };
        let mut tries = 0;
        let subscription = loop {
            match client.subscribe(&info, &suppressed).await {
                Ok(subscription) => break subscription,
                Err(error) if tries == 100 => panic!("cannot subscribe: {error:?}"),
                // A master that was started just now.
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let calls = subscription.calls();
        let reading = tokio::spawn(read(subscription, number, to));
        Scheduler { calls, reading }
    }

    /// Why the master refused the call, if it did.
    pub async fn send(&self, call: Call) -> Option<String> {
        let error = self.calls.send(call).await.err()?.to_string();
        let status = error.split(['(', ')']).nth(1).unwrap_or(&error);
        Some(status.to_owned())
    }
}

async fn read(mut subscription: Subscription, number: usize, to: UnboundedSender<(usize, Said)>) {
    while let Ok(event) = subscription.next().await {
        // Nobody hears any more when the test is over.
        let _ = to.send((number, Some(event)));
    }
    let _ = to.send((number, None));
}

fn info(framework: Option<&String>) -> FrameworkInfo {
    let capabilities =
        [Capability::PartitionAware, Capability::TaskKillingState, Capability::MultiRole];
    FrameworkInfo {
        user: "root".to_owned(),
        name: "exchange".to_owned(),
        id: framework.map(|id| id.as_str().into()),
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
