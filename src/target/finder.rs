//! Finding the mentions of companies in the paragraphs of a document.
//!
//! One matcher holds the aliases of all companies, in both languages, beside the phrases that are *not* a company. It runs
//! over the normalised text before segmentation, so full-width Latin, Traditional characters and no-break spaces need no aliases
//! of their own, and a segmenter that does not know a name cannot destroy it. Overlapping matches are filtered by their
//! boundaries first and only then resolved leftmost-longest: a longer alias that fails its boundary does not hide a shorter
//! one that holds.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

use super::anaphora::link;
use super::{Mention, TargetTable, Via};
use crate::matcher::Matcher;
use crate::text::Normalized;

/// Function words that scraping glues behind a name ("Anthropicsaid").
const GLUE_AFTER: [&str; 56] = [
    "said",
    "says",
    "has",
    "had",
    "have",
    "is",
    "was",
    "were",
    "will",
    "would",
    "can",
    "could",
    "may",
    "should",
    "did",
    "does",
    "and",
    "or",
    "but",
    "to",
    "in",
    "of",
    "for",
    "with",
    "by",
    "from",
    "as",
    "on",
    "at",
    "the",
    "a",
    "an",
    "also",
    "which",
    "that",
    "who",
    "when",
    "announced",
    "released",
    "launched",
    "accused",
    "told",
    "wrote",
    "claims",
    "claimed",
    "puts",
    "adds",
    "added",
    "argues",
    "argued",
    "calls",
    "called",
    "notes",
    "noted",
    "plans",
    "wants",
];
/// Function words that scraping glues before a name ("byAnthropic").
const GLUE_BEFORE: [&str; 12] = ["the", "of", "by", "from", "and", "to", "in", "with", "at", "for", "that", "on"];
/// Shorter names do not take glue: too many of them end in other words.
const GLUE_SHORTEST: usize = 5;

/// Finds mentions of the companies of a table.
#[derive(Debug, Clone)]
pub struct Finder {
    table: TargetTable,
    matcher: Matcher,
    patterns: Vec<Pattern>,
    /// Built when a document has an ambiguous alias, which most have not.
    support: OnceLock<Support>,
}

/// The words that support ambiguous aliases.
#[derive(Debug, Clone)]
struct Support {
    matcher: Matcher,
    /// For every word, the (company, condition) pairs that it supports.
    supported: Vec<Vec<(usize, usize)>>,
}

impl Support {
    fn new(table: &TargetTable) -> Self {
        let mut needs: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        for (at, company) in table.companies.iter().enumerate() {
            for (i, condition) in company.conditions.iter().enumerate() {
                for word in &condition.needs {
                    let supported = needs.entry(word.to_ascii_lowercase()).or_default();
                    if !supported.contains(&(at, i)) {
                        supported.push((at, i));
                    }
                }
            }
        }
        let (words, supported): (Vec<_>, Vec<_>) = needs.into_iter().unzip();
        Support { matcher: Matcher::new(words), supported }
    }
}

/// A string that is looked for, by its place in the table.
#[derive(Debug, Clone, Copy)]
enum Pattern {
    Alias {
        company: usize,
        alias: usize,
    },
    /// A phrase that is not a company.
    Not {
        company: usize,
        phrase: usize,
    },
}

impl Pattern {
    fn text(self, table: &TargetTable) -> &str {
        match self {
            Pattern::Alias { company, alias } => &table.companies[company].aliases[alias].text,
            Pattern::Not { company, phrase } => &table.companies[company].not[phrase],
        }
    }
}

/// A match that passed its boundaries.
struct Candidate {
    mention: Mention,
    condition: Option<usize>,
}

impl Finder {
    /// Prepares the search for the aliases.
    pub fn new(table: TargetTable) -> Self {
        let mut patterns = Vec::new();
        for (company, entry) in table.companies.iter().enumerate() {
            patterns.extend((0..entry.aliases.len()).map(|alias| Pattern::Alias { company, alias }));
            patterns.extend((0..entry.not.len()).map(|phrase| Pattern::Not { company, phrase }));
        }
        Finder {
            matcher: Matcher::new(patterns.iter().map(|pattern| pattern.text(&table))),
            patterns,
            support: OnceLock::new(),
            table,
        }
    }

    /// The companies; [`Mention::company`] is an index into them.
    pub fn table(&self) -> &TargetTable {
        &self.table
    }

    /// The mentions in each paragraph of one document, sorted, disjoint; role nouns that refer back are among them.
    pub fn find(&self, paragraphs: &[Normalized]) -> Vec<Vec<Mention>> {
        self.find_known(paragraphs, &[])
    }

    /// The same when it is `known` that the document is about some companies: their ambiguous aliases need no support.
    pub fn find_known(&self, paragraphs: &[Normalized], known: &[usize]) -> Vec<Vec<Mention>> {
        let candidates: Vec<Vec<Candidate>> = paragraphs.iter().map(|p| self.candidates(p)).collect();
        let accepted = self.resolve(paragraphs, candidates, known);
        link(paragraphs, accepted, |company| &self.table.companies[company].roles)
    }

    fn candidates(&self, paragraph: &Normalized) -> Vec<Candidate> {
        let text = paragraph.as_str();
        let mut valid: Vec<(Range<usize>, Pattern)> = Vec::new();
        let mut found = |range: Range<usize>, number: usize| {
            let pattern = self.patterns[number];
            let cased = match pattern {
                Pattern::Alias { company, alias } => self.table.companies[company].aliases[alias].cased,
                Pattern::Not { .. } => false,
            };
            let start = range.start;
            if let Some(end) = bounds(text, range, pattern.text(&self.table), cased, |at| paragraph.is_seam(at)) {
                valid.push((start..end, pattern));
            }
        };
        // A name inside a word is one only where scraping glued it to the word before, and begins with a capital letter.
        if paragraph.has_seams() {
            self.matcher.find_overlapping(text, &mut found);
        } else {
            self.matcher.find_overlapping_words(text, &mut found);
        }
        // Leftmost, then longest; a phrase that is no company wins over an alias of the same length.
        valid.sort_by_key(|(range, pattern)| {
            (range.start, std::cmp::Reverse(range.end), matches!(pattern, Pattern::Alias { .. }))
        });
        let mut at = 0;
        let mut candidates = Vec::new();
        for (range, pattern) in valid {
            if range.start < at {
                continue;
            }
            at = range.end;
            if let Pattern::Alias { company, alias } = pattern {
                let alias = &self.table.companies[company].aliases[alias];
                candidates.push(Candidate {
                    mention: Mention { company, range, via: alias.via },
                    condition: alias.condition,
                });
            }
        }
        candidates
    }

    /// Keeps the ambiguous candidates that the paragraph or the document supports.
    fn resolve(
        &self,
        paragraphs: &[Normalized],
        candidates: Vec<Vec<Candidate>>,
        known: &[usize],
    ) -> Vec<Vec<Mention>> {
        let ambiguous = candidates.iter().flatten().any(|c| c.condition.is_some());
        let mut sure = vec![false; if ambiguous { self.table.companies.len() } else { 0 }];
        let mut supported: HashSet<(usize, usize)> = HashSet::new();
        if ambiguous {
            for candidate in candidates.iter().flatten().filter(|c| c.condition.is_none()) {
                sure[candidate.mention.company] = true;
            }
            let support = self.support.get_or_init(|| Support::new(&self.table));
            for paragraph in paragraphs {
                let text = paragraph.as_str();
                support.matcher.find_overlapping(text, |range, word| {
                    if is_bounded(text, range, |at| paragraph.is_seam(at)) {
                        supported.extend(&support.supported[word]);
                    }
                });
            }
        }
        let holds = |c: &Candidate| match c.condition {
            None => true,
            Some(condition) => {
                known.contains(&c.mention.company)
                    || sure[c.mention.company]
                    || supported.contains(&(c.mention.company, condition))
            }
        };
        candidates
            .into_iter()
            .map(|paragraph| paragraph.into_iter().filter(holds).map(|c| c.mention).collect())
            .collect()
    }
}

fn is_latin(c: char) -> bool {
    c.is_alphanumeric()
        && !matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' | '\u{3040}'..='\u{30FF}')
}

fn is_bounded(text: &str, range: Range<usize>, is_seam: impl Fn(usize) -> bool) -> bool {
    let joined = |at: usize| text[..at].ends_with(is_latin) && text[at..].starts_with(is_latin) && !is_seam(at);
    !joined(range.start) && !joined(range.end)
}

/// The end of the mention if the match stands where a name can stand: at word boundaries, or with an ending or scraping glue at
/// them. Chinese names need no boundary. A seam is a boundary too: OpenAI🤝Microsoft is two names.
fn bounds(text: &str, range: Range<usize>, alias: &str, cased: bool, is_seam: impl Fn(usize) -> bool) -> Option<usize> {
    let found = &text[range.clone()];
    let exact = found == alias;
    if cased && !exact && found.chars().any(char::is_lowercase) {
        return None;
    }
    let glued = exact && alias.len() >= GLUE_SHORTEST && alias.starts_with(char::is_uppercase);
    let before = &text[..range.start];
    if found.starts_with(is_latin) && before.ends_with(is_latin) && !is_seam(range.start) {
        let start = before
            .rfind(|c: char| !is_latin(c))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        if !(glued && GLUE_BEFORE.contains(&before[start..].to_ascii_lowercase().as_str())) {
            return None;
        }
    }
    let after = &text[range.end..];
    if !found.ends_with(is_latin) || !after.starts_with(is_latin) || is_seam(range.end) {
        return Some(range.end);
    }
    let tail = &after[..after.find(|c: char| !is_latin(c)).unwrap_or(after.len())];
    let letters = found.ends_with(char::is_alphabetic);
    if tail == "s" && letters {
        return Some(range.end + 1);
    }
    // "iPhone16", "Qwen2": a version number may follow a name of letters without a gap.
    if letters && tail.starts_with(|c: char| c.is_ascii_digit()) && tail.len() <= 4 && found.len() >= 3 {
        return Some(range.end);
    }
    (glued && GLUE_AFTER.contains(&tail)).then_some(range.end)
}

/// Mentions of strings that are known beforehand, as label records have them: every occurrence that is bounded as a name.
///
/// Longer strings win; results are sorted and disjoint.
pub(crate) fn literal(text: &str, names: &[(usize, String)]) -> Vec<Mention> {
    let mut valid: Vec<(Range<usize>, usize)> = Vec::new();
    Matcher::new(names.iter().map(|(_, name)| name)).find_overlapping(text, |range, at| {
        let (company, name) = &names[at];
        let start = range.start;
        if let Some(end) = bounds(text, range, name, false, |_| false) {
            valid.push((start..end, *company));
        }
    });
    valid.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut at = 0;
    valid
        .into_iter()
        .filter(|(range, _)| {
            let free = range.start >= at;
            at = if free { range.end } else { at };
            free
        })
        .map(|(range, company)| Mention { company, range, via: Via::Name })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder() -> Finder {
        Finder::new(TargetTable::builtin())
    }

    /// Company=mention of every mention in one paragraph.
    fn found(finder: &Finder, text: &str) -> Vec<String> {
        let normalized = Normalized::new(text, 0..text.len(), &[]);
        let mentions = finder.find(std::slice::from_ref(&normalized)).remove(0);
        mentions
            .iter()
            .map(|m| format!("{}={}", finder.table().companies[m.company].name, &normalized.as_str()[m.range.clone()]))
            .collect()
    }

    #[test]
    fn finds_names_where_names_stand() {
        let finder = finder();
        let cases: [(&str, &str, &[&str]); 17] = [
            ("possessive", "Anthropic's model", &["Anthropic=Anthropic"]),
            ("curly possessive", "Anthropic’s model", &["Anthropic=Anthropic"]),
            ("glue", "Anthropicsaid it has evidence", &["Anthropic=Anthropic"]),
            ("more glue", "Anthropicputs it so", &["Anthropic=Anthropic"]),
            ("no glue", "Anthropically speaking", &[]),
            ("plural", "Two iPhones and OpenAIs", &["Apple=iPhones", "OpenAI=OpenAIs"]),
            ("lower case", "deepseek is cheap", &["DeepSeek=deepseek"]),
            ("inside Chinese", "用Claude大模型写代码", &["Anthropic=Claude"]),
            ("Chinese", "月之暗面和深度求索都开源", &["Moonshot AI=月之暗面", "DeepSeek=深度求索"]),
            ("Traditional", "輝達與蘋果的iPhone", &["Nvidia=辉达", "Apple=苹果", "Apple=iPhone"]),
            ("full-width", "ＯｐｅｎＡＩ发布", &["OpenAI=OpenAI"]),
            ("version", "Qwen2 and DeepSeek-Next", &["Alibaba=Qwen", "DeepSeek=DeepSeek"]),
            ("longest", "腾讯云的价格", &["Tencent=腾讯云"]),
            ("verb", "你去百度一下就知道", &[]),
            ("other meaning", "the Amazon rainforest is on fire", &[]),
            ("painter", "a Claude Monet in the hall", &[]),
            ("executive", "奥特曼表示，OpenAI不会涨价", &["OpenAI=奥特曼", "OpenAI=OpenAI"]),
        ];
        for (name, text, expected) in cases {
            assert_eq!(found(&finder, text), expected, "{name}");
        }
    }

    #[test]
    fn an_emoji_parts_names_or_stands_in_one() {
        let finder = finder();
        let mentions = |text: &str| {
            let at = text.find('🤝').unwrap();
            let mark = at..at + '🤝'.len_utf8();
            let paragraph = Normalized::new(text, 0..text.len(), std::slice::from_ref(&mark));
            let found = finder.find(std::slice::from_ref(&paragraph)).remove(0);
            found.into_iter().map(|m| text[paragraph.original(m.range)].to_string()).collect::<Vec<_>>()
        };
        assert_eq!(mentions("OpenAI🤝Microsoft"), ["OpenAI", "Microsoft"]);
        assert_eq!(mentions("Open🤝AI wins"), ["Open🤝AI"]);
        assert_eq!(mentions("Anthropic🤝ally"), ["Anthropic"]);
        assert_eq!(mentions("Anthropically🤝so"), [] as [&str; 0]);
    }

    #[test]
    fn ambiguous_names_need_support() {
        let finder = finder();
        assert_eq!(found(&finder, "Claude went to the market with his brother."), [] as [&str; 0]);
        assert_eq!(found(&finder, "苹果和香蕉都是水果。"), [] as [&str; 0]);
        let paragraphs = ["Claude answered at once.", "The chatbot of Anthropic is popular."]
            .map(|t| Normalized::new(t, 0..t.len(), &[]));
        assert_eq!(finder.find(&paragraphs)[0].len(), 1, "support elsewhere in the document");
    }

    #[test]
    fn ten_thousand_mentions_are_no_matter() {
        let finder = finder();
        let text = "DeepSeek 与月之暗面、".repeat(10_000);
        assert_eq!(found(&finder, &text).len(), 20_000);
    }
}
