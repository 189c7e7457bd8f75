//! The optional block of facts at the head of a Markdown file.

use super::Meta;

/// Reads a block between two `---` lines at the very start of `text`.
///
/// Returns the facts and the byte offset at which the body starts. A block counts only if it closes and every line in
/// it is `key: value`, a comment or blank, so that an article that merely opens with a rule keeps its text.
pub fn parse(text: &str) -> Option<(Meta, usize)> {
    let mut at = 0;
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    if first.trim_end() != "---" {
        return None;
    }
    at += first.len();
    let mut meta = Meta::default();
    for line in lines {
        at += line.len();
        let line = line.trim();
        if line == "---" || line == "..." {
            return Some((meta, at));
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once(':')?;
        let value = unquote(value.trim());
        let slot = match key.trim().to_ascii_lowercase().as_str() {
            "outlet" | "hostname" | "source" | "source_domain" | "sitename" => &mut meta.outlet,
            "date" | "date_publish" | "published" => &mut meta.date,
            "title" => &mut meta.title,
            "lang" | "language" => &mut meta.lang,
            "url" | "link" => &mut meta.url,
            _ => continue,
        };
        if !value.is_empty() && slot.is_none() {
            *slot = Some(value.to_string());
        }
    }
    None
}

fn unquote(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote)) {
            return inner;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_block_and_finds_the_body() {
        let text = "---\noutlet: \"Clear Voice\"\ndate: 2026-05-30\ntags: [a, b]\n---\n\nBody.";
        let (meta, body) = parse(text).unwrap();
        assert_eq!(meta.outlet.as_deref(), Some("Clear Voice"));
        assert_eq!(meta.date.as_deref(), Some("2026-05-30"));
        assert_eq!(&text[body..], "\nBody.");
    }

    #[test]
    fn a_rule_is_not_front_matter() {
        for text in ["---\nJust a rule above a line\n---\n", "---\nouter: 1\n", "no rule", ""] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
