//! What is done to a local Mesos: agents and the master die, and are there again.

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use crate::StartError;
use crate::server::{Server, Who};
use crate::world::{Shared, World};

impl Shared {
    /// Lets the master or an agent listen.
    pub(crate) fn listen(&self, who: Who) -> Result<(), StartError> {
        let network = self.look(|world| world.settings.network);
        let address = match who {
            Who::Master => network.master(),
            Who::Agent(agent) => network.agent(agent),
        };
        let started = Server::start(self, who, address);
        let server = started.map_err(|source| StartError::Listen { address, source })?;
        self.serve(who, server);
        Ok(())
    }

    /// An agent's daemon dies; what it runs goes on.
    pub(crate) fn kill_agent(&self, agent: usize) {
        self.hush(Who::Agent(agent));
        self.happen(|world, now| {
            world.tell(format!("{} is killed; what it runs goes on", World::name_of(agent)));
            world.mesos.crash_daemon(now, agent);
        });
    }

    /// An agent's host dies, with all that it runs.
    pub(crate) fn lose_agent(&self, agent: usize) {
        self.hush(Who::Agent(agent));
        self.happen(|world, now| {
            world.tell(format!("{} is lost, with all that it runs", World::name_of(agent)));
            world.mesos.crash_host(now, agent);
        });
    }

    /// An agent is there again; nothing if it never was away.
    pub(crate) fn start_agent(&self, agent: usize) -> Result<(), StartError> {
        if !self.look(|world| world.mesos.is_down(agent)) {
            return Ok(());
        }
        self.listen(Who::Agent(agent))?;
        self.happen(|world, now| {
            world.tell(format!("{} is started", World::name_of(agent)));
            world.mesos.start_agent(now, agent);
        });
        Ok(())
    }

    /// Another master leads, at the same address: streams end, and agents register with it.
    pub(crate) fn fail_over(&self) {
        self.happen(|world, now| {
            world.tell("another master leads".to_owned());
            world.speaker.master_id = uuid::Uuid::new_v4().to_string();
            world.mesos.crash_master(now);
            world.mesos.start_master(now);
        });
    }

    /// Ends everything at once. What executors run ends with them, by the kernel's hand.
    pub(crate) fn close(&self) {
        self.hush_all();
        let pids = self.look(|world| {
            world.containers.values().filter_map(|contained| contained.pid).collect::<Vec<_>>()
        });
        for pid in pids.into_iter().filter_map(|pid| i32::try_from(pid).ok()).map(Pid::from_raw) {
            // Whoever is gone already needs no killing.
            let _ = kill(pid, Signal::SIGKILL);
            let _ = waitpid(pid, None);
        }
    }
}
