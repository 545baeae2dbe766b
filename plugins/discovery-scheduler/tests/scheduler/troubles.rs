//! Servers that misbehave.

use crate::admin::{Admin, Manner};
use crate::ground::{failure, hasty, list};

#[tokio::test]
async fn every_misbehaviour_has_its_kind_and_its_words() {
    let admin = Admin::start(Manner::Silent).await;
    let elsewhere = Admin::start(Manner::Serve(list(&[1]))).await;
    let status = |line: &str, body: &str| Manner::Status(line.to_owned(), body.to_owned());
    let redirect = format!("307 Temporary Redirect\r\nLocation: {}/members", elsewhere.url());
    let long = format!("[{}]", " ".repeat(1024 * 1024));
    for (manner, kind, part) in [
        (Manner::Silent, "unavailable", "does not answer"),
        (Manner::Close, "unavailable", "closed the connection without an answer"),
        (
            status("503 Service Unavailable", "not\x07yet"),
            "unavailable",
            "Unavailable: not\\u{7}yet",
        ),
        (status("404 Not Found", "<h1>nginx</h1>"), "unusable", "404 Not Found: <h1>nginx</h1>"),
        (status(&redirect, ""), "unusable", "redirections are not followed"),
        (status("304 Not Modified", ""), "unusable", "304"),
        (Manner::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".into()), "unusable", "does not speak HTTP"),
        (Manner::Bytes(b"HTTP/1.1 200 OK\r\n".into()), "unavailable", "without an answer"),
        (Manner::Bytes(b"HTTP/1.1 200 OK\r\n\r\n[{".into()), "unusable", "no list of members"),
        (Manner::Cut(list(&[1])), "unusable", "cut short"),
        (Manner::Plain(long), "unusable", "longer than 1 MiB"),
        (Manner::Endless, "unusable", "longer than 1 MiB"),
        (Manner::Plain("{}".to_owned()), "unusable", "no list of members"),
        (Manner::Plain("[]".to_owned()), "nobody", "knows no member that runs"),
    ] {
        let shown = format!("{manner:.60?}");
        admin.behave(manner);
        let discovery = hasty(&[&admin]);
        let (said, words) = failure(discovery.members().await);
        assert_eq!(said, kind, "{shown}: {words}");
        assert!(words.contains(part) && words.contains(&admin.address), "{shown}: {words}");
        assert!(!words.chars().any(char::is_control), "{words:?}");
        assert_eq!(failure(discovery.members().await).1, words, "the same failure, the same words");
    }
    assert_eq!(elsewhere.paths(), [""; 0]);
}

#[tokio::test]
async fn a_head_without_an_end_is_refused() {
    let endless = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 1024 * 1024]].concat();
    let admin = Admin::start(Manner::Bytes(endless)).await;
    let (kind, words) = failure(hasty(&[&admin]).members().await);
    assert_eq!(kind, "unusable", "{words}");
}
