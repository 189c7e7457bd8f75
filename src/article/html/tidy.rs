//! HTML rewritten so that a parser builds a shallow tree from it in linear time.
//!
//! Parsers of HTML mend what is broken by rules that cost quadratic time and build trees as deep as the input likes:
//! formatting elements are opened anew in every paragraph, and what walks the tree may recurse. So the tags are read
//! here first, and what goes on has every element closed in order, none nested deeper than [`DEEPEST`], only elements
//! and attributes that matter for reading an article, and no text in which `<` could mean a tag.

/// How many elements may be open in each other; what is nested deeper keeps its words and loses its tags.
const DEEPEST: usize = 256;
/// Longer values of attributes hold data, not facts or names.
const LONGEST_VALUE: usize = 4096;
/// How many elements of a name may lack an end before no end is looked for.
const TRIES: usize = 16;

/// What a page holds.
pub(super) struct Tidy {
    /// The elements that matter.
    pub html: String,
    /// The content of JSON-LD scripts.
    pub data: Vec<String>,
}

/// What becomes of an element.
enum Role {
    /// It holds data, in which only its own end tag is a tag.
    Raw,
    /// Nothing of it is read.
    Skip,
    /// Its tags say nothing.
    Ignore,
    Title,
    Void(&'static str),
    Open(&'static str),
}

/// Formatting elements all become `span`, for the parser copies the real ones from paragraph to paragraph; what stands
/// beside an article in a page becomes `aside`, a mere division `div`.
fn role(name: &str) -> Role {
    match name {
        "script" | "style" | "textarea" | "iframe" | "noembed" | "noframes" => Role::Raw,
        "svg" | "math" | "object" | "video" | "audio" | "canvas" | "select" | "button" | "template" | "noscript" => {
            Role::Skip
        }
        "head" | "body" | "img" | "input" | "source" | "track" | "embed" | "area" | "base" | "basefont" | "col"
        | "colgroup" | "frame" | "frameset" | "param" | "bgsound" | "wbr" | "plaintext" | "keygen" | "image"
        | "picture" => Role::Ignore,
        "title" => Role::Title,
        "html" => Role::Void("html"),
        "br" => Role::Void("br"),
        "hr" => Role::Void("hr"),
        "meta" => Role::Void("meta"),
        "link" => Role::Void("link"),
        "a" => Role::Open("a"),
        "q" => Role::Open("q"),
        "time" => Role::Open("time"),
        "ruby" => Role::Open("ruby"),
        "rb" => Role::Open("rb"),
        "rt" => Role::Open("rt"),
        "rp" => Role::Open("rp"),
        "rtc" => Role::Open("rtc"),
        "p" | "summary" => Role::Open("p"),
        "h1" => Role::Open("h1"),
        "h2" => Role::Open("h2"),
        "h3" => Role::Open("h3"),
        "h4" => Role::Open("h4"),
        "h5" => Role::Open("h5"),
        "h6" => Role::Open("h6"),
        "ul" | "menu" | "dir" => Role::Open("ul"),
        "ol" => Role::Open("ol"),
        "li" => Role::Open("li"),
        "dl" => Role::Open("dl"),
        "dt" => Role::Open("dt"),
        "dd" => Role::Open("dd"),
        "blockquote" => Role::Open("blockquote"),
        "pre" | "listing" | "xmp" => Role::Open("pre"),
        "table" => Role::Open("table"),
        "thead" => Role::Open("thead"),
        "tbody" => Role::Open("tbody"),
        "tfoot" => Role::Open("tfoot"),
        "tr" => Role::Open("tr"),
        "td" => Role::Open("td"),
        "th" => Role::Open("th"),
        "figure" => Role::Open("figure"),
        "figcaption" | "caption" => Role::Open("figcaption"),
        "article" => Role::Open("article"),
        "main" => Role::Open("main"),
        "header" => Role::Open("header"),
        "nav" | "aside" | "footer" | "form" | "dialog" | "search" => Role::Open("aside"),
        "address" | "center" | "details" | "div" | "fieldset" | "hgroup" | "legend" | "section" => Role::Open("div"),
        _ => Role::Open("span"),
    }
}

fn is_inline(name: &str) -> bool {
    matches!(name, "span" | "a" | "q" | "time" | "ruby" | "rb" | "rt" | "rp" | "rtc")
}

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

fn is_table(name: &str) -> bool {
    matches!(name, "table" | "td" | "th")
}

/// Elements whose end tag may be left out, so that an open one is no nesting.
fn closes_itself(name: &str) -> bool {
    matches!(name, "p" | "li" | "dt" | "dd" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" | "rb" | "rt" | "rp")
}

/// Rewrites `html`.
pub(super) fn tidy(html: &str) -> Tidy {
    let mut writer = Writer { html: String::with_capacity(html.len() + 64), open: Vec::new(), deeper: 0 };
    let mut data = Vec::new();
    // Names of elements whose end was looked for in vain: to look for it after each start would take quadratic time.
    let mut endless: Vec<String> = Vec::new();
    let mut sections = false;
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        writer.html.push_str(&html[at..at + found]);
        at += found;
        let rest = &html[at + 1..];
        let end = rest.strip_prefix('/');
        let named = end.unwrap_or(rest).starts_with(|c: char| c.is_ascii_alphabetic());
        if !named {
            match skip_markup(rest) {
                Some(length) => {
                    sections |= rest[..length].ends_with("[CDATA[");
                    at += 1 + length;
                }
                None => {
                    writer.html.push_str("&lt;");
                    at += 1;
                }
            }
            continue;
        }
        // The end of the input in a tag drops the tag, as it does in browsers.
        let Some(tag) = Tag::read(html, at + 1 + usize::from(end.is_some())) else {
            at = html.len();
            break;
        };
        at = tag.end;
        let role = role(&tag.name);
        if end.is_some() {
            match role {
                Role::Open(name) => writer.close(name),
                Role::Void("br") => writer.html.push_str("<br>"),
                _ => {}
            }
            continue;
        }
        match role {
            Role::Ignore => {}
            Role::Void(name) => writer.tag(name, &tag),
            Role::Open(name) => writer.open(name, &tag),
            Role::Raw | Role::Skip | Role::Title if tag.empty => {}
            Role::Raw => {
                let (content, end) = raw(html, at, &tag.name).unwrap_or((&html[at..], html.len()));
                if tag.name == "script" && tag.value("type").is_some_and(|kind| kind.contains("ld+json")) {
                    data.push(content.to_string());
                }
                at = end;
            }
            Role::Skip | Role::Title if endless.iter().filter(|name| **name == tag.name).count() >= TRIES => {}
            Role::Title => match raw(html, at, &tag.name) {
                Some((content, end)) => {
                    writer.html.push_str("<title>");
                    writer.html.push_str(&content.replace('<', "&lt;"));
                    writer.html.push_str("</title>");
                    at = end;
                }
                None => endless.push(tag.name),
            },
            Role::Skip => match nested(html, at, &tag.name) {
                Some(end) => at = end,
                None => endless.push(tag.name),
            },
        }
    }
    writer.html.push_str(&html[at..]);
    writer.close_to(0);
    let html = if sections { writer.html.replace("]]>", "") } else { writer.html };
    Tidy { html, data }
}

/// The length of what follows a `<` that opens no tag: a comment, a declaration; `None` if it is a character.
fn skip_markup(rest: &str) -> Option<usize> {
    let declaration = || rest.find('>').map_or(rest.len(), |at| at + 1);
    if rest.starts_with("!-->") || rest.starts_with("!--->") {
        return Some(declaration());
    }
    if let Some(comment) = rest.strip_prefix("!--") {
        let ends = |at: usize| match &comment.as_bytes()[at + 2..] {
            [b'>', ..] => Some(at + 3),
            [b'!', b'>', ..] => Some(at + 4),
            _ => None,
        };
        // Of three hyphens the last two may be the end.
        let end =
            comment.match_indices("-").filter(|(at, _)| comment[*at..].starts_with("--")).find_map(|(at, _)| ends(at));
        return Some(end.map_or(rest.len(), |end| 3 + end));
    }
    // Only the marks: in XHTML what stands between them is text.
    if rest.starts_with("![CDATA[") {
        return Some("![CDATA[".len());
    }
    rest.starts_with(['!', '?', '/']).then(declaration)
}

/// The content of an element that holds no tags, and the offset after its end tag.
fn raw<'a>(html: &'a str, from: usize, name: &str) -> Option<(&'a str, usize)> {
    let (at, end) = ends(html, from, name).find(|(_, opens, _)| !opens).map(|(at, _, end)| (at, end))?;
    Some((&html[from..at], end))
}

/// The offset after the end tag of an element that may hold others of its name.
fn nested(html: &str, from: usize, name: &str) -> Option<usize> {
    let mut depth = 1usize;
    for (_, opens, end) in ends(html, from, name) {
        depth = if opens { depth + 1 } else { depth - 1 };
        if depth == 0 {
            return Some(end);
        }
    }
    None
}

/// The start and end tags of a name from an offset on: where each is, whether it opens, where it ends.
fn ends<'a>(html: &'a str, from: usize, name: &'a str) -> impl Iterator<Item = (usize, bool, usize)> + 'a {
    html[from..].match_indices('<').filter_map(move |(found, _)| {
        let at = from + found;
        let (opens, inner) = match html[at + 1..].strip_prefix('/') {
            Some(inner) => (false, inner),
            None => (true, &html[at + 1..]),
        };
        let matches = inner.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && inner[name.len()..].starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        if !matches {
            return None;
        }
        // Not further than the next tag: the end of the input, looked for from every tag, would take quadratic time.
        let end = html[at + 1..].find(['<', '>']).map_or(html.len(), |length| at + 1 + length);
        let closed = html[end..].starts_with('>');
        (!opens || !closed || !html[..end].ends_with('/')).then_some((at, opens, end + usize::from(closed)))
    })
}

/// The attributes that matter.
const ATTRIBUTES: [&str; 17] = [
    "class",
    "id",
    "style",
    "hidden",
    "aria-hidden",
    "role",
    "href",
    "rel",
    "name",
    "property",
    "itemprop",
    "content",
    "datetime",
    "lang",
    "xml:lang",
    "http-equiv",
    "type",
];

struct Tag<'a> {
    name: String,
    attributes: Vec<(&'static str, &'a str)>,
    /// It closes itself. HTML gives that no meaning, but whoever writes it gives it one.
    empty: bool,
    /// The offset after it.
    end: usize,
}

impl<'a> Tag<'a> {
    /// Reads the tag whose name starts at `from`; `None` if the input ends in it.
    fn read(html: &'a str, from: usize) -> Option<Self> {
        let bytes = html.as_bytes();
        let until =
            |from: usize, stop: fn(u8) -> bool| bytes[from..].iter().position(|&b| stop(b)).map(|length| from + length);
        let mut at = until(from, |b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))?;
        let name = html[from..at].to_ascii_lowercase();
        let mut tag = Tag { name, attributes: Vec::new(), empty: false, end: 0 };
        loop {
            let start = until(at, |b| !b.is_ascii_whitespace() && b != b'/')?;
            if bytes[start] == b'>' {
                tag.empty = bytes[start - 1] == b'/';
                tag.end = start + 1;
                return Some(tag);
            }
            // An equals sign at the start of a name belongs to it.
            at = until(start + 1, |b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'='))?;
            let key = &html[start..at];
            let equals = until(at, |b| !b.is_ascii_whitespace())?;
            let mut value = "";
            if bytes[equals] == b'=' {
                let open = until(equals + 1, |b| !b.is_ascii_whitespace())?;
                let close = match bytes[open] {
                    b'"' => until(open + 1, |b| b == b'"')?,
                    b'\'' => until(open + 1, |b| b == b'\'')?,
                    _ => until(open, |b| b.is_ascii_whitespace() || b == b'>')?,
                };
                let quoted = matches!(bytes[open], b'"' | b'\'');
                value = &html[open + usize::from(quoted)..close];
                at = close + usize::from(quoted);
                // The slash of an address without quotes is no end of a tag.
                if !quoted && bytes[close] == b'>' {
                    tag.keep(key, value);
                    tag.end = close + 1;
                    return Some(tag);
                }
            }
            tag.keep(key, value);
        }
    }

    fn keep(&mut self, key: &str, value: &'a str) {
        if value.len() <= LONGEST_VALUE
            && let Some(key) = ATTRIBUTES.iter().find(|known| known.eq_ignore_ascii_case(key))
            && self.value(key).is_none()
        {
            self.attributes.push((key, value));
        }
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }
}

struct Writer {
    html: String,
    /// The elements that are open, outermost first.
    open: Vec<&'static str>,
    /// How many more would be open were there no limit.
    deeper: usize,
}

impl Writer {
    fn tag(&mut self, name: &str, tag: &Tag<'_>) {
        self.html.push('<');
        self.html.push_str(name);
        for (key, value) in &tag.attributes {
            self.html.push(' ');
            self.html.push_str(key);
            self.html.push_str("=\"");
            for (at, part) in value.split('"').enumerate() {
                if at > 0 {
                    self.html.push_str("&quot;");
                }
                self.html.push_str(part);
            }
            self.html.push('"');
        }
        self.html.push('>');
    }

    fn open(&mut self, name: &'static str, tag: &Tag<'_>) {
        if self.deeper > 0 {
            self.deeper += usize::from(!tag.empty && !closes_itself(name));
            return self.part(name);
        }
        let Some(name) = self.make_room(name) else { return self.part(name) };
        if self.open.len() >= DEEPEST {
            self.deeper += usize::from(!tag.empty && !closes_itself(name));
            return self.part(name);
        }
        self.tag(name, tag);
        self.open.push(name);
        if tag.empty {
            self.close_to(self.open.len() - 1);
        }
    }

    /// Closes what a start tag closes; the name under which the element is opened, `None` if it cannot stand here.
    fn make_room(&mut self, name: &'static str) -> Option<&'static str> {
        let table = self.open.iter().rposition(|&open| open == "table");
        match name {
            "thead" | "tbody" | "tfoot" => self.close_to(table? + 1),
            "tr" | "td" | "th" => {
                let table = table?;
                let parents: &[&str] = if name == "tr" { &["thead", "tbody", "tfoot"] } else { &["tr", "tbody"] };
                let parent = self.open[table..].iter().rposition(|open| parents.contains(open));
                self.close_to(table + parent.unwrap_or(0) + 1);
            }
            "table" => {
                if let Some(around) = self.last(is_table, |_| false).filter(|&at| self.open[at] == "table") {
                    self.close_to(around);
                }
            }
            "a" => return Some(if self.last(|open| open == "a", is_table).is_some() { "span" } else { "a" }),
            "rb" | "rt" | "rp" | "rtc" => match self.last(|open| open == "ruby", |open| !is_inline(open)) {
                Some(ruby) => self.close_to(ruby + 1),
                None => return Some("span"),
            },
            _ => {}
        }
        if is_inline(name) {
            return Some(name);
        }
        if let Some(at) = self.last(|open| open == "p", is_table) {
            self.close_to(at);
        }
        let sibling = match name {
            "li" => self.last(|open| open == "li", |open| !is_inline(open) && open != "div"),
            "dt" | "dd" => self.last(|open| matches!(open, "dt" | "dd"), |open| !is_inline(open) && open != "div"),
            _ if is_heading(name) => self.last(is_heading, |open| !is_inline(open)),
            _ => None,
        };
        if let Some(at) = sibling {
            self.close_to(at);
        }
        Some(name)
    }

    fn close(&mut self, name: &'static str) {
        if self.deeper > 0 {
            self.deeper -= usize::from(!closes_itself(name));
            return self.part(name);
        }
        let is = |open: &str| open == name;
        let found = match name {
            "li" => self.last(is, |open| is_table(open) || matches!(open, "ul" | "ol")),
            "dt" | "dd" => self.last(is, |open| is_table(open) || open == "dl"),
            "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" => self.last(is, |open| open == "table"),
            "table" => self.last(is, |_| false),
            _ if is_heading(name) => self.last(is_heading, is_table),
            _ if is_inline(name) => self.last(is, |open| !is_inline(open)),
            _ => self.last(is, is_table),
        };
        match found {
            Some(at) => self.close_to(at),
            None => self.part(name),
        }
    }

    /// The innermost open element that is `wanted` and inside no `barrier`.
    fn last(&self, wanted: impl Fn(&str) -> bool, barrier: impl Fn(&str) -> bool) -> Option<usize> {
        let at = self.open.iter().rposition(|open| wanted(open) || barrier(open))?;
        wanted(self.open[at]).then_some(at)
    }

    fn close_to(&mut self, depth: usize) {
        self.deeper = 0;
        while self.open.len() > depth {
            let name = self.open.pop().unwrap_or_default();
            self.html.push_str("</");
            self.html.push_str(name);
            self.html.push('>');
        }
    }

    /// Parts the words before a tag that is left out from those after it, as the tag would.
    fn part(&mut self, name: &str) {
        // Not a block: for one, the parser looks through all open elements for a paragraph to close.
        if !is_inline(name) && !self.html.ends_with("<br><br>") {
            self.html.push_str("<br><br>");
        }
    }
}

#[cfg(test)]
mod tests {
    use dom_query::Document;

    use super::*;

    #[test]
    fn tags_are_closed_in_order() {
        let cases = [
            ("formatting", "a<b>b<I class=x>c</b>d", "a<span>b<span class=\"x\">c</span>d</span>"),
            ("paragraphs", "<p>a<p>b<div>c</div>", "<p>a</p><p>b</p><div>c</div>"),
            (
                "items",
                "<ul><li>a<li>b<ul><li>c</ul><li>d</ul>",
                "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>",
            ),
            (
                "table",
                "<table><tr><td>a<td>b<tr><td>c</table>d",
                "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>d",
            ),
            ("cells without a table", "<td>a</td><td>b</td>", "<br><br>a<br><br>b<br><br>"),
            ("self-closing", "<p/>a<a id=p1 />b", "<p></p>a<a id=\"p1\"></a>b"),
            ("address without quotes", "<a href=http://a.example/>b</a>", "<a href=\"http://a.example/\">b</a>"),
            ("quotes", "<a title='x>y' class='a\"b'>c", "<a class=\"a&quot;b\">c</a>"),
            ("comment", "a<!-- <b> --!>b<!-->c<!DOCTYPE html>d<?xml?>e</ f>g", "abcdeg"),
            ("no tags", "a < b <3 c <", "a &lt; b &lt;3 c &lt;"),
            ("script", "a<script>'<p>'</SCRIPT >b<style>c", "ab"),
            ("picture", "a<svg><svg/><svg><path/></svg><title>t</title></svg>b", "ab"),
            ("skipped without end", "a<select>b<select>c", "abc"),
            ("title", "<title>a <b> &amp; c</title>d", "<title>a &lt;b> &amp; c</title>d"),
            ("cut in a tag", "a<p class=\"b", "a"),
            ("sections", "<![CDATA[<p>a</p>]]>b<![CDATA[c", "<p>a</p>bc"),
        ];
        for (name, html, expected) in cases {
            assert_eq!(tidy(html).html, expected, "{name}");
        }
    }

    #[test]
    fn structured_data_is_kept_apart() {
        let found = tidy("<script type='application/ld+json'>{\"a\":\"<p>\"}</script><script>b</script>");
        assert_eq!((found.html.as_str(), found.data), ("", vec!["{\"a\":\"<p>\"}".to_string()]));
    }

    /// The depth of the tree that the parser builds.
    fn depth(html: &str) -> usize {
        let document = Document::from(tidy(html).html);
        document.root().descendants_it().map(|node| node.ancestors_it(None).count()).max().unwrap_or(0)
    }

    #[test]
    fn nothing_is_nested_deeper_than_the_limit() {
        for unit in [
            "<div>",
            "<b>",
            "<b class=c>a<p>",
            "<table><tr><td>",
            "<a><div>",
            "<ul><li>",
            "<svg><title>",
            "<div><table><tr><td></div>",
        ] {
            let depth = depth(&format!("{}words", unit.repeat(2000)));
            assert!(depth <= DEEPEST * 2, "{unit}: {depth}");
        }
        assert!(depth(&"<p>a<li>b<td>c".repeat(2000)) < 20);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_soup_of_tags_makes_a_deep_tree(
            soup in proptest::collection::vec(
                proptest::sample::select(vec![
                    "<div>", "</div>", "<p>", "</p>", "<b>", "</b>", "<a>", "</a>", "<table>", "</table>", "<tr>", "</tr>",
                    "<td>", "</td>", "<caption>", "<li>", "</li>", "<ul>", "</ul>", "<h1>", "</h2>", "<form>", "</form>",
                    "<ruby>", "<rt>", "</ruby>", "<pre>", "</pre>", "<select>", "<svg>", "<title>", "<hr>", "<br>", "x", " ",
                ]),
                0..1500,
            )
        ) {
            proptest::prop_assert!(depth(&soup.concat()) <= DEEPEST * 2);
        }
    }
}
