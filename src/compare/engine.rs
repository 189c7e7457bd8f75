//! From what was gathered to a comparison.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::cells::{CellRows, cells};
use super::contrasts::{Side, contrast};
use super::estimates::{CellFigures, FEW_LABELLED, FEWEST_LABELLED, measure, spread};
use super::examples::examples;
use super::gather::{Gathered, Gatherer};
use super::options::CompareOptions;
use super::pooling::pool;
use super::resample::{Replicate, Way, replicates};
use super::result::{
    Cell, Comparison, Contrast, Corrected, Correction, Family, GroupSummary, Multiplicity, Settings, Shares,
};
use super::trends::trends;
use super::warnings::{Untested, warnings};
use crate::label::{Language, Stance};
use crate::model::ErrorRates;
use crate::statistics::{PowerSums, benjamini_hochberg, holm, maximised_prevalence};

/// The most cells that are resampled at a time; a company is never parted.
const CELLS: usize = 1000;
/// The most groups of a company of which every pair is compared.
pub(super) const COMPARED: usize = 20;
/// The most permutations of a test, unless more are asked for.
const MOST_PERMUTATIONS: usize = 20_000;
/// When expectation maximisation has found its shares, and when it gives up.
const EM: (f64, usize) = (1e-6, 1000);

impl Gatherer {
    /// Compares what was gathered; `errors` are those of the model ([`crate::model::HeadRecord::errors`]), for a correction by assumption.
    ///
    /// `progress` is told how many of how many bootstrap replicates are done. The result depends on nothing but the articles, in whatever order they came, and the options.
    ///
    /// # Errors
    /// Those of the temporary file.
    pub fn finish(self, errors: &[ErrorRates], progress: &(dyn Fn(usize, usize) + Sync)) -> io::Result<Comparison> {
        let (options, mut data) = self.gathered()?;
        let with_labels = !data.labels.is_empty();
        let errors = if options.assumed && !with_labels { errors } else { &[] };
        let rows = cells(&data, !errors.is_empty());
        let pooled = pooled_power(&rows);
        let way = |cell: &CellRows| match () {
            () if with_labels && cell.labelled() >= FEWEST_LABELLED => {
                Way::Labels(pooled.filter(|_| cell.labelled() < FEW_LABELLED))
            }
            () if !errors.is_empty() => Way::Assumed(errors),
            () => Way::None,
        };
        let ways: Vec<Way<'_>> = rows.iter().map(way).collect();
        let spread = spread(rows.iter().zip(ways.iter().copied()));
        let summaries = summaries(&data, &rows);
        let mut found = Found::default();
        let parts = parts(&rows);
        let (done, all) = (AtomicUsize::new(0), options.replicates * parts.len());
        for part in parts {
            let step = || progress(1 + done.fetch_add(1, Ordering::Relaxed), all);
            let (rows, ways) = (&rows[part.clone()], &ways[part]);
            let drawn = replicates(rows, ways, data.stories, (options.replicates, options.seed), &step);
            let measure = |((cell, way), drawn): ((&CellRows, &Way<'_>), &Vec<Replicate>)| {
                measure(cell, *way, drawn, spread, options.level)
            };
            let measured: Vec<CellFigures> = rows.par_iter().zip(ways).zip(&drawn).map(measure).collect();
            found.contrasts(&data, &options, &summaries, (rows, &measured, &drawn));
            found.measured.extend(measured);
        }
        let family = found.adjust(!options.contrasts.is_empty());
        let (articles, shown) = examples(&mut data, &rows)?;
        let mut cells: Vec<Cell> = rows
            .iter()
            .zip(&found.measured)
            .zip(shown)
            .map(|((row, figures), examples)| cell(&data, row, figures, examples, errors))
            .collect();
        let mut from = 0;
        for company in cells.chunk_by_mut(|a, b| a.company == b.company) {
            let groups = rows[from..].iter().map(|row| summaries[row.group as usize].chinese);
            let chinese: Vec<bool> = groups.take(company.len()).collect();
            from += company.len();
            pool(company, &chinese, options.level, options.seed);
        }
        let trends = trends(&data, &rows, &options);
        let correction = match () {
            () if cells.iter().flat_map(|cell| &cell.corrected).any(|c| c.by == Correction::Gold) => Correction::Gold,
            () if cells.iter().any(|cell| cell.corrected.is_some()) => Correction::Assumed,
            () => Correction::None,
        };
        let warnings = warnings(&data, &rows, &cells, &options, correction, &found.untested, errors);
        Ok(Comparison {
            settings: Settings {
                version: env!("CARGO_PKG_VERSION").to_string(),
                models: data.tally.models.iter().cloned().collect(),
                by: options.by.clone(),
                since: options.since.map(|day| day.to_string()),
                until: options.until.map(|day| day.to_string()),
                level: options.level,
                replicates: options.replicates,
                permutations: options.permutations,
                seed: options.seed,
                correction,
                story_similarity: data.with_texts.then_some(options.story_similarity),
                period: options.period.map(|period| period.name().to_string()),
            },
            counts: data.counts,
            warnings,
            groups: summaries.into_iter().map(|summary| summary.shown).collect(),
            companies: data.companies,
            cells,
            contrasts: found.contrasts,
            family,
            trends,
            articles,
        })
    }
}

/// The λ that suits all cells together.
fn pooled_power(rows: &[CellRows]) -> Option<f64> {
    let mut sums = PowerSums::default();
    rows.iter().flat_map(|row| &row.stories).for_each(|story| sums.add(&story.unit, 1.0));
    sums.power()
}

/// A group as a whole.
pub(super) struct Summary {
    shown: GroupSummary,
    /// Whether more of its articles are Chinese than English.
    chinese: bool,
}

fn summaries(data: &Gathered, rows: &[CellRows]) -> Vec<Summary> {
    let mut articles = vec![0usize; data.groups.len()];
    let mut stories: Vec<HashSet<u32>> = vec![HashSet::new(); data.groups.len()];
    let mut chinese = vec![0i64; data.groups.len()];
    for (row, story) in data.articles.iter().zip(&data.story) {
        articles[row.group as usize] += 1;
        stories[row.group as usize].insert(*story);
        chinese[row.group as usize] += match row.language {
            Language::En => -1,
            Language::Zh => 1,
            Language::Mixed => 0,
        };
    }
    let (mut pairs, mut abstained) = (vec![0usize; data.groups.len()], vec![0usize; data.groups.len()]);
    for row in rows {
        pairs[row.group as usize] += row.pairs.len();
        abstained[row.group as usize] += row.pairs.iter().filter(|at| data.pairs[**at as usize].abstain).count();
    }
    (0..data.groups.len())
        .map(|at| Summary {
            shown: GroupSummary {
                name: data.groups[at].clone(),
                articles: articles[at],
                stories: stories[at].len(),
                pairs: pairs[at],
                abstained: abstained[at] as f64 / pairs[at].max(1) as f64,
            },
            chinese: chinese[at] > 0,
        })
        .collect()
}

/// Ranges of cells that are resampled together.
fn parts(rows: &[CellRows]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    for company in rows.chunk_by(|a, b| a.company == b.company) {
        let to = from + company.len();
        match parts.last_mut() {
            Some(part) if to - part.start <= CELLS => part.end = to,
            _ => parts.push(from..to),
        }
        from = to;
    }
    parts
}

/// What has been found so far.
#[derive(Default)]
struct Found {
    measured: Vec<CellFigures>,
    contrasts: Vec<Contrast>,
    untested: Untested,
}

impl Found {
    /// Compares the groups of each company of a part.
    fn contrasts(
        &mut self,
        data: &Gathered,
        options: &CompareOptions,
        summaries: &[Summary],
        (rows, measured, drawn): (&[CellRows], &[CellFigures], &[Vec<Replicate>]),
    ) {
        let declared = !options.contrasts.is_empty();
        let mut wanted: Vec<[usize; 2]> = Vec::new();
        let mut from = 0;
        for company in rows.chunk_by(|a, b| a.company == b.company) {
            let cells = from..from + company.len();
            from = cells.end;
            if declared {
                let name = &data.companies[company[0].company as usize];
                let find = |name: &str| cells.clone().find(|&at| data.groups[rows[at].group as usize] == name);
                for (a, b) in distinct(&options.contrasts) {
                    match (find(a), find(b)) {
                        (Some(a), Some(b)) => wanted.push([a, b]),
                        _ => self.untested.unanswered.push((name.clone(), a.clone(), b.clone())),
                    }
                }
                continue;
            }
            let mut largest: Vec<usize> = cells.filter(|&at| measured[at].raw.estimate.se.is_some()).collect();
            if largest.len() > COMPARED {
                self.untested.groups = self.untested.groups.max(largest.len());
                largest.sort_by_key(|&at| std::cmp::Reverse(rows[at].stories.len()));
                largest.truncate(COMPARED);
                largest.sort_unstable();
            }
            for (place, &a) in largest.iter().enumerate() {
                wanted.extend(largest[place + 1..].iter().map(|&b| [a, b]));
            }
        }
        // Holm's correction multiplies the smallest p-value, which is 1 / (permutations + 1), by the number of tests.
        let family = if declared { distinct(&options.contrasts).len() * data.companies.len() } else { 1 };
        let permutations = (options.permutations > 0).then(|| enough_permutations(options.permutations, family));
        let side = |at: usize| Side {
            cell: &rows[at],
            figures: &measured[at],
            replicates: &drawn[at],
            group: &data.groups[rows[at].group as usize],
        };
        let one = |&[a, b]: &[usize; 2]| {
            let across = summaries[rows[a].group as usize].chinese != summaries[rows[b].group as usize].chinese;
            let corrected = measured[a].best().1 && measured[b].best().1;
            if across && !corrected && !declared {
                return Err([a, b]);
            }
            let company = &data.companies[rows[a].company as usize];
            let seed = options.seed ^ ((u64::from(rows[a].group) << 32 | u64::from(rows[b].group)) << 1);
            Ok(contrast(company, [side(a), side(b)], options, permutations, seed))
        };
        for (found, pair) in wanted.par_iter().map(one).collect::<Vec<_>>().into_iter().zip(&wanted) {
            let name = |at: usize| data.groups[rows[at].group as usize].clone();
            let named = |pair: &[usize; 2]| {
                (data.companies[rows[pair[0]].company as usize].clone(), name(pair[0]), name(pair[1]))
            };
            match found {
                Ok(Some(contrast)) => {
                    if permutations.is_some() && contrast.p.is_none() {
                        self.untested.without_overlap.push(named(pair));
                    }
                    self.contrasts.push(contrast);
                }
                Ok(None) => self.untested.unanswered.push(named(pair)),
                Err(pair) => self.untested.across.extend(pair.map(|at| rows[at].group)),
            }
        }
    }

    /// Corrects the p-values for their number.
    fn adjust(&mut self, declared: bool) -> Family {
        let p: Vec<f64> = self.contrasts.iter().map(|contrast| contrast.p.unwrap_or(f64::NAN)).collect();
        let (adjusted, method) = match declared {
            true => (holm(&p), Multiplicity::Holm),
            false => (benjamini_hochberg(&p), Multiplicity::BenjaminiHochberg),
        };
        for (contrast, adjusted) in self.contrasts.iter_mut().zip(adjusted) {
            contrast.adjusted = contrast.p.map(|_| adjusted);
        }
        Family { size: p.iter().filter(|p| p.is_finite()).count(), method }
    }
}

/// Declared pairs, each once, whichever its order.
fn distinct(contrasts: &[(String, String)]) -> Vec<&(String, String)> {
    let mut seen = HashSet::new();
    let key = |(a, b): &(String, String)| if a < b { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) };
    contrasts.iter().filter(|pair| seen.insert(key(pair))).collect()
}

/// So many permutations that the smallest p-value is below 5 % after it was multiplied by the tests of a `family` twice over; tests of nothing stop early anyway.
pub(super) fn enough_permutations(asked: usize, family: usize) -> usize {
    asked.max((40 * family).min(MOST_PERMUTATIONS))
}

/// What a report shows of a cell.
fn cell(data: &Gathered, row: &CellRows, figures: &CellFigures, examples: Vec<usize>, errors: &[ErrorRates]) -> Cell {
    let pairs = || row.pairs.iter().map(|at| &data.pairs[*at as usize]);
    let mut labels = Shares::default();
    for pair in pairs().filter(|pair| !pair.abstain) {
        match pair.label {
            Stance::Favor => labels.favor += 1,
            Stance::Neutral => labels.neutral += 1,
            Stance::Against => labels.against += 1,
        }
    }
    let corrected = figures.corrected.as_ref().map(|(measured, by, power)| Corrected {
        estimate: measured.estimate,
        by: *by,
        gold: row.pairs.iter().map(|&at| data.labels_of(at).len()).sum(),
        power: *power,
        em: (*by == Correction::Assumed).then(|| maximised(data, row, errors)).flatten(),
    });
    Cell {
        group: data.groups[row.group as usize].clone(),
        company: data.companies[row.company as usize].clone(),
        articles: row.articles(),
        stories: row.stories.len(),
        paragraphs: pairs().map(|pair| pair.paragraphs as usize).sum(),
        share: row.pairs.len() as f64 / data.covered[row.group as usize].max(1) as f64,
        abstained: pairs().filter(|pair| pair.abstain).count(),
        labels,
        net: figures.net,
        raw: figures.raw.estimate,
        corrected,
        shrunken: None,
        rank: None,
        examples,
    }
}

/// The mean stance of a cell by expectation maximisation in each language.
fn maximised(data: &Gathered, row: &CellRows, errors: &[ErrorRates]) -> Option<f64> {
    let mut of: BTreeMap<Language, Vec<[f64; 3]>> = BTreeMap::new();
    for pair in row.pairs.iter().map(|at| &data.pairs[*at as usize]).filter(|pair| pair.p[0].is_finite()) {
        of.entry(data.articles[pair.article as usize].language).or_default().push(pair.p.map(f64::from));
    }
    let total: usize = of.values().map(Vec::len).sum();
    let mut value = 0.0;
    for (language, posteriors) in of {
        let priors = ErrorRates::of(errors, language)?.priors();
        let found = maximised_prevalence(&posteriors, &vec![1.0; posteriors.len()], priors, EM.0, EM.1)?;
        value += posteriors.len() as f64 / total as f64 * (found.prevalence[0] - found.prevalence[2]);
    }
    (total > 0).then_some(value)
}
