//! The small values other messages are made of.

/// A number; where it counts resources Mesos rounds it to thousandths.
/// Whole `mesos.v1.Value.Scalar`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Scalar {
    /// The number.
    #[prost(double, required, tag = "1")]
    pub value: f64,
}

/// A range of whole numbers, both ends included. Whole `mesos.v1.Value.Range`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Range {
    /// The first number.
    #[prost(uint64, required, tag = "1")]
    pub begin: u64,
    /// The last number.
    #[prost(uint64, required, tag = "2")]
    pub end: u64,
}

/// Ranges, in no promised order. Whole `mesos.v1.Value.Ranges`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Ranges {
    /// The ranges.
    #[prost(message, repeated, tag = "1")]
    pub range: Vec<Range>,
}

/// A set of strings. Whole `mesos.v1.Value.Set`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Set {
    /// The members.
    #[prost(string, repeated, tag = "1")]
    pub item: Vec<String>,
}

/// A text. Whole `mesos.v1.Value.Text`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Text {
    /// The text.
    #[prost(string, required, tag = "1")]
    pub value: String,
}

/// Which kind of value there is. Enum `mesos.v1.Value.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum ValueType {
    /// A number.
    Scalar = 0,
    /// Ranges of whole numbers.
    Ranges = 1,
    /// A set of strings.
    Set = 2,
    /// A text.
    Text = 3,
}

/// What an operator says of an agent, `rack:r1` for example. Whole `mesos.v1.Attribute`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Attribute {
    /// Its name.
    #[prost(string, required, tag = "1")]
    pub name: String,
    /// Which of the values is set.
    #[prost(enumeration = "ValueType", required, tag = "2")]
    pub r#type: i32,
    /// The value, where it is a number.
    #[prost(message, optional, tag = "3")]
    pub scalar: Option<Scalar>,
    /// The value, where it is ranges.
    #[prost(message, optional, tag = "4")]
    pub ranges: Option<Ranges>,
    /// The value, where it is a set.
    #[prost(message, optional, tag = "6")]
    pub set: Option<Set>,
    /// The value, where it is a text.
    #[prost(message, optional, tag = "5")]
    pub text: Option<Text>,
}

/// A key, perhaps with a value. Whole `mesos.v1.Label`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct Label {
    /// The key.
    #[prost(string, required, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(string, optional, tag = "2")]
    pub value: Option<String>,
}

/// Labels, which Mesos carries and does not read. Whole `mesos.v1.Labels`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Labels {
    /// The labels, in the order that was given.
    #[prost(message, repeated, tag = "1")]
    pub labels: Vec<Label>,
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let label = |(key, value): (K, V)| Label { key: key.into(), value: Some(value.into()) };
        Self { labels: pairs.into_iter().map(label).collect() }
    }
}

/// A moment, in nanoseconds since 1970. Whole `mesos.v1.TimeInfo`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct TimeInfo {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    #[prost(int64, required, tag = "1")]
    pub nanoseconds: i64,
}

/// A length of time in nanoseconds. Whole `mesos.v1.DurationInfo`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct DurationInfo {
    /// Nanoseconds.
    #[prost(int64, required, tag = "1")]
    pub nanoseconds: i64,
}

impl From<std::time::Duration> for DurationInfo {
    /// Lengths beyond 292 years become the longest that there is.
    fn from(duration: std::time::Duration) -> Self {
        Self { nanoseconds: i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX) }
    }
}

impl From<DurationInfo> for std::time::Duration {
    /// A negative length becomes none.
    fn from(duration: DurationInfo) -> Self {
        Self::from_nanos(u64::try_from(duration.nanoseconds).unwrap_or(0))
    }
}

/// Where something listens. Whole `mesos.v1.Address`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Address {
    /// A name, which may not be resolvable from here.
    #[prost(string, optional, tag = "1")]
    pub hostname: Option<String>,
    /// An IP address.
    #[prost(string, optional, tag = "2")]
    pub ip: Option<String>,
    /// The port.
    #[prost(int32, required, tag = "3")]
    pub port: i32,
}

/// A key and its value. Whole `mesos.v1.Parameter`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Parameter {
    /// The key.
    #[prost(string, required, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(string, required, tag = "2")]
    pub value: String,
}

/// A URL in its parts. Whole `mesos.v1.URL`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Url {
    /// `http` or `https`.
    #[prost(string, required, tag = "1")]
    pub scheme: String,
    /// Host and port.
    #[prost(message, required, tag = "2")]
    pub address: Address,
    /// The path.
    #[prost(string, optional, tag = "3")]
    pub path: Option<String>,
    /// The query.
    #[prost(message, repeated, tag = "4")]
    pub query: Vec<Parameter>,
    /// The fragment.
    #[prost(string, optional, tag = "5")]
    pub fragment: Option<String>,
}
