//! What a section asks for, once it is known to make sense.

use std::time::Duration;

use etcd_mesos_core::plugin::SectionProblem;
use etcd_mesos_core::setting::Span;

use crate::section::MesosDnsSection;
use crate::server::{Server, Servers};
use crate::service::{Domain, Group, Service, grouped};

const TIMEOUT_MIN: Span = Span(Duration::from_millis(50));
const TIMEOUT_MAX: Span = Span::seconds(10);
const DEADLINE_MAX: Span = Span::seconds(60);

/// Whom to ask, for what, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub domain: Domain,
    pub servers: Servers,
    pub groups: Vec<Group>,
    pub timeout: Duration,
    pub deadline: Duration,
}

impl Plan {
    /// The plan; or everything that is wrong with the section.
    pub(crate) fn of(section: &MesosDnsSection) -> Result<Plan, Vec<SectionProblem>> {
        let mut problems = Vec::new();
        let domain = kept(&mut problems, "domain", section.domain.parse::<Domain>());
        let servers = section.servers.iter();
        let servers = servers.filter_map(|text| kept(&mut problems, "servers", text.parse()));
        let servers: Vec<Server> = servers.collect();
        // A wrong domain is one problem, and no further one of each service.
        let below = domain.clone().unwrap_or_default();
        let services = section.services.iter();
        let services =
            services.filter_map(|text| kept(&mut problems, "services", Service::of(text, &below)));
        let services: Vec<Service> = services.collect();
        problems.extend(nothing_to_ask(section));
        problems.extend(wrong_times(section));
        let (Some(domain), true) = (domain, problems.is_empty()) else { return Err(problems) };
        Ok(Plan {
            domain,
            servers: Servers::of(servers),
            groups: grouped(services),
            timeout: section.timeout.0,
            deadline: section.deadline.0,
        })
    }
}

/// What was read; why it could not be joins the problems.
fn kept<T>(
    problems: &mut Vec<SectionProblem>,
    key: &'static str,
    read: Result<T, String>,
) -> Option<T> {
    read.map_err(|text| problems.push(SectionProblem { key, text })).ok()
}

fn nothing_to_ask(section: &MesosDnsSection) -> Option<SectionProblem> {
    let text = "at least one SRV name must be asked for; leave the key out for the usual ones";
    let problem = SectionProblem { key: "services", text: text.to_owned() };
    section.services.is_empty().then_some(problem)
}

fn wrong_times(section: &MesosDnsSection) -> Vec<SectionProblem> {
    let mut problems = Vec::new();
    if !(TIMEOUT_MIN..=TIMEOUT_MAX).contains(&section.timeout) {
        let text = format!("it must be between {TIMEOUT_MIN} and {TIMEOUT_MAX}");
        problems.push(SectionProblem { key: "timeout", text });
    }
    if section.deadline < section.timeout || section.deadline > DEADLINE_MAX {
        let text = format!("it must be at least `timeout`, and at most {DEADLINE_MAX}");
        problems.push(SectionProblem { key: "deadline", text });
    }
    problems
}
