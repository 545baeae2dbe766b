//! Who leads the masters, watched for as long as the program lives.

use etcd_mesos_zk::{Detected, LeadingMaster, MasterDetector, ZkConfig, ZkUrl};
use mesos_v1::{Elected, Election, Endpoint, Masters};
use tokio::sync::watch;

use crate::link::chain;
use crate::settings::MasterSource;

/// The masters that the settings name; an election is watched from now on, by a task that ends with the last
/// who looks at it.
pub(crate) fn masters(source: MasterSource) -> Masters {
    match source {
        MasterSource::Listed(masters) => masters,
        MasterSource::ZooKeeper(url) => Masters::Watched(watch_at(url)),
    }
}

fn watch_at(url: ZkUrl) -> watch::Receiver<Election> {
    let unseen = Election { leader: None, trouble: Some(format!("{url} has not answered yet")) };
    let (say, election) = watch::channel(unseen);
    let mut detector = MasterDetector::new(ZkConfig::new(url));
    tokio::spawn(async move {
        loop {
            tokio::select! {
                detected = detector.next() => note(&say, detected),
                () = say.closed() => return,
            }
        }
    });
    election
}

fn note(say: &watch::Sender<Election>, detected: Detected) {
    match detected {
        Detected::Leader(master) => {
            let hostname = master.hostname.as_deref().unwrap_or_default();
            tracing::info!(master = %endpoint(&master), hostname, term = master.sequence, "this master leads Mesos");
            let leader = Elected { endpoint: endpoint(&master), term: master.sequence };
            say.send_replace(Election { leader: Some(leader), trouble: None });
        }
        Detected::Nobody(why) => {
            let words = chain(&why);
            tracing::warn!("{words}");
            say.send_replace(Election { leader: None, trouble: Some(words) });
        }
        // Who led before may well lead on: masters, too, wait for their ZooKeeper before they resign.
        Detected::Away(error) => {
            let words = chain(&error);
            tracing::warn!("{words}");
            say.send_modify(|election| election.trouble = Some(away(&words, election)));
        }
    }
}

fn away(words: &str, election: &Election) -> String {
    match &election.leader {
        Some(leader) => {
            format!("{words}; as far as is known {} still leads Mesos", leader.endpoint)
        }
        None => format!("{words}; who leads Mesos is not known"),
    }
}

fn endpoint(master: &LeadingMaster) -> Endpoint {
    Endpoint::new(master.host.as_str(), master.port)
}
