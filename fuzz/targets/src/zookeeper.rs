//! What lies in ZooKeeper, and what an operator writes to name it.

use etcd_mesos_zk::{LeadingMaster, ZkUrl};
use mesos_v1::Endpoint;

use crate::text;

/// A `zk://` URL: what is read is printed and read again, and no password is printed.
pub fn zk_url(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    keeps_the_secret(text);
    let Ok(url) = text.parse::<ZkUrl>() else { return };
    assert!(!url.servers().is_empty());
    assert!(url.servers().iter().all(|server| server.port > 0 && !server.host.is_empty()));
    let path = url.path();
    assert!(path.starts_with('/') && (path == "/" || !path.ends_with('/')), "{path}");
    // The slash keeps a space at the end of the path from being trimmed.
    let again: ZkUrl = format!("{url}/").parse().expect("what was printed is read");
    assert_eq!((again.servers(), again.path()), (url.servers(), path));
    let user = |url: &ZkUrl| url.login().map(|login| login.user().to_owned());
    assert_eq!(user(&again), user(&url));
}

/// A secret is put before the last `@`, where passwords stand.
fn keeps_the_secret(text: &str) {
    const SECRET: &str = "5Ecr3t";
    let Some((login, rest)) = text.rsplit_once('@') else { return };
    if text.contains(SECRET) {
        return;
    }
    let with_secret = format!("{login}{SECRET}@{rest}");
    let shown = match with_secret.parse::<ZkUrl>() {
        // Without a colon it would be part of the user, who may be shown.
        Ok(url) if login.contains(':') => format!("{url} {url:?}"),
        Ok(_) => return,
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains(SECRET), "{shown}");
}

/// A master's entry: what it names can be connected to.
pub fn master_info(bytes: &[u8]) {
    let Ok(master) = LeadingMaster::read(7, bytes) else { return };
    let endpoint = Endpoint::new(master.host, master.port);
    assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
}
