//! What all pages share: the shell, escaping, and the grading of colours.

use std::fmt::{self, Write as _};
use std::io;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(include_str!("interface.js"), include_str!("pack.js"), include_str!("page.js"));

/// A text in HTML, in an element or in a quoted attribute; control characters other than white space become U+FFFD.
pub(super) struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let special =
            |c: char| matches!(c, '&' | '<' | '>' | '"' | '\'') || (c.is_ascii_control() && !c.is_whitespace());
        let mut at = 0;
        for (place, found) in self.0.match_indices(special) {
            f.write_str(&self.0[at..place])?;
            f.write_str(match found {
                "&" => "&amp;",
                "<" => "&lt;",
                ">" => "&gt;",
                "\"" => "&quot;",
                "'" => "&#39;",
                _ => "\u{FFFD}",
            })?;
            at = place + found.len();
        }
        f.write_str(&self.0[at..])
    }
}

/// JSON inside a `<script>`: no `<` is left that could end it.
pub(super) fn data(value: &impl serde::Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)?.replace('<', "\\u003c"))
}

/// A term of the interface, which the script translates.
pub(super) fn term(english: &str) -> String {
    format!("<span class=t>{}</span>", Escaped(english))
}

/// From how much on a word has a colour, and each darker one; in logits. The script has the same steps.
pub(super) const STEPS: [f64; 5] = [0.05, 0.15, 0.4, 0.8, 1.5];

/// The class of the colour of a contribution; `None` for one too small to be coloured.
pub(super) fn colour(contribution: f64) -> Option<String> {
    let steps = STEPS.iter().filter(|step| contribution.abs() >= **step).count();
    (steps > 0).then(|| format!("{}{steps}", if contribution > 0.0 { 'f' } else { 'a' }))
}

/// A number with a sign, a minus that is as wide as the plus, and no "−0".
pub(super) fn signed(x: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", x.abs());
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    format!("{}{text}", if x < 0.0 && !zero { '−' } else { '+' })
}

/// A table of numbers; cells are HTML, the first of a row its heading.
pub(super) fn table(caption: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    table_of("<td class=n>", caption, heads, rows)
}

/// A table of words, which wrap.
pub(super) fn table_of_words(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    table_of("<td class=x>", "", heads, rows)
}

fn table_of(cell: &str, caption: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut html = String::from("<div class=scroll><table>");
    if !caption.is_empty() {
        let _ = write!(html, "<caption class=t>{}</caption>", Escaped(caption));
    }
    html.push_str("<thead><tr>");
    for head in heads {
        let _ = write!(html, "<th scope=col class=t>{}", Escaped(head));
    }
    html.push_str("<tbody>\n");
    for row in rows {
        for (at, text) in row.iter().enumerate() {
            html.push_str(if at == 0 { "<tr><th scope=row>" } else { cell });
            html.push_str(text);
        }
        html.push('\n');
    }
    html.push_str("</table></div>\n");
    html
}

fn hash(source: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(source.as_bytes())))
}

/// What stands around the contents of a page.
pub(super) struct Shell<'a> {
    /// All of its style.
    pub style: &'static str,
    /// All of its script.
    pub script: &'static str,
    /// Its heading, a term of the script's dictionary.
    pub heading: &'static str,
    /// What the first link of the page says, which jumps over the head; a term, too.
    pub skip: &'static str,
    /// The model that judged, or several.
    pub model: &'a str,
}

impl<'a> Shell<'a> {
    /// The shell of pages about articles and trainings.
    pub(super) fn new(heading: &'static str, skip: &'static str, model: &'a str) -> Self {
        Shell { style: STYLE, script: SCRIPT, heading, skip, model }
    }

    /// Begins the page; `intro` and `tools` are HTML, tools are shown by the script.
    pub(super) fn begin(&self, intro: &str, tools: &str) -> String {
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {style_hash}; script-src {script_hash}; \
             base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{heading} – Lichang</title>\n\
             <style>{style}</style>\n</head>\n<body data-model=\"{model}\">\n\
             <a class=\"skip t\" href=\"#articles\">{skip}</a>\n<header>\n<h1 class=t>{heading}</h1>\n{intro}\n\
             <div class=tools id=tools hidden>{tools}<button type=button id=language lang=\"zh-Hans\">中文</button></div>\n\
             <p role=status id=status></p>\n</header>\n<main id=articles tabindex=-1>\n",
            style = self.style,
            style_hash = hash(self.style),
            script_hash = hash(self.script),
            heading = Escaped(self.heading),
            skip = Escaped(self.skip),
            model = Escaped(self.model),
        )
    }

    /// Ends the page.
    pub(super) fn end(&self) -> String {
        format!(
            "</main>\n<footer><p>{} <code>{}</code></p></footer>\n<script>{}</script>\n</body>\n</html>\n",
            term("Made offline by Lichang with the model"),
            Escaped(self.model),
            self.script
        )
    }
}

/// Lines of explanation at the head of a page, each a term.
pub(super) fn legend(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("<p class=\"legend t\">{}</p>", Escaped(line))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn style_and_script_fit_into_their_elements() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</script") && !SCRIPT.contains("<!--"));
        assert!(SCRIPT.contains(&format!("const steps = {STEPS:?};")));
        // Nothing that could ask the network for something.
        let script = SCRIPT.replace("http://www.w3.org/2000/svg", "");
        for word in ["http:", "https:", "url(", "@import", "fetch(", "XMLHttpRequest", "import("] {
            assert!(!STYLE.contains(word) && !script.contains(word), "{word}");
        }
    }

    #[test]
    fn the_policy_has_the_hash_of_the_script() {
        let page = Shell::new("a", "b", "m").begin("", "");
        // `printf '' | openssl dgst -sha256 -binary | base64`
        assert_eq!(hash(""), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
        assert!(page.contains(&format!("script-src {};", hash(SCRIPT))));
    }

    #[test]
    fn numbers_keep_their_sign() {
        assert_eq!(
            (signed(-0.004, 2), signed(-0.5, 1), signed(0.25, 2)),
            ("+0.00".into(), "−0.5".into(), "+0.25".into())
        );
        assert_eq!((colour(0.01), colour(-0.05), colour(2.0)), (None, Some("a1".into()), Some("f5".into())));
    }

    proptest! {
        #[test]
        fn no_text_breaks_out(text in "\\PC{0,40}|[<>&\"'/a-c\u{0}-\u{1F}!\\-]{0,40}") {
            let escaped = Escaped(&text).to_string();
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            let back = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
            prop_assert_eq!(back.chars().count(), text.chars().count());
            let json = data(&text).unwrap();
            prop_assert!(!json.contains('<'));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
