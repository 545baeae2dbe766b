//! Settings that were changed and cannot be applied to the running cluster yet: each is said.

use super::{Go, Pass, Scheduler};
use crate::config::Config;
use crate::record::Applied;

const STEP: &str = "pending";

impl Scheduler {
    /// Says which settings the members do not have yet.
    pub(super) fn plan_pending(&mut self, pass: &mut Pass) -> Go {
        let stored = self.book.stored();
        if !stored.is_formed() {
            return Go::On;
        }
        let (is, wanted) = (stored.members.len(), self.config.size);
        if is != wanted {
            pass.trouble(
                STEP,
                format!(
                    "cluster.size: {wanted} is configured and the cluster has {is} members; this \
                     version does not change the size of a formed cluster"
                ),
            );
        }
        for (key, applied, wanted) in
            stored.applied.iter().flat_map(|a| differences(a, &self.config))
        {
            pass.waiting(
                STEP,
                format!(
                    "{key}: {wanted} is configured and the members were launched with {applied}; \
                     this version does not launch running members again"
                ),
            );
        }
        Go::On
    }
}

impl Applied {
    /// What members get that are launched under this configuration.
    pub(super) fn of(config: &Config) -> Applied {
        Applied {
            cpus: config.need.cpus,
            mem: config.need.mem,
            disk: config.need.disk,
            etcd_flags: config.etcd_flags.clone(),
        }
    }
}

/// The keys whose values differ: key, applied, configured.
fn differences(applied: &Applied, config: &Config) -> Vec<(&'static str, String, String)> {
    let wanted = Applied::of(config);
    let flags = |flags: &[String]| format!("`{}`", flags.join(" "));
    let all = [
        ("member.cpus", applied.cpus.to_string(), wanted.cpus.to_string()),
        ("member.mem", applied.mem.to_string(), wanted.mem.to_string()),
        ("member.disk", applied.disk.to_string(), wanted.disk.to_string()),
        ("member.etcd_flags", flags(&applied.etcd_flags), flags(&wanted.etcd_flags)),
    ];
    all.into_iter().filter(|(_, applied, wanted)| applied != wanted).collect()
}
