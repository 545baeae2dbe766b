//! The suite of the contract of `StateStore`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use etcd_mesos_testkit::conformance::Cannot;
use etcd_mesos_testkit::conformance::persist::{
    Damage, Outage, PersistFixture, PersistPlace, suite,
};
use etcd_mesos_testkit::proxy::{Mode, Proxy};

use super::wire::Wire;
use super::*;

/// Long enough for each operation on a busy machine, and short enough to wait for in an outage.
const LIMIT: Duration = Duration::from_secs(3);

struct Chroots {
    server: Server,
    made: AtomicU32,
}

/// A chroot of its own, and the way there: through a proxy, for all that is asked, and a wire, for
/// what is written.
struct Chroot {
    direct: String,
    path: String,
    wire: Wire,
    proxy: Proxy,
}

#[async_trait]
impl PersistFixture for Chroots {
    async fn fresh(&self) -> Box<dyn PersistPlace> {
        let wire = Wire::start(&self.server.addr());
        let proxy = Proxy::start(&wire.addr()).unwrap();
        let path = format!("/etcd/{}", self.made.fetch_add(1, Ordering::Relaxed));
        Box::new(Chroot { direct: self.server.place(&path), path, wire, proxy })
    }
}

#[async_trait]
impl PersistPlace for Chroot {
    async fn open(&self) -> Result<Arc<dyn StateStore>, StoreError> {
        Ok(Arc::new(store_within(&format!("{}{}", self.proxy.addr(), self.path), LIMIT)))
    }

    async fn damage(&self, how: Damage) -> Result<(), Cannot> {
        let person = by_hand(&self.direct).await;
        let whole = found(&person, STATE).await.unwrap();
        let bytes = match how {
            Damage::Foreign => &b"6a1b0f4e-9c1c-4d9e-8f0a-0123456789ab-0000"[..],
            Damage::Torn => &whole[..whole.len() / 2],
            Damage::Emptied => b"",
        };
        person.set(STATE, bytes, None).await.unwrap();
        Ok(())
    }

    async fn strike(&self, outage: Outage) -> Result<(), Cannot> {
        match outage {
            Outage::Away => self.proxy.set(Mode::Cut),
            // No ZooKeeper refuses writes alone for want of space; a network that breaks at each does.
            Outage::Full => self.wire.swallow_writes(true),
        }
        Ok(())
    }

    async fn mend(&self) {
        self.proxy.set(Mode::Pass);
        self.wire.swallow_writes(false);
    }
}

// On several threads, so that writers race in earnest.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_conforms() {
    let fixture = Chroots { server: Server::start().unwrap(), made: AtomicU32::new(0) };
    let verdicts = suite(&fixture).await;
    verdicts.assert();
    assert!(verdicts.not_applicable().is_empty(), "{verdicts}");
}
