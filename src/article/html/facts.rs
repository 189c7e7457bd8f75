//! What a page says of itself: in JSON-LD, in `<meta>` elements, in its title.

use dom_query::{Document, NodeRef};
use serde_json::Value;

use super::{Meta, name_of};

/// A longer value is no name, no date, no headline.
const LONGEST: usize = 500;
/// What is shown as the author may be more than a name, but no more than this.
const LONGEST_NAME: usize = 100;

/// The facts of a page.
pub(super) struct Facts {
    pub meta: Meta,
    /// The heading that is the headline.
    pub headline: Option<String>,
}

/// The letters and digits of a text, by which headings are compared.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Reads the facts of a page; `data` are its JSON-LD scripts.
pub(super) fn read(document: &Document, data: &[String]) -> Facts {
    let metas = metas(document);
    let first =
        |keys: &[&str]| keys.iter().find_map(|key| metas.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()));
    let objects = objects(data);
    let article = article(&objects);
    let of_article = |keys: &[&str]| keys.iter().find_map(|key| text_of(article?.get(*key)?));
    let text = |selector: &str| document.select_single(selector).nodes().first().and_then(|node| value(&node.text()));

    let publisher = || article.and_then(|article| people(article.get("publisher")?, &objects));
    let mut outlet = text("#js_name")
        .or_else(|| first(&["og:site_name"]))
        .or_else(publisher)
        .or_else(|| first(&["application-name", "al:android:app_name", "dc.publisher", "source", "mediaid"]));

    let window = text("title");
    let titles = [
        of_article(&["headline"]),
        first(&["og:title", "twitter:title", "dc.title", "dcterms.title", "weibo:article:title", "title"]),
        window.clone(),
    ];
    let headline = headline(document, &titles, outlet.as_deref());
    let title = titles.into_iter().flatten().next().or_else(|| headline.clone()).map(|title| {
        let (title, site) = without_site(&title, headline.as_deref(), outlet.as_deref());
        let site = site.or_else(|| without_site(window.as_deref()?, Some(&title), None).1);
        outlet = outlet.take().or(site);
        title
    });

    let author =
        article.and_then(|article| people(article.get("author").or_else(|| article.get("creator"))?, &objects));
    let author = author.or_else(|| {
        let keys = [
            "author",
            "article:author",
            "og:article:author",
            "byl",
            "dc.creator",
            "dcterms.creator",
            "parsely-author",
            "sailthru.author",
            "twitter:creator",
        ];
        let named = |key: &&str| first(&[key]).filter(|name| !is_address(name) && !name.starts_with('@'));
        keys.iter().find_map(named)
    });
    let shown =
        || ["[itemprop=author] [itemprop=name]", "[rel=author]", "[itemprop=author]"].iter().find_map(|at| text(at));
    let author =
        author.or_else(|| shown().filter(|name| name.len() <= LONGEST_NAME)).map(|author| without_label(&author));

    let dates = [
        of_article(&["datePublished", "dateCreated"]),
        first(&[
            "article:published_time",
            "og:article:published_time",
            "og:published_time",
            "og:release_date",
            "datepublished",
            "pubdate",
            "publishdate",
            "publish_date",
            "publish-date",
            "publication_date",
            "published_time",
            "parsely-pub-date",
            "sailthru.date",
            "dc.date.issued",
            "dcterms.issued",
            "dcterms.created",
            "dc.date",
            "date",
            "weibo:article:create_at",
            "apub:time",
            "bt:pubdate",
        ]),
        time(document),
        text("#publish_time"),
        of_article(&["dateModified"]),
    ];
    let mut dates = dates.into_iter().flatten();
    let date = dates.clone().find(|date| is_iso(date)).or_else(|| dates.next());

    let attr = |selector: &str, key: &str| document.select_single(selector).attr(key).and_then(|found| value(&found));
    let addresses = [attr("link[rel=canonical]", "href"), first(&["og:url"]), of_article(&["url", "mainEntityOfPage"])];
    let meta = Meta {
        outlet,
        author,
        date,
        title,
        lang: attr("html[lang]", "lang")
            .or_else(|| attr("html[xml\\:lang]", "xml:lang"))
            .or_else(|| of_article(&["inLanguage"]))
            .or_else(|| first(&["og:locale", "content-language", "language", "dc.language"])),
        url: addresses.into_iter().flatten().find(|address| is_address(address)),
        extra: None,
    };
    Facts { meta, headline }
}

/// The heading that the titles of a page repeat: best at their start, for at their end there may be the site's name.
fn headline(document: &Document, titles: &[Option<String>], outlet: Option<&str>) -> Option<String> {
    let outlet = outlet.map(letters);
    let read = |selector: &str| -> Vec<String> {
        let headings =
            document.select(selector).nodes().iter().filter_map(|node| value(&node.text())).collect::<Vec<_>>();
        headings.into_iter().filter(|heading| Some(letters(heading)) != outlet).collect()
    };
    // Lesser headings that are a small part of a title are rubrics.
    let starts = |heading: &str, most: usize| {
        let rests = titles.iter().flatten().filter_map(|title| strip_prefix(title, heading));
        rests
            .filter(|rest| rest.len() <= heading.len().saturating_mul(most))
            .any(|rest| rest.is_empty() || is_gap(rest.chars(), &SITE_MARKS))
    };
    let known: Vec<String> = titles.iter().flatten().map(|title| letters(title)).collect();
    let within = |heading: &str| {
        let heading = letters(heading);
        !heading.is_empty() && known.iter().any(|title| title.contains(&heading))
    };
    let first = read("h1");
    let found = first.iter().find(|heading| starts(heading, usize::MAX)).cloned();
    let found = found.or_else(|| read("h2").into_iter().find(|heading| starts(heading, 2)));
    let found = found.or_else(|| first.iter().find(|heading| within(heading)).cloned());
    found.or_else(|| first.first().filter(|_| first.len() == 1).cloned())
}

/// A value on one line, if it is one that can be a fact.
fn value(text: &str) -> Option<String> {
    let words: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let value = words.split_whitespace().collect::<Vec<_>>().join(" ");
    (!value.is_empty() && value.len() <= LONGEST).then_some(value)
}

/// The `<meta>` elements in order, with the lower-case name of each.
fn metas(document: &Document) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for node in document.select("meta").nodes() {
        let Some(content) = node.attr("content").and_then(|content| value(&content)) else { continue };
        for key in ["property", "name", "itemprop", "http-equiv"] {
            if let Some(name) = node.attr(key) {
                found.push((name.trim().to_ascii_lowercase(), content.clone()));
            }
        }
    }
    found
}

/// All objects of JSON-LD scripts: those of lists and graphs too.
fn objects(data: &[String]) -> Vec<Value> {
    let mut found = Vec::new();
    for script in data {
        let script = script.trim().trim_start_matches("<!--").trim_start_matches("<![CDATA[");
        let script = script.trim_end_matches("-->").trim_end_matches("]]>");
        // Line breaks inside of strings are a common error.
        let lines = || script.replace(char::is_control, " ");
        let parsed = serde_json::from_str(script).or_else(|_| serde_json::from_str::<Value>(&lines()));
        let mut open: Vec<Value> = parsed.into_iter().collect();
        while let Some(next) = open.pop() {
            match next {
                Value::Array(items) => open.extend(items.into_iter().rev()),
                Value::Object(mut fields) => {
                    open.extend(fields.remove("mainEntity"));
                    open.extend(fields.remove("@graph"));
                    found.push(Value::Object(fields));
                }
                _ => {}
            }
        }
    }
    found
}

/// The object that is the article; else one that is dated as an article is.
fn article(objects: &[Value]) -> Option<&Value> {
    let is_article = |object: &&Value| {
        let kinds = object.get("@type").map(|kinds| kinds.as_array().cloned().unwrap_or_else(|| vec![kinds.clone()]));
        kinds
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .any(|kind| kind.ends_with("Article") || kind.ends_with("Posting") || kind == "Report")
    };
    objects.iter().find(is_article).or_else(|| objects.iter().find(|object| object.get("datePublished").is_some()))
}

/// A string, the first of a list, or the name or address of an object.
fn text_of(field: &Value) -> Option<String> {
    match field {
        Value::String(text) if text.contains('&') && text.len() <= LONGEST => {
            value(&Document::fragment(text.as_str()).text())
        }
        Value::String(text) => value(text),
        Value::Array(items) => items.first().filter(|item| !item.is_array()).and_then(text_of),
        Value::Object(fields) => {
            fields.get("name").or_else(|| fields.get("@id")).filter(|name| name.is_string()).and_then(text_of)
        }
        _ => None,
    }
}

/// The names of people or organisations, which may be given by reference to another object.
fn people(field: &Value, objects: &[Value]) -> Option<String> {
    let one = |person: &Value| {
        let id = person.get("@id").filter(|_| person.get("name").is_none());
        let meant = id.and_then(|id| objects.iter().find(|o| o.get("@id") == Some(id) && o.get("name").is_some()));
        text_of(meant.unwrap_or(person)).filter(|name| !is_address(name))
    };
    let mut names: Vec<String> = Vec::new();
    for person in field.as_array().map_or(std::slice::from_ref(field), Vec::as_slice).iter().take(20) {
        if let Some(name) = one(person).filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(", "))
}

fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn is_iso(date: &str) -> bool {
    let shape = b"dddd-dd-dd";
    date.len() >= shape.len()
        && date.bytes().zip(shape).all(|(b, want)| if *want == b'd' { b.is_ascii_digit() } else { b == *want })
}

/// The time that the page marks as its own: as publication, in the article, or at all.
fn time(document: &Document) -> Option<String> {
    let stamp =
        |node: &NodeRef<'_>| node.attr("datetime").or_else(|| node.attr("content")).and_then(|stamp| value(&stamp));
    let beside = |node: &NodeRef<'_>| node.ancestors_it(None).any(|outer| name_of(&outer).as_deref() == Some("aside"));
    ["[itemprop=datePublished]", "article time, main time", "time"]
        .iter()
        .find_map(|selector| document.select(selector).nodes().iter().filter(|node| !beside(node)).find_map(stamp))
}

/// Marks between a headline and the name of its site.
const SITE_MARKS: [char; 9] = ['-', '–', '—', '|', '｜', '_', '·', '»', '•'];
/// Marks between the name of a site, if it is known, and a headline.
const NAME_MARKS: [char; 12] = ['-', '–', '—', '|', '｜', '_', '·', '»', '•', ':', '：', '/'];

/// Whether what follows a name, seen away from it, parts it from the rest of a title. A hyphen, colon or slash
/// without space around it does so only beside Chinese, where it joins no words.
fn is_gap(mut rest: impl Iterator<Item = char>, marks: &[char]) -> bool {
    let mut spaced = false;
    let mark = loop {
        match rest.next() {
            Some(c) if c.is_whitespace() => spaced = true,
            Some(c) if marks.contains(&c) => break c,
            _ => return false,
        }
    };
    let spaced = spaced || rest.next().is_some_and(|c| c.is_whitespace() || !c.is_ascii());
    spaced || !matches!(mark, '-' | ':' | '/')
}

/// Cuts the name of the site off a title; also returns that name if the headline tells it.
pub(super) fn without_site(title: &str, headline: Option<&str>, outlet: Option<&str>) -> (String, Option<String>) {
    if let Some(headline) = headline {
        if let Some(rest) = strip_prefix(title, headline).filter(|rest| is_gap(rest.chars(), &SITE_MARKS)) {
            let site = rest.split(SITE_MARKS).map(str::trim).rfind(|part| !part.is_empty()).map(str::to_string);
            return (headline.to_string(), site);
        }
        if strip_suffix(title, headline).is_some_and(|rest| is_gap(rest.chars().rev(), &SITE_MARKS)) {
            return (headline.to_string(), None);
        }
    }
    let around = |c: char| c.is_whitespace() || NAME_MARKS.contains(&c);
    let rest = outlet.and_then(|outlet| {
        let before = strip_suffix(title, outlet).filter(|rest| is_gap(rest.chars().rev(), &NAME_MARKS));
        before.or_else(|| strip_prefix(title, outlet).filter(|rest| is_gap(rest.chars(), &NAME_MARKS)))
    });
    (rest.map(|rest| rest.trim_matches(around)).filter(|rest| !rest.is_empty()).unwrap_or(title).to_string(), None)
}

/// What follows `start`, in whatever case that is written.
fn strip_prefix<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    start.chars().all(|c| rest.next().is_some_and(|d| c.to_lowercase().eq(d.to_lowercase()))).then_some(rest.as_str())
}

/// What precedes `end`, in whatever case that is written.
fn strip_suffix<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    end.chars()
        .rev()
        .all(|c| rest.next_back().is_some_and(|d| c.to_lowercase().eq(d.to_lowercase())))
        .then_some(rest.as_str())
}

fn without_label(author: &str) -> String {
    let labels = ["By ", "by ", "BY ", "作者：", "作者:", "文｜", "文|", "文/", "文／", "记者 ", "記者 "];
    let name = labels.iter().find_map(|label| author.strip_prefix(label)).unwrap_or(author);
    name.trim().to_string()
}
