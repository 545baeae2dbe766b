//! A `/state` of any size, shaped like that of a Mesos 1.11 on which much runs.
#![allow(dead_code, reason = "each program uses a part of it")]

use std::io::{self, Write};

/// The framework that is looked for; it stands behind most of the others.
pub const FRAMEWORK: &str = "etcd";
/// What has to be found.
pub const MEMBERS: [&str; 3] =
    ["http://10.1.0.1:31001", "http://10.1.0.2:31001", "http://10.1.0.3:31001"];

/// How much runs on a Mesos.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub agents: usize,
    pub tasks: usize,
}

/// 10,000 agents and 50,000 tasks: 79 MB.
pub const LARGE: Size = Size { agents: 10_000, tasks: 50_000 };
/// Ten times that.
pub const HUGE: Size = Size { agents: 100_000, tasks: 500_000 };

const FRAMEWORKS: usize = 100;
const MASTER: &str = "b60222bb-ec75-4874-8215-633aa6278b64";

/// Writes the state.
pub fn write(size: Size, to: &mut impl Write) -> io::Result<()> {
    write!(
        to,
        r#"{{"version":"1.11.0","start_time":1795727592.8058582,"id":"{MASTER}","pid":"master@10.0.0.1:5050","flags":{{"webui_dir":"\/usr\/share\/mesos\/webui"}},"slaves":["#
    )?;
    for number in 0..size.agents {
        separate(number, to)?;
        agent(number, to)?;
    }
    write!(to, r#"],"recovered_slaves":[],"frameworks":["#)?;
    for number in 0..FRAMEWORKS {
        framework(number, size.tasks / FRAMEWORKS, to)?;
        write!(to, ",")?;
    }
    ours(to)?;
    write!(to, r#"],"completed_frameworks":[],"orphan_tasks":[],"unregistered_frameworks":[]}}"#)
}

fn separate(number: usize, to: &mut impl Write) -> io::Result<()> {
    if number > 0 { write!(to, ",") } else { Ok(()) }
}

fn agent(number: usize, to: &mut impl Write) -> io::Result<()> {
    let (high, low) = (number / 250, number % 250);
    let resources = r#"{"disk":819200.0,"mem":262144.0,"gpus":0.0,"cpus":64.0,"ports":"[1025-2180, 2182-3887, 3889-5049, 5052-8079, 8082-8180, 8182-32000]"}"#;
    write!(
        to,
        r#"{{"id":"{MASTER}-S{number}","hostname":"agent-{number}.example","port":5051,"attributes":{{"rack":"r{low}","zone":"eu-west-1a","kernel":"5.10.0-28-amd64","os":"debian","disk":"ssd"}},"pid":"slave(1)@10.{high}.{low}.1:5051","registered_time":1795727592.8541189,"resources":{resources},"used_resources":{resources},"offered_resources":{{"disk":0.0,"mem":0.0,"gpus":0.0,"cpus":0.0}},"reserved_resources":{{"kafka":{resources},"cassandra":{resources}}},"unreserved_resources":{resources},"active":true,"deactivated":false,"version":"1.11.0","capabilities":["MULTI_ROLE","HIERARCHICAL_ROLE","RESERVATION_REFINEMENT","RESOURCE_PROVIDER","RESIZE_VOLUME","AGENT_OPERATION_FEEDBACK","AGENT_DRAINING","TASK_RESOURCE_LIMITS"]}}"#
    )
}

fn framework(number: usize, tasks: usize, to: &mut impl Write) -> io::Result<()> {
    begin(&format!("marathon-{number}"), number, to)?;
    for task in 0..tasks {
        separate(task, to)?;
        other_task(number, task, to)?;
    }
    end(to)
}

fn begin(name: &str, number: usize, to: &mut impl Write) -> io::Result<()> {
    write!(
        to,
        r#"{{"id":"{MASTER}-{number:04}","name":"{name}","used_resources":{{"disk":3072.0,"mem":864.0,"gpus":0.0,"cpus":1.8,"ports":"[12432-12433, 12464-12465]"}},"capabilities":["PARTITION_AWARE","TASK_KILLING_STATE"],"hostname":"10.0.0.9","webui_url":"http:\/\/10.0.0.9:8080\/","active":true,"connected":true,"recovered":false,"user":"root","failover_timeout":604800.0,"checkpoint":true,"roles":["*"],"tasks":["#
    )
}

fn end(to: &mut impl Write) -> io::Result<()> {
    write!(
        to,
        r#"],"unreachable_tasks":[],"completed_tasks":[],"offers":[],"executors":[],"offer_constraints":{{}}}}"#
    )
}

fn other_task(framework: usize, number: usize, to: &mut impl Write) -> io::Result<()> {
    let agent = framework * 97 + number;
    let container = format!("{:08x}-6c3f-4855-8084-1935ced9351e", agent * 7919);
    let (high, low) = (agent / 250 % 250, agent % 250);
    let infos = format!(
        r#""container_status":{{"container_id":{{"value":"{container}"}},"network_infos":[{{"ip_addresses":[{{"protocol":"IPv4","ip_address":"10.{high}.{low}.1"}}]}}]}}"#
    );
    write!(
        to,
        r#"{{"id":"service_app-{number}.{container}","name":"app-{number}.service","framework_id":"{MASTER}-{framework:04}","executor_id":"","slave_id":"{MASTER}-S{agent}","state":"TASK_RUNNING","resources":{{"disk":0.0,"mem":512.0,"gpus":0.0,"cpus":0.5,"ports":"[31000-31001]"}},"role":"*","statuses":[{{"state":"TASK_STARTING","timestamp":1795727593.50861,{infos}}},{{"state":"TASK_RUNNING","timestamp":1795727594.03049,{infos}}}],"labels":[{{"key":"HAPROXY_GROUP","value":"external"}},{{"key":"command","value":"sh -c \"exec \\\"$APP\\\" {{a: [1]}}\""}}],"container":{{"type":"DOCKER","docker":{{"image":"registry.example\/team\/app:1.{number}.0","network":"BRIDGE","privileged":false,"force_pull_image":false,"port_mappings":[{{"host_port":31000,"container_port":8080,"protocol":"tcp"}}],"parameters":[{{"key":"log-driver","value":"journald"}}]}}}},"discovery":{{"visibility":"FRAMEWORK","name":"app-{number}.service","ports":{{"ports":[{{"number":31000,"name":"http","protocol":"tcp"}}]}}}}}}"#
    )
}

fn ours(to: &mut impl Write) -> io::Result<()> {
    begin(FRAMEWORK, FRAMEWORKS, to)?;
    for number in 0..MEMBERS.len() {
        separate(number, to)?;
        let address = format!("10.1.0.{}", number + 1);
        write!(
            to,
            r#"{{"id":"etcd.etcd.0.etcd-1-{number}.1","name":"etcd-server","framework_id":"{MASTER}-{FRAMEWORKS:04}","executor_id":"etcd-1-{number}","slave_id":"{MASTER}-S{number}","state":"TASK_RUNNING","statuses":[{{"state":"TASK_RUNNING","timestamp":1795727594.03049,"container_status":{{"network_infos":[{{"ip_addresses":[{{"protocol":"IPv4","ip_address":"{address}"}}]}}]}}}}],"discovery":{{"visibility":"EXTERNAL","name":"etcd-server","ports":{{"ports":[{{"number":31000,"protocol":"tcp"}},{{"number":31001,"protocol":"client"}}]}}}}}}"#
        )?;
    }
    end(to)
}
