//! Sources of members.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Found, Members};
use etcd_mesos_testkit::conformance::Cannot;
use etcd_mesos_testkit::conformance::discovery::{DiscoveryFixture, Lie, Line, Stall, suite};
use futures_util::future::join_all;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::{assert_all_broken, assert_breaks};

const DEADLINE: Duration = Duration::from_millis(50);
const PLACE: &str = "the members in this test";
/// What a plugin sees that reads one page only.
const PAGE: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    NamesNoPlace,
    HidesThePlaceOfErrors,
    AsksWithoutPause,
    HidesItsCost,
    ReadsOnePage,
    RepeatsMembers,
    KeepsTheOrderOfTheSource,
    EndsUrlsWithASlash,
    TakesNobodyForAnAnswer,
    TakesNobodyForAway,
    TakesAwayForNobody,
    TakesHalfForWhole,
    TakesPortZero,
    TakesForeignForNobody,
    WaitsForTheSilent,
    WaitsForATrickle,
    BlocksOnATrickle,
    JamsWhenDropped,
    RemembersAFailure,
}

/// What the source is.
#[derive(Clone, Debug)]
enum Source {
    Has(Vec<u8>),
    Away,
    Lies(Lie),
    Stalls(Stall),
}

#[derive(Clone)]
struct Fixture {
    source: Arc<Mutex<Source>>,
    bug: Option<Bug>,
}

struct Plugin {
    source: Arc<Mutex<Source>>,
    bug: Option<Bug>,
    is_busy: AtomicBool,
    has_failed: AtomicBool,
}

fn url(member: u8) -> String {
    format!("http://10.0.0.{member}:2379")
}

fn fixture(bug: Option<Bug>) -> Fixture {
    Fixture { source: Arc::new(Mutex::new(Source::Away)), bug }
}

impl Fixture {
    fn set(&self, source: Source) -> Result<(), Cannot> {
        *self.source.lock().unwrap() = source;
        Ok(())
    }
}

#[async_trait]
impl DiscoveryFixture for Fixture {
    fn plugin(&self) -> Box<dyn Discovery> {
        Box::new(Plugin {
            source: self.source.clone(),
            bug: self.bug,
            is_busy: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
        })
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }

    async fn present(&self, members: &[u8]) -> Result<Vec<String>, Cannot> {
        self.set(Source::Has(members.to_vec()))?;
        Ok(members.iter().copied().map(url).collect())
    }

    async fn nobody(&self) -> Result<(), Cannot> {
        self.set(Source::Has(Vec::new()))
    }

    async fn away(&self) -> Result<(), Cannot> {
        self.set(Source::Away)
    }

    async fn lie(&self, lie: Lie) -> Result<(), Cannot> {
        self.set(Source::Lies(lie))
    }

    async fn stall(&self, stall: Stall) -> Result<(), Cannot> {
        self.set(Source::Stalls(stall))
    }
}

fn unavailable(why: &str) -> DiscoveryError {
    DiscoveryError::Unavailable { place: PLACE.into(), source: why.into() }
}

fn nobody() -> DiscoveryError {
    DiscoveryError::NobodyFound { place: PLACE.into(), found: "no member".into() }
}

impl Plugin {
    fn answer(&self, members: &[u8]) -> Result<Members, DiscoveryError> {
        let found: Vec<Found> = members.iter().map(|member| Found::at(url(*member))).collect();
        let Some(mut answer) = Members::of(found.clone()) else { return self.nobody() };
        match self.bug {
            Some(Bug::ReadsOnePage) => answer.found.truncate(PAGE),
            Some(Bug::RepeatsMembers) => {
                answer.found = found;
                answer.found.sort_by(|a, b| a.client_url.cmp(&b.client_url));
            }
            Some(Bug::KeepsTheOrderOfTheSource) => {
                let place = |one: &Found| found.iter().position(|other| other == one);
                answer.found.sort_by_key(place);
            }
            Some(Bug::EndsUrlsWithASlash) => {
                answer.found.iter_mut().for_each(|one| one.client_url.push('/'));
            }
            _ => {}
        }
        Ok(answer)
    }

    fn nobody(&self) -> Result<Members, DiscoveryError> {
        match self.bug {
            Some(Bug::TakesNobodyForAnAnswer) => Ok(empty()),
            Some(Bug::TakesNobodyForAway) => Err(unavailable("no member")),
            _ => Err(nobody()),
        }
    }

    fn lied(&self, lie: Lie) -> Result<Members, DiscoveryError> {
        match (self.bug, lie) {
            (Some(Bug::TakesHalfForWhole), Lie::CutShort) => self.answer(&[0]),
            (Some(Bug::TakesPortZero), Lie::PortZero) => {
                Ok(Members::of(vec![Found::at("http://10.0.0.1:0")]).unwrap())
            }
            (Some(Bug::TakesForeignForNobody), Lie::Foreign) => Err(nobody()),
            _ => Err(DiscoveryError::Unusable { place: PLACE.into(), found: format!("{lie:?}") }),
        }
    }

    async fn stalled(&self, stall: Stall) -> Result<Members, DiscoveryError> {
        match (self.bug, stall) {
            (Some(Bug::WaitsForTheSilent), Stall::Silent)
            | (Some(Bug::WaitsForATrickle), Stall::Trickling) => pending().await,
            (Some(Bug::BlocksOnATrickle), Stall::Trickling) => {
                std::thread::sleep(Duration::from_millis(1700));
            }
            _ => sleep(DEADLINE).await,
        }
        Err(unavailable("no answer in time"))
    }

    async fn asked(&self) -> Result<Members, DiscoveryError> {
        yield_now().await;
        let source = self.source.lock().unwrap().clone();
        match source {
            Source::Has(members) => self.answer(&members),
            Source::Away if self.bug == Some(Bug::TakesAwayForNobody) => Err(nobody()),
            Source::Away => Err(unavailable("nobody listens")),
            Source::Lies(lie) => self.lied(lie),
            Source::Stalls(stall) => self.stalled(stall).await,
        }
    }
}

fn empty() -> Members {
    let mut members = Members::of(vec![Found::at(url(0))]).unwrap();
    members.found.clear();
    members
}

#[async_trait]
impl Discovery for Plugin {
    fn place(&self) -> String {
        if self.bug == Some(Bug::NamesNoPlace) { " ".into() } else { PLACE.into() }
    }

    fn cost(&self) -> Cost {
        match self.bug {
            Some(Bug::AsksWithoutPause) => Cost::new(Duration::ZERO, "one look"),
            Some(Bug::HidesItsCost) => Cost::new(Duration::from_secs(1), ""),
            _ => Cost::new(Duration::from_secs(1), "one look"),
        }
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        let is_jammed = self.is_busy.swap(true, Ordering::Relaxed);
        if is_jammed && self.bug == Some(Bug::JamsWhenDropped) {
            return Err(unavailable("another query is underway"));
        }
        if self.has_failed.load(Ordering::Relaxed) && self.bug == Some(Bug::RemembersAFailure) {
            return Err(unavailable("it failed before"));
        }
        let answer = self.asked().await;
        self.is_busy.store(false, Ordering::Relaxed);
        self.has_failed.fetch_or(answer.is_err(), Ordering::Relaxed);
        match answer {
            Err(DiscoveryError::Unavailable { source, .. })
                if self.bug == Some(Bug::HidesThePlaceOfErrors) =>
            {
                Err(DiscoveryError::Unavailable { place: String::new(), source })
            }
            answer => answer,
        }
    }
}

const TABLE: [(Bug, Line); 19] = [
    (Bug::NamesNoPlace, Line::PlaceIsNamed),
    (Bug::HidesThePlaceOfErrors, Line::PlaceIsNamed),
    (Bug::AsksWithoutPause, Line::CostIsSaid),
    (Bug::HidesItsCost, Line::CostIsSaid),
    (Bug::ReadsOnePage, Line::NamesTheMembers),
    (Bug::RepeatsMembers, Line::NamesEachOnce),
    (Bug::KeepsTheOrderOfTheSource, Line::OrderIsSteady),
    (Bug::EndsUrlsWithASlash, Line::UrlsAreWhole),
    (Bug::TakesNobodyForAnAnswer, Line::NobodyIsNobodyFound),
    (Bug::TakesNobodyForAway, Line::NobodyIsNobodyFound),
    (Bug::TakesAwayForNobody, Line::AwayIsUnavailable),
    (Bug::TakesHalfForWhole, Line::CutShortIsUnusable),
    (Bug::TakesPortZero, Line::PortZeroIsUnusable),
    (Bug::TakesForeignForNobody, Line::ForeignIsUnusable),
    (Bug::WaitsForTheSilent, Line::SilenceEnds),
    (Bug::WaitsForATrickle, Line::TrickleEnds),
    (Bug::BlocksOnATrickle, Line::TrickleEnds),
    (Bug::JamsWhenDropped, Line::DroppedQueryLeavesNothing),
    (Bug::RemembersAFailure, Line::FailureLeavesNothing),
];

#[tokio::test]
async fn a_correct_plugin_passes() {
    let verdicts = suite(&fixture(None)).await;
    verdicts.assert();
    assert_breaks("correct", &verdicts, &[]);
}

#[tokio::test]
async fn a_broken_plugin_fails_in_the_line_that_it_breaks() {
    // One after the other, they would wait for each other's deadlines; who holds the thread is alone.
    let (alone, others): (Vec<_>, Vec<_>) =
        TABLE.iter().partition(|(bug, _)| *bug == Bug::BlocksOnATrickle);
    join_all(others.into_iter().map(breaks)).await;
    join_all(alone.into_iter().map(breaks)).await;
}

async fn breaks((bug, line): &(Bug, Line)) {
    let verdicts = suite(&fixture(Some(*bug))).await;
    assert_breaks(&format!("{bug:?}"), &verdicts, &[line.words()]);
}

#[test]
fn every_line_is_broken_by_somebody() {
    let table: Vec<&str> = TABLE.iter().map(|(_, line)| line.words()).collect();
    assert_all_broken(Line::ALL.iter().map(|line| line.words()), &table);
}
