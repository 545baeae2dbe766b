//! A health policy that calls a cluster degraded whose database grows beyond ACME's limit.

use etcd_mesos_core::health::{HealthPolicy, Judgement, Outlook, Verdict, prove};
use etcd_mesos_core::plugin::{Context, HealthPlugin, Plugin, SectionProblem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The plugin `small_database`.
pub struct SmallDatabasePlugin;

/// The section `[health.small_database]`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SmallDatabaseSection {
    /// How many megabytes a member's database may have
    pub limit_mb: u64,
}

impl Default for SmallDatabaseSection {
    fn default() -> Self {
        SmallDatabaseSection { limit_mb: 512 }
    }
}

impl Plugin for SmallDatabasePlugin {
    const NAME: &'static str = "small_database";
    const ABOUT: &'static str = "the proof, and databases below a limit";
    type Section = SmallDatabaseSection;

    fn check(section: &SmallDatabaseSection) -> Vec<SectionProblem> {
        let text = "it must be at least 1: an empty database has some kilobytes".to_owned();
        let problem = SectionProblem { key: "limit_mb", text };
        if section.limit_mb == 0 { vec![problem] } else { Vec::new() }
    }
}

impl HealthPlugin for SmallDatabasePlugin {
    fn make(section: SmallDatabaseSection, _: &Context) -> Box<dyn HealthPolicy> {
        Box::new(SmallDatabase { limit_bytes: section.limit_mb.saturating_mul(1024 * 1024) })
    }
}

/// The policy.
#[derive(Debug)]
pub struct SmallDatabase {
    /// How large a member's database may be.
    pub limit_bytes: u64,
}

impl HealthPolicy for SmallDatabase {
    fn judge(&self, outlook: &Outlook<'_>) -> Judgement {
        let proven = prove(outlook);
        let sizes = outlook.members.iter().filter_map(|m| Some((m.name, outlook.fresh(m)?)));
        let large = sizes.filter(|(_, seen)| seen.db_size_bytes > self.limit_bytes);
        let mut troubles: Vec<String> = large
            .map(|(name, seen)| format!("the database of {name} has {} bytes", seen.db_size_bytes))
            .collect();
        if troubles.is_empty() || proven.verdict > Verdict::Degraded {
            return Judgement::new(proven.verdict, proven.because);
        }
        if proven.verdict == Verdict::Degraded {
            troubles.insert(0, proven.because);
        }
        Judgement::new(Verdict::Degraded, troubles.join("; "))
    }
}
