//! The table for reading.

use std::io::{self, Write};

use super::style::{BOLD, DIM, bar, class_name, clip, pad, signed, stance_style, styled};
use super::{Reporter, Shown};
use crate::article::Kind;
use crate::label::Sentiment;
use crate::score::{ArticleResult, ParagraphResult, ParagraphScore};

const BAR: usize = 8;
const SMALL_BAR: usize = 4;
const NAME: usize = 14;
const WORDS: usize = 72;

/// Writes a header and a row a company for each article; with paragraphs, what each says of each company.
pub struct TableReporter {
    shown: Shown,
    model: String,
}

impl TableReporter {
    /// Shows what `shown` says, at the end the name of the model; the text has colours, which the stream must strip if it has none.
    pub fn new(shown: Shown, model: String) -> Self {
        TableReporter { shown, model }
    }

    fn paragraph(&self, paragraph: &ParagraphResult, out: &mut dyn Write) -> io::Result<()> {
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
            facts.push(format!("{} {}", class_name::<Sentiment>(sentiment.class), signed(sentiment.score(), 2)));
        }
        let number = format!("{:>4}", paragraph.index);
        let words = if self.shown.text { clip(&paragraph.text, usize::MAX) } else { clip(&paragraph.text, WORDS) };
        let words = if paragraph.kind == Kind::Boilerplate { styled(DIM, &words) } else { words };
        writeln!(out, "{}  {words}  {}", styled(DIM, &number), styled(DIM, &format!("[{}]", facts.join(", "))))?;
        for score in &paragraph.scores {
            write_score(score, out)?;
        }
        Ok(())
    }
}

impl Reporter for TableReporter {
    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", styled(DIM, &format!("model {}", self.model)))
    }

    fn article(&self, article: &ArticleResult, out: &mut dyn Write) -> io::Result<()> {
        let title = article.title.as_deref().unwrap_or(&article.doc);
        writeln!(out, "{}", styled(BOLD, &clip(title, 100)))?;
        let facts: Vec<String> =
            [Some(article.doc.as_str()), article.meta.outlet.as_deref(), article.meta.date.as_deref()]
                .into_iter()
                .flatten()
                .chain([article.language.name()])
                .map(|fact| clip(fact, 80))
                .collect();
        let left_out = article.paragraphs.iter().filter(|p| p.kind == Kind::Boilerplate).count();
        writeln!(
            out,
            "{}",
            styled(
                DIM,
                &format!("{}, {} paragraphs, {left_out} boilerplate", facts.join(", "), article.paragraphs.len())
            )
        )?;
        if article.scores.is_empty() {
            writeln!(out, "  no company of the table is mentioned")?;
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
            writeln!(out, "{}", styled(DIM, heading.trim_end()))?;
        }
        for score in &article.scores {
            let style = stance_style(score.label);
            let label = format!("{}{}", score.label, if score.abstain { "?" } else { "" });
            writeln!(
                out,
                "  {} {} {:>6}  {} {} {:>10} {:>8}",
                pad(&clip(&score.target, NAME), NAME),
                styled(style, &bar(score.score, BAR)),
                signed(score.score, 2),
                styled(style, &format!("{label:<8}")),
                format_args!("{:<15}", format!("{} to {}", signed(score.low, 2), signed(score.high, 2))),
                score.paragraphs,
                score.mentions
            )?;
        }
        if self.shown.paragraphs {
            writeln!(out)?;
            let shown = self.shown;
            for paragraph in shown.paragraphs_of(article) {
                self.paragraph(paragraph, out)?;
            }
        }
        Ok(())
    }

    fn separator(&self) -> &'static str {
        "
"
    }
}

fn write_score(score: &ParagraphScore, out: &mut dyn Write) -> io::Result<()> {
    let value = score.judgement.score();
    let style = stance_style(score.label);
    let [favor, neutral, against] = score.judgement.p;
    writeln!(
        out,
        "      {} {} {}  {}  {}",
        pad(&clip(&score.target, NAME), NAME),
        styled(style, &bar(value, SMALL_BAR)),
        signed(value, 2),
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
