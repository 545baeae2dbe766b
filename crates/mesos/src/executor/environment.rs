//! What an agent tells an executor through environment variables (Mesos `docs/executor-http-api.md`,
//! `src/slave/slave.cpp`).

use std::{fmt, path::PathBuf, time::Duration};

use crate::{
    credentials::Token,
    endpoint::Endpoint,
    proto::{ExecutorId, FrameworkId},
};

/// The environment that an agent gives to an executor.
#[derive(Clone, Debug)]
pub struct ExecutorEnvironment {
    /// `MESOS_AGENT_ENDPOINT`: where the agent listens.
    pub agent: Endpoint,
    /// `MESOS_FRAMEWORK_ID`: whose executor this is.
    pub framework_id: FrameworkId,
    /// `MESOS_EXECUTOR_ID`: which one.
    pub executor_id: ExecutorId,
    /// `MESOS_SANDBOX`: the sandbox as the executor sees it.
    pub sandbox: PathBuf,
    /// `MESOS_DIRECTORY`: the sandbox as the agent's host sees it.
    pub directory: Option<PathBuf>,
    /// `MESOS_CHECKPOINT`: whether the executor is to outlive a restart of the agent.
    pub checkpoint: bool,
    /// `MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD`: how long it may take to end after a SHUTDOWN.
    pub shutdown_grace_period: Duration,
    /// `MESOS_RECOVERY_TIMEOUT`: how long Mesos suggests to wait for an agent that is away; with
    /// checkpointing only.
    pub recovery_timeout: Option<Duration>,
    /// `MESOS_SUBSCRIPTION_BACKOFF_MAX`: the longest pause between two attempts that Mesos suggests; with
    /// checkpointing only.
    pub subscription_backoff_max: Option<Duration>,
    /// `MESOS_EXECUTOR_AUTHENTICATION_TOKEN`: where the agent authenticates executors.
    pub authentication_token: Option<Token>,
}

/// All that is wrong with an executor's environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentError {
    /// One for each variable; at least one.
    pub problems: Vec<EnvironmentProblem>,
}

/// What is wrong with one variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentProblem {
    /// It is not set, or empty.
    #[error("{0} is not set; only a Mesos agent can start an executor")]
    Missing(&'static str),
    /// It can't be read. A token is not shown.
    #[error("{name} can't be read: `{value}` is not {expected}")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

impl std::error::Error for EnvironmentError {}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the environment is not one of an executor: ")?;
        for (at, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl ExecutorEnvironment {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// All that is missing or malformed, each by its name.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        Self::parse(|name| std::env::var(name).ok())
    }

    /// Reads an environment.
    ///
    /// # Errors
    ///
    /// All that is missing or malformed, each by its name.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let mut reader = Reader { lookup, problems: Vec::new() };
        let agent = reader.needed("MESOS_AGENT_ENDPOINT", "host:port", |text| text.parse().ok());
        let framework_id = reader.needed("MESOS_FRAMEWORK_ID", "an ID", some);
        let executor_id = reader.needed("MESOS_EXECUTOR_ID", "an ID", some);
        let sandbox = reader.needed("MESOS_SANDBOX", "a path", some);
        let grace = "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD";
        let shutdown_grace_period = reader.needed(grace, DURATION, duration);
        let directory = reader.optional("MESOS_DIRECTORY", "a path", some);
        let checkpoint = reader.optional("MESOS_CHECKPOINT", "0 or 1", flag);
        let recovery_timeout = reader.optional("MESOS_RECOVERY_TIMEOUT", DURATION, duration);
        let subscription_backoff_max =
            reader.optional("MESOS_SUBSCRIPTION_BACKOFF_MAX", DURATION, duration);
        let authentication_token = reader.token("MESOS_EXECUTOR_AUTHENTICATION_TOKEN");
        match (agent, framework_id, executor_id, sandbox, shutdown_grace_period) {
            (Some(agent), Some(framework), Some(executor), Some(sandbox), Some(grace))
                if reader.problems.is_empty() =>
            {
                Ok(Self {
                    agent,
                    framework_id: FrameworkId::from(framework),
                    executor_id: ExecutorId::from(executor),
                    sandbox: PathBuf::from(sandbox),
                    directory: directory.map(PathBuf::from),
                    checkpoint: checkpoint.unwrap_or(false),
                    shutdown_grace_period: grace,
                    recovery_timeout,
                    subscription_backoff_max,
                    authentication_token,
                })
            }
            _ => Err(EnvironmentError { problems: reader.problems }),
        }
    }
}

const DURATION: &str = "a duration such as 5secs";

struct Reader<L> {
    lookup: L,
    problems: Vec<EnvironmentProblem>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    fn needed<T>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        if self.value(name).is_none() {
            self.problems.push(EnvironmentProblem::Missing(name));
        }
        self.optional(name, expected, read)
    }

    fn optional<T>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        let parsed = read(&value);
        if parsed.is_none() {
            self.problems.push(EnvironmentProblem::Malformed { name, value, expected });
        }
        parsed
    }

    fn token(&mut self, name: &'static str) -> Option<Token> {
        let token = Token::new(&self.value(name)?);
        if token.is_none() {
            let (value, expected) = ("(not shown)".to_owned(), "a token");
            self.problems.push(EnvironmentProblem::Malformed { name, value, expected });
        }
        token
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// Reads a duration in Mesos's form, `5secs` or `1.5mins` (`stout/duration.hpp`).
fn duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "ns" => 1e-9,
        "us" => 1e-6,
        "ms" => 1e-3,
        "secs" => 1.0,
        "mins" => 60.0,
        "hrs" => 3600.0,
        "days" => 86_400.0,
        "weeks" => 604_800.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// What Mesos 1.11 gives.
    const GIVEN: [(&str, &str); 9] = [
        ("MESOS_AGENT_ENDPOINT", "127.0.9.11:5051"),
        ("MESOS_FRAMEWORK_ID", "f-0000"),
        ("MESOS_EXECUTOR_ID", "etcd-1"),
        ("MESOS_SANDBOX", "/mnt/mesos/sandbox"),
        ("MESOS_DIRECTORY", "/var/lib/mesos/runs/latest"),
        ("MESOS_CHECKPOINT", "1"),
        ("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", "5secs"),
        ("MESOS_RECOVERY_TIMEOUT", "15mins"),
        ("MESOS_SUBSCRIPTION_BACKOFF_MAX", "2secs"),
    ];

    fn parse(change: &[(&str, &str)]) -> Result<ExecutorEnvironment, EnvironmentError> {
        ExecutorEnvironment::parse(|name| {
            let all = change.iter().chain(&GIVEN);
            all.copied().find(|(given, _)| *given == name).map(|(_, value)| value.to_owned())
        })
    }

    #[test]
    fn an_agents_environment_is_read() {
        let env = parse(&[("MESOS_EXECUTOR_AUTHENTICATION_TOKEN", "t0ken")]).unwrap();
        assert_eq!(env.agent, Endpoint::new("127.0.9.11", 5051));
        assert_eq!(env.framework_id, "f-0000".into());
        assert_eq!(env.executor_id, "etcd-1".into());
        assert_eq!(env.sandbox, PathBuf::from("/mnt/mesos/sandbox"));
        assert!(env.checkpoint);
        assert_eq!(env.shutdown_grace_period, Duration::from_secs(5));
        assert_eq!(env.recovery_timeout, Some(Duration::from_secs(900)));
        assert_eq!(env.authentication_token.clone().unwrap().authorization(), "Bearer t0ken");
        assert!(!format!("{env:?}").contains("t0ken"));
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let error = ExecutorEnvironment::parse(|_| None).unwrap_err();
        let missing = EnvironmentProblem::Missing;
        assert_eq!(
            error.problems,
            [
                missing("MESOS_AGENT_ENDPOINT"),
                missing("MESOS_FRAMEWORK_ID"),
                missing("MESOS_EXECUTOR_ID"),
                missing("MESOS_SANDBOX"),
                missing("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD"),
            ]
        );
        assert!(error.to_string().contains("MESOS_SANDBOX is not set"));
    }

    #[test]
    fn what_is_malformed_is_named_and_a_token_not_shown() {
        let error = parse(&[
            ("MESOS_AGENT_ENDPOINT", "slave(1)"),
            ("MESOS_EXECUTOR_ID", ""),
            ("MESOS_CHECKPOINT", "perhaps"),
            ("MESOS_RECOVERY_TIMEOUT", "15"),
            ("MESOS_EXECUTOR_AUTHENTICATION_TOKEN", "t0k\nen"),
        ])
        .unwrap_err();
        assert_eq!(error.problems.len(), 5, "{error}");
        assert!(!error.to_string().contains("t0k"), "{error}");
    }

    #[test]
    fn durations_are_read_as_mesos_writes_them() {
        for (text, millis) in [("5secs", 5000), ("1.5mins", 90_000), ("250ms", 250), ("0ns", 0)] {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "secs", "5 parsecs", "-1secs", "NaNsecs"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
