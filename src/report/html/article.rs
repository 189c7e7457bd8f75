//! Scored articles for a browser.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::page::{self, Escaped, Shell, signed, term};
use crate::article::Kind;
use crate::label::{Class, Language};
use crate::model::{Evidence, Word};
use crate::report::{Reporter, Shown};
use crate::score::{ArticleResult, ParagraphResult, ParagraphScore};

/// A page with every article: its scores as a table, and its text with what each paragraph says of each company in the margin.
///
/// From articles that were scored with evidence ([`crate::score::Scorer::with_evidence`]) words can be coloured.
pub struct HtmlReporter {
    shown: Shown,
    model: String,
}

impl HtmlReporter {
    /// Shows what `shown` says, texts with the paragraphs and boilerplate in any case; `model` names the model that judged.
    pub fn new(shown: Shown, model: String) -> Self {
        HtmlReporter { shown: Shown { boilerplate: true, ..shown }, model }
    }

    fn shell(&self) -> Shell<'_> {
        Shell::new("Stance toward companies", "Skip to the articles", &self.model)
    }
}

/// What the script knows of an article besides what the page shows; without names because there may be many.
#[derive(Serialize)]
struct Data<'a> {
    /// The document.
    d: &'a str,
    /// The companies.
    t: Vec<&'a str>,
    /// Paragraphs with scores.
    p: Vec<ParagraphData>,
}

/// Position in the document, tokens, and in the order of the margin the scores.
#[derive(Serialize)]
struct ParagraphData(usize, String, Vec<ScoreData>);

/// Code points of the first mention, and the contributions.
#[derive(Serialize)]
struct ScoreData(usize, usize, String);

/// What twelve bits hold.
const LARGEST: usize = 4095;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn digit(value: usize) -> char {
    char::from(DIGITS[value & 63])
}

fn two_digits(value: usize) -> [char; 2] {
    [digit(value >> 6), digit(value)]
}

/// Tokens as gaps and lengths in UTF-16 units: one digit where the gap is at most 1 and the length at most 31, else an `A` and two digits each.
///
/// Gaps and tokens longer than [`LARGEST`] are divided; the second part of the result says which token each part begins.
fn tokens(text: &str, places: impl Iterator<Item = Range<usize>>) -> (String, Vec<Option<usize>>) {
    let units = |range: Range<usize>| text[range].encode_utf16().count();
    let (mut coded, mut parts, mut at) = (String::new(), Vec::new(), 0);
    let mut put = |gap: usize, length: usize, token: Option<usize>| {
        if gap <= 1 && length <= 31 && gap + length > 0 {
            coded.push(digit(gap << 5 | length));
        } else {
            coded.push('A');
            coded.extend(two_digits(gap));
            coded.extend(two_digits(length));
        }
        parts.push(token);
    };
    for (token, place) in places.enumerate() {
        let (mut gap, mut length) = (units(at..place.start), units(place.clone()));
        at = place.end;
        while gap > LARGEST {
            put(LARGEST, 0, None);
            gap -= LARGEST;
        }
        put(gap, length.min(LARGEST), Some(token));
        while length > LARGEST {
            length -= LARGEST;
            put(0, length.min(LARGEST), None);
        }
    }
    (coded, parts)
}

/// What one digit holds of a contribution in hundredths, on each side of 0; a `_` begins a longer one.
const NEAR: i32 = 31;
/// What two digits hold.
const FAR: i32 = 2047;

/// Contributions in hundredths of a logit: one digit each where they are small, else a `_` and two digits.
fn contributions(evidence: &Evidence, parts: &[Option<usize>]) -> String {
    let mut coded = String::with_capacity(parts.len());
    for part in parts {
        let hundredths = part.map_or(0.0, |token| evidence.words[token].contribution * 100.0).round() as i32;
        if hundredths.abs() <= NEAR {
            coded.push(digit((hundredths + NEAR) as usize));
        } else {
            coded.push('_');
            coded.extend(two_digits((hundredths.clamp(-FAR, FAR) + FAR) as usize));
        }
    }
    coded
}

/// Where the words of a paragraph stand in its plain text; they depend on no company.
fn places(paragraph: &ParagraphResult, evidence: &Evidence) -> Vec<Range<usize>> {
    let mut at = 0;
    let place = |word: &Word| {
        let found = paragraph.spans.plain(&word.range).unwrap_or(at..at);
        let start = found.start.max(at);
        at = found.end.max(start);
        start..at
    };
    evidence.words.iter().map(place).collect()
}

fn paragraph_data(paragraph: &ParagraphResult) -> ParagraphData {
    let first = paragraph.scores.first().and_then(|score| score.evidence.as_ref());
    let places = first.map(|evidence| places(paragraph, evidence)).unwrap_or_default();
    let (coded, parts) = tokens(&paragraph.text, places.into_iter());
    let score = |score: &ParagraphScore| {
        let points = |end: usize| paragraph.text[..end].chars().count();
        let mention = score.mentions.iter().find_map(|mention| paragraph.spans.plain(&mention.range)).unwrap_or(0..0);
        let coded = score.evidence.as_ref().map(|evidence| contributions(evidence, &parts)).unwrap_or_default();
        ScoreData(points(mention.start), points(mention.end), coded)
    };
    ParagraphData(paragraph.index, coded, paragraph.scores.iter().map(score).collect())
}

fn index(names: &[Arc<str>], name: &Arc<str>) -> usize {
    names.iter().position(|known| known == name).unwrap_or(names.len())
}

/// The companies of an article in the order of their first mention.
fn names(article: &ArticleResult) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = article.scores.iter().map(|score| Arc::clone(&score.target)).collect();
    for score in article.paragraphs.iter().flat_map(|p| &p.scores) {
        if !names.contains(&score.target) {
            names.push(Arc::clone(&score.target));
        }
    }
    names
}

/// The text of a paragraph with its mentions marked.
fn marked(paragraph: &ParagraphResult, names: &[Arc<str>]) -> String {
    let mut mentions: Vec<(Range<usize>, usize)> = paragraph
        .scores
        .iter()
        .flat_map(|score| score.mentions.iter().map(move |mention| (mention, index(names, &score.target))))
        .filter_map(|(mention, company)| Some((paragraph.spans.plain(&mention.range)?, company)))
        .collect();
    mentions.sort_by_key(|(range, _)| range.start);
    let (mut text, mut at) = (String::new(), 0);
    for (range, company) in mentions.into_iter().filter(|(range, _)| !range.is_empty()) {
        if range.start < at {
            continue;
        }
        let (before, name) = (&paragraph.text[at..range.start], &paragraph.text[range.clone()]);
        let _ = write!(text, "{}<b data-c={company}>{}</b>", Escaped(before), Escaped(name));
        at = range.end;
    }
    let _ = write!(text, "{}", Escaped(&paragraph.text[at..]));
    text
}

/// The language of a text for the browser, which the page's own may differ from.
fn lang(language: Language) -> &'static str {
    match language {
        Language::En => " lang=en",
        Language::Zh => " lang=zh",
        Language::Mixed => "",
    }
}

fn paragraph(paragraph: &ParagraphResult, names: &[Arc<str>], out: &mut String) {
    let kind = match paragraph.kind {
        Kind::Body => String::new(),
        kind => format!(" {}", kind.name().replace(' ', "-")),
    };
    let scored = if paragraph.scores.is_empty() { "" } else { " s" };
    let class = format!("p{scored}{kind}");
    let class = if class.contains(' ') { format!("\"{class}\"") } else { class };
    let _ = write!(out, "<div class={class}><p{}>{}</p>", lang(paragraph.language), marked(paragraph, names));
    if paragraph.kind == Kind::Boilerplate {
        let rule = paragraph.rule.map(|rule| format!(": {}", term(rule.name()))).unwrap_or_default();
        let _ = write!(out, "<p class=why>{}{rule}</p>", term(paragraph.kind.name()));
    }
    if !paragraph.scores.is_empty() {
        out.push_str("<ul>");
        for score in &paragraph.scores {
            let [favor, neutral, against] = score.judgement.p;
            let _ = write!(
                out,
                "<li class={label}>{name} <i>{label}{unsure}</i> {value} <small>{favor:.3} {neutral:.3} {against:.3}{reference}</small>",
                label = score.label.name(),
                name = Escaped(&score.target),
                unsure = if score.abstain { "?" } else { "" },
                value = signed(score.judgement.score(), 2),
                reference = if score.only_anaphora { " by reference" } else { "" },
            );
        }
        out.push_str("</ul>");
    }
    out.push_str("</div>\n");
}

fn scores(article: &ArticleResult, out: &mut String) {
    if article.scores.is_empty() {
        out.push_str("<p class=\"facts t\">No company of the table is mentioned.</p>\n");
        return;
    }
    out.push_str(
        "<div class=scroll><table><caption class=t>What the article says of each company</caption><thead><tr>",
    );
    for head in ["Company", "Score", "95 % interval", "Label", "Paragraphs", "Mentions"] {
        let _ = write!(out, "<th scope=col class=t>{head}");
    }
    out.push_str("<tbody>\n");
    for score in &article.scores {
        let _ = writeln!(
            out,
            "<tr><th scope=row>{}<td class=n>{}<td class=n>{} … {}<td class={}>{}{}<td class=n>{}<td class=n>{}",
            Escaped(&score.target),
            signed(score.score, 2),
            signed(score.low, 2),
            signed(score.high, 2),
            score.label.name(),
            term(score.label.name()),
            if score.abstain { "?" } else { "" },
            score.paragraphs,
            score.mentions
        );
    }
    out.push_str("</table></div>\n");
}

impl Reporter for HtmlReporter {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        let legend = [
            "The score is P(favor) − P(against), from −1 to +1; bars show it with its interval. In the margin: the probabilities of favor / neutral / against. A question mark: unsure.",
            super::explain::COLOURS,
        ];
        out.write_all(self.shell().begin(&page::legend(&legend), "").as_bytes())
    }

    fn article(&self, article: &ArticleResult, out: &mut dyn Write) -> io::Result<()> {
        let names = names(article);
        let title = article.title.as_deref().unwrap_or(&article.doc);
        let facts: Vec<String> = [article.meta.outlet.as_deref(), article.meta.date.as_deref(), Some(&*article.doc)]
            .into_iter()
            .flatten()
            .map(|fact| Escaped(fact).to_string())
            .collect();
        let mut html = format!(
            "<article class=scored>\n<h2{}>{}</h2>\n<p class=facts>{}</p>\n",
            lang(article.language),
            Escaped(title),
            facts.join(" · ")
        );
        if self.shown.articles {
            scores(article, &mut html);
        }
        let mut data = Data { d: &article.doc, t: names.iter().map(|name| &**name).collect(), p: Vec::new() };
        if self.shown.paragraphs {
            let boilerplate = article.paragraphs.iter().filter(|p| p.kind == Kind::Boilerplate).count();
            let _ = write!(
                html,
                "<details><summary>{}: {} {}, {boilerplate} {}</summary>",
                term("Text"),
                article.paragraphs.len(),
                term("paragraphs"),
                term("boilerplate")
            );
            for of in self.shown.paragraphs_of(article) {
                paragraph(of, &names, &mut html);
            }
            html.push_str("</details>\n");
            let scored = self.shown.paragraphs_of(article).filter(|p| !p.scores.is_empty());
            data.p = scored.map(paragraph_data).collect();
        }
        let _ = writeln!(html, "<script type=\"application/json\">{}</script>\n</article>", page::data(&data)?);
        out.write_all(html.as_bytes())
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.shell().end().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::article::{Document, Meta};
    use crate::model::Model;
    use crate::score::Scorer;
    use crate::target::{Finder, TargetTable};

    static SCORER: std::sync::LazyLock<Scorer> = std::sync::LazyLock::new(|| {
        Scorer::new(Model::builtin().unwrap(), Finder::new(TargetTable::builtin())).unwrap().with_evidence()
    });

    const SHOWN: Shown = Shown { articles: true, paragraphs: true, boilerplate: false, text: false };

    fn html(article: &ArticleResult) -> String {
        let mut out = Vec::new();
        HtmlReporter::new(SHOWN, "m".into()).article(article, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn scored(text: &str) -> ArticleResult {
        SCORER.score(&Document::from_text("t", text).into_article().unwrap())
    }

    /// Reads tokens and contributions as the script does.
    fn read(w: &str, v: &str) -> Vec<(usize, usize, f64)> {
        let value = |c: u8| DIGITS.iter().position(|d| *d == c).unwrap();
        let (w, v) = (w.as_bytes(), v.as_bytes());
        let two = |of: &[u8], at: usize| value(of[at]) * 64 + value(of[at + 1]);
        let (mut i, mut k, mut at, mut found) = (0, 0, 0, Vec::new());
        while i < w.len() {
            let (gap, length) = match w[i] {
                b'A' => (two(w, i + 1), two(w, i + 3)),
                one => (value(one) >> 5, value(one) & 31),
            };
            i += if w[i] == b'A' { 5 } else { 1 };
            let far = v[k] == b'_';
            let hundredths = if far { two(v, k + 1) as i32 - FAR } else { value(v[k]) as i32 - NEAR };
            k += if far { 3 } else { 1 };
            found.push((at + gap, at + gap + length, f64::from(hundredths) / 100.0));
            at += gap + length;
        }
        assert_eq!(k, v.len());
        found
    }

    #[test]
    fn the_script_gets_every_word_and_what_it_adds() {
        let long = "长".repeat(3 * LARGEST);
        let text =
            format!("😀 **Open**AI's model {} is a disgrace,\t 但月之暗面遥遥领先。{long}", "x".repeat(2 * LARGEST));
        let article = scored(&text);
        let [paragraph] = &article.paragraphs[..] else { panic!("one paragraph") };
        let units: Vec<u16> = paragraph.text.encode_utf16().collect();
        let ParagraphData(0, coded, scores) = paragraph_data(paragraph) else { panic!("the first") };
        assert_eq!(scores.len(), 2);
        let mut strong = 0;
        for (ScoreData(from, to, values), score) in scores.iter().zip(&paragraph.scores) {
            let name: String = paragraph.text.chars().skip(*from).take(to - from).collect();
            assert_eq!(name, if &*score.target == "OpenAI" { "OpenAI" } else { "月之暗面" });
            let found = read(&coded, values);
            for word in &score.evidence.as_ref().unwrap().words {
                let spelling = text[word.range.clone()].replace("**", "");
                let rounded = |value: f64| (value * 100.0).round() / 100.0;
                let begins = |(from, to, value): &&(usize, usize, f64)| {
                    let part = String::from_utf16(&units[*from..*to]).unwrap();
                    from < to && spelling.starts_with(&part) && *value == rounded(word.contribution)
                };
                assert!(found.iter().any(|f| begins(&f)), "{spelling}");
                strong += usize::from(word.contribution.abs() > 0.4);
            }
        }
        assert!(strong > 1, "long forms were tried");
    }

    #[test]
    fn a_page_shows_everything_without_the_script() {
        let page = html(&scored("# Harbour\n\nOpenAI is a disgrace.\n\nImage from the Internet"));
        for part in [
            "<h2 lang=en>Harbour</h2>",
            "<b data-c=0>OpenAI</b> is a disgrace.",
            "<span class=t>caption</span>",
            "<li class=against>OpenAI <i>against",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains(" style="), "the policy forbids style attributes");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_breaks_out(text in "\\PC{0,40}", title in "\\PC{0,20}") {
            let hostile = format!("OpenAI {text} </p></script><script>alert(1)</script> is bad, \"' --> {title}");
            let mut article = scored(&hostile);
            article.title = Some(format!("{title}</h2><img src=x onerror=alert(1)>"));
            article.doc = format!("{text}</script><script>");
            article.meta = Meta { outlet: Some(hostile.clone()), ..Meta::default() };
            let page = html(&article);
            prop_assert_eq!(page.matches("<script").count(), 1);
            prop_assert_eq!(page.matches("</script").count(), 1);
            prop_assert!(!page.contains("<img") && !page.contains("alert(1)>"));
        }
    }
}
