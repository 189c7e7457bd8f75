//! Archives of invented pages, well made and broken.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;

const LIMIT: usize = 4000;
const PAGE: &str = "<html><body><p>Feldmark AG hebt die Prognose. 远岸科技发布新芯片。</p></body></html>";

fn record(kind: &str, fields: &str, block: &[u8]) -> Vec<u8> {
    let head = format!("WARC/1.0\r\nWARC-Type: {kind}\r\n{fields}Content-Length: {}\r\n\r\n", block.len());
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

fn page(uri: &str, http: &str, body: &[u8]) -> Vec<u8> {
    let fields = format!(
        "WARC-Target-URI: {uri}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: application/http; msgtype=response\r\n"
    );
    record("response", &fields, &[http.as_bytes(), b"\r\n\r\n", body].concat())
}

fn run(bytes: &[u8]) -> Vec<Result<Document, DocumentError>> {
    let mut found = Vec::new();
    let mut reader = io::BufReader::with_capacity(16, bytes);
    let flow = read("a.warc", &mut reader, LIMIT, &mut |document| {
        found.push(document);
        ControlFlow::Continue(())
    });
    assert_eq!(flow, ControlFlow::Continue(()));
    found
}

/// The only document's body and charset.
fn body(bytes: &[u8]) -> (String, Option<String>) {
    let found = run(bytes);
    assert_eq!(found.len(), 1, "{found:?}");
    match &found[0].as_ref().unwrap().content {
        Content::Page { bytes, charset } => (String::from_utf8(bytes.clone()).unwrap(), charset.clone()),
        Content::Bytes(bytes) => (String::from_utf8(bytes.clone()).unwrap(), None),
        Content::Text(text) => (text.clone(), None),
        other => panic!("{other:?}"),
    }
}

fn error(bytes: &[u8]) -> DocumentError {
    let mut found = run(bytes);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).unwrap_err()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    for chunk in body.chunks(7) {
        write!(joined, "{:x};name=value\r\n", chunk.len()).unwrap();
        joined.extend_from_slice(chunk);
        joined.extend_from_slice(b"\r\n");
    }
    joined.extend_from_slice(b"0\r\n\r\n");
    joined
}

/// `PAGE` as one uncompressed Brotli block, since only a decoder is at hand.
fn brotli() -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |value: usize, count: usize| bits.extend((0..count).map(|at| value >> at & 1 == 1));
    put(0, 1); // a window of 16 bits
    put(0, 1); // not the last block
    put(0, 2); // four nibbles of length
    put(PAGE.len() - 1, 16);
    put(1, 1); // uncompressed
    let mut bytes: Vec<u8> =
        bits.chunks(8).map(|byte| byte.iter().enumerate().map(|(at, &bit)| u8::from(bit) << at).sum()).collect();
    bytes.extend_from_slice(PAGE.as_bytes());
    bytes.push(3); // last and empty
    bytes
}

#[test]
fn reads_pages_resources_and_conversions() {
    let all = [
            record("warcinfo", "Content-Type: application/warc-fields\r\n", b"software: invented\r\n"),
            record("request", "Content-Type: application/http\r\n", b"GET / HTTP/1.1\r\n\r\n"),
            page("https://blatt.example/1", "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=GBK", PAGE.as_bytes()),
            page("https://blatt.example/2", "HTTP/1.1 404 Not Found\r\nContent-Type: text/html", PAGE.as_bytes()),
            page("https://blatt.example/3", "HTTP/1.1 200 OK\r\nContent-Type: image/png", b"\x89PNG"),
            page("https://blatt.example/4", "HTTP/1.1 200 OK\r\nContent-Type: text/html", b" \r\n"),
            record("resource", "Content-Type: text/html\r\n", PAGE.as_bytes()),
            record("metadata", "Content-Type: text/html\r\n", PAGE.as_bytes()),
            record(
                "conversion",
                "WARC-Target-URI: <https://zeitung.example/5>\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: text/plain\r\n",
                "远岸科技上市。".as_bytes(),
            ),
        ]
        .concat();
    let found: Vec<Document> = run(&all).into_iter().map(Result::unwrap).collect();
    let names: Vec<&str> = found.iter().map(|document| document.doc.as_str()).collect();
    assert_eq!(names, ["https://blatt.example/1", "a.warc:7", "https://zeitung.example/5"]);
    assert!(matches!(&found[0].content, Content::Page { charset: Some(charset), .. } if charset == "GBK"));
    assert_eq!(found[0].meta.url.as_deref(), Some("https://blatt.example/1"));
    assert_eq!(found[0].meta.date, None);
    assert!(matches!(&found[1].content, Content::Page { charset: None, .. }));
    assert!(matches!(&found[2].content, Content::Text(text) if text == "远岸科技上市。"));
    assert_eq!(found[2].meta.date.as_deref(), Some("2026-01-02T03:04:05Z"));
}

#[test]
fn undoes_codings_and_believes_bodies_more_than_headers() {
    let plain = PAGE.as_bytes();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(plain).unwrap();
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
    raw.write_all(plain).unwrap();
    let cases: [(&str, Vec<u8>); 12] = [
        ("Content-Encoding: identity", plain.to_vec()),
        ("Content-Encoding: gzip", gzip(plain)),
        ("Content-Encoding: x-gzip", plain.to_vec()),
        ("Content-Encoding: deflate", zlib.finish().unwrap()),
        ("Content-Encoding: deflate", raw.finish().unwrap()),
        ("Content-Encoding: deflate", plain.to_vec()),
        ("Content-Encoding: br", brotli()),
        ("Content-Encoding: br", plain.to_vec()),
        ("Transfer-Encoding: chunked", chunked(plain)),
        ("Transfer-Encoding: chunked", plain.to_vec()),
        ("transfer-encoding: Chunked\r\ncontent-encoding: GZip", chunked(&gzip(plain))),
        ("Content-Encoding: gzip, gzip", gzip(&gzip(plain))),
    ];
    for (fields, stored) in cases {
        for version in ["HTTP/1.1 200 OK", "HTTP/1.0 200", "HTTP/2 200", "HTTP/2.0 200 OK"] {
            let http = format!("{version}\r\nContent-Type: text/html\r\n{fields}");
            assert_eq!(body(&page("https://blatt.example/", &http, &stored)).0, PAGE, "{version} {fields}");
        }
    }
    let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: zstd";
    assert!(error(&page("https://blatt.example/", http, plain)).error.contains("zstd"));
    let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br";
    assert!(error(&page("https://blatt.example/", http, &[0xFF; 40])).error.contains("br"));
}

#[test]
fn a_body_that_breaks_off_is_kept() {
    let long = format!("<p>{}", "Feldmark AG 2026. ".repeat(100));
    let mut stored = gzip(long.as_bytes());
    stored.truncate(stored.len() - 9);
    let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip";
    assert!(long.starts_with(&body(&page("https://blatt.example/", http, &stored)).0));
    let mut stored = chunked(long.as_bytes());
    stored.truncate(stored.len() - 30);
    let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked";
    assert!(long.starts_with(&body(&page("https://blatt.example/", http, &stored)).0));
}

#[test]
fn texts_are_decoded_by_their_charset() {
    let (gbk, _, _) = encoding_rs::GBK.encode("远岸科技上市。");
    for fields in ["Content-Type: text/plain; charset=gb2312\r\n", "Content-Type: text/plain\r\n"] {
        let found = run(&record("conversion", fields, &gbk));
        assert!(matches!(&found[0].as_ref().unwrap().content, Content::Text(text) if text == "远岸科技上市。"));
    }
}

#[test]
fn broken_records_are_named_and_reading_goes_on() {
    let good = page("https://blatt.example/1", "HTTP/1.1 200 OK\r\nContent-Type: text/html", PAGE.as_bytes());
    let http = "Content-Type: application/http\r\n";
    let long = "x".repeat(LIMIT + 1);
    let bomb = gzip(&vec![b' '; 1 << 20]);
    let many = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: {}", "chunked,".repeat(1000));
    let cases: [(&str, Vec<u8>, &str); 11] = [
        ("codings", page("u", &many, PAGE.as_bytes()), "more than 4 codings"),
        ("junk", b"junk\r\nmore junk\r\n\r\n".to_vec(), "byte 0: expected a record"),
        ("no length", b"WARC/1.0\r\nWARC-Type: response\r\n\r\nbody\r\n\r\n".to_vec(), "Content-Length"),
        ("bad length", b"WARC/1.0\r\nContent-Length: -1\r\n\r\n".to_vec(), "Content-Length"),
        ("no end", b"WARC/1.0\r\nContent-Length: 1\r\nWARC/1.0\r\n".to_vec(), "header has no end"),
        ("long header", [b"WARC/1.0\r\nA: ", &vec![b'a'; MAX_HEADER + 9][..], b"\r\n\r\n"].concat(), "256 KiB"),
        ("not HTTP", record("response", http, b"<p>"), "HTTP/1.1"),
        ("no head", record("response", http, b"HTTP/1.1 200 OK\r\nA: b\r\n"), "no end"),
        ("bad head", record("response", http, b"HTTP/1.1 abc\r\n\r\n"), "not an HTTP response"),
        ("long", record("resource", "Content-Type: text/html\r\n", long.as_bytes()), "--max-document"),
        (
            "bomb",
            page("u", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", &bomb),
            "--max-document",
        ),
    ];
    for (name, bytes, expected) in cases {
        let found = run(&[&bytes[..], &good].concat());
        assert_eq!(found.len(), 2, "{name}: {found:?}");
        let error = found[0].as_ref().unwrap_err();
        assert_eq!((error.doc.as_str(), error.line), ("a.warc", Some(1)), "{name}");
        assert!(error.error.contains(expected), "{name}: {error}");
        assert!(found[1].is_ok(), "{name}");
    }
}

#[test]
fn claimed_lengths_are_not_believed() {
    for (length, kind) in [(u64::MAX, "response"), (u64::MAX, "revisit"), (100, "response"), (100, "revisit")] {
        let record = format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nContent-Type: application/http\r\nContent-Length: {length}\r\n\r\nHTTP"
        );
        assert!(error(record.as_bytes()).error.contains(&format!("ends after 4 of {length}")));
    }
}

#[test]
fn stops_when_told() {
    let good = page("https://blatt.example/1", "HTTP/1.1 200 OK\r\nContent-Type: text/html", PAGE.as_bytes());
    let mut count = 0;
    let flow = read("a.warc", &mut &good.repeat(3)[..], LIMIT, &mut |_| {
        count += 1;
        ControlFlow::Break(())
    });
    assert_eq!((flow, count), (ControlFlow::Break(()), 1));
}

fn sample() -> Vec<u8> {
    let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip";
    [
        page("https://blatt.example/1", http, &chunked(&gzip(PAGE.as_bytes()))),
        page(
            "https://blatt.example/2",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br",
            &brotli(),
        ),
        record("conversion", "Content-Type: text/plain\r\n", PAGE.as_bytes()),
    ]
    .concat()
}

#[test]
fn survives_a_cut_at_every_byte() {
    let sample = sample();
    for end in 0..sample.len() {
        let found = run(&sample[..end]);
        assert!(found.iter().filter(|document| document.is_err()).count() <= 1, "{end}");
    }
    assert_eq!(run(&sample).iter().filter(|document| document.is_ok()).count(), 3);
}

proptest! {
    #[test]
    fn survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        run(&bytes);
        run(&page("u", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br", &bytes));
        run(&page("u", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: deflate", &bytes));
        run(&record("response", "Content-Type: application/http\r\n", &[b"HTTP/2 200 OK", &bytes[..]].concat()));
    }

    #[test]
    fn survives_mutations(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = sample();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        run(&bytes);
    }
}
