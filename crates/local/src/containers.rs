//! Containers: a sandbox, what is fetched into it, and an executor's process.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::SystemTime;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_model::{Container, Freight};
use mesos_v1::proto;
use tokio::process::{Child, Command};
use tokio::sync::Notify;

use crate::freight::V1;
use crate::world::{Shared, Stream, World};
use crate::{child, environment, fetch};

/// A container and its process.
#[derive(Debug)]
pub(crate) struct Contained {
    /// Its name in Mesos's form.
    pub(crate) id: String,
    pub(crate) framework: FrameworkId,
    /// Its first task, which describes the executor.
    pub(crate) task: Arc<proto::TaskInfo>,
    pub(crate) sandbox: PathBuf,
    pub(crate) since: SystemTime,
    /// The executor's process, while it runs.
    pub(crate) pid: Option<u32>,
    /// The executor's stream, while it has one.
    pub(crate) stream: Option<Stream>,
    /// How many it had: the end of a former one is not the end of this one.
    pub(crate) streams: u64,
    pub(crate) destroy: Arc<Notify>,
}

type Task = <V1 as Freight>::Task;

/// Makes the sandbox, and goes on with fetching and running beside.
pub(crate) fn start(
    world: &mut World,
    shared: &Shared,
    container: Container,
    framework: &FrameworkId,
    executor: &str,
    task: Task,
) {
    let id = uuid::Uuid::new_v4().to_string();
    let agent_id = world.mesos.agent(container.agent).id;
    let agent_dir = world.settings.work_dir.join(World::name_of(container.agent));
    // Mesos's own tree: runs of one executor ID on one agent lie side by side.
    let runs = agent_dir
        .join("slaves")
        .join(agent_id.as_str())
        .join("frameworks")
        .join(framework.as_str())
        .join("executors")
        .join(executor)
        .join("runs");
    let contained = Contained {
        sandbox: runs.join(&id),
        id,
        framework: framework.clone(),
        task,
        since: SystemTime::now(),
        pid: None,
        stream: None,
        streams: 0,
        destroy: Arc::default(),
    };
    let run = Run {
        shared: shared.clone(),
        container,
        id: contained.id.clone(),
        name: executor.to_owned(),
        short: agent_dir.join(executor),
        sandbox: contained.sandbox.clone(),
        variables: environment::of(&world.settings, container.agent, agent_id.as_str(), &contained),
        info: contained.task.executor.clone().unwrap_or_default(),
        destroy: Arc::clone(&contained.destroy),
    };
    world.containers.insert(container, contained);
    tokio::spawn(run.run());
}

/// Why a container came to nothing.
struct Failure {
    /// What Mesos says.
    words: String,
    /// What happened, for the sandbox and the onlooker.
    cause: String,
}

/// What one container needs to live.
struct Run {
    shared: Shared,
    container: Container,
    id: String,
    name: String,
    /// A link to the sandbox that people can read.
    short: PathBuf,
    sandbox: PathBuf,
    variables: Vec<(String, String)>,
    info: proto::ExecutorInfo,
    destroy: Arc<Notify>,
}

impl Run {
    async fn run(self) {
        let destroy = Arc::clone(&self.destroy);
        // Whoever is destroyed while it fetches was never started.
        let begun = tokio::select! {
            begun = self.begin() => begun,
            () = destroy.notified() => return self.over(None),
        };
        match begun {
            Ok(child) => self.attend(child).await,
            Err(failure) => self.failed(failure),
        }
    }

    async fn begin(&self) -> Result<Child, Failure> {
        self.make_sandbox().map_err(|error| {
            let what = format!("Failed to make the sandbox {}", self.sandbox.display());
            Failure { cause: format!("{what}: {error}"), words: what }
        })?;
        let command = self.info.command.clone().unwrap_or_default();
        for uri in &command.uris {
            fetch::fetch(uri, &self.sandbox).await.map_err(|error| Failure {
                // Tried; why is in the sandbox, as with genuine Mesos.
                words: format!(
                    "Failed to fetch all URIs for container '{}': exited with status 1",
                    self.id
                ),
                cause: format!("Failed to fetch {}: {error}", uri.value),
            })?;
        }
        self.spawn(&command).map_err(|error| {
            let what = format!("Failed to start {}", command.value());
            Failure { cause: format!("{what}: {error}"), words: format!("{what}: {error}") }
        })
    }

    fn make_sandbox(&self) -> io::Result<()> {
        fs::create_dir_all(&self.sandbox)?;
        let runs = self.sandbox.parent().unwrap_or(Path::new("/"));
        relink(&self.sandbox, &runs.join("latest"))?;
        relink(&self.sandbox, &self.short)
    }

    fn spawn(&self, command: &proto::CommandInfo) -> io::Result<Child> {
        let program = command.value();
        let mut process = match command.shell.unwrap_or(true) {
            true => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", program]);
                shell
            }
            false => {
                let mut direct = Command::new(program);
                if let Some((name, arguments)) = command.arguments.split_first() {
                    direct.arg0(name).args(arguments);
                }
                direct
            }
        };
        process
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.sandbox)
            .stdin(Stdio::null())
            .stdout(File::create(self.sandbox.join("stdout"))?)
            .stderr(File::create(self.sandbox.join("stderr"))?);
        child::dies_with_parent(&mut process);
        process.spawn()
    }

    /// Waits for the process's end, or ends it by force.
    async fn attend(self, mut child: Child) {
        let pid = child.id();
        self.shared.happen(|world, _| world.process_started(self.container, pid));
        let status = tokio::select! {
            status = child.wait() => status,
            () = self.destroy.notified() => {
                // The kernel takes what the executor runs with it.
                let _ = child.start_kill();
                child.wait().await
            }
        };
        self.over(status.ok().map(ExitStatusExt::into_raw));
    }

    fn failed(&self, Failure { words, cause }: Failure) {
        // The sandbox itself may be what failed.
        let _ = fs::write(self.sandbox.join("stderr"), format!("{cause}\n"));
        self.shared.happen(|world, now| {
            world.tell(format!("executor {} could not be started: {cause}", self.name));
            world.containers.remove(&self.container);
            world.mesos.launch_failed(now, self.container, &words);
        });
    }

    fn over(&self, status: Option<i32>) {
        self.shared.happen(|world, now| {
            let agent = World::name_of(self.container.agent);
            world.tell(format!("executor {} on {agent} ended", self.name));
            world.containers.remove(&self.container);
            world.mesos.container_ended(now, self.container, status);
        });
    }
}

/// Puts a link in the place of the one that is there.
fn relink(target: &Path, link: &Path) -> io::Result<()> {
    match fs::remove_file(link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => std::os::unix::fs::symlink(target, link),
    }
}
