//! The strata of a population that is seen pair by pair.

use std::collections::{BTreeMap, BinaryHeap};

use super::allocation::{Allocation, Share, allocate, fewest};
use super::{Candidate, SampleError, Strategy};
use crate::label::{Class, Language, Stance};
use crate::spool::Place;

/// The outlets of a stratum.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outlet {
    /// One.
    Named(String),
    /// Documents that name none.
    Unnamed,
    /// All that have too few pairs for strata of their own.
    Pooled,
}

/// What the pairs of a stratum have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    outlet: Outlet,
    language: Language,
    class: usize,
}

impl Cell {
    pub fn name(&self) -> String {
        let outlet = match &self.outlet {
            Outlet::Named(name) => name,
            Outlet::Unnamed => "(no outlet)",
            Outlet::Pooled => "(other outlets)",
        };
        format!("{outlet}|{}|{}", self.language, Stance::ALL[self.class])
    }
}

/// The pairs of one stratum: how many, what the model expects of them, and those that may be drawn.
#[derive(Default)]
pub struct Stratum {
    population: usize,
    /// The sums over pairs of P(favor) + P(against) and of P(favor) − P(against), in units of 10⁻⁴, to which probabilities are rounded: sums of whole
    /// numbers do not depend on their order.
    square: i64,
    score: i64,
    /// The most that may be kept.
    size: usize,
    lowest: BinaryHeap<(u64, Place)>,
}

impl Stratum {
    /// Counts a pair with these probabilities.
    pub fn count(&mut self, p: [f64; 3]) {
        let units = |p: f64| (p * 1e4).round() as i64;
        self.population += 1;
        self.square += units(p[0]) + units(p[2]);
        self.score += units(p[0]) - units(p[2]);
    }

    /// Whether a pair with this random number may be drawn.
    pub fn wants(&self, number: u64) -> bool {
        self.lowest.len() < self.size || self.lowest.peek().is_some_and(|(highest, _)| number < *highest)
    }

    /// Keeps a pair that is wanted.
    pub fn keep(&mut self, number: u64, place: Place) {
        self.lowest.push((number, place));
        if self.lowest.len() > self.size {
            self.lowest.pop();
        }
    }

    /// Its pairs.
    pub fn population(&self) -> usize {
        self.population
    }

    /// Where the pairs with the lowest numbers are, lowest first.
    pub fn lowest(self, size: usize) -> impl Iterator<Item = Place> {
        self.lowest.into_sorted_vec().into_iter().take(size).map(|(_, place)| place)
    }

    /// The standard deviation of the stance, favor 1, neutral 0, against −1, when each has its probability: of the model's doubt within pairs and of the
    /// differences between them together.
    fn deviation(&self) -> f64 {
        let all = self.population as f64 * 1e4;
        let (square, mean) = (self.square as f64 / all, self.score as f64 / all);
        (square - mean * mean).max(0.0).sqrt()
    }

    fn share(&self) -> Share {
        Share { population: self.population, deviation: self.deviation() }
    }

    fn merge(&mut self, other: Stratum) {
        self.population += other.population;
        self.square += other.square;
        self.score += other.score;
        self.size = self.size.max(other.size);
        for (number, place) in other.lowest {
            if self.wants(number) {
                self.keep(number, place);
            }
        }
    }
}

/// Strata, how many outlets are pooled in them, and how many are drawn of each.
pub type Allocated = (Vec<(Option<Cell>, Stratum)>, usize, Vec<usize>);

/// Strata that come to light one by one; all pairs are one when there are to be none.
pub struct Strata {
    size: usize,
    strata: BTreeMap<Option<Cell>, Stratum>,
}

impl Strata {
    /// No pair yet; `size` are to be drawn in all.
    pub fn new(size: usize) -> Self {
        Strata { size, strata: BTreeMap::new() }
    }

    /// The stratum of a candidate.
    pub fn of(&mut self, candidate: &Candidate, strategy: Strategy) -> &mut Stratum {
        let cell = matches!(strategy, Strategy::Stratified { .. }).then(|| Cell {
            outlet: candidate.outlet.clone().map_or(Outlet::Unnamed, Outlet::Named),
            language: candidate.language,
            class: candidate.class,
        });
        self.strata.entry(cell).or_insert_with(|| Stratum { size: self.size, ..Stratum::default() })
    }

    /// All pairs as they are, for a simple random sample.
    pub fn whole(self) -> Allocated {
        let sizes = self.strata.values().map(|s| s.population.min(self.size)).collect();
        (self.strata.into_iter().collect(), 0, sizes)
    }

    /// Says how many to draw of each.
    ///
    /// The fewest of all strata, `least` of each, are to take no more than half of the sample, so that the rest can go where it does most, and for the same
    /// number of each no more than the whole. Where they would, the outlets with the fewest pairs are pooled, as few as will do (collapsed strata, Cochran
    /// 1977, section 5A.12); languages and predicted stances stay apart. A sample for which that is not enough is filled by them up to the whole.
    ///
    /// # Errors
    /// [`SampleError::TooFew`] when it is too small even for one outlet.
    pub fn allocate(mut self, allocation: Allocation, least: usize) -> Result<Allocated, SampleError> {
        let mut together: BTreeMap<(Language, usize), usize> = BTreeMap::new();
        for (cell, stratum) in &self.strata {
            if let Some(cell) = cell {
                *together.entry((cell.language, cell.class)).or_default() += stratum.population;
            }
        }
        let needed: usize = together.values().map(|&population| fewest(population, least)).sum();
        if needed > self.size {
            return Err(SampleError::TooFew { size: self.size, strata: together.len(), least, needed });
        }
        let half = self.size / 2;
        let room = if allocation == Allocation::Equal || needed > half { self.size } else { half };
        let pooled = self.pool(least, room);
        let shares: Vec<Share> = self.strata.values().map(Stratum::share).collect();
        let sizes = allocate(&shares, self.size, least, allocation);
        Ok((self.strata.into_iter().collect(), pooled, sizes))
    }

    /// Pools the smallest outlets until the fewest of all strata are at most `room`; says how many it were.
    fn pool(&mut self, least: usize, room: usize) -> usize {
        let mut outlets: BTreeMap<Outlet, Vec<(Cell, usize)>> = BTreeMap::new();
        for (cell, stratum) in &self.strata {
            if let Some(cell) = cell {
                outlets.entry(cell.outlet.clone()).or_default().push((cell.clone(), stratum.population));
            }
        }
        let mut outlets: Vec<Vec<(Cell, usize)>> = outlets.into_values().collect();
        outlets.sort_by_key(|cells| cells.iter().map(|(_, population)| population).sum::<usize>());
        let mut taken: usize = self.strata.values().map(|s| fewest(s.population, least)).sum();
        let mut pooled = 0;
        for cells in outlets {
            if taken <= room {
                break;
            }
            pooled += 1;
            for (cell, population) in cells {
                let Some(stratum) = self.strata.remove(&Some(cell.clone())) else { continue };
                let pool = self.strata.entry(Some(Cell { outlet: Outlet::Pooled, ..cell })).or_default();
                taken -= fewest(population, least) + fewest(pool.population, least);
                pool.merge(stratum);
                taken += fewest(pool.population, least);
            }
        }
        pooled
    }
}
