//! The articles that a report shows behind its figures.

use std::collections::BTreeMap;
use std::io;

use super::cells::CellRows;
use super::estimates::FEWEST_STORIES;
use super::gather::{Gathered, Heading};
use super::result::{ArticleEntry, EntryScore};
use crate::label::Class;

/// The most articles that are shown in all …
const ALL: usize = 4000;
/// … and behind each cell: of more, those with the highest and the lowest scores.
const OF_CELL: usize = 200;
/// Cells share the first, but each shows so many.
const LEAST: usize = 6;

/// The articles, and for each cell the places of its own among them, highest score first.
pub(super) fn examples(data: &mut Gathered, cells: &[CellRows]) -> io::Result<(Vec<ArticleEntry>, Vec<Vec<usize>>)> {
    let shown = (ALL / cells.len().max(1)).clamp(LEAST, OF_CELL);
    // Where there are very many cells, those that nothing is said of show no articles.
    let crowded = cells.len() > ALL / LEAST;
    let chosen: Vec<Vec<u32>> = cells
        .iter()
        .map(|cell| {
            if crowded && cell.stories.len() < FEWEST_STORIES {
                return Vec::new();
            }
            let mut pairs = cell.pairs.clone();
            pairs.sort_by(|&a, &b| {
                data.pairs[b as usize].score.total_cmp(&data.pairs[a as usize].score).then(a.cmp(&b))
            });
            if pairs.len() > shown {
                pairs.drain(shown / 2..pairs.len() - shown.div_ceil(2));
            }
            pairs
        })
        .collect();
    // By article, so that the order of the list is that of the input.
    let mut place: BTreeMap<u32, usize> = BTreeMap::new();
    for pair in chosen.iter().flatten() {
        place.insert(data.pairs[*pair as usize].article, 0);
    }
    place.values_mut().enumerate().for_each(|(at, place)| *place = at);
    let mut copies: BTreeMap<u32, usize> = BTreeMap::new();
    data.story.iter().for_each(|story| *copies.entry(*story).or_default() += 1);
    let mut entries = Vec::with_capacity(place.len());
    for &article in place.keys() {
        let row = &data.articles[article as usize];
        let Heading { doc, title, url } = data.headings.get(row.place)?;
        let from = data.pairs.partition_point(|pair| pair.article < article);
        let pairs = data.pairs[from..].iter().enumerate().take_while(|(_, pair)| pair.article == article);
        let score = |(at, pair): (usize, &super::gather::Pair)| {
            let gold = data.labels_of((from + at) as u32).iter().find(|label| label.whole);
            EntryScore {
                company: data.companies[pair.company as usize].clone(),
                score: pair.score,
                label: pair.label.name().to_string(),
                abstain: pair.abstain,
                gold: gold.map(|label| label.stance.name().to_string()),
            }
        };
        entries.push(ArticleEntry {
            doc,
            title,
            url,
            date: row.day.map(|day| day.to_string()),
            group: data.groups[row.group as usize].clone(),
            copies: copies[&data.story[article as usize]] - 1,
            scores: pairs.map(score).collect(),
        });
    }
    let of_cell = |pairs: &Vec<u32>| pairs.iter().map(|pair| place[&data.pairs[*pair as usize].article]).collect();
    Ok((entries, chosen.iter().map(of_cell).collect()))
}
