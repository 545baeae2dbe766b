//! A figure: what was measured, how often, and what it must be.

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Megabytes, of 1,000,000 bytes.
    Megabytes,
    /// Things.
    Count,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What was measured; samples of the same name make one figure.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// What the value counts.
    pub unit: Unit,
    /// What the median must not exceed, if it must not.
    pub must: Option<f64>,
    /// What the predecessor did, measured on the same Mesos; empty where nobody measured that.
    pub go: &'static str,
}

/// All samples of one name.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The first sample, for all that they have in common.
    pub sample: Sample,
    /// Their values, in ascending order.
    values: Vec<f64>,
}

/// All figures, in the order in which they were first measured.
#[derive(Debug, Default)]
pub struct Figures(Vec<Figure>);

impl Unit {
    /// A value with its unit.
    pub fn show(self, value: f64) -> String {
        match self {
            Unit::Seconds => format!("{value:.3} s"),
            Unit::Megabytes => format!("{value:.1} MB"),
            Unit::Count => format!("{value:.0}"),
        }
    }
}

impl Sample {
    /// Seconds, which must not be more than so many.
    pub fn seconds(
        name: &str,
        value: std::time::Duration,
        must: Option<f64>,
        go: &'static str,
    ) -> Self {
        Self { name: name.to_owned(), value: value.as_secs_f64(), unit: Unit::Seconds, must, go }
    }

    /// A count of what must not be at all.
    pub fn none_of(name: &str, value: u64, go: &'static str) -> Self {
        Self { name: name.to_owned(), value: value as f64, unit: Unit::Count, must: Some(0.0), go }
    }
}

impl Figure {
    /// The least value.
    pub fn min(&self) -> f64 {
        self.values[0]
    }

    /// The middle value; of an even number of values the greater one of the two in the middle.
    pub fn median(&self) -> f64 {
        self.values[self.values.len() / 2]
    }

    /// The greatest value.
    pub fn max(&self) -> f64 {
        self.values[self.values.len() - 1]
    }

    /// How many values there are.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// Whether it is what it must be. A count of none is about each run, everything else about the median.
    pub fn is_met(&self) -> bool {
        let judged = if self.sample.unit == Unit::Count { self.max() } else { self.median() };
        self.sample.must.is_none_or(|must| judged <= must)
    }
}

impl Figures {
    /// Adds a sample to its figure.
    pub fn add(&mut self, sample: Sample) {
        let value = sample.value;
        let at = self.0.iter().position(|figure| figure.sample.name == sample.name).unwrap_or_else(
            || {
                self.0.push(Figure { sample, values: Vec::new() });
                self.0.len() - 1
            },
        );
        let values = &mut self.0[at].values;
        values.insert(values.partition_point(|&other| other < value), value);
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Figure> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn figure(values: &[u64], must: f64) -> Figure {
        let mut figures = Figures::default();
        for &value in values {
            figures.add(Sample::seconds("it", Duration::from_secs(value), Some(must), ""));
        }
        figures.all().next().unwrap().clone()
    }

    #[test]
    fn a_must_is_about_the_median() {
        let five = figure(&[9, 1, 4, 2, 3], 3.0);
        assert_eq!((five.min(), five.median(), five.max(), five.count()), (1.0, 3.0, 9.0, 5));
        assert!(five.is_met());
        assert!(!figure(&[9, 1, 4, 2, 3], 2.9).is_met());
        assert_eq!(figure(&[1, 2], 1.0).median(), 2.0);
    }

    #[test]
    fn none_is_about_every_run() {
        let mut figures = Figures::default();
        for value in [0, 0, 1] {
            figures.add(Sample::none_of("losses", value, ""));
        }
        assert!(!figures.all().next().unwrap().is_met());
    }
}
