//! How long things may take: every bound of the supervisor, with its reason.

use std::time::Duration;

/// Pause between two looks while etcd starts. A member serves 90 to 160 ms after its start.
pub(super) const LOOK_PAUSE_STARTING: Duration = Duration::from_millis(40);
/// Pause between two looks once etcd serves.
pub(super) const LOOK_PAUSE_SERVING: Duration = Duration::from_secs(1);
/// How long one look may take. An election takes about a second; a look that fails is repeated.
pub(super) const LOOK_DEADLINE: Duration = Duration::from_secs(1);
/// A member that has served nothing for so long is not RUNNING any more. An election, or the
/// restart of a leader (0.9 to 1.3 s), is shorter, and so does not make the DNS records flap.
pub(super) const STALL_AFTER: Duration = Duration::from_secs(5);
/// Pause between two beats while nothing changes.
pub(super) const BEAT_PAUSE: Duration = Duration::from_secs(2);
/// An etcd that has served for so long died of something new: the back-off begins anew.
pub(super) const SETTLED_AFTER: Duration = Duration::from_secs(30);
/// Before the first, second, ... restart of an etcd that keeps dying. The last one holds for ever.
pub(super) const RESTART_PAUSES_MS: [u64; 7] = [0, 200, 500, 1_000, 2_000, 5_000, 10_000];
/// A port is taken, a program cannot be executed: that may pass, and is retried for so long.
pub(super) const STUBBORN_AFTER: Duration = Duration::from_secs(30);
/// The pause between such retries is not longer than this.
pub(super) const STUBBORN_PAUSE_MAX: Duration = Duration::from_secs(1);
/// Data that cannot be read ends the task when so many starts in a row found it so.
pub(super) const CORRUPT_EXITS_MAX: u32 = 2;
/// The hand-over of the leadership takes 15 ms; a stuck cluster must not hold up a stop.
pub(super) const HAND_OVER_DEADLINE_MAX: Duration = Duration::from_secs(5);
/// How long the program waits for the acknowledgement of the last update while the agent is there.
pub(super) const LAST_ACK_WAIT: Duration = Duration::from_secs(5);
/// The same while the agent is away: long enough for a restart of it.
pub(super) const LAST_ACK_WAIT_AWAY: Duration = Duration::from_secs(60);
/// An executor without a task ends when no agent answered for so long. Mesos gives it one minute
/// to register.
pub(super) const IDLE_AWAY_MAX: Duration = Duration::from_secs(60);
/// How long a client task waits for the member's, which is launched with it: an agent hands over both
/// within milliseconds, unless the member's was killed before or got lost with its agent.
pub(super) const CLIENT_ALONE_MAX: Duration = Duration::from_secs(10);
/// The most of a status message that is sent, in bytes.
pub(super) const STATUS_MESSAGE_BYTES_MAX: usize = 4 * 1024;
