//! Ctrl-C, SIGTERM and a closed terminal, as a question that can be asked.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use crate::failure::Outcome;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on those signals end nothing by themselves. Programs that are started do not inherit this.
pub fn catch() -> Outcome<()> {
    let action = SigAction::new(SigHandler::Handler(note), SaFlags::SA_RESTART, SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        // SAFETY: the handler stores to an atomic and does nothing else, which a signal handler may.
        unsafe { sigaction(signal, &action) }?;
    }
    Ok(())
}

/// Whether one of them came.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

extern "C" fn note(_: nix::libc::c_int) {
    ASKED.store(true, Ordering::Relaxed);
}
