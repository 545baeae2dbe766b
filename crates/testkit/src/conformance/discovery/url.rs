//! Client URLs, judged by their form alone.

/// What is wrong with a client URL; nothing, if it is `http` or `https`, a host and a port.
pub(super) fn wrong(url: &str) -> Option<&'static str> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let Some(rest) = rest else { return Some("it is neither http nor https") };
    if rest.contains(['/', '?', '#', '@']) || rest.contains(char::is_whitespace) {
        return Some("there is more than a host and a port");
    }
    let Some((host, port)) = rest.rsplit_once(':') else { return Some("it names no port") };
    let is_number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if !is_number || port.parse::<u16>().is_err() {
        return Some("its port is no number of 16 bits");
    }
    if port.bytes().all(|b| b == b'0') {
        return Some("its port is 0");
    }
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    match (host, inner) {
        ("", _) | (_, Some("")) => Some("it names no host"),
        (_, None) if host.contains([':', '[', ']']) => Some("an IPv6 address needs brackets"),
        (_, Some(inner)) if inner.parse::<std::net::Ipv6Addr>().is_err() => {
            Some("what is in brackets is no IPv6 address")
        }
        _ => None,
    }
}

/// The host and the port, whatever stands around them.
pub(super) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_client_url_is_known() {
        for url in ["http://a:1", "https://10.0.0.1:65535", "http://[::1]:2379", "http://a.b-c:80"]
        {
            assert_eq!(wrong(url), None, "{url}");
        }
        for url in [
            "",
            "a:1",
            "ftp://a:1",
            "http://a",
            "http://:1",
            "http://a:",
            "http://a:0",
            "http://a:00",
            "http://a:65536",
            "http://a:+1",
            "http://a:1/",
            "http://a:1/x",
            "http://a:1?x",
            "http://u@a:1",
            "http://::1:1",
            "http://[]:1",
            "http://[a]:1",
            "http://a b:1",
            "HTTP//a:1",
        ] {
            assert!(wrong(url).is_some(), "{url}");
        }
    }

    #[test]
    fn what_stands_around_host_and_port_is_no_part_of_them() {
        for url in ["http://a:1", "https://a:1/", "a:1?x", "http://a:1/x#y"] {
            assert_eq!(authority(url), "a:1");
        }
    }
}
