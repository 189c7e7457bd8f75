//! The table for reading.

use std::io::{self, Write};

use super::style::{BOLD, DIM, bar, class_name, clip, pad, stance_style, styled};
use super::{Reporter, Shown};
use crate::article::Kind;
use crate::label::Sentiment;
use crate::score::{ArticleResult, ParagraphResult, ParagraphScore};

const BAR: usize = 8;
const SMALL_BAR: usize = 4;
const NAME: usize = 14;
const WORDS: usize = 72;

/// Writes a header and a row a company for each article; with paragraphs, what each says of each company.
pub struct TableReporter<W> {
    out: W,
    shown: Shown,
    articles: usize,
}

impl<W: Write> TableReporter<W> {
    /// Writes to `out`, which strips colours if it has none.
    pub fn new(out: W, shown: Shown) -> Self {
        TableReporter { out, shown, articles: 0 }
    }

    fn paragraph(&mut self, paragraph: &ParagraphResult) -> io::Result<()> {
        let role = match paragraph.rule {
            Some(rule) => format!("{}: {}", paragraph.kind.name(), rule.name()),
            None if paragraph.kind == Kind::Body => String::new(),
            None => paragraph.kind.name().to_string(),
        };
        let mut facts: Vec<String> = Vec::new();
        if !role.is_empty() {
            facts.push(role);
        }
        if let Some(sentiment) = &paragraph.sentiment {
            facts.push(format!("{} {:+.2}", class_name::<Sentiment>(sentiment.class()), sentiment.score()));
        }
        let number = format!("{:>4}", paragraph.index);
        let words = if self.shown.text { clip(&paragraph.text, usize::MAX) } else { clip(&paragraph.text, WORDS) };
        let words = if paragraph.kind == Kind::Boilerplate { styled(DIM, &words) } else { words };
        writeln!(self.out, "{}  {words}  {}", styled(DIM, &number), styled(DIM, &format!("[{}]", facts.join(", "))))?;
        for score in &paragraph.scores {
            self.score(score)?;
        }
        Ok(())
    }

    fn score(&mut self, score: &ParagraphScore) -> io::Result<()> {
        let value = score.judgement.score();
        let style = stance_style(score.label);
        let [favor, neutral, against] = score.judgement.p;
        writeln!(
            self.out,
            "      {} {} {:+.2}  {}  {}",
            pad(&clip(&score.target, NAME), NAME),
            styled(style, &bar(value, SMALL_BAR)),
            value,
            styled(style, &format!("{:<7}", score.label)),
            styled(
                DIM,
                &format!(
                    "favor {favor:.2}  neutral {neutral:.2}  against {against:.2}{}{}",
                    if score.only_anaphora { "  by reference" } else { "" },
                    if score.abstain { "  unsure" } else { "" }
                )
            )
        )
    }
}

impl<W: Write> Reporter for TableReporter<W> {
    fn article(&mut self, article: &ArticleResult) -> io::Result<()> {
        if self.articles > 0 {
            writeln!(self.out)?;
        }
        self.articles += 1;
        let title = article.title.as_deref().unwrap_or(&article.doc);
        writeln!(self.out, "{}", styled(BOLD, &clip(title, 100)))?;
        let facts: Vec<String> =
            [Some(article.doc.as_str()), article.meta.outlet.as_deref(), article.meta.date.as_deref()]
                .into_iter()
                .flatten()
                .chain([article.language.name()])
                .map(|fact| clip(fact, 80))
                .collect();
        let left_out = article.paragraphs.iter().filter(|p| p.kind == Kind::Boilerplate).count();
        writeln!(
            self.out,
            "{}",
            styled(
                DIM,
                &format!("{}, {} paragraphs, {left_out} boilerplate", facts.join(", "), article.paragraphs.len())
            )
        )?;
        if article.scores.is_empty() {
            writeln!(self.out, "  no company of the table is mentioned")?;
        } else {
            let heading = format!(
                "  {} {} {:>6}  {:<8} {:<15} {:>10} {:>8}",
                pad("company", NAME),
                pad("against · favor", 2 * BAR + 1),
                "score",
                "label",
                "95 % interval",
                "paragraphs",
                "mentions"
            );
            writeln!(self.out, "{}", styled(DIM, heading.trim_end()))?;
        }
        for score in &article.scores {
            let style = stance_style(score.label);
            let label = format!("{}{}", score.label, if score.abstain { "?" } else { "" });
            writeln!(
                self.out,
                "  {} {} {:>+6.2}  {} {} {:>10} {:>8}",
                pad(&clip(&score.target, NAME), NAME),
                styled(style, &bar(score.score, BAR)),
                score.score,
                styled(style, &format!("{label:<8}")),
                format_args!("{:<15}", format!("{:+.2} to {:+.2}", score.low, score.high)),
                score.paragraphs,
                score.mentions
            )?;
        }
        if self.shown.paragraphs {
            writeln!(self.out)?;
            let shown = self.shown;
            for paragraph in shown.paragraphs_of(article) {
                self.paragraph(paragraph)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
