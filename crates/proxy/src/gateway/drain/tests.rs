use super::*;

const MS: Duration = Duration::from_millis(1);

fn settings() -> Settings {
    Settings::on(Vec::new())
}

/// A connection over which a question went at 0, and an answer where one is said.
fn pulse(begin: Instant, answered_ms: Option<u32>, is_holding: bool) -> Pulse {
    let mut pulse = Pulse::new(begin);
    let asked = Beat { to_member: 10, from_member: 0, is_asking: true, is_holding };
    pulse.feel(asked, begin);
    if let Some(ms) = answered_ms {
        let answered = Beat { from_member: 10, is_asking: false, ..asked };
        pulse.feel(answered, begin + MS * ms);
    }
    pulse
}

#[test]
fn a_connection_that_is_drained_is_closed_when_it_is_quiet_and_broken_at_the_end() {
    let begin = Instant::now();
    let end = Treatment::DrainUntil(begin + MS * 10_000);
    let rows = [
        ("all said, just now", Some(0), false, 999, end, Fate::Stay),
        ("all said, and quiet", Some(0), false, 1_000, end, Fate::Close),
        ("an answer may come", None, false, 2_999, end, Fate::Stay),
        ("none came for long", None, false, 3_000, end, Fate::Close),
        ("the client reads slowly", Some(0), true, 9_999, end, Fate::Stay),
        ("the client reads too slowly", Some(0), true, 10_000, end, Fate::Break),
        ("busy to the end", Some(9_999), false, 10_000, end, Fate::Break),
        ("nothing is to become of it", Some(0), false, 60_000, Treatment::Keep, Fate::Stay),
        ("of no use any more", Some(0), false, 0, Treatment::Cut, Fate::Break),
    ];
    for (what, answered, is_holding, at, treatment, fate) in rows {
        let pulse = pulse(begin, answered, is_holding);
        assert_eq!(treatment.fate(&pulse, &settings(), begin + MS * at), fate, "{what}");
    }
}

#[test]
fn a_question_without_an_answer_is_noticed_once_each_time() {
    let begin = Instant::now();
    let mut pulse = pulse(begin, None, false);
    assert!(!pulse.is_unanswered(MS * 200, begin + MS * 199));
    assert!(pulse.is_unanswered(MS * 200, begin + MS * 200));
    assert!(!pulse.is_unanswered(MS * 200, begin + MS * 300));
    let answered = Beat { to_member: 10, from_member: 10, ..Beat::default() };
    pulse.feel(answered, begin + MS * 400);
    assert!(!pulse.is_unanswered(MS * 200, begin + MS * 900));
    pulse.feel(Beat { to_member: 20, is_asking: true, ..answered }, begin + MS * 1_000);
    assert!(pulse.is_unanswered(MS * 200, begin + MS * 1_200));
}

/// Between two beats there may be a thousand answers; only the order of the last two bytes tells.
#[test]
fn a_member_that_stops_in_the_middle_of_much_is_noticed() {
    let begin = Instant::now();
    let mut pulse = Pulse::new(begin);
    let busy =
        |count| Beat { to_member: count, from_member: count, is_asking: true, is_holding: false };
    pulse.feel(busy(1_000), begin + MS * 100);
    pulse.feel(busy(2_000), begin + MS * 200);
    assert!(!pulse.is_unanswered(MS * 200, begin + MS * 200));
    pulse.feel(busy(2_000), begin + MS * 300);
    pulse.feel(busy(2_000), begin + MS * 400);
    assert!(pulse.is_unanswered(MS * 200, begin + MS * 400));
    assert_eq!(pulse.heard(), Some(begin + MS * 200));
}
