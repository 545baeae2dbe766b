//! The connection to the leading master: one task reads events, one sends calls in order.
//!
//! A call that fails ends the connection: after a new subscription everything is reconciled, and
//! that is simpler, and safer, than to reason about what a lost call may have done.

use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_core::cause::chain;
use etcd_mesos_core::scheduler::{LinkFailure, LivingFramework};
use mesos_v1::proto::FrameworkInfo;
use mesos_v1::scheduler::{Call, Calls, SchedulerClient, SchedulerConfig, Subscription};
use mesos_v1::{Backoff, CallError, Elected, Masters, scheduler};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::failure::classify;
use crate::from_mesos;

/// The longest answer to `GET /master/frameworks` that is read, in bytes.
const FRAMEWORKS_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What a link tells the driver, with the number of the connection that it is of.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) connection: u64,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Event(Box<scheduler::Event>),
    Failed(LinkFailure),
}

/// The connection to the leading master.
#[derive(Debug)]
pub(crate) struct Link {
    masters: Masters,
    client: Arc<Mutex<SchedulerClient>>,
    told: mpsc::Sender<Told>,
    connection: u64,
    calls: Option<mpsc::UnboundedSender<Call>>,
    task: Option<JoinHandle<()>>,
    backoff: Backoff,
    /// Who was elected when the back-off last began.
    elected: Option<Elected>,
    has_failed: bool,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.disconnect();
    }
}

impl Link {
    pub(crate) fn new(config: SchedulerConfig, told: mpsc::Sender<Told>) -> Link {
        Link {
            masters: config.masters.clone(),
            client: Arc::new(Mutex::new(SchedulerClient::new(config))),
            told,
            connection: 0,
            calls: None,
            task: None,
            // A new leader is to be found within two seconds of its election.
            backoff: Backoff::new(Duration::from_millis(50), Duration::from_secs(2)),
            elected: None,
            has_failed: false,
        }
    }

    /// Begins a new connection; the former one, if any, ends first. `framework` is asked for when a master is
    /// known.
    pub(crate) fn connect(
        &mut self,
        framework: impl Future<Output = FrameworkInfo> + Send + 'static,
        suppressed: bool,
    ) {
        self.disconnect();
        self.connection += 1;
        let delay = self.delay();
        let (sender, receiver) = mpsc::unbounded_channel();
        self.calls = Some(sender);
        let connection = Connection {
            masters: self.masters.clone(),
            client: self.client.clone(),
            told: self.told.clone(),
            number: self.connection,
        };
        self.task = Some(tokio::spawn(async move {
            let subscribed = connection.subscribe(delay, framework, suppressed).await;
            connection.run(subscribed, receiver).await;
        }));
    }

    /// A master that was elected just now may need some quick attempts until it knows of it itself.
    fn delay(&mut self) -> Duration {
        let elected = self.masters.elected();
        if elected != self.elected {
            self.elected = elected;
            self.backoff.reset();
        }
        if self.has_failed { self.backoff.next_delay() } else { Duration::ZERO }
    }

    pub(crate) fn disconnect(&mut self) {
        self.calls = None;
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    /// Whether what was told is of the present connection; what an earlier one said is void.
    pub(crate) fn is_current(&mut self, told: &Told) -> bool {
        if told.connection != self.connection {
            return false;
        }
        match &told.what {
            // An ERROR ends a subscription; one that comes back each time must not be asked for
            // without a pause.
            What::Failed(_) => self.has_failed = true,
            What::Event(event) if matches!(**event, scheduler::Event::Error(_)) => {
                self.has_failed = true;
            }
            What::Event(_) => {
                self.has_failed = false;
                self.backoff.reset();
            }
        }
        true
    }

    /// Sends a call after those before it; without a connection it is dropped, because whatever
    /// asked for it is planned anew after the next subscription.
    pub(crate) fn send(&self, call: Call) {
        if let Some(calls) = &self.calls {
            let _ = calls.send(call);
        }
    }

    /// Asks the master for frameworks of that name with live tasks.
    pub(crate) fn ask(
        &self,
        name: String,
    ) -> impl Future<Output = Result<Vec<LivingFramework>, String>> + use<> {
        let client = self.client.clone();
        async move {
            let body = client.lock().await.get("/master/frameworks", FRAMEWORKS_BYTES_MAX).await;
            let body = body.map_err(|error| chain(&error))?;
            from_mesos::living(&body, &name).map_err(|error| chain(&error))
        }
    }
}

struct Connection {
    masters: Masters,
    client: Arc<Mutex<SchedulerClient>>,
    told: mpsc::Sender<Told>,
    number: u64,
}

impl Connection {
    /// Subscribes after `delay`, or as soon as another master is elected than the one that was asked before.
    async fn subscribe(
        &self,
        delay: Duration,
        framework: impl Future<Output = FrameworkInfo>,
        suppressed: bool,
    ) -> Result<Subscription, CallError> {
        let mut client = self.client.lock().await;
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = client.another_elected() => {}
        }
        client.leader_known().await?;
        let framework = framework.await;
        let suppressed_roles = if suppressed { framework.roles.clone() } else { Vec::new() };
        client.subscribe(&framework, &suppressed_roles).await
    }

    async fn run(
        &self,
        subscribed: Result<Subscription, CallError>,
        calls: mpsc::UnboundedReceiver<Call>,
    ) {
        let failure = match subscribed {
            Ok(mut subscription) => {
                let sender = subscription.calls();
                tokio::select! {
                    error = self.read(&mut subscription) => error,
                    error = send_all(sender, calls) => error,
                }
            }
            Err(error) => error,
        };
        self.tell(What::Failed(classify(&failure, self.masters.trouble()))).await;
    }

    /// Reads fast: the events go into a queue, and the driver works on its own time.
    async fn read(&self, subscription: &mut Subscription) -> CallError {
        loop {
            match subscription.next().await {
                Ok(event) => self.tell(What::Event(Box::new(event))).await,
                Err(error) => return error,
            }
        }
    }

    async fn tell(&self, what: What) {
        // The driver is gone only when the program ends.
        let _ = self.told.send(Told { connection: self.number, what }).await;
    }
}

async fn send_all(calls: Calls, mut queue: mpsc::UnboundedReceiver<Call>) -> CallError {
    while let Some(call) = queue.recv().await {
        if let Err(error) = calls.send(call).await {
            return error;
        }
    }
    // The driver has dropped this connection, which ends with it.
    std::future::pending().await
}
