//! How a score came about, step by step: from words to logits, from logits to probabilities, from probabilities to a label.

use std::ops::Range;
use std::sync::Arc;

use super::scorer::{ArticleResult, ParagraphResult, ParagraphScore, Scorer};
use crate::article::{Article, Kind};
use crate::features::BlockKind;
use crate::label::{Class, Language, Stance};
use crate::model::{Decision, Evidence, Role, TOLERANCE, Word, log_softmax};
use crate::target::TargetTable;

/// What is to be explained of an article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// The canonical name of a company; `None` for all.
    pub target: Option<Arc<str>>,
    /// A paragraph by its position in the document, boilerplate too; `None` for all that count toward the article's score.
    pub paragraph: Option<usize>,
}

/// Why there is nothing to explain.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExplainError {
    /// The document has no such paragraph.
    #[error("there is no paragraph {paragraph}; {}", numbered(*.count))]
    NoParagraph {
        /// What was asked for.
        paragraph: usize,
        /// How many there are.
        count: usize,
    },
    /// No company is mentioned where the question looks.
    #[error("no company of the table is mentioned {}; --targets adds companies", place(*.0))]
    NoCompany(Option<usize>),
    /// The company is not mentioned where the question looks.
    #[error("{target} is not mentioned {}; {} {}", place(*.paragraph), found.join(", "), if found.len() == 1 { "is" } else { "are" })]
    NotMentioned {
        /// The company.
        target: Arc<str>,
        /// Where it was looked for.
        paragraph: Option<usize>,
        /// The companies that are mentioned there.
        found: Vec<String>,
    },
    /// The parts do not make up the score: a defect of the program.
    #[error(
        "the parts of the score of paragraph {paragraph} toward {target} miss it by {residual:e}, more than {TOLERANCE:e}: this is a defect of the program, please report it"
    )]
    Residual {
        /// The paragraph.
        paragraph: usize,
        /// The company.
        target: Arc<str>,
        /// By how much.
        residual: f64,
    },
}

fn numbered(count: usize) -> String {
    match count {
        0 => "the document has none".to_string(),
        count => format!("they are numbered 0 to {}", count - 1),
    }
}

fn place(paragraph: Option<usize>) -> String {
    match paragraph {
        Some(paragraph) => format!("in paragraph {paragraph}"),
        None => "in what counts of the document".to_string(),
    }
}

/// A name that no company of the table has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no company of the table is called `{name}`{}; `lichang targets list` shows all, --targets adds one", suggestion(.near))]
pub struct UnknownTarget {
    /// The name.
    pub name: String,
    /// Names and aliases that are spelled alike, nearest first.
    pub near: Vec<String>,
}

fn suggestion(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

impl UnknownTarget {
    /// How many names are suggested, at most.
    const MOST: usize = 3;
    /// How alike a name must be: 1 for equal, 0 for nothing in common (Jaro–Winkler similarity, Winkler 1990).
    const ALIKE: f64 = 0.9;

    fn new(name: &str, table: &TargetTable) -> Self {
        let wanted = name.to_lowercase();
        let alike = |other: &str| strsim::jaro_winkler(&wanted, &other.to_lowercase());
        let mut near: Vec<(f64, &str)> = table
            .companies
            .iter()
            .filter_map(|company| {
                let names = company.aliases.iter().map(|alias| alias.text.as_str());
                let best = names.chain([company.name.as_str()]).map(alike).fold(0.0, f64::max);
                (best >= Self::ALIKE).then_some((best, company.name.as_str()))
            })
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let near = near.into_iter().take(Self::MOST).map(|(_, name)| name.to_string()).collect();
        UnknownTarget { name: name.to_string(), near }
    }
}

/// A word with what it adds to the score.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedWord {
    /// What stands in the plain text of the paragraph.
    pub text: String,
    /// Byte range in the document.
    pub range: Range<usize>,
    /// Byte range in the plain text of the paragraph.
    pub plain: Range<usize>,
    /// The same in code points.
    pub at: Range<usize>,
    /// What it stands for.
    pub role: Role,
    /// Its part of logit(favor) − logit(against).
    pub contribution: f64,
}

/// How a class was named: the logarithm of its probability, and what the model adds to it before the highest is named.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decided {
    /// The class.
    pub stance: Stance,
    /// ln p in context, in nats.
    pub log_p: f64,
    /// The offset for the language of the text, in nats.
    pub offset: f64,
}

/// What one paragraph says of one company, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Position of the paragraph in the document.
    pub paragraph: usize,
    /// The part it plays.
    pub kind: Kind,
    /// Its byte range in the document.
    pub range: Range<usize>,
    /// Its language, on which the offsets depend.
    pub language: Language,
    /// Its plain text.
    pub text: String,
    /// The same with every company masked, as the model reads it.
    pub masked: String,
    /// The company.
    pub target: Arc<str>,
    /// How the text names it: distinct spellings in order.
    pub names: Vec<String>,
    /// Difference of the intercepts.
    pub bias: f64,
    /// Every word, in the order of the text.
    pub words: Vec<ExplainedWord>,
    /// Σ of their contributions.
    pub sum_of_words: f64,
    /// What belongs to no word.
    pub whole: f64,
    /// Words and whole by the kind of feature.
    pub blocks: Vec<(BlockKind, f64)>,
    /// logit(favor), logit(neutral), logit(against).
    pub logits: [f64; 3],
    /// logit(favor) − logit(against).
    pub total: f64,
    /// By how much the parts miss the total; at most [`TOLERANCE`].
    pub residual: f64,
    /// Probabilities of the logits before calibration.
    pub raw: [f64; 3],
    /// Calibrated probabilities of the paragraph by itself.
    pub own: [f64; 3],
    /// The same with the other paragraphs in view; what the score is made of.
    pub p: [f64; 3],
    /// How far the other paragraphs move ln p(favor) − ln p(against), in nats, both poles moving by half of it.
    pub shift: f64,
    /// P(favor) − P(against).
    pub score: f64,
    /// How the label was chosen.
    pub decided: [Decided; 3],
    /// The label.
    pub label: Stance,
    /// Too unsure for a label.
    pub abstain: bool,
}

/// An article with what was asked about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedArticle {
    /// The article and all its scores.
    pub result: ArticleResult,
    /// In the order of the text; the companies of one paragraph in the order of their first mention.
    pub explanations: Vec<Explanation>,
}

impl Scorer {
    /// The canonical name of the company that has this name or alias.
    ///
    /// # Errors
    /// [`UnknownTarget`], with names that are spelled alike.
    pub fn target(&self, name: &str) -> Result<Arc<str>, UnknownTarget> {
        let table = self.table();
        let found = table.find(name).map(|at| Arc::from(table.companies[at].name.as_str()));
        found.ok_or_else(|| UnknownTarget::new(name, table))
    }

    /// Explains the scores of an article; the scorer must have been asked for evidence ([`Scorer::with_evidence`]).
    ///
    /// # Errors
    /// [`ExplainError`] when there is nothing to explain, or when the parts do not sum to the score.
    pub fn explain(&self, article: &Article, question: &Question) -> Result<ExplainedArticle, ExplainError> {
        let result = self.score(article);
        let paragraph = question.paragraph;
        if let Some(paragraph) = paragraph.filter(|at| *at >= result.paragraphs.len()) {
            return Err(ExplainError::NoParagraph { paragraph, count: result.paragraphs.len() });
        }
        let looked_at = |p: &&ParagraphResult| match paragraph {
            Some(wanted) => p.index == wanted,
            None => p.kind != Kind::Boilerplate,
        };
        let pairs: Vec<(&ParagraphResult, &ParagraphScore)> = result
            .paragraphs
            .iter()
            .filter(looked_at)
            .flat_map(|paragraph| paragraph.scores.iter().map(move |score| (paragraph, score)))
            .collect();
        let asked = |score: &ParagraphScore| question.target.as_ref().is_none_or(|target| *target == score.target);
        let explanations: Vec<Explanation> = pairs
            .iter()
            .filter(|(_, score)| asked(score))
            .filter_map(|(paragraph, score)| {
                let evidence = score.evidence.as_ref()?;
                Some(Explanation::new(paragraph, score, evidence, self.head().decision()))
            })
            .collect();
        if explanations.is_empty() {
            let mut found: Vec<String> = Vec::new();
            for (_, score) in pairs {
                if !found.iter().any(|name| **name == *score.target) {
                    found.push(score.target.to_string());
                }
            }
            return Err(match &question.target {
                Some(target) if !found.is_empty() => {
                    ExplainError::NotMentioned { target: Arc::clone(target), paragraph, found }
                }
                _ => ExplainError::NoCompany(paragraph),
            });
        }
        match explanations.iter().find(|e| e.residual.abs() > TOLERANCE) {
            Some(e) => Err(ExplainError::Residual {
                paragraph: e.paragraph,
                target: Arc::clone(&e.target),
                residual: e.residual,
            }),
            None => Ok(ExplainedArticle { explanations, result }),
        }
    }
}

impl Explanation {
    fn new(paragraph: &ParagraphResult, score: &ParagraphScore, evidence: &Evidence, decision: Decision) -> Self {
        let judgement = &score.judgement;
        let offsets = decision.offsets_for(judgement.language);
        let decided = Stance::ALL.map(|stance| Decided {
            stance,
            log_p: judgement.p[stance.index()].max(f64::MIN_POSITIVE).ln(),
            offset: offsets[stance.index()],
        });
        let odds = |p: [f64; 3]| if p[0] > 0.0 && p[2] > 0.0 { (p[0] / p[2]).ln() } else { 0.0 };
        let words = words(paragraph, &evidence.words);
        let mut names: Vec<String> = Vec::new();
        for place in score.mentions.iter().filter_map(|mention| paragraph.spans.plain(&mention.range)) {
            let name = &paragraph.text[place];
            if !names.iter().any(|known| known == name) {
                names.push(name.to_string());
            }
        }
        let [favor, _, against] = judgement.logits;
        Explanation {
            paragraph: paragraph.index,
            kind: paragraph.kind,
            range: paragraph.range.clone(),
            language: judgement.language,
            masked: masked(&paragraph.text, &words),
            text: paragraph.text.clone(),
            target: Arc::clone(&score.target),
            names,
            bias: evidence.bias,
            sum_of_words: evidence.sum_of_words(),
            whole: evidence.whole,
            blocks: evidence.blocks.clone(),
            logits: judgement.logits,
            total: favor - against,
            residual: evidence.residual(judgement),
            raw: log_softmax(judgement.logits).map(f64::exp),
            own: judgement.own,
            p: judgement.p,
            shift: odds(judgement.p) - odds(judgement.own),
            score: judgement.score(),
            decided,
            label: score.label,
            abstain: score.abstain,
            words,
        }
    }

    /// The words for (`true`) or against the company that weigh most, those of one spelling together: spelling, how often it stands there, and
    /// what it adds in all.
    pub fn strongest(&self, favor: bool, most: usize) -> Vec<(String, usize, f64)> {
        let mut found: Vec<(String, usize, f64)> = Vec::new();
        for word in &self.words {
            let spelling = match word.role {
                Role::Word => word.text.to_lowercase(),
                Role::Target | Role::Other => mask(word.role, &word.text).to_string(),
            };
            match found.iter_mut().find(|(known, _, _)| *known == spelling) {
                Some((_, count, sum)) => {
                    *count += 1;
                    *sum += word.contribution;
                }
                None => found.push((spelling, 1, word.contribution)),
            }
        }
        found.retain(|(_, _, sum)| if favor { *sum > 0.0 } else { *sum < 0.0 });
        found.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()).then_with(|| a.0.cmp(&b.0)));
        found.truncate(most);
        found
    }

    /// The contribution that is furthest from 0, by which colours are graded.
    pub fn largest(&self) -> f64 {
        self.words.iter().map(|word| word.contribution.abs()).fold(0.0, f64::max)
    }
}

/// What the model reads in place of a token.
fn mask(role: Role, text: &str) -> &str {
    match role {
        Role::Word => text,
        Role::Target => "⟨TARGET⟩",
        Role::Other => "⟨OTHER⟩",
    }
}

/// The words with their places in the plain text.
fn words(paragraph: &ParagraphResult, words: &[Word]) -> Vec<ExplainedWord> {
    let mut explained = Vec::with_capacity(words.len());
    let (mut bytes, mut points) = (0, 0);
    for word in words {
        // A token without a place in the plain text would lose its contribution, so it gets the empty place behind the one before it.
        let plain = paragraph.spans.plain(&word.range).unwrap_or(bytes..bytes);
        let start = plain.start.max(bytes);
        let plain = start..plain.end.max(start);
        points += paragraph.text[bytes..plain.start].chars().count();
        let length = paragraph.text[plain.clone()].chars().count();
        let at = points..points + length;
        bytes = plain.end;
        points = at.end;
        let Word { range, role, contribution } = word.clone();
        explained.push(ExplainedWord {
            text: paragraph.text[plain.clone()].to_string(),
            range,
            plain,
            at,
            role,
            contribution,
        });
    }
    explained
}

/// A plain text with its companies masked.
fn masked(text: &str, words: &[ExplainedWord]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for word in words {
        masked.push_str(&text[at..word.plain.start]);
        masked.push_str(mask(word.role, &word.text));
        at = word.plain.end;
    }
    masked.push_str(&text[at..]);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Document;
    use crate::model::CompiledModel;
    use crate::target::Finder;

    fn scorer() -> Scorer {
        let table = TargetTable::parse(
            "[[company]]\nname = \"Halden\"\nen = [\"Halden\"]\n[[company]]\nname = \"曜石智能\"\nzh = [\"曜石智能\"]\nproducts = [\"玄石\"]",
        );
        Scorer::new(CompiledModel::builtin().unwrap(), Finder::new(table.unwrap())).unwrap().with_evidence()
    }

    fn explain(text: &str, question: &Question) -> Result<ExplainedArticle, ExplainError> {
        scorer().explain(&Document::from_text("t", text).into_article().unwrap(), question)
    }

    #[test]
    fn spans_are_of_the_original_characters() {
        let text = "😀 **曜石**智能的「玄石」性價比遙遙領先，把 Halden 甩在𠮷後。";
        let explained = explain(text, &Question::default()).unwrap();
        assert_eq!(explained.explanations.len(), 2);
        for explanation in &explained.explanations {
            let points: Vec<char> = explanation.text.chars().collect();
            for word in &explanation.words {
                assert_eq!(points[word.at.clone()].iter().collect::<String>(), word.text);
                assert_eq!(text[word.range.clone()].replace("**", ""), word.text);
            }
            let sum: f64 = explanation.words.iter().map(|w| w.contribution).sum();
            assert!((explanation.bias + sum + explanation.whole - explanation.total).abs() < TOLERANCE);
        }
        let first = &explained.explanations[0];
        assert_eq!(first.masked, "😀 ⟨TARGET⟩的「⟨TARGET⟩」性價比遙遙領先，把 ⟨OTHER⟩ 甩在𠮷後。");
        assert!(
            first.strongest(true, 8).iter().any(|(word, _, _)| word.contains("領先")),
            "{:?}",
            first.strongest(true, 8)
        );
    }

    #[test]
    fn the_rest_of_the_article_shifts_the_probabilities() {
        let text = "Halden said on Monday that it would open an office.\n\nHalden is a disgrace, a liar and a cheat.";
        let explained = explain(text, &Question { target: Some("Halden".into()), paragraph: Some(0) }).unwrap();
        let [only] = &explained.explanations[..] else { panic!("one was asked for") };
        assert!(only.shift < 0.0);
        let moved = (only.p[0] / only.p[2]).ln();
        assert!((moved - (only.own[0] / only.own[2]).ln() - only.shift).abs() < 1e-9);
        let alone = explain("Halden said on Monday that it would open an office.", &Question::default()).unwrap();
        assert!(alone.explanations[0].shift.abs() < 1e-9);
        assert_eq!(alone.explanations[0].own, only.own);
    }

    #[test]
    fn says_what_there_is_instead() {
        let scorer = scorer();
        assert_eq!(&*scorer.target("玄石").unwrap(), "曜石智能");
        let error = scorer.target("Haldon").unwrap_err().to_string();
        assert!(error.contains("did you mean Halden?"), "{error}");
        let ask = |text, target: &str, paragraph| {
            explain(text, &Question { target: Some(target.into()), paragraph }).unwrap_err().to_string()
        };
        assert!(ask("Halden is good.", "曜石智能", None).contains("; Halden is"));
        assert!(ask("Nobody is good.", "Halden", None).starts_with("no company of the table"));
        assert!(ask("Halden is good.", "Halden", Some(1)).contains("numbered 0 to 0"));
    }

    proptest::proptest! {
        #[test]
        fn parts_make_up_the_score(
            words in proptest::collection::vec(
                proptest::sample::select(vec![
                    "Halden", "曜石智能", "玄石", "the company", "is not", "very", "brilliant", "disgrace", "但", "不", "领先", "被", "抄袭", "。", ". ", "😀", "**", "3.5",
                    "\u{200B}", "\t", "Ｋ", "(", "，",
                ]),
                0..40,
            ),
        ) {
            static SCORER: std::sync::LazyLock<Scorer> = std::sync::LazyLock::new(scorer);
            let article = Document::from_text("t", words.join(" ")).into_article().unwrap();
            match SCORER.explain(&article, &Question::default()) {
                Ok(explained) => {
                    for explanation in explained.explanations {
                        proptest::prop_assert!(explanation.residual.abs() <= TOLERANCE);
                        let joined: usize = explanation.words.iter().map(|w| w.plain.len()).sum();
                        proptest::prop_assert!(joined <= explanation.text.len());
                    }
                }
                Err(error) => proptest::prop_assert!(matches!(error, ExplainError::NoCompany(None)), "{}", error),
            }
        }
    }
}
