//! The peer URLs of the members, as the members say them.

use std::time::Duration;

use etcd_client::{Client, ConnectOptions, Member};
use etcd_mesos_core::discovery::Members;
use tokio::time::timeout;

use super::line::Target;

/// How long one member has for its answer.
const LIMIT: Duration = Duration::from_secs(3);

/// Members of which none told its peers.
#[derive(Debug, thiserror::Error)]
#[error("no member told the member list: {}", .said.join("; "))]
pub struct PeersError {
    said: Vec<String>,
}

/// Asks one member after the other for the member list; the first answer counts.
///
/// # Errors
/// When nobody answers with a list.
pub(super) async fn ask(members: &Members) -> Result<Vec<Target>, PeersError> {
    let mut said = Vec::new();
    for member in &members.found {
        let answer = timeout(LIMIT, list(&member.client_url)).await;
        match answer.map_err(|_| format!("no answer within {} s", LIMIT.as_secs())) {
            Ok(Ok(peers)) if !peers.is_empty() => return Ok(peers),
            Ok(Ok(_)) => said.push(format!("{}: it names no peer", member.client_url)),
            Ok(Err(error)) => said.push(format!("{}: {error}", member.client_url)),
            Err(late) => said.push(format!("{}: {late}", member.client_url)),
        }
    }
    Err(PeersError { said })
}

async fn list(url: &str) -> Result<Vec<Target>, etcd_client::Error> {
    let options = ConnectOptions::new().with_connect_timeout(LIMIT);
    let mut client = Client::connect([url], Some(options)).await?.cluster_client();
    let answer = client.member_list().await?;
    let mut peers: Vec<Target> = answer.members().iter().flat_map(targets).collect();
    peers.sort();
    Ok(peers)
}

/// A member that was added and has not started yet has no name, and nobody answers there.
fn targets(member: &Member) -> Vec<Target> {
    if member.name().is_empty() {
        return Vec::new();
    }
    let name = written(member.name(), member.id());
    let urls = member.peer_urls().iter().filter(|url| is_plain(url));
    urls.map(|url| Target { url: url.clone(), name: Some(name.clone()) }).collect()
}

/// The name, as far as it can stand in `--initial-cluster`; there it is a label and nothing more.
fn written(name: &str, id: u64) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.chars().all(is_plain) { name.to_owned() } else { format!("{id:x}") }
}

/// Whether it can stand in a list that is divided by commas.
pub(super) fn is_plain(url: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b".-_:/[]".contains(&b);
    url.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_list_cannot_hold_is_replaced() {
        assert_eq!(written("etcd-1-0", 10), "etcd-1-0");
        assert_eq!(written("a,b=c", 0xab), "ab");
        assert!(is_plain("http://[::1]:2380") && !is_plain("http://a:1,http://b:1"));
    }

    #[tokio::test]
    async fn members_that_do_not_answer_are_each_named() {
        let found =
            ["http://127.0.0.1:1", "http://127.0.0.1:2"].map(etcd_mesos_core::discovery::Found::at);
        let members = Members::of(found.to_vec()).expect("two");
        let said = ask(&members).await.expect_err("nobody listens").to_string();
        assert!(said.contains("127.0.0.1:1: ") && said.contains("127.0.0.1:2: "), "{said}");
    }
}
