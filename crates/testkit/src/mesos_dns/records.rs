//! The records that mesos-dns makes of a master's `/state`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use hickory_proto::rr::rdata::{A, SRV};
use hickory_proto::rr::{Name, RData, Record};
use serde_json::Value;

use super::names::{agent_tail, domain, label, task_hash};

/// The address of each agent, by its ID.
type Agents<'a> = BTreeMap<&'a str, Ipv4Addr>;

/// All records of all frameworks and of their tasks that run.
pub fn of_state(state: &Value, ttl: u32) -> Vec<Record> {
    let agents = list(&state["slaves"]).filter_map(agent).collect();
    let mut records = Records { ttl, all: Vec::new() };
    for framework in list(&state["frameworks"]) {
        records.of_framework(framework, &agents);
    }
    records.all
}

struct Records {
    ttl: u32,
    all: Vec<Record>,
}

/// A task under one of its names.
struct Named<'a> {
    task: &'a Value,
    label: &'a str,
    framework: &'a str,
}

impl Records {
    fn of_framework(&mut self, framework: &Value, agents: &Agents) {
        let name = domain(text(&framework["name"]));
        if let Ok(scheduler) = text(&framework["hostname"]).parse() {
            self.a(&name, scheduler);
        }
        for task in list(&framework["tasks"]) {
            if let Some(agent) = agents.get(text(&task["slave_id"])).filter(|_| runs(task)) {
                self.of_task(task, &name, *agent);
            }
        }
    }

    fn of_task(&mut self, task: &Value, framework: &str, agent: Ipv4Addr) {
        for label in labels(task) {
            let named = Named { task, label: &label, framework };
            self.addresses(&named, agent);
            self.resource_ports(&named);
            self.discovery_ports(&named);
        }
    }

    fn addresses(&mut self, named: &Named, agent: Ipv4Addr) {
        let plain = format!("{}.{}", named.label, named.framework);
        for own in task_addresses(named.task).unwrap_or_else(|| vec![agent]) {
            self.a(&plain, own);
            self.a(&named.host(), own);
        }
        self.a(&format!("{plain}.slave"), agent);
        self.a(&format!("{}.slave", named.host()), agent);
    }

    /// What the agent gave it: below `.slave`, and where the task says nothing better also beside it.
    fn resource_ports(&mut self, named: &Named) {
        let zones: &[&str] = if has_discovery(named.task) { &[".slave"] } else { &[".slave", ""] };
        let target = format!("{}.slave", named.host());
        for port in resource_ports(named.task) {
            for (protocol, zone) in both(&["tcp", "udp"], zones) {
                let Named { label, framework, .. } = named;
                self.srv(&format!("_{label}._{protocol}.{framework}{zone}"), port, &target);
            }
        }
    }

    /// What the task says of itself; the protocol may be any word.
    fn discovery_ports(&mut self, named: &Named) {
        if !has_discovery(named.task) {
            return;
        }
        for port in list(&named.task["discovery"]["ports"]["ports"]) {
            let word = label(text(&port["protocol"]));
            let number = port["number"].as_u64().and_then(|number| u16::try_from(number).ok());
            let protocols: &[&str] = if word.is_empty() { &["tcp", "udp"] } else { &[&word] };
            let prefix = match label(text(&port["name"])).as_str() {
                "" => None,
                name => Some(format!("_{name}.")),
            };
            for protocol in protocols {
                let service = format!("_{}._{protocol}.{}", named.label, named.framework);
                self.srv(&service, number.unwrap_or_default(), &named.host());
                if let Some(prefix) = &prefix {
                    let service = format!("{prefix}{service}");
                    self.srv(&service, number.unwrap_or_default(), &named.host());
                }
            }
        }
    }

    fn a(&mut self, owner: &str, address: Ipv4Addr) {
        self.add(owner, RData::A(A(address)));
    }

    fn srv(&mut self, owner: &str, port: u16, target: &str) {
        if let Some(target) = in_mesos(target) {
            self.add(owner, RData::SRV(SRV::new(0, 1, port, target)));
        }
    }

    /// A name that DNS cannot hold is left out: nobody could ask for it.
    fn add(&mut self, owner: &str, data: RData) {
        self.all.extend(in_mesos(owner).map(|owner| Record::from_rdata(owner, self.ttl, data)));
    }
}

impl Named<'_> {
    /// The name that no other task has.
    fn host(&self) -> String {
        let hash = task_hash(text(&self.task["id"]));
        let agent = agent_tail(text(&self.task["slave_id"]));
        format!("{}-{hash}-{agent}.{}", self.label, self.framework)
    }
}

fn in_mesos(name: &str) -> Option<Name> {
    Name::from_ascii(format!("{name}.mesos.")).ok()
}

fn agent(agent: &Value) -> Option<(&str, Ipv4Addr)> {
    let (_, at) = text(&agent["pid"]).rsplit_once('@')?;
    let (ip, _) = at.rsplit_once(':')?;
    Some((text(&agent["id"]), ip.parse().ok()?))
}

fn runs(task: &Value) -> bool {
    task["state"] == "TASK_RUNNING"
}

/// Only a name makes mesos-dns look at the rest of it.
fn has_discovery(task: &Value) -> bool {
    !text(&task["discovery"]["name"]).is_empty()
}

/// The name for discovery counts as it was written too, but questions are looked up in lower case.
fn labels(task: &Value) -> Vec<String> {
    if !has_discovery(task) {
        return vec![label(text(&task["name"]))];
    }
    let written = text(&task["discovery"]["name"]);
    let mut labels = vec![label(written)];
    if labels[0] != written && written == written.to_lowercase() {
        labels.push(written.to_owned());
    }
    labels
}

/// Those of its newest status in which it runs.
fn task_addresses(task: &Value) -> Option<Vec<Ipv4Addr>> {
    let running = list(&task["statuses"]).filter(|status| status["state"] == "TASK_RUNNING");
    let since = |status: &Value| status["timestamp"].as_f64().unwrap_or_default();
    let newest = running.max_by(|one, other| since(one).total_cmp(&since(other)))?;
    let networks = list(&newest["container_status"]["network_infos"]);
    let addresses = networks.flat_map(|network| list(&network["ip_addresses"]));
    let parsed: Vec<Ipv4Addr> =
        addresses.filter_map(|address| text(&address["ip_address"]).parse().ok()).collect();
    Some(parsed).filter(|parsed| !parsed.is_empty())
}

/// `[31000-31001, 31005-31005]`, one by one.
fn resource_ports(task: &Value) -> Vec<u16> {
    let ranges = text(&task["resources"]["ports"]).trim_matches(['[', ']']);
    let range = |range: &str| {
        let (first, last) = range.trim().split_once('-')?;
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    ranges.split(',').filter_map(range).flatten().collect()
}

fn both<'a>(ones: &[&'a str], others: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    ones.iter().flat_map(|one| others.iter().map(move |other| (*one, *other))).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
