//! The rows of tables, one definition for every format that is a table.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Shown, round};
use crate::label::{Class, Sentiment};
use crate::score::ArticleResult;

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Flag,
    /// A number.
    Real,
    /// A number that fits 32 bits.
    Count,
    /// A position in a document.
    Offset,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub name: &'static str,
    pub kind: Type,
    /// Whether cells may be empty.
    pub optional: bool,
}

/// The value of a cell; `None` where it is empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Text(Option<&'a str>),
    Flag(Option<bool>),
    Real(Option<f64>),
    Count(Option<i32>),
    Offset(Option<i64>),
}

/// A row with a cell for each of its columns.
pub(super) trait Row: Serialize + DeserializeOwned {
    /// The columns in the order of the cells.
    const COLUMNS: &'static [Column];

    /// The cells.
    fn cells(&self) -> impl Iterator<Item = Value<'_>>;
}

/// A type that cells can have.
pub(super) trait Cell {
    const TYPE: Type;
    const OPTIONAL: bool = false;

    fn value(cell: Option<&Self>) -> Value<'_>;
}

impl Cell for Cow<'_, str> {
    const TYPE: Type = Type::Text;

    fn value(cell: Option<&Self>) -> Value<'_> {
        Value::Text(cell.map(|text| &**text))
    }
}

impl Cell for bool {
    const TYPE: Type = Type::Flag;

    fn value(cell: Option<&Self>) -> Value<'_> {
        Value::Flag(cell.copied())
    }
}

impl Cell for Rounded {
    const TYPE: Type = Type::Real;

    fn value(cell: Option<&Self>) -> Value<'_> {
        Value::Real(cell.map(|number| number.0))
    }
}

impl Cell for i32 {
    const TYPE: Type = Type::Count;

    fn value(cell: Option<&Self>) -> Value<'_> {
        Value::Count(cell.copied())
    }
}

impl Cell for i64 {
    const TYPE: Type = Type::Offset;

    fn value(cell: Option<&Self>) -> Value<'_> {
        Value::Offset(cell.copied())
    }
}

impl<C: Cell> Cell for Option<C> {
    const TYPE: Type = C::TYPE;
    const OPTIONAL: bool = true;

    fn value(cell: Option<&Self>) -> Value<'_> {
        C::value(cell.and_then(Option::as_ref))
    }
}

/// A number with four decimals, written without any where it is whole: CSV has always had `-1` and not `-1.0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rounded(f64);

impl From<f64> for Rounded {
    fn from(number: f64) -> Self {
        Rounded(round(number))
    }
}

/// A number, without decimals where it is whole.
fn shortest<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    let whole = number as i64;
    if whole as f64 == number { serializer.serialize_i64(whole) } else { serializer.serialize_f64(number) }
}

impl Serialize for Rounded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        shortest(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Rounded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Rounded)
    }
}

/// A number with six significant digits, such as a p-value, written as [`Rounded`] ones are.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(transparent)]
pub(super) struct Significant(f64);

impl Serialize for Significant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        shortest(self.0, serializer)
    }
}

impl From<f64> for Significant {
    fn from(number: f64) -> Self {
        Significant(significant(number))
    }
}

/// Six significant digits.
pub(super) fn significant(x: f64) -> f64 {
    format!("{x:.5e}").parse().unwrap_or(x)
}

impl Cell for Significant {
    const TYPE: Type = Type::Real;

    fn value(cell: Option<&Self>) -> Value<'_> {
        Value::Real(cell.map(|number| number.0))
    }
}

macro_rules! table {
    ($(#[$about:meta])* $name:ident<$life:lifetime> { $($field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name<$life> { $($field: $type,)* }

        impl<$life> $crate::report::rows::Row for $name<$life> {
            const COLUMNS: &'static [$crate::report::rows::Column] = &[$($crate::report::rows::Column {
                name: stringify!($field),
                kind: <$type as $crate::report::rows::Cell>::TYPE,
                optional: <$type as $crate::report::rows::Cell>::OPTIONAL,
            },)*];

            fn cells(&self) -> impl Iterator<Item = $crate::report::rows::Value<'_>> {
                [$($crate::report::rows::Cell::value(Some(&self.$field)),)*].into_iter()
            }
        }
    };
}
pub(super) use table;

table! {
    /// What an article says of a company.
    ArticleRow<'a> {
        doc: Cow<'a, str>,
        outlet: Option<Cow<'a, str>>,
        date: Option<Cow<'a, str>>,
        title: Option<Cow<'a, str>>,
        lang: Cow<'a, str>,
        target: Cow<'a, str>,
        label: Cow<'a, str>,
        score: Rounded,
        low: Rounded,
        high: Rounded,
        abstain: bool,
        paragraphs: i32,
        mentions: i32,
        author: Option<Cow<'a, str>>,
        url: Option<Cow<'a, str>>,
        model: Cow<'a, str>,
    }
}

table! {
    /// What a paragraph says of a company.
    ParagraphRow<'a> {
        doc: Cow<'a, str>,
        outlet: Option<Cow<'a, str>>,
        date: Option<Cow<'a, str>>,
        paragraph: i32,
        kind: Cow<'a, str>,
        start: i64,
        end: i64,
        lang: Cow<'a, str>,
        target: Cow<'a, str>,
        label: Cow<'a, str>,
        score: Rounded,
        p_favor: Rounded,
        p_neutral: Rounded,
        p_against: Rounded,
        abstain: bool,
        mentions: i32,
        sentiment: Option<Cow<'a, str>>,
        sentiment_score: Option<Rounded>,
        boilerplate: Option<Cow<'a, str>>,
        text: Option<Cow<'a, str>>,
        model: Cow<'a, str>,
    }
}

fn optional(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().map(Cow::Borrowed)
}

/// A count of things in memory, of which there are never too many.
pub(super) fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn offset(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The rows of an article when articles are shown.
pub(super) fn article_rows(article: &ArticleResult) -> impl Iterator<Item = ArticleRow<'_>> {
    article.scores.iter().map(|score| ArticleRow {
        doc: Cow::Borrowed(&article.doc),
        outlet: optional(&article.meta.outlet),
        date: optional(&article.meta.date),
        title: optional(&article.title),
        lang: article.language.name().into(),
        target: Cow::Borrowed(&score.target),
        label: score.label.name().into(),
        score: score.score.into(),
        low: score.low.into(),
        high: score.high.into(),
        abstain: score.abstain,
        paragraphs: count(score.paragraphs),
        mentions: count(score.mentions),
        author: optional(&article.meta.author),
        url: optional(&article.meta.url),
        model: Cow::Borrowed(&article.model),
    })
}

/// The rows of an article when paragraphs are shown.
pub(super) fn paragraph_rows(article: &ArticleResult, shown: Shown) -> impl Iterator<Item = ParagraphRow<'_>> {
    shown.paragraphs_of(article).flat_map(move |paragraph| {
        let sentiment = paragraph.sentiment.as_ref();
        paragraph.scores.iter().map(move |score| {
            let [p_favor, p_neutral, p_against] = score.judgement.p.map(Rounded::from);
            ParagraphRow {
                doc: Cow::Borrowed(&article.doc),
                outlet: optional(&article.meta.outlet),
                date: optional(&article.meta.date),
                paragraph: count(paragraph.index),
                kind: paragraph.kind.name().into(),
                start: offset(paragraph.range.start),
                end: offset(paragraph.range.end),
                lang: paragraph.language.name().into(),
                target: Cow::Borrowed(&score.target),
                label: score.label.name().into(),
                score: score.judgement.score().into(),
                p_favor,
                p_neutral,
                p_against,
                abstain: score.abstain,
                mentions: count(score.mentions.len()),
                sentiment: sentiment.map(|s| Sentiment::ALL[s.class].name().into()),
                sentiment_score: sentiment.map(|s| s.score().into()),
                boilerplate: paragraph.rule.map(|rule| rule.name().into()),
                text: shown.text.then_some(Cow::Borrowed(&*paragraph.text)),
                model: Cow::Borrowed(&article.model),
            }
        })
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::article::{Kind, Meta, RULES, Spans};
    use crate::label::{Language, Stance};
    use crate::model::Judgement;
    use crate::score::{ArticleScore, ParagraphResult, ParagraphScore};

    /// An article with everything that a table can show, and with nothing besides `bare`.
    pub fn article(bare: bool) -> ArticleResult {
        let known = |text: &str| (!bare).then(|| text.to_string());
        let judgement =
            |p: [f64; 3]| Judgement { p, own: p, logits: [0.0; 3], language: Language::En, class: 2, features: 5 };
        let paragraph = |index: usize, kind| ParagraphResult {
            index,
            kind,
            rule: (kind == Kind::Boilerplate).then(|| RULES[0].0),
            range: index * 10..index * 10 + 9,
            language: Language::Zh,
            text: format!("玄石 \"{index}\",\nno"),
            spans: Spans::default(),
            scores: ["曜石智能", "Halden"]
                .map(|target| ParagraphScore {
                    target: target.into(),
                    label: Stance::Against,
                    judgement: judgement([0.25, 0.5, 0.25 + 1e-5 * index as f64]),
                    abstain: index == 1,
                    only_anaphora: false,
                    mentions: Vec::new(),
                    evidence: None,
                })
                .into(),
            sentiment: (!bare).then(|| judgement([0.0, 0.0, 1.0])),
        };
        ArticleResult {
            doc: "a, b".into(),
            meta: Meta {
                outlet: known("é"),
                date: known("2026-01-02"),
                author: known("W. Orrin"),
                url: known("https://a.example/1"),
                ..Meta::default()
            },
            title: known("T\n\"t\""),
            language: Language::Mixed,
            paragraphs: vec![paragraph(0, Kind::ListItem), paragraph(1, Kind::Body), paragraph(2, Kind::Boilerplate)],
            scores: vec![ArticleScore {
                target: "Halden".into(),
                label: Stance::Favor,
                score: 0.123_456,
                low: -1.0,
                high: 1.0 - 1e-9,
                abstain: true,
                paragraphs: 2,
                mentions: 3,
            }],
            model: "0123456789ab@2026-11-28".into(),
        }
    }

    #[test]
    fn numbers_are_written_as_they_are_shown_and_read_back() {
        for number in (-10_000..=10_000).map(|n| f64::from(n) / 1e4) {
            let cell = Rounded::from(number + 1e-6);
            let mut csv = ::csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
            csv.serialize(cell).unwrap();
            assert_eq!(String::from_utf8(csv.into_inner().unwrap()).unwrap(), format!("{}\n", round(number)));
            assert_eq!(serde_json::from_str::<Rounded>(&serde_json::to_string(&cell).unwrap()).unwrap(), cell);
        }
    }

    #[test]
    fn rows_are_read_back() {
        let shown = |text| Shown { articles: true, paragraphs: true, boilerplate: true, text };
        for bare in [false, true] {
            let article = article(bare);
            for row in article_rows(&article) {
                assert_eq!(serde_json::from_str::<ArticleRow>(&serde_json::to_string(&row).unwrap()).unwrap(), row);
            }
            for row in paragraph_rows(&article, shown(!bare)) {
                assert_eq!(serde_json::from_str::<ParagraphRow>(&serde_json::to_string(&row).unwrap()).unwrap(), row);
            }
            assert_eq!(paragraph_rows(&article, shown(bare)).count(), 6);
        }
    }
}
