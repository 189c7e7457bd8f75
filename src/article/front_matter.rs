//! The optional block of facts at the head of a Markdown file.

use std::borrow::Cow;

use super::Meta;

/// Reads a block between two `---` lines at the very start of `text`; the value of the key `extra`, in any case of letters, is taken beside the facts.
///
/// Returns the facts and the byte offset at which the body starts. A block counts only if it closes and every line in
/// it is `key: value`, a comment or blank, so that an article that merely opens with a rule keeps its text.
pub fn parse(text: &str, extra: Option<&str>) -> Option<(Meta, usize)> {
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
        let (key, value) = (key.trim(), unquote(value.trim()));
        if extra.is_some_and(|extra| key.eq_ignore_ascii_case(extra)) && !value.is_empty() && meta.extra.is_none() {
            meta.extra = Some(value.clone().into_owned());
        }
        let slot = match key.to_ascii_lowercase().as_str() {
            "outlet" | "hostname" | "source" | "source_domain" | "sitename" => &mut meta.outlet,
            "date" | "date_publish" | "published" => &mut meta.date,
            "author" => &mut meta.author,
            "title" => &mut meta.title,
            "lang" | "language" => &mut meta.lang,
            "url" | "link" => &mut meta.url,
            _ => continue,
        };
        if !value.is_empty() && slot.is_none() {
            *slot = Some(value.into_owned());
        }
    }
    None
}

/// Writes the facts that are known as a block that [`parse`] reads back; nothing if none is known.
///
/// Values stand on one line: white space in them becomes single spaces.
pub fn write(meta: &Meta) -> String {
    let Meta { outlet, author, date, title, lang, url, extra: _ } = meta;
    let facts =
        [("title", title), ("outlet", outlet), ("author", author), ("date", date), ("lang", lang), ("url", url)];
    let mut block = String::new();
    for (key, value) in facts {
        let value = value.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        if !value.is_empty() {
            let value = value.replace('\\', r"\\").replace('"', "\\\"");
            block.push_str(&format!("{key}: \"{value}\"\n"));
        }
    }
    if block.is_empty() { block } else { format!("---\n{block}---\n\n") }
}

fn unquote(value: &str) -> Cow<'_, str> {
    let inner = |quote| value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote));
    let Some(quoted) = inner('"') else { return inner('\'').unwrap_or(value).into() };
    if !quoted.contains('\\') {
        return quoted.into();
    }
    let mut plain = String::with_capacity(quoted.len());
    let mut chars = quoted.chars().peekable();
    while let Some(c) = chars.next() {
        // Other escapes of YAML are left as they are written: more often they are paths than escapes.
        match chars.next_if(|next| c == '\\' && matches!(next, '"' | '\\')) {
            Some(escaped) => plain.push(escaped),
            None => plain.push(c),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_block_and_finds_the_body() {
        let text = "---\noutlet: \"Clear Voice\"\ndate: 2026-05-30\ntags: [a, b]\n---\n\nBody.";
        let (meta, body) = parse(text, Some("Tags")).unwrap();
        assert_eq!(meta.outlet.as_deref(), Some("Clear Voice"));
        assert_eq!(meta.date.as_deref(), Some("2026-05-30"));
        assert_eq!(meta.extra.as_deref(), Some("[a, b]"));
        let facts_too = parse(text, Some("outlet")).unwrap().0;
        assert_eq!((facts_too.extra.as_deref(), facts_too.outlet), (Some("Clear Voice"), meta.outlet));
        assert_eq!(parse(text, Some("section")).unwrap().0.extra, None);
        assert_eq!(&text[body..], "\nBody.");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let cases = [
            ("plain", "Orchid raises prices", "Orchid raises prices"),
            ("quotes", "\"No,\" says \"Orchid\"", "\"No,\" says \"Orchid\""),
            ("one quote", "\"", "\""),
            ("single quotes", "'a'", "'a'"),
            ("colon", "兰花科技：a: b #c", "兰花科技：a: b #c"),
            ("line breaks", "a\r\n\n---\n b\u{3000}c", "a --- b c"),
            ("backslashes", r"C:\new\ \\", r"C:\new\ \\"),
            ("backslash and quote", "a\\\"", "a\\\""),
        ];
        for (name, value, expected) in cases {
            let meta = Meta { title: Some(value.into()), author: Some(value.into()), ..Meta::default() };
            let block = write(&meta) + "Body.";
            let (read, end) = parse(&block, None).unwrap();
            assert_eq!(read.title.as_deref(), Some(expected), "{name}");
            assert_eq!(read.author.as_deref(), Some(expected), "{name}");
            assert_eq!(&block[end..], "\nBody.", "{name}");
        }
        assert_eq!(write(&Meta { title: Some(" \n".into()), ..Meta::default() }), "");
    }

    #[test]
    fn a_rule_is_not_front_matter() {
        for text in ["---\nJust a rule above a line\n---\n", "---\nouter: 1\n", "no rule", ""] {
            assert_eq!(parse(text, None), None, "{text:?}");
        }
    }
}
