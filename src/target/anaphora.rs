//! Role nouns that refer back to a company: "the company", 该公司.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{Mention, Via};
use crate::text::{Normalized, sentence_starts};

/// How many paragraphs back the company may have been named.
const REACH: usize = 3;

/// How many sentences with a name are looked at on the way back; more than any real paragraph has.
const SENTENCES: usize = 200;

static ROLES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)(?-u:\b)the\s(?:[a-z-]+(?:\s|-))?(?P<en>company|firm|start-?up|unicorn|lab|giant|chip-?maker|chip\sdesigner|car-?maker|auto-?maker|phone-?maker|smartphone\smaker|retailer)(?-u:\b)
        |(?:该|这家|这间)(?P<zh>公司|企业|初创公司|初创企业|创业公司|独角兽|厂商|实验室|巨头|科技巨头|芯片商|芯片巨头|车企|手机厂商|电商平台)",
    )
    .expect("valid pattern")
});

/// What a sentence first compares its subject with: "Unlike B, …", 与B不同，…
static COMPARED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\s*(?:
            (?:(?:un|just\s)?like|(?:as\s)?(?:compared|opposed|contrasted)\s(?:to|with)|in\s(?:contrast|comparison)\s(?:to|with)|by\scontrast\swith)\s[^,]*,
            |(?:与|和|跟|同)[^，,]*(?:不同|相比|相反|相较|一样|类似)[^，,]*[，,]
            |(?:不同于|不像|相比|相较|相对于|较之|比起|对比)[^，,]*[，,])",
    )
    .expect("valid pattern")
});

/// Where a sentence comes to its own subject, in bytes.
fn subject_start(sentence: &str) -> usize {
    COMPARED.find(sentence).map_or(0, |found| found.end())
}

/// The role that a noun asks for; `None` fits every company.
fn role_of(noun: &str) -> Option<&'static str> {
    let noun = noun.to_ascii_lowercase().replace(['-', ' '], "");
    match noun.as_str() {
        "startup" | "unicorn" | "初创公司" | "初创企业" | "创业公司" | "独角兽" => Some("startup"),
        "lab" | "实验室" => Some("lab"),
        "giant" | "巨头" | "科技巨头" => Some("giant"),
        "chipmaker" | "chipdesigner" | "芯片商" | "芯片巨头" => Some("chipmaker"),
        "carmaker" | "automaker" | "车企" => Some("carmaker"),
        "phonemaker" | "smartphonemaker" | "手机厂商" => Some("phonemaker"),
        "retailer" | "电商平台" => Some("retailer"),
        _ => None,
    }
}

/// A sentence in which companies are named.
struct Naming {
    paragraph: usize,
    range: Range<usize>,
    /// Where it comes to its own subject.
    subject: usize,
    /// Those that a role noun in a later sentence may mean, the likeliest first.
    companies: Vec<usize>,
}

/// Adds the role nouns of a document to its mentions; `roles` gives those of a company.
///
/// A role noun is linked to the company named *first* in the nearest earlier sentence that names one the role fits, which is
/// its grammatical subject more often than the last one is ("A was founded by people from B. The company …" is A). Those that a
/// sentence only begins by comparing with ("Unlike B, A …") come last, and are not what a role noun in that sentence means. The
/// sentence may be up to [`REACH`] paragraphs back. A role noun that a name follows directly ("the company
/// Anthropic") is that name's apposition and not linked.
pub(super) fn link<'a>(
    paragraphs: &[Normalized],
    mut mentions: Vec<Vec<Mention>>,
    roles: impl Fn(usize) -> &'a [String],
) -> Vec<Vec<Mention>> {
    if mentions.iter().all(Vec::is_empty) {
        return mentions;
    }
    // In document order.
    let mut named: Vec<Naming> = Vec::new();
    for (at, paragraph) in paragraphs.iter().enumerate() {
        let text = paragraph.as_str();
        let nouns: Vec<(Range<usize>, Option<&str>)> = ROLES
            .captures_iter(text)
            .filter_map(|c| {
                let noun = c.name("en").or(c.name("zh"))?;
                Some((c.get(0)?.range(), role_of(noun.as_str())))
            })
            .collect();
        let earlier = named.len();
        let here = &mentions[at];
        // Mentions ascend and do not overlap, so those that begin in a range are neighbours.
        let within = |range: Range<usize>| {
            let first = here.partition_point(|m| m.range.start < range.start);
            let end = here.partition_point(|m| m.range.start < range.end);
            &here[first..end.max(first)]
        };
        if !here.is_empty() {
            let starts = sentence_starts(text);
            for (i, &start) in starts.iter().enumerate() {
                let end = starts.get(i + 1).copied().unwrap_or(text.len());
                let subject = start + subject_start(&text[start..end]);
                let inside = within(subject..end).iter().chain(within(start..subject));
                let companies: Vec<usize> = inside.map(|m| m.company).collect();
                if !companies.is_empty() {
                    named.push(Naming { paragraph: at, range: start..end, subject, companies });
                }
            }
        }
        let mut linked = Vec::new();
        for (range, role) in nouns {
            let next = here.partition_point(|m| m.range.start < range.end);
            if next.checked_sub(1).is_some_and(|last| here[last].range.end > range.start) {
                continue;
            }
            let apposed = here
                .get(next)
                .is_some_and(|m| text[range.end..m.range.start].chars().all(|c| c == ' ' || c == '"' || c == ','));
            if apposed {
                continue;
            }
            let fits = |company: usize| role.is_none_or(|role| roles(company).iter().any(|r| r == role));
            let earlier_here = &named[earlier..];
            let begun = earlier_here.partition_point(|sentence| sentence.range.start <= range.start);
            let same = earlier_here[..begun].iter().rev().take(SENTENCES).find_map(|sentence| {
                if sentence.range.contains(&range.start) {
                    // Only companies named before the noun, in its own sentence.
                    within(sentence.subject..range.start).iter().map(|m| m.company).find(|&c| fits(c))
                } else {
                    sentence.companies.iter().copied().find(|&c| fits(c))
                }
            });
            let back = || {
                named[..earlier]
                    .iter()
                    .rev()
                    .take_while(|sentence| at - sentence.paragraph <= REACH)
                    .take(SENTENCES)
                    .find_map(|sentence| sentence.companies.iter().copied().find(|&c| fits(c)))
            };
            if let Some(company) = same.or_else(back) {
                linked.push(Mention { company, range, via: Via::Anaphora });
            }
        }
        mentions[at].extend(linked);
        mentions[at].sort_by_key(|m| m.range.start);
    }
    mentions
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Links over paragraphs in which `A0`, `B1`, … name companies 0, 1, …; gives the company of every role noun.
    fn linked(paragraphs: &[&str]) -> Vec<usize> {
        let texts: Vec<Normalized> = paragraphs.iter().map(|t| Normalized::new(t, 0..t.len(), &[])).collect();
        let mentions = texts
            .iter()
            .map(|t| {
                let find = |(company, name)| {
                    t.as_str().match_indices(name).map(move |(at, _)| Mention {
                        company,
                        range: at..at + 2,
                        via: Via::Name,
                    })
                };
                let mut found: Vec<Mention> = ["A0", "B1", "C2"].into_iter().enumerate().flat_map(find).collect();
                found.sort_by_key(|m| m.range.start);
                found
            })
            .collect();
        let chipmaker = ["chipmaker".to_string()];
        let roles: [&[String]; 3] = [&[], &chipmaker, &[]];
        link(&texts, mentions, |company| roles[company])
            .into_iter()
            .flatten()
            .filter(|m| m.via == Via::Anaphora)
            .map(|m| m.company)
            .collect()
    }

    #[test]
    fn refers_back() {
        let cases: [(&str, &[&str], &[usize]); 15] = [
            ("subject of the sentence before", &["A0 was founded by people from B1. The company grew."], &[0]),
            ("same sentence", &["B1 said the company would grow."], &[1]),
            ("paragraph before", &["A0 grew.", "The firm hired."], &[0]),
            ("role must fit", &["A0 sued B1.", "The chipmaker denied it."], &[1]),
            ("nothing fits", &["A0 grew.", "The chipmaker denied it."], &[]),
            ("too far", &["A0 grew.", "One.", "Two.", "Three.", "The company hired."], &[]),
            ("apposition", &["B1 grew.", "the company A0 issued a statement"], &[]),
            ("Chinese", &["A0发布了新模型。该公司表示满意。"], &[0]),
            ("compared with", &["Unlike B1, which sells to people, A0 sells to firms. The company grew."], &[0]),
            ("compared with, Chinese", &["与B1不同，A0只卖给企业。该公司表示满意。"], &[0]),
            ("only compared with", &["Compared with B1, prices are low.", "The company grew."], &[1]),
            ("compares itself", &["A0 grew. Unlike B1, the company hired."], &[0]),
            ("compares itself, Chinese", &["A0发展很快。相比B1，该公司规模不大。"], &[0]),
            ("with a rival and not compared", &["和B1合作之后，A0发布了新模型。该公司表示满意。"], &[1]),
            ("not named before", &["The company hired. A0 grew."], &[]),
        ];
        for (name, paragraphs, expected) in cases {
            assert_eq!(linked(paragraphs), expected, "{name}");
        }
    }
}
