//! From a text to its paragraphs.
//!
//! Lines are grouped into blocks at blank lines. Inside a block every line is a paragraph of its own, unless the block is
//! hard-wrapped prose (see [`is_wrapped`]), which is joined. Headings, quotations, list items, rules and fences are
//! recognised line by line, in plain text files too: people save Markdown as `.txt`.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::boilerplate::{Rule, rule_for};
use super::markup::marks;
use super::{Kind, Paragraph};

/// Widest line, in terminal columns, that can be part of hard-wrapped prose.
const WRAP_COLUMNS: usize = 100;
/// Widest unmarked line, in terminal columns, that can be a heading.
const HEADING_COLUMNS: usize = 100;

/// A run of lines that forms one paragraph, before its marks are looked at.
struct Unit {
    range: Range<usize>,
    kind: Kind,
    rule: Option<Rule>,
    /// The line carries a mark that says what it is.
    marked: bool,
}

/// Splits `text[body..]` into paragraphs; offsets are in `text`.
pub fn paragraphs(text: &str, body: usize) -> Vec<Paragraph> {
    let units = units(text, body);
    let mut result: Vec<Paragraph> = Vec::with_capacity(units.len());
    for (at, unit) in units.iter().enumerate() {
        let marks = marks(text, unit.range.clone());
        let mut paragraph =
            Paragraph { index: result.len(), kind: unit.kind, rule: unit.rule, range: unit.range.clone(), marks };
        let plain = paragraph.plain(text);
        if !plain.chars().any(char::is_alphanumeric) {
            continue;
        }
        if paragraph.rule.is_none() {
            paragraph.rule = rule_for(&plain);
        }
        if paragraph.rule.is_some() {
            paragraph.kind = Kind::Boilerplate;
        } else if !unit.marked && is_heading(&plain, result.is_empty(), units.get(at + 1).is_some()) {
            paragraph.kind = Kind::Heading;
        }
        result.push(paragraph);
    }
    result
}

fn units(text: &str, body: usize) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut plain: Vec<Range<usize>> = Vec::new();
    let mut fence: Option<(usize, &str)> = None;
    let mut at = body;
    for line in text[body..].split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        let content = line.trim();
        let range = start..start + content.len();
        at += line.len();
        if let Some((open, mark)) = fence {
            if content.starts_with(mark) {
                units.push(Unit {
                    range: open..range.end,
                    kind: Kind::Boilerplate,
                    rule: Some(Rule::Code),
                    marked: true,
                });
                fence = None;
            }
            continue;
        }
        // A fence that nothing closes would swallow the rest of the document; it is a line like any other.
        let opens = |mark: &&str| {
            content.starts_with(mark) && text[at..].lines().any(|line| line.trim_start().starts_with(mark))
        };
        if let Some(mark) = ["```", "~~~"].into_iter().find(opens) {
            close(text, &mut plain, &mut units);
            fence = Some((range.start, mark));
            continue;
        }
        match line_kind(content) {
            Line::Blank | Line::Rule => close(text, &mut plain, &mut units),
            Line::Plain => plain.push(range),
            Line::Marked(kind, skip) => {
                close(text, &mut plain, &mut units);
                let start = range.start + skip;
                if start < range.end {
                    units.push(Unit { range: start..range.end, kind, rule: None, marked: true });
                }
            }
        }
    }
    close(text, &mut plain, &mut units);
    units
}

/// Ends a block of plain lines.
fn close(text: &str, lines: &mut Vec<Range<usize>>, units: &mut Vec<Unit>) {
    let unit = |range| Unit { range, kind: Kind::Body, rule: None, marked: false };
    if is_wrapped(text, lines) {
        units.push(unit(lines[0].start..lines[lines.len() - 1].end));
        lines.clear();
    } else {
        units.extend(lines.drain(..).map(unit));
    }
}

enum Line {
    Blank,
    /// A thematic break, a table rule, an underline of a heading.
    Rule,
    Plain,
    /// A kind and the number of bytes that mark it.
    Marked(Kind, usize),
}

fn line_kind(content: &str) -> Line {
    if content.is_empty() {
        return Line::Blank;
    }
    if content.len() >= 3 && content.chars().all(|c| matches!(c, '-' | '*' | '_' | '=' | '|' | ':' | ' ' | '—' | '–'))
    {
        return Line::Rule;
    }
    let hashes = content.bytes().take_while(|&b| b == b'#').count();
    if (1..=6).contains(&hashes) {
        let rest = &content[hashes..];
        let gap = rest.len() - rest.trim_start().len();
        if gap > 0 || rest.is_empty() {
            return Line::Marked(Kind::Heading, hashes + gap);
        }
    }
    if let Some(rest) = content.strip_prefix('>') {
        let inner = rest.trim_start_matches(['>', ' ', '\u{3000}']);
        return Line::Marked(Kind::Quote, content.len() - inner.len());
    }
    for bullet in ["- ", "* ", "+ ", "• ", "•", "· ", "● ", "▪ ", "◆ ", "■ "] {
        if let Some(rest) = content.strip_prefix(bullet) {
            return Line::Marked(Kind::ListItem, content.len() - rest.trim_start().len());
        }
    }
    let digits = content.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=3).contains(&digits) {
        let rest = &content[digits..];
        for mark in [". ", ") ", "、", "）"] {
            if let Some(inner) = rest.strip_prefix(mark) {
                return Line::Marked(Kind::ListItem, content.len() - inner.trim_start().len());
            }
        }
    }
    Line::Plain
}

/// Whether the lines are one paragraph that was broken at a fixed column.
///
/// At least two lines, none wider than [`WRAP_COLUMNS`], every line but the last within 60 % of the widest, and fewer than
/// half of them ending as a sentence does.
fn is_wrapped(text: &str, lines: &[Range<usize>]) -> bool {
    if lines.len() < 2 {
        return false;
    }
    let widths: Vec<usize> = lines.iter().map(|line| text[line.clone()].width()).collect();
    let widest = widths.iter().copied().max().unwrap_or(0);
    let broken = &lines[..lines.len() - 1];
    let ended = broken.iter().filter(|line| ends_sentence(&text[(*line).clone()])).count();
    (40..=WRAP_COLUMNS).contains(&widest)
        && widths[..broken.len()].iter().all(|&width| width * 10 >= widest * 6)
        && ended * 2 < broken.len()
}

fn ends_sentence(line: &str) -> bool {
    let end = line.trim_end_matches(['"', '\'', '”', '’', '」', '』', ')', '）', '*', '_', ']']);
    end.ends_with(['.', '!', '?', '。', '！', '？', '…', ';', '；', ':', '：', ',', '，', '、'])
}

/// Whether an unmarked line reads as a heading: short, with words, no end of sentence, and text after it.
/// The first line of a document may also end in a question or exclamation mark.
fn is_heading(plain: &str, first: bool, followed: bool) -> bool {
    let ended = ends_sentence(plain) && !(first && plain.ends_with(['?', '？', '!', '！']));
    followed && !ended && plain.chars().any(char::is_alphabetic) && plain.width() <= HEADING_COLUMNS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Kind, String)> {
        paragraphs(text, 0).into_iter().map(|p| (p.kind, p.plain(text))).collect()
    }

    #[test]
    fn both_layouts_give_the_same_paragraphs() {
        let blank = "A Title Here\n\nFirst paragraph says this.\n\nSecond paragraph says that.";
        let single = "A Title Here\nFirst paragraph says this.\nSecond paragraph says that.";
        assert_eq!(read(blank), read(single));
        assert_eq!(read(blank)[0], (Kind::Heading, "A Title Here".into()));
    }

    #[test]
    fn wrapped_prose_is_joined() {
        let text = "The company said on Monday that it had begun to ship the new\nmodel to customers in Europe and that prices would not change\nbefore the end of the year.\n\nShares rose.";
        let found = read(text);
        assert_eq!(found.len(), 2);
        assert!(found[0].1.contains("ship the new model to customers"));
    }

    #[test]
    fn marks_say_the_kind() {
        let text = "## 标题\n\n> 引用的话\n> \n> 第二句\n\n- **要点**: 内容\n1. 第一\n---\n\n正文在这里。\n\n```\nlet x = 1;\n```\n";
        let found = read(text);
        let kinds: Vec<Kind> = found.iter().map(|f| f.0).collect();
        use Kind::*;
        assert_eq!(kinds, [Heading, Quote, Quote, ListItem, ListItem, Body, Boilerplate]);
        assert_eq!(found[3].1, "要点: 内容");
    }

    #[test]
    fn ranges_are_sorted_disjoint_and_on_boundaries() {
        let text = "\u{3000}\u{3000}第一段。\r\n\r\n第二段 **重点**。\r\n";
        let mut end = 0;
        for p in paragraphs(text, 0) {
            assert!(p.range.start >= end && p.range.end <= text.len());
            assert!(text.is_char_boundary(p.range.start) && text.is_char_boundary(p.range.end));
            end = p.range.end;
        }
        assert_eq!(&text[paragraphs(text, 0)[0].range.clone()], "第一段。");
    }

    #[test]
    fn an_unclosed_fence_swallows_nothing() {
        let found = read(
            "Before.

``` let x = 1 ```

The rest is here.",
        );
        assert_eq!(found[2], (Kind::Body, "The rest is here.".into()));
    }
}
