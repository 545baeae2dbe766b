#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Found};

use super::*;

type Answer = Result<Vec<&'static str>, &'static str>;

/// A source that answers what it was given, and notes when it was asked and by whom.
struct Source {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<(Duration, usize)>>,
    began: Instant,
}

impl Source {
    fn with(answers: impl IntoIterator<Item = Answer>) -> Arc<Source> {
        let answers = Mutex::new(answers.into_iter().collect());
        Arc::new(Source { answers, asked: Mutex::default(), began: Instant::now() })
    }

    fn answer(&self, known: usize) -> Result<Members, DiscoveryError> {
        self.asked.lock().unwrap().push((self.began.elapsed(), known));
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let place = self.place();
        let urls = answer.unwrap().map_err(|why| match why {
            "nobody" => DiscoveryError::NobodyFound { place: place.clone(), found: why.into() },
            _ => DiscoveryError::Unavailable { place: place.clone(), source: why.into() },
        })?;
        Ok(Members::of(urls.into_iter().map(Found::at).collect()).unwrap())
    }
}

#[async_trait]
impl Discovery for Source {
    fn place(&self) -> String {
        "a source".to_owned()
    }

    fn cost(&self) -> Cost {
        Cost::new(Duration::from_secs(2), "nothing")
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        self.answer(0)
    }

    async fn next(&self, known: &Members) -> Result<Members, DiscoveryError> {
        self.answer(known.found.len())
    }
}

fn urls(known: &Known) -> Vec<String> {
    let found = known.members.iter().flat_map(|members| &members.found);
    found.map(|member| member.client_url.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_failure_keeps_what_is_known_and_is_told() {
    let source = Source::with([Ok(vec!["http://a:1"]), Err("away"), Ok(vec!["http://b:1"])]);
    let following = Following::start(source.clone());
    let mut known = following.known();
    let first = known.wait_for(|known| known.members.is_some()).await.unwrap().clone();
    assert_eq!(urls(&first), ["http://a:1"]);
    let failed = known.wait_for(|known| known.trouble.is_some()).await.unwrap().clone();
    assert_eq!(urls(&failed), ["http://a:1"]);
    let trouble = failed.trouble.unwrap();
    assert_eq!(trouble.words, "cannot ask a source: away");
    assert!(!trouble.is_nobody);
    let last = known.wait_for(|known| known.trouble.is_none()).await.unwrap().clone();
    assert_eq!(urls(&last), ["http://b:1"]);
    // Who knows members says which: the source may wait for a change.
    let asked: Vec<usize> = source.asked.lock().unwrap().iter().map(|(_, known)| *known).collect();
    assert_eq!(asked, [0, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn who_is_away_is_asked_again_and_again_ever_more_slowly() {
    let source = Source::with([Err("away")]);
    let following = Following::start(source.clone());
    let mut known = following.known();
    let waits = known.wait_for(|known| known.asked == 8).await.unwrap().clone();
    assert!(!waits.trouble.unwrap().is_nobody);
    let asked = source.asked.lock().unwrap().clone();
    let pauses: Vec<Duration> = asked.windows(2).map(|two| two[1].0 - two[0].0).collect();
    assert!(pauses.iter().all(|pause| *pause >= Duration::from_secs(2)), "{pauses:?}");
    assert!(pauses[6] >= Duration::from_secs(30), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn the_first_member_is_waited_for_without_ever_longer_pauses() {
    let source = Source::with([Err("nobody")]);
    let following = Following::start(source.clone());
    let mut known = following.known();
    let waits = known.wait_for(|known| known.asked == 8).await.unwrap().clone();
    assert!(waits.trouble.unwrap().is_nobody);
    let asked = source.asked.lock().unwrap().clone();
    let pauses: Vec<Duration> = asked.windows(2).map(|two| two[1].0 - two[0].0).collect();
    assert!(pauses.iter().all(|pause| *pause == Duration::from_secs(2)), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hurry_asks_as_soon_as_the_source_may_be_asked() {
    let source = Source::with([Ok(vec!["http://a:1"])]);
    let following = Following::start(source.clone());
    let mut known = following.known();
    known.wait_for(|known| known.asked == 1).await.unwrap();
    following.hurry();
    known.wait_for(|known| known.asked == 2).await.unwrap();
    let asked = source.asked.lock().unwrap().clone();
    assert_eq!(asked[1].0 - asked[0].0, Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn nobody_asks_when_nobody_follows() {
    let source = Source::with([Ok(vec!["http://a:1"])]);
    let following = Following::start(source.clone());
    following.known().wait_for(|known| known.asked == 1).await.unwrap();
    drop(following);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(source.asked.lock().unwrap().len(), 1);
}
