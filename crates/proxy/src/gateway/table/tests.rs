use etcd_mesos_core::id::MemberId;

use super::*;
use crate::gateway::health::Told;

const MS: Duration = Duration::from_millis(1);
const A: ClusterId = ClusterId(0xa);
const B: ClusterId = ClusterId(0xb);

/// A table and a clock of its own.
struct Rig {
    table: Table,
    now: Instant,
}

impl Rig {
    fn of(urls: &[&str]) -> Rig {
        let mut rig = Rig { table: Table::new(Settings::on(Vec::new())), now: Instant::now() };
        rig.find(urls);
        rig
    }

    fn find(&mut self, urls: &[&str]) -> usize {
        let found: Vec<Found> = urls.iter().map(|url| Found::at(*url)).collect();
        self.table.learn(&found, self.now).len()
    }

    fn key(&self, url: &str) -> Key {
        self.table.iter().find(|(_, member)| member.found.client_url == url).unwrap().0
    }

    fn see(&mut self, url: &str, cluster: ClusterId, leader: Option<u64>) {
        let told = Told {
            member_id: MemberId(1),
            cluster_id: cluster,
            leader: leader.map(MemberId),
            is_learner: false,
            version: String::new(),
        };
        self.table.looked(self.key(url), Seen::Told(told), false, self.now);
    }

    fn miss(&mut self, url: &str) {
        self.table.looked(self.key(url), Seen::Silent(String::new()), false, self.now);
    }

    fn pass(&mut self, ms: u32) -> Vec<Change> {
        self.now += MS * ms;
        self.table.judge(self.now)
    }

    fn choose(&mut self) -> Option<String> {
        let (_, place) = self.table.choose(&[], &mut fastrand::Rng::with_seed(1), self.now)?;
        Some(place.client_url.clone())
    }

    fn treatment(&self, url: &str) -> Treatment {
        self.table.treatment(self.key(url), self.now)
    }
}

const X: &str = "http://10.0.0.1:2379";
const Y: &str = "http://10.0.0.2:2379";
const Z: &str = "http://10.0.0.3:2379";

#[test]
fn connections_go_to_members_in_turn_and_to_none_before_they_are_known() {
    let mut rig = Rig::of(&[X, Y]);
    assert_eq!(rig.choose(), None);
    rig.see(X, A, Some(1));
    rig.see(Y, A, Some(1));
    rig.pass(0);
    let first = rig.choose();
    let second = rig.choose();
    assert!(first.is_some() && second.is_some() && first != second);
}

#[test]
fn a_member_that_left_is_drained_and_forgotten_with_its_last_connection() {
    let mut rig = Rig::of(&[X]);
    rig.see(X, A, Some(1));
    rig.pass(0);
    assert_eq!(rig.choose().as_deref(), Some(X));
    assert_eq!(rig.treatment(X), Treatment::Keep);
    rig.find(&[Y]);
    let end = rig.now + MS * 10_000;
    rig.pass(5_000);
    rig.find(&[Y]);
    assert_eq!(rig.treatment(X), Treatment::DrainUntil(end));
    assert_eq!(rig.choose(), None, "it gets no connection");
    let key = rig.key(X);
    rig.table.get_mut(key).unwrap().open -= 1;
    rig.table.forget();
    assert!(rig.table.get(key).is_none());
    assert_eq!(rig.table.pause(key), None, "nobody looks at it any more");
}

#[test]
fn a_member_that_comes_back_in_time_is_kept() {
    let mut rig = Rig::of(&[X]);
    rig.see(X, A, Some(1));
    rig.pass(0);
    rig.choose();
    rig.find(&[Y]);
    assert_eq!(rig.find(&[X, Y]), 0, "both are known");
    assert_eq!(rig.treatment(X), Treatment::Keep);
}

#[test]
fn a_member_without_a_leader_is_drained_only_while_another_one_has_one() {
    let mut rig = Rig::of(&[X, Y]);
    rig.see(X, A, None);
    rig.see(Y, A, None);
    let since = rig.now;
    rig.pass(60_000);
    assert_eq!(rig.treatment(X), Treatment::Keep, "an election is nobody's fault");
    assert!(rig.choose().is_some(), "and a member without a leader is better than none");
    rig.see(Y, A, Some(1));
    rig.pass(0);
    assert_eq!(rig.treatment(X), Treatment::DrainUntil(since + MS * 14_000));
    assert_eq!(rig.treatment(Y), Treatment::Keep);
    assert_eq!(rig.choose().as_deref(), Some(Y));
}

#[test]
fn a_member_without_a_leader_for_a_moment_keeps_its_connections() {
    let mut rig = Rig::of(&[X, Y]);
    rig.see(X, A, None);
    rig.see(Y, A, Some(1));
    rig.pass(3_999);
    assert_eq!(rig.treatment(X), Treatment::Keep);
}

#[test]
fn the_connections_of_the_dead_and_of_another_cluster_are_cut() {
    let mut rig = Rig::of(&[X, Y, Z]);
    for url in [X, Y] {
        rig.see(url, A, Some(1));
    }
    rig.see(Z, B, Some(1));
    let changes = rig.pass(0);
    assert!(changes.contains(&Change::Identity(Turn::Pinned(A))));
    let (client_url, standing) = (Z.to_owned(), Standing::OtherCluster);
    let because = "it belongs to cluster b, and not to a".to_owned();
    assert!(changes.contains(&Change::Stands { client_url, standing, because }), "{changes:?}");
    assert_eq!(rig.treatment(Z), Treatment::Cut);
    (0..3).for_each(|_| rig.miss(X));
    rig.pass(5_999);
    assert_eq!(rig.treatment(X), Treatment::Keep);
    rig.pass(1);
    assert_eq!(rig.treatment(X), Treatment::Cut);
    assert_eq!(rig.choose().as_deref(), Some(Y));
}

#[test]
fn a_reseed_is_followed_when_nothing_of_the_old_cluster_is_left() {
    let mut rig = Rig::of(&[X, Y]);
    rig.see(X, A, Some(1));
    rig.see(Y, A, Some(1));
    rig.pass(0);
    rig.choose();
    rig.find(&[Z]);
    rig.see(Z, B, Some(1));
    rig.pass(1_000);
    assert_eq!(rig.choose(), None, "another cluster, for all that is known");
    rig.see(Z, B, Some(1));
    let changes = rig.pass(5_000);
    assert!(changes.contains(&Change::Identity(Turn::Followed { from: A, to: B })), "{changes:?}");
    assert_eq!(rig.choose().as_deref(), Some(Z));
}

#[test]
fn a_stop_drains_everything() {
    let mut rig = Rig::of(&[X]);
    rig.see(X, A, Some(1));
    rig.pass(0);
    rig.table.stop(rig.now + MS * 500);
    assert_eq!(rig.treatment(X), Treatment::DrainUntil(rig.now + MS * 500));
}
