//! What an agent tells an executor through its environment (`executorEnvironment` in
//! `src/slave/slave.cpp`).

use mesos_v1::proto::DurationInfo;

use crate::containers::Contained;
use crate::settings::Settings;

/// How long an executor may take to end, if it says nothing itself (`--executor_shutdown_grace_period`).
const SHUTDOWN_GRACE_SECS: f64 = 5.0;

/// Of the daemon's own variables an executor gets none but those that are Mesos's.
pub(crate) fn of(
    settings: &Settings,
    agent: usize,
    agent_id: &str,
    contained: &Contained,
) -> Vec<(String, String)> {
    let executor = contained.task.executor.clone().unwrap_or_default();
    let sandbox = contained.sandbox.display().to_string();
    let at = settings.network.agent(agent);
    let grace = executor.shutdown_grace_period.map_or(SHUTDOWN_GRACE_SECS, seconds);
    let ours = [
        ("LIBPROCESS_IP", at.ip().to_string()),
        ("LIBPROCESS_PORT", "0".to_owned()),
        ("MESOS_AGENT_ENDPOINT", at.to_string()),
        ("MESOS_CHECKPOINT", "1".to_owned()),
        ("MESOS_DIRECTORY", sandbox.clone()),
        ("MESOS_EXECUTOR_ID", executor.executor_id.value.clone()),
        ("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", format!("{grace}secs")),
        ("MESOS_FRAMEWORK_ID", contained.framework.to_string()),
        ("MESOS_HTTP_COMMAND_EXECUTOR", "0".to_owned()),
        ("MESOS_RECOVERY_TIMEOUT", "15mins".to_owned()),
        ("MESOS_SANDBOX", sandbox),
        ("MESOS_SLAVE_ID", agent_id.to_owned()),
        ("MESOS_SLAVE_PID", format!("slave(1)@{at}")),
        ("MESOS_SUBSCRIPTION_BACKOFF_MAX", "2secs".to_owned()),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
    ];
    let given = executor.command.and_then(|command| command.environment).unwrap_or_default();
    let given = given.variables.into_iter().map(|v| (v.name, v.value.unwrap_or_default()));
    ours.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(given).collect()
}

fn seconds(duration: DurationInfo) -> f64 {
    std::time::Duration::from(duration).as_secs_f64()
}
