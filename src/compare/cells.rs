//! The pairs of a group and a company, with what each story adds to them.

use super::gather::Gathered;
use crate::statistics::PowerUnit;

/// A group and a company that occur together.
#[derive(Debug, Clone)]
pub(super) struct CellRows {
    /// Index of the group.
    pub group: u32,
    /// Index of the company.
    pub company: u32,
    /// Its pairs, in the order of their articles.
    pub pairs: Vec<u32>,
    /// What each of its stories adds, by the number of the story.
    pub stories: Vec<StoryRow>,
}

/// What a story adds to a cell.
#[derive(Debug, Clone, Default)]
pub(super) struct StoryRow {
    /// The number of the story.
    pub story: u32,
    /// Articles, mean scores of their paragraphs, and labels.
    pub unit: PowerUnit,
    /// The squares of labels, weighted as the labels are.
    pub squares: f64,
    /// The sum of the articles' scores.
    pub score: f64,
    /// Articles with a label that the model stands by.
    pub decided: f64,
    /// Those for the company minus those against it.
    pub balance: f64,
    /// The sums of the articles' probabilities and, last, their number, for each language.
    pub posteriors: Option<Box<[[f64; 4]; 3]>>,
    /// The first month of its articles; `None` when none has a date.
    pub month: Option<i64>,
}

/// The cells, by company and then group, with the labels of the sample or (`assumed`) the probabilities.
pub(super) fn cells(data: &Gathered, assumed: bool) -> Vec<CellRows> {
    let key = |at: u32| {
        let pair = &data.pairs[at as usize];
        (pair.company, data.articles[pair.article as usize].group)
    };
    let mut order: Vec<u32> = (0..data.pairs.len() as u32).collect();
    order.sort_by_key(|&at| (key(at), at));
    let cell = |pairs: &[u32]| {
        let (company, group) = key(pairs[0]);
        let mut by_story: Vec<u32> = pairs.to_vec();
        let story = |at: &u32| data.story[data.pairs[*at as usize].article as usize];
        by_story.sort_by_key(|at| (story(at), *at));
        let row = |pairs: &[u32]| {
            let mut row = StoryRow { story: story(&pairs[0]), ..StoryRow::default() };
            for &at in pairs {
                let pair = &data.pairs[at as usize];
                let article = &data.articles[pair.article as usize];
                row.unit.articles += 1.0;
                row.unit.predictions += pair.control;
                for label in data.labels_of(at) {
                    let label = &label.of;
                    let stance = super::sign(label.stance);
                    row.unit.weight += label.weight;
                    row.unit.labels += label.weight * stance;
                    row.squares += label.weight * stance * stance;
                    row.unit.labelled_predictions += label.weight * label.score;
                }
                row.score += pair.score;
                if !pair.abstain {
                    row.decided += 1.0;
                    row.balance += super::sign(pair.label);
                }
                if assumed && pair.p[0].is_finite() {
                    let sums = &mut row.posteriors.get_or_insert_default()[article.language as usize];
                    (0..3).for_each(|class| sums[class] += f64::from(pair.p[class]));
                    sums[3] += 1.0;
                }
                let month = article.day.map(|day| super::Period::Month.number(day));
                row.month = [row.month, month].into_iter().flatten().min();
            }
            row
        };
        let stories = by_story.chunk_by(|a, b| story(a) == story(b)).map(row).collect();
        CellRows { group, company, pairs: pairs.to_vec(), stories }
    };
    order.chunk_by(|&a, &b| key(a) == key(b)).map(cell).collect()
}

impl CellRows {
    /// Stories with labels of the sample.
    pub fn labelled(&self) -> usize {
        self.stories.iter().filter(|row| row.unit.weight > 0.0).count()
    }

    /// Articles.
    pub fn articles(&self) -> usize {
        self.pairs.len()
    }
}
