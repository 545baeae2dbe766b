//! Passes over a value of JSON without reading it.
//!
//! Only what says where the value ends is looked at: quotation marks, backslashes and brackets. Brackets must
//! match, and outside of texts only what JSON has there may stand; commas, colons, numbers and the characters of
//! texts are not checked further.

use memchr::memchr2;

use crate::flaw::Flaw;

/// How deeply the value may be nested; as many as `serde_json` reads.
pub(crate) const DEPTH_MAX: u32 = 128;

/// What a byte outside of texts is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It may stand there, and decides nothing.
    Plain,
    Quote,
    Open,
    Close,
    Wrong,
}

const CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Wrong; 256];
    let plain = b" \t\n\r,:0123456789+-.eEtrufalsn";
    let mut at = 0;
    while at < plain.len() {
        classes[plain[at] as usize] = Class::Plain;
        at += 1;
    }
    classes[b'"' as usize] = Class::Quote;
    classes[b'{' as usize] = Class::Open;
    classes[b'[' as usize] = Class::Open;
    classes[b'}' as usize] = Class::Close;
    classes[b']' as usize] = Class::Close;
    classes
}

/// Where in a text we are, if in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    /// Behind a backslash.
    Escaped,
}

/// A value that is being passed over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skip {
    text: Text,
    depth: u32,
    /// One bit for each open bracket, the innermost one lowest: whether it is an object's.
    objects: u128,
}

impl Skip {
    /// A text whose quotation mark has been read.
    pub(crate) fn text() -> Skip {
        Skip { text: Text::Inside, depth: 0, objects: 0 }
    }

    /// An object or an array whose bracket has been read.
    pub(crate) fn container(bracket: u8) -> Skip {
        Skip { text: Text::Outside, depth: 1, objects: u128::from(bracket == b'{') }
    }

    /// Reads on: how many of these bytes end the value; nothing where all of them belong to it, and more.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Option<usize>, Flaw> {
        let mut at = 0;
        while at < bytes.len() {
            at += match self.text {
                Text::Outside => self.outside(&bytes[at..])?,
                Text::Inside => self.inside(&bytes[at..]),
                Text::Escaped => {
                    self.text = Text::Inside;
                    1
                }
            };
            if self.depth == 0 && self.text == Text::Outside {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// To the next quotation mark or bracket, and over it.
    fn outside(&mut self, bytes: &[u8]) -> Result<usize, Flaw> {
        let class = |byte: u8| CLASSES[usize::from(byte)];
        let Some(at) = bytes.iter().position(|byte| class(*byte) != Class::Plain) else {
            return Ok(bytes.len());
        };
        let mark = bytes[at];
        match class(mark) {
            Class::Quote => self.text = Text::Inside,
            Class::Open => self.open(mark)?,
            Class::Close => self.close(mark)?,
            Class::Plain | Class::Wrong => return Err(Flaw::not_json(mark, "JSON")),
        }
        Ok(at + 1)
    }

    /// To the end of the text or its next backslash, and over it.
    fn inside(&mut self, bytes: &[u8]) -> usize {
        let Some(at) = mark_in_text(bytes) else { return bytes.len() };
        self.text = if bytes[at] == b'"' { Text::Outside } else { Text::Escaped };
        at + 1
    }

    fn open(&mut self, bracket: u8) -> Result<(), Flaw> {
        if self.depth == DEPTH_MAX {
            return Err(Flaw::TooDeep(DEPTH_MAX));
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(bracket == b'{');
        Ok(())
    }

    fn close(&mut self, bracket: u8) -> Result<(), Flaw> {
        let is_object = self.objects & 1 == 1;
        if is_object != (bracket == b'}') {
            return Err(Flaw::Brackets);
        }
        self.depth -= 1;
        self.objects >>= 1;
        Ok(())
    }
}

/// How many words of eight bytes are looked through here, before the library is called.
const WORDS: usize = 4;

/// Where the next quotation mark or backslash is. Most texts in a state are shorter than what a call of the library
/// is worth.
fn mark_in_text(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().take(WORDS).enumerate() {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(number * 8 + marks.trailing_zeros() as usize / 8);
        }
    }
    let looked = words.len().min(WORDS) * 8;
    memchr2(b'"', b'\\', &bytes[looked..]).map(|at| looked + at)
}

/// The highest bit of each byte that is a quotation mark or a backslash, exact for the lowest such byte: one above
/// it may be marked too.
fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Where the value ends whose first byte is the first one here.
    fn end_of(text: &str) -> Result<Option<usize>, Flaw> {
        let bytes = text.as_bytes();
        let mut skip = match bytes[0] {
            b'"' => Skip::text(),
            bracket => Skip::container(bracket),
        };
        Ok(skip.push(&bytes[1..])?.map(|end| end + 1))
    }

    #[test]
    fn a_value_ends_where_its_bracket_or_quotation_mark_does() {
        for value in [
            r#""""#,
            r#""a\"b\\""#,
            "{}",
            "[]",
            r#"{"a": [1, {"}]": "{[\"]"}, -1.5e+30], "b": null}"#,
            r#"[true, false, "\\", "\u0022", "😀"]"#,
        ] {
            for rest in ["", ",", "}", "\""] {
                assert_eq!(
                    end_of(&format!("{value}{rest}")).unwrap(),
                    Some(value.len()),
                    "{value}"
                );
            }
            for cut in 1..value.len() {
                if value.is_char_boundary(cut) {
                    assert_eq!(end_of(&value[..cut]).unwrap(), None, "{value} cut at {cut}");
                }
            }
        }
    }

    #[test]
    fn brackets_that_do_not_match_and_foreign_characters_are_refused() {
        for text in ["{]", "[}", "[[}", "{<html>}", "[\u{1}]", "[x]", "[ä]"] {
            assert!(end_of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let deepest = DEPTH_MAX as usize;
        assert_eq!(end_of(&nested(deepest)).unwrap(), Some(2 * deepest));
        assert!(matches!(end_of(&nested(deepest + 1)), Err(Flaw::TooDeep(_))));
    }
}
