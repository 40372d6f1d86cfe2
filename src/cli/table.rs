//! A ranking as a table.

use std::fmt;

use comfy_table::{
    Attribute, Cell, CellAlignment, ContentArrangement, Table as Grid,
    presets::UTF8_HORIZONTAL_ONLY,
};

use super::console::without_control;
use crate::api::response::ServiceCombination;

/// Rank, TES, cost, time and score of each combination, and the access URIs below the TES.
#[derive(Debug)]
pub(super) struct Table(Grid);

impl Table {
    /// A table of `combinations`. With `colour`, the best one is bold.
    pub(super) fn new(combinations: &[ServiceCombination], colour: bool) -> Self {
        let mut grid = Grid::new();
        grid.load_style(UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header([
                "Rank",
                "TES and access URIs",
                "Cost",
                "Time",
                "Score",
                "Pareto",
            ]);
        if colour {
            grid.enforce_styling();
        } else {
            grid.force_no_tty();
        }
        for combination in combinations {
            let number = |text: String| {
                let cell = Cell::new(text).set_alignment(CellAlignment::Right);
                if combination.rank == 1 {
                    cell.add_attribute(Attribute::Bold)
                } else {
                    cell
                }
            };
            let cost = combination.cost_estimate;
            grid.add_row([
                number(combination.rank.to_string()),
                Cell::new(services(combination)),
                number(format!("{} {}", Money(cost.amount), cost.currency)),
                number(Duration(combination.time_estimate).to_string()),
                number(
                    combination
                        .score
                        .map_or_else(|| "-".to_owned(), |score| format!("{score:.4}")),
                ),
                Cell::new(match combination.pareto_optimal {
                    Some(true) => "yes",
                    Some(false) => "",
                    None => "?",
                }),
            ]);
        }
        Self(grid)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.lines() {
            writeln!(f, "{}", line.trim_end())?;
        }
        f.write_str(
            "Pareto: no other combination is at least as good in both cost and time and better in one.",
        )
    }
}

fn services(combination: &ServiceCombination) -> String {
    let width = combination
        .access_uris
        .objects
        .iter()
        .map(|(id, _)| id.chars().count())
        .max()
        .unwrap_or_default();
    let objects = combination.access_uris.objects.iter().map(|(id, uri)| {
        format!(
            "\n  {} {}",
            without_control(&format!("{id:width$}")),
            without_control(uri)
        )
    });
    let tes = without_control(&combination.access_uris.tes_uri);
    std::iter::once(tes).chain(objects).collect()
}

/// An amount with its significant digits.
struct Money(f64);

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            amount if amount == 0.0 || amount >= 0.1 => write!(f, "{amount:.2}"),
            amount if amount >= 0.0001 => write!(f, "{amount:.5}"),
            amount => write!(f, "{amount:.2e}"),
        }
    }
}

/// Seconds in days, hours, minutes and seconds.
struct Duration(f64);

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates far beyond any task"
        )]
        let seconds = self.0.round() as u64;
        let (minutes, rest) = (seconds / 60, seconds % 60);
        match (minutes / 60, minutes % 60) {
            (0, 0) => write!(f, "{rest} s"),
            (0, minutes) => write!(f, "{minutes} min {rest:02} s"),
            (hours, minutes) if hours < 100 => write!(f, "{hours} h {minutes:02} min"),
            (hours, _) => write!(f, "{} d {:02} h", hours / 24, hours % 24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_amounts_are_readable() {
        let shown =
            [0.4, 59.0, 61.0, 2514.0, 7260.0, 1e7].map(|seconds| Duration(seconds).to_string());
        assert_eq!(
            shown,
            [
                "0 s",
                "59 s",
                "1 min 01 s",
                "41 min 54 s",
                "2 h 01 min",
                "115 d 17 h"
            ]
        );
        let shown = [0.0, 12.5, 0.0123, 1.5e-7].map(|amount| Money(amount).to_string());
        assert_eq!(shown, ["0.00", "12.50", "0.01230", "1.50e-7"]);
    }
}
