//! The contract of `Discovery`.
//!
//! The fixture is the source that the plugin asks: a real server, or a socket that speaks like one.
//! The suite needs no more of a runtime than `#[tokio::test]` makes.

use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::Discovery;

use super::{Cannot, Met, Outcome, Verdict, Verdicts, guard};

mod answers;
mod failures;
mod url;

/// A source of members, and what can befall it. What is asked of it last holds.
#[async_trait]
pub trait DiscoveryFixture: Send + Sync {
    /// The plugin, on this source; made anew at each call.
    fn plugin(&self) -> Box<dyn Discovery>;

    /// How long a query may take by the configuration of that plugin.
    fn deadline(&self) -> Duration;

    /// Lets the source name the members of these numbers, in this order, and one as often as it
    /// stands there. A number is always the same member.
    ///
    /// Returns the client URL of each, as the plugin has to find it.
    ///
    /// # Errors
    /// [`Cannot`], where a source can have no such order or repetition.
    async fn present(&self, members: &[u8]) -> Result<Vec<String>, Cannot>;

    /// Lets the source answer, and know no member.
    async fn nobody(&self) -> Result<(), Cannot>;

    /// Lets the source be away: nobody listens.
    async fn away(&self) -> Result<(), Cannot>;

    /// Lets the source answer what cannot be.
    async fn lie(&self, lie: Lie) -> Result<(), Cannot>;

    /// Lets the source take a question, and not answer it.
    async fn stall(&self, stall: Stall) -> Result<(), Cannot>;
}

/// An answer that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// It ends before its end.
    CutShort,
    /// A member has port 0.
    PortZero,
    /// It is the answer of another program.
    Foreign,
}

/// How a question stays without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stall {
    /// Not one byte comes.
    Silent,
    /// The answer comes so slowly that it does not end within the deadline.
    Trickling,
}

lines! {
    /// The lines of the contract of `Discovery`.
    PlaceIsNamed: "`place` says who is asked, and every error says it too",
    CostIsSaid: "`cost` names a pause of more than nothing and at most an hour, and has words",
    NamesTheMembers: "an answer holds at least one member: those that the source names",
    NamesEachOnce: "an answer holds each client URL once",
    OrderIsSteady: "the order of an answer does not change while the members do not",
    UrlsAreWhole: "every client URL is `http` or `https`, with a host and a port other than 0, and nothing else",
    NobodyIsNobodyFound: "nobody there is `NobodyFound`, never an empty answer",
    AwayIsUnavailable: "a source that is away is `Unavailable`",
    CutShortIsUnusable: "an answer that was cut short is `Unusable`",
    PortZeroIsUnusable: "an answer with a port 0 is `Unusable`",
    ForeignIsUnusable: "the answer of another program is `Unusable`",
    SilenceEnds: "a query ends within the deadline of its configuration, though the source is silent",
    TrickleEnds: "a query ends within the deadline of its configuration, though the answer trickles",
    DroppedQueryLeavesNothing: "after a query that was dropped underway the next one works",
    FailureLeavesNothing: "after a query that failed the next one works",
}

/// Checks every line.
pub async fn suite(fixture: &dyn DiscoveryFixture) -> Verdicts {
    let mut verdicts = Vec::new();
    for line in Line::ALL {
        verdicts.push(Verdict { line: line.words(), outcome: check(fixture, *line).await });
    }
    Verdicts { contract: "Discovery", verdicts }
}

/// Checks one line.
pub async fn check(fixture: &dyn DiscoveryFixture, line: Line) -> Outcome {
    guard::run(meets(fixture, line)).await
}

async fn meets(fixture: &dyn DiscoveryFixture, line: Line) -> Met {
    match line {
        Line::PlaceIsNamed => failures::place_is_named(fixture).await,
        Line::CostIsSaid => answers::cost_is_said(fixture),
        Line::NamesTheMembers => answers::names_the_members(fixture).await,
        Line::NamesEachOnce => answers::names_each_once(fixture).await,
        Line::OrderIsSteady => answers::order_is_steady(fixture).await,
        Line::UrlsAreWhole => answers::urls_are_whole(fixture).await,
        Line::NobodyIsNobodyFound => failures::nobody_is_nobody_found(fixture).await,
        Line::AwayIsUnavailable => failures::away_is_unavailable(fixture).await,
        Line::CutShortIsUnusable => failures::is_unusable(fixture, Lie::CutShort).await,
        Line::PortZeroIsUnusable => failures::is_unusable(fixture, Lie::PortZero).await,
        Line::ForeignIsUnusable => failures::is_unusable(fixture, Lie::Foreign).await,
        Line::SilenceEnds => failures::ends(fixture, Stall::Silent).await,
        Line::TrickleEnds => failures::ends(fixture, Stall::Trickling).await,
        Line::DroppedQueryLeavesNothing => failures::dropped_leaves_nothing(fixture).await,
        Line::FailureLeavesNothing => failures::failure_leaves_nothing(fixture).await,
    }
}
