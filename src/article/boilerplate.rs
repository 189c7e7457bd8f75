//! Rules that recognise what surrounds an article and is not part of what its author says.
//!
//! Every rule looks at one paragraph alone. The table [`RULES`] says in words what each recognises; a rule whose words
//! also occur in running text carries a length limit, so that a paragraph that argues about copyright stays body.
//!
//! Most paragraphs are running text, and regular expressions are slow to compile. So each pattern stands with words of which every match has some; one pass over the
//! paragraph finds them all, and a pattern is compiled when a paragraph first has its words.

mod patterns;

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use regex::Regex;

use self::patterns::{LONGEST, PATTERNS, Pattern};
use crate::matcher::Matcher;

/// The reason why a paragraph is boilerplate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// A date or time, reading figures.
    DateLine,
    /// Who wrote, edited or translated it.
    Byline,
    /// The caption or credit of a picture.
    Caption,
    /// Risk warnings, "views are the author's own".
    Disclaimer,
    /// Copyright and reprint notices.
    Copyright,
    /// Licence and record numbers of a site.
    RecordNumber,
    /// Subscribe, share, click below.
    CallToAction,
    /// Where the text or a figure comes from: a label with an address, or an address alone.
    SourceLink,
    /// A publisher describing itself.
    SelfDescription,
    /// A block of code.
    Code,
}

impl Rule {
    /// The name shown beside a paragraph that the rule recognised.
    pub fn name(self) -> &'static str {
        match self {
            Rule::DateLine => "date line",
            Rule::Byline => "byline",
            Rule::Caption => "caption",
            Rule::Disclaimer => "disclaimer",
            Rule::Copyright => "copyright notice",
            Rule::RecordNumber => "record number",
            Rule::CallToAction => "call to action",
            Rule::SourceLink => "source link",
            Rule::SelfDescription => "self-description",
            Rule::Code => "code",
        }
    }
}

/// Each rule with what it recognises, in the order in which the rules are tried.
pub const RULES: [(Rule, &str); 10] = [
    (Rule::RecordNumber, "up to 120 characters with 京ICP备…, 公网安备, ISSN, a licence number"),
    (Rule::DateLine, "up to 80 characters that are only dates, times, weekdays, reading figures and labels for them"),
    (Rule::Byline, "By …, 作者：…, 编辑｜…, up to 80 characters"),
    (Rule::Caption, "Image from …, 图源：…, ▲ …, or a line that ends in (PHOTO: …)"),
    (Rule::SourceLink, "Original: …, 来源：…, up to 160 characters, or nothing but an address"),
    (Rule::Copyright, "reprint and copyright notices, up to 400 characters"),
    (Rule::Disclaimer, "risk warnings, no investment advice, views of the author, up to 500 characters"),
    (Rule::CallToAction, "subscribe, share, follow, click below, related reading, up to 240 characters"),
    (Rule::SelfDescription, "a platform or account that says what it is and what it is committed to"),
    (Rule::Code, "a fenced block"),
];

static DATE_SHAPE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\d{4}\s*年|\d{1,2}\s*月\s*\d{1,2}\s*日|\b\d{1,4}[/.\-]\d{1,2}\b|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?\s+\d|\d\s+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|\d+\s*(views|comments|min read|次阅读|阅读)|阅读\s*\d",
    )
});

/// The English words of a date line.
const ENGLISH_DATE_WORDS: &str = "\
    january february march april may june july august september october november december jan feb mar apr jun \
    jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri \
    sat sun am pm utc gmt est edt et pt bst cst published updated posted last on at st nd rd th view views \
    comment comments min read";

/// The Chinese ones, as a pattern.
const CHINESE_DATE_WORDS: &str = "星期[一二三四五六日天]|周[一二三四五六日]|[年月日时分秒]|发布时间|发布于|发布|更新时间|更新于|更新|時間|时间|日期|阅读量|阅读|閱讀|浏览|评论|次|上午|下午|[一二三四五六七八九十〇]+月";

static DATE_WORDS: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"(?i)\b({})\b|{CHINESE_DATE_WORDS}", ENGLISH_DATE_WORDS.replace(' ', "|"))));

/// What may stand before the first word of a paragraph.
const OPENING: [char; 5] = ['（', '(', '【', '[', '*'];

/// A self-description must match this too.
static MISSION: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\bwe are (committed|dedicated)|\bour mission|\bwe closely|providing valuable insights|致力于|我们(关注|专注)|旨在",
    )
});

/// The patterns that were needed so far.
static COMPILED: [OnceLock<Regex>; PATTERNS.len()] = [const { OnceLock::new() }; PATTERNS.len()];

static WORDS: LazyLock<Words> = LazyLock::new(Words::new);

/// The words of all patterns.
struct Words {
    matcher: Matcher,
    /// Of each word: whether it must stand at the beginning, and the bit of its group.
    places: Vec<(bool, u64)>,
    /// The groups of each pattern.
    groups: Vec<u64>,
}

impl Words {
    fn new() -> Self {
        let mut words = Vec::new();
        let mut places = Vec::new();
        let mut groups = Vec::new();
        let mut bit = 1;
        for pattern in &PATTERNS {
            let mut all = 0;
            for group in pattern.words {
                for word in *group {
                    let bare = word.trim_start_matches('^');
                    words.push(bare);
                    places.push((bare != *word, bit));
                }
                all |= bit;
                bit <<= 1;
            }
            groups.push(all);
        }
        Words { matcher: Matcher::new(words), places, groups }
    }

    /// The groups that a text has words of.
    fn seen(&self, text: &str) -> u64 {
        let beginning = text.len() - text.trim_start_matches(|c: char| c.is_whitespace() || OPENING.contains(&c)).len();
        let mut seen = 0;
        self.matcher.find_overlapping(text, |range, word| {
            let (first, group) = self.places[word];
            if !first || range.start == beginning {
                seen |= group;
            }
        });
        seen
    }
}

/// The text with the letters that patterns take for ASCII ones when case does not count: the Kelvin sign and the long s.
fn folded(text: &str) -> Cow<'_, str> {
    const ALIKE: [(&str, &str); 2] = [("\u{212A}", "k"), ("ſ", "s")];
    ALIKE.iter().fold(text.into(), |text, (c, letter)| match text.contains(c) {
        true => text.replace(c, letter).into(),
        false => text,
    })
}

/// Word boundaries are ASCII ones: with Unicode ones the engine falls back to its slowest way on any text that is not ASCII.
fn ascii_boundaries(pattern: &str) -> String {
    pattern.replace(r"\b", r"(?-u:\b)")
}

fn regex(pattern: &str) -> Regex {
    Regex::new(&ascii_boundaries(pattern)).expect("valid pattern")
}

/// The rule that recognises the plain words of a paragraph as boilerplate, if any does.
pub fn rule_for(plain: &str) -> Option<Rule> {
    let length = plain.chars().take(LONGEST + 1).count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let folded = folded(plain);
    if length <= 80 && is_date_line(plain, matches!(folded, Cow::Owned(_))) {
        return Some(Rule::DateLine);
    }
    let words = &*WORDS;
    let seen = words.seen(&folded);
    let matches = |(at, pattern): &(usize, &Pattern)| {
        length <= pattern.longest
            && words.groups[*at] & !seen == 0
            && COMPILED[*at].get_or_init(|| regex(pattern.pattern)).is_match(plain)
            && (pattern.rule != Rule::SelfDescription || MISSION.is_match(plain))
    };
    PATTERNS.iter().enumerate().find(matches).map(|(_, pattern)| pattern.rule)
}

fn is_date_line(plain: &str, was_folded: bool) -> bool {
    plain.bytes().any(|b| b.is_ascii_digit())
        && (was_folded || may_be_date_words(plain))
        && DATE_SHAPE.is_match(plain)
        && !DATE_WORDS.replace_all(plain, "").chars().any(char::is_alphabetic)
}

/// Whether all letters stand in date words, or are characters of such; with others the patterns need not be tried. Only for a text that is its own [`folded`] one.
fn may_be_date_words(plain: &str) -> bool {
    let is_word =
        |word: &str| word.is_empty() || ENGLISH_DATE_WORDS.split(' ').any(|known| word.eq_ignore_ascii_case(known));
    let mut others = plain.chars().filter(|c| !c.is_ascii() && c.is_alphabetic());
    others.all(|c| CHINESE_DATE_WORDS.contains(c)) && plain.split(|c: char| !c.is_ascii_alphabetic()).all(is_word)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::strategy::{Strategy, ValueTree};
    use proptest::string::string_regex;
    use proptest::test_runner::TestRunner;

    use super::*;

    /// What [`rule_for`] says if every pattern is tried on every paragraph.
    fn rule_without_words(plain: &str) -> Option<Rule> {
        let length = plain.chars().count();
        let is_date_line = length <= 80
            && plain.contains(|c: char| c.is_ascii_digit())
            && DATE_SHAPE.is_match(plain)
            && !DATE_WORDS.replace_all(plain, "").contains(char::is_alphabetic);
        let matches = |(at, pattern): &(usize, &Pattern)| {
            (1..=pattern.longest).contains(&length)
                && COMPILED[*at].get_or_init(|| regex(pattern.pattern)).is_match(plain)
                && (pattern.rule != Rule::SelfDescription || MISSION.is_match(plain))
        };
        let first = || PATTERNS.iter().enumerate().find(matches).map(|(_, pattern)| pattern.rule);
        if is_date_line { Some(Rule::DateLine) } else { first() }
    }

    #[test]
    fn no_paragraph_of_the_corpus_is_missed_for_its_words() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let seeds = fs::read_dir(root.join("seeds")).unwrap().map(|entry| entry.unwrap().path());
        let files = ["data/articles.jsonl", "data/paragraphs.jsonl"].map(|file| root.join(file));
        let mut recognised = 0;
        for file in files.into_iter().chain(seeds) {
            // Sentences of labelled texts too: the limits of length hide most rules from long lines.
            for line in fs::read_to_string(file).unwrap().lines().flat_map(|line| line.split("\\n")) {
                for text in [line].into_iter().chain(line.split_inclusive(['.', '。', '"'])).map(str::trim) {
                    let rule = rule_for(text);
                    assert_eq!(rule, rule_without_words(text), "{text}");
                    recognised += usize::from(rule.is_some());
                }
            }
        }
        assert!(recognised > 20, "only {recognised} were recognised");
    }

    #[test]
    fn no_match_of_a_pattern_is_missed_for_its_words() {
        let mut runner = TestRunner::deterministic();
        let [shape, words, mission] =
            [&DATE_SHAPE, &DATE_WORDS, &MISSION].map(|pattern| pattern.as_str().replace(r"(?-u:\b)", r"\b"));
        let date = format!("({shape}) ({words}) ({words})");
        let patterns = PATTERNS.iter().map(|pattern| match pattern.rule {
            Rule::SelfDescription => format!("({}) ({mission})", pattern.pattern),
            _ => pattern.pattern.to_string(),
        });
        for pattern in patterns.chain([date]) {
            // What texts are made from has no assertions.
            let bare = pattern.replace(r"\b", " ").replace("[^", "[!").replace(['^', '$'], "").replace("[!", "[^");
            let texts = string_regex(&bare).unwrap();
            let mut recognised = 0;
            for _ in 0..300 {
                let text = texts.new_tree(&mut runner).unwrap().current();
                for text in [text.trim().to_string(), text.to_uppercase(), format!(" {text}"), text] {
                    assert_eq!(rule_for(&text), rule_without_words(&text), "{text:?} of {pattern}");
                    recognised += usize::from(rule_for(&text).is_some());
                }
            }
            assert!(recognised > 30, "{recognised} texts of {pattern} were recognised");
        }
    }

    #[test]
    fn recognises_what_surrounds_an_article() {
        let cases = [
            ("03/14 2026 512", Rule::DateLine),
            ("2026年05月30日 星期六", Rule::DateLine),
            ("Published on March 3, 2026 at 10:15 am", Rule::DateLine),
            ("2026-01-05 09:30 阅读 1024", Rule::DateLine),
            ("By WANG Lin & John O'Neil", Rule::Byline),
            ("作者：王林 编辑：李木", Rule::Byline),
            ("文｜王林", Rule::Byline),
            ("Engineers check a rack at a plant in Tianjin on May 2. (PHOTO: AGENCY)", Rule::Caption),
            ("Image from the Internet", Rule::Caption),
            ("图源：网络", Rule::Caption),
            ("▲ 发布会现场", Rule::Caption),
            ("Original: https://news.example/a/1", Rule::SourceLink),
            ("This article is exclusive to Some Network. Unauthorized reproduction is prohibited.", Rule::Copyright),
            ("未经授权，不得转载。", Rule::Copyright),
            ("Risk Warning and Disclaimer: markets carry risks; invest with care.", Rule::Disclaimer),
            ("本文基于公开资料整理，个人观点，欢迎讨论。", Rule::Disclaimer),
            ("Please express your attitude by clicking the [Top/Down] buttons below.", Rule::CallToAction),
            ("欢迎关注我们，点击下方蓝字。", Rule::CallToAction),
            ("京ICP备00000000", Rule::RecordNumber),
            (
                "Data Lantern is a professional analysis platform for the chip industry. We are committed to bridging the gap.",
                Rule::SelfDescription,
            ),
        ];
        for (text, rule) in cases {
            assert_eq!(rule_for(text), Some(rule), "{text}");
        }
    }

    #[test]
    fn leaves_running_text_alone() {
        for text in [
            "On May 14 the company released a policy paper that was oddly timed.",
            "By pressing the government to act, the company stands to benefit.",
            "这家公司未经作者授权就抓取了整个互联网。",
            "The question of copyright has not been settled by any court.",
            "网友纷纷为这家公司的开源精神点赞。",
            "2025年，公司营收增长了12%。",
            "Users of the platform can subscribe for ten dollars a month.",
            "15 30 22",
            "",
        ] {
            assert_eq!(rule_for(text), None, "{text}");
        }
    }
}
