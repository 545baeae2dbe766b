//! From the start of the scheduler's process to a cluster that serves. The programs are built by then.

use std::thread;
use std::time::{Duration, Instant};

use super::figure::Sample;
use super::scene::time_until;
use crate::deployment::Deployment;
use crate::failure::{Failure, Outcome};
use crate::flags::SIZE;
use crate::gateway;

const DEADLINE: Duration = Duration::from_secs(60);

/// Starts the scheduler, and measures until all members serve a linearizable read.
pub fn measure(deployment: &mut Deployment) -> Outcome<Vec<Sample>> {
    let begun = deployment.start_scheduler()?;
    let (_, urls) = time_until("the members' addresses", begun, || client_urls(deployment))?;
    let served = thread::scope(|scope| {
        let readers: Vec<_> = urls.iter().map(|url| scope.spawn(|| served_at(url))).collect();
        readers
            .into_iter()
            .map(|reader| reader.join().map_err(|_| Failure::new("a reader panicked"))?)
            .collect::<Outcome<Vec<Instant>>>()
    })?;
    let last = served.into_iter().max().unwrap_or(begun);
    let (listed, ()) = time_until("all members in /members", begun, || is_listed(deployment))?;
    Ok(vec![
        Sample::seconds("scheduler start: all members serve", last - begun, Some(5.0), "77.9 s"),
        Sample::seconds("scheduler start: all in /members", listed, None, ""),
    ])
}

fn client_urls(deployment: &Deployment) -> Option<Vec<String>> {
    let members = deployment.admin().report().ok()?.members;
    (members.len() == SIZE).then(|| members.into_iter().map(|member| member.client_url).collect())
}

fn served_at(url: &str) -> Outcome<Instant> {
    gateway::wait_served(url, "formation", DEADLINE)?;
    Ok(Instant::now())
}

fn is_listed(deployment: &Deployment) -> Option<()> {
    let members = deployment.admin().members().ok()?;
    (members.as_array()?.len() == SIZE).then_some(())
}
