//! Types of settings that plugins and the program share: a length of time, and a secret.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time in a configuration: `"240s"`, `"1h 30m"`, `"500ms"`, `"7days"`. A bare number
/// is seconds, as in all settings of the predecessor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// Longer than any setting makes sense: thirty years.
const SPAN_MAX: Duration = Duration::from_secs(30 * 366 * 86_400);

impl Span {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Span {
        Span(Duration::from_secs(seconds))
    }

    fn from_number(seconds: f64) -> Result<Span, String> {
        let span = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
        Span::bounded(span)
    }

    fn bounded(span: Duration) -> Result<Span, String> {
        if span > SPAN_MAX {
            return Err("it is longer than thirty years".to_owned());
        }
        Ok(Span(span))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Span, String> {
        if let Ok(seconds) = text.trim().parse::<f64>() {
            return Span::from_number(seconds);
        }
        let span = humantime::parse_duration(text.trim());
        let span =
            span.map_err(|error| format!("{error}; write it like \"240s\", \"10m\" or \"7days\""))?;
        Span::bounded(span)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        struct Spans;
        impl Visitor<'_> for Spans {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time like \"240s\", or a number of seconds")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse()
                    .map_err(|why| E::custom(format!("{text:?} is no length of time: {why}")))
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Span, E> {
                self.visit_f64(seconds as f64)
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Span, E> {
                self.visit_f64(seconds as f64)
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Span, E> {
                let span = Span::from_number(seconds);
                span.map_err(|why| E::custom(format!("{seconds} is no length of time: {why}")))
            }
        }
        deserializer.deserialize_any(Spans)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "length of time".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "format": "length of time" })
    }
}

/// A secret in a configuration: it is never shown, neither by `Debug` nor by `Serialize`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, with = "String", extend("format" = "secret"))]
pub struct Secret(String);

/// What is shown in the place of a secret.
pub const HIDDEN: &str = "(hidden)";

impl Secret {
    /// Keeps a secret.
    pub fn new(secret: impl Into<String>) -> Secret {
        Secret(secret.into())
    }

    /// The secret itself, for the one who needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_seconds() {
        for (text, millis) in
            [("240", 240_000), ("0.5", 500), ("4m", 240_000), ("1h 30m", 5_400_000), ("250ms", 250)]
        {
            assert_eq!(text.parse(), Ok(Span(Duration::from_millis(millis))), "{text}");
        }
        let read: Vec<Span> = serde_json::from_str("[240, 0.5, \"7days\"]").expect("spans");
        assert_eq!(read, ["240", "500ms", "604800"].map(|t| t.parse().expect("a span")));
    }

    #[test]
    fn what_is_no_length_of_time_is_refused_with_words() {
        for text in ["-1", "NaN", "inf", "1e300", "soon", "", "4 fortnights", "60*60*24*7"] {
            let error = serde_json::from_value::<Span>(text.into()).expect_err(text).to_string();
            assert!(error.contains("is no length of time"), "{error}");
        }
        assert!(serde_json::from_str::<Span>("-3").is_err());
        assert!(serde_json::from_str::<Span>("true").is_err());
    }

    #[test]
    fn what_is_shown_is_read_as_the_same() {
        for millis in [0, 1, 999, 60_000, 86_400_000, 604_800_000] {
            let span = Span(Duration::from_millis(millis));
            assert_eq!(span.to_string().parse(), Ok(span));
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let secret: Secret = serde_json::from_str("\"sesame\"").expect("a string");
        assert_eq!(secret.reveal(), "sesame");
        let shown = format!("{secret:?} {}", serde_json::to_string(&secret).expect("JSON"));
        assert!(!shown.contains("sesame"), "{shown}");
    }
}
