//! Walks through a JSON document that comes in pieces, into the few objects and arrays that a reader wants to
//! enter, and past everything else.
//!
//! What is entered is read in full rigour. Of the rest a value is either kept, whole and within a bound, or
//! passed over (`skip.rs`). So memory is what is kept, however long the document is.

use crate::flaw::Flaw;
use crate::skip::Skip;

/// The longest key that is compared: no key that is looked for is longer, each of its characters escaped.
const KEY_BYTES_MAX: usize = 256;

/// What a value begins as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    Text,
    /// A number, `true`, `false` or `null`.
    Scalar,
}

/// What a reader wants of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To be asked about each of its parts.
    Enter,
    /// To have its bytes, if they are not more than so many.
    Keep(usize),
    /// Nothing.
    Skip,
}

/// Somebody who knows what to look for.
pub(crate) trait Reader {
    /// A value begins; in an object it has a key.
    fn wish(&mut self, key: Option<&[u8]>, kind: Kind) -> Result<Wish, Flaw>;

    /// The bytes of a value that was to be kept; nothing, if they are too many.
    fn kept(&mut self, value: Option<&[u8]>) -> Result<(), Flaw>;

    /// What was entered last ends.
    fn leave(&mut self) -> Result<(), Flaw>;
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A value.
    Value,
    /// The first value of an array, or its end.
    ValueOrEnd,
    /// A key.
    Key,
    /// The first key of an object, or its end.
    KeyOrEnd,
    /// The rest of a key.
    InKey(Skip),
    Colon,
    /// The rest of a text, an object or an array.
    InValue(Skip),
    InScalar,
    /// A comma, or the end of what was entered.
    CommaOrEnd,
    /// Nothing.
    Over,
}

/// A document that is being read.
#[derive(Debug)]
pub(crate) struct Walk<R> {
    reader: R,
    step: Step,
    /// What was entered, outermost first: whether it is an object.
    entered: Vec<bool>,
    key: Vec<u8>,
    /// The value that is being kept, and how long it may be.
    value: Vec<u8>,
    keep: Option<usize>,
}

impl<R: Reader> Walk<R> {
    pub(crate) fn new(reader: R) -> Walk<R> {
        let (entered, key, value) = (Vec::new(), Vec::new(), Vec::new());
        Walk { reader, step: Step::Value, entered, key, value, keep: None }
    }

    /// Reads on. After an error the document is of no use.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            let used = match self.step {
                Step::InKey(text) => self.read_key(text, rest)?,
                Step::InValue(skip) => self.read_value(skip, rest)?,
                Step::InScalar => self.read_scalar(rest)?,
                _ if is_space(*first) => spaces(rest),
                _ => self.turn(*first)?,
            };
            rest = &rest[used..];
        }
        Ok(())
    }

    /// The reader, if the document is whole.
    pub(crate) fn finish(self) -> Result<R, Flaw> {
        match self.step {
            Step::Over => Ok(self.reader),
            _ => Err(Flaw::Cut),
        }
    }

    /// Where one byte says what comes next. Returns how many bytes it took.
    fn turn(&mut self, byte: u8) -> Result<usize, Flaw> {
        match (self.step, byte) {
            (Step::ValueOrEnd, b']') | (Step::KeyOrEnd, b'}') => self.leave()?,
            (Step::Value | Step::ValueOrEnd, _) => return self.begin(byte),
            (Step::Key | Step::KeyOrEnd, b'"') => {
                self.key.clear();
                self.step = Step::InKey(Skip::text());
            }
            (Step::Colon, b':') => self.step = Step::Value,
            (Step::CommaOrEnd, b',') => {
                self.step = if self.is_in_object() { Step::Key } else { Step::Value };
            }
            (Step::CommaOrEnd, b'}' | b']') if self.is_in_object() == (byte == b'}') => {
                self.leave()?;
            }
            (step, _) => return Err(unexpected(step, byte)),
        }
        Ok(1)
    }

    fn is_in_object(&self) -> bool {
        self.entered.last().copied().unwrap_or(false)
    }

    /// A value begins.
    fn begin(&mut self, byte: u8) -> Result<usize, Flaw> {
        let kind = kind(byte).ok_or_else(|| Flaw::not_json(byte, "a value"))?;
        let key = self.is_in_object().then_some(self.key.as_slice());
        let wish = match key {
            Some(key) if key.contains(&b'\\') => self.reader.wish(Some(&plain(key)?), kind)?,
            key => self.reader.wish(key, kind)?,
        };
        match (wish, kind) {
            (Wish::Enter, Kind::Object | Kind::Array) => return Ok(self.enter(kind)),
            (Wish::Enter, Kind::Text | Kind::Scalar) => return Err(Flaw::Kind("list")),
            (Wish::Keep(bytes_max), _) => self.keep = Some(bytes_max),
            (Wish::Skip, _) => self.keep = None,
        }
        self.value.clear();
        self.step = match kind {
            Kind::Text => Step::InValue(Skip::text()),
            Kind::Object | Kind::Array => Step::InValue(Skip::container(byte)),
            Kind::Scalar => Step::InScalar,
        };
        // A scalar is not known by its first byte alone.
        let used = usize::from(kind != Kind::Scalar);
        self.keep_also(&[byte][..used]);
        Ok(used)
    }

    fn enter(&mut self, kind: Kind) -> usize {
        let is_object = kind == Kind::Object;
        self.entered.push(is_object);
        self.step = if is_object { Step::KeyOrEnd } else { Step::ValueOrEnd };
        1
    }

    fn leave(&mut self) -> Result<(), Flaw> {
        self.entered.pop();
        self.step = if self.entered.is_empty() { Step::Over } else { Step::CommaOrEnd };
        self.reader.leave()
    }

    fn read_key(&mut self, mut text: Skip, bytes: &[u8]) -> Result<usize, Flaw> {
        let end = text.push(bytes)?;
        let used = end.unwrap_or(bytes.len());
        let has = if end.is_some() { used - 1 } else { used };
        // One byte more, to know that it is too long.
        let room = (KEY_BYTES_MAX + 1).saturating_sub(self.key.len());
        self.key.extend_from_slice(&bytes[..has.min(room)]);
        self.step = if end.is_some() { Step::Colon } else { Step::InKey(text) };
        if end.is_some() && self.key.len() > KEY_BYTES_MAX {
            // No such key is looked for; cut, it might end within an escape.
            self.key.clear();
        }
        Ok(used)
    }

    fn read_value(&mut self, mut skip: Skip, bytes: &[u8]) -> Result<usize, Flaw> {
        let end = skip.push(bytes)?;
        let used = end.unwrap_or(bytes.len());
        self.keep_also(&bytes[..used]);
        match end {
            Some(_) => self.value_ends()?,
            None => self.step = Step::InValue(skip),
        }
        Ok(used)
    }

    fn read_scalar(&mut self, bytes: &[u8]) -> Result<usize, Flaw> {
        let end = bytes.iter().position(|byte| !is_scalar(*byte));
        let used = end.unwrap_or(bytes.len());
        self.keep_also(&bytes[..used]);
        if end.is_some() {
            self.value_ends()?;
        }
        Ok(used)
    }

    fn keep_also(&mut self, bytes: &[u8]) {
        let Some(bytes_max) = self.keep else { return };
        // One byte more, to know that it is too long.
        let room = (bytes_max + 1).saturating_sub(self.value.len());
        self.value.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn value_ends(&mut self) -> Result<(), Flaw> {
        self.step = Step::CommaOrEnd;
        let Some(bytes_max) = self.keep.take() else { return Ok(()) };
        let whole = (self.value.len() <= bytes_max).then_some(self.value.as_slice());
        self.reader.kept(whole)
    }
}

fn kind(first: u8) -> Option<Kind> {
    match first {
        b'{' => Some(Kind::Object),
        b'[' => Some(Kind::Array),
        b'"' => Some(Kind::Text),
        b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => Some(Kind::Scalar),
        _ => None,
    }
}

fn unexpected(step: Step, byte: u8) -> Flaw {
    let expected = match step {
        Step::Key | Step::KeyOrEnd => "a key",
        Step::Colon => "a colon",
        Step::CommaOrEnd => "a comma or the end",
        Step::Over => return Flaw::Trailing,
        Step::Value | Step::ValueOrEnd | Step::InKey(_) | Step::InValue(_) | Step::InScalar => {
            "a value"
        }
    };
    Flaw::not_json(byte, expected)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !is_space(*byte)).unwrap_or(bytes.len())
}

fn is_scalar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// A key without its escapes.
fn plain(raw: &[u8]) -> Result<Vec<u8>, Flaw> {
    let quoted = [b"\"", raw, b"\""].concat();
    let key = serde_json::from_slice::<String>(&quoted);
    key.map(String::into_bytes).map_err(|source| Flaw::Json { what: "a key", source })
}

#[cfg(test)]
mod tests;
