use proptest::prelude::*;

use super::{Candidate, Duration, Ended, Instant, Standing, choose};

fn at(key: u8, standing: Standing, priority: u16, weight: u16, load: usize) -> Candidate<u8> {
    Candidate { key, standing, priority, weight, load }
}

/// All members that chance may bring.
fn chosen(candidates: &[Candidate<u8>]) -> Vec<u8> {
    let mut chance = fastrand::Rng::with_seed(7);
    let mut all: Vec<u8> = (0..200).filter_map(|_| choose(candidates, &mut chance)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn standing_goes_before_priority_and_that_before_load_by_weight() {
    use Standing::{Dead, Late, Learner, NoLeader, OtherCluster, Refuses, Serves, Unknown};
    type Row<'a> = (&'a str, &'a [Candidate<u8>], &'a [u8]);
    let rows: &[Row<'_>] = &[
        ("nobody", &[], &[]),
        ("alike", &[at(1, Serves, 0, 0, 3), at(2, Serves, 0, 0, 3)], &[1, 2]),
        ("the idler one", &[at(1, Serves, 0, 0, 3), at(2, Serves, 0, 0, 2)], &[2]),
        ("the lower priority", &[at(1, Serves, 1, 0, 0), at(2, Serves, 0, 0, 90)], &[2]),
        ("who serves, of a higher priority", &[at(1, Serves, 9, 0, 9), at(2, Late, 0, 0, 0)], &[1]),
        (
            "a third of the load of weight 3",
            &[at(1, Serves, 0, 3, 8), at(2, Serves, 0, 1, 3)],
            &[1],
        ),
        ("its third is full", &[at(1, Serves, 0, 3, 10), at(2, Serves, 0, 1, 3)], &[2]),
        ("weight 0 is 1", &[at(1, Serves, 0, 0, 2), at(2, Serves, 0, 1, 2)], &[1, 2]),
        ("a voter without a leader", &[at(1, Learner, 0, 0, 0), at(2, NoLeader, 0, 0, 9)], &[2]),
        ("a learner alone", &[at(1, Learner, 0, 0, 0), at(2, Late, 0, 0, 0)], &[1]),
        ("who is late, alone", &[at(1, Late, 0, 0, 0), at(2, Dead, 0, 0, 0)], &[1]),
        (
            "nobody who may be used",
            &[at(1, Unknown, 0, 0, 0), at(2, Refuses, 0, 0, 0), at(3, OtherCluster, 0, 0, 0)],
            &[],
        ),
    ];
    for (what, candidates, expected) in rows {
        assert_eq!(chosen(candidates), *expected, "{what}");
    }
}

#[test]
fn who_left_is_not_chosen_again_at_once() {
    let now = Instant::now();
    let mut ended = Ended::new(now);
    ended.note(now);
    let load = |after: u64| ended.load(now + Duration::from_millis(after));
    assert_eq!((load(0), load(1_999), load(2_000), load(3_999)), (2, 2, 2, 2));
    assert_eq!((load(4_000), load(60_000)), (0, 0));
    for _ in 0..9 {
        ended.note(now + Duration::from_millis(2_500));
    }
    assert_eq!(ended.load(now + Duration::from_millis(2_600)), 20);
    assert_eq!(ended.load(now + Duration::from_millis(4_100)), 18);
}

proptest! {
    /// Whoever is chosen: nobody stands better, none of its rank is freer, and chance is fair in that
    /// everyone who is as good is chosen sooner or later.
    #[test]
    fn nobody_is_better_than_the_chosen_one(
        members in prop::collection::vec((0usize..5, 0u16..3, 0u16..4, 0usize..4), 0..8),
    ) {
        use Standing::{Dead, Late, NoLeader, OtherCluster, Serves};
        let standings = [Serves, NoLeader, Late, Dead, OtherCluster];
        let all: Vec<Candidate<u8>> = (0u8..).zip(&members)
            .map(|(key, &(s, priority, weight, load))| at(key, standings[s], priority, weight, load))
            .collect();
        let chosen = chosen(&all);
        let usable: Vec<_> = all.iter().filter(|m| m.standing <= Late).collect();
        prop_assert_eq!(chosen.is_empty(), usable.is_empty());
        let share = |m: &Candidate<u8>| m.load as f64 / f64::from(m.weight.max(1));
        let cost = |m: &Candidate<u8>| (m.standing, m.priority, share(m));
        let best: Vec<u8> = usable.iter()
            .filter(|m| usable.iter().all(|other| cost(m) <= cost(other)))
            .map(|m| m.key)
            .collect();
        prop_assert_eq!(chosen, best);
    }
}
