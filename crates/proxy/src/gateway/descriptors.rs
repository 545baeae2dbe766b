//! Open files: two a client, and a reserve for everything else.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Open files that are not connections of clients: listeners, looks, the log, the status page.
const RESERVE: u64 = 64;
/// At least this many clients, whatever the limit is.
const CLIENTS_MIN: u64 = 16;
/// And at most this many where there is no limit.
const CLIENTS_MAX: u64 = 100_000;

/// Raises the limit on open files to what the process may have, and returns it. A program does so
/// before it makes settings. Children inherit it.
///
/// # Errors
/// When the system refuses.
pub fn raise_limit() -> std::io::Result<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}

/// How many clients the present limit leaves room for.
pub(super) fn clients_max() -> usize {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    room(limit)
}

fn room(limit: u64) -> usize {
    let clients = (limit.saturating_sub(RESERVE) / 2).clamp(CLIENTS_MIN, CLIENTS_MAX);
    usize::try_from(clients).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_takes_two_descriptors_and_some_are_kept_for_the_rest() {
        assert_eq!(room(1024), 480);
        assert_eq!(room(20_000), 9_968);
        assert_eq!(room(10), 16);
        assert_eq!(room(u64::MAX), 100_000);
    }
}
