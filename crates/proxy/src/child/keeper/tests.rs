use proptest::prelude::*;

use super::*;

const GRACE: Duration = Duration::from_secs(5);

fn targets(urls: &[&str]) -> Vec<Target> {
    urls.iter().map(|url| Target { url: (*url).to_owned(), name: None }).collect()
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A keeper whose child runs for these since `now`.
fn running(kind: Kind, now: Instant, urls: &[&str]) -> Keeper {
    let mut keeper = Keeper::new(kind, GRACE);
    keeper.members(now, targets(urls));
    assert_eq!(keeper.plan(now), Some(Deed::Start(targets(urls))));
    keeper.started(now);
    assert_eq!(keeper.plan(now), None);
    keeper
}

#[test]
fn nothing_is_started_for_nobody() {
    let now = Instant::now();
    let mut keeper = Keeper::new(Kind::Gateway, GRACE);
    assert_eq!((keeper.plan(now), keeper.next_wake()), (None, None));
    keeper.members(now, Vec::new());
    assert_eq!((keeper.plan(now), keeper.next_wake()), (None, None));
}

#[test]
fn a_change_is_waited_out_and_one_that_is_undone_is_none() {
    let now = Instant::now();
    let mut keeper = running(Kind::Gateway, now, &["a", "b"]);
    keeper.members(now + ms(1_000), targets(&["a", "b", "c"]));
    assert_eq!(keeper.next_wake(), Some(now + ms(3_000)));
    keeper.members(now + ms(2_500), targets(&["b", "c"]));
    assert_eq!(keeper.plan(now + ms(3_000)), None);
    // The order does not matter, and neither does being told the same again.
    keeper.members(now + ms(4_000), targets(&["c", "b"]));
    assert_eq!(keeper.plan(now + ms(4_499)), None);
    assert_eq!(keeper.plan(now + ms(4_500)), Some(Deed::Terminate));

    let mut keeper = running(Kind::GrpcProxy, now, &["a", "b"]);
    keeper.members(now + ms(1_000), targets(&["a"]));
    keeper.members(now + ms(1_500), targets(&["b", "a"]));
    assert_eq!((keeper.plan(now + ms(60_000)), keeper.next_wake()), (None, None));
}

#[test]
fn who_reaches_nobody_any_more_is_restarted_at_once() {
    let now = Instant::now();
    for kind in [Kind::Gateway, Kind::GrpcProxy, Kind::V2Proxy] {
        let mut keeper = running(kind, now, &["a", "b"]);
        keeper.members(now + ms(1_000), targets(&["c"]));
        assert_eq!(keeper.plan(now + ms(1_000)), Some(Deed::Terminate));
        assert_eq!(keeper.plan(now + ms(1_001)), None);
        keeper.ended(now + ms(1_100));
        // No pause: it was asked to end.
        assert_eq!(keeper.plan(now + ms(1_100)), Some(Deed::Start(targets(&["c"]))));
    }
}

#[test]
fn who_refreshes_by_itself_is_left_alone_while_one_is_left() {
    let now = Instant::now();
    let mut keeper = running(Kind::V2Proxy, now, &["a", "b", "c"]);
    keeper.members(now, targets(&["c", "d", "e"]));
    assert_eq!((keeper.plan(now + ms(60_000)), keeper.next_wake()), (None, None));
}

#[test]
fn the_pauses_grow_to_half_a_minute_and_begin_anew_after_a_steady_run() {
    let mut now = Instant::now();
    let mut keeper = running(Kind::Gateway, now, &["a"]);
    let mut pauses = Vec::new();
    for _ in 0..10 {
        keeper.ended(now);
        let next = keeper.next_start().expect("a time");
        assert_eq!(keeper.plan(next - ms(1)), None);
        assert!(matches!(keeper.plan(next), Some(Deed::Start(_))));
        pauses.push((next - now).as_millis());
        now = next;
        keeper.started(now);
    }
    assert_eq!(pauses, [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    keeper.ended(now + ms(29_999));
    assert_eq!(keeper.next_start(), Some(now + ms(59_999)));
    keeper.started(now);
    keeper.ended(now + ms(30_000));
    assert_eq!(keeper.next_start(), Some(now + ms(30_200)));
}

#[test]
fn who_is_not_gone_within_the_grace_is_killed_once() {
    let now = Instant::now();
    let mut keeper = running(Kind::Gateway, now, &["a"]);
    keeper.end();
    assert_eq!(keeper.plan(now), Some(Deed::Terminate));
    assert_eq!(keeper.next_wake(), Some(now + GRACE));
    assert_eq!(keeper.plan(now + GRACE), Some(Deed::Kill));
    assert_eq!((keeper.plan(now + GRACE), keeper.next_wake()), (None, None));
    assert!(!keeper.is_over());
    keeper.ended(now + GRACE);
    assert!(keeper.is_over());
    assert_eq!((keeper.plan(now + ms(99_999)), keeper.next_wake()), (None, None));
}

#[derive(Clone, Debug)]
enum Happens {
    Members(Vec<&'static str>),
    Ends,
    End,
}

fn happens() -> impl Strategy<Value = Happens> {
    let urls = proptest::sample::subsequence(vec!["a", "b", "c"], 0..=3);
    prop_oneof![4 => urls.prop_map(Happens::Members), 3 => Just(Happens::Ends), 1 => Just(Happens::End)]
}

proptest! {
    /// Whatever happens when: never two processes, none once it is over, none that was started more often
    /// than the pauses allow, and an end always comes.
    #[test]
    fn there_is_one_child_at_most_and_none_at_the_end(
        steps in proptest::collection::vec((0..4_000_u64, happens()), 1..60),
        refreshes in any::<bool>(),
    ) {
        let kind = if refreshes { Kind::V2Proxy } else { Kind::Gateway };
        let mut keeper = Keeper::new(kind, GRACE);
        let mut now = Instant::now();
        let (mut is_running, mut is_ending) = (false, false);
        let perform = |keeper: &mut Keeper, now: Instant, is_running: &mut bool, is_ending: bool| {
            match keeper.plan(now) {
                None => {}
                Some(Deed::Start(targets)) => {
                    assert!(!*is_running && !is_ending && !targets.is_empty());
                    *is_running = true;
                    keeper.started(now);
                }
                Some(Deed::Terminate) => assert!(*is_running),
                Some(Deed::Kill) => {
                    assert!(*is_running);
                    *is_running = false;
                    keeper.ended(now);
                }
            }
        };
        for (pause, step) in steps {
            now += ms(pause);
            match step {
                Happens::Members(urls) => keeper.members(now, targets(&urls)),
                Happens::Ends if is_running => { is_running = false; keeper.ended(now) }
                Happens::Ends => {}
                Happens::End => { is_ending = true; keeper.end() }
            }
            perform(&mut keeper, now, &mut is_running, is_ending);
        }
        keeper.end();
        for _ in 0..4 {
            perform(&mut keeper, now, &mut is_running, true);
            now = keeper.next_wake().unwrap_or(now);
        }
        prop_assert!(keeper.is_over() && !is_running);
    }
}
