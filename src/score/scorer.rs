//! Scoring one article.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::article::ArticleScore;
use crate::article::{Article, Kind, Meta, Rule, Spans};
use crate::features::{Known, Reading, View};
use crate::label::{Class, Language, Stance, most_probable};
use crate::model::{CompiledHead, CompiledModel, Evidence, Judgement};
use crate::target::{Finder, Passage, TargetTable, Via};
use crate::text::{Normalized, Segmenter, language};

/// Below this probability of the most probable stance a paragraph's label is withheld.
pub const ABSTAIN_BELOW: f64 = 0.45;

/// A model that cannot score.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// It was trained on sentiment records only.
    #[error("the model has no stance head; train it on records with a target")]
    NoStance,
}

/// Scores articles with a model and a table of companies.
#[derive(Debug, Clone)]
pub struct Scorer {
    stance: CompiledHead,
    sentiment: Option<CompiledHead>,
    finder: Finder,
    names: Vec<Arc<str>>,
    identity: Arc<str>,
    evidence: bool,
}

/// A place in the document that mentions a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MentionResult {
    /// Byte range in the document.
    pub range: Range<usize>,
    /// What stands there.
    pub text: String,
    /// How the company is named.
    pub via: Via,
}

/// What one paragraph says of one company.
#[derive(Debug, Clone, PartialEq)]
pub struct ParagraphScore {
    /// The company's canonical name.
    pub target: Arc<str>,
    /// The stance that is named.
    pub label: Stance,
    /// Its probabilities.
    pub judgement: Judgement,
    /// The most probable stance is not probable enough ([`ABSTAIN_BELOW`]), or the model knows none of the words.
    pub abstain: bool,
    /// Only role nouns refer to the company here.
    pub only_anaphora: bool,
    /// Where the company is mentioned.
    pub mentions: Vec<MentionResult>,
    /// The words behind the judgement, from a scorer that was asked for them.
    pub evidence: Option<Evidence>,
}

/// A paragraph with everything that was found in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParagraphResult {
    /// Position among the paragraphs of the document, from 0.
    pub index: usize,
    /// What part it plays.
    pub kind: Kind,
    /// The rule that made it boilerplate.
    pub rule: Option<Rule>,
    /// Byte range in the document.
    pub range: Range<usize>,
    /// Its language.
    pub language: Language,
    /// Its words without marks.
    pub text: String,
    /// Where they stand in the document.
    pub spans: Spans,
    /// A score for each company mentioned, in order of first mention.
    pub scores: Vec<ParagraphScore>,
    /// The sentiment of the whole paragraph, when the model judges it.
    pub sentiment: Option<Judgement>,
}

/// A scored article.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleResult {
    /// The document's name.
    pub doc: String,
    /// Facts about it.
    pub meta: Meta,
    /// Its headline.
    pub title: Option<String>,
    /// The language of its text.
    pub language: Language,
    /// All paragraphs, boilerplate too.
    pub paragraphs: Vec<ParagraphResult>,
    /// A score for each company, most paragraphs first.
    pub scores: Vec<ArticleScore>,
    /// The identity of the model that judged ([`CompiledModel::identity`]).
    pub model: Arc<str>,
}

impl Scorer {
    /// Takes a model and a finder.
    ///
    /// # Errors
    /// [`ScoreError::NoStance`] for a model of sentiment alone.
    pub fn new(model: impl Into<CompiledModel>, finder: Finder) -> Result<Self, ScoreError> {
        let model = model.into();
        let identity = model.identity().into();
        let stance = model.stance.ok_or(ScoreError::NoStance)?;
        let names = finder.table().companies.iter().map(|c| Arc::from(c.name.as_str())).collect();
        Ok(Scorer { stance, sentiment: model.sentiment, finder, names, identity, evidence: false })
    }

    /// The same scorer, giving the words behind each score too, which takes about twice the time.
    pub fn with_evidence(self) -> Self {
        Scorer { evidence: true, ..self }
    }

    /// The head that judges stances.
    pub fn head(&self) -> &CompiledHead {
        &self.stance
    }

    /// The companies that are looked for.
    pub fn table(&self) -> &TargetTable {
        self.finder.table()
    }

    /// Scores an article. The same article gives the same result whatever else is scored.
    pub fn score(&self, article: &Article) -> ArticleResult {
        let texts: Vec<Normalized> =
            article.paragraphs.iter().map(|p| Normalized::new(&article.text, p.range.clone(), &p.marks)).collect();
        let mentions = self.finder.find(&texts);
        let segmenter = Segmenter { hmm: self.stance.settings().hmm };
        let mut paragraphs: Vec<ParagraphResult> = article
            .paragraphs
            .iter()
            .zip(texts.into_iter().zip(mentions))
            .map(|(paragraph, (text, mentions))| {
                let judged = !mentions.is_empty() || self.sentiment.is_some();
                let passage = Passage::new(text, mentions, segmenter);
                let reading = if judged { self.stance.read(&passage) } else { Reading::default() };
                let whole = View { passage: &passage, reading: &reading, target: None, topic: None };
                let known = judged.then(|| self.stance.look_up(&passage));
                let (plain, spans) = paragraph.spans(&article.text);
                ParagraphResult {
                    index: paragraph.index,
                    kind: paragraph.kind,
                    rule: paragraph.rule,
                    range: paragraph.range.clone(),
                    language: passage.language,
                    text: plain,
                    spans,
                    scores: passage
                        .companies()
                        .into_iter()
                        .zip(known.iter().cycle())
                        .map(|(company, known)| self.paragraph(article, whole, known, company))
                        .collect(),
                    sentiment: self
                        .sentiment
                        .as_ref()
                        .zip(known.as_ref())
                        .map(|(head, known)| head.judge(whole, known)),
                }
            })
            .collect();
        let mut together: BTreeMap<Arc<str>, Vec<&mut Judgement>> = BTreeMap::new();
        for paragraph in paragraphs.iter_mut().filter(|p| p.kind != Kind::Boilerplate) {
            for score in &mut paragraph.scores {
                together.entry(Arc::clone(&score.target)).or_default().push(&mut score.judgement);
            }
        }
        together.values_mut().for_each(|judgements| self.stance.judge_in_context(judgements));
        for score in paragraphs.iter_mut().flat_map(|p| &mut p.scores) {
            score.label = Stance::ALL[score.judgement.class];
            score.abstain = abstains(&score.judgement);
        }
        let mut per_target: BTreeMap<&str, Vec<&ParagraphScore>> = BTreeMap::new();
        for paragraph in paragraphs.iter().filter(|p| p.kind != Kind::Boilerplate) {
            for score in &paragraph.scores {
                per_target.entry(&score.target).or_default().push(score);
            }
        }
        let mut scores: Vec<ArticleScore> = per_target.into_values().filter_map(|of| ArticleScore::of(&of)).collect();
        scores.sort_by(|a, b| {
            (b.paragraphs, b.mentions).cmp(&(a.paragraphs, a.mentions)).then_with(|| a.target.cmp(&b.target))
        });
        ArticleResult {
            doc: article.doc.clone(),
            meta: article.meta.clone(),
            title: article.title(),
            language: language(&article.text),
            paragraphs,
            scores,
            model: Arc::clone(&self.identity),
        }
    }

    fn paragraph(&self, article: &Article, whole: View<'_>, known: &Known, company: usize) -> ParagraphScore {
        let passage = whole.passage;
        let target = Arc::clone(&self.names[company]);
        let view = View { target: Some(company), topic: Some(&target), ..whole };
        let judgement = self.stance.judge(view, known);
        ParagraphScore {
            label: Stance::ALL[judgement.class],
            abstain: abstains(&judgement),
            judgement,
            only_anaphora: passage.only_anaphora(company),
            mentions: passage
                .mentions
                .iter()
                .filter(|m| m.company == company)
                .map(|m| {
                    let range = passage.text.original(m.range.clone());
                    MentionResult { text: article.text[range.clone()].to_string(), range, via: m.via }
                })
                .collect(),
            evidence: self.evidence.then(|| Evidence::of(&self.stance, view, known)),
            target,
        }
    }
}

/// Whether a judgement is too unsure for a label.
fn abstains(judgement: &Judgement) -> bool {
    judgement.features == 0 || judgement.p[most_probable(judgement.p)] < ABSTAIN_BELOW
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Document;

    fn scorer() -> Scorer {
        Scorer::new(CompiledModel::builtin().unwrap(), Finder::new(TargetTable::builtin())).unwrap()
    }

    /// Language, stances and sentiment of each paragraph.
    type Bits = Vec<(Language, Vec<[f64; 3]>, Option<[f64; 3]>)>;

    fn probabilities(scorer: &Scorer, text: &str) -> Bits {
        let result = scorer.score(&Document::from_text("t", text).into_article().unwrap());
        let paragraph = |p: ParagraphResult| {
            (p.language, p.scores.iter().map(|s| s.judgement.p).collect(), p.sentiment.map(|j| j.p))
        };
        result.paragraphs.into_iter().map(paragraph).collect()
    }

    /// A model cannot be for or against a name: other names in the same places give the same bits.
    #[test]
    fn swapping_names_changes_no_score() {
        let scorer = scorer();
        let texts = [
            "{A} accuses {B} of theft. The company said {B}'s model is cheap, but {A} is slow.\n\n{B} wins again.",
            "{A}急了：{B}的性价比震惊了整个行业。\n\n该公司指责{B}，可{A}自己呢？\n\n{B}赢了。",
            "{A} 指控 {B} represents a significant development, says {C}, and {A} agrees.",
        ];
        let names = [
            ["Anthropic", "DeepSeek", "OpenAI"],
            ["OpenAI", "Anthropic", "DeepSeek"],
            ["深度求索", "月之暗面", "英伟达"],
            ["Nvidia", "拼多多", "Samsung"],
            ["華為", "輝達", "三星電子"],
            ["Tesla", "ByteDance", "Microsoft"],
        ];
        for text in texts {
            let filled = |n: &[&str; 3]| text.replace("{A}", n[0]).replace("{B}", n[1]).replace("{C}", n[2]);
            let first = probabilities(&scorer, &filled(&names[0]));
            assert!(first.iter().any(|p| p.1.len() > 1));
            for other in &names[1..] {
                assert_eq!(probabilities(&scorer, &filled(other)), first, "{other:?} in {text}");
            }
        }
    }

    #[test]
    fn mentions_are_spans_of_the_document() {
        let text = "标题\n\n**月之**暗面的 Ｋｉｍｉ 很强，Anthropicsaid so.";
        let result = scorer().score(&Document::from_text("t", text).into_article().unwrap());
        let found: Vec<&str> = result
            .paragraphs
            .iter()
            .flat_map(|p| &p.scores)
            .flat_map(|s| &s.mentions)
            .map(|m| &text[m.range.clone()])
            .collect();
        assert_eq!(found, ["月之**暗面", "Ｋｉｍｉ", "Anthropic"]);
    }

    /// The companies of a text, each with what stands where it is mentioned.
    fn mentioned(scorer: &Scorer, text: &str) -> Vec<(String, Vec<String>)> {
        let result = scorer.score(&Document::from_text("t", text).into_article().unwrap());
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        for score in result.paragraphs.iter().flat_map(|p| &p.scores) {
            let spans = score.mentions.iter().map(|m| {
                assert_eq!(text[m.range.clone()], m.text);
                m.text.clone()
            });
            match found.iter_mut().find(|(company, _)| **company == *score.target) {
                Some((_, all)) => all.extend(spans),
                None => found.push((score.target.to_string(), spans.collect())),
            }
        }
        found
    }

    #[test]
    fn broken_names_are_found() {
        let scorer = scorer();
        let (moonshot, deepseek, nvidia) = ("Moonshot AI", "DeepSeek", "Nvidia");
        let cases = [
            ("radicals", "投资⼈看好⽉之暗⾯的模型。", moonshot, "⽉之暗⾯"),
            ("supplementary radicals", "创办人⻢云很强。", "Alibaba", "⻢云"),
            ("compatibility ideograph", "\u{F901}新一代：月之暗面领先。", moonshot, "月之暗面"),
            ("full-width", "大模型Ｋｉｍｉ很强。", moonshot, "Ｋｉｍｉ"),
            ("full-width digits", "大模型ＤｅｅｐＳｅｅｋ－Ｒ１很强。", deepseek, "ＤｅｅｐＳｅｅｋ－Ｒ１"),
            ("vertical quotes", "他说﹁月之暗面﹂很强︒", moonshot, "月之暗面"),
            ("corner quotes", "『「月之暗面」很強』", moonshot, "月之暗面"),
            ("half-width punctuation", "｢月之暗面｣､很强｡", moonshot, "月之暗面"),
            (
                "zero-width",
                "人们说月\u{200B}之\u{200D}暗\u{FEFF}面很强。",
                moonshot,
                "月\u{200B}之\u{200D}暗\u{FEFF}面",
            ),
            ("variation selectors", "人们说月\u{E0100}之\u{FE00}暗面很强。", moonshot, "月\u{E0100}之\u{FE00}暗面"),
            ("bidirectional marks", "人们说Deep\u{200E}\u{2069}Seek很强。", deepseek, "Deep\u{200E}\u{2069}Seek"),
            ("soft hyphen", "They say Deep\u{AD}Seek is strong.", deepseek, "Deep\u{AD}Seek"),
            ("fillers", "人们说月\u{3164}之\u{2800}暗\u{180E}面很强。", moonshot, "月\u{3164}之\u{2800}暗\u{180E}面"),
            ("emoji", "人们说月之🌙暗面很强。", moonshot, "月之🌙暗面"),
            ("emoji in Latin", "人们说Deep🔥Seek很强。", deepseek, "Deep🔥Seek"),
            ("joined emoji", "人们说深度👩🏽‍💻求索很强。", deepseek, "深度👩🏽‍💻求索"),
            ("flag and keycap", "人们说英🇺🇸伟1\u{FE0F}\u{20E3}达很强。", nvidia, "英🇺🇸伟1\u{FE0F}\u{20E3}达"),
            ("pinyin", "人们说月(yuè)之(zhī)暗(àn)面(miàn)很强。", moonshot, "月(yuè)之(zhī)暗(àn)面"),
            ("pinyin behind", "人们说深度求索（Shēndù Qiúsuǒ）公司很强。", deepseek, "深度求索（Shēndù Qiúsuǒ）公司"),
            ("zhuyin", "人們說深(ㄕㄣ)度(ㄉㄨˋ)求索很強。", deepseek, "深(ㄕㄣ)度(ㄉㄨˋ)求索"),
            (
                "interlinear",
                "人们说\u{FFF9}深\u{FFFA}shēn\u{FFFB}度求索很强。",
                deepseek,
                "深\u{FFFA}shēn\u{FFFB}度求索",
            ),
            ("letter-spacing", "深 度 求 索 发 布 了 新 模 型", deepseek, "深 度 求 索"),
            ("wide letter-spacing", "英　伟　达　很　强", nvidia, "英　伟　达"),
            (
                "broken and indented",
                "昨天晚上在北京举行的发布会上有很多人都在谈论月之\n　　暗面最近推出的新模型到底会给整个行业带来怎样的变化",
                moonshot,
                "月之\n　　暗面",
            ),
            (
                "broken at a carriage return",
                "昨天晚上在北京举行的发布会上有很多人都在谈论月之\r\n暗面最近推出的新模型到底会给整个行业带来怎样的变化",
                moonshot,
                "月之\r\n暗面",
            ),
        ];
        for (name, text, company, span) in cases {
            assert_eq!(mentioned(&scorer, text), [(company.to_string(), vec![span.to_string()])], "{name}");
        }
    }

    #[test]
    fn names_in_brackets_are_found() {
        let scorer = scorer();
        let found = mentioned(&scorer, "这家公司(Anthropic)和对手（OpenAI）在(2025)年竞争，OpenAI🤝Microsoft。");
        let companies: Vec<&str> = found.iter().map(|(company, _)| company.as_str()).collect();
        assert_eq!(companies, ["Anthropic", "OpenAI", "Microsoft"]);
        assert_eq!(found[1].1, ["OpenAI", "OpenAI"]);
    }

    #[test]
    fn both_scripts_name_one_company() {
        let scorer = scorer();
        let text = "輝達的晶片很強。英伟达的芯片很强。\n\n蘋果發表iPhone，苹果的手机很贵。\n\n「華為」與『华为』。";
        let expected = [
            ("Nvidia", vec!["輝達", "英伟达"]),
            ("Apple", vec!["蘋果", "iPhone", "苹果"]),
            ("Huawei", vec!["華為", "华为"]),
        ]
        .map(|(company, spans)| (company.to_string(), spans.into_iter().map(str::to_string).collect::<Vec<_>>()));
        assert_eq!(mentioned(&scorer, text), expected);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
        #[test]
        fn random_bytes_never_panic(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
            names in proptest::sample::subsequence(vec!["OpenAI", "月之暗面", "**", "\n\n", "> ", "```", "不", "the company"], 0..8),
        ) {
            static SCORER: std::sync::LazyLock<Scorer> = std::sync::LazyLock::new(scorer);
            let mut text = crate::bytes::decode(bytes, None, &[]).text;
            for (i, name) in names.iter().enumerate() {
                let at = text.char_indices().map(|(at, _)| at).nth(i * 7).unwrap_or(text.len());
                text.insert_str(at, name);
            }
            let result = SCORER.score(&Document::from_text("t", text.clone()).into_article().unwrap());
            for mention in result.paragraphs.iter().flat_map(|p| &p.scores).flat_map(|s| &s.mentions) {
                proptest::prop_assert_eq!(&text[mention.range.clone()], &mention.text);
            }
        }
    }

    #[test]
    fn a_name_alone_says_nothing() {
        let result =
            scorer().score(&Document::from_text("t", "OpenAI\n\nOpenAI：\n\nDeepSeek 2026").into_article().unwrap());
        for score in result.paragraphs.iter().flat_map(|p| &p.scores) {
            assert_eq!((score.judgement.score(), score.abstain), (0.0, true));
        }
    }

    #[test]
    fn boilerplate_does_not_count() {
        let text = "Halden is a firm.\n\nImage from OpenAI\n\n版权声明：本文由DeepSeek授权，未经许可不得转载。";
        let result = scorer().score(&Document::from_text("t", text).into_article().unwrap());
        assert_eq!(result.scores, []);
        assert_eq!(result.paragraphs.iter().filter(|p| !p.scores.is_empty()).count(), 2);
    }
}
