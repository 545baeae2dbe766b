//! How programs end: one printer for errors, and exit codes after BSD's sysexits.

use std::error::Error;
use std::process::ExitCode;

/// The command line is wrong.
pub(crate) const USAGE: u8 = 64;
/// Something that is needed is not there now.
pub(crate) const UNAVAILABLE: u8 = 69;
/// A fault of this program was found.
pub(crate) const BUG: u8 = 70;
/// It may work later.
pub(crate) const TEMPORARY: u8 = 75;
/// The configuration cannot work.
pub(crate) const CONFIG: u8 = 78;

/// An error, and the exit code that tells a supervisor what it is.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    error: Box<dyn Error>,
}

impl Failure {
    pub(crate) fn new(code: u8, error: impl Into<Box<dyn Error>>) -> Failure {
        Failure { code, error: error.into() }
    }

    /// Prints the error and its causes, and yields the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {}", self.error);
        let mut source = self.error.source();
        while let Some(cause) = source {
            eprintln!("  because: {cause}");
            source = cause.source();
        }
        ExitCode::from(self.code)
    }
}
