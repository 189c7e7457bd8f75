//! What in a page is not shown, or is beside its article.

use std::collections::{HashMap, HashSet};

use dom_query::{Document, NodeData, NodeId, NodeRef};

use super::{Step, Visitor, name_of, walk};

/// Texts of more bytes are no captions, whatever their class says.
const LONGEST_CAPTION: usize = 1000;

/// Words in the class or id of what stands beside an article.
const BESIDE: [&str; 42] = [
    "ad",
    "ads",
    "advert",
    "advertisement",
    "banner",
    "banners",
    "breadcrumb",
    "breadcrumbs",
    "comment",
    "comments",
    "consent",
    "cookie",
    "cookies",
    "fenxiang",
    "gdpr",
    "guanggao",
    "mianbaoxie",
    "newsletter",
    "newsletters",
    "pagination",
    "pinglun",
    "popup",
    "promo",
    "recommend",
    "recommendation",
    "recommendations",
    "recommended",
    "recommends",
    "related",
    "share",
    "sharebar",
    "sharing",
    "sidebar",
    "sidebars",
    "social",
    "sponsor",
    "sponsored",
    "subscribe",
    "subscription",
    "subscriptions",
    "tuijian",
    "xiangguan",
];

/// Words in the class or id of what holds an article.
const ARTICLE: [&str; 11] =
    ["article", "body", "content", "entry", "main", "page", "post", "story", "text", "wrapper", "layout"];

/// Words in classes by which readability judges; it looks for them inside of words, which takes `commentary` for a
/// comment, so no other words are left to it.
const JUDGED: [&str; 19] = [
    "article", "author", "blog", "body", "byline", "contact", "content", "dateline", "entry", "extra", "footer",
    "main", "masthead", "menu", "page", "post", "story", "text", "widget",
];

/// The words of a class or an id, split where hyphens, underscores or capitals part them.
fn words(value: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in value.chars() {
        if !c.is_alphanumeric() || (lower && c.is_uppercase()) {
            words.push(String::new());
        }
        lower = c.is_lowercase();
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The names in an element's class and id.
fn names(node: &NodeRef<'_>) -> Vec<String> {
    let values = ["class", "id"].iter().filter_map(|key| node.attr(key));
    values.flat_map(|value| value.split_whitespace().map(str::to_string).collect::<Vec<_>>()).collect()
}

/// Removes what is not shown and brings captions to one element.
pub(super) fn hide(document: &Document, page: bool) {
    struct Hide {
        page: bool,
    }
    impl<'a> Visitor<'a> for Hide {
        fn enter(&mut self, node: &NodeRef<'a>) -> Step {
            let Some(name) = name_of(node) else { return Step::Over };
            if matches!(&*name, "html" | "head" | "body") {
                return Step::Into;
            }
            let style = node.attr_or("style", "").to_ascii_lowercase().replace(char::is_whitespace, "");
            // A dialogue that was open when the page was saved hides the page behind it from screen readers.
            let behind = self.page && node.attr("aria-hidden").is_some() && holds(node, &["h1", "article", "main"]);
            let hidden = node.has_attr("hidden") || style.split(';').any(|rule| rule.starts_with("display:none"));
            if hidden || (node.attr("aria-hidden").as_deref() == Some("true") && !behind) {
                return Step::Remove;
            }
            match &*name {
                "rt" | "rp" | "rtc" => return Step::Remove,
                // An anchor without words parts those around it in the eyes of readability.
                "a" if node.first_child().is_none() => return Step::Remove,
                _ => {}
            }
            let caption = names(node).iter().any(|name| words(name).iter().any(|word| word == "caption"));
            if caption && !matches!(&*name, "table" | "tr" | "figure" | "h1" | "h2" | "h3") && is_short(node) {
                node.rename("figcaption");
            }
            Step::Into
        }

        fn leave(&mut self, _: &NodeRef<'a>) {}
    }
    walk(document.root(), &mut Hide { page });
}

/// Whether a text is short enough for a caption.
fn is_short(node: &NodeRef<'_>) -> bool {
    let mut length = 0;
    let mut texts = node.descendants_it().map(|inner| {
        inner.query_or(0, |inner| if let NodeData::Text { contents } = &inner.data { contents.trim().len() } else { 0 })
    });
    texts.all(|text| {
        length += text;
        length <= LONGEST_CAPTION
    })
}

/// Whether an element of one of these names is inside `node`.
fn holds(node: &NodeRef<'_>, wanted: &[&str]) -> bool {
    node.descendants_it().any(|inner| name_of(&inner).is_some_and(|name| wanted.contains(&&*name)))
}

/// How much is in an element.
#[derive(Default, Clone, Copy)]
struct Weight {
    chars: usize,
    /// Of the characters, those in links.
    linked: usize,
    links: usize,
    /// It holds the headline of the page.
    headline: bool,
}

/// Removes what stands beside the article of a page; `is_headline` knows the headline by its words.
///
/// Returns how many characters are left that are not in links.
pub(super) fn strip(document: &Document, is_headline: impl Fn(&str) -> bool) -> usize {
    let weights = weigh(document, is_headline);
    let root = document.root().id;
    let mut strip =
        Strip { total: weights.get(&root).map_or(0, |weight| weight.chars), weights, articles: 0, removed: 0 };
    walk(document.root(), &mut strip);
    let whole = strip.weights.get(&root).copied().unwrap_or_default();
    (whole.chars - whole.linked).saturating_sub(strip.removed)
}

fn weigh(document: &Document, is_headline: impl Fn(&str) -> bool) -> HashMap<NodeId, Weight> {
    let mut weights: HashMap<NodeId, Weight> = HashMap::new();
    let nodes: Vec<NodeRef<'_>> = document.root().descendants_it().collect();
    // Children come before their parents.
    for node in nodes.into_iter().rev() {
        let own = weights.entry(node.id).or_default();
        node.query(|inner| {
            if let NodeData::Text { contents } = &inner.data {
                own.chars = contents.chars().filter(|c| !c.is_whitespace()).count();
            }
        });
        match name_of(&node).as_deref() {
            Some("a") => (own.linked, own.links) = (own.chars, 1),
            Some("h1" | "h2") => own.headline = is_headline(&node.text()),
            Some("title") => *own = Weight::default(),
            _ => {}
        }
        let own = *own;
        if let Some(parent) = node.parent() {
            let parent = weights.entry(parent.id).or_default();
            parent.chars += own.chars;
            parent.linked += own.linked;
            parent.links += own.links;
            parent.headline |= own.headline;
        }
    }
    weights
}

struct Strip {
    weights: HashMap<NodeId, Weight>,
    total: usize,
    /// Articles and mains that are open.
    articles: usize,
    /// Characters removed that are not in links.
    removed: usize,
}

impl Strip {
    fn is_beside(&self, node: &NodeRef<'_>, name: &str, weight: Weight) -> bool {
        if weight.headline {
            return false;
        }
        let most = weight.chars * 2 > self.total;
        if matches!(name, "ul" | "ol" | "dl" | "div" | "table")
            && weight.links > 2
            && weight.linked * 10 >= weight.chars * 9
        {
            return true;
        }
        let role = node.attr_or("role", "").to_ascii_lowercase();
        let beside = match name {
            "aside" => true,
            // That of a section holds its heading alone.
            "header" => self.articles == 0 && weight.links > 0,
            _ => matches!(
                &*role,
                "navigation"
                    | "complementary"
                    | "banner"
                    | "contentinfo"
                    | "search"
                    | "dialog"
                    | "alertdialog"
                    | "menu"
            ),
        };
        if beside {
            // Some servers wrap the whole page in a form.
            return !most;
        }
        // In running text the words of classes name what is spoken of: the price of a share.
        let in_text = matches!(name, "span" | "a" | "time" | "q")
            && node.parent().and_then(|parent| name_of(&parent)).is_some_and(|parent| {
                matches!(
                    &*parent,
                    "p" | "li" | "td" | "th" | "blockquote" | "span" | "a" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
                )
            });
        if in_text || matches!(name, "html" | "body" | "main" | "title" | "meta" | "link") {
            return false;
        }
        let names = names(node);
        let marked = names.iter().filter(|name| is_named_beside(name)).count();
        let holds_article = || {
            names
                .iter()
                .filter(|name| !is_named_beside(name))
                .any(|name| words(name).iter().any(|word| ARTICLE.contains(&word.as_str())))
        };
        marked > 0 && !(most && holds_article())
    }
}

fn is_named_beside(name: &str) -> bool {
    let words = words(name);
    // Layouts are named after what they have or lack, articles after their subjects.
    let about = ["has", "no", "with", "without", "hide", "tag", "category", "cat", "topic"];
    !about.iter().any(|word| words.first().is_some_and(|first| first == word))
        && words.iter().any(|word| BESIDE.contains(&word.as_str()))
}

impl<'a> Visitor<'a> for Strip {
    fn enter(&mut self, node: &NodeRef<'a>) -> Step {
        let Some(name) = name_of(node) else { return Step::Over };
        let weight = self.weights.get(&node.id).copied().unwrap_or_default();
        if self.is_beside(node, &name, weight) {
            self.removed += weight.chars - weight.linked;
            return Step::Remove;
        }
        match &*name {
            "article" | "main" => self.articles += 1,
            // Readability removes asides.
            "aside" => node.rename("div"),
            _ => {}
        }
        Step::Into
    }

    fn leave(&mut self, node: &NodeRef<'a>) {
        if matches!(name_of(node).as_deref(), Some("article" | "main")) {
            self.articles -= 1;
        }
    }
}

/// Leaves readability only what it may judge by, and hides from it what it would lose.
pub(super) fn prepare(document: &Document) {
    for node in document.root().descendants().into_iter().filter(NodeRef::is_element) {
        // It drops a line break that is followed by text and a paragraph. Two in a row it makes paragraphs of.
        if node.has_name("br") && !beside_break(node.prev_sibling(), NodeRef::prev_sibling) {
            let alone = !beside_break(node.next_sibling(), NodeRef::next_sibling);
            if alone {
                node.rename("wbr");
            }
        }
        let kept = judged(&node);
        node.remove_attrs(&["class", "id", "style", "role", "hidden", "aria-hidden"]);
        if !kept.is_empty() {
            node.set_attr("class", &kept.join(" "));
        }
    }
    // It takes each of several divisions around one paragraph for an article of its own. Inner ones come first.
    for node in document.root().descendants().into_iter().rev().filter(|node| node.has_name("div")) {
        if let Some(inner) = only_block(&node) {
            let mut kept = judged(&node);
            kept.extend(judged(&inner).into_iter().filter(|word| !kept.contains(word)).collect::<Vec<_>>());
            if !kept.is_empty() {
                inner.set_attr("class", &kept.join(" "));
            }
            node.replace_with(&inner);
        }
    }
}

/// The words in an element's class and id by which readability may judge it.
fn judged(node: &NodeRef<'_>) -> Vec<&'static str> {
    let words: HashSet<String> = names(node).iter().flat_map(|name| words(name)).collect();
    JUDGED.into_iter().filter(|word| words.contains(*word)).collect()
}

/// The division or paragraph that is all that an element holds.
fn only_block<'a>(node: &NodeRef<'a>) -> Option<NodeRef<'a>> {
    let mut children = node.children_it(false).filter(|child| child.is_element() || child.is_nonempty_text());
    let only = children.next().filter(|child| child.has_name("div") || child.has_name("p"))?;
    children.next().is_none().then_some(only)
}

/// Whether the next thing in a direction is a line break.
fn beside_break<'a>(next: Option<NodeRef<'a>>, step: fn(&NodeRef<'a>) -> Option<NodeRef<'a>>) -> bool {
    let blank = |node: &NodeRef<'a>| node.is_text() && !node.is_nonempty_text();
    let next = match next {
        Some(node) if blank(&node) => step(&node),
        next => next,
    };
    next.is_some_and(|node| node.has_name("br"))
}
