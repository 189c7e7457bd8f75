//! Small pages of invented companies and outlets, and HTML that is made to break readers.

use std::time::Instant;

use super::{fragment, page};
use crate::article::glosses::glosses;
use crate::article::layout::paragraphs;
use crate::article::{Article, Kind, Meta};

/// The paragraphs of a fragment as they are read.
fn read(html: &str) -> Vec<(Kind, String)> {
    let text = fragment(html);
    paragraphs(&text, 0).into_iter().map(|p| (p.kind, p.plain(&text))).collect()
}

fn article(html: &str) -> Article {
    Article::new("page".into(), page(html), Meta::default())
}

#[test]
fn fragments() {
    let cases = [
        ("name across tags", "<p>月之<b>暗<i>面</i></b>发布了<a href=x>新模型</a>。</p>", "月之暗面发布了新模型。\n"),
        ("ruby", "<p><ruby>漢<rp>(</rp><rt>hàn</rt><rp>)</rp>字<rt>zì</ruby>公司</p>", "漢字公司\n"),
        ("break opportunities", "<p>Orchid<wbr>Works and Or&shy;chid</p>", "OrchidWorks and Orchid\n"),
        ("white space", "<p> One\n  two&nbsp;three\t four </p>", "One two three four\n"),
        ("line broken between Han", "<p>这家\n    公司，\n“很好”</p>", "这家公司，“很好”\n"),
        ("breaks", "<p>A<br>b<br><br>C<br>\n<br/>D</p>", "A b\n\nC\n\nD\n"),
        (
            "breaks between Han",
            "<div>第一段<br>还是<br><br>第二段<br>　　第三段</div>",
            "第一段还是\n\n第二段\n\n第三段\n",
        ),
        ("headings", "<h1>One</h1><h2>Two<br>lines</h2><h6>Six</h6>", "# One\n\n## Two lines\n\n###### Six\n"),
        ("quotes", "<blockquote><p>One</p><p>Two</p>Three</blockquote>Four", "> One\n\n> Two\n\n> Three\n\nFour\n"),
        (
            "lists",
            "<ul><li>One<li><p>Two</p><ol><li>Three</ol></ul><ol><li>Four</li></ol>",
            "- One\n\n- Two\n\n- Three\n\n- Four\n",
        ),
        (
            "captions",
            "<figure><img src=x alt=y><figcaption>A <b>plant</b></figcaption></figure><p class=wp-caption-text>Another</p>",
            "▲ A plant\n\n▲ Another\n",
        ),
        (
            "table",
            "<table><caption>Sales</caption><thead><tr><th>Year<th>Sum</thead><tr><td><p>2025</p><td>1<br>2<tr><td>2026<td></table>",
            "▲ Sales\n\nYear | Sum\n\n2025 | 1 2\n\n2026\n",
        ),
        (
            "page laid out as a table",
            "<table><tr><td><h2>Head</h2><p>One.</p><p>Two.</p></td><td>Side</td></tr></table>",
            "## Head\n\nOne.\n\nTwo.\n\nSide\n",
        ),
        (
            "code",
            "<p>Words of the text.</p><pre>a\n  ```\n<br>b</pre>",
            "Words of the text.\n\n```\na\n\\  ```\n\nb\n```\n",
        ),
        ("all preformatted", "<pre>One\ntwo.\n\nThree.\n　　四。</pre>", "One two.\n\nThree.\n\n四。\n"),
        (
            "not shown",
            "<p hidden>a</p><p aria-hidden=true>b</p><p style='color:red; Display : none'>c</p><svg><text>d</text></svg>\
             <script>e</script><style>f</style><video>g</video><img alt=h><p>i<hr>j</p><!-- k -->",
            "i\n\nj\n",
        ),
        ("quotation", "<p>He said <q>no</q>.</p>", "He said “no”.\n"),
        (
            "whole document",
            "<?xml version='1.0'?><html><head><title>Chapter</title></head><body><p>Words</p></body></html>",
            "Words\n",
        ),
        (
            "marks",
            "<p># a</p><p>1. b *c* d_e</p><p>- f</p><p>&lt;b> g</p>",
            "\\# a\n\n1\\. b \\*c\\* d\\_e\n\n\\- f\n\n\\<b> g\n",
        ),
        ("ornaments", "<p>---</p><p>* * *</p><p>a</p>", "a\n"),
        ("broken entities", "<p>a &amp b &nosuch; &#0; &#x110000; &", "a & b &nosuch; \u{FFFD} \u{FFFD} &\n"),
        ("nul", "<p>a\0b</p>", "ab\n"),
        ("comment without end", "<p>a</p><!-- b", "a\n"),
        ("script without end", "<p>a</p><script>b", "a\n"),
        ("nothing", "", ""),
    ];
    for (name, html, expected) in cases {
        assert_eq!(fragment(html), expected, "{name}");
    }
}

#[test]
fn addresses_are_marks_as_a_whole() {
    assert_eq!(read("<p>See https://a.example/b_c*d~~e here.</p>")[0].1, "See here.");
}

/// Filler that makes paragraphs long enough to be an article; `n` keeps them apart.
fn english(n: usize) -> String {
    format!(
        "<p>Quarter {n} was hard for Orchid Works, its managers say, because orders came late, prices fell, and two of \
         its three plants stood still for weeks while engineers waited for parts.</p>"
    )
}

const NEWSPAPER: &str = r#"<!DOCTYPE html><html lang="en-GB"><head>
<title>Orchid Works closes a plant - Harbour Gazette</title>
<meta property="og:site_name" content="Harbour Gazette">
<meta property="og:title" content="Orchid Works closes a plant - Harbour Gazette">
<link rel="canonical" href="https://gazette.example/orchid">
<script type="application/ld+json">{"@context":"https://schema.org","@graph":[
 {"@type":"WebSite","name":"Harbour Gazette"},
 {"@type":["NewsArticle"],"headline":"Orchid Works closes a plant","datePublished":"2026-05-30T10:00:00Z",
  "author":[{"@type":"Person","name":"Ann &amp; Bob Reed"},{"@id":"/c"}]},
 {"@id":"/c","@type":"Person","name":"C. Marsh"}]}</script>
<style>.x{}</style></head>
<body class="tag-share has-banner">
<div id="cookie-consent"><p>We and our partners use cookies to improve your visit, measure it and more.</p><button>Accept</button></div>
<header><nav><a href="/">Home</a> <a href="/b">Business</a></nav><p>Harbour Gazette, since 1901</p></header>
<ul class="breadcrumb"><li><a href="/">Home</a></li><li>Business news breadcrumb</li></ul>
<div class="layout with-sidebar">
<article class="post tag-banner"><header><h1>Orchid Works closes a plant</h1><p>The company blames slow orders</p>
<div class="share-buttons"><span>Share on Chirper</span></div></header>
<figure><img src="a.jpg"><figcaption>The plant in Fairhaven</figcaption></figure>
PARAGRAPHS
<p>Its <span class="share-price">shares</span> fell by a tenth.</p>
<h2>What the union says</h2>
<blockquote><p>We will not accept this.</p></blockquote>
<div class="commentary-text"><p>In a commentary of its own, the union calls the step short-sighted, rash, and bad for the town.</p></div>
<div class="newsletterSignup"><p>Get our newsletter every morning, for free, with all the news that you need.</p></div>
</article>
<aside><p>A sidebar with something else that has nothing to do with it, as sidebars are.</p></aside>
<div class="related-articles"><h3>Related</h3><p>Pear Motors opens a plant in a related story of some length, with commas, too.</p></div>
<section class="comments"><article class="comment"><p>Reader one: what a shame, this was the best company in town, I think.</p></article></section>
</div>
<div class="subscribe_box"><p>Subscribe now for one coin a week, cancel at any time, no questions asked.</p></div>
<footer><p>All rights reserved by the Gazette, Harbour Lane 1.</p></footer>
</body></html>"#;

#[test]
fn a_newspaper_page() {
    let paragraphs: String = (1..=4).map(english).collect();
    let text = page(&NEWSPAPER.replace("PARAGRAPHS", &paragraphs));
    let start = "---\ntitle: \"Orchid Works closes a plant\"\noutlet: \"Harbour Gazette\"\n\
        author: \"Ann & Bob Reed, C. Marsh\"\ndate: \"2026-05-30T10:00:00Z\"\nlang: \"en-GB\"\n\
        url: \"https://gazette.example/orchid\"\n---\n\n# Orchid Works closes a plant\n\n";
    let end = "Its shares fell by a tenth.\n\n## What the union says\n\n> We will not accept this.\n\nIn a commentary of its own, \
        the union calls the step short-sighted, rash, and bad for the town.\n";
    assert!(text.starts_with(start), "{text}");
    assert!(text.ends_with(end), "{text}");
    for n in 1..=4 {
        assert!(text.contains(&format!("\n\nQuarter {n} was hard for Orchid Works, its managers say,")), "{n}: {text}");
    }
    assert!(text.contains("▲ The plant in Fairhaven\n"), "{text}");
    for other in [
        "cookies",
        "Accept",
        "Home",
        "1901",
        "Chirper",
        "newsletter",
        "sidebar",
        "Pear",
        "Reader one",
        "Subscribe",
        "reserved",
    ] {
        assert!(!text.contains(other), "{other}: {text}");
    }
}

#[test]
fn a_page_in_sections_and_spans() {
    let html = r#"<html><head><meta property="og:title" content="兰花科技发布新模型">
        <meta name="author" content="林木"><title></title></head><body>
        <h1 class="rich_media_title" id="activity-name">兰花科技发布新模型</h1>
        <div><a id="js_name">晨港观察</a> <em id="publish_time">2026年5月30日 10:00</em></div>
        <div class="rich_media_content" id="js_content" style="visibility: hidden; opacity: 0;">
        <section><section><span style="font-size:15px"><span>月之</span><strong>兰花</strong>公司说，</span><span>价格下调。</span></section></section>
        <section><p><span>　　业内人士</span>
        <span>认为这是好事。</span></p></section>
        <p><br></p><section><img data-src="x"></section><section><span class="caption">发布会现场</span></section>
        <section>第一点<br><br>第二点</section>
        </div><div id="js_pc_qr_code"><p>微信扫一扫关注该公众号</p></div><script>var a = "<p>";</script></body></html>"#;
    assert_eq!(
        page(html),
        "---\ntitle: \"兰花科技发布新模型\"\noutlet: \"晨港观察\"\nauthor: \"林木\"\ndate: \"2026年5月30日 10:00\"\n---\n\n\
         # 兰花科技发布新模型\n\n月之兰花公司说，价格下调。\n\n业内人士认为这是好事。\n\n▲ 发布会现场\n\n第一点\n\n第二点\n"
    );
}

#[test]
fn a_page_parted_by_breaks() {
    let body = [
        "　　兰花科技周五说，它将关闭两座工厂，工人可以到别处上班，也可以拿补偿离开。<br><br>",
        "　　工会不同意这一做法，说公司去年还在赚钱，股东拿了红利，现在却要工人付账。<br>",
        "　　当地政府表示，将与公司谈判，争取保住一座工厂，并且为工人提供培训。",
    ]
    .concat();
    let html = format!(
        "<html lang='zh-CN'><head><title>兰花科技关闭工厂_财经_晨港网</title><meta name='publishdate' content='2026-05-30'></head>\
         <body><div class='nav'><a href=1>首页</a><a href=2>财经</a><a href=3>科技</a></div><h1>兰花科技关闭工厂</h1>\
         <div class='article-content'>{body}</div><div class='xiangguan'>梨子汽车开设新厂</div></body></html>"
    );
    assert_eq!(
        page(&html),
        "---\ntitle: \"兰花科技关闭工厂\"\noutlet: \"晨港网\"\ndate: \"2026-05-30\"\nlang: \"zh-CN\"\n---\n\n# 兰花科技关闭工厂\n\n\
         兰花科技周五说，它将关闭两座工厂，工人可以到别处上班，也可以拿补偿离开。\n\n\
         工会不同意这一做法，说公司去年还在赚钱，股东拿了红利，现在却要工人付账。\n\n\
         当地政府表示，将与公司谈判，争取保住一座工厂，并且为工人提供培训。\n"
    );
}

#[test]
fn a_traditional_page_without_known_names() {
    let html = "<html lang=zh-Hant><head><title>蘭花科技：裁員千人｜海港日報</title><meta property='og:site_name' content='海港日報'>\
        <meta property='article:published_time' content='2026-05-30T08:00:00+08:00'></head><body>\
        <div class='top'><a href=1>新聞</a> <a href=2>財經</a> <a href=3>體育</a></div>\
        <div class='x1'><h1>蘭花科技：裁員千人</h1>\
        <div class='x2'><div>蘭花科技週五宣布裁員千人，為公司成立以來最大規模，管理層稱市場需求疲弱，別無選擇。</div>\
        <div>工會批評公司在獲利時裁員，要求管理層公開財務數字，並且與員工代表談判，否則將罷工抗議。</div>\
        <div>分析師認為，公司過去兩年擴張太快，成本過高，如今不得不收縮，但是技術實力仍在，前景不差。</div></div></div>\
        <div class='bottom'><a href=4>關於我們</a> <a href=5>聯絡</a> <a href=6>廣告刊登</a></div></body></html>";
    let article = article(html);
    assert_eq!(article.meta.title.as_deref(), Some("蘭花科技：裁員千人"));
    assert_eq!(article.meta.outlet.as_deref(), Some("海港日報"));
    let words: Vec<String> = article.paragraphs.iter().map(|p| p.plain(&article.text)).collect();
    assert_eq!(words.len(), 4, "{words:?}");
    assert_eq!(article.paragraphs[0].kind, Kind::Heading);
    assert!(words[3].starts_with("分析師認為"));
}

#[test]
fn paragraphs_however_they_are_marked() {
    let texts = [
        [
            "Orchid Works closes two plants, its managers said on Friday, because orders were slow, and prices fell.",
            "The union, which had asked for talks, called the step rash, and said that it would strike on Monday.",
            "The town pays part of the wages, for now, and looks for a buyer, but none has come forward.",
            "Orchid’s shares fell.",
        ],
        [
            "兰花科技周五宣布关闭两座工厂，管理层称订单太少，价格太低，别无选择。",
            "工会此前要求谈判，现在批评这一做法草率，并表示周一将举行罢工，直到公司让步。",
            "当地政府暂时承担一部分工资，同时在寻找买家，但目前没有人愿意接手。",
            "兰花科技股价下跌。",
        ],
    ];
    let ways = [
        ("paragraphs", "", "<p>", "</p>", ""),
        ("divisions", "", "<div>", "</div>", ""),
        ("spans in sections", "", "<section><span>", "</span></section>", ""),
        ("spans in paragraphs in sections", "", "<section><p><span>", "</span></p></section>", ""),
        ("two breaks", "<div>", "", "<br><br>", "</div>"),
        ("a break and an indent", "<div>", "&#12288;&#12288;", "<br>", "</div>"),
        ("breaks in a paragraph", "<p>", "", "<br/>\n<br/>", "</p>"),
        ("rows", "<table>", "<tr><td>", "</td></tr>", "</table>"),
        ("paragraphs without ends", "<div>", "<p>", "", "</div>"),
        ("deep divisions", "<div>", "<div><div><div><p>", "</p></div></div></div>", "</div>"),
    ];
    for text in texts {
        for (name, start, before, after, end) in ways {
            let body: String = text.iter().map(|text| [before, text, after].concat()).collect();
            let html = format!(
                "<title>Orchid</title><div class=top><a href=1>Home</a> <a href=2>News</a> <a href=3>Town</a></div><div class=x>\
                 <div class=y><h1>Orchid</h1>{start}{body}{end}</div></div><div class=z><a href=4>About</a> <a href=5>Jobs</a> <a href=6>Help</a></div>"
            );
            assert_eq!(page(&html).split_once("# Orchid\n\n").unwrap().1, text.join("\n\n") + "\n", "{name}");
        }
    }
}

#[test]
fn short_news_above_longer_teasers() {
    let teasers = "<div><a href=x><h3>Pear opens a shop</h3></a><div>Pear Motors, a rival, opens a shop, its first, in the harbour.</div></div>";
    let html = format!(
        "<title>Orchid closes</title><div class=a><div class=b><h1>Orchid closes</h1><p>Orchid Works closes a plant.</p>\
         <p>The union is angry.</p></div></div><div class=c>{}</div>",
        teasers.repeat(8)
    );
    assert!(page(&html).contains("# Orchid closes\n\nOrchid Works closes a plant.\n\nThe union is angry.\n\n"));
}

#[test]
fn comments_longer_than_the_article() {
    let comments = "<li class=comment-item><p>A reader: I think that this is the worst thing, really, that they could do.</p></li>";
    let html = format!(
        "<body class=has-comments><div class='content comments-open'><h1>Orchid closes</h1>{}\
         <div id=comments class=comments-area><ul>{}</ul></div></div>",
        english(1),
        comments.repeat(50)
    );
    let text = page(&html);
    assert!(text.contains("Quarter 1 was hard") && !text.contains("reader"), "{text}");
}

#[test]
fn a_page_in_a_form_behind_a_dialogue() {
    let html = format!(
        "<form id=aspnetForm><div aria-hidden=true class=page><h1>Orchid closes</h1>{}</div><dialog open>Sign in, please</dialog></form>",
        english(1)
    );
    let text = page(&html);
    assert!(text.contains("Quarter 1 was hard") && !text.contains("Sign in"), "{text}");
}

#[test]
fn facts() {
    let ld = |json: &str| format!("<script type='application/ld+json'>{json}</script>");
    let cases = [
        (
            "a list of objects, and a person's name alone",
            ld(r#"[{"@type":"BreadcrumbList"},{"@type":"OpinionNewsArticle","headline":"A","author":"Ann Reed","publisher":{"name":"Gazette"}}]"#),
            "title: \"A\"\noutlet: \"Gazette\"\nauthor: \"Ann Reed\"\n",
        ),
        ("a line break in a string", ld("{\"@type\":\"Article\",\"headline\":\"A\nb\"}"), "title: \"A b\"\n"),
        ("no JSON", ld("{\"@type\":"), ""),
        ("too deep for a parser", ld(&"[".repeat(100_000)), ""),
        (
            "meta elements",
            "<meta name=Author content='By Ann Reed'><meta name=pubdate content=2026-05-30><meta property=og:locale content=en_GB>\
             <meta property=og:url content='https://a.example/'>".into(),
            "author: \"Ann Reed\"\ndate: \"2026-05-30\"\nlang: \"en_GB\"\nurl: \"https://a.example/\"\n",
        ),
        (
            "a language as XHTML states it, and an author with a post",
            "<html xml:lang=zh-Hans><p itemprop=author><b itemprop=name>林木</b>，晨港观察记者</p>".into(),
            "author: \"林木\"\nlang: \"zh-Hans\"\n",
        ),
        ("an author's address is no name", "<meta property=article:author content='https://a.example/ann'>".into(), ""),
        ("an exact date before another", "<meta name=date content='May 30'><time datetime=2026-05-30>Saturday</time>".into(), "date: \"2026-05-30\"\n"),
        ("site after a headline", "<title>Orchid - a story - Gazette</title><h1>Orchid - a story</h1>".into(), "title: \"Orchid - a story\"\noutlet: \"Gazette\"\n"),
        ("hyphen without a headline", "<title>Orchid - a story</title>".into(), "title: \"Orchid - a story\"\n"),
        ("site as a heading", "<title>Orchid | Gazette</title><meta property=og:site_name content=Gazette><h1>Gazette</h1>".into(), "title: \"Orchid\"\noutlet: \"Gazette\"\n"),
        (
            "name of a site as the first heading",
            "<title>What Is an Orchid? - The Harbour Book</title><h1>The Harbour Book</h1><h2>What is an orchid?</h2>".into(),
            "title: \"What is an orchid?\"\noutlet: \"The Harbour Book\"\n",
        ),
        (
            "site before a headline",
            "<title>Gazette: Orchid</title><meta property=og:site_name content=Gazette>".into(),
            "title: \"Orchid\"\noutlet: \"Gazette\"\n",
        ),
        (
            "name of a site in a sentence",
            "<title>Orchid buys the ex-Gazette</title><meta property=og:site_name content=Gazette>".into(),
            "title: \"Orchid buys the ex-Gazette\"\noutlet: \"Gazette\"\n",
        ),
        (
            "rubric",
            "<title>Opinion | Why Orchid is wrong</title><h2>Opinion</h2><p>Opinion</p><h1>Why Orchid is wrong</h1>".into(),
            "title: \"Why Orchid is wrong\"\n",
        ),
        ("paragraph that is the headline", "<title>Orchid closes - Gazette</title><p>Orchid closes</p>".into(), "title: \"Orchid closes\"\noutlet: \"Gazette\"\n"),
        (
            "heading at the start of a headline",
            "<title>Orchid-led group sues</title><h2>Orchid</h2>".into(),
            "title: \"Orchid-led group sues\"\n",
        ),
        ("quotes", "<title>\"Orchid: 'no'\" \\ more</title>".into(), "title: \"\\\"Orchid: 'no'\\\" \\\\ more\"\n"),
    ];
    for (name, html, expected) in cases {
        let text = page(&html);
        let block = text.strip_prefix("---\n").and_then(|rest| rest.split_once("---\n")).map_or("", |(block, _)| block);
        assert_eq!(block, expected, "{name}");
    }
}

#[test]
fn extraction_is_deterministic() {
    let html = NEWSPAPER.replace("PARAGRAPHS", &(1..=30).map(english).collect::<String>());
    let first = page(&html);
    assert!((0..5).all(|_| page(&html) == first));
}

/// What makes parsers slow, recurse or give up; the words must be kept and the time must not grow without bound.
#[test]
fn hostile_input() {
    let (many, some) = (100_000, 20_000);
    let cases = [
        ("div", format!("{}words", "<div>".repeat(many))),
        ("closed div", format!("{}words{}", "<div>".repeat(many), "</div>".repeat(many))),
        ("b", format!("{}words", "<b>".repeat(many))),
        ("b and p", format!("{}words", (0..many).map(|n| format!("<b class=c{n}><p>")).collect::<String>())),
        ("a", format!("{}words", "<a href=x>".repeat(many))),
        ("blockquote", format!("{}words", "<blockquote>".repeat(many))),
        ("table", format!("{}words", "<table>".repeat(many))),
        ("cells", format!("{}words", "<table><tr><td>".repeat(many))),
        ("p", format!("{}words", "<p>a".repeat(many))),
        ("li", format!("<ul>{}words", "<li>a".repeat(many))),
        ("span in p", format!("<p>{}words", "<span>a</span>".repeat(some))),
        ("br", format!("<p>{}words", "a<br>".repeat(some))),
        ("two br", format!("<p>{}words", "a<br><br>".repeat(some))),
        ("end tags", format!("<div>{}words", "</section></b></p>".repeat(some))),
        ("svg", format!("{}words", "<svg>".repeat(some))),
        ("title", format!("{}words", "<title>".repeat(some))),
        ("comments", format!("{}words", "<!--a--!>".repeat(some))),
        ("less-than", format!("{} words", "<".repeat(many))),
        ("entities", format!("{}words", "&amp;&#".repeat(some))),
        ("long paragraph", format!("<p>{}words</p>", "Some words, and more. ".repeat(500_000))),
        ("long attribute", format!("<p class='{}' {}>words</p>", "comment ".repeat(150_000), "a=b ".repeat(100_000))),
        ("captions", format!("{}words", "<div class=caption>a".repeat(some))),
        ("hidden", format!("{}words", "<div aria-hidden=true><h1>a</h1></div>".repeat(some))),
        ("headings", format!("{}words", "<h1>a</h1>".repeat(some))),
        ("links", format!("{}<p>words</p>", "<ul><li><a href=x>a</a></ul>".repeat(some))),
        ("text in many divs", format!("{}<p>{}words", "<div>".repeat(250), "Some words, and more. ".repeat(90_000))),
        ("lists below the limit", format!("{}<p>words</p>", "<ul><li><a href=x>a</a> b</li></ul>".repeat(6_000))),
        (
            "paragraphs below the limit",
            format!("{}words", "<div><p>Some words, and more of them, in a row.</p>a</div>".repeat(9_000)),
        ),
        (
            "deep below the limit",
            format!(
                "{}<p>words</p>",
                format!("{}<p>Some words, and more.</p>{}", "<div>".repeat(200), "a</div>".repeat(200)).repeat(90)
            ),
        ),
        (
            "tables below the limit",
            format!(
                "{}<p>words</p>",
                format!("{}Some words, and more.{}", "<table><tr><td>".repeat(60), "</table>".repeat(60)).repeat(70)
            ),
        ),
        ("divs with text", format!("{}words", "<div>Some words, and more<p>a</p>".repeat(some))),
    ];
    for (name, html) in cases {
        for (kind, read) in [("page", page as fn(&str) -> String), ("fragment", fragment)] {
            let start = Instant::now();
            let text = read(&html);
            let taken = start.elapsed();
            assert!(text.contains("words"), "{name}, {kind}: {:.200}", text);
            assert!(taken.as_secs() < 30, "{name}, {kind}: {taken:?}");
        }
    }
}

/// Characters that are marks somewhere, and some that are none.
const SIGNS: &str = "#>-*+1. ) `~_=|<b/]([!\\:\n ae，。月之\u{3000}&;{}^\"'“”";

proptest::proptest! {
    #[test]
    fn words_are_given_back(
        texts in proptest::collection::vec(proptest::collection::vec(proptest::sample::select(SIGNS.chars().collect::<Vec<_>>()), 0..24), 1..6)
    ) {
        let texts: Vec<String> = texts.into_iter().map(String::from_iter).collect();
        let html: String = texts.iter().map(|text| format!("<p>{}</p>", text.replace('&', "&amp;").replace('<', "&lt;"))).collect();
        let found: Vec<String> = read(&html).into_iter().map(|(_, words)| words).collect();
        let expected: Vec<String> = texts.iter().map(|text| set_closer(&folded(text))).filter(|text| text.chars().any(char::is_alphanumeric)).collect();
        proptest::prop_assert_eq!(found, expected, "{:?}", fragment(&html));
    }

    #[test]
    fn no_soup_breaks_a_reader(
        soup in proptest::collection::vec(
            proptest::sample::select(vec![
                "<div>", "<div class='article related'>", "</div>", "<p>", "</p>", "<b>", "</b>", "<a href='youtube.com'>", "</a>",
                "<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th colspan=0>", "<caption>", "<li>", "</li>", "<ul>", "</ul>",
                "<h1>", "</h1>", "<h2>", "</h2>", "<form>", "</form>", "<ruby>", "<rt>", "</ruby>", "<pre>", "</pre>", "<select>",
                "<title>", "</title>", "<hr>", "<br>", "<article>", "</article>", "<main>", "<header>", "<aside>", "<blockquote>",
                "</blockquote>", "<figure>", "<figcaption>", "<iframe src='中youtube.com'>", "</iframe>", "<object data='中v.qq.com'>",
                "<img src='data:image/png;base64,'>", "<p hidden>", "<div id=js_content>", "<html lang=x>", "<body>", "</body>",
                "<meta name=author content=x>", "<span itemprop=author>", "<noscript>", "<", ">", "&lt;", "\"", "<!--", "-->", "x ", "中，",
                "Some words, which are many, and more words, so that it scores, as readers score it, by commas.",
            ]),
            0..120,
        )
    ) {
        let html = soup.concat();
        let text = page(&html);
        proptest::prop_assert_eq!(&text, &page(&html));
        fragment(&html);
    }
}

/// Without the spaces of letter-spacing, which reading takes out of any text, whatever it was written in.
fn set_closer(text: &str) -> String {
    let mut gaps = Vec::new();
    glosses(text, &mut gaps);
    let mut out = text.to_string();
    gaps.into_iter().rev().for_each(|gap| out.replace_range(gap, ""));
    out
}

/// White space folded as a reader sees it: a line break between two Han characters is nothing.
fn folded(text: &str) -> String {
    let han = |c: char| matches!(c, '，' | '。' | '月' | '之');
    let shared = |c: char| matches!(c, '“' | '”');
    let mut out = String::new();
    let mut gap = String::new();
    for c in text.chars() {
        if c.is_whitespace() {
            gap.push(c);
            continue;
        }
        if let Some(before) = out.chars().next_back() {
            let joins = (han(before) && (han(c) || shared(c))) || (shared(before) && han(c));
            let soft = gap.contains('\n') && !gap.contains('\u{3000}');
            if !(gap.is_empty() || soft && joins) {
                out.push(' ');
            }
        }
        gap.clear();
        out.push(c);
    }
    out
}
