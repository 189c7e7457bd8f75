//! Explanations for a browser: everything stands in the page, the script only speaks Chinese.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::page::{self, Escaped, Shell, colour, signed, table, term};
use crate::label::{Class, Stance};
use crate::report::Reporter;
use crate::report::explain::STRONGEST;
use crate::score::{ExplainedArticle, Explanation};

/// What colours mean.
pub(super) const COLOURS: &str = "Words for the company have a straight underline, words against it a wavy one; the darker, the more they add to logit(favor) − logit(against).";

/// A page with every explanation.
pub struct HtmlExplainer {
    model: String,
}

impl HtmlExplainer {
    /// `model` names the model that judged.
    pub fn new(model: String) -> Self {
        HtmlExplainer { model }
    }

    fn shell(&self) -> Shell<'_> {
        Shell::new("Why: the words behind a score", "Skip to the articles", &self.model)
    }
}

fn coloured(of: &Explanation) -> String {
    let (mut text, mut at) = (String::new(), 0);
    for word in &of.words {
        let _ = write!(text, "{}", Escaped(&of.text[at..word.plain.start]));
        at = word.plain.end;
        let spelled = Escaped(&word.text);
        let _ = match colour(word.contribution) {
            Some(class) => {
                write!(text, "<span class=\"w {class}\" title=\"{}\">{spelled}</span>", signed(word.contribution, 4))
            }
            None => write!(text, "{spelled}"),
        };
    }
    let _ = write!(text, "{}", Escaped(&of.text[at..]));
    text
}

fn explanation(of: &Explanation) -> String {
    let label = of.label.name();
    let mut html = format!(
        "<h3>{} {} · {} · <strong class={label}>{}{} {}</strong></h3>\n<p lang={}>{}</p>\n",
        term("Paragraph"),
        of.paragraph,
        Escaped(&of.target),
        term(label),
        if of.abstain { "?" } else { "" },
        signed(of.score, 4),
        if of.language.name() == "zh" { "zh" } else { "en" },
        coloured(of)
    );
    let names: Vec<String> = of.names.iter().map(|name| Escaped(name).to_string()).collect();
    let _ = writeln!(
        html,
        "<p class=masked>{}: {} (⟨TARGET⟩ {} {})</p>",
        term("As the model reads it"),
        Escaped(&of.masked),
        term("stands for"),
        names.join(", ")
    );
    html.push_str("<div class=side>");
    for (favor, head) in [(true, "Words for"), (false, "Words against")] {
        let found = of.strongest(favor, STRONGEST).into_iter();
        let rows = found.map(|(word, count, sum)| {
            let times = if count > 1 { format!(" ×{count}") } else { String::new() };
            vec![format!("{}{times}", Escaped(&word)), signed(sum, 4)]
        });
        html.push_str(&table("", &[head, "Adds"], rows));
    }
    html.push_str("</div>\n<div class=side>");
    let parts = [
        ("bias", signed(of.bias, 4)),
        ("words", signed(of.sum_of_words, 4)),
        ("no single word", signed(of.whole, 4)),
        ("total", signed(of.total, 4)),
        ("missed by", format!("{:.0e}", of.residual.abs())),
    ];
    let rows = parts.into_iter().map(|(name, value)| vec![term(name), value]);
    html.push_str(&table("Sum of the parts: logit(favor) − logit(against)", &["Part", "Adds"], rows));
    let blocks = of.blocks.iter().filter(|(_, sum)| *sum != 0.0);
    let rows = blocks.map(|(kind, sum)| vec![kind.to_string(), signed(*sum, 4)]);
    html.push_str(&table("By block of features", &["Block", "Adds"], rows));
    let (odds, probability) = (|x: f64| signed(x, 4), |x: f64| format!("{x:.4}"));
    let steps = [
        ("logits", of.logits.map(odds)),
        ("probabilities", of.raw.map(probability)),
        ("calibrated", of.own.map(probability)),
        ("in the article", of.p.map(probability)),
        ("ln p + offset", of.decided.map(|d| odds(d.log_p + d.offset))),
    ];
    let rows = steps.into_iter().map(|(name, numbers)| [term(name)].into_iter().chain(numbers).collect());
    let heads = ["Step", Stance::ALL[0].name(), Stance::ALL[1].name(), Stance::ALL[2].name()];
    html.push_str(&table("From logits to the label", &heads, rows));
    html.push_str("</div>\n");
    html
}

impl Reporter<ExplainedArticle> for HtmlExplainer {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.shell().begin(&page::legend(&[COLOURS]), "").as_bytes())
    }

    fn article(&self, article: &ExplainedArticle, out: &mut dyn Write) -> io::Result<()> {
        let result = &article.result;
        let title = result.title.as_deref().unwrap_or(&result.doc);
        let head = format!("<h2>{}</h2>\n<p class=facts>{}</p>", Escaped(title), Escaped(&result.doc));
        writeln!(out, "<article>\n{head}")?;
        for of in &article.explanations {
            out.write_all(explanation(of).as_bytes())?;
        }
        writeln!(out, "</article>")
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.shell().end().as_bytes())
    }
}
