//! A genuine Apache Mesos 1.11.0 on loopback: masters, agents, containerizer and fetcher.
//!
//! ```no_run
//! # fn main() -> Result<(), etcd_mesos_testkit::HarnessError> {
//! use etcd_mesos_testkit::mesos::Cluster;
//! let cluster = Cluster::builder()
//!     .agents(5)
//!     .env("MESOS_AGENT_PING_TIMEOUT", "2secs") // with the next line: an agent is lost after 6 s, not 77 s
//!     .env("MESOS_MAX_AGENT_PING_TIMEOUTS", "2")
//!     .agent_env(2, "MESOS_EXECUTOR_REGISTRATION_TIMEOUT", "5secs") // agent 2 alone gives up on slow executors
//!     .start()?;
//! cluster.set_fetch_delay(2, std::time::Duration::from_secs(6))?; // and its fetches are slow
//! cluster.kill_agent(1)?;
//! cluster.start_agent(1)?;
//! # Ok(())
//! # }
//! ```
//!
//! Every flag of Mesos works as a `MESOS_*` variable. What the packages lack is absent here too: the command and
//! the default executor, Docker images, `/version`, the web interface and the cgroup isolators.

mod builder;
mod cluster;
mod daemon;
mod install;
mod janitor;
pub(crate) mod leftovers;
pub(crate) mod net;
mod tls;
mod view;

pub use builder::Builder;
pub use cluster::Cluster;
