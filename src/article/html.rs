//! Web pages and fragments of HTML as Markdown.
//!
//! [`tidy`](tidy::tidy) makes the tags safe to parse, [`facts`] reads what the page says of itself, [`clean`] removes
//! what is hidden or stands beside the article, readability chooses the element that is the article, and
//! [`render`] writes its paragraphs. What comes out is the text that offsets count in.

mod clean;
mod facts;
mod render;
mod tidy;

use dom_query::{Document, NodeData, NodeRef};
use dom_smoothie::{Config, Readability};

use self::facts::letters;
use self::render::{Block, Part};
use super::{Meta, front_matter};

/// Pages with more elements are lists or data; the time that readability takes grows with elements times depth.
const MOST_ELEMENTS: usize = 20_000;
/// Longer texts readability is not asked about either: it reads each many times.
const LONGEST_JUDGED: usize = 2 << 20;
/// The most that writing HTML may cost: from each character that is escaped it looks through the rest of the text node.
const DEAREST: usize = 1 << 30;
/// With fewer characters readability tries again with less strict rules; Chinese short news has this many.
const SHORTEST: usize = 150;

/// The headline is among this many paragraphs if it is at the head of the content.
const SOON: usize = 5;
/// How many characters may stand between the headline and what readability chooses.
const LONGEST_LEAD: usize = 1000;

/// Elements that content management systems put whole articles in, and nothing else.
const CONTAINERS: [&str; 8] = [
    "#js_content",
    ".rich_media_content",
    "[itemprop=articleBody]",
    ".article-content",
    "#artibody",
    ".article_content",
    "#article_content",
    "#mp-editor",
];

/// A whole web page as Markdown, with front matter for the facts that it states about itself.
pub(super) fn page(html: &str) -> String {
    let tidy = tidy::tidy(html);
    let document = Document::from(tidy.html);
    clean::hide(&document, true);
    let facts = facts::read(&document, &tidy.data);
    let headline = facts.headline.as_deref().map(letters);
    let chars = clean::strip(&document, |heading| Some(letters(heading)) == headline);
    let (mut blocks, author) = main_blocks(&document, chars, headline.as_deref());

    let mut meta = facts.meta;
    meta.author = meta.author.or(author);
    if let Some(title) = &mut meta.title {
        // What looks like a headline without being marked as one also tells where the title ends.
        let cut = |block: &Block| {
            let (cut, site) = facts::without_site(title, Some(&block.text), None);
            // A smaller part would be a rubric.
            (cut.len() < title.len() && cut.len() * 3 >= title.len()).then_some((cut, site))
        };
        if let Some((cut, site)) = blocks.iter().take(SOON).find_map(cut) {
            *title = cut;
            meta.outlet = meta.outlet.or(site);
        }
    }
    let outlet = meta.outlet.as_deref().map(letters);
    blocks.retain(|block| !matches!(block.part, Part::Heading(_)) || Some(letters(&block.text)) != outlet);
    if let Some(title) = &meta.title {
        let letters_of_title = letters(title);
        // The page may show its headline a little longer or shorter than it states it.
        let same = |block: &Block| {
            let text = letters(&block.text);
            text == letters_of_title
                || (matches!(block.part, Part::Heading(_))
                    && text.len() * 2 > letters_of_title.len()
                    && letters_of_title.len() * 2 > text.len()
                    && (text.contains(&letters_of_title) || letters_of_title.contains(&text)))
        };
        if let Some(at) = blocks.iter().take(SOON).position(same) {
            blocks.remove(at);
        }
        blocks.insert(0, Block { part: Part::Heading(1), text: title.clone() });
    }
    front_matter::write(&meta) + &render::markdown(&blocks)
}

/// HTML that is all article as Markdown: the entry of a feed, the body of a mail, a chapter of a book.
pub(super) fn fragment(html: &str) -> String {
    let document = Document::from(tidy::tidy(html).html);
    clean::hide(&document, false);
    render::markdown(&render::blocks(document.root()))
}

/// The paragraphs of the article of a page that has `chars` characters outside of links, and its author if found there.
fn main_blocks(document: &Document, chars: usize, headline: Option<&str>) -> (Vec<Block>, Option<String>) {
    for container in CONTAINERS {
        // More than one is a list of articles.
        if let [only] = document.select(container).nodes() {
            let blocks = render::blocks(*only);
            if size(&blocks) * 3 > chars {
                return (blocks, None);
            }
        }
    }
    // By the title of the window readability would take a heading with like words for the headline.
    document.select("title, meta, link").remove();
    clean::prepare(document);
    let mut author = None;
    if chars <= LONGEST_JUDGED && cost(document) <= DEAREST {
        let config = Config {
            max_elements_to_parse: MOST_ELEMENTS,
            disable_json_ld: true,
            keep_classes: true,
            char_threshold: SHORTEST,
            ..Config::default()
        };
        let mut readability = Readability { doc: document.clone(), doc_url: None, config };
        if let Ok(article) = readability.parse() {
            author = article.byline.filter(|byline| !byline.trim().is_empty());
            let chosen = readability.doc.select_single("#readability-page-1");
            let blocks = chosen.nodes().first().map_or_else(Vec::new, |chosen| render::blocks(*chosen));
            if size(&blocks) * 4 > chars {
                return (with_lead(blocks, &render::blocks(document.root()), headline), author);
            }
        }
    }
    let largest = |selector: &str| {
        let found = document.select(selector).nodes().iter().map(|node| render::blocks(*node)).collect::<Vec<_>>();
        found.into_iter().max_by_key(|blocks| size(blocks)).filter(|blocks| size(blocks) * 2 > chars)
    };
    let blocks = largest("article").or_else(|| largest("main")).unwrap_or_else(|| render::blocks(document.root()));
    (blocks, author)
}

/// The number of characters in paragraphs.
fn size(blocks: &[Block]) -> usize {
    blocks.iter().map(|block| block.text.chars().count()).sum()
}

/// Puts before the chosen paragraphs those that stand between the headline and them: readability drops summaries, and
/// a short report for the longer list of others under it.
fn with_lead(chosen: Vec<Block>, all: &[Block], headline: Option<&str>) -> Vec<Block> {
    let is_headline =
        |block: &Block| matches!(block.part, Part::Heading(_)) && Some(&*letters(&block.text)) == headline;
    let Some(start) = all.iter().position(is_headline).map(|at| at + 1) else { return chosen };
    let Some(first) = chosen.iter().find(|block| !is_headline(block)) else { return chosen };
    let lead =
        all[start..].iter().position(|block| block == first).map_or(&[][..], |length| &all[start..start + length]);
    if size(lead) > LONGEST_LEAD {
        return chosen;
    }
    lead.iter().cloned().chain(chosen).collect()
}

/// How many characters are looked at when the document is written as HTML.
fn cost(document: &Document) -> usize {
    let of_text = |text: &str| {
        let escaped = text.chars().filter(|c| matches!(c, '&' | '<' | '>' | '\u{80}'..='\u{BF}')).count();
        escaped.saturating_mul(text.len())
    };
    let cost = |node: NodeRef<'_>| {
        node.query_or(0, |inner| if let NodeData::Text { contents } = &inner.data { of_text(contents) } else { 0 })
    };
    document.root().descendants_it().map(cost).fold(0, usize::saturating_add)
}

/// The name of an element.
fn name_of(node: &NodeRef<'_>) -> Option<String> {
    node.qual_name_ref().map(|name| name.local.to_string())
}

/// Where a walk goes from a node.
enum Step {
    Into,
    Over,
    Remove,
    Stop,
}

/// Sees the nodes of a tree in document order.
trait Visitor<'a> {
    fn enter(&mut self, node: &NodeRef<'a>) -> Step;
    /// After what is in a node that was gone into.
    fn leave(&mut self, node: &NodeRef<'a>);
}

/// Takes a visitor through what is below `root`, without recursion.
fn walk<'a>(root: NodeRef<'a>, visitor: &mut impl Visitor<'a>) {
    let mut open: Vec<NodeRef<'a>> = Vec::new();
    let mut next = root.first_child();
    loop {
        let Some(node) = next else {
            let Some(parent) = open.pop() else { return };
            visitor.leave(&parent);
            next = parent.next_sibling();
            continue;
        };
        match visitor.enter(&node) {
            Step::Into => {
                next = node.first_child();
                open.push(node);
            }
            Step::Over => next = node.next_sibling(),
            Step::Remove => {
                next = node.next_sibling();
                node.remove_from_parent();
            }
            Step::Stop => return,
        }
    }
}

#[cfg(test)]
mod tests;
