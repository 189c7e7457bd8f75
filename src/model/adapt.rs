//! Training from a base model: which departure from it the new labels bear.
//!
//! How far to go from the base is not known beforehand. Where the new labels are more of the same kind, a model trained on them alone is much worse than the base
//! and even a loose prior forgets too much; where they are of another kind, the base is a hindrance. So every [`Departure`] is tried by grouped cross-validation on
//! the new labels. Each gets a weight by its log-loss (pseudo-BMA+: Yao, Vehtari, Simpson & Gelman 2018, "Using stacking to average
//! Bayesian predictive distributions", section 3.4). Where those that stay close to the base have nearly all of it, the better of them is taken as it is, calibration and all.
//! Else those that leave it are mixed, as with few labels no one can be told to be the best, and a mean of linear models is one. What the receipt of a training shows comes from a second cross-validation
//! around all of that (nested: Varma & Simon 2006, "Bias in error estimation when using cross-validation for model selection"), so neither the
//! choice nor calibration map nor offsets have seen the labels that they are measured on.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use linfa::traits::Fit;
use rand::Rng;
use rayon::prelude::*;

use super::HeadRecord;
use super::calibration::Calibration;
use super::compiled::{CompiledHead, CompiledModel};
use super::decision::Decision;
use super::departure::{Adaptation, Departure};
use super::evidence::{Evidence, Role};
use super::head::{Head, Judgement};
use super::out_of_fold::OutOfFold;
use super::prior::{self, COLUMNS, Prior};
use super::sparse_logistic::{Convergence, log_softmax};
use super::task::{Task, TrainError, unscaled};
use crate::features::{BagOfWords, Block, BlockKind, Row, Settings, Vectorizer, width};
use crate::statistics::{generator, grouped_folds};

/// The fewest folds by which a departure is chosen …
const FEWEST_FOLDS: usize = 3;
/// … and the most. With few labels models of other folds differ much from the one that all labels give, and so do calibration maps and offsets that are fitted on what
/// those say: on 200 tweets of SemEval-2016 task 6 three folds cost .036 of Favg against ten (means of six draws).
const MOST_FOLDS: usize = 10;
/// Labels times folds, roughly, so that few labels take no longer than many.
const FOLDED: usize = 2000;
/// Draws of the Bayesian bootstrap behind the weights of a mixture.
const DRAWS: usize = 1000;
/// How sure it must be that the base is best stayed close to: its calibration and offsets then stay, which are far off where it is not so.
const SURE: f64 = 0.95;
/// A departure that weighs less is left out of a mixture, which costs a fit for each.
const LEAST_WEIGHT: f64 = 0.02;
/// Folds of the receipt.
const OUTER_FOLDS: usize = 5;
/// The share of the objective by which fits may miss the optimum.
const TOLERANCE: f64 = 1e-5;
/// The same for the fits by which a departure is chosen.
const CHOICE_TOLERANCE: f64 = 1e-4;
/// Parameters of a calibration map, which cost it as much log-loss per record (Akaike 1974).
const MAP_PARAMETERS: f64 = 12.0;
/// The stream of the generator that weighs departures.
const MIXTURE_STREAM: u64 = 0x6D69_7874;
/// Words that are kept of each text.
const WORDS: usize = 6;

/// The rows of a fit from a base.
struct Design {
    vectorizer: Vectorizer,
    prior: Prior,
    /// Only the columns that take part in departing, with those of A behind them.
    matrix: BagOfWords,
    /// The column of the vectorizer (and A) that each column of the matrix is.
    columns: Vec<u32>,
    /// The scale of each column of the matrix.
    factors: Vec<f32>,
    /// The logits of the base, records × classes.
    offsets: Vec<f64>,
}

/// The position of an example that was held out, with its log-probabilities under each departure.
type Held = (usize, Vec<[f64; 3]>);

/// Weights of the columns of a design's vectorizer.
struct Departed {
    weights: Vec<[f64; 3]>,
    intercepts: [f64; 3],
    /// See [`super::SparseLogistic::span`].
    span: Vec<f64>,
    convergence: Convergence,
}

/// What cross-validation chose.
struct Choice {
    map: Calibration,
    decision: Decision,
    adaptation: Adaptation,
    /// Whether the map was fitted on the new labels.
    calibrated: bool,
    folds: usize,
}

impl Choice {
    /// What is mixed: a departure that keeps the base's calibration stands alone.
    fn mixture(&self) -> &[(Departure, f64)] {
        &self.adaptation.mixture
    }

    fn keeps_calibration(&self) -> bool {
        self.adaptation.departure.keeps_calibration()
    }
}

impl Departed {
    /// The mean of models.
    fn mean(of: Vec<(Departed, f64)>) -> Option<Departed> {
        let mut of = of.into_iter();
        let (mut sum, first) = of.next()?;
        sum.weights.iter_mut().chain([&mut sum.intercepts]).flatten().for_each(|weight| *weight *= first);
        for (departed, share) in of {
            let added = departed.weights.iter().chain([&departed.intercepts]).flatten();
            let sums = sum.weights.iter_mut().chain([&mut sum.intercepts]).flatten();
            sums.zip(added).for_each(|(sum, weight)| *sum += share * weight);
        }
        Some(sum)
    }
}

/// A base, with what it says of the examples of a task.
struct Base<'a> {
    head: &'a Head,
    compiled: CompiledHead,
    log_p: Vec<[f64; 3]>,
}

impl Task<'_> {
    /// Trains the head from a base.
    pub(super) fn train_from(
        &self,
        base: &Head,
        of_class: [usize; 3],
        progress: &(dyn Fn(&str, usize, usize) + Sync),
        warnings: &mut Vec<String>,
    ) -> Result<(Head, HeadRecord, Option<OutOfFold>), TrainError> {
        let step = format!("training {}", self.name);
        progress(&step, 0, OUTER_FOLDS + 1);
        let all: Vec<usize> = (0..self.examples.len()).collect();
        let compiled = CompiledModel::of_head(base);
        let log_p = self
            .views
            .par_iter()
            .map(|&view| log_softmax(compiled.judge(view, &compiled.look_up(view.passage)).logits));
        let base = &Base { head: base, log_p: log_p.collect(), compiled };
        let (head, choice, convergence) = self.adapt(base, &all)?;
        progress(&step, 1, OUTER_FOLDS + 1);
        let own = self.own();
        let done = AtomicUsize::new(1);
        let fold = || progress(&step, 1 + done.fetch_add(1, Ordering::Relaxed), OUTER_FOLDS + 1);
        let out_of_fold = match self.receipt(base, &own, &fold) {
            Ok(found) => Some(found),
            Err(error) => {
                warnings.push(format!("the new {} model cannot be compared with its base: {error}", self.name));
                None
            }
        };
        if !choice.calibrated && !choice.keeps_calibration() {
            warnings.push(format!(
                "the {} probabilities are not calibrated: a class has fewer than {} labels",
                self.name,
                Calibration::MIN_PER_CLASS
            ));
        }
        let record = HeadRecord {
            task: self.name.to_string(),
            examples: of_class,
            auxiliary: self.examples.len() - own.len(),
            c: self.head.c,
            class_weight: self.head.class_weight,
            count_ratio: self.head.count_ratio,
            tuning: Vec::new(),
            convergence,
            calibration_folds: if choice.calibrated { choice.folds } else { 0 },
            errors: self.error_rates(out_of_fold.as_ref()),
            adaptation: Some(choice.adaptation),
        };
        Ok((head, record, out_of_fold))
    }

    /// A head trained on the examples `rows`, with the departures that they choose.
    fn adapt(&self, base: &Base<'_>, rows: &[usize]) -> Result<(Head, Choice, Convergence), TrainError> {
        let choice = self.choose(base, rows)?;
        let design = self.design(base, rows)?;
        let mut mixed = Vec::new();
        let mut start: Option<Vec<f64>> = None;
        for &(departure, share) in choice.mixture() {
            let departed = self.depart(&design, rows, departure, start.take(), TOLERANCE)?;
            start = Some(departed.span.clone());
            mixed.push((departed, share));
        }
        let departed = Departed::mean(mixed).ok_or(TrainError::Empty)?;
        let weights: Vec<[f32; 3]> = departed.weights.iter().map(|w| w.map(|w| w as f32)).collect();
        let mut vectorizer = design.vectorizer;
        let mut kept = weights;
        if let [(Departure::Alone, _)] = choice.mixture() {
            // The base's n-grams have no weight left.
            let generations = base.head.vectorizer().settings().blocks.len();
            let dead = |at: usize, block: &Block| at < generations && width(block.kind) == 0;
            let columns = vectorizer.without(dead);
            kept = columns.into_iter().map(|column| kept[column]).collect();
        }
        let head = Head::new(vectorizer, kept, departed.intercepts, choice.map, choice.decision, self.head.context);
        Ok((head, choice, departed.convergence))
    }

    /// The departures with the lowest cross-validated log-losses on the labels among `rows` that the model is for.
    fn choose(&self, base: &Base<'_>, rows: &[usize]) -> Result<Choice, TrainError> {
        let own: Vec<usize> = rows.iter().copied().filter(|&row| self.record(row).source.is_none()).collect();
        let groups: Vec<&str> = own.iter().map(|&row| self.record(row).group()).collect();
        let folds = (FOLDED / own.len().max(1)).clamp(FEWEST_FOLDS, MOST_FOLDS);
        let fold_of = grouped_folds(&groups, folds, self.options.seed ^ 1);
        let fold = |fold: usize| -> Result<Vec<Held>, TrainError> {
            let held: Vec<usize> = (0..own.len()).filter(|&at| fold_of[at] == fold).collect();
            let examples: Vec<usize> = held.iter().map(|&at| own[at]).collect();
            let rest = without(rows, &examples);
            if held.is_empty() || rest.is_empty() {
                return Ok(Vec::new());
            }
            let design = self.design(base, &rest)?;
            let held_rows: Vec<Row> = examples.iter().map(|&row| self.row(&design.vectorizer, row)).collect();
            let mut log_p = Vec::new();
            let mut start: Option<Vec<f64>> = None;
            for departure in Departure::ALL {
                let departed = self.depart(&design, &rest, departure, start.take(), CHOICE_TOLERANCE)?;
                let of = |row: &Row| log_softmax(prior::logits(row, &departed.weights, departed.intercepts));
                log_p.push(held_rows.iter().map(of).collect::<Vec<[f64; 3]>>());
                // The next departure is not far from this one.
                start = Some(departed.span);
            }
            Ok(held.into_iter().enumerate().map(|(i, at)| (at, log_p.iter().map(|l| l[i]).collect())).collect())
        };
        let found = (0..folds).into_par_iter().map(fold).collect::<Result<Vec<_>, _>>()?;
        let mut log_p = vec![vec![[(1f64 / 3.0).ln(); 3]; own.len()]; Departure::ALL.len()];
        for (at, ways) in found.into_iter().flatten() {
            for (way, found) in ways.into_iter().enumerate() {
                log_p[way][at] = found;
            }
        }
        let classes: Vec<usize> = own.iter().map(|&row| self.examples[row].class).collect();
        let base_log_p: Vec<[f64; 3]> = own.iter().map(|&row| base.log_p[row]).collect();
        let base_loss = mean(&losses(&base_log_p, &classes, &base.head.calibration()).collect::<Vec<_>>());
        let mapped = |log_p: &[[f64; 3]], departure: Departure| match Calibration::fit(log_p, &classes) {
            _ if departure.keeps_calibration() => (base.head.calibration(), false),
            Ok(map) => (map, true),
            Err(_) => (Calibration::identity(), false),
        };
        let losses = Departure::ALL.into_iter().zip(&log_p).map(|(departure, log_p)| {
            let (map, calibrated) = mapped(log_p, departure);
            let cost = if calibrated { MAP_PARAMETERS / classes.len() as f64 } else { 0.0 };
            losses(log_p, &classes, &map).map(|loss| loss + cost).collect()
        });
        let losses: Vec<Vec<f64>> = losses.collect();
        let means: Vec<f64> = losses.iter().map(|losses| mean(losses)).collect();
        let weights = self.weigh(&losses);
        let keeping = |way: &usize| Departure::ALL[*way].keeps_calibration();
        let kept: f64 = (0..weights.len()).filter(keeping).map(|way| weights[way]).sum();
        // Of equals the first, which is the closest to the base.
        let best =
            |ways: &[usize]| ways.iter().copied().reduce(|best, way| if means[way] < means[best] { way } else { best });
        let (keep, leave): (Vec<usize>, Vec<usize>) = (0..means.len()).partition(keeping);
        let (ways, best) = if kept >= SURE {
            let best = best(&keep);
            (Vec::from_iter(best), best)
        } else {
            let least = LEAST_WEIGHT * (1.0 - kept);
            (leave.iter().copied().filter(|&way| weights[way] >= least).collect(), best(&leave))
        };
        let departure = Departure::ALL[best.unwrap_or_default()];
        let total: f64 = ways.iter().map(|&way| weights[way]).sum();
        let mixture: Vec<(usize, f64)> = ways.into_iter().map(|way| (way, weights[way] / total)).collect();
        let mix = |at: usize| [0, 1, 2].map(|class| mixture.iter().map(|&(way, w)| w * log_p[way][at][class]).sum());
        let log_p: Vec<[f64; 3]> = (0..own.len()).map(mix).collect();
        let (map, calibrated) = mapped(&log_p, departure);
        let mut p: Vec<[f64; 3]> = log_p.iter().map(|&l| map.apply(l)).collect();
        self.look_around(&own, &mut p);
        let decision =
            if departure.keeps_calibration() { base.head.decision() } else { self.decide(&own, &p, &classes) };
        let adaptation = Adaptation {
            departure,
            mixture: mixture.into_iter().map(|(way, weight)| (Departure::ALL[way], weight)).collect(),
            losses: Departure::ALL.into_iter().zip(means).collect(),
            base_loss,
        };
        Ok(Choice { map, decision, adaptation, calibrated, folds })
    }

    /// The weights of ways by the loss of each on each label, pseudo-BMA+: softmax of minus the summed losses, averaged over Bayesian bootstrap draws (Rubin 1981), so that a
    /// difference which hangs on a few labels counts for little.
    fn weigh(&self, losses: &[Vec<f64>]) -> Vec<f64> {
        let n = losses.first().map_or(0, Vec::len);
        let mut random = generator(self.options.seed, MIXTURE_STREAM);
        let mut weights = vec![0.0; losses.len()];
        for _ in 0..DRAWS {
            // Standard exponentials, scaled to sum to n, are n times a draw from the flat Dirichlet distribution.
            let shares: Vec<f64> = (0..n).map(|_| -(1.0 - random.random::<f64>()).ln()).collect();
            let scale = n as f64 / shares.iter().sum::<f64>();
            let sum = |losses: &Vec<f64>| shares.iter().zip(losses).map(|(share, loss)| scale * share * loss).sum();
            let sums: Vec<f64> = losses.iter().map(sum).collect();
            let least = sums.iter().copied().fold(f64::INFINITY, f64::min);
            let likelihoods: Vec<f64> = sums.iter().map(|sum| (least - sum).exp()).collect();
            let total: f64 = likelihoods.iter().sum();
            weights.iter_mut().zip(likelihoods).for_each(|(weight, likelihood)| *weight += likelihood / total);
        }
        weights.into_iter().map(|weight| weight / DRAWS as f64).collect()
    }

    /// The rows of a fit on the examples `rows`, whichever the departure.
    fn design(&self, base: &Base<'_>, rows: &[usize]) -> Result<Design, TrainError> {
        let settings = &self.head.settings;
        let vectorizer = Vectorizer::extend(base.head.vectorizer(), settings, &self.views, rows);
        let columns = self.check(&vectorizer)?;
        let mut matrix: Vec<Row> = rows.par_iter().map(|&row| self.row(&vectorizer, row)).collect();
        let prior = Prior::new(base.head, columns);
        let offsets = prior.logits(&matrix);
        prior.add_columns(&mut matrix, &offsets);
        let weighed = BagOfWords::from_rows(&matrix, columns + COLUMNS);
        let mut factors = self.count_ratios(&vectorizer, &weighed, (rows, &self.weights(rows)), |_| true);
        for (at, (block, scale)) in settings.blocks.iter().zip(departing_scales(base.head, settings)).enumerate() {
            for column in vectorizer.block_columns(at as u8) {
                factors[column] *= scale / block.scale;
            }
        }
        // Most columns are n-grams of the base, which take no part; a solver would pass over them again and again.
        let taking_part: Vec<u32> =
            (0..factors.len() as u32).filter(|&column| factors[column as usize] > 0.0).collect();
        let mut place = vec![u32::MAX; factors.len()];
        taking_part.iter().enumerate().for_each(|(at, &column)| place[column as usize] = at as u32);
        let compact = |row: &Row| {
            let known = row.indices.iter().zip(&row.values).map(|(&column, &value)| (place[column as usize], value));
            let (indices, values) = known.filter(|(at, _)| *at != u32::MAX).unzip();
            Row { indices, values }
        };
        let compacted: Vec<Row> = matrix.par_iter().map(compact).collect();
        Ok(Design {
            prior,
            matrix: BagOfWords::from_rows(&compacted, taking_part.len()),
            factors: taking_part.iter().map(|&column| factors[column as usize]).collect(),
            columns: taking_part,
            offsets,
            vectorizer,
        })
    }

    /// The weights of a departure.
    fn depart(
        &self,
        design: &Design,
        rows: &[usize],
        departure: Departure,
        start: Option<Vec<f64>>,
        tolerance: f64,
    ) -> Result<Departed, TrainError> {
        let mut factors = design.factors.clone();
        let features = factors.len() - COLUMNS;
        factors[features..].fill(departure.mix());
        let mut matrix = design.matrix.clone();
        matrix.scale_columns(&factors);
        let offsets = design.offsets.iter().map(|offset| offset * departure.trust()).collect();
        let params = self.params().c(self.head.c * departure.c()).offsets(offsets).tolerance(tolerance);
        let params = match start {
            Some(span) => params.start(span),
            None => params,
        };
        let fit = params.fit(&self.dataset(matrix, rows, self.weights(rows)))?;
        let mut weights = vec![[0.0; 3]; design.vectorizer.columns() + COLUMNS];
        for (&column, found) in design.columns.iter().zip(unscaled(&fit, &factors)) {
            weights[column as usize] = found;
        }
        let mut intercepts = [0, 1, 2].map(|class| fit.intercepts[class]);
        design.prior.put_back(departure.trust(), &mut weights, &mut intercepts);
        Ok(Departed { weights, intercepts, span: fit.span, convergence: fit.convergence })
    }

    /// What models that were trained on the other folds, choice of the departure and all, say of the examples `own`.
    fn receipt(&self, base: &Base<'_>, own: &[usize], done: &(dyn Fn() + Sync)) -> Result<OutOfFold, TrainError> {
        let groups: Vec<&str> = own.iter().map(|&row| self.record(row).group()).collect();
        let fold_of = grouped_folds(&groups, OUTER_FOLDS, self.options.seed);
        let fold = |fold: usize| {
            let held: Vec<usize> = (0..own.len()).filter(|&at| fold_of[at] == fold).collect();
            if held.is_empty() {
                done();
                return Ok(Vec::new());
            }
            let examples: Vec<usize> = held.iter().map(|&at| own[at]).collect();
            let all: Vec<usize> = (0..self.examples.len()).collect();
            let (head, ..) = self.adapt(base, &without(&all, &examples))?;
            let new = CompiledModel::of_head(&head);
            let judge = |&row: &usize| new.judge(self.views[row], &new.look_up(self.views[row].passage));
            let judgements: Vec<Judgement> = examples.iter().map(judge).collect();
            let mut p: Vec<[f64; 3]> = judgements.iter().map(|judgement| judgement.p).collect();
            self.look_around(&examples, &mut p);
            let found = examples.iter().zip(p).map(|(&row, p)| {
                let class = head.decision().class(p, self.views[row].passage.language);
                (p, class, self.changed_words(&base.compiled, &new, row))
            });
            let found: Vec<_> = held.into_iter().zip(found).collect();
            done();
            Ok(found)
        };
        let folds = (0..OUTER_FOLDS).into_par_iter().map(fold).collect::<Result<Vec<_>, TrainError>>()?;
        let mut found: Vec<_> = folds.into_iter().flatten().collect();
        found.sort_by_key(|(at, _)| *at);
        let rows = || found.iter().map(|(at, _)| own[*at]);
        Ok(OutOfFold {
            records: rows().map(|row| self.examples[row].record).collect(),
            classes: rows().map(|row| self.examples[row].class).collect(),
            p: found.iter().map(|(_, (p, ..))| *p).collect(),
            predicted: found.iter().map(|(_, (_, class, _))| *class).collect(),
            words: found.into_iter().map(|(_, (_, _, words))| words).collect(),
        })
    }

    /// The words whose contribution a head changed most, with the change.
    fn changed_words(&self, old: &CompiledHead, new: &CompiledHead, row: usize) -> Vec<(Range<usize>, f64)> {
        let view = self.views[row];
        let of = |head: &CompiledHead| Evidence::of(head, view, &head.look_up(view.passage));
        let (before, after) = (of(old), of(new));
        let pairs = before.words.into_iter().zip(after.words);
        let words = pairs.filter(|(_, after)| after.role == Role::Word);
        let mut words: Vec<(Range<usize>, f64)> =
            words.map(|(before, after)| (after.range, after.contribution - before.contribution)).collect();
        words.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.start.cmp(&b.0.start)));
        words.truncate(WORDS);
        words
    }
}

/// The negative log-probability of each true class.
fn losses<'a>(log_p: &'a [[f64; 3]], classes: &'a [usize], map: &'a Calibration) -> impl Iterator<Item = f64> + 'a {
    log_p.iter().zip(classes).map(|(log_p, &class)| -map.apply(*log_p)[class].max(f64::MIN_POSITIVE).ln())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The scale of each block of `settings` for what departs from the base: its n-grams stay as they are, numbers are scaled as in training from nothing.
fn departing_scales(base: &Head, settings: &Settings) -> Vec<f32> {
    let old = base.vectorizer().settings().blocks.len();
    let plain = Settings::stance();
    let own = |kind: BlockKind| plain.blocks.iter().find(|block| block.kind == kind).map_or(1.0, |block| block.scale);
    let scale = |(at, block): (usize, &Block)| match width(block.kind) {
        0 if at < old => 0.0,
        0 => block.scale,
        _ => own(block.kind),
    };
    settings.blocks.iter().enumerate().map(scale).collect()
}

/// The elements of `rows` that are not in `held`.
fn without(rows: &[usize], held: &[usize]) -> Vec<usize> {
    let held: std::collections::HashSet<usize> = held.iter().copied().collect();
    rows.iter().copied().filter(|row| !held.contains(row)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::labels::Record;
    use crate::model::{Model, TrainOptions, Trained, train};
    use crate::target::{Finder, TargetTable};

    /// Words that the base does not know, which decide.
    fn records(n: usize) -> Vec<Record> {
        let lines: String = (0..n)
            .map(|i| {
                let (word, label) = [("zorbled", "favor"), ("met", "neutral"), ("quandled", "against")][i % 3];
                let rest = ["on Monday", "in Oslo", "again", "as planned"][i % 4];
                format!("{{\"text\":\"Halden {word} unit{i} {rest}\",\"target\":\"Halden\",\"label\":\"{label}\",\"annotator\":\"a\"}}\n")
            })
            .collect();
        crate::labels::read(lines.as_bytes()).map(Result::unwrap).collect()
    }

    fn run(records: &[Record], base: Option<&Arc<Model>>) -> Trained {
        let options = TrainOptions { base: base.cloned(), date: Some("2026-11-28".into()), ..TrainOptions::default() };
        let finder = Finder::new(TargetTable::builtin());
        train(records, Vec::new(), &finder, String::new(), &options, &|_, _, _| {}).unwrap()
    }

    #[test]
    fn learns_new_words_and_names_its_parent() {
        let base = Arc::new(Model::builtin().unwrap());
        let records = records(120);
        let trained = run(&records, Some(&base));
        let found = trained.stance.unwrap();
        let right = found.predicted.iter().zip(&found.classes).filter(|(named, truth)| named == truth).count();
        assert!(right > 110, "{right} of 120");
        let record = &trained.model.provenance.heads[0];
        let adaptation = record.adaptation.as_ref().unwrap();
        let best = adaptation.losses.iter().map(|way| way.1).fold(f64::INFINITY, f64::min);
        assert!(best < 0.5 && adaptation.base_loss > 0.8, "{adaptation:?}");
        assert!(adaptation.losses.contains(&(adaptation.departure, best)), "{adaptation:?}");
        // The word behind a change is the one that decides.
        let zorbled = found.words[0].iter().map(|(range, _)| &records[0].text[range.clone()]).next();
        assert_eq!(zorbled, Some("zorbled"), "{:?}", found.words[0]);
        assert!(trained.model.identity().ends_with(&base.sha256()[..12]));
        assert!(trained.model.has_seen("Halden zorbled  unit0 on Monday") && !base.has_seen(&records[0].text));
        // The new labels say nothing of sentiment.
        assert_eq!(trained.model.sentiment, base.sentiment);
    }

    /// One corrected sentiment among many stances.
    #[test]
    fn a_head_that_is_taught_one_class_stays() {
        let base = Arc::new(Model::builtin().unwrap());
        let mut all = records(60);
        let one = "{\"text\":\"A fine day in Oslo\",\"label\":\"positive\"}\n";
        all.extend(crate::labels::read(one.as_bytes()).map(Result::unwrap));
        let trained = run(&all, Some(&base));
        assert_eq!(trained.model.sentiment, base.sentiment);
        assert!(trained.warnings.iter().any(|warning| warning.contains("sentiment stays")), "{:?}", trained.warnings);
        let options = TrainOptions { base: Some(base), ..TrainOptions::default() };
        let finder = Finder::new(TargetTable::builtin());
        let alone = train(&all[60..], Vec::new(), &finder, String::new(), &options, &|_, _, _| {});
        assert!(alone.is_err());
    }

    #[test]
    fn is_the_same_twice() {
        let base = Arc::new(Model::builtin().unwrap());
        let records = records(60);
        assert_eq!(run(&records, Some(&base)).model, run(&records, Some(&base)).model);
    }

    /// Where the new labels say what the base says, it stays close.
    #[test]
    fn stays_close_to_a_base_that_is_right() {
        let teacher = Arc::new(run(&records(240), None).model);
        let more: Vec<Record> = records(300).split_off(240);
        let found = run(&more, Some(&teacher)).model;
        let adaptation = found.provenance.heads[0].adaptation.clone().unwrap();
        assert!(!matches!(adaptation.departure, Departure::Half | Departure::Alone), "{adaptation:?}");
        assert!(adaptation.losses[0].1 < 0.3, "{adaptation:?}");
    }
}
