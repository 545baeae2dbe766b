//! Looks for an input on which a property does not hold, and makes it small.

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::{Met, Unmet};

/// How many inputs are tried where `PROPTEST_CASES` does not say it.
const CASES: u32 = 100;

/// How often a failing input is made smaller. Each time a plugin that panics prints where.
const SHRINKS_MAX: u32 = 300;

/// Tries the property on inputs that are the same in each run; `PROPTEST_CASES` says how many.
pub(super) fn holds<S>(inputs: S, property: impl Fn(&S::Value) -> Result<(), String>) -> Met
where
    S: Strategy,
    S::Value: Debug,
{
    let usual = Config::default();
    let is_chosen = std::env::var_os("PROPTEST_CASES").is_some();
    let config = Config {
        cases: if is_chosen { usual.cases } else { CASES },
        failure_persistence: None,
        max_shrink_iters: SHRINKS_MAX,
        ..usual
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&inputs, |input| property(&input).map_err(TestCaseError::fail));
    outcome.map_err(|error| match error {
        TestError::Fail(how, input) => Unmet::Failed(format!("{how}, for {input:?}")),
        TestError::Abort(why) => Unmet::Failed(format!("no inputs could be made: {why}")),
    })
}
