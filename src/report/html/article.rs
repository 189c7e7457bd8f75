//! Scored articles for a browser.

use std::fmt::Write as _;
use std::io::{self, BufRead, Write};

use serde::Serialize;

use super::pack::Pack;
use super::page::{self, Escaped, Shell, signed, term};
use super::row::{Head, Part, Row, Whole};
use crate::label::{Class, Language};
use crate::report::{Reporter, Shown};
use crate::score::ArticleResult;

/// Pages up to this size in bytes have their texts as HTML; larger ones pack them, and the script unpacks what the reader opens.
const PLAIN: usize = 1_000_000;

/// Articles for a page: their scores, and their texts with what each paragraph says of each company in the margin.
///
/// It writes a row an article; [`html_from_rows`] makes the page of them. From articles that were scored with evidence
/// ([`crate::score::Scorer::with_evidence`]) words can be coloured.
pub struct HtmlReporter {
    shown: Shown,
    model: String,
}

impl HtmlReporter {
    /// Shows what `shown` says, texts with the paragraphs and boilerplate in any case; `model` names the model that judged.
    pub fn new(shown: Shown, model: String) -> Self {
        HtmlReporter { shown: Shown { boilerplate: true, ..shown }, model }
    }
}

fn line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

impl Reporter for HtmlReporter {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        let Shown { articles, paragraphs, .. } = self.shown;
        line(&Head { model: self.model.clone(), articles, paragraphs }, out)
    }

    fn article(&self, article: &ArticleResult, out: &mut dyn Write) -> io::Result<()> {
        line(&Row::new(article, self.shown), out)
    }
}

/// Makes the page of the rows that an [`HtmlReporter`] wrote.
///
/// Small pages can be read without JavaScript. Large ones hold the scores as HTML and the texts packed: 500 articles of 7 kB stay below 2 MB.
/// Memory is bounded, by some 4 MB of texts at a time.
///
/// # Errors
/// Those of the reader and the writer, and rows that are none.
pub fn html_from_rows(rows: impl BufRead, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = rows.lines();
    let head = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    let head: Head = serde_json::from_str(&head)?;
    let shell = Shell::new("Stance toward companies", "Skip to the articles", &head.model);
    let legend = [
        "The score is P(favor) − P(against), from −1 to +1; bars show it with its interval. In the margin: the probabilities of favor / neutral / against. A question mark: unsure.",
        super::explain::COLOURS,
    ];
    let mut rows = lines.map(|row| Ok::<Row, io::Error>(serde_json::from_str(&row?)?));
    out.write_all(shell.begin(&page::legend(&legend), "").as_bytes())?;
    let (mut small, mut plain) = (Vec::new(), String::new());
    let mut packed = false;
    for row in rows.by_ref() {
        let row = row?;
        article(&row, &head, &mut plain)?;
        small.push(row);
        packed = head.paragraphs && plain.len() > PLAIN;
        if packed {
            break;
        }
        if !head.paragraphs {
            out.write_all(plain.as_bytes())?;
            (small, plain) = (Vec::new(), String::new());
        }
    }
    if packed {
        pack(small.into_iter().map(Ok).chain(rows), &head, out)?;
    } else {
        out.write_all(plain.as_bytes())?;
    }
    out.write_all(shell.end().as_bytes())
}

/// Articles with their texts packed, and the packs behind them.
fn pack(rows: impl Iterator<Item = io::Result<Row>>, head: &Head, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<noscript><p>{}</p></noscript>",
        term("The texts of a page of this size are packed; they open with JavaScript.")
    )?;
    let mut pack = Pack::default();
    for row in rows {
        let row = row?;
        let mut html = String::new();
        summary(&row, head, &mut html);
        out.write_all(html.as_bytes())?;
        pack.add(&row);
        if pack.is_full() {
            out.write_all(std::mem::take(&mut pack).finish()?.as_bytes())?;
        }
    }
    out.write_all(pack.finish()?.as_bytes())
}

/// The heading of an article and what is known of it.
fn heading(row: &Row, out: &mut String) {
    let facts = [row.outlet.as_deref(), row.date.as_deref()].into_iter().flatten();
    let facts: String = facts.map(|fact| format!("{} · ", Escaped(fact))).collect();
    let _ = writeln!(
        out,
        "<article class=scored><h2{}>{}</h2><p class=facts>{facts}<code>{}</code></p>",
        lang(row.language),
        Escaped(row.title.as_deref().unwrap_or(&row.doc)),
        Escaped(&row.doc)
    );
}

/// An article whose text is packed: its companies with label and score; the pack has the rest.
fn summary(row: &Row, head: &Head, out: &mut String) {
    heading(row, out);
    out.push_str("<ul class=sum>");
    for (at, company) in row.companies.iter().enumerate() {
        let _ = write!(out, "<li>{}", Escaped(company));
        if let Some(score) = row.scores.get(at).filter(|_| head.articles) {
            let (label, unsure) = (score.label.name(), if score.abstain { "?" } else { "" });
            let _ = write!(out, " <i>{label}{unsure}</i> {}", signed(score.score, 2));
        }
    }
    out.push_str("</ul></article>\n");
}

/// An article with its text as HTML.
fn article(row: &Row, head: &Head, out: &mut String) -> io::Result<()> {
    heading(row, out);
    if head.articles {
        scores(row, out);
    }
    let mut data = Data { t: &row.companies, p: Vec::new() };
    if head.paragraphs {
        let boilerplate = row.paragraphs.iter().filter(|p| p.kind == "boilerplate").count();
        let _ = write!(
            out,
            "<details><summary>{}: {} {}, {boilerplate} {}</summary>",
            term("Text"),
            row.paragraphs.len(),
            term("paragraphs"),
            term("boilerplate")
        );
        for part in &row.paragraphs {
            paragraph(part, &row.companies, out);
        }
        out.push_str("</details>\n");
        data.p = row.paragraphs.iter().filter(|part| judged(part)).map(paragraph_data).collect();
    }
    let _ = writeln!(out, "<script type=\"application/json\">{}</script>\n</article>", page::data(&data)?);
    Ok(())
}

/// Whether a paragraph has a margin.
fn judged(part: &Part) -> bool {
    !part.said.is_empty() || part.tone.is_some()
}

/// What the script knows of an article besides what the page shows; without names because there may be many.
#[derive(Serialize)]
struct Data<'a> {
    /// The companies.
    t: &'a [String],
    /// Paragraphs with a margin.
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
fn tokens(text: &str, places: &[(usize, usize)]) -> (String, Vec<Option<usize>>) {
    let units = |from: usize, to: usize| text[from..to].encode_utf16().count();
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
    for (token, &(from, to)) in places.iter().enumerate() {
        let (mut gap, mut length) = (units(at, from), units(from, to));
        at = to;
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
fn contributions(adds: &[i32], parts: &[Option<usize>]) -> String {
    let mut coded = String::with_capacity(parts.len());
    for part in parts {
        let hundredths = part.and_then(|token| adds.get(token)).copied().unwrap_or(0);
        if hundredths.abs() <= NEAR {
            coded.push(digit((hundredths + NEAR) as usize));
        } else {
            coded.push('_');
            coded.extend(two_digits((hundredths.clamp(-FAR, FAR) + FAR) as usize));
        }
    }
    coded
}

fn paragraph_data(part: &Part) -> ParagraphData {
    let (coded, parts) = tokens(&part.text, &part.words);
    let scores = part.said.iter().map(|said| ScoreData(said.from, said.to, contributions(&said.adds, &parts)));
    ParagraphData(part.index, coded, scores.collect())
}

/// The text of a paragraph with its mentions marked.
fn marked(part: &Part) -> String {
    let (mut text, mut at) = (String::new(), 0);
    for &(from, to, company) in &part.marks {
        let (before, name) = (Escaped(&part.text[at..from]), Escaped(&part.text[from..to]));
        let _ = write!(text, "{before}<b data-c={company}>{name}</b>");
        at = to;
    }
    let _ = write!(text, "{}", Escaped(&part.text[at..]));
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

fn paragraph(part: &Part, companies: &[String], out: &mut String) {
    let kind = if part.kind == "body" { String::new() } else { format!(" {}", part.kind.replace(' ', "-")) };
    let class = format!("p{}{kind}", if judged(part) { " s" } else { "" });
    let class = if class.contains(' ') { format!("\"{class}\"") } else { class };
    let _ = write!(out, "<div class={class}><p{}>{}</p>", lang(part.language), marked(part));
    if part.kind == "boilerplate" {
        let rule = part.rule.as_deref().map(|rule| format!(": {}", term(rule))).unwrap_or_default();
        let _ = write!(out, "<p class=why>{}{rule}</p>", term(&part.kind));
    }
    if judged(part) {
        out.push_str("<ul>");
        for said in &part.said {
            let [favor, neutral, against] = said.p;
            let _ = write!(
                out,
                "<li class={label}>{name} <i>{label}{unsure}</i> {value} <small>{favor:.3} {neutral:.3} {against:.3}{reference}</small>",
                label = said.label.name(),
                name = Escaped(companies.get(said.company).map_or("", String::as_str)),
                unsure = if said.abstain { "?" } else { "" },
                value = signed(favor - against, 2),
                reference = if said.by_reference { " by reference" } else { "" },
            );
        }
        if let Some(tone) = &part.tone {
            let (label, [positive, neutral, negative]) = (tone.label.name(), tone.p);
            let _ = write!(
                out,
                "<li class=\"tone {label}\">{} <i>{label}</i> <small>{positive:.3} {neutral:.3} {negative:.3}</small>",
                term("Sentiment")
            );
        }
        out.push_str("</ul>");
    }
    out.push_str("</div>\n");
}

fn scores(row: &Row, out: &mut String) {
    if row.scores.is_empty() {
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
    for (company, Whole { score, low, high, label, abstain, paragraphs, mentions }) in
        row.companies.iter().zip(&row.scores)
    {
        let _ = writeln!(
            out,
            "<tr><th scope=row>{}<td class=n>{}<td class=n>{} … {}<td class={}>{}{}<td class=n>{paragraphs}<td class=n>{mentions}",
            Escaped(company),
            signed(*score, 2),
            signed(*low, 2),
            signed(*high, 2),
            label.name(),
            term(label.name()),
            if *abstain { "?" } else { "" },
        );
    }
    out.push_str("</table></div>\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::article::{Document, Meta};
    use crate::model::CompiledModel;
    use crate::score::Scorer;
    use crate::target::{Finder, TargetTable};

    static SCORER: std::sync::LazyLock<Scorer> = std::sync::LazyLock::new(|| {
        Scorer::new(CompiledModel::builtin().unwrap(), Finder::new(TargetTable::builtin())).unwrap().with_evidence()
    });

    const SHOWN: Shown = Shown { articles: true, paragraphs: true, boilerplate: false, text: false };

    fn html(article: &ArticleResult) -> String {
        let (mut rows, mut page) = (Vec::new(), Vec::new());
        let reporter = HtmlReporter::new(SHOWN, "m".into());
        reporter.begin(&mut rows).unwrap();
        reporter.article(article, &mut rows).unwrap();
        html_from_rows(&rows[..], &mut page).unwrap();
        String::from_utf8(page).unwrap()
    }

    fn row(article: &ArticleResult) -> Row {
        Row::new(article, SHOWN)
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
        let ParagraphData(0, coded, scores) = paragraph_data(&row(&article).paragraphs[0]) else { panic!("the first") };
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

    #[test]
    fn large_pages_are_packed() {
        let article = scored("OpenAI is a disgrace, </script><script>alert(1)</script> 月之暗面遥遥领先。");
        let reporter = HtmlReporter::new(SHOWN, "m".into());
        let (mut rows, mut page) = (Vec::new(), Vec::new());
        reporter.begin(&mut rows).unwrap();
        for _ in 0..3000 {
            reporter.article(&article, &mut rows).unwrap();
        }
        html_from_rows(&rows[..], &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert_eq!(page.matches("<article").count(), 3000);
        assert_eq!(page.matches("<script").count(), 2, "a pack, and the page's own");
        assert!(!page.contains("is a disgrace") && !page.contains("alert(1)"));
        assert!(page.len() < PLAIN, "{} bytes", page.len());
        assert!(page.contains("<li>OpenAI <i>against"), "scores can be read without the script");
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
            // The data of the article, and the page's own.
            prop_assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (2, 2));
            prop_assert!(!page.contains("<img") && !page.contains("alert(1)>"));
        }
    }
}
