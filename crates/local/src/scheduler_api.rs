//! `POST /api/v1/scheduler` of the master (`Master::Http::scheduler` in `src/master/http.cpp`).

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_model::Connection;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode};
use mesos_v1::proto::scheduler::{Call, call};

use crate::hear;
use crate::refusal::{Body, Refusal, accepted};
use crate::request::{check_accept, read_call};
use crate::say::{HEARTBEAT_SECS, scheduler_heartbeat};
use crate::stream;
use crate::world::{Shared, Subscription, World};

const STREAM_ID: &str = "mesos-stream-id";

pub(crate) async fn serve(
    shared: &Shared,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let (call, headers): (Call, HeaderMap) = read_call(request).await?;
    hear::check(&call)?;
    match call.r#type() {
        call::Type::Subscribe => subscribe(shared, call, &headers),
        _ => {
            let connection = authorize(shared, &call, &headers)?;
            let framework = shared.look(|world| world.describe(connection));
            let call = hear::call(call, &framework)?;
            let taken = shared.happen(|world, now| world.mesos.call(now, connection, call));
            taken.map_err(|_| not_subscribed())?;
            Ok(accepted())
        }
    }
}

fn not_subscribed() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "Framework is not subscribed")
}

/// The connection whose stream ID the call carries.
fn authorize(shared: &Shared, call: &Call, headers: &HeaderMap) -> Result<Connection, Refusal> {
    let framework = FrameworkId(call.framework_id.clone().unwrap_or_default().value);
    shared.look(|world| {
        if !world.frameworks.contains_key(&framework) || world.mesos.is_removed(&framework) {
            return Err(Refusal::bad("Framework cannot be found"));
        }
        let (connection, subscription) =
            world.subscription_of(&framework).ok_or_else(not_subscribed)?;
        let given = headers.get(STREAM_ID).ok_or_else(|| {
            Refusal::bad("All non-subscribe calls should include the 'Mesos-Stream-Id' header")
        })?;
        if *given != *subscription.stream_id {
            return Err(Refusal::bad(format!(
                "The stream ID '{}' included in this request didn't match the stream ID currently \
                 associated with framework ID {framework}",
                given.to_str().unwrap_or_default()
            )));
        }
        Ok(connection)
    })
}

fn subscribe(shared: &Shared, call: Call, headers: &HeaderMap) -> Result<Response<Body>, Refusal> {
    let part = call.subscribe.unwrap_or_default();
    check_accept(headers)?;
    if headers.contains_key(STREAM_ID) {
        let words = "Subscribe calls should not include the 'Mesos-Stream-Id' header";
        return Err(Refusal::bad(words));
    }
    let subscribe = hear::subscribe(call.framework_id.as_ref(), &part)?;
    let stream_id = uuid::Uuid::new_v4().to_string();
    let connection = shared.happen(|world, _| world.new_connection());
    let at_end = shared.clone();
    let goodbye = move || at_end.happen(|world, now| world.hang_up(now, connection));
    let every = Duration::from_secs_f64(HEARTBEAT_SECS);
    let (stream, body) = stream::open(every, scheduler_heartbeat(), goodbye);
    let taken = shared.happen(|world, now| {
        world
            .subscriptions
            .insert(connection, Subscription { stream, stream_id: stream_id.clone() });
        world.mesos.subscribe(now, connection, subscribe)?;
        world.remember(connection, part.framework_info);
        Ok(())
    });
    taken.map_err(|_: etcd_mesos_model::NotSubscribed| {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "Master has not finished recovery")
    })?;
    let mut answer = Response::new(body);
    let kind = HeaderValue::from_static("application/x-protobuf");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    if let Ok(value) = HeaderValue::from_str(&stream_id) {
        answer.headers_mut().insert(STREAM_ID, value);
    }
    Ok(answer)
}

impl World {
    fn describe(&self, connection: Connection) -> hear::Framework {
        let id = self.framework_on(connection);
        let info = id.as_ref().and_then(|id| self.frameworks.get(id));
        hear::Framework {
            id: id.as_ref().map_or("", FrameworkId::as_str).into(),
            role: info.map_or_else(|| "*".to_owned(), hear::role_of),
        }
    }

    /// Whose subscription a connection is.
    pub(crate) fn framework_on(&self, connection: Connection) -> Option<FrameworkId> {
        self.mesos.framework_on(connection).cloned()
    }

    /// The subscription of a framework that counts.
    fn subscription_of(&self, framework: &FrameworkId) -> Option<(Connection, &Subscription)> {
        let connection = self.mesos.connection_of(framework)?;
        Some((connection, self.subscriptions.get(&connection)?))
    }

    /// What a framework says of itself replaces what it said before.
    fn remember(&mut self, connection: Connection, mut info: mesos_v1::proto::FrameworkInfo) {
        let Some(framework) = self.framework_on(connection) else { return };
        info.id = Some(framework.as_str().into());
        self.frameworks.insert(framework, info);
    }

    fn hang_up(&mut self, now: etcd_mesos_core::time::Timestamp, connection: Connection) {
        self.subscriptions.remove(&connection);
        self.mesos.hang_up(now, connection);
    }
}
