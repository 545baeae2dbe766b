//! The link to the agent: subscribed for as long as there is one, and again whenever there is.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etcd_mesos_core::cause::chain;
use futures_util::FutureExt;
use mesos_v1::executor::calls::Update;
use mesos_v1::executor::{Call, Calls, Event as Said, ExecutorClient, ExecutorSubscription};
use mesos_v1::proto::TaskInfo;
use mesos_v1::proto::framework_capability::Type as Capability;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::ledger::{Ledger, grace};
use crate::supervisor::Event;

/// The pause between two attempts to subscribe. An agent that has restarted destroys the container
/// of each executor that is not back 2 s after its recovery, and answers 503 until then.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// The ledger, which the driver writes and the link reads.
pub type SharedLedger = Arc<Mutex<Ledger>>;

/// Locks the ledger. A panic while it was locked has left nothing half written in it.
pub fn lock(ledger: &SharedLedger) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One side of the conversation with the agent.
#[derive(Debug)]
pub struct Link {
    /// Subscribes.
    pub client: ExecutorClient,
    /// What is not acknowledged.
    pub ledger: SharedLedger,
    /// Where the agent's words go.
    pub events: UnboundedSender<Event>,
    /// What is to be said to the agent: updates that are in the ledger already, and messages.
    pub calls: UnboundedReceiver<Call>,
}

impl Link {
    /// Keeps the subscription, for ever; a panic on the way ends the subscription, and no more.
    pub async fn run(mut self) {
        while AssertUnwindSafe(self.keep()).catch_unwind().await.is_err() {
            tracing::error!("the link to the agent panicked and is made anew");
            self.tell(Event::AgentAway);
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    async fn keep(&mut self) {
        let mut last_error = String::new();
        loop {
            // What was queued before is in the ledger, or was a message to be sent now or never.
            while self.calls.try_recv().is_ok() {}
            let (tasks, updates) = lock(&self.ledger).unacknowledged();
            match self.subscribe(&tasks, &updates).await {
                Ok(subscription) => {
                    last_error.clear();
                    let why = self.converse(subscription).await;
                    tracing::warn!(why, "the subscription with the agent is over");
                }
                Err(error) if error != last_error => {
                    tracing::warn!(error, "the agent takes no subscription");
                    last_error = error;
                }
                Err(_) => {}
            }
            self.tell(Event::AgentAway);
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    async fn subscribe(
        &self,
        tasks: &[TaskInfo],
        updates: &[Update],
    ) -> Result<ExecutorSubscription, String> {
        self.client.subscribe(tasks, updates).await.map_err(|error| chain(&error))
    }

    /// Speaks and listens at the same time, until either fails; and says why.
    async fn converse(&mut self, subscription: ExecutorSubscription) -> String {
        let calls = subscription.calls();
        let grace_period = self.client.environment().shutdown_grace_period;
        let listen = listen(subscription, &self.events, &self.ledger, grace_period);
        tokio::select! {
            why = listen => why,
            why = speak(&calls, &mut self.calls) => why,
        }
    }

    fn tell(&self, event: Event) {
        // The driver outlives the link; if it does not, nobody is left to be told.
        let _ = self.events.send(event);
    }
}

/// Sends one call after the other, so that updates arrive in their order.
///
/// An update that does not arrive stays in the ledger and goes with the next subscription, so that
/// ends this one. A message that does not arrive is lost, and the next beat says the same: tried,
/// an agent that recovers takes the subscription and still answers 503 to messages.
async fn speak(calls: &Calls, queue: &mut UnboundedReceiver<Call>) -> String {
    while let Some(call) = queue.recv().await {
        let is_message = call.message.is_some();
        match calls.send(call).await {
            Ok(()) => {}
            Err(error) if is_message => {
                tracing::debug!(error = chain(&error), "a message did not arrive");
            }
            Err(error) => return format!("a status update did not arrive: {}", chain(&error)),
        }
    }
    "the executor ends".to_owned()
}

async fn listen(
    mut subscription: ExecutorSubscription,
    events: &UnboundedSender<Event>,
    ledger: &SharedLedger,
    grace_period: Duration,
) -> String {
    loop {
        match subscription.next().await {
            Ok(Said::Error(message)) => return format!("the agent says: {message}"),
            Ok(said) => {
                for event in translate(said, ledger, grace_period) {
                    let _ = events.send(event);
                }
            }
            Err(error) => return chain(&error),
        }
    }
}

/// What the agent's words mean to the supervisor.
fn translate(said: Said, ledger: &SharedLedger, grace_period: Duration) -> Vec<Event> {
    match said {
        Said::Subscribed(subscribed) => {
            tracing::info!("subscribed with the agent");
            let capabilities = &subscribed.framework_info.capabilities;
            let may_say_killing =
                capabilities.iter().any(|c| c.r#type == Some(Capability::TaskKillingState.into()));
            let data = subscribed.executor_info.data.unwrap_or_default().to_vec();
            vec![Event::Subscribed { data, may_say_killing }]
        }
        Said::Launch(task) => vec![launch(*task, ledger)],
        Said::LaunchGroup(tasks) => tasks.into_iter().map(|task| launch(task, ledger)).collect(),
        Said::Kill(kill) => {
            let grace = grace(kill.kill_policy.as_ref()).or(lock(ledger).kill_grace());
            vec![Event::Kill { task_id: kill.task_id.value, grace }]
        }
        Said::Acknowledged(ack) => {
            let left = lock(ledger).acknowledged(&ack.task_id.value, &ack.uuid);
            vec![Event::Acknowledged { left }]
        }
        Said::Message(data) => vec![Event::Message(data.to_vec())],
        Said::Shutdown => vec![Event::Shutdown { grace: shutdown_grace(grace_period) }],
        Said::Heartbeat => Vec::new(),
        Said::Error(_) => Vec::new(), // It ends the conversation: see `listen`.
        Said::Other(number) => {
            tracing::debug!(number, "the agent said something of an unknown kind");
            Vec::new()
        }
    }
}

fn launch(task: TaskInfo, ledger: &SharedLedger) -> Event {
    let task_id = task.task_id.value.clone();
    let data = task.data.clone().unwrap_or_default().to_vec();
    lock(ledger).launched(task);
    Event::Launch { task_id, data }
}

/// What of the agent's grace period etcd may use: the agent destroys the container at its end, and
/// the last update has to be out before.
pub fn shutdown_grace(period: Duration) -> Duration {
    period.mul_f32(0.8)
}
