//! The contract of `HealthPolicy`.
//!
//! The policy is asked about generated outlooks, the same in each run, and what breaks a line is
//! made small; `PROPTEST_CASES` says how many. [`scenes`] makes them for a plugin's own properties.

use etcd_mesos_core::health::{HealthPolicy, Judgement, Verdict as Health, prove};

use super::property::holds;
use super::{Met, Outcome, Verdict, Verdicts, guard};

mod scene;

pub use scene::{Scene, Trouble, Troubled, idle, scenes, troubled};

lines! {
    /// The lines of the contract of `HealthPolicy`.
    SameJudgement: "the same outlook yields the same judgement: there is no clock, no chance and no memory",
    NeverPanics: "no outlook makes it panic, one without members or without looks included",
    NeverBetterThanProof: "the verdict is never better than what `prove` finds",
    IdleIsHealthy: "members that all serve, agree, and are up to date are `Healthy`, however still their raft index stands",
    GroundsAreSaid: "the grounds are never empty",
    NamesTheMember: "in a cluster that serves, the grounds name the one member that a trouble is about",
    ReviewLiesAhead: "a time of review lies after `now`",
}

/// Checks every line.
pub fn suite(policy: &dyn HealthPolicy) -> Verdicts {
    let verdict = |line: &Line| Verdict { line: line.words(), outcome: check(policy, *line) };
    Verdicts { contract: "HealthPolicy", verdicts: Line::ALL.iter().map(verdict).collect() }
}

/// Checks one line.
pub fn check(policy: &dyn HealthPolicy, line: Line) -> Outcome {
    match line {
        Line::SameJudgement => same_judgement(policy),
        Line::NeverPanics => never_panics(policy),
        Line::NeverBetterThanProof => never_better_than_proof(policy),
        Line::IdleIsHealthy => idle_is_healthy(policy),
        Line::GroundsAreSaid => grounds_are_said(policy),
        Line::NamesTheMember => names_the_member(policy),
        Line::ReviewLiesAhead => review_lies_ahead(policy),
    }
    .into()
}

/// A policy that is asked until it panics.
struct Judge<'a> {
    policy: &'a dyn HealthPolicy,
    asker: guard::Asker,
}

impl Judge<'_> {
    fn of(policy: &dyn HealthPolicy) -> Judge<'_> {
        Judge { policy, asker: guard::Asker::default() }
    }

    fn says(&self, scene: &Scene) -> Option<Judgement> {
        self.asker.ask(|| self.policy.judge(&scene.outlook()))
    }
}

fn same_judgement(policy: &dyn HealthPolicy) -> Met {
    let judge = Judge::of(policy);
    holds((scenes(), scenes()), |(scene, other)| {
        let Some(first) = judge.says(scene) else { return Ok(()) };
        judge.says(other);
        // Another place in memory is the same outlook too.
        for again in [scene, &scene.clone()].into_iter().filter_map(|scene| judge.says(scene)) {
            require(first == again, || format!("it says {first:?}, and then {again:?}"))?;
        }
        Ok(())
    })
}

fn never_panics(policy: &dyn HealthPolicy) -> Met {
    let tried = |scene: &Scene| {
        let answer = guard::answer(|| policy.judge(&scene.outlook()));
        answer.map(drop).map_err(|panic| format!("it panics: {panic}"))
    };
    holds(Scene::bare(), tried)?;
    holds(scenes(), tried)
}

fn never_better_than_proof(policy: &dyn HealthPolicy) -> Met {
    let judge = Judge::of(policy);
    holds(scenes(), |scene| {
        let proven = prove(&scene.outlook());
        let Some(said) = judge.says(scene) else { return Ok(()) };
        let is_bounded = said.health.verdict >= proven.verdict;
        require(is_bounded, || format!("it says {said:?} where {proven:?} is proven"))
    })
}

fn idle_is_healthy(policy: &dyn HealthPolicy) -> Met {
    let judge = Judge::of(policy);
    holds(idle(), |scene| {
        let Some(said) = judge.says(scene) else { return Ok(()) };
        require(said.health.verdict == Health::Healthy, || format!("it says {said:?}"))
    })
}

fn grounds_are_said(policy: &dyn HealthPolicy) -> Met {
    let judge = Judge::of(policy);
    let has_grounds = |scene: &Scene| {
        let Some(said) = judge.says(scene) else { return Ok(()) };
        let is_said = !said.health.because.trim().is_empty();
        require(is_said, || format!("it says {said:?}"))
    };
    holds(scenes(), has_grounds)?;
    holds(idle(), has_grounds)
}

fn names_the_member(policy: &dyn HealthPolicy) -> Met {
    let judge = Judge::of(policy);
    holds(troubled(), |Troubled { scene, trouble, member }| {
        let Some(said) = judge.says(scene) else { return Ok(()) };
        // What is no trouble to this policy needs no name, and what is not said is another line's.
        let health = &said.health;
        if health.verdict == Health::Healthy || health.because.trim().is_empty() {
            return Ok(());
        }
        let name = &scene.members[*member].0;
        let is_named = health.because.contains(name.as_str());
        require(is_named, || format!("{name} ({trouble:?}) is not named in {:?}", health.because))
    })
}

fn review_lies_ahead(policy: &dyn HealthPolicy) -> Met {
    let judge = Judge::of(policy);
    let lies_ahead = |scene: &Scene| {
        let Some(at) = judge.says(scene).and_then(|said| said.review_at) else { return Ok(()) };
        require(at > scene.now, || format!("it wants to judge again at {at}; now is {}", scene.now))
    };
    holds(scenes(), lies_ahead)?;
    holds(idle(), lies_ahead)?;
    holds(Troubled::scenes(), lies_ahead)
}

fn require(is_so: bool, words: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(words()) }
}
