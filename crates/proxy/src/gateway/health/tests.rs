use super::*;

const MS: Duration = Duration::from_millis(1);
const A: ClusterId = ClusterId(0xa);
const B: ClusterId = ClusterId(0xb);

fn told(cluster: ClusterId) -> Told {
    Told {
        member_id: MemberId(1),
        cluster_id: cluster,
        leader: Some(MemberId(2)),
        is_learner: false,
        version: "3.4.23".to_owned(),
    }
}

fn serves() -> Seen {
    Seen::Told(told(A))
}

fn silent() -> Seen {
    Seen::Silent("nothing".to_owned())
}

fn mute() -> Seen {
    Seen::Mute("no etcd".to_owned())
}

/// A member after these looks, each at so many milliseconds, with or without traffic meanwhile.
fn after(begin: Instant, looks: Vec<(u32, Seen, bool)>) -> Health {
    let mut health = Health::default();
    for (at, seen, has_traffic) in looks {
        let now = begin + MS * at;
        health.ask(now);
        health.absorb(seen, has_traffic, now);
    }
    health
}

#[test]
fn how_a_member_stands_follows_from_what_looks_at_it_showed() {
    use Standing::{Dead, Late, Learner, NoLeader, OtherCluster, Refuses, Serves, Unknown};
    let learner = || Seen::Told(Told { is_learner: true, ..told(A) });
    let leaderless = || Seen::Told(Told { leader: None, ..told(A) });
    let refused = || Seen::Refused("refused".to_owned());
    let alive = || Seen::Alive("user name is empty".to_owned());
    let misses = |count: u32| {
        let missed = (0..count).map(|nth| (1_000 * nth, silent(), false));
        [(0, serves(), false)].into_iter().chain(missed).collect::<Vec<_>>()
    };
    let rows = vec![
        ("not looked at", vec![], 0, Unknown),
        ("well", vec![(0, serves(), false)], 0, Serves),
        ("a learner", vec![(0, learner(), false)], 0, Learner),
        ("no leader", vec![(0, leaderless(), false)], 0, NoLeader),
        ("another cluster", vec![(0, Seen::Told(told(B)), false)], 0, OtherCluster),
        ("lives and does not tell", vec![(0, alive(), false)], 0, Serves),
        ("never told, and a program is there", vec![(0, mute(), false)], 0, Serves),
        ("told, and stops to", vec![(0, serves(), false), (0, mute(), false)], 0, Late),
        (
            "told once, and speaks TLS since",
            vec![(0, serves(), false), (0, mute(), false), (0, mute(), false), (0, mute(), false)],
            0,
            Serves,
        ),
        ("refuses", vec![(0, serves(), false), (0, refused(), false)], 0, Refuses),
        (
            "refuses in spite of traffic",
            vec![(0, serves(), false), (0, refused(), true)],
            0,
            Refuses,
        ),
        ("is back", vec![(0, refused(), false), (0, serves(), false)], 0, Serves),
        ("one miss", misses(1), 0, Late),
        ("one miss, long ago", misses(1), 60_000, Late),
        ("three misses, not for long", misses(3), 5_999, Late),
        ("three misses", misses(3), 6_000, Dead),
        (
            "two misses of who never answered",
            vec![(0, silent(), false), (0, silent(), false)],
            0,
            Unknown,
        ),
        (
            "three misses of who never answered",
            vec![(0, silent(), false), (0, silent(), false), (0, silent(), false)],
            0,
            Dead,
        ),
        (
            "misses while its connections carry bytes",
            vec![(0, serves(), false), (9_000, silent(), true), (9_000, silent(), true)],
            9_000,
            Serves,
        ),
    ];
    for (what, looks, at, standing) in rows {
        let begin = Instant::now();
        let health = after(begin, looks);
        let now = begin + MS * at;
        let settings = Settings::on(Vec::new());
        assert_eq!(health.standing(Some(A), &settings, now), standing, "{what}");
        let is_gone = standing == Dead;
        assert_eq!(health.is_gone(&settings, now), is_gone, "{what}");
    }
}

#[test]
fn a_look_that_takes_its_time_makes_late_until_it_is_answered() {
    let (begin, settings) = (Instant::now(), Settings::on(Vec::new()));
    let mut health = after(begin, vec![(0, serves(), false)]);
    health.ask(begin + MS * 2_000);
    let standing = |health: &Health, at| health.standing(Some(A), &settings, begin + MS * at);
    assert_eq!(standing(&health, 2_199), Standing::Serves);
    assert_eq!(standing(&health, 2_200), Standing::Late);
    health.absorb(serves(), false, begin + MS * 2_400);
    assert_eq!(standing(&health, 9_000), Standing::Serves);
}

#[test]
fn nobody_serves_before_the_members_agree_which_cluster_they_are() {
    let (begin, settings) = (Instant::now(), Settings::on(Vec::new()));
    let health = after(begin, vec![(0, serves(), false)]);
    assert_eq!(health.standing(None, &settings, begin), Standing::Unknown);
    assert!(health.because(Standing::Unknown, None).contains("do not agree"));
}

#[test]
fn it_is_leaderless_since_the_first_look_that_showed_it() {
    let begin = Instant::now();
    let leaderless = || Seen::Told(Told { leader: None, ..told(A) });
    let looks = vec![(0, serves(), false), (10, leaderless(), false), (20, leaderless(), false)];
    assert_eq!(after(begin, looks).leaderless(), Some(begin + MS * 10));
    let healed = vec![(10, leaderless(), false), (20, serves(), false)];
    assert_eq!(after(begin, healed).leaderless(), None);
}

#[test]
fn what_is_told_grows_stale_and_a_look_at_it_ends_that_however_it_ends() {
    let (begin, settings) = (Instant::now(), Settings::on(Vec::new()));
    let mut health = after(begin, vec![(0, serves(), false)]);
    let is_stale = |health: &Health, at| health.is_stale(&settings, begin + MS * at);
    assert!(!is_stale(&health, 3_999));
    assert!(is_stale(&health, 4_000));
    health.ask(begin + MS * 4_000);
    assert!(is_stale(&health, 4_199));
    assert!(!is_stale(&health, 4_200), "it is late, and that is known");
    health.absorb(silent(), false, begin + MS * 5_000);
    assert!(!is_stale(&health, 5_000));
    health.absorb(serves(), false, begin + MS * 5_100);
    assert!(!is_stale(&health, 5_100));
    let reticent = after(begin, vec![(0, Seen::Alive(String::new()), false)]);
    assert!(!is_stale(&reticent, 60_000), "there is nothing that could have changed");
}

#[test]
fn the_pause_is_short_after_a_miss_and_long_where_nobody_is_served() {
    let (begin, settings) = (Instant::now(), Settings::on(Vec::new()));
    let pause = |looks, is_in_use| after(begin, looks).pause(is_in_use, &settings);
    assert_eq!(pause(vec![(0, serves(), false)], true), MS * 2_000);
    assert_eq!(pause(vec![(0, serves(), false)], false), MS * 10_000);
    assert_eq!(pause(vec![(0, Seen::Alive(String::new()), false)], true), MS * 10_000);
    let misses = |count| vec![(0, silent(), false); count];
    assert_eq!(pause(misses(1), true), MS * 100);
    assert_eq!(pause(misses(3), true), MS * 400);
    assert_eq!(pause(misses(40), false), MS * 2_000);
}

#[test]
fn who_broke_a_connection_off_is_avoided_until_a_later_look_shows_that_it_lives() {
    let (begin, settings) = (Instant::now(), Settings::on(Vec::new()));
    let stands = |health: &Health, at| health.standing(Some(A), &settings, begin + MS * at);
    let mut health = after(begin, vec![(0, serves(), false)]);
    assert_eq!(stands(&health, 1_000), Standing::Serves);
    health.suspect(begin + MS * 1_000);
    assert_eq!(stands(&health, 1_000), Standing::Late);
    assert!(health.pause(true, &settings) < settings.look_every);
    for (at, standing) in
        [(1_000, Standing::Late), (1_299, Standing::Late), (1_300, Standing::Serves)]
    {
        health.ask(begin + MS * at);
        health.absorb(serves(), false, begin + MS * at);
        assert_eq!(stands(&health, at), standing, "a look at {at} ms");
    }
    health.suspect(begin + MS * 2_000);
    health.absorb(Seen::Refused("refused".to_owned()), false, begin + MS * 2_001);
    assert_eq!(stands(&health, 2_001), Standing::Refuses);
}
