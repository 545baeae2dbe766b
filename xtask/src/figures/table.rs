//! The figures, printed.

use super::figure::{Figure, Figures};

/// A line for each figure, under a heading.
pub fn draw(figures: &Figures) -> String {
    let widest = figures.all().map(|figure| figure.sample.name.len()).max().unwrap_or_default();
    let heading = line(widest, "", ["runs", "minimum", "median", "maximum", "must"], "Go original");
    let rows: String = figures.all().map(|figure| row(widest, figure)).collect();
    format!("\n{heading}{rows}\n")
}

fn row(widest: usize, figure: &Figure) -> String {
    let sample = &figure.sample;
    let show = |value| sample.unit.show(value);
    let count = figure.count().to_string();
    let must = sample.must.map_or("-".to_owned(), |must| format!("<= {}", bare(must)));
    let verdict = if figure.is_met() { must } else { format!("{must} MISSED") };
    let (min, median, max) = (show(figure.min()), show(figure.median()), show(figure.max()));
    line(widest, &sample.name, [&count, &min, &median, &max, &verdict], sample.go)
}

fn bare(must: f64) -> String {
    format!("{must}")
}

fn line(widest: usize, name: &str, cells: [&str; 5], go: &str) -> String {
    let [count, min, median, max, must] = cells;
    let text =
        format!("{name:<widest$}  {count:>4}  {min:>9}  {median:>9}  {max:>9}  {must:<13}  {go}");
    format!("{}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::figure::Sample;
    use std::time::Duration;

    #[test]
    fn a_missed_must_is_seen() {
        let mut figures = Figures::default();
        let seconds = |value| Duration::from_millis(value);
        figures.add(Sample::seconds("in time", seconds(400), Some(0.5), "2.3 s"));
        figures.add(Sample::seconds("too late", seconds(600), Some(0.5), ""));
        let table = draw(&figures);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[2].ends_with("<= 0.5         2.3 s"), "{table}");
        assert!(lines[3].ends_with("<= 0.5 MISSED"), "{table}");
    }
}
