//! Feeds of invented outlets, well made and broken.

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 2000;

fn run(bytes: &[u8]) -> Vec<Result<Document, DocumentError>> {
    let mut found = Vec::new();
    let _ = read("f.xml", bytes, LIMIT, &mut |document| {
        found.push(document);
        ControlFlow::Continue(())
    });
    found
}

fn good(bytes: &[u8]) -> Vec<Document> {
    run(bytes).into_iter().map(Result::unwrap).collect()
}

/// The kind and text of a document.
fn text(document: &Document) -> (&str, &str) {
    match &document.content {
        Content::Fragment(html) => ("html", html),
        Content::Text(text) => ("text", text),
        other => panic!("{other:?}"),
    }
}

fn item(inside: &str) -> String {
    format!("<rss><channel><title>Harbour Post</title><item>{inside}</item></channel></rss>")
}

const RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:a="http://www.w3.org/2005/Atom">
<channel>
  <title>Harbour Post &amp;amp; Mail</title><link>https://post.example/</link><language>en-GB</language>
  <a:link rel="self" href="https://post.example/feed"/>
  <image><title>Logo</title><url>https://post.example/l.png</url></image>
  <item>
    <title><![CDATA[Feldmark raises <i>outlook</i>]]></title>
    <link>https://post.example/1</link>
    <author>news@post.example (Ann Weber)</author>
    <pubDate>Fri, 02 Jan 2026 08:30:00 +0800</pubDate>
    <description>Short.</description>
    <content:encoded><![CDATA[<p>Feldmark AG raised its outlook.</p>]]></content:encoded>
  </item>
  <item>
    <title>远岸科技上市</title>
    <guid>https://post.example/2</guid>
    <author>编辑部（news@post.example）</author>
    <description>远岸科技今日上市。
第二行。</description>
    <source url="https://blatt.example/feed">Küstenblatt</source>
  </item>
  <item><title>Only a title</title><guid isPermaLink="false">https://no.example/</guid></item>
  <item><link>https://post.example/4</link></item>
</channel></rss>"#;

const ATOM: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh">
  <title type="html">Küsten&lt;b&gt;blatt&lt;/b&gt;</title><author><name>Redaktion</name><email>r@b.example</email></author>
  <entry>
    <title>1 &lt; 2</title><id>urn:1</id><updated>2026-01-03T00:00:00Z</updated><published>2026-01-02T00:00:00Z</published>
    <link rel="edit" href="https://blatt.example/edit/1"/><link href="https://blatt.example/1?a=1&amp;b=2"/>
    <summary>Summary.</summary>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p id="x">A &amp; B<br/><i/>end</p></div></content>
  </entry>
  <entry xml:lang="en">
    <author><name>Li Ling</name></author><author><name>Ann</name></author>
    <content type="image/png">iVBORw0KGgo=</content><summary type="text">Plain &lt; text.</summary>
    <source><title>Aggregated</title><id>x</id></source><updated>2026-01-04T00:00:00Z</updated>
  </entry>
  <entry><title type="xhtml"><div>A <b>C</b></div></title><content src="https://blatt.example/3" type="text/html"/></entry>
  <entry><content>&lt;p&gt;Untyped.&lt;/p&gt;</content></entry>
</feed>"#;

#[test]
fn reads_rss() {
    let found = run(RSS.as_bytes());
    assert_eq!(found.len(), 4, "{found:?}");
    let first = found[0].as_ref().unwrap();
    assert_eq!(first.doc, "f.xml#1");
    let expected = Meta {
        outlet: Some("Harbour Post & Mail".into()),
        author: Some("Ann Weber".into()),
        date: Some("2026-01-02T08:30:00+08:00".into()),
        title: Some("Feldmark raises outlook".into()),
        lang: Some("en-GB".into()),
        url: Some("https://post.example/1".into()),
        extra: None,
    };
    assert_eq!(first.meta, expected);
    assert_eq!(text(first), ("html", "<p>Feldmark AG raised its outlook.</p>"));
    let second = found[1].as_ref().unwrap();
    assert_eq!(text(second), ("text", "远岸科技今日上市。\n第二行。"));
    assert_eq!(second.meta.author.as_deref(), Some("编辑部"));
    assert_eq!(second.meta.outlet.as_deref(), Some("Küstenblatt"));
    assert_eq!(second.meta.url.as_deref(), Some("https://post.example/2"));
    let third = found[2].as_ref().unwrap();
    assert_eq!((text(third), third.meta.url.as_deref()), (("text", "Only a title"), None));
    let fourth = found[3].as_ref().unwrap_err();
    assert_eq!(fourth.line, Some(4));
    assert!(fourth.error.contains("expected an entry with a text"));
}

#[test]
fn reads_atom() {
    let found = good(ATOM.as_bytes());
    assert_eq!(found.len(), 4);
    let expected = Meta {
        outlet: Some("Küstenblatt".into()),
        author: Some("Redaktion".into()),
        date: Some("2026-01-02T00:00:00Z".into()),
        title: Some("1 < 2".into()),
        lang: Some("zh".into()),
        url: Some("https://blatt.example/1?a=1&b=2".into()),
        extra: None,
    };
    assert_eq!(found[0].meta, expected);
    let html = r#"<div xmlns="http://www.w3.org/1999/xhtml"><p id="x">A &amp; B<br><i></i>end</p></div>"#;
    assert_eq!(text(&found[0]), ("html", html));
    assert_eq!(text(&found[1]), ("text", "Plain < text."));
    let expected = Meta {
        outlet: Some("Aggregated".into()),
        author: Some("Li Ling, Ann".into()),
        date: Some("2026-01-04T00:00:00Z".into()),
        lang: Some("en".into()),
        ..Meta::default()
    };
    assert_eq!(found[1].meta, expected);
    assert_eq!(text(&found[2]), ("text", "A C"));
    assert_eq!(text(&found[3]), ("html", "<p>Untyped.</p>"));
}

#[test]
fn reads_every_dialect() {
    let cases = [
        ("RSS without a version", "<rss><channel><item><description>Text.</description></item></channel></rss>"),
        (
            "RSS 0.91",
            "<!DOCTYPE rss PUBLIC '-//Netscape//DTD RSS 0.91//EN' 'http://no.example/rss.dtd'><rss version='0.91'><channel><item><description>Text.</description></item></channel></rss>",
        ),
        (
            "RSS 1.0",
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' xmlns:d='http://purl.org/dc/elements/1.1/'><channel rdf:about='x'><title>T</title><items><rdf:Seq><rdf:li resource='y'/></rdf:Seq></items></channel><item rdf:about='y'><d:date>2026</d:date><description>Text.</description></item></rdf:RDF>",
        ),
        ("RSS 0.9", "<rdf:RDF><channel/><item><description>Text.</description></item></rdf:RDF>"),
        (
            "Atom with a prefix",
            "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:summary>Text.</a:summary></a:entry></a:feed>",
        ),
        (
            "Atom 0.3",
            "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><summary>Text.</summary></entry></feed>",
        ),
        ("one Atom entry", "<entry xmlns='http://www.w3.org/2005/Atom'><content type='text'>Text.</content></entry>"),
        ("JSON Feed", "\u{FEFF} {\"items\": [{\"content_text\": \"Text.\"}]}"),
    ];
    for (name, feed) in cases {
        let found = good(feed.as_bytes());
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(text(&found[0]), ("text", "Text."), "{name}");
    }
}

#[test]
fn the_declared_encoding_is_honoured() {
    let feed = |label: &str, text: &str| {
        format!(
            "<?xml version='1.0' encoding='{label}'?>{}",
            item(&format!("<title>{text}</title><description>{text}</description>"))
        )
    };
    let utf16: Vec<u8> = feed("utf-16", "远岸科技").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, expected) in [
        (encoding_rs::GBK.encode(&feed("GBK", "远岸科技")).0.into_owned(), "远岸科技"),
        (encoding_rs::GB18030.encode(&feed("gb2312", "远岸科技")).0.into_owned(), "远岸科技"),
        (encoding_rs::BIG5.encode(&feed("Big5", "遠岸科技")).0.into_owned(), "遠岸科技"),
        (utf16, "远岸科技"),
    ] {
        let found = good(&bytes);
        assert_eq!(text(&found[0]), ("text", expected));
        assert_eq!(found[0].meta.title.as_deref(), Some(expected));
    }
}

#[test]
fn forgives_what_templates_get_wrong() {
    let cases = [
        (
            "markup that is not escaped",
            "<description>One <b>two</b> &lt;three&gt;<br>four</description>",
            "One <b>two</b> &lt;three&gt;<br>four",
        ),
        ("a paragraph without an end", "<description><p>One<p>two</description>", "<p>One<p>two"),
        ("an element without an end", "<description><p>One", "<p>One"),
        ("HTML's entities", "<description>One&nbsp;two &copy; &</description>", "One&nbsp;two &copy; &"),
        (
            "sections and text",
            "<description>One <![CDATA[<i>two</i>]]> &lt;b&gt;x&lt;/b&gt;</description>",
            "One <i>two</i> <b>x</b>",
        ),
        (
            "pictures only",
            "<content:encoded>&lt;img src='a'&gt;</content:encoded><description>&lt;i&gt;One&lt;/i&gt;</description>",
            "<i>One</i>",
        ),
    ];
    for (name, inside, expected) in cases {
        let found = good(item(inside).as_bytes());
        assert_eq!(text(&found[0]), ("html", expected), "{name}");
    }
    let found = good(b"<rss><channel><item><title>One</title><item><title>Two</title></item></channel></rss>");
    assert_eq!(found.iter().map(|document| text(document).1).collect::<Vec<_>>(), ["One", "Two"]);
}

#[test]
fn entities_of_the_document_are_not_expanded() {
    let mut feed = String::from("<!DOCTYPE rss [<!ENTITY lol0 'lol'><!ENTITY file SYSTEM 'file:///etc/passwd'>");
    for level in 1..30 {
        feed += &format!("<!ENTITY lol{level} '{}'>", format!("&lol{};", level - 1).repeat(10));
    }
    feed += "]>";
    feed += &item("<title>A &lol29; &file;</title><description>B &lol29; &file;</description>");
    let found = good(feed.as_bytes());
    assert_eq!(text(&found[0]), ("html", "B &lol29; &file;"));
    assert_eq!(found[0].meta.title.as_deref(), Some("A &lol29; &file;"));
}

#[test]
fn size_and_depth_are_harmless() {
    let many = 50_000;
    let spaces: String = (0..many).map(|at| format!(" xmlns:p{at}='http://p.example/{at}'")).collect();
    for (name, feed) in [
        ("open elements", item(&"<media:group>".repeat(many))),
        ("elements", item(&format!("<title>T</title>{}{}", "<x>".repeat(many), "</x>".repeat(many)))),
        ("elements in a title", item(&format!("<title>T{}</title>", "<x>".repeat(many)))),
        ("ends", item(&format!("<title>T</title>{}", "</x>".repeat(many)))),
        ("attributes", item(&format!("<title{spaces}>T</title>"))),
        ("prefixes", format!("<rss{spaces}>{}</rss>", "<p1:x/>".repeat(many))),
        ("nested prefixes", item(&format!("<title>T</title>{}", "<x xmlns:p='http://p.example/'>".repeat(many)))),
        ("bases", item(&format!("<title>T</title>{}", "<x xml:base='a/'>".repeat(many)))),
        ("authors", item(&format!("<title>T</title>{}", "<author>A</author>".repeat(many)))),
        ("fields without an end", item(&"<title>T".repeat(many))),
        ("a long author", item(&format!("<title>T</title><author>{}</author>", "a@".repeat(many)))),
        ("comments", format!("<!--{}-->{}", "<!-".repeat(many), item("<title>T</title>"))),
    ] {
        let start = std::time::Instant::now();
        run(feed.as_bytes());
        assert!(start.elapsed().as_secs() < 10, "{name}");
    }
    assert_eq!(run(item("").replace("<item></item>", &"<item/>".repeat(many)).as_bytes()).len(), many);
}

#[test]
fn an_entry_over_the_limit_costs_only_itself() {
    let long = "x".repeat(LIMIT + 1);
    let feed = format!(
        "<rss><channel><item><description>{long}</description></item><item><description>{}</description></item><item><description>A.</description></item></channel></rss>",
        "<b>x</b>".repeat(LIMIT)
    );
    let found = run(feed.as_bytes());
    assert_eq!(found.len(), 3);
    for (at, document) in found[..2].iter().enumerate() {
        let error = document.as_ref().unwrap_err();
        assert_eq!(error.line, Some(at as u64 + 1));
        assert!(error.error.contains("--max-document"));
    }
    assert_eq!(text(found[2].as_ref().unwrap()).1, "A.");
}

#[test]
fn what_is_no_feed_is_said_so() {
    for (bytes, expected) in [
        ("", "found no element"),
        ("Only text.", "found no element"),
        ("<html><body>", "found <html>"),
        ("<rss><channel><item>", "before </rss>"),
        ("<rss><channel><item><title>A</title></item><![CDATA[", "not XML after byte"),
        ("{\"a\": 1}", "list of items"),
    ] {
        let found = run(bytes.as_bytes());
        let error = found.last().unwrap().as_ref().unwrap_err();
        assert!(error.error.contains(expected), "{bytes}: {error}");
    }
}

#[test]
fn survives_a_cut_at_every_byte() {
    for sample in [RSS, ATOM] {
        let whole = run(sample.as_bytes()).len();
        for end in 0..sample.len() {
            let found = run(&sample.as_bytes()[..end]);
            assert!(found.last().unwrap().is_err(), "{end}");
            assert!(found.len() <= whole + 1, "{end}");
        }
    }
}

proptest! {
    #[test]
    fn survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        run(&bytes);
        run(&[b"<?xml encoding='", &bytes[..]].concat());
        run(&[b"<rss><item><title>", &bytes[..]].concat());
    }

    #[test]
    fn survives_mutations(
        sample in prop::sample::select(vec![RSS, ATOM]),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"<>/&;'\"[]!?-:=x \xE4".to_vec())), 1..12),
    ) {
        let mut bytes = sample.as_bytes().to_vec();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        run(&bytes);
    }
}
