//! ZooKeeper 3.8, Debian's, as one server on a loopback address of its own.
//!
//! ```no_run
//! # fn main() -> Result<(), etcd_mesos_testkit::HarnessError> {
//! use etcd_mesos_testkit::{mesos::Cluster, zookeeper::Server};
//! let zookeeper = Server::builder().session_timeout_max(std::time::Duration::from_secs(2)).start()?;
//! let cluster = Cluster::builder().masters(2).zookeeper(&zookeeper.place("/mesos")).start()?;
//! zookeeper.kill();
//! zookeeper.start_again()?;
//! # Ok(())
//! # }
//! ```

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::HarnessError;
use crate::error::Doing;
use crate::mesos::leftovers;
use crate::mesos::net::Net;
use crate::process::Proc;
use crate::{processes, wait};

/// Where Debian's `libzookeeper-java` and what it depends on put them; the first names the rest.
const JARS: [&str; 2] = ["/usr/share/java/zookeeper.jar", "/usr/share/java/slf4j-simple.jar"];
const MAIN: &str = "org.apache.zookeeper.server.ZooKeeperServerMain";
const PORT: u16 = 2181;
/// A quarter of a second is usual; two busy cores may need much more.
const START_DEADLINE: Duration = Duration::from_secs(60);
const ASK_DEADLINE: Duration = Duration::from_secs(1);

/// What a [`Server`] is to be like.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    tick: Duration,
    session_timeout_max: Option<Duration>,
}

impl Builder {
    /// The longest session timeout that it grants, whatever its clients ask for; 10 s if not said. Mesos's
    /// masters ask for 10 s, and a dead one's successor is elected only after that.
    pub fn session_timeout_max(mut self, timeout: Duration) -> Self {
        self.session_timeout_max = Some(timeout);
        self
    }

    /// Starts it and waits until it serves.
    pub fn start(self) -> Result<Server, HarnessError> {
        let java = find_java()?;
        let mut net = Net::claim()?;
        let doing = || "make a directory for a ZooKeeper".to_owned();
        let dir =
            tempfile::Builder::new().prefix("etcd-mesos-zookeeper-").tempdir().doing(doing)?;
        let dir = dir.keep().canonicalize().doing(doing)?;
        net.set_dir(&dir)?;
        let server = Server { ip: net.zookeeper_ip(), net, dir, java, process: Mutex::new(None) };
        server.configure(&self)?;
        server.start_again()?;
        Ok(server)
    }
}

/// A running ZooKeeper. Dropping it ends it and removes its directory.
#[derive(Debug)]
pub struct Server {
    ip: String,
    net: Net,
    dir: PathBuf,
    java: PathBuf,
    process: Mutex<Option<Proc>>,
}

impl Server {
    /// Ticks of half a second, so that it grants session timeouts of one to ten seconds.
    pub fn builder() -> Builder {
        Builder { tick: Duration::from_millis(500), session_timeout_max: None }
    }

    /// Starts one as the builder has it.
    pub fn start() -> Result<Self, HarnessError> {
        Self::builder().start()
    }

    /// `ip:port`
    pub fn addr(&self) -> String {
        format!("{}:{PORT}", self.ip)
    }

    /// `ip:port/path`, as a cluster's builder takes it.
    pub fn place(&self, path: &str) -> String {
        format!("{}{path}", self.addr())
    }

    /// `zk://ip:port/path`
    pub fn url(&self, path: &str) -> String {
        format!("zk://{}", self.place(path))
    }

    /// Kills it at once; what it has acknowledged is on its disk.
    pub fn kill(&self) {
        *self.process() = None;
    }

    /// Stops it in its tracks (SIGSTOP): it takes connections, and is silent.
    pub fn stop(&self) -> Result<(), HarnessError> {
        self.signal(Signal::SIGSTOP);
        let pid = self.process().as_ref().map(Proc::pid);
        let Some(pid) = pid else { return Ok(()) };
        wait::wait_for("ZooKeeper to stand still", START_DEADLINE, || {
            processes::is_stopped(pid).then_some(())
        })
    }

    /// Lets it go on (SIGCONT).
    pub fn cont(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Starts it again, with the data it had, and waits until it serves.
    pub fn start_again(&self) -> Result<(), HarnessError> {
        let mut process = self.process();
        if process.as_ref().is_some_and(|process| process.exit_status().is_none()) {
            return Err(HarnessError::Usage("this ZooKeeper runs already".to_owned()));
        }
        let started = Proc::start(self.command(), self.dir.join("zookeeper.log"))?;
        let serves = || self.ask("srvr").filter(|answer| answer.contains("Mode: "));
        started.wait_for("ZooKeeper to serve", START_DEADLINE, serves)?;
        *process = Some(started);
        Ok(())
    }

    /// What it answers to a four-letter word, such as `srvr`, `mntr` or `wchs`.
    pub fn ask(&self, word: &str) -> Option<String> {
        let addr: SocketAddr = self.addr().parse().ok()?;
        let mut stream = TcpStream::connect_timeout(&addr, ASK_DEADLINE).ok()?;
        stream.set_read_timeout(Some(ASK_DEADLINE)).ok()?;
        stream.write_all(word.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// All its output so far.
    pub fn log(&self) -> String {
        self.process().as_ref().map(Proc::log).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = self.process().as_ref() {
            process.signal(signal);
        }
    }

    fn configure(&self, wanted: &Builder) -> Result<(), HarnessError> {
        let mut text = format!(
            "tickTime={}\ndataDir={}\nclientPort={PORT}\nclientPortAddress={}\nmaxClientCnxns=0\n\
             admin.enableServer=false\n4lw.commands.whitelist=*\n",
            wanted.tick.as_millis(),
            self.dir.join("data").display(),
            self.ip,
        );
        if let Some(max) = wanted.session_timeout_max {
            text += &format!("maxSessionTimeout={}\n", max.as_millis());
        }
        let file = self.dir.join("zoo.cfg");
        fs::write(&file, text).doing(|| format!("write {}", file.display()))
    }

    /// Small, and quick to start: a test has few nodes, and two cores for everything.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.java);
        command
            .args(["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            // Its transactions are kept as long as the machine runs, and no test outlives the machine.
            .arg("-Dzookeeper.forceSync=no")
            .args(["-cp", &JARS.join(":"), MAIN])
            .arg(self.dir.join("zoo.cfg"))
            .current_dir(&self.dir);
        command
    }

    fn process(&self) -> MutexGuard<'_, Option<Proc>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() || leftovers::are_kept() {
            eprintln!("the log and the data of this ZooKeeper are in {}", self.dir.display());
        } else if let Err(error) = leftovers::clear(&self.dir) {
            eprintln!("a ZooKeeper could not be cleared away: {error:?}");
        }
        self.net.forget_dir();
    }
}

fn find_java() -> Result<PathBuf, HarnessError> {
    let missing = |what: &str, place: &str| HarnessError::Missing {
        what: what.to_owned(),
        place: place.to_owned(),
    };
    if let Some(jar) = JARS.iter().find(|jar| !Path::new(jar).exists()) {
        return Err(missing("ZooKeeper (Debian's libzookeeper-java)", jar));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join("java")).find(|java| java.exists());
    found.ok_or_else(|| missing("java (Debian's default-jre-headless)", "PATH"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::{find_inside, is_alive};

    #[test]
    fn it_is_killed_stopped_started_again_and_leaves_nothing() {
        let server = Server::start().unwrap();
        assert!(server.ask("ruok").unwrap().contains("imok"));
        let pid = find_inside(&server.dir)[0].pid;
        server.stop().unwrap();
        assert!(server.ask("ruok").is_none(), "it is silent");
        server.cont();
        assert!(server.start_again().is_err(), "it runs");
        server.kill();
        assert!(!is_alive(pid));
        server.start_again().unwrap();
        let (dir, second) = (server.dir.clone(), find_inside(&server.dir)[0].pid);
        drop(server);
        assert!(!dir.exists() && !is_alive(second));
    }
}
