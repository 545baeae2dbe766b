use proptest::prelude::*;

use super::*;

const SILENCE: Duration = Duration::from_secs(6);
const A: ClusterId = ClusterId(0xa);
const B: ClusterId = ClusterId(0xb);
const C: ClusterId = ClusterId(0xc);

fn judged(found: &[Opinion]) -> Option<Turn> {
    Identity::default().judge(found, SILENCE, Instant::now())
}

#[test]
fn the_first_cluster_is_that_of_a_majority_or_of_all_that_tell() {
    use Opinion::{Is, Silent, Unknown};
    let pinned = |id| Some(Turn::Pinned(id));
    let rows: &[(&[Opinion], Option<Turn>)] = &[
        (&[], None),
        (&[Unknown, Unknown, Unknown], None),
        (&[Is(A), Unknown, Unknown], None),
        (&[Is(A), Is(A), Unknown], pinned(A)),
        (&[Is(A), Is(A), Is(B)], pinned(A)),
        (&[Is(A), Silent, Silent], pinned(A)),
        (&[Is(A), Silent, Unknown], None),
        (&[Is(A), Is(B), Unknown], None),
        (&[Is(A), Is(B), Silent], Some(Turn::Disputed)),
        (&[Is(A), Is(B)], Some(Turn::Disputed)),
        (&[Is(A), Is(A), Is(B), Is(B)], Some(Turn::Disputed)),
        (&[Silent, Silent], None),
        (&[Is(A)], pinned(A)),
    ];
    for (found, turn) in rows {
        assert_eq!(judged(found), *turn, "{found:?}");
    }
}

#[test]
fn a_dispute_is_said_once_and_ends_with_a_majority() {
    let mut identity = Identity::default();
    let now = Instant::now();
    let dispute = [Opinion::Is(A), Opinion::Is(B)];
    assert_eq!(identity.judge(&dispute, SILENCE, now), Some(Turn::Disputed));
    assert_eq!(identity.judge(&dispute, SILENCE, now), None);
    assert_eq!(identity.cluster(), None);
    let majority = [Opinion::Is(A), Opinion::Is(B), Opinion::Is(B)];
    assert_eq!(identity.judge(&majority, SILENCE, now), Some(Turn::Pinned(B)));
    assert_eq!(identity.cluster(), Some(B));
}

#[test]
fn the_pin_follows_only_a_discovery_that_is_of_one_mind_and_a_cluster_that_is_silent() {
    use Opinion::{Is, Silent, Unknown};
    let followed = Some(Turn::Followed { from: A, to: B });
    let rows: &[(&str, &[Opinion], u64, Option<Turn>)] = &[
        ("all of them, after the silence", &[Is(B), Is(B), Is(B)], 6_000, followed),
        ("one member of a reseed", &[Is(B)], 6_000, followed),
        ("all of them, too soon", &[Is(B), Is(B), Is(B)], 5_999, None),
        ("one does not answer", &[Is(B), Is(B), Silent], 60_000, None),
        ("one was not looked at", &[Is(B), Is(B), Unknown], 60_000, None),
        ("one is of the old cluster", &[Is(B), Is(B), Is(A)], 60_000, None),
        ("of two minds", &[Is(B), Is(C)], 60_000, None),
        ("nobody", &[], 60_000, None),
        ("nothing new", &[Is(A), Is(A)], 60_000, None),
    ];
    for (what, found, after, turn) in rows {
        let (mut identity, begin) = (Identity::default(), Instant::now());
        identity.judge(&[Is(A)], SILENCE, begin);
        let now = begin + Duration::from_millis(*after);
        assert_eq!(identity.judge(found, SILENCE, now), *turn, "{what}");
    }
}

#[test]
fn a_sign_of_life_of_the_old_cluster_keeps_the_pin_even_from_a_member_that_left() {
    let (mut identity, begin) = (Identity::default(), Instant::now());
    identity.judge(&[Opinion::Is(A)], SILENCE, begin);
    identity.note(A, begin + SILENCE);
    identity.note(B, begin + SILENCE * 2);
    assert_eq!(identity.judge(&[Opinion::Is(B)], SILENCE, begin + SILENCE), None);
    let later = identity.judge(&[Opinion::Is(B)], SILENCE, begin + SILENCE * 2);
    assert_eq!(later, Some(Turn::Followed { from: A, to: B }));
}

proptest! {
    /// Whatever the members say: a pin never moves while its cluster lives, and never to one that a
    /// single found member does not name.
    #[test]
    fn a_pin_moves_only_by_all(
        looks in prop::collection::vec(
            (prop::collection::vec(0u64..5, 1..4), 0u64..4_000, any::<bool>()), 1..40),
    ) {
        let (mut identity, mut now) = (Identity::default(), Instant::now());
        let mut alive = now;
        for (said, pause, lives) in looks {
            now += Duration::from_millis(pause);
            let before = identity.cluster();
            if let Some(cluster) = before.filter(|_| lives) {
                identity.note(cluster, now);
                alive = now;
            }
            let opinion = |said: &u64| match said {
                0 => Opinion::Unknown,
                1 => Opinion::Silent,
                id => Opinion::Is(ClusterId(*id)),
            };
            let found: Vec<Opinion> = said.iter().map(opinion).collect();
            identity.judge(&found, SILENCE, now);
            if let (Some(before), Some(after)) = (before, identity.cluster())
                && before != after
            {
                prop_assert!(found.iter().all(|opinion| *opinion == Opinion::Is(after)));
                prop_assert!(now >= alive + SILENCE);
            }
            prop_assert!(before.is_none() || identity.cluster().is_some());
            if before != identity.cluster() {
                alive = now;
            }
        }
    }
}
