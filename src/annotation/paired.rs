//! Units with labels of two annotators or more, and the figures of one resample of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::rated::Rated;
use crate::statistics::{Coincidences, Level};

/// The units with labels of two annotators or more, made ready for resampling. Annotators are indices.
pub(super) struct Paired {
    /// How many annotators gave each class, a unit.
    pub counts: Vec<[u32; 3]>,
    /// The classes that each pair of annotators gave, a unit.
    both: Vec<Vec<Both>>,
    /// Pair of annotators → index of the pair.
    pub pairs: BTreeMap<(usize, usize), usize>,
    /// The units of each document.
    pub groups: Vec<Vec<usize>>,
    /// How many documents each pair of annotators has in common.
    pub groups_of_pair: Vec<usize>,
}

/// What two annotators gave one unit.
struct Both {
    pair: usize,
    a: usize,
    b: usize,
}

/// The figures of one weighting of the paired units.
pub(super) struct Point {
    pub agreement: Option<f64>,
    pub nominal: Option<f64>,
    pub ordinal: Option<f64>,
    /// The confusion of each pair.
    pub pairs: Vec<[[f64; 3]; 3]>,
}

impl Paired {
    pub fn new(units: &[&Rated], known: &HashMap<&str, usize>) -> Self {
        let (mut counts, mut both, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        let mut pairs: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut place: HashMap<&str, usize> = HashMap::new();
        let mut seen: HashSet<(usize, usize)> = HashSet::new();
        for (at, unit) in units.iter().filter(|unit| unit.values.len() > 1).enumerate() {
            let group = *place.entry(unit.group).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(at);
            let mut values: Vec<(usize, usize)> =
                unit.values.iter().map(|(name, class)| (known[name], *class)).collect();
            values.sort_unstable();
            let mut here = Vec::new();
            for (at, (first, a)) in values.iter().enumerate() {
                for (second, b) in &values[at + 1..] {
                    let next = pairs.len();
                    let pair = *pairs.entry((*first, *second)).or_insert(next);
                    seen.insert((pair, group));
                    here.push(Both { pair, a: *a, b: *b });
                }
            }
            both.push(here);
            counts.push(unit.counts());
        }
        let mut groups_of_pair = vec![0; pairs.len()];
        seen.iter().for_each(|(pair, _)| groups_of_pair[*pair] += 1);
        Paired { counts, both, pairs, groups, groups_of_pair }
    }

    pub fn point(&self, weights: &[u32]) -> Point {
        let mut coincidences = Coincidences::<3>::default();
        let mut pairs = vec![[[0.0; 3]; 3]; self.pairs.len()];
        let (mut agreed, mut units) = (0.0, 0.0);
        let weighted = self.counts.iter().zip(&self.both).zip(weights);
        for ((counts, both), &weight) in weighted.filter(|(_, weight)| **weight > 0) {
            let weight = f64::from(weight);
            coincidences.add(*counts, weight);
            let ordered_pairs = |n: u32| f64::from(n) * (f64::from(n) - 1.0);
            let alike: f64 = counts.iter().map(|n| ordered_pairs(*n)).sum();
            agreed += weight * alike / ordered_pairs(counts.iter().sum());
            units += weight;
            for Both { pair, a, b } in both {
                pairs[*pair][*a][*b] += weight;
            }
        }
        Point {
            agreement: (units > 0.0).then(|| agreed / units),
            nominal: coincidences.alpha(Level::Nominal),
            ordinal: coincidences.alpha(Level::Ordinal),
            pairs,
        }
    }
}
