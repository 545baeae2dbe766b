//! What the core needs to know of the configuration, already checked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{ClusterName, FrameworkId};
use crate::offer::Need;

/// The settings of one scheduler. They stand in transcripts: no secret may be among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The cluster's name; also the framework's.
    pub cluster: ClusterName,
    /// The Mesos role whose resources are used.
    pub role: String,
    /// How many members the cluster has.
    pub size: usize,
    /// What a member needs of its agent.
    pub need: Need,
    /// Further etcd flags.
    pub etcd_flags: Vec<String>,
    /// Chance, drawn once by the driver: makes cluster tokens unique for ever.
    pub nonce: String,
    /// The framework ID that Mesos has removed, by the operator's word: where it is the stored
    /// one, a new one is asked for.
    pub removed_framework: Option<FrameworkId>,
    /// The deadlines.
    pub timing: Timing,
}

/// Every deadline of the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// How long an offer is held while others are waited for.
    pub offer_hold: Duration,
    /// The filter on an offer that did not serve while offers are wanted.
    pub refuse_wanted: Duration,
    /// The filter on an offer that is not wanted.
    pub refuse_unwanted: Duration,
    /// The first pause between two explicit reconciliations; doubled each time.
    pub reconcile_min: Duration,
    /// The longest pause between two explicit reconciliations.
    pub reconcile_max: Duration,
    /// The pause between two implicit reconciliations.
    pub reconcile_implicit: Duration,
    /// How long a save that failed waits before it is tried again.
    pub save_retry: Duration,
    /// How long a formation attempt may take in all.
    pub formation_max: Duration,
    /// How long a member may lag behind a majority that serves before the cluster counts as formed.
    pub straggler_max: Duration,
    /// How long an agent is set aside after a failure; doubled with each further one.
    pub set_aside_min: Duration,
    /// The longest time that an agent is set aside.
    pub set_aside_max: Duration,
    /// The pause before an order or a kill is repeated.
    pub repeat: Duration,
    /// The pause between two looks at one member.
    pub probe: Duration,
    /// How old the proof of a member's health may be.
    pub proof_max: Duration,
    /// How long etcd may take to stop.
    pub stop_grace: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let s = Duration::from_secs;
        Timing {
            offer_hold: s(5),
            refuse_wanted: s(2),
            refuse_unwanted: s(3600),
            reconcile_min: s(1),
            reconcile_max: s(60),
            reconcile_implicit: s(900),
            save_retry: s(1),
            formation_max: s(600),
            straggler_max: s(90),
            set_aside_min: s(10),
            set_aside_max: s(600),
            repeat: s(2),
            probe: s(2),
            proof_max: s(10),
            stop_grace: s(20),
        }
    }
}

/// More members than this make every write slower and help nobody (etcd's own advice is 7).
pub const SIZE_MAX: usize = 9;
