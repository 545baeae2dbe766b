//! Lines of a screen: pieces of text, each with a style.

use std::fmt::Write;

/// What a piece of text looks like. Without colours all are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As usual.
    Plain,
    /// What is looked for first.
    Bold,
    /// What is looked for last.
    Dim,
    /// All is well.
    Good,
    /// Something is under way.
    Waiting,
    /// Something is lost.
    Bad,
    /// A key to press.
    Key,
}

/// One line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(Vec<(Style, String)>);

impl Style {
    /// As terminals have it since the VT100, in colours that are readable on black and on white.
    fn code(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Good => "32",
            Style::Waiting => "33",
            Style::Bad => "1;31",
            Style::Key => "1;36",
        }
    }
}

impl Line {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with more text.
    pub fn and(mut self, style: Style, text: impl Into<String>) -> Self {
        self.0.push((style, text.into()));
        self
    }

    /// The same with more text that takes at least `width` columns.
    pub fn column(self, style: Style, width: usize, text: &str) -> Self {
        self.and(style, format!("{text:width$} "))
    }

    /// How many columns it takes.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.chars().count()).sum()
    }

    /// What is read, without styles.
    #[cfg(test)]
    pub fn plain(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The same in at most `width` columns.
    pub fn fit(self, width: usize) -> Self {
        const MORE: &str = "...";
        if self.width() <= width {
            return self;
        }
        let mut left = width.saturating_sub(MORE.len());
        let mut line = Line::new();
        for (style, text) in self.0 {
            let text: String = text.chars().take(left).collect();
            left -= text.chars().count();
            line = line.and(style, text);
        }
        line.and(Style::Dim, &MORE[..MORE.len().min(width)])
    }

    /// What is written to a terminal.
    pub fn render(&self, has_colours: bool) -> String {
        let mut out = String::new();
        for (style, text) in &self.0 {
            let code = style.code();
            let _ = match has_colours && !code.is_empty() {
                true => write!(out, "\x1b[{code}m{text}\x1b[0m"),
                false => out.write_str(text),
            };
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_the_terminal_ends() {
        let line = || Line::new().and(Style::Bold, "abc").and(Style::Plain, "défghi");
        assert_eq!(line().fit(9).plain(), "abcdéfghi");
        assert_eq!(line().fit(8).plain(), "abcdé...");
        assert_eq!(line().fit(4).plain(), "a...");
        assert_eq!(line().fit(2).plain(), "..");
        assert_eq!(line().fit(0).plain(), "");
    }

    #[test]
    fn colours_can_be_left_out() {
        let line = Line::new().and(Style::Good, "ok").and(Style::Plain, "!");
        assert_eq!(line.render(true), "\x1b[32mok\x1b[0m!");
        assert_eq!(line.render(false), "ok!");
    }
}
