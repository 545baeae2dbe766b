//! A master that knows what a test says, or refuses.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

const FRAMEWORK: &str = "11111111-1111-1111-1111-111111111111-0000";

/// What it says, and when it was asked.
#[derive(Default)]
struct Shared {
    /// A status line that is no 200; none where it answers.
    refusal: Option<&'static str>,
    /// Where members serve, host and port.
    members: Vec<(String, u16)>,
    asked: Vec<Instant>,
}

/// The master, for as long as the test's process lives.
pub struct Master {
    pub address: String,
    shared: Arc<Mutex<Shared>>,
}

impl Master {
    pub fn start(ip: &str) -> Master {
        let listener = TcpListener::bind((ip, 5050)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared: Arc<Mutex<Shared>> = Arc::default();
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever asked may be gone.
                let _ = answer(stream, &of_thread);
            }
        });
        Master { address, shared }
    }

    pub fn refuse(&self, status: &'static str) {
        self.change(|shared| shared.refusal = Some(status));
    }

    /// Answers, with these members of the framework.
    pub fn know(&self, members: &[(&str, u16)]) {
        let members = members.iter().map(|(host, port)| ((*host).to_owned(), *port)).collect();
        self.change(|shared| (shared.refusal, shared.members) = (None, members));
    }

    /// When it was asked.
    pub fn asked(&self) -> Vec<Instant> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).asked.clone()
    }

    fn change(&self, change: impl FnOnce(&mut Shared)) {
        change(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn answer(mut stream: TcpStream, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let read = stream.read(&mut request)?;
    let request = String::from_utf8_lossy(&request[..read]).into_owned();
    let path = request.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let (status, body) = {
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.asked.push(Instant::now());
        match shared.refusal {
            Some(status) => (status, String::new()),
            None => ("200 OK", said(&path, &shared.members).to_string()),
        }
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn said(path: &str, members: &[(String, u16)]) -> Value {
    let tasks: Vec<Value> =
        members.iter().enumerate().map(|(at, member)| task(at, member)).collect();
    let framework = json!({ "id": FRAMEWORK, "name": "test", "active": true, "tasks": &tasks });
    match path.split('?').next().unwrap_or_default() {
        "/tasks" => json!({ "tasks": tasks }),
        "/frameworks" => json!({ "frameworks": [framework], "completed_frameworks": [] }),
        _ => json!({ "slaves": [], "frameworks": [framework], "completed_frameworks": [] }),
    }
}

/// As genuine Mesos tells of a task of ours that runs.
fn task(at: usize, (host, port): &(String, u16)) -> Value {
    json!({
        "id": format!("etcd.test.0.etcd-1-{at}.1"), "name": "etcd-server", "framework_id": FRAMEWORK,
        "slave_id": "S0", "state": "TASK_RUNNING",
        "statuses": [{ "state": "TASK_RUNNING", "timestamp": 1.0, "container_status": {
            "network_infos": [{ "ip_addresses": [{ "protocol": "IPv4", "ip_address": host }] }] } }],
        "discovery": { "visibility": "EXTERNAL", "name": "etcd-server", "ports": { "ports": [
            { "number": port + 1, "protocol": "tcp" }, { "number": port, "protocol": "client" }] } },
    })
}
