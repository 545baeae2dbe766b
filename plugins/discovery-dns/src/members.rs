//! From what servers say to members, in an order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use etcd_mesos_core::discovery::{Found, Members};
use hickory_proto::rr::{Name, RecordType};

use crate::answer::{Address, Beside, Said, Target, targets};
use crate::question::{Question, read};

/// A record may say that it is good for 68 years; members move sooner.
const VALID_FOR_MAX: Duration = Duration::from_secs(24 * 3600);

/// A member, at one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub at: SocketAddr,
    pub host: Name,
    pub is_ssl: bool,
    pub priority: u16,
    pub weight: u16,
    pub ttl: u32,
}

impl Member {
    pub(crate) fn of(target: &Target, address: Address, is_ssl: bool) -> Member {
        Member {
            at: SocketAddr::new(address.ip, target.port),
            host: target.host.clone(),
            is_ssl,
            priority: target.priority,
            weight: target.weight,
            ttl: target.ttl.min(address.ttl),
        }
    }

    fn client_url(&self) -> String {
        let scheme = if self.is_ssl { "https" } else { "http" };
        format!("{scheme}://{}", self.at)
    }

    /// The address in the client URL is no name that a certificate has.
    fn found(&self) -> Found {
        let host = self.host.to_ascii();
        let found = Found::at(self.client_url()).ranked(self.priority, self.weight);
        found.certified_for(host.trim_end_matches('.'))
    }

    /// What is said of one address twice: TLS if one says so, because who publishes a port both ways
    /// has added the new name and left the old one there; and the better rank.
    fn merged(self, other: Member) -> Member {
        Member {
            is_ssl: self.is_ssl || other.is_ssl,
            priority: self.priority.min(other.priority),
            weight: self.weight.max(other.weight),
            ttl: self.ttl.min(other.ttl),
            ..self
        }
    }
}

/// The members, each address once.
pub(crate) fn in_order(members: impl IntoIterator<Item = Member>) -> Option<Members> {
    let mut by_address: BTreeMap<SocketAddr, Member> = BTreeMap::new();
    for member in members {
        let known = by_address.remove(&member.at);
        by_address.insert(member.at, known.map_or(member.clone(), |known| known.merged(member)));
    }
    let ttl = by_address.values().map(|member| member.ttl).min()?;
    let valid_for = Duration::from_secs(ttl.into()).min(VALID_FOR_MAX);
    let members = Members::of(by_address.values().map(Member::found).collect())?;
    Some(members.valid_for(valid_for))
}

/// What one answer of these bytes makes known, as if it were the answer of a DNS server to
/// `SRV _etcd-client._tcp.etcd.mesos.` with the addresses of all members beside it. For tests with
/// hostile bytes: a discovery asks further questions where addresses are missing.
///
/// # Errors
/// In words that can be shown, why no member is known by it.
pub fn members_of_answer(bytes: &[u8]) -> Result<Members, String> {
    let name = Name::from_ascii("_etcd-client._tcp.etcd.mesos.").map_err(|e| e.to_string())?;
    let question = Question::of(&name, RecordType::SRV);
    let mut asked = question.message(true);
    // Whoever lies well repeats the ID.
    asked.metadata.id = bytes.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
    let answer = read(&asked, bytes)?;
    match targets(&question, &answer).map_err(|trouble| trouble.words)? {
        Said::That(targets) => {
            let beside = Beside::of(&answer);
            let members = targets.iter().flat_map(|target| by_this_alone(&beside, target));
            in_order(members).ok_or_else(|| "no member has an address".to_owned())
        }
        Said::Nothing(words) | Said::Fails(words) => Err(words),
    }
}

fn by_this_alone<'a>(beside: &Beside<'a>, target: &'a Target) -> Vec<Member> {
    let v4 = beside.addresses(&target.host, RecordType::A);
    let addresses = match v4.is_empty() {
        true => beside.addresses(&target.host, RecordType::AAAA),
        false => v4,
    };
    addresses.into_iter().map(|address| Member::of(target, address, false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn member(host: u8, priority: u16, weight: u16) -> Member {
        let at = SocketAddr::new(IpAddr::from([10, 0, 0, host]), 2379);
        let host = Name::from_ascii(format!("m{host}.etcd.mesos.")).unwrap();
        Member { at, host, is_ssl: false, priority, weight, ttl: 60 }
    }

    fn urls(members: &[Member]) -> Vec<String> {
        let members = in_order(members.iter().cloned()).expect("members");
        members.found.into_iter().map(|found| found.client_url).collect()
    }

    #[test]
    fn a_lower_priority_comes_first_then_a_higher_weight_then_a_lower_address() {
        let members = [member(4, 1, 9), member(3, 0, 1), member(2, 0, 5), member(1, 0, 1)];
        let sorted = ["http://10.0.0.2:2379", "http://10.0.0.1:2379", "http://10.0.0.3:2379"];
        let urls_here = urls(&members);
        assert_eq!(urls_here[..3], sorted);
        assert_eq!(urls_here[3], "http://10.0.0.4:2379");
        let reversed: Vec<Member> = members.into_iter().rev().collect();
        assert_eq!(urls(&reversed), urls_here);
    }

    #[test]
    fn an_address_that_is_named_twice_is_one_member_and_of_two_schemes_https() {
        let ssl = || Member { is_ssl: true, priority: 7, ..member(1, 7, 0) };
        for both in [[ssl(), member(1, 0, 1)], [member(1, 0, 1), ssl()]] {
            let [one, other] = both;
            assert_eq!(urls(&[one, other, member(2, 3, 0)])[0], "https://10.0.0.1:2379");
        }
    }

    #[test]
    fn a_member_is_told_with_its_rank_and_the_host_of_its_certificate() {
        let members = in_order([member(1, 3, 5)]).expect("a member");
        let told = Found::at("http://10.0.0.1:2379").ranked(3, 5).certified_for("m1.etcd.mesos");
        assert_eq!(members.found, [told]);
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        let at = SocketAddr::new("2001:db8::1".parse().unwrap(), 2379);
        assert_eq!(urls(&[Member { at, ..member(1, 0, 0) }]), ["http://[2001:db8::1]:2379"]);
    }

    #[test]
    fn the_lowest_time_to_live_counts_and_none_is_believed_for_years() {
        let valid_for = |ttls: [u32; 2]| {
            let members = [member(1, 0, 0), member(2, 0, 0)];
            let members =
                members.into_iter().zip(ttls).map(|(member, ttl)| Member { ttl, ..member });
            in_order(members).and_then(|members| members.valid_for).expect("a time")
        };
        assert_eq!(valid_for([60, 3]), Duration::from_secs(3));
        assert_eq!(valid_for([0, 60]), Duration::ZERO);
        assert_eq!(valid_for([u32::MAX, u32::MAX]), VALID_FOR_MAX);
        assert_eq!(in_order([]), None);
    }
}
