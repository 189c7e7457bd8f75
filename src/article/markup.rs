//! The bytes of one paragraph that are not words: inline Markdown and HTML marks, and [`glosses`] between characters.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::glosses::glosses;

/// What is skipped whole: images, link targets, tags, bare addresses.
static SPANS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        \\[!-/:-@\[-`{-~]                               # escaped, so not the start of any of these
      | !\[[^\]\n]*\]\([^)\n]*\)                       # image
      | \]\([^)\s]*(?:\s+"[^"\n]*")?\)                 # the end of a link with its target
      | </?[A-Za-z][^<>\n]{0,200}>                     # HTML tag
      | (?:https?://|(?-u:\b)www\.)[A-Za-z0-9\-._~:/?\#\[\]@!$&'()*+,;=%]+   # bare address, up to the first other script
        "#,
    )
    .expect("valid pattern")
});

/// The most bytes of a link's words; without a bound, ends of links that nothing opens would each be looked for from the paragraph's start.
const LINK: usize = 4096;

const SPAN: u8 = 1;
const ADDRESS: u8 = 2;
const EMPHASIS: u8 = 4;
/// Which marks a byte may belong to. All spans but addresses have a `<` or a `]`.
static HINTS: [u8; 256] = {
    let mut hints = [0; 256];
    hints[b'<' as usize] = SPAN;
    hints[b']' as usize] = SPAN;
    hints[b':' as usize] = ADDRESS;
    hints[b'.' as usize] = ADDRESS;
    hints[b'*' as usize] = EMPHASIS;
    hints[b'_' as usize] = EMPHASIS;
    hints[b'`' as usize] = EMPHASIS;
    hints[b'~' as usize] = EMPHASIS;
    hints[b'\\' as usize] = EMPHASIS;
    hints
};

/// Finds the marks in `text[range]`; the result is sorted, disjoint and inside `range`.
pub fn marks(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let part = &text[range.clone()];
    let mut found: Vec<Range<usize>> = Vec::new();
    // Most paragraphs have no marks, and a look at each byte costs far less than the search.
    let hints = part.bytes().fold(0, |hints, b| hints | HINTS[b as usize]);
    if hints & SPAN != 0 || (hints & ADDRESS != 0 && (part.contains("://") || part.contains("www."))) {
        spans(part, &mut found);
    }
    if hints & EMPHASIS != 0 {
        emphasis(part, &mut found);
    }
    glosses(part, &mut found);
    found.sort_by_key(|r| (r.start, r.end));
    let mut disjoint: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for mark in found {
        match disjoint.last_mut() {
            Some(last) if mark.start < last.end => last.end = last.end.max(mark.end),
            _ => disjoint.push(mark),
        }
    }
    for mark in &mut disjoint {
        *mark = mark.start + range.start..mark.end + range.start;
    }
    disjoint
}

/// Finds images, links, tags and bare addresses.
fn spans(part: &str, found: &mut Vec<Range<usize>>) {
    for span in SPANS.find_iter(part) {
        if span.as_str().starts_with('\\') {
            continue;
        }
        let link_end = span.as_str().starts_with(']');
        if link_end {
            // The `[` that this link closes, if it is on the same line and not itself inside another link.
            let from = span.start().saturating_sub(LINK);
            let before = &part.as_bytes()[from..span.start()];
            let open = before.iter().rposition(|b| matches!(b, b'[' | b'\n')).filter(|&at| before[at] == b'[');
            match open.map(|at| from + at) {
                Some(open) => found.push(open..open + 1),
                None => continue,
            }
        }
        found.push(span.range());
    }
}

/// Marks `**`, `*`, `__`, `_`, `~~`, `` ` `` where they open and close something.
///
/// A run of marks counts if it touches a word on at least one side; `_` must also stand at a word's edge, so that
/// `snake_case` and a lone `*` between spaces stay text.
fn emphasis(part: &str, found: &mut Vec<Range<usize>>) {
    let bytes = part.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let mark = bytes[at];
        if mark == b'\\' && bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation) {
            found.push(at..at + 1);
            at += 2;
            continue;
        }
        if !matches!(mark, b'*' | b'_' | b'`' | b'~') {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && bytes[at] == mark {
            at += 1;
        }
        let before = part[..start].chars().next_back();
        let after = part[at..].chars().next();
        let touches = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
        let is_mark = match mark {
            b'_' => {
                let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                (touches(before) || touches(after)) && !(word(before) && word(after))
            }
            b'~' => at - start == 2 && (touches(before) || touches(after)),
            _ => touches(before) || touches(after),
        };
        // A `*` between two digits multiplies, and one before a digit only may be a footnote; neither is a word.
        if is_mark {
            found.push(start..at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let mut out = String::new();
        let mut at = 0;
        for mark in marks(text, 0..text.len()) {
            out.push_str(&text[at..mark.start]);
            at = mark.end;
        }
        out.push_str(&text[at..]);
        out
    }

    #[test]
    fn marks_are_not_words() {
        let cases = [
            ("bold", "DeepSeek 只调用了 **15 万次**。", "DeepSeek 只调用了 15 万次。"),
            ("bold quote", "**\"How dare they steal?\"**", "\"How dare they steal?\""),
            ("italic line", "*本文为个人观点。*", "本文为个人观点。"),
            ("link", "see [the paper](https://a.example/x_y) now", "see the paper now"),
            ("image", "a ![alt text](x.png) b", "a  b"),
            ("code", "run `claude_code` now", "run claude_code now"),
            ("snake case", "call snake_case_name here", "call snake_case_name here"),
            ("lone star", "2 * 3 and a * b", "2 * 3 and a * b"),
            ("tag", "月之<b>暗面</b>的模型", "月之暗面的模型"),
            ("address", "原文见https://a.example/b?c=1。作者", "原文见。作者"),
            ("brackets", "[Top/Down] buttons", "[Top/Down] buttons"),
            ("escaped tag", r"if a \<b and c> d", "if a <b and c> d"),
            ("escaped link", r"f[1]\(x) \\<b>y \![z](w)", r"f[1](x) \y !z"),
            ("nested", "***all*** ~~gone~~", "all gone"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(words(text), expected, "{name}");
        }
    }
}
