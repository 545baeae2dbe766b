#![allow(clippy::unwrap_used)]

use etcd_mesos_core::discovery::Found;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::{advance, sleep};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// What a source of these tests does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Answers,
    Nobody,
    Away,
}

/// A source that notes when it is asked, and whether for others than those who are known.
struct Source {
    name: &'static str,
    pause: Duration,
    manner: Mutex<Manner>,
    asked: Mutex<Vec<(Instant, bool)>>,
}

impl Source {
    fn new(name: &'static str, pause: Duration) -> Arc<Source> {
        let (manner, asked) = (Mutex::new(Manner::Answers), Mutex::default());
        Arc::new(Source { name, pause, manner, asked })
    }

    fn becomes(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn times(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn answer(&self, is_next: bool) -> Result<Members, DiscoveryError> {
        self.asked.lock().unwrap().push((Instant::now(), is_next));
        let place = self.name.to_owned();
        match *self.manner.lock().unwrap() {
            Manner::Answers => {
                Ok(Members::of(vec![Found::at(format!("http://{}:1", self.name))]).unwrap())
            }
            Manner::Nobody => {
                Err(DiscoveryError::NobodyFound { place, found: "nobody".to_owned() })
            }
            Manner::Away => Err(DiscoveryError::Unavailable { place, source: "away".into() }),
        }
    }
}

#[async_trait]
impl Discovery for Source {
    fn place(&self) -> String {
        self.name.to_owned()
    }

    fn cost(&self) -> Cost {
        Cost::new(self.pause, format!("what {} costs", self.name))
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        self.answer(false)
    }

    async fn next(&self, _: &Members) -> Result<Members, DiscoveryError> {
        self.answer(true)
    }
}

fn listed(sources: &[Arc<Source>]) -> InOrder {
    let named =
        |source: &Arc<Source>| (source.name.to_owned(), source.clone() as Arc<dyn Discovery>);
    InOrder::new(sources.iter().map(named).collect()).unwrap()
}

/// Three, of which each may be asked every second.
fn three() -> ([Arc<Source>; 3], InOrder) {
    let sources = ["a", "b", "c"].map(|name| Source::new(name, SECOND));
    let list = listed(&sources);
    (sources, list)
}

/// The name of the one whose members these are; or why there are none.
fn whose(answer: Result<Members, DiscoveryError>) -> String {
    match answer {
        Ok(members) => members.found[0].client_url[7..8].to_owned(),
        Err(error) => chain(error),
    }
}

fn chain(error: DiscoveryError) -> String {
    etcd_mesos_core::cause::chain(&error)
}

#[test]
fn a_list_of_none_is_none_and_one_of_some_says_so() {
    assert!(InOrder::new(Vec::new()).is_none());
    let list = listed(&[Source::new("a", SECOND), Source::new("b", 9 * SECOND)]);
    assert_eq!(list.place(), "a, else b");
    assert_eq!(list.cost(), Cost::new(SECOND, "a: what a costs; b: what b costs"));
}

#[tokio::test(start_paused = true)]
async fn before_any_has_answered_all_are_asked_in_turn() {
    let ([a, b, c], list) = three();
    for source in [&a, &b, &c] {
        source.becomes(Manner::Away);
    }
    let words = whose(list.members().await);
    assert_eq!(words, "cannot ask a, else b, else c: a: away; b: away; c: away");
    advance(SECOND).await;
    c.becomes(Manner::Answers);
    assert_eq!(whose(list.members().await), "c");
    assert_eq!([&a, &b, &c].map(|source| source.times()), [2, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn who_answered_may_fail_for_half_a_minute_before_the_next_is_asked() {
    let ([a, b, _], list) = three();
    assert_eq!(whose(list.members().await), "a");
    a.becomes(Manner::Away);
    for _ in 0..30 {
        advance(SECOND).await;
        assert_eq!(whose(list.members().await), "cannot ask a, else b, else c: a: away");
    }
    assert_eq!(b.times(), 0);
    advance(SECOND).await;
    assert_eq!(whose(list.members().await), "b");
    // A short failure of the one that is used now is an error again.
    advance(SECOND).await;
    b.becomes(Manner::Nobody);
    let words = "a, else b, else c knows no member: a: away; b: nobody";
    assert_eq!(whose(list.members().await), words);
    advance(30 * SECOND).await;
    assert_eq!(whose(list.members().await), "c");
    advance(SECOND).await;
    b.becomes(Manner::Answers);
    assert_eq!(whose(list.members().await), "b", "the better one of the two");
    advance(SECOND).await;
    a.becomes(Manner::Answers);
    assert_eq!(whose(list.members().await), "a");
    // What was forgiven once counts anew.
    a.becomes(Manner::Away);
    advance(SECOND).await;
    assert_eq!(whose(list.members().await), "cannot ask a, else b, else c: a: away");
}

#[tokio::test(start_paused = true)]
async fn only_the_preferred_one_may_hold_an_answer_back() {
    let ([a, b, _], list) = three();
    a.becomes(Manner::Away);
    let known = list.members().await.unwrap();
    let good_for = |members: &Members| members.valid_for;
    assert_eq!(
        (whose(Ok(known.clone())), good_for(&known)),
        ("b".to_owned(), Some(FALLBACK_VALID_MAX))
    );
    advance(SECOND).await;
    assert_eq!(whose(list.next(&known).await), "b");
    assert!(b.asked.lock().unwrap().iter().all(|(_, is_next)| !is_next));
    a.becomes(Manner::Answers);
    advance(SECOND).await;
    let known = list.next(&known).await.unwrap();
    assert_eq!((whose(Ok(known.clone())), good_for(&known)), ("a".to_owned(), None));
    advance(SECOND).await;
    assert_eq!(whose(list.next(&known).await), "a");
    let asked: Vec<bool> = a.asked.lock().unwrap().iter().map(|(_, is_next)| *is_next).collect();
    assert_eq!(asked, [false, false, false, true]);
}

#[tokio::test(start_paused = true)]
async fn within_its_pause_what_one_said_last_holds() {
    let (a, b) = (Source::new("a", SECOND), Source::new("b", 15 * SECOND));
    let list = listed(&[a.clone(), b.clone()]);
    a.becomes(Manner::Away);
    assert_eq!(whose(list.members().await), "b");
    b.becomes(Manner::Away);
    for _ in 0..14 {
        advance(SECOND).await;
        assert_eq!(whose(list.members().await), "b");
    }
    assert_eq!((a.times(), b.times()), (15, 1));
    advance(SECOND).await;
    assert_eq!(whose(list.members().await), "cannot ask a, else b: a: away; b: away");
    b.becomes(Manner::Answers);
    for _ in 0..14 {
        advance(SECOND).await;
        assert_eq!(whose(list.members().await), "cannot ask a, else b: a: away; b: away");
    }
    advance(SECOND).await;
    assert_eq!(whose(list.members().await), "b");
    assert_eq!(b.times(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_was_dropped_counts_for_nothing() {
    struct Slow(Arc<Source>);

    #[async_trait]
    impl Discovery for Slow {
        fn place(&self) -> String {
            self.0.place()
        }

        fn cost(&self) -> Cost {
            self.0.cost()
        }

        async fn members(&self) -> Result<Members, DiscoveryError> {
            sleep(SECOND).await;
            self.0.members().await
        }
    }

    let slow = Arc::new(Slow(Source::new("a", 60 * SECOND)));
    let list = InOrder::new(vec![("a".to_owned(), slow)]).unwrap();
    tokio::time::timeout(SECOND / 2, list.members()).await.unwrap_err();
    assert_eq!(whose(list.members().await), "a");
}

/// What happens in a run: time goes by, one behaves otherwise, or somebody asks.
#[derive(Clone, Debug)]
enum Event {
    Wait(u64),
    Becomes(usize, Manner),
    Ask(bool),
}

fn event() -> impl Strategy<Value = Event> {
    let manner = prop_oneof![
        2 => Just(Manner::Answers),
        1 => Just(Manner::Nobody),
        2 => Just(Manner::Away),
    ];
    prop_oneof![
        3 => (1_u64..20_000).prop_map(Event::Wait),
        2 => (0_usize..3, manner).prop_map(|(at, manner)| Event::Becomes(at, manner)),
        5 => any::<bool>().prop_map(Event::Ask),
    ]
}

/// The rules, each by itself, on what was seen from outside.
#[derive(Default)]
struct Rules {
    in_use: Option<usize>,
    /// Since when each has failed, as far as anybody asked.
    failing: [Option<Instant>; 3],
}

impl Rules {
    fn check(&mut self, sources: &[Arc<Source>], before: &[usize], answer: Option<usize>) {
        let now = Instant::now();
        let is_asked = |at: usize| sources[at].times() > before[at];
        for (at, source) in sources.iter().enumerate() {
            let asked = source.asked.lock().unwrap();
            let pauses = asked.windows(2).map(|two| two[1].0 - two[0].0);
            assert!(
                pauses.into_iter().all(|pause| pause >= source.pause),
                "{} too soon",
                source.name
            );
            drop(asked);
            if is_asked(at) && *source.manner.lock().unwrap() == Manner::Answers {
                assert_eq!(
                    answer,
                    Some(at),
                    "who answers is believed, and nobody after it is asked"
                );
            }
        }
        if let Some(in_use) = self.in_use {
            let is_patient = self.failing[in_use].is_none_or(|since| now - since < PATIENCE);
            let others = in_use + 1..3;
            if is_patient {
                assert!(!others.clone().any(is_asked), "the next ones are asked too soon");
                assert!(answer.is_none_or(|at| at <= in_use));
            }
        }
        self.learn(sources, before, answer, now);
    }

    fn learn(
        &mut self,
        sources: &[Arc<Source>],
        before: &[usize],
        answer: Option<usize>,
        now: Instant,
    ) {
        for (at, source) in sources.iter().enumerate() {
            if source.times() > before[at] {
                match answer == Some(at) {
                    true => self.failing[at] = None,
                    false => drop(self.failing[at].get_or_insert(now)),
                }
            }
        }
        if answer.is_some_and(|at| sources[at].times() > before[at]) {
            self.in_use = answer;
        }
    }
}

#[test]
fn whatever_happens_the_rules_are_kept() {
    let pauses = [SECOND / 5, SECOND, 15 * SECOND];
    let runs = prop::collection::vec(event(), 1..60);
    TestRunner::default()
        .run(&runs, |events| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(plays(&events, pauses));
            Ok(())
        })
        .unwrap();
}

async fn plays(events: &[Event], pauses: [Duration; 3]) {
    let names = ["a", "b", "c"];
    let sources: Vec<Arc<Source>> =
        names.into_iter().zip(pauses).map(|(name, pause)| Source::new(name, pause)).collect();
    let (list, mut rules) = (listed(&sources), Rules::default());
    let known = Members::of(vec![Found::at("http://x:1")]).unwrap();
    for event in events {
        match event {
            Event::Wait(millis) => advance(Duration::from_millis(*millis)).await,
            Event::Becomes(at, manner) => sources[*at].becomes(*manner),
            Event::Ask(is_next) => {
                let before: Vec<usize> = sources.iter().map(|source| source.times()).collect();
                let answer = if *is_next { list.next(&known).await } else { list.members().await };
                let answer = answer.ok().map(|members| {
                    names.iter().position(|name| whose(Ok(members.clone())) == *name).unwrap()
                });
                rules.check(&sources, &before, answer);
            }
        }
    }
}
