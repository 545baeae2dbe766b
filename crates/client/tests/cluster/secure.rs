//! TLS and authentication.

use std::time::Duration;

use etcd_client::{Certificate, TlsOptions};
use etcd_mesos_client::{Cluster, Options};
use etcd_mesos_core::discovery::Found;
use etcd_mesos_testkit::tls::Authority;

use crate::double::Listed;
use crate::load::told;
use crate::rig::{Member, Rig, initial_cluster, wait};

const HOST: &str = "member.example";

/// A member whose certificate has a name, and not the address in its URL; a root of etcd's users is there.
async fn secure(rig: &Rig) -> (Member, Options) {
    let authority = Authority::found(rig.home(), "etcd").unwrap();
    let certificate = authority.certify("member", vec![HOST.to_owned()]).unwrap();
    let flags = [
        format!("--cert-file={}", certificate.certificate.display()),
        format!("--key-file={}", certificate.key.display()),
    ];
    let mut member = rig.member("secure", 1).with(&flags);
    member.url = member.url.replace("http://", "https://");
    let alone = initial_cluster(&[member.named()]);
    member.start(&alone, "new");
    let trusted = Certificate::from_pem(std::fs::read(authority.ca_file()).unwrap());
    let options = Options::default().with_tls(TlsOptions::new().ca_certificate(trusted));
    (member, options)
}

#[tokio::test]
async fn the_certificates_name_is_the_one_that_the_discovery_says_and_users_authenticate() {
    let rig = Rig::new(11);
    let (mut member, tls) = secure(&rig).await;
    let list = Listed::of(&[]);
    list.becomes_found(vec![Found::at(&member.url).certified_for(HOST)]);
    let anonymous = Cluster::follow(list.clone(), tls.clone());
    let mut root = anonymous.client().await.unwrap();
    root.user_add("root", "sesame", None).await.unwrap();
    root.user_grant_role("root", "root").await.unwrap();
    root.auth_enable().await.unwrap();

    let user = Cluster::follow(list.clone(), tls.clone().with_user("root", "sesame"));
    let put =
        async || user.write(|mut etcd| async move { etcd.put("key", "value", None).await }).await;
    put().await.unwrap();
    // A member that was started again knows no token any more.
    member.kill();
    member.run();
    wait("it serves again", async || put().await.is_ok()).await;

    let put = anonymous.write(|mut etcd| async move { etcd.put("key", "value", None).await });
    let error = put.await.map(drop).unwrap_err();
    assert!(told(&error).contains("user name is empty"), "{}", told(&error));

    let hasty = |options: Options| options.with_deadline(Duration::from_secs(2));
    let wrong = Cluster::follow(list.clone(), hasty(tls.clone().with_user("root", "other")));
    let error = wrong.client().await.map(drop).unwrap_err();
    assert!(told(&error).contains("authentication failed"), "{}", told(&error));

    list.becomes_found(vec![Found::at(&member.url)]);
    let unnamed = Cluster::follow(list.clone(), hasty(tls.clone()));
    let error = unnamed.client().await.map(drop).unwrap_err();
    assert!(told(&error).contains("no TLS or HTTP/2 with it"), "{}", told(&error));

    list.becomes_found(vec![Found::at(member.url.replace("https://", "http://"))]);
    let plain = Cluster::follow(list, hasty(tls));
    let error = plain.client().await.map(drop).unwrap_err();
    assert!(told(&error).contains("TLS is wanted, and its URL is http"), "{}", told(&error));
}
