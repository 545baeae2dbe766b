//! Who leads the masters, watched for as long as the program lives.

use etcd_mesos_core::cause::chain;
use etcd_mesos_zk::{Detected, LeadingMaster, MasterDetector, ZkConfig, ZkUrl};
use mesos_v1::{Elected, Election, Endpoint, Masters, Scheme};
use tokio::sync::watch;

use crate::settings::MasterSource;

/// The masters that the settings name; an election is watched from now on, by a task that ends with the last
/// who looks at it. What is elected says nothing of TLS, so `scheme` does.
pub(crate) fn masters(source: MasterSource, scheme: Scheme) -> Masters {
    match source {
        MasterSource::Listed(masters) => masters,
        MasterSource::ZooKeeper(url) => Masters::Watched(watch_at(url, scheme)),
    }
}

fn watch_at(url: ZkUrl, scheme: Scheme) -> watch::Receiver<Election> {
    let unseen = Election { leader: None, trouble: Some(format!("{url} has not answered yet")) };
    let (say, election) = watch::channel(unseen);
    let mut detector = MasterDetector::new(ZkConfig::new(url));
    tokio::spawn(async move {
        loop {
            tokio::select! {
                detected = detector.next() => note(&say, detected, scheme),
                () = say.closed() => return,
            }
        }
    });
    election
}

fn note(say: &watch::Sender<Election>, detected: Detected, scheme: Scheme) {
    match detected {
        Detected::Leader(master) => {
            let endpoint = endpoint(&master, scheme);
            let hostname = master.hostname.as_deref().unwrap_or_default();
            tracing::info!(master = %endpoint, hostname, term = master.sequence, "this master leads Mesos");
            let leader = Elected { endpoint, term: master.sequence };
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

/// Over TLS a master is reached by the name that it announces (`--hostname`): certificates are for names, and
/// whoever it redirects goes there too. Without TLS its address is all that is needed.
fn endpoint(master: &LeadingMaster, scheme: Scheme) -> Endpoint {
    let host = match scheme {
        Scheme::Http => &master.host,
        Scheme::Https => master.hostname.as_ref().unwrap_or(&master.host),
    };
    Endpoint::new(host.as_str(), master.port).with_scheme(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_tls_a_master_is_reached_by_its_name() {
        let host = "10.0.0.1".to_owned();
        let named = |hostname: Option<&str>| LeadingMaster {
            sequence: 1,
            host: host.clone(),
            port: 5050,
            hostname: hostname.map(str::to_owned),
            id: None,
        };
        let reached = |hostname, scheme| endpoint(&named(hostname), scheme).to_string();
        assert_eq!(reached(Some("m1.example"), Scheme::Http), "10.0.0.1:5050");
        assert_eq!(reached(Some("m1.example"), Scheme::Https), "https://m1.example:5050");
        assert_eq!(reached(None, Scheme::Https), "https://10.0.0.1:5050");
    }
}
