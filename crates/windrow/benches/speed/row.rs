//! One row: what was measured, beside its floor, and whether it is as wanted.

use serde::Serialize;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    /// The ratio to the floor is at most this.
    AtMost(f64),
    /// The ratio to the floor is at least this.
    AtLeast(f64),
    /// The figure itself is at most this.
    Below(f64),
    /// Nothing is promised; it is shown beside another row.
    Shown,
}

/// A figure and its floor.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// The name of what it is compared with.
    pub(crate) beside: &'static str,
    pub(crate) unit: &'static str,
    /// The median.
    pub(crate) figure: f64,
    /// The median of the floor.
    pub(crate) floor: Option<f64>,
    pub(crate) ratio: Option<f64>,
    pub(crate) reach: Reach,
    pub(crate) reached: Option<bool>,
    /// What else was seen.
    pub(crate) note: String,
    /// Every figure, in the order in which they were measured.
    pub(crate) figures: Vec<f64>,
    pub(crate) floors: Vec<f64>,
}

impl Row {
    /// A row of pairs measured in turns.
    pub(crate) fn pairs(
        name: &'static str,
        beside: &'static str,
        unit: &'static str,
        pairs: &[(f64, f64)],
        reach: Reach,
    ) -> Self {
        let figures: Vec<f64> = pairs.iter().map(|(figure, _)| *figure).collect();
        let floors: Vec<f64> = pairs.iter().map(|(_, floor)| *floor).collect();
        let (figure, floor) = (median(&figures), median(&floors));
        let ratio = figure / floor;
        Self {
            name,
            beside,
            unit,
            figure,
            floor: Some(floor),
            ratio: Some(ratio),
            reach,
            reached: reached(reach, figure, Some(ratio)),
            note: String::new(),
            figures,
            floors,
        }
    }

    /// A row without a floor.
    pub(crate) fn alone(
        name: &'static str,
        unit: &'static str,
        figures: Vec<f64>,
        reach: Reach,
    ) -> Self {
        let figure = median(&figures);
        Self {
            name,
            beside: "",
            unit,
            figure,
            floor: None,
            ratio: None,
            reach,
            reached: reached(reach, figure, None),
            note: String::new(),
            figures,
            floors: Vec::new(),
        }
    }

    /// The same with something else that was seen.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// The row as one line.
    pub(crate) fn line(&self) -> String {
        let unit = self.unit;
        let mut line = format!("  {:<54} {:>10.2} {unit}", self.name, self.figure);
        if let (Some(floor), Some(ratio)) = (self.floor, self.ratio) {
            let beside = self.beside;
            line = format!("{line}  {ratio:>6.2}x of {floor:.2} {unit} ({beside})");
        }
        let verdict = match self.reached {
            Some(true) => "  reached",
            Some(false) => "  NOT reached",
            None => "",
        };
        line.push_str(verdict);
        if !self.note.is_empty() {
            line = format!("{line}  [{}]", self.note);
        }
        line
    }
}

fn reached(reach: Reach, figure: f64, ratio: Option<f64>) -> Option<bool> {
    match reach {
        Reach::AtMost(most) => ratio.map(|ratio| ratio <= most),
        Reach::AtLeast(least) => ratio.map(|ratio| ratio >= least),
        Reach::Below(most) => Some(figure <= most),
        Reach::Shown => None,
    }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
