//! A comparison looked at as a table of groups and companies.

use std::collections::HashMap;

use super::words::Noun;
use crate::compare::{Cell, Comparison, Correction, Estimate};

/// Which of a cell's estimates stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// Drawn toward the other groups.
    Shrunken,
    /// Corrected by labels.
    Gold,
    /// The mean of the scores.
    Raw,
}

/// A comparison with its cells by place.
pub(super) struct View<'a> {
    pub of: &'a Comparison,
    pub noun: Noun,
    /// Companies in the comparison's order; those of cells alone follow.
    pub companies: Vec<&'a str>,
    /// Groups in the order of their names.
    pub groups: Vec<&'a str>,
    by_place: HashMap<(&'a str, &'a str), usize>,
}

impl<'a> View<'a> {
    pub(super) fn new(of: &'a Comparison) -> Self {
        let mut companies: Vec<&str> = of.companies.iter().map(String::as_str).collect();
        let mut groups: Vec<&str> = of.groups.iter().map(|group| group.name.as_str()).collect();
        let mut by_place = HashMap::new();
        for (at, cell) in of.cells.iter().enumerate() {
            by_place.entry((&*cell.group, &*cell.company)).or_insert(at);
        }
        for cell in &of.cells {
            if !companies.contains(&&*cell.company) {
                companies.push(&cell.company);
            }
            if !groups.contains(&&*cell.group) {
                groups.push(&cell.group);
            }
        }
        View { of, noun: Noun::of(&of.settings), companies, groups, by_place }
    }

    /// The cell of a group and a company, with its index.
    pub(super) fn cell(&self, group: &str, company: &str) -> Option<(usize, &'a Cell)> {
        self.by_place.get(&(group, company)).map(|at| (*at, &self.of.cells[*at]))
    }

    /// The place of a company, by which the script filters.
    pub(super) fn company(&self, name: &str) -> usize {
        self.companies.iter().position(|company| *company == name).unwrap_or(self.companies.len())
    }

    /// The cells of a company, most favourable first; those without an interval, which say little, behind all others.
    pub(super) fn ranked(&self, company: &str) -> Vec<(usize, &'a Cell)> {
        let mut cells: Vec<(usize, &Cell)> = self.groups.iter().filter_map(|group| self.cell(group, company)).collect();
        cells.sort_by(|(_, a), (_, b)| {
            let (a, b) = (best(a).0, best(b).0);
            a.interval.is_none().cmp(&b.interval.is_none()).then(b.value.total_cmp(&a.value))
        });
        cells
    }
}

/// The estimate of a cell before it is drawn anywhere: corrected by labels where there are any, else as it is.
pub(super) fn own(cell: &Cell) -> (&Estimate, Basis) {
    match &cell.corrected {
        Some(corrected) if corrected.by == Correction::Gold => (&corrected.estimate, Basis::Gold),
        _ => (&cell.raw, Basis::Raw),
    }
}

/// The estimate of a cell that charts show.
pub(super) fn best(cell: &Cell) -> (&Estimate, Basis) {
    match &cell.shrunken {
        Some(shrunken) => (&shrunken.estimate, Basis::Shrunken),
        None => own(cell),
    }
}

/// The estimate of a cell that rests on an assumption about the classifier's errors.
pub(super) fn assumed(cell: &Cell) -> Option<&Estimate> {
    cell.corrected.as_ref().filter(|corrected| corrected.by == Correction::Assumed).map(|corrected| &corrected.estimate)
}
