//! Explanations on a terminal and as JSON.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Reporter;
use super::style::{BOLD, DIM, clip, pad, signed, stance_style, styled};
use crate::label::{Class, Stance};
use crate::model::Role;
use crate::score::{ExplainedArticle, ExplainedWord, Explanation};

/// Words for and against that are listed.
pub(super) const STRONGEST: usize = 8;
/// Below this share of the strongest word a word has no colour and no number.
const FAINT: f64 = 0.1;
/// Below this share it is coloured but not bold.
const STRONG: f64 = 0.5;

/// Explanations for reading.
pub struct TableExplainer {
    colour: bool,
}

impl TableExplainer {
    /// With `colour` words are coloured; without, the stronger ones are followed by what they add.
    pub fn new(colour: bool) -> Self {
        TableExplainer { colour }
    }

    /// The text with its words coloured or numbered.
    fn text(&self, of: &Explanation) -> String {
        let largest = of.largest();
        let mut text = String::new();
        let mut at = 0;
        for word in &of.words {
            text.push_str(&clean(&of.text[at..word.plain.start]));
            at = word.plain.end;
            let share = if largest > 0.0 { word.contribution.abs() / largest } else { 0.0 };
            if share < FAINT {
                text.push_str(&clean(&word.text));
            } else if self.colour {
                text.push_str(&styled(word_style(word, share), &clean(&word.text)));
            } else {
                let _ = write!(text, "{}[{}]", clean(&word.text), signed(word.contribution, 2));
            }
        }
        text.push_str(&clean(&of.text[at..]));
        text
    }

    fn explanation(&self, of: &Explanation, out: &mut dyn Write) -> io::Result<()> {
        let label = format!("{}{}", of.label, if of.abstain { "?" } else { "" });
        writeln!(
            out,
            "{} {}  {} {}  {}",
            styled(BOLD, &format!("paragraph {}", of.paragraph)),
            styled(DIM, &format!("[{}, {}]", of.kind.name(), of.language)),
            styled(BOLD, &clip(&of.target, 40)),
            styled(stance_style(of.label), &label),
            signed(of.score, 4)
        )?;
        writeln!(out, "  {}\n", self.text(of))?;
        writeln!(out, "  {}", styled(DIM, &format!("as the model reads it: {}", clean(&of.masked))))?;
        let names: Vec<String> = of.names.iter().map(|name| clip(name, 40)).collect();
        writeln!(out, "  {}\n", styled(DIM, &format!("⟨TARGET⟩ stands for: {}", names.join(", "))))?;
        strongest(of, out)?;
        parts(of, out)?;
        probabilities(of, out)
    }
}

/// A text that cannot steer the terminal.
fn clean(text: &str) -> String {
    clip(text, usize::MAX)
}

fn word_style(word: &ExplainedWord, share: f64) -> Style {
    let colour = if word.contribution > 0.0 { AnsiColor::Green } else { AnsiColor::Red };
    let style = colour.on_default();
    if share < STRONG { style } else { style.bold().underline() }
}

fn strongest(of: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    const COLUMN: usize = 26;
    let sides = [of.strongest(true, STRONGEST), of.strongest(false, STRONGEST)];
    let cell = |side: usize, row: usize| {
        let Some((word, count, sum)) = sides[side].get(row) else { return " ".repeat(COLUMN + 9) };
        let times = if *count > 1 { format!(" ×{count}") } else { String::new() };
        let room = COLUMN - times.chars().count();
        let style = stance_style([Stance::Favor, Stance::Against][side]);
        format!("{} {}", pad(&(clip(word, room) + &times), COLUMN), styled(style, &format!("{:>8}", signed(*sum, 4))))
    };
    let head = format!("{}   words against", pad("words for", COLUMN + 9));
    writeln!(out, "  {}", styled(DIM, &head))?;
    for row in 0..sides[0].len().max(sides[1].len()) {
        writeln!(out, "  {}", format!("{}   {}", cell(0, row), cell(1, row)).trim_end())?;
    }
    writeln!(out)
}

fn parts(of: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {}", styled(DIM, "logit(favor) − logit(against)"))?;
    let mut line = |name: &str, value: f64, note: &str| {
        writeln!(out, "  {} {:>8}{}", pad(name, 26), signed(value, 4), styled(DIM, note))
    };
    line("bias", of.bias, "  difference of the intercepts")?;
    line("words", of.sum_of_words, "")?;
    line("no single word", of.whole, "  language, rounding")?;
    line("total", of.total, &format!("  the parts miss it by {:.0e}", of.residual.abs()))?;
    let blocks: Vec<String> = of
        .blocks
        .iter()
        .filter(|(_, sum)| *sum != 0.0)
        .map(|(kind, sum)| format!("{kind} {}", signed(*sum, 4)))
        .collect();
    if !blocks.is_empty() {
        writeln!(out, "  {}", styled(DIM, &format!("by block: {}", blocks.join(", "))))?;
    }
    writeln!(out)
}

fn probabilities(of: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |name: &str, values: [f64; 3], note: String| {
        let [favor, neutral, against] = values.map(|x| format!("{x:>8.4}"));
        writeln!(out, "  {} {favor} {neutral} {against}{}", pad(name, 26), styled(DIM, &note))
    };
    line("logits", of.logits, String::new())?;
    line("probabilities", of.raw, "  softmax".into())?;
    line("calibrated", of.own, "  the paragraph by itself".into())?;
    line(
        "in the article",
        of.p,
        format!("  the other paragraphs move favor : against by {} nats", signed(of.shift, 4)),
    )?;
    line("ln p + offset", of.decided.map(|d| d.log_p + d.offset), {
        let offsets: Vec<String> = of.decided.iter().map(|d| signed(d.offset, 2)).collect();
        format!("  offsets {}: {}", offsets.join(" "), of.label)
    })
}

impl Reporter<ExplainedArticle> for TableExplainer {
    fn article(&self, article: &ExplainedArticle, out: &mut dyn Write) -> io::Result<()> {
        let result = &article.result;
        let title = result.title.as_deref().unwrap_or(&result.doc);
        writeln!(out, "{}", styled(BOLD, &clip(title, 100)))?;
        writeln!(out, "{}", styled(DIM, &clip(&result.doc, 100)))?;
        for explanation in &article.explanations {
            writeln!(out)?;
            self.explanation(explanation, out)?;
        }
        Ok(())
    }

    fn separator(&self) -> &'static str {
        "\n"
    }
}

#[derive(Serialize)]
struct DocumentForm<'a> {
    doc: &'a str,
    title: Option<&'a str>,
    explanations: Vec<ExplanationForm<'a>>,
}

#[derive(Serialize)]
struct ExplanationForm<'a> {
    paragraph: usize,
    kind: &'static str,
    start: usize,
    end: usize,
    lang: &'static str,
    text: &'a str,
    masked: &'a str,
    target: &'a str,
    names: &'a [String],
    label: &'static str,
    score: f64,
    abstain: bool,
    bias: f64,
    words: f64,
    whole: f64,
    total: f64,
    residual: f64,
    blocks: Map<String, Value>,
    logits: Value,
    raw: Value,
    calibrated: Value,
    p: Value,
    shift: f64,
    offsets: Value,
    tokens: Vec<TokenForm<'a>>,
}

#[derive(Serialize)]
struct TokenForm<'a> {
    text: &'a str,
    /// Bytes in the document.
    start: usize,
    end: usize,
    /// Code points in the text of the paragraph.
    from: usize,
    to: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    mask: Option<&'static str>,
    contribution: f64,
}

fn of_classes(values: [f64; 3]) -> Value {
    let [favor, neutral, against] = values;
    json!({ "favor": favor, "neutral": neutral, "against": against })
}

fn form(of: &Explanation) -> ExplanationForm<'_> {
    ExplanationForm {
        paragraph: of.paragraph,
        kind: of.kind.name(),
        start: of.range.start,
        end: of.range.end,
        lang: of.language.name(),
        text: &of.text,
        masked: &of.masked,
        target: &of.target,
        names: &of.names,
        label: of.label.name(),
        score: of.score,
        abstain: of.abstain,
        bias: of.bias,
        words: of.sum_of_words,
        whole: of.whole,
        total: of.total,
        residual: of.residual,
        blocks: of.blocks.iter().map(|(kind, sum)| (kind.to_string(), json!(sum))).collect(),
        logits: of_classes(of.logits),
        raw: of_classes(of.raw),
        calibrated: of_classes(of.own),
        p: of_classes(of.p),
        shift: of.shift,
        offsets: of_classes(of.decided.map(|d| d.offset)),
        tokens: of
            .words
            .iter()
            .map(|word| TokenForm {
                text: &word.text,
                start: word.range.start,
                end: word.range.end,
                from: word.at.start,
                to: word.at.end,
                mask: match word.role {
                    Role::Word => None,
                    Role::Target => Some("target"),
                    Role::Other => Some("other"),
                },
                contribution: word.contribution,
            })
            .collect(),
    }
}

/// One array with an object a document, in full precision.
pub struct JsonExplainer;

impl Reporter<ExplainedArticle> for JsonExplainer {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"[\n")
    }

    fn article(&self, article: &ExplainedArticle, out: &mut dyn Write) -> io::Result<()> {
        let document = DocumentForm {
            doc: &article.result.doc,
            title: article.result.title.as_deref(),
            explanations: article.explanations.iter().map(form).collect(),
        };
        serde_json::to_writer(out, &document)?;
        Ok(())
    }

    fn separator(&self) -> &'static str {
        ",\n"
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"\n]\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Document;
    use crate::model::CompiledModel;
    use crate::score::{Question, Scorer};
    use crate::target::{Finder, TargetTable};

    #[test]
    fn nothing_steers_the_terminal() {
        let scorer = Scorer::new(CompiledModel::builtin().unwrap(), Finder::new(TargetTable::builtin())).unwrap();
        let text = "OpenAI \u{1b}[31mlied\u{1b}]0;x\u{7} and cheated.";
        let article = Document::from_text("a\u{1b}[2J", text).into_article().unwrap();
        let explained = scorer.with_evidence().explain(&article, &Question::default()).unwrap();
        let mut out = Vec::new();
        TableExplainer::new(false).article(&explained, &mut out).unwrap();
        let plain = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
        assert!(plain.contains("lied") && !plain.chars().any(|c| c.is_control() && c != '\n'), "{plain:?}");
    }
}
