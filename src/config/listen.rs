//! Where the proxy listens, as people write it.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use etcd_mesos_proxy::ListenUrl;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The setting `proxy.listen`: a list of URLs, or a text with commas between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenUrls(pub Vec<ListenUrl>);

impl Default for ListenUrls {
    fn default() -> Self {
        let urls = ["http://localhost:2379", "http://localhost:4001"];
        ListenUrls(urls.map(|url| url.parse().expect("the defaults are URLs")).into())
    }
}

impl Serialize for ListenUrls {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

impl<'de> Deserialize<'de> for ListenUrls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ListenUrls, D::Error> {
        deserializer.deserialize_any(Urls)
    }
}

struct Urls;

impl<'de> Visitor<'de> for Urls {
    type Value = ListenUrls;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of URLs, or a text with commas between them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ListenUrls, E> {
        // Text that stands for a list is read as one then.
        if text.trim_start().starts_with('[') {
            return Err(E::invalid_type(Unexpected::Str(text), &self));
        }
        read(text.split(',').map(str::trim))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<ListenUrls, A::Error> {
        let mut texts: Vec<String> = Vec::new();
        while let Some(text) = all.next_element()? {
            texts.push(text);
        }
        read(texts.iter().map(String::as_str))
    }
}

fn read<'a, E: Error>(texts: impl Iterator<Item = &'a str>) -> Result<ListenUrls, E> {
    let mut urls: Vec<ListenUrl> = Vec::new();
    for text in texts {
        let url = text.parse().map_err(E::custom)?;
        if urls.contains(&url) {
            return Err(E::custom(format!("{url} is named twice")));
        }
        urls.push(url);
    }
    match urls.is_empty() {
        true => Err(E::custom("at least one URL must be named, http://localhost:2379 for example")),
        false => Ok(ListenUrls(urls)),
    }
}

impl JsonSchema for ListenUrls {
    fn schema_name() -> Cow<'static, str> {
        "listen_urls".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "string" } })
    }
}

/// The setting `proxy.status`: `IP:port`, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct StatusPlace(pub Option<SocketAddr>);

impl Default for StatusPlace {
    fn default() -> Self {
        StatusPlace(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 23401))))
    }
}

impl From<StatusPlace> for String {
    fn from(place: StatusPlace) -> String {
        place.0.map(|address| address.to_string()).unwrap_or_default()
    }
}

impl TryFrom<String> for StatusPlace {
    type Error = String;

    fn try_from(text: String) -> Result<StatusPlace, String> {
        if text.is_empty() {
            return Ok(StatusPlace(None));
        }
        let wanted = |_| {
            format!(
                "`{text}` is no IP address with a port, 127.0.0.1:23401 for example; leave it empty for no status page"
            )
        };
        text.parse().map(|address| StatusPlace(Some(address))).map_err(wanted)
    }
}
