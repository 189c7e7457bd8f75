//! The articles that a report shows behind its figures.

use std::collections::{BTreeSet, HashMap};
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
    let articles: BTreeSet<u32> = chosen.iter().flatten().map(|pair| data.pairs[*pair as usize].article).collect();
    let heading = |article: u32| Ok((data.headings.get(data.articles[article as usize].place)?, article));
    let mut listed: Vec<(Heading, u32)> = articles.into_iter().map(heading).collect::<io::Result<_>>()?;
    // The articles themselves are in an order that says nothing to a reader.
    listed.sort_by(|(a, one), (b, other)| a.doc.cmp(&b.doc).then(one.cmp(other)));
    let place: HashMap<u32, usize> = listed.iter().enumerate().map(|(at, (_, article))| (*article, at)).collect();
    let mut copies = vec![0usize; data.stories];
    data.story.iter().for_each(|story| copies[*story as usize] += 1);
    let mut entries = Vec::with_capacity(listed.len());
    for (Heading { doc, title, url }, article) in listed {
        let row = &data.articles[article as usize];
        let from = data.pairs.partition_point(|pair| pair.article < article);
        let pairs = data.pairs[from..].iter().enumerate().take_while(|(_, pair)| pair.article == article);
        let score = |(at, pair): (usize, &super::gather::Pair)| {
            let gold = data.labels_of((from + at) as u32).iter().find(|label| label.of.whole);
            EntryScore {
                company: data.companies[pair.company as usize].clone(),
                score: pair.score,
                label: pair.label.name().to_string(),
                abstain: pair.abstain,
                gold: gold.map(|label| label.of.stance.name().to_string()),
            }
        };
        entries.push(ArticleEntry {
            doc,
            title,
            url,
            date: row.day.map(|day| day.to_string()),
            group: data.groups[row.group as usize].clone(),
            copies: copies[data.story[article as usize] as usize] - 1,
            scores: pairs.map(score).collect(),
        });
    }
    let of_cell = |pairs: &Vec<u32>| pairs.iter().map(|pair| place[&data.pairs[*pair as usize].article]).collect();
    Ok((entries, chosen.iter().map(of_cell).collect()))
}
