//! Conformance suites: one for each plugin trait, each line of its contract a test.
//!
//! Who writes a plugin runs the suite in their own tests. A pure plugin needs one line:
//!
//! ```
//! use etcd_mesos_core::health::ProofAlone;
//! use etcd_mesos_testkit::conformance;
//!
//! conformance::health::suite(&ProofAlone).assert();
//! ```
//!
//! One that speaks with the outside needs a fixture, which makes the outside and its failures:
//!
//! ```no_run
//! # use etcd_mesos_testkit::conformance::{self, persist::PersistFixture};
//! # async fn conforms(my_fixture: &dyn PersistFixture) {
//! conformance::persist::suite(my_fixture).await.assert();
//! # }
//! ```
//!
//! What a fixture cannot bring about it says by [`Cannot`], with the reason; the line is then not
//! applicable, and [`Verdicts::assert`] prints that. Nothing is skipped without a word.
//!
//! The suites themselves are tried on plugins that are each broken in one line
//! (`tests/conformance/` of this crate). What no suite can show is absent: that a record survives
//! the death of a machine, and that a pure plugin never reads a clock that is too coarse to differ
//! between two calls.

use std::fmt;

/// Makes the enum of a contract's lines.
macro_rules! lines {
    ($(#[$doc:meta])* $($name:ident: $words:literal,)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Line {
            $(#[doc = $words] $name,)+
        }

        impl Line {
            /// All lines, in the order in which the suite checks them.
            pub const ALL: &'static [Line] = &[$(Line::$name,)+];

            /// The line as the contract has it.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Line::$name => $words,)+
                }
            }
        }
    };
}

/// Fails the line with these words unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err($crate::conformance::Unmet::Failed(format!($($words)+)));
        }
    };
}

pub mod discovery;
pub mod health;
pub mod persist;
pub mod placement;

mod guard;
mod property;

/// What a fixture cannot bring about, and why; the lines that need it are not applicable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cannot(pub String);

impl Cannot {
    /// For this reason.
    pub fn because(why: impl Into<String>) -> Cannot {
        Cannot(why.into())
    }
}

/// How a line turned out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The plugin holds to it.
    Passed,
    /// The plugin breaks it: how.
    Failed(String),
    /// It could not be tried: why.
    NotApplicable(String),
}

/// A line of a contract, and how it turned out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The line, in the words of the contract.
    pub line: &'static str,
    /// How it turned out.
    pub outcome: Outcome,
}

/// What a suite says of a plugin: one verdict for each line of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "verdicts that nobody asserts show nothing"]
pub struct Verdicts {
    /// The contract: `StateStore` for example.
    pub contract: &'static str,
    /// The verdicts, in the order of the lines.
    pub verdicts: Vec<Verdict>,
}

impl Verdicts {
    /// The lines that the plugin breaks.
    pub fn failed(&self) -> Vec<&'static str> {
        let is_failed = |v: &&Verdict| matches!(v.outcome, Outcome::Failed(_));
        self.verdicts.iter().filter(is_failed).map(|v| v.line).collect()
    }

    /// The lines that could not be tried.
    pub fn not_applicable(&self) -> Vec<&'static str> {
        let is_left_out = |v: &&Verdict| matches!(v.outcome, Outcome::NotApplicable(_));
        self.verdicts.iter().filter(is_left_out).map(|v| v.line).collect()
    }

    /// Prints what could not be tried, and why.
    ///
    /// # Panics
    /// With all verdicts, if the plugin breaks a line.
    #[track_caller]
    pub fn assert(&self) {
        for verdict in &self.verdicts {
            if let Outcome::NotApplicable(why) = &verdict.outcome {
                eprintln!("{}: not applicable: {} ({why})", self.contract, verdict.line);
            }
        }
        assert!(self.failed().is_empty(), "{self}");
    }
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (broken, all) = (self.failed().len(), self.verdicts.len());
        writeln!(f, "{broken} of {all} lines of {}'s contract are broken:", self.contract)?;
        for Verdict { line, outcome } in &self.verdicts {
            match outcome {
                Outcome::Passed => writeln!(f, "  holds           {line}")?,
                Outcome::Failed(how) => writeln!(f, "  BROKEN          {line}\n      {how}")?,
                Outcome::NotApplicable(why) => {
                    writeln!(f, "  not applicable  {line}\n      {why}")?;
                }
            }
        }
        Ok(())
    }
}

/// Why a check ended before its end.
#[derive(Debug)]
enum Unmet {
    Failed(String),
    NotApplicable(String),
}

type Met<T = ()> = Result<T, Unmet>;

impl From<Cannot> for Unmet {
    fn from(cannot: Cannot) -> Unmet {
        Unmet::NotApplicable(cannot.0)
    }
}

impl From<Met> for Outcome {
    fn from(met: Met) -> Outcome {
        match met {
            Ok(()) => Outcome::Passed,
            Err(Unmet::Failed(how)) => Outcome::Failed(how),
            Err(Unmet::NotApplicable(why)) => Outcome::NotApplicable(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(outcomes: &[Outcome]) -> Verdicts {
        let lines = ["it holds", "it breaks", "it is left out"];
        let pairs = lines.into_iter().zip(outcomes.iter().cloned());
        let verdicts = pairs.map(|(line, outcome)| Verdict { line, outcome }).collect();
        Verdicts { contract: "StateStore", verdicts }
    }

    #[test]
    fn what_is_broken_is_listed_with_its_line_and_the_reason() {
        let left_out = Outcome::NotApplicable("no such thing".into());
        let said = verdicts(&[Outcome::Passed, Outcome::Failed("so".into()), left_out]);
        assert_eq!(said.failed(), ["it breaks"]);
        assert_eq!(said.not_applicable(), ["it is left out"]);
        let panic = std::panic::catch_unwind(|| said.assert()).unwrap_err();
        let words = guard::panic_words(&*panic);
        for part in ["1 of 3 lines of StateStore", "BROKEN          it breaks\n      so", "no such"]
        {
            assert!(words.contains(part), "{part:?} is not in {words}");
        }
    }

    #[test]
    fn what_could_not_be_tried_is_no_failure() {
        verdicts(&[Outcome::Passed, Outcome::NotApplicable("why".into())]).assert();
    }
}
