//! Messages of invented senders, well made and broken.

use std::io::BufReader;

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 4000;

fn one(bytes: &[u8]) -> Result<Document, DocumentError> {
    let mut found = Vec::new();
    let _ = read_message("a.eml", bytes, LIMIT, &mut |document| {
        found.push(document);
        ControlFlow::Continue(())
    });
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn mbox(bytes: &[u8]) -> Vec<Result<Document, DocumentError>> {
    let mut found = Vec::new();
    let _ = read_mbox("a.mbox", &mut BufReader::with_capacity(7, bytes), LIMIT, &mut |document| {
        found.push(document);
        ControlFlow::Continue(())
    });
    found
}

fn text(document: &Document) -> (&str, &str) {
    match &document.content {
        Content::Fragment(html) => ("html", html.trim_end()),
        Content::Text(text) => ("text", text.trim_end()),
        other => panic!("{other:?}"),
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0, |group, &b| group << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * at) & 63) as usize] as char;
            text.push(if at > chunk.len() { '=' } else { digit });
        }
        if text.len() % 77 == 76 {
            text.push('\n');
        }
    }
    text
}

fn quoted(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("={b:02X}")).collect::<Vec<_>>().join("")
}

const NEWSLETTER: &str = "Received: from x\r\nSubject: =?UTF-8?B?6L+c5bK456eR5oqA?= and\r\n =?iso-8859-1?Q?_Feldm=E4rk?=\r\nFrom: \"Weber, Ann\" <ann@blatt.example>\r\nDate: Fri, 2 Jan 2026 08:30:00 +0800\r\nList-Id: Harbour Post Daily <daily.post.example>\r\nContent-Type: multipart/mixed; boundary=\"out\"\r\n\r\nPreamble.\r\n--out\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n\r\nFeldmark rises.\r\n--in\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Feldmark =\r\nrises =E2=82=AC.</p>\r\n--in--\r\nEpilogue.\r\n--out\r\nContent-Type: text/plain\r\n\r\nFooter & rest.\r\n\r\nMore.\r\n--out\r\nContent-Type: text/plain; name=a.txt\r\n\r\nAttached.\r\n--out\r\nContent-Disposition: attachment; filename=b.txt\r\n\r\nAttached.\r\n--out\r\nContent-Type: image/png\r\n\r\nimage\r\n--out\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner\r\n\r\nInner.\r\n--out--\r\nEpilogue.\r\n";

#[test]
fn reads_a_newsletter() {
    let found = one(NEWSLETTER.as_bytes()).unwrap();
    assert_eq!(found.doc, "a.eml");
    let expected = Meta {
        title: Some("远岸科技 and Feldmärk".into()),
        author: Some("Weber, Ann".into()),
        outlet: Some("Harbour Post Daily".into()),
        date: Some("2026-01-02T08:30:00+08:00".into()),
        ..Meta::default()
    };
    assert_eq!(found.meta, expected);
    assert_eq!(text(&found), ("html", "<p>Feldmark rises €.</p>\n\n<p>Footer &amp; rest.</p>\n<p>More.</p>"));
}

#[test]
fn takes_the_parts_that_say_something() {
    let cases = [
        ("", "Only text.", "text", "Only text."),
        ("Content-Type: text/html", "<p>A</p>", "html", "<p>A</p>"),
        ("Content-Type: multipart/alternative; boundary=b", "--b\n\nA\n--b--", "text", "A"),
        ("Content-Type: multipart/mixed; boundary=b", "--b\n\nA\n--b\n\nB\n\n--b--", "text", "A\n\nB"),
        ("Content-Type: multipart/mixed; boundary=b", "--b\n\nThe end is missing", "text", "The end is missing"),
        (
            "Content-Type: multipart/mixed; boundary=b",
            "--b\n\nA\n--bc\n--b --\n-- b\n--b--",
            "text",
            "A\n--bc\n--b --\n-- b",
        ),
        ("Content-Type: multipart/mixed; boundary=b", "--b\nContent-Type: text/plain\n--b\n\nA", "text", "A"),
        (
            "Content-Type: multipart/related; boundary=b",
            "--b\nContent-Type: text/html\n\n<i>A</i>\n--b\nContent-Type: image/gif\n\nGIF",
            "html",
            "<i>A</i>",
        ),
        (
            "Content-Type: multipart/alternative; boundary=b",
            "--b\n\nA\n--b\nContent-Type: multipart/related; boundary=c\n\n--c\nContent-Type: text/html\n\n<i>A</i>\n--c--\n--b--",
            "html",
            "<i>A</i>",
        ),
        ("Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable", "50=% ==", "text", "50=% =="),
        ("Content-Type: text/plain\nContent-Transfer-Encoding: BASE64", "QW5u\n____\nFooter", "text", "Ann"),
    ];
    for (fields, body, kind, expected) in cases {
        let fields = if fields.is_empty() { String::new() } else { format!("{fields}\n") };
        let mail = format!("Subject: S\n{fields}\n{body}");
        assert_eq!(text(&one(mail.as_bytes()).unwrap()), (kind, expected), "{mail}");
    }
}

#[test]
fn decodes_chinese() {
    let words = "远岸科技今日上市，发行价为二十元。";
    let big = "遠岸科技今日上市，發行價為二十元。";
    for (label, words) in
        [("GB2312", words), ("gbk", words), ("GB18030", words), ("big5", big), ("UTF-8", words), ("utf8", words)]
    {
        let bytes = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(words).0.into_owned();
        let subject = format!("=?{label}?B?{}?=", base64(&bytes[..12]));
        for (coding, body) in [
            ("base64", base64(&bytes).into_bytes()),
            ("quoted-printable", quoted(&bytes).into_bytes()),
            ("8bit", bytes.clone()),
        ] {
            let head = format!(
                "Subject: {subject}\nFrom: =?{label}?Q?{}?= <a@b.example>\nContent-Type: text/plain; charset=\"{label}\"\nContent-Transfer-Encoding: {coding}\n\n",
                quoted(&bytes[..6])
            );
            let found = one(&[head.as_bytes(), &body].concat()).unwrap();
            assert_eq!(text(&found), ("text", words), "{label} {coding}");
            assert!(words.starts_with(found.meta.title.as_deref().unwrap()), "{label}");
            assert!(words.starts_with(found.meta.author.as_deref().unwrap()), "{label}");
            assert_eq!(found.meta.outlet, found.meta.author);
        }
    }
}

#[test]
fn guesses_what_is_not_declared() {
    let words = "远岸科技今日上市，发行价为二十元，市场反应平静，分析师对此看法不一。";
    let gbk = encoding_rs::GBK.encode(words).0.into_owned();
    let cases: [(&str, &[u8]); 5] = [
        ("", &gbk),
        ("Content-Type: text/plain; charset=us-ascii\n", &gbk),
        ("Content-Type: text/plain; charset=utf-8\n", &gbk),
        ("Content-Type: text/plain; charset=iso-8859-1\n", words.as_bytes()),
        ("Content-Type: text/plain; charset=nonsense\n", words.as_bytes()),
    ];
    for (fields, body) in cases {
        let mail = [b"Subject: ", body, b"\n", fields.as_bytes(), b"\n", body].concat();
        let found = one(&mail).unwrap();
        assert_eq!(text(&found), ("text", words), "{fields}");
        assert_eq!(found.meta.title.as_deref(), Some(words), "{fields}");
    }
}

#[test]
fn flowed_lines_are_joined() {
    let body = "One \ntwo.\n\n> Three \n> four\n>> five \n six\n  seven\n-- \nAnn \n-- \nWeber";
    let mail = |more: &str| format!("Subject: S\nContent-Type: text/plain; format=flowed{more}\n\n{body}");
    let found = one(mail("").as_bytes()).unwrap();
    assert_eq!(text(&found).1, "One two.\n\n> Three four\n>> five \nsix\n seven\n-- \nAnn \n-- \nWeber");
    let found = one(mail("; delsp=yes").as_bytes()).unwrap();
    assert!(text(&found).1.starts_with("Onetwo.\n\n> Threefour\n>> five\nsix"));
}

#[test]
fn says_what_was_expected() {
    let long = format!("Subject: S\n\n{}", "x".repeat(LIMIT));
    let wide = [b"Content-Type: text/plain; charset=iso-8859-5\n\n", &[0xE1; LIMIT - 100][..]].concat();
    for (bytes, expected) in [
        (&b""[..], "header fields"),
        (b"\n\nText", "header fields"),
        (b"No mail at all.", "header fields"),
        (b"Subject: S", "text/plain or text/html"),
        (b"Subject: S\n\n \n", "text/plain or text/html"),
        (b"Content-Type: image/png\n\nA", "text/plain or text/html"),
        (b"Content-Type: multipart/mixed\n\nA", "text/plain or text/html"),
        (long.as_bytes(), "--max-document"),
        (&wide, "--max-document"),
    ] {
        let error = one(bytes).unwrap_err();
        assert!(
            error.error.contains(expected),
            "{:?}: {error}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(50)])
        );
    }
}

#[test]
fn nesting_and_size_are_harmless() {
    let read = |mail: &str| {
        let start = std::time::Instant::now();
        let mut result = None;
        let _ = read_message("a.eml", mail.as_bytes(), 64 << 20, &mut |document| {
            result = Some(document);
            ControlFlow::Continue(())
        });
        assert!(start.elapsed().as_secs() < 10, "{mail:.200}");
        result.unwrap()
    };
    let many = 10_000;
    let mut deep = String::from("Subject: S\n");
    for at in 0..many {
        deep += &format!("Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n");
    }
    assert!(read(&format!("{deep}\nText.")).is_err());
    let outer = format!("Subject: S\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nText.\n--o\n{deep}");
    assert_eq!(text(&read(&outer).unwrap()).1, "Text.");
    for inside in [
        "Content-Type: message/rfc822\n\n".repeat(many),
        "--o\nContent-Type: multipart/digest; boundary=p\n\n--p\n".repeat(many),
        "--o\nContent-Type: multipart/mixed; boundary=never\n\n".repeat(many),
        "--o\nContent-Transfer-Encoding: base64\n\n!\n".repeat(many),
        "--o\n\nA\n".repeat(many),
        format!("Subject: {}\n", "=?u8?q?".repeat(many)),
        format!("Content-Type: a/b{}\n", "; a*1=b".repeat(many)),
        format!("{}\n", "X: y\n".repeat(many)),
        format!("X: y{}\n", "\n z".repeat(many)),
        "(".repeat(many),
    ] {
        let _ = read(&format!("Subject: S\nContent-Type: multipart/mixed; boundary=o\n\n--o\n{inside}"));
        let _ = read(&inside);
    }
    for field in ["Subject", "From", "Date", "List-Id", "Content-Type", "Content-Disposition"] {
        for value in ["(", "<", "\"", "=?u8?q?", ":", ";", ",", "a*1=", "\\", "\n "] {
            let _ = read(&format!("{field}: {}\n\nText.", value.repeat(many)));
        }
    }
}

#[test]
fn splits_mbox_files() {
    let file = "From a@b.example Fri Jan  2 08:30:00 2026\nSubject: One\n\nText.\n>From here on\n>>From there\n\nFrom the start it rose.\nIt fell.\n\nFrom b@b.example Fri Jan  2 08:31:00 2026\nFrom: Ann <a@b.example>\n\nZwei.\n\nFrom c\nSubject: Three\n\nFrom d\nSubject: Four\n\nVier.\n\nFrom x";
    for file in [file.to_string(), file.replace('\n', "\r\n")] {
        let found = mbox(file.as_bytes());
        assert_eq!(found.len(), 4, "{found:?}");
        let first = found[0].as_ref().unwrap();
        assert_eq!((first.doc.as_str(), first.meta.title.as_deref()), ("a.mbox#1", Some("One")));
        let expected = "Text.\nFrom here on\n>From there\n\nFrom the start it rose.\nIt fell.";
        assert_eq!(text(first).1.replace('\r', ""), expected);
        assert_eq!(found[1].as_ref().unwrap().meta.author.as_deref(), Some("Ann"));
        assert_eq!(found[2].as_ref().unwrap_err().line, Some(3));
        assert_eq!(text(found[3].as_ref().unwrap()).1.replace('\r', ""), "Vier.\n\nFrom x");
    }
}

#[test]
fn a_message_over_the_limit_costs_only_itself() {
    let file = format!("From a\nSubject: A\n\n{}\n\nFrom b\nSubject: B\n\nB.\n", "x".repeat(LIMIT));
    let found = mbox(file.as_bytes());
    assert_eq!(found.len(), 2);
    assert!(found[0].as_ref().unwrap_err().error.contains("--max-document"));
    assert_eq!(text(found[1].as_ref().unwrap()).1, "B.");
}

#[test]
fn what_is_no_mbox_is_said_so() {
    let found = mbox(b"Subject: A\n\nText.\n\nMore.\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].as_ref().unwrap_err().error.contains("mbox"));
    assert!(mbox(b"").is_empty());
    assert_eq!(mbox(b"junk\n\nFrom a\nSubject: A\n\nText.").len(), 2);
}

#[test]
fn stops_when_told() {
    let mut count = 0;
    let file = "From a\nSubject: A\n\nText.\n\n".repeat(3);
    let flow = read_mbox("a.mbox", &mut file.as_bytes(), LIMIT, &mut |_| {
        count += 1;
        ControlFlow::Break(())
    });
    assert_eq!((flow, count), (ControlFlow::Break(()), 1));
}

#[test]
fn survives_a_cut_at_every_byte() {
    let file = format!("From a\n{NEWSLETTER}\nFrom b\n{NEWSLETTER}");
    for end in 0..file.len() {
        assert!(mbox(&file.as_bytes()[..end]).len() <= 2);
        if end < NEWSLETTER.len() {
            let _ = one(&NEWSLETTER.as_bytes()[..end]);
        }
    }
}

proptest! {
    #[test]
    fn survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for field in ["Subject", "From", "Date", "List-Id", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding"] {
            let _ = one(&[field.as_bytes(), b": ", &bytes, b"\n\nText."].concat());
        }
        for coding in ["base64", "quoted-printable", "8bit"] {
            for charset in ["utf-7", "utf-16", "utf-16be", "iso-2022-jp", "hz-gb-2312", "gbk", "850", "x"] {
                let head = format!("Content-Type: text/plain; charset={charset}; format=flowed\nContent-Transfer-Encoding: {coding}\n\n");
                let _ = one(&[head.as_bytes(), &bytes].concat());
            }
        }
        mbox(&[b"From ", &bytes[..]].concat());
    }

    #[test]
    fn survives_fields_of_marks(field in "[a-z=?*'\"\\\\()<>@:;,/ \n\t0-9QB-]{0,200}") {
        for name in ["Subject", "From", "Date", "List-Id", "Content-Type", "Content-Disposition"] {
            let _ = one(format!("{name}: {field}\n\nText.").as_bytes());
        }
    }

    #[test]
    fn survives_mutations(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = format!("From a\n{NEWSLETTER}\nFrom b\n{NEWSLETTER}").into_bytes();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        mbox(&bytes);
    }
}
