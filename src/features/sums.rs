//! Sums over the n-grams of a paragraph, made once for all targets.
//!
//! What a block of the whole paragraph adds up to is the same for every target without its mentions. What a window adds up to is the difference of two running
//! sums, as long as an n-gram stands but once in the paragraph: how much one counts is not linear in how often it stands, so those that come back are added for each target.

use std::ops::Range;
use std::sync::LazyLock;

use super::extract::Few;
use super::grams::Family;
use super::known::Occurrence;
use super::plan::Layout;
use super::vocabulary::{Record, Vocabulary};

/// What n-grams add up to in one block: the square of the length, and for each pole Σ value × weight.
pub type Sums = [f64; 3];

/// (1 + ln tf): how much an n-gram counts that stands so often in a block.
pub fn damped(count: u32) -> f64 {
    static LOW: LazyLock<[f64; 64]> =
        LazyLock::new(|| std::array::from_fn(|count| if count == 0 { 0.0 } else { 1.0 + (count as f64).ln() }));
    LOW.get(count as usize).copied().unwrap_or_else(|| 1.0 + f64::from(count).ln())
}

/// Adds an n-gram that counts `times` in a block.
#[inline]
pub(super) fn add(sums: &mut Sums, record: Record, times: f64) {
    let value = times * record.idf();
    let [positive, negative] = record.weights();
    sums[0] += value * value;
    sums[1] += value * positive;
    sums[2] += value * negative;
}

/// N-grams by their numbers, and in how many windows they are.
pub(super) type Stretches = Few<(Range<usize>, u32)>;

/// Running sums over the n-grams of a family that stand once in the paragraph.
#[derive(Debug, Clone, Default)]
pub(super) struct Running {
    /// Their first and last tokens, in the order of the text.
    places: Vec<[u32; 2]>,
    /// For each number of n-grams from 0 on, the sums of the first ones in each block of [`Layout::parts`].
    sums: Vec<Sums>,
    /// How many of them each block has.
    features: Vec<u32>,
}

impl Running {
    /// How often n-grams stand in windows, given by their tokens ascending by start and by end: stretches of n-grams with how many windows each is in.
    pub(super) fn stretches(&self, windows: &[Range<usize>]) -> Stretches {
        let (mut starts, mut ends) = (Few::new(), Few::<usize>::new());
        for window in windows {
            let start = self.places.partition_point(|place| (place[0] as usize) < window.start);
            let end = self.places.partition_point(|place| (place[1] as usize) < window.end);
            if start < end {
                starts.push(start);
                ends.push(end);
            }
        }
        let mut stretches = Stretches::new();
        let mut starts = starts.into_iter().peekable();
        let (mut at, mut open) = (0, 0);
        for end in ends {
            while let Some(start) = starts.next_if(|&start| start < end) {
                if open > 0 && at < start {
                    stretches.push((at..start, open));
                }
                at = start;
                open += 1;
            }
            if at < end {
                stretches.push((at..end, open));
            }
            at = end;
            open -= 1;
        }
        stretches
    }

    /// Adds stretches to the sums of a block, the `part`-th of [`Layout::parts`]; gives how many features it has there.
    pub(super) fn add(&self, part: usize, parts: usize, stretches: &Stretches, sums: &mut Sums) -> usize {
        let mut features = 0;
        for (range, times) in stretches {
            let [start, end] = [range.start, range.end].map(|at| at * parts + part);
            let times = damped(*times);
            let (before, after) = (&self.sums[start], &self.sums[end]);
            sums[0] += times * times * (after[0] - before[0]);
            for pole in 1..3 {
                sums[pole] += times * (after[pole] - before[pole]);
            }
            features += (self.features[end] - self.features[start]) as usize;
        }
        features
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Laid {
    /// The sums of blocks of the whole paragraph, without n-grams that depend on the target; 0 for other blocks.
    pub whole: Vec<Sums>,
    /// How many features those are.
    pub features: Vec<u32>,
    /// Of tokens, and of character n-grams.
    pub running: [Running; 2],
    /// The n-grams that stand more than once, those that are the same side by side.
    pub repeated: [Vec<Occurrence>; 2],
}

impl Laid {
    pub(super) fn new(layout: &Layout) -> Self {
        let blocks = layout.lanes.len();
        Laid {
            whole: vec![[0.0; 3]; blocks],
            features: vec![0; blocks],
            running: Default::default(),
            repeated: Default::default(),
        }
    }

    /// Adds n-grams that only blocks of the whole paragraph count; gives them back with those that are the same side by side.
    pub(super) fn add_whole(&mut self, vocabulary: &Vocabulary, found: &[Occurrence]) -> Vec<Occurrence> {
        let (_, grouped) = grouped(found);
        self.add_repeated(vocabulary, &grouped);
        grouped
    }

    /// Adds each n-gram as often as it stands side by side with itself.
    fn add_repeated(&mut self, vocabulary: &Vocabulary, grouped: &[Occurrence]) {
        for same in grouped.chunk_by(|a, b| a.record == b.record) {
            let times = damped(same.len() as u32);
            for (block, record) in vocabulary.records(same[0].record) {
                add(&mut self.whole[block], record, times);
                self.features[block] += 1;
            }
        }
    }

    /// Adds the n-grams of tokens or characters, given in the order of the text; gives them back with those that are the same side by side. `parts` are the blocks
    /// that get running sums: [`Layout::parts`], or none in a paragraph without mentions, which has no windows.
    pub(super) fn add(
        &mut self,
        vocabulary: &Vocabulary,
        parts: &[usize],
        family: Family,
        found: &[Occurrence],
    ) -> Vec<Occurrence> {
        let (order, grouped) = grouped(found);
        let mut once = vec![true; found.len()];
        let mut repeated = Vec::new();
        for same in order.chunk_by(|a, b| a >> 32 == b >> 32).filter(|same| same.len() > 1) {
            let places = same.iter().map(|key| *key as u32 as usize);
            places.clone().for_each(|at| once[at] = false);
            repeated.extend(places.map(|at| found[at]));
        }
        let running = &mut self.running[family as usize];
        running.places.reserve(found.len());
        running.sums.reserve((found.len() + 1) * parts.len());
        running.features.reserve((found.len() + 1) * parts.len());
        running.sums.extend(parts.iter().map(|_| [0.0; 3]));
        running.features.extend(parts.iter().map(|_| 0));
        for place in found.iter().zip(once).filter_map(|(place, once)| once.then_some(place)) {
            for (block, record) in vocabulary.records(place.record) {
                add(&mut self.whole[block], record, 1.0);
                self.features[block] += 1;
            }
            running.places.push(place.parts);
            running.sums.extend(parts.iter().map(|&block| self.whole[block]));
            running.features.extend(parts.iter().map(|&block| self.features[block]));
        }
        self.add_repeated(vocabulary, &repeated);
        self.repeated[family as usize] = repeated;
        grouped
    }

    /// Ends the sums of the whole paragraph with its language.
    pub(super) fn end(&mut self, vocabulary: &Vocabulary, layout: &Layout, language: Option<u32>) {
        for (block, record) in language.into_iter().flat_map(|first| vocabulary.records(first)) {
            add(&mut self.whole[block], record, 1.0);
            self.features[block] += 1;
        }
        for (block, _) in layout.lanes.iter().enumerate().filter(|(_, lane)| **lane > 0) {
            self.whole[block] = [0.0; 3];
            self.features[block] = 0;
        }
    }
}

/// N-grams with those that are the same side by side, each kind in the order of the text; and for each its record in the upper half and its place in `found` in the lower.
fn grouped(found: &[Occurrence]) -> (Vec<u64>, Vec<Occurrence>) {
    let mut order: Vec<u64> = (0..).zip(found).map(|(at, place)| u64::from(place.record) << 32 | at).collect();
    order.sort_unstable();
    let grouped = order.iter().map(|key| found[*key as u32 as usize]).collect();
    (order, grouped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_say_how_many_windows_cover_each_place() {
        let running = Running { places: (0..12).map(|at| [at, at]).collect(), ..Running::default() };
        let cases: [&[Range<usize>]; 6] = [
            &[],
            &[3..3, 4..9],
            &[0..4, 2..6, 3..12],
            &[0..3, 3..6, 8..9],
            &[1..4, 1..4, 4..5],
            &[0..7, 1..8, 2..9, 8..12, 11..12],
        ];
        for windows in cases {
            let mut covered = [0; 12];
            for (range, times) in running.stretches(windows) {
                assert!(times > 0 && range.start < range.end, "{windows:?}");
                range.for_each(|at| covered[at] += times);
            }
            let expected: [u32; 12] =
                std::array::from_fn(|at| windows.iter().filter(|w| w.contains(&at)).count() as u32);
            assert_eq!(covered, expected, "{windows:?}");
        }
    }
}
