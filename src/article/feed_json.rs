//! JSON Feed, of any version.
//!
//! The text is gone through twice, for the feed's facts and for its items, so that no more than one item is in memory.

use std::fmt;
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::Meta;
use super::bounds::{fact, html_fact, iso_date};
use super::document::{DocumentError, Emit};
use super::feed::{Body, document, person};

/// Emits the items of a JSON Feed.
pub(super) fn read(doc: &str, text: &str, limit: usize, emit: Emit<'_>) -> ControlFlow<()> {
    let fail = |number: u64, error: String| {
        let line = (number > 0).then_some(number);
        Err(DocumentError { doc: doc.to_string(), line, error })
    };
    // Facts may come after the items. A feed that breaks off gives up its facts in the second pass, if they come first.
    let head = serde_json::from_str(text).unwrap_or_default();
    let mut items = Items { doc, limit, head, number: 0, found: false, flow: ControlFlow::Continue(()), emit };
    let mut json = serde_json::Deserializer::from_str(text);
    let result = items.deserialize(&mut json);
    let Items { number, found, flow, emit, .. } = items;
    flow?;
    match result {
        Err(error) => emit(fail(number, format!("not a JSON Feed: {error}"))),
        Ok(()) if !found => emit(fail(0, "expected a JSON Feed with a list of items".into())),
        Ok(()) => ControlFlow::Continue(()),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Head {
    title: Loose,
    language: Loose,
    author: Names,
    authors: Names,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    title: Loose,
    content_html: Loose,
    content_text: Loose,
    summary: Loose,
    url: Loose,
    external_url: Loose,
    date_published: Loose,
    date_modified: Loose,
    language: Loose,
    author: Names,
    authors: Names,
}

/// A string; anything else is as good as nothing.
#[derive(Default)]
struct Loose(Option<String>);

impl Loose {
    fn fact(&self) -> Option<String> {
        self.0.as_deref().and_then(fact)
    }
}

/// Names of authors: an object with a name, a list of them, or against the rules a string.
#[derive(Default)]
struct Names(String);

impl Names {
    fn push(&mut self, name: &str) {
        // A list of authors that goes on for pages is no fact any more.
        if let Some(name) = person(name).filter(|_| self.0.len() < 1000) {
            if !self.0.is_empty() {
                self.0.push_str(", ");
            }
            self.0.push_str(&name);
        }
    }
}

/// Makes a visitor that takes whatever comes, as feeds hold numbers and lists where strings should be.
macro_rules! takes_anything {
    ($value:ty) => {
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("any value")
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<$value, E> {
            Ok(<$value>::default())
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<$value, E> {
            Ok(<$value>::default())
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<$value, E> {
            Ok(<$value>::default())
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<$value, E> {
            Ok(<$value>::default())
        }

        fn visit_unit<E: Error>(self) -> Result<$value, E> {
            Ok(<$value>::default())
        }
    };
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Loose;

            takes_anything!(Loose);

            fn visit_str<E: Error>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose(Some(text.to_string())))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Loose, E> {
                Ok(Loose(Some(text)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Loose(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose(None))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Names;

            takes_anything!(Names);

            fn visit_str<E: Error>(self, text: &str) -> Result<Names, E> {
                let mut names = Names::default();
                names.push(text);
                Ok(names)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
                let mut all = Names::default();
                while let Some(Names(name)) = list.next_element()? {
                    all.push(&name);
                }
                Ok(all)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Names::default();
                while let Some(key) = map.next_key::<Loose>()? {
                    if key.0.as_deref() == Some("name") {
                        names.push(map.next_value::<Loose>()?.0.as_deref().unwrap_or_default());
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(names)
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// Goes through the items and emits each at once.
struct Items<'a, 'e> {
    doc: &'a str,
    limit: usize,
    head: Head,
    number: u64,
    found: bool,
    flow: ControlFlow<()>,
    emit: Emit<'e>,
}

impl Items<'_, '_> {
    fn document(&mut self, item: Item) {
        let authors = [&item.author, &item.authors, &self.head.author, &self.head.authors];
        let meta = Meta {
            outlet: self.head.title.fact(),
            author: authors.into_iter().find(|names| !names.0.is_empty()).map(|names| names.0.clone()),
            date: [&item.date_published, &item.date_modified].into_iter().find_map(|date| iso_date(date.0.as_deref()?)),
            title: item.title.0.as_deref().and_then(html_fact),
            lang: item.language.fact().or_else(|| self.head.language.fact()),
            url: item.url.fact().or_else(|| item.external_url.fact()),
            extra: None,
        };
        let bodies = [
            item.content_html.0.map(Body::Html),
            item.content_text.0.map(Body::Plain),
            item.summary.0.map(Body::Plain),
        ];
        self.flow = (self.emit)(document(self.doc, self.number, self.limit, meta, bodies));
    }
}

impl<'de> DeserializeSeed<'de> for &mut Items<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        struct Object<'s, 'a, 'e>(&'s mut Items<'a, 'e>);
        struct List<'s, 'a, 'e>(&'s mut Items<'a, 'e>);

        impl<'de> Visitor<'de> for Object<'_, '_, '_> {
            type Value = ();

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with items")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
                while let Some(key) = map.next_key::<String>()? {
                    let head = &mut self.0.head;
                    match key.as_str() {
                        "items" => {
                            self.0.found = true;
                            map.next_value_seed(List(&mut *self.0))?;
                        }
                        "title" => head.title = map.next_value()?,
                        "language" => head.language = map.next_value()?,
                        "author" => head.author = map.next_value()?,
                        "authors" => head.authors = map.next_value()?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(())
            }
        }

        impl<'de> DeserializeSeed<'de> for List<'_, '_, '_> {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_seq(self)
            }
        }

        impl<'de> Visitor<'de> for List<'_, '_, '_> {
            type Value = ();

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of items")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
                while let Some(item) = list.next_element::<Item>()? {
                    self.0.number += 1;
                    self.0.document(item);
                    if self.0.flow.is_break() {
                        return Err(de::Error::custom("nobody wants more"));
                    }
                }
                Ok(())
            }
        }

        deserializer.deserialize_map(Object(self))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::article::Document;
    use crate::article::document::Content;

    fn run(text: &str) -> Vec<Result<Document, DocumentError>> {
        let mut found = Vec::new();
        let _ = read("f.json", text, 1000, &mut |document| {
            found.push(document);
            ControlFlow::Continue(())
        });
        found
    }

    const SAMPLE: &str = r#"{
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Küstenblatt", "language": "de", "authors": [{"name": "Redaktion"}], "items": [
        {"id": "1", "url": "https://blatt.example/1", "title": "Feldmark <b>hebt</b> an", "content_html": "<p>Mehr.</p>",
         "date_published": "2026-01-02T03:04:05+08:00", "authors": [{"name": "A. Weber"}, {"name": "李玲"}], "language": "zh"},
        {"id": 2, "content_html": "<img src='a.png'>", "content_text": "远岸科技上市。\n\n第二段。", "tags": ["x", {"y": [1]}]},
        {"title": 7, "external_url": "https://blatt.example/3", "summary": "Kurz.", "author": {"name": null, "url": "u"}},
        {"title": "Nur ein Titel"},
        {"id": "5"}
    ], "extra": {"a": [[[]]]}}"#;

    #[test]
    fn reads_items() {
        let found = run(SAMPLE);
        assert_eq!(found.len(), 5, "{found:?}");
        let first = found[0].as_ref().unwrap();
        assert_eq!(first.doc, "f.json#1");
        let expected = Meta {
            outlet: Some("Küstenblatt".into()),
            author: Some("A. Weber, 李玲".into()),
            date: Some("2026-01-02T03:04:05+08:00".into()),
            title: Some("Feldmark hebt an".into()),
            lang: Some("zh".into()),
            url: Some("https://blatt.example/1".into()),
            extra: None,
        };
        assert_eq!(first.meta, expected);
        assert!(matches!(&first.content, Content::Fragment(html) if html == "<p>Mehr.</p>"));
        let second = found[1].as_ref().unwrap();
        assert!(matches!(&second.content, Content::Text(text) if text == "远岸科技上市。\n\n第二段。"));
        assert_eq!((second.meta.author.as_deref(), second.meta.lang.as_deref()), (Some("Redaktion"), Some("de")));
        let third = found[2].as_ref().unwrap();
        assert!(matches!(&third.content, Content::Text(text) if text == "Kurz."));
        assert_eq!(third.meta.url.as_deref(), Some("https://blatt.example/3"));
        assert!(matches!(&found[3].as_ref().unwrap().content, Content::Text(text) if text == "Nur ein Titel"));
        assert_eq!(found[4].as_ref().unwrap_err().line, Some(5));
    }

    #[test]
    fn facts_may_come_after_the_items() {
        let found = run(r#"{"items": [{"content_text": "Text."}], "language": "en", "title": "Harbour Post"}"#);
        let meta = &found[0].as_ref().unwrap().meta;
        assert_eq!((meta.outlet.as_deref(), meta.lang.as_deref()), (Some("Harbour Post"), Some("en")));
    }

    #[test]
    fn errors_say_what_was_expected() {
        let long = format!(r#"{{"items": [{{"content_text": "{}"}}, {{"content_text": "B."}}]}}"#, "x".repeat(1001));
        for (text, count, line, expected) in [
            ("{}", 1, None, "list of items"),
            ("{\"items\": 3}", 1, None, "a list of items"),
            ("{\"items\": [{\"title\": \"a\"}, 7]}", 2, Some(1), "line 1 column"),
            (&long, 2, Some(1), "--max-document"),
        ] {
            let found = run(text);
            let error = found.iter().find_map(|document| document.as_ref().err()).unwrap();
            assert_eq!((found.len(), error.line), (count, line), "{error}");
            assert!(error.error.contains(expected), "{error}");
        }
    }

    #[test]
    fn what_is_before_a_break_is_read() {
        let found = run(&SAMPLE[..SAMPLE.find("{\"title\": 7").unwrap()]);
        assert_eq!(found.len(), 3);
        assert_eq!(found[1].as_ref().unwrap().meta.outlet.as_deref(), Some("Küstenblatt"));
        assert!(found[2].is_err());
    }

    #[test]
    fn nesting_and_emptiness_are_harmless() {
        for text in [
            format!("{{\"items\": {}", "[".repeat(100_000)),
            format!("{{\"x\": {}", "[".repeat(100_000)),
            format!("{{\"items\": [{}", "{\"authors\": ".repeat(100_000)),
            format!("{{\"items\": [{{\"authors\": {}", "[".repeat(100_000)),
        ] {
            assert!(run(&text).last().unwrap().is_err());
        }
        assert_eq!(run(&format!("{{\"items\": [{{}}{}]}}", ", {}".repeat(50_000))).len(), 50_001);
    }

    #[test]
    fn survives_cuts() {
        for end in (0..SAMPLE.len()).filter(|&end| SAMPLE.is_char_boundary(end)) {
            assert!(run(&SAMPLE[..end]).last().unwrap().is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn survives_mutations(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
            let mut bytes = SAMPLE.as_bytes().to_vec();
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            run(&String::from_utf8_lossy(&bytes));
        }
    }
}
