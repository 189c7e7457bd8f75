//! Sentence boundaries.

/// The byte offsets at which the sentences of a normalised text begin; the first is 0.
///
/// A sentence ends after `。！？!?…` or `.` with the closing quotes and brackets behind it; a full stop ends one only before
/// white space and something that can begin a sentence, and not after an initial or a common abbreviation.
pub fn sentence_starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut end = 0;
    // The first bytes of the marks that end sentences.
    let may_end = |byte: &u8| matches!(byte, b'.' | b'!' | b'?' | 0xE2 | 0xE3 | 0xEF);
    while let Some(found) = text.as_bytes()[end..].iter().position(may_end) {
        let at = end + found;
        let Some(c) = text[at..].chars().next() else { break };
        end = at + c.len_utf8();
        if !matches!(c, '。' | '!' | '?' | '！' | '？' | '…' | '.') {
            continue;
        }
        let closes = |c: char| matches!(c, '"' | '\'' | ')' | ']' | '）' | '》' | '。' | '!' | '?' | '…' | '.');
        end = text.len() - text[end..].trim_start_matches(closes).len();
        let rest = &text[end..];
        let next = rest.trim_start().chars().next();
        let ends = match c {
            '.' => {
                rest.starts_with(char::is_whitespace)
                    && next.is_some_and(|n| !n.is_lowercase())
                    && !is_abbreviation(&text[..at])
            }
            // "!" and "?" inside a word or an address end nothing; before a lower-case word they are inside a sentence.
            _ => next.is_some_and(|n| !n.is_lowercase()),
        };
        if ends {
            starts.push(end + (rest.len() - rest.trim_start().len()));
        }
    }
    starts
}

fn is_abbreviation(before: &str) -> bool {
    const ABBREVIATIONS: [&str; 21] = [
        "mr", "mrs", "ms", "dr", "prof", "st", "vs", "inc", "corp", "co", "ltd", "no", "jr", "sr", "u.s", "e.g", "i.e",
        "approx", "est", "gen", "sen",
    ];
    let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '\'')).next().unwrap_or("");
    let mut letters = word.chars();
    let initial = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
    initial || ABBREVIATIONS.iter().any(|a| word.eq_ignore_ascii_case(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let starts = sentence_starts(text);
        starts
            .iter()
            .enumerate()
            .map(|(i, &s)| text[s..starts.get(i + 1).copied().unwrap_or(text.len())].trim())
            .collect()
    }

    #[test]
    fn splits_both_languages() {
        let cases: [(&str, &[&str]); 7] = [
            ("One here. Two there.", &["One here.", "Two there."]),
            ("价格很低。效果更好！真的？是的", &["价格很低。", "效果更好！", "真的？", "是的"]),
            ("In the U.S. Department of it. Next", &["In the U.S. Department of it.", "Next"]),
            ("It cost $3.5 million. Mr. Ito paid.", &["It cost $3.5 million.", "Mr. Ito paid."]),
            ("He asked \"why?\" and left.", &["He asked \"why?\" and left."]),
            ("\"Stop.\" She left.", &["\"Stop.\"", "She left."]),
            ("", &[""]),
        ];
        for (text, expected) in cases {
            assert_eq!(split(text), expected, "{text}");
        }
    }
}
