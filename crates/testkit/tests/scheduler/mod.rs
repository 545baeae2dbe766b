//! Just enough of a scheduler to start containers: it never reads an event, and learns from the master's state.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use etcd_mesos_testkit::http;
use etcd_mesos_testkit::mesos::Cluster;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

/// A subscribed framework; it stays connected as long as this value lives.
pub struct Scheduler {
    framework_id: String,
    stream_id: String,
    _events: BufReader<TcpStream>,
}

impl Scheduler {
    pub fn subscribe(cluster: &Cluster, name: &str) -> Self {
        let addr = cluster.master_addr();
        let framework =
            json!({"user": "root", "name": name, "checkpoint": true, "failover_timeout": 3600});
        let call =
            json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": framework}}).to_string();
        let mut stream = TcpStream::connect(&addr).unwrap();
        write!(
            stream,
            "POST /api/v1/scheduler HTTP/1.1\r\nHost: {addr}\r\nContent-Type: application/json\r\n\
             Accept: application/json\r\nContent-Length: {}\r\n\r\n{call}",
            call.len()
        )
        .unwrap();
        let mut events = BufReader::new(stream);
        let stream_id = read_header(&mut events, "Mesos-Stream-Id: ");
        let id = || cluster.framework(name).ok()??["id"].as_str().map(str::to_owned);
        let framework_id = cluster.wait_for("the framework's ID", SOON, id).unwrap();
        Self { framework_id, stream_id, _events: events }
    }

    pub fn framework_id(&self) -> &str {
        &self.framework_id
    }

    /// Launches a task whose executor runs `command` in a shell, with `(URI, name)` fetched as programs.
    pub fn launch(
        &self,
        cluster: &Cluster,
        executor_id: &str,
        command: &str,
        uris: &[(&str, &str)],
    ) {
        let offer = cluster.wait_for("an offer", SOON, || cluster.offers().ok()?.pop()).unwrap();
        let uris: Vec<Value> = uris
            .iter()
            .map(|(value, name)| json!({"value": value, "output_file": name, "executable": true}))
            .collect();
        let task = json!({
            "name": executor_id,
            "task_id": {"value": executor_id},
            "agent_id": {"value": offer["slave_id"]},
            "resources": resources(0.1, 32.0),
            "executor": {
                "type": "CUSTOM",
                "executor_id": {"value": executor_id},
                "command": {"value": command, "uris": uris},
                "resources": resources(0.1, 32.0),
            },
        });
        let operation = json!({"type": "LAUNCH", "launch": {"task_infos": [task]}});
        self.call(
            cluster,
            &json!({
                "framework_id": {"value": self.framework_id},
                "type": "ACCEPT",
                "accept": {"offer_ids": [{"value": offer["id"]}], "operations": [operation]},
            }),
        );
    }

    fn call(&self, cluster: &Cluster, call: &Value) {
        let headers =
            [("Content-Type", "application/json"), ("Mesos-Stream-Id", self.stream_id.as_str())];
        let body = call.to_string();
        let answer =
            http::request("POST", &cluster.master_addr(), "/api/v1/scheduler", &headers, &body);
        assert_eq!(answer.unwrap().0, 202);
    }
}

fn read_header(answer: &mut impl BufRead, name: &str) -> String {
    let mut lines = answer.lines().map(Result::unwrap).take_while(|line| !line.is_empty());
    lines.find_map(|line| line.strip_prefix(name).map(str::to_owned)).unwrap()
}

fn resources(cpus: f64, mem: f64) -> Value {
    let scalar = |name, value| json!({"name": name, "type": "SCALAR", "scalar": {"value": value}});
    json!([scalar("cpus", cpus), scalar("mem", mem)])
}
