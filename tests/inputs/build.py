#!/usr/bin/env python3
"""Makes formats/ and bad/, the same articles in many formats and encodings, from texts.toml; README.md says what each file is for.

    pip install pyarrow==26.0.1 zstandard==0.25.0
    python3 tests/inputs/build.py            # writes the files
    python3 tests/inputs/build.py --check    # says which of them differ from what would be written

Python 3.11 or later. Every time, order and random number is fixed. Other versions of zlib, zstandard or pyarrow may compress to
other bytes with the same content.
"""
import base64
import bz2
import csv
import hashlib
import html
import io
import json
import lzma
import pathlib
import quopri
import random
import stat
import string
import struct
import sys
import tarfile
import tomllib
import uuid
import warnings
import zipfile
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = tomllib.loads((HERE / "texts.toml").read_text(encoding="utf-8"))
KEPT = {"formats/targets.toml"}
MTIME = 1772323200  # 2026-03-01T00:00:00Z


# ---------------------------------------------------------------- compression and archives


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def gz(data, packed=None):
    """A gzip member without name and time."""
    packed = deflate(data) if packed is None else packed
    return b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + packed + struct.pack("<II", zlib.crc32(data), len(data))


def zst(data):
    return zstandard.ZstdCompressor(level=19, write_checksum=True).compress(data)


def packed_zip(members, method=zipfile.ZIP_DEFLATED):
    """A zip of (name, bytes) or (name, bytes, method)."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")  # two members of one name are meant
        for name, data, *own in members:
            info = zipfile.ZipInfo(name, (2026, 3, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, data, compress_type=own[0] if own else method, compresslevel=9)
    return out.getvalue()


def packed_tar(members):
    """A tar of (name, bytes) or of (name, type, link), ended by two empty blocks and no more."""
    out = io.BytesIO()
    for name, *what in members:
        info = tarfile.TarInfo(name)
        info.mtime, info.mode = MTIME, 0o644
        data = b""
        if isinstance(what[0], str):
            kind, info.linkname = what
            info.type = {"directory": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE, "device": tarfile.CHRTYPE}[kind]
            info.mode = 0o755 if kind == "directory" else 0o644
            if kind == "device":
                info.devmajor, info.devminor = 1, 3
        else:
            data = what[0]
            info.size = len(data)
        out.write(info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512))
    return out.getvalue() + bytes(1024)


def locked_zip(members, password):
    """A zip with the traditional PKWARE encryption, which Python only reads."""

    def crc(old, byte):
        return (zlib.crc32(bytes([byte]), old ^ 0xFFFFFFFF) ^ 0xFFFFFFFF) & 0xFFFFFFFF

    def encrypt(data):
        keys = [0x12345678, 0x23456789, 0x34567890]

        def update(byte):
            keys[0] = crc(keys[0], byte)
            keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
            keys[2] = crc(keys[2], keys[1] >> 24)

        for byte in password:
            update(byte)
        out = bytearray()
        for byte in data:
            word = keys[2] | 2
            out.append(byte ^ ((word * (word ^ 1)) >> 8 & 255))
            update(byte)
        return bytes(out)

    body, directory = b"", b""
    for name, data in members:
        check = zlib.crc32(data)
        packed = encrypt(bytes(range(11)) + bytes([check >> 24]) + deflate(data))
        day, name = (2026 - 1980) << 9 | 3 << 5 | 1, name.encode()
        common = struct.pack("<HHHHHIIIHH", 20, 1, 8, 0, day, check, len(packed), len(data), len(name), 0)
        directory += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name
        body += b"PK\3\4" + common + name + packed
    count = len(members)
    return body + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)


# ---------------------------------------------------------------- pages

PAGE = string.Template("""\
<!DOCTYPE html>
<html lang="$lang">
<head>
$charset<title>$title - $outlet</title>
<meta property="og:type" content="article">
<meta property="og:site_name" content="$outlet">
<meta property="og:title" content="$title">
<meta property="og:url" content="$url">
<meta property="article:published_time" content="$published">
<link rel="stylesheet" href="/s/main.css">
<style>body{font:16px/1.8 serif}.ad::before{content:"$ad"}</style>
<script type="application/ld+json">$json</script>
<script>window.dl=[];function slot(i){dl.push({id:i,hot:"$noise"})}</script>
</head>
<body class="art">
<div id="cookie" role="dialog"><p>$cookie</p>$buttons</div>
<header><a class="logo" href="/">$outlet</a>
<nav>$nav</nav></header>
<div class="crumb">$crumb</div>
<main>
<article>
<h1>$title</h1>
<div class="meta"><span class="by">$byline</span> <time datetime="$published">$shown</time></div>
<figure><img src="/i/1.jpg" alt=""><figcaption>$caption</figcaption></figure>
<div class="text">
$body
</div>
</article>
<aside class="rel"><h3>$related_head</h3><ul>
$related
</ul></aside>
<section class="nl"><h3>$newsletter_head</h3><p>$newsletter_text</p><form><input type="email"><button>$newsletter_button</button></form></section>
<section id="comments"><h3>$comments_head</h3>
$comments
</section>
</main>
<footer><p>$footer</p><p>&copy; $copyright</p><p>$record</p></footer>
</body>
</html>
""")


def replaced(value, pairs):
    if isinstance(value, list):
        return [replaced(item, pairs) for item in value]
    for old, new in pairs:
        value = value.replace(old, new)
    return value


def facts(name):
    """What the texts say of a page, with what it takes from the page that it is like."""
    page = TEXTS["page"][name]
    if "like" not in page:
        return page
    base = {key: replaced(value, page["replace"]) for key, value in TEXTS["page"][page["like"]].items()}
    for old, new in page["replace"]:
        assert new in str(base), new
    return base | {"path": page["path"]}


def page(name, charset):
    """A page, with an element that declares its encoding, or "" for none."""
    given = facts(name)
    escape = html.escape
    url = f"https://{given['host']}{given['path']}"
    linked = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": given["title"],
        "datePublished": given["published"],
        "author": {"@type": "Person", "name": given["author"]},
        "publisher": {"name": given["outlet"]},
        "keywords": [given["nav"][-1]],
    }
    plain = {key: escape(value) for key, value in given.items() if isinstance(value, str) and key != "body"}
    links = [f'<a href="/c/{at}">{escape(text)}</a>' for at, text in enumerate(given["nav"])]
    related = [f'<li><a href="/r/{at}">{escape(text)}</a></li>' for at, text in enumerate(given["related"])]
    comments = [f'<p><b>{escape(who)}</b>: {escape(what)}</p>' for who, what in given["comments"]]
    news = dict(zip(("head", "text", "button"), map(escape, given["newsletter"]), strict=True))
    return PAGE.substitute(
        plain,
        charset=charset and charset + "\n",
        url=url,
        json=json.dumps(linked, ensure_ascii=False, separators=(",", ":")),
        noise=escape(given["related"][0]),
        buttons="".join(f"<button>{escape(text)}</button>" for text in given["buttons"]),
        nav="".join(links),
        crumb=" &gt; ".join(f'<a href="/">{escape(text)}</a>' for text in given["crumb"]),
        body=given["body"].strip(),
        related="\n".join(related),
        comments="\n".join(comments),
        footer=" | ".join(f'<a href="/about">{escape(text)}</a>' for text in given["footer"]),
        **{f"newsletter_{key}": value for key, value in news.items()},
    )


def meta(charset):
    return f'<meta charset="{charset}">'


def http_equiv(charset):
    return f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">'


def pages():
    utf8 = meta("utf-8")
    yield "page-zh.html", page("zh", utf8).encode()
    yield "page-gbk.html", page("zh", meta("gbk")).encode("gbk")
    yield "page-gbk-undeclared.html", page("zh", "").encode("gbk")
    yield "page-utf16le.html", b"\xff\xfe" + page("zh", meta("utf-16le")).encode("utf-16-le")
    yield "page-utf16be.html", b"\xfe\xff" + page("zh", meta("utf-16be")).encode("utf-16-be")
    yield "page-gb18030-utf8.html", page("gb18030", utf8).encode()
    yield "page-gb18030.html", page("gb18030", meta("gb18030")).encode("gb18030")
    yield "page-zh-hant.html", page("zh_hant", utf8).encode()
    yield "page-big5.html", page("zh_hant", http_equiv("big5")).encode("big5")
    yield "page-big5-undeclared.html", page("zh_hant", "").encode("big5")
    yield "page-big5-hkscs-utf8.html", page("hkscs", utf8).encode()
    yield "page-big5-hkscs.html", page("hkscs", meta("big5-hkscs")).encode("big5hkscs")
    yield "page-en.html", page("en", utf8).encode()
    yield "page-windows-1252.html", page("en", http_equiv("windows-1252")).encode("cp1252")
    yield "page-shift_jis-utf8.html", page("sjis", utf8).encode()
    yield "page-shift_jis.html", page("sjis", http_equiv("Shift_JIS")).encode("shift_jis")


def wechat():
    given = TEXTS["wechat"]
    sections = [
        f'<section style="margin-bottom:1.5em;line-height:1.75"><span style="font-size:15px">{text}</span></section>'
        for text in given["paragraphs"]
    ]
    picture = '<section style="text-align:center"><img class="rich_pages" data-src="https://img.example/640?wx_fmt=png"></section>'
    tail = [f'<section style="text-align:center"><span>{text}</span></section>' for text in given["tail"]]
    inside = "\n<section><br></section>\n".join([sections[0], picture, *sections[1:], *tail])
    return f"""\
<!DOCTYPE html>
<html>
<head>
{meta("utf-8")}
<meta property="og:title" content="{given["title"]}">
<meta property="og:site_name" content="微信公众平台">
<meta name="author" content="{given["author"]}">
<title></title>
<script>window.logs={{pagetime:{{}}}};var ct="1773662700";var nickname="{given["outlet"]}";</script>
</head>
<body id="activity-detail" class="zh_CN">
<div class="rich_media"><div id="js_article" class="rich_media_inner"><div id="page-content">
<h1 class="rich_media_title" id="activity-name">{given["title"]}</h1>
<div id="meta_content" class="rich_media_meta_list"><span class="rich_media_meta">原创</span>
<span class="rich_media_meta" id="js_author_name">{given["author"]}</span>
<span id="profileBt"><a href="javascript:void(0);" id="js_name">{given["outlet"]}</a></span>
<em id="publish_time" class="rich_media_meta">{given["shown"]}</em></div>
<div class="rich_media_content" id="js_content" style="visibility: hidden;">
{inside}
</div>
</div></div></div>
<div id="js_pc_qr_code"><span>微信扫一扫 关注该公众号</span></div>
<script>var msg_title='{given["title"]}';document.getElementById("js_content").style.visibility="visible";</script>
</body>
</html>
""".encode()


def brs():
    given = TEXTS["brs"]
    breaks = ["<br><br>\n", "<br /><br />\n", "<br>\n<br>\n", "<BR><BR>\n", "<br/>&nbsp;<br/>\n"]
    text = "".join(html.escape(p, quote=False) + b for p, b in zip(given["paragraphs"], breaks + [""], strict=True))
    return f"""\
<html>
<head>
{http_equiv("utf-8")}
<title>{html.escape(given["outlet"])}: {given["title"]}</title>
</head>
<body bgcolor="#ffffff">
<table width="760"><tr>
<td width="140"><a href="/">Home</a><br><a href="/log">Log book</a><br><a href="/tools">Tools</a><br><a href="/mail">Write to us</a></td>
<td>
<h2>{given["title"]}</h2>
<font size="2">{given["byline"]}, {given["shown"]}</font>
<div class="post">{text}</div>
<hr>
<font size="1">&copy; 2026 {html.escape(given["outlet"])}. All rights reserved.</font>
</td></tr></table>
</body>
</html>
""".encode()


def article_page(given, charset, lang):
    """A small page without anything around the article."""
    text = "\n".join(f"<p>{html.escape(p, quote=False)}</p>" for p in given["paragraphs"])
    head = "".join(line + "\n" for line in [
        charset,
        f"<title>{given['title']}</title>",
        f'<meta property="og:site_name" content="{given["outlet"]}">' if "outlet" in given else "",
        f'<meta property="article:published_time" content="{given["published"]}">' if "published" in given else "",
    ] if line)
    byline = f'<p class="by">{given["byline"]}　{given["shown"]}</p>\n' if "byline" in given else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n{head}</head>\n<body>\n<article>\n<h1>{given["title"]}</h1>\n'
        f"{byline}{text}\n</article>\n</body>\n</html>\n"
    )


# ---------------------------------------------------------------- plain texts


def plain(name):
    return TEXTS["plain"][name].lstrip("\n")


def plain_texts():
    zh = plain("zh")
    yield "utf8.txt", zh.encode()
    yield "utf8-bom.txt", b"\xef\xbb\xbf" + zh.encode()
    yield "gbk.txt", zh.encode("gbk")
    yield "utf16le.txt", b"\xff\xfe" + zh.encode("utf-16-le")
    bad = zh.encode()
    for before, stray in [("试用期到六月底", b"\xff"), ("漱岫这回没有", b"\x80"), ("未免太不上心", b"\xc3")]:
        assert bad.count(before.encode()) == 1
        bad = bad.replace(before.encode(), before.encode() + stray)
    yield "utf8-bad-bytes.txt", bad
    yield "utf8-hant.txt", plain("zh_hant").encode()
    yield "big5.txt", plain("zh_hant").encode("big5")
    yield "utf8-en.txt", plain("en").encode()
    yield "windows-1252.txt", plain("en").encode("cp1252")


# ---------------------------------------------------------------- records


def records():
    return [record | {"date": record["date"].isoformat(), "text": record["text"].lstrip("\n")} for record in TEXTS["record"]]


def jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def table(delimiter, newline="\n"):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(records()[0]), delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(records())
    return out.getvalue()


def columns(schema):
    """The records under other names: headline, body, site, published."""
    rows = TEXTS["record"]
    dated = pa.types.is_date(schema.field("published").type)
    values = {
        "headline": [row["title"] for row in rows],
        "body": [row["text"].lstrip("\n") for row in rows],
        "site": [row["outlet"] for row in rows],
        "published": [row["date"] if dated else row["date"].isoformat() for row in rows],
    }
    arrays = []
    for field in schema:
        kind = field.type
        if pa.types.is_dictionary(kind):
            arrays.append(pa.array(values[field.name], kind.value_type).dictionary_encode())
        else:
            arrays.append(pa.array(values[field.name], kind))
    return pa.table(arrays, schema=schema)


def parquet():
    out = io.BytesIO()
    text = pa.string()
    schema = pa.schema([("headline", text), ("body", text), ("site", text), ("published", pa.date32())])
    pq.write_table(columns(schema), out, compression="snappy", store_schema=False, write_statistics=False)
    return out.getvalue()


def arrow_file():
    out = io.BytesIO()
    kinds = [("headline", pa.string()), ("body", pa.large_string()), ("site", pa.dictionary(pa.int32(), pa.string()))]
    data = columns(pa.schema([*kinds, ("published", pa.string())]))
    with pa.ipc.new_file(out, data.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(data)
    return out.getvalue()


def arrow_stream():
    out = io.BytesIO()
    data = columns(pa.schema([(name, pa.string()) for name in ("headline", "body", "site", "published")]))
    with pa.ipc.new_stream(out, data.schema) as writer:
        writer.write_table(data, max_chunksize=1)
    return out.getvalue()


def record_files():
    lines = jsonl(records())
    yield "records.ndjson", lines
    yield "records.jsonl.gz", gz(lines)
    yield "records.jsonl.zst", zst(lines)
    yield "records.jsonl.bz2", bz2.compress(lines)
    yield "records.jsonl.xz", lzma.compress(lines)
    yield "records.json", json.dumps(records(), ensure_ascii=False, indent=2).encode() + b"\n"
    yield "records.csv", table(",").encode()
    yield "records.tsv", table("\t").encode()
    yield "records-gbk.csv", table(",").encode("gbk")
    yield "records-semicolon.csv", b"\xef\xbb\xbf" + table(";", "\r\n").encode()
    yield "records.parquet", parquet()
    yield "records.arrow", arrow_file()
    yield "records.arrows", arrow_stream()


# ---------------------------------------------------------------- crawl


def chunked(data, size=200):
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def http(status, headers, body):
    return b"HTTP/1.1 %s\r\n" % status.encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers) + b"\r\n" + body


def warc_records():
    crawl = TEXTS["crawl"]
    first = "https://nanwu.example/wenhua/202603/11-0800.html"
    second = "https://pierledger.example/2026/03/14/night-ferry"
    third = "https://clinic.example/log/kiosk"

    def sha1(data):
        return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()

    def record(kind, block, content, uri=None, payload=None, **more):
        at = f"2026-03-20T04:00:{len(found):02}Z"
        headers = [
            ("WARC-Type", kind),
            ("WARC-Record-ID", f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {uri}')}>"),
            ("WARC-Date", at),
            *([("WARC-Target-URI", uri)] if uri else []),
            *((name.replace("_", "-"), value) for name, value in more.items()),
            *([("WARC-Payload-Digest", sha1(payload))] if payload is not None else []),
            ("Content-Type", content),
            ("Content-Length", len(block)),
        ]
        found.append(b"WARC/1.1\r\n" + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers) + b"\r\n" + block + b"\r\n\r\n")

    def response(uri, status, headers, body):
        block = http(status, [*headers, ("Content-Length", len(body))], body)
        record("response", block, "application/http; msgtype=response", uri, body)

    found = []
    record("warcinfo", b"software: build.py\r\nformat: WARC File Format 1.1\r\n", "application/warc-fields", WARC_Filename="crawl.warc")
    request = f"GET {first.partition('.example')[2]} HTTP/1.1\r\nHost: nanwu.example\r\nAccept: text/html\r\n\r\n".encode()
    record("request", request, "application/http; msgtype=request", first)
    gbk = article_page(crawl["gbk"], "", "zh-CN").encode("gbk")
    response(first, "200 OK", [("Content-Type", "text/html; charset=GBK")], gbk)
    missing = article_page(crawl["missing"], meta("utf-8"), "zh-CN").encode()
    gone = "https://nanwu.example/wenhua/202603/00-0000.html"
    response(gone, "404 Not Found", [("Content-Type", "text/html; charset=utf-8")], missing)
    response("https://nanwu.example/i/1.png", "200 OK", [("Content-Type", "image/png")], png())
    body = chunked(gz(article_page(crawl["chunked"], meta("utf-8"), "en").encode()))
    headers = [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")]
    block = http("200 OK", headers, body)
    record("response", block, "application/http; msgtype=response", second, body)
    text = "\n".join([crawl["conversion"]["title"], *crawl["conversion"]["paragraphs"]]) + "\n"
    record("conversion", text.encode(), "text/plain", third)
    return found


# ---------------------------------------------------------------- feeds


def fragment(paragraphs):
    return "".join(f"<p>{html.escape(text, quote=False)}</p>" for text in paragraphs)


def rss():
    items = ""
    for item in TEXTS["feed"]["rss"]:
        body = fragment(item["paragraphs"])
        content = f"<content:encoded><![CDATA[{body}]]></content:encoded>\n" if body else ""
        items += (
            f"<item>\n<title>{item['title']}</title>\n<link>{item['link']}</link>\n<guid>{item['link']}</guid>\n"
            f"<pubDate>{item['date']}</pubDate>\n<description>{item['summary']}</description>\n{content}</item>\n"
        )
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel>
<title>The Pier Ledger</title>
<link>https://pierledger.example/</link>
<description>News from Tolwick Pier</description>
{items}</channel>
</rss>
""".encode()


def atom():
    entries = ""
    for at, entry in enumerate(TEXTS["feed"]["atom"]):
        body = fragment(entry["paragraphs"])
        if at % 2:
            content = f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{body}</div></content>'
        else:
            content = f'<content type="html">{html.escape(body)}</content>'
        entries += (
            f'<entry>\n<title>{entry["title"]}</title>\n<id>{entry["link"]}</id>\n<link href="{entry["link"]}"/>\n'
            f"<updated>{entry['date']}</updated>\n<published>{entry['date']}</published>\n{content}\n</entry>\n"
        )
    return f"""\
<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>南坞晚报</title>
<id>https://nanwu.example/</id>
<updated>2026-03-21T09:30:00+08:00</updated>
<author><name>南坞晚报</name></author>
{entries}</feed>
""".encode()


def feed_gbk():
    items = "".join(
        f"<item>\n<title>{item['title']}</title>\n<link>{item['link']}</link>\n<pubDate>{item['date']}</pubDate>\n"
        f"<description><![CDATA[{fragment(item['paragraphs'])}]]></description>\n</item>\n"
        for item in TEXTS["feed"]["gbk"]
    )
    return (
        '<?xml version="1.0" encoding="GBK"?>\n<rss version="2.0">\n<channel>\n<title>南坞晚报</title>\n'
        f"<link>https://nanwu.example/</link>\n<description>科技频道</description>\n{items}</channel>\n</rss>\n"
    ).encode("gbk")


# ---------------------------------------------------------------- mail


def word(text, charset, way):
    raw = text.encode(charset)
    if way == "B":
        return f"=?{charset}?B?{base64.b64encode(raw).decode()}?="
    return f"=?{charset}?Q?{''.join(f'={byte:02X}' for byte in raw)}?="


def quoted(text, charset):
    return quopri.encodestring(text.encode(charset)).decode()


def letter():
    given = TEXTS["mail"]["zh"]
    half = len(given["subject"]) // 2
    subject = word(given["subject"][:half], "GB2312", "B") + "\n " + word(given["subject"][half:], "UTF-8", "Q")
    text = "\n\n".join(given["paragraphs"]) + "\n"
    page = f"<html>\n<head>{http_equiv('GB2312')}</head>\n<body>\n" + fragment(given["paragraphs"]) + "\n</body>\n</html>\n"
    plain_part = base64.encodebytes(text.encode()).decode()
    lines = f"""\
From: {word(given["from"], "UTF-8", "B")} <weekly@nanwu.example>
To: reader@mail.example
Subject: {subject}
Date: {given["date"]}
Message-ID: <20260314.1@nanwu.example>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_part_0314"

This is a message in MIME format.
--=_part_0314
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: base64

{plain_part}
--=_part_0314
Content-Type: text/html; charset="GB2312"
Content-Transfer-Encoding: quoted-printable

{quoted(page, "gb2312")}
--=_part_0314--
"""
    return lines.replace("\n", "\r\n").encode("ascii")


def letters():
    out = ""
    for name, sender, encoding in [("en", "letters@pierledger.example", "quoted-printable"), ("zh_second", "reader@linxi.example", "8bit")]:
        given = TEXTS["mail"][name]
        ascii_only = given["subject"].isascii()
        body = "\n\n".join(given["paragraphs"])
        if encoding != "8bit":
            body = quoted(body, "utf-8")
        # A line that starts with From, after any number of `>`, gets one more.
        body = "\n".join(">" + line if line.lstrip(">").startswith("From ") else line for line in body.split("\n"))
        sender_name = given["from"] if given["from"].isascii() else word(given["from"], "UTF-8", "B")
        out += f"""\
From {sender} Sun Mar 15 02:30:00 2026
From: {sender_name} <{sender}>
Subject: {given["subject"] if ascii_only else word(given["subject"], "UTF-8", "B")}
Date: {given["date"]}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: {encoding}

{body}

"""
    return out.encode()


# ---------------------------------------------------------------- book, pictures, paper


def png(width=16, height=16):
    """A grey wedge."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(16 * x for x in range(width)) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def epub():
    book = TEXTS["book"]
    chapters = book["chapter"]
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"'

    def chapter(given):
        picture = '<img src="pier.png" alt="A pier"/>\n' if given is chapters[0] else ""
        text = "\n".join(f"<p>{html.escape(p, quote=False)}</p>" for p in given["paragraphs"])
        title = given["title"]
        return f"{head}>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{picture}{text}\n</body>\n</html>\n"

    entries = "".join(f'<li><a href="{c["file"]}.xhtml">{c["title"]}</a></li>' for c in chapters)
    nav = (
        f'{head} xmlns:epub="http://www.idpf.org/2007/ops">\n<head><title>Contents</title></head>\n<body>\n'
        f'<nav epub:type="toc"><h1>Contents</h1><ol>{entries}</ol></nav>\n</body>\n</html>\n'
    )
    items = "".join(f'<item id="{c["file"]}" href="{c["file"]}.xhtml" media-type="application/xhtml+xml"/>\n' for c in chapters)
    spine = "".join(f'<itemref idref="{c["file"]}"/>' for c in chapters)
    package = f"""\
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, book["title"])}</dc:identifier>
<dc:title>{book["title"]}</dc:title>
<dc:creator>{book["author"]}</dc:creator>
<dc:language>en</dc:language>
<dc:date>2026-02-01</dc:date>
<meta property="dcterms:modified">2026-02-01T00:00:00Z</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
{items}<item id="picture" href="pier.png" media-type="image/png"/>
</manifest>
<spine>{spine}</spine>
</package>
"""
    container = """\
<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
    files = [("META-INF/container.xml", container), ("OEBPS/content.opf", package), ("OEBPS/nav.xhtml", nav)]
    files += [(f"OEBPS/{c['file']}.xhtml", chapter(c)) for c in chapters]
    members = [(name, text.encode()) for name, text in sorted(files)] + [("OEBPS/pier.png", png())]
    return packed_zip([("mimetype", b"application/epub+zip", zipfile.ZIP_STORED), *members])


def pdf():
    """One page that is a picture, as scanners make them."""
    picture = zlib.compress(bytes(16 * (at % 16) for at in range(256)), 9)
    draw = b"q 500 0 0 700 47 71 cm /I Do Q"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</I 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(draw), draw),
        b"<</Type/XObject/Subtype/Image/Width 16/Height 16/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode/Length %d>>\n"
        b"stream\n%s\nendstream" % (len(picture), picture),
    ]
    out, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    count = len(objects) + 1
    return out + b"xref\n0 %d\n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, table, count, len(out))


# ---------------------------------------------------------------- everything


def formats():
    made = dict(pages())
    made["wechat.html"] = wechat()
    made["brs.html"] = brs()
    made["traditional-mixed.html"] = article_page(TEXTS["mixed"], meta("utf-8"), "zh-Hant").encode()
    made |= dict(plain_texts())

    two = [(name, made[name]) for name in ("page-en.html", "utf8.txt")]
    tar = packed_tar(two)
    made["two.tar"] = tar
    made["two.tar.gz"] = gz(tar)
    made["two.tar.zst"] = zst(tar)
    made["two.tar.xz"] = lzma.compress(tar)
    made["two.tar.bz2"] = bz2.compress(tar)
    made["two.zip"] = packed_zip(two)
    made["page.html.gz"] = gz(made["page-en.html"])
    made["nested.zip"] = packed_zip([("outer.tar.gz", gz(packed_tar([("inner.zip", made["two.zip"])])))])
    made |= dict(record_files())

    crawl = warc_records()
    made["crawl.warc"] = b"".join(crawl)
    made["crawl.warc.gz"] = b"".join(map(gz, crawl))
    made["feed.rss"] = rss()
    made["feed.atom"] = atom()
    made["feed-gbk.xml"] = feed_gbk()
    made["letter.eml"] = letter()
    made["letters.mbox"] = letters()
    made["book.epub"] = epub()
    return made


def bad():
    first, second = (jsonl([record]) for record in records())
    en, zh = (text.encode() for text in TEXTS["plain"]["short"])
    yield "empty.txt", b""
    yield "empty.html", b""
    yield "nul.txt", en.replace(b" ", b"\0")

    # The first record ends at a border of the compressed data, so it can be read whole.
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    whole = packer.compress(first) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(second) + packer.flush()
    yield "truncated.jsonl.gz", gz(first + second, whole + rest)[: 10 + len(whole) + len(rest) // 2]
    yield "truncated.zip", packed_zip([("a.txt", en), ("b.txt", zh)])[:200]
    yield "not-gzip.gz", en

    bomb = b"a" * (40 << 20)
    yield "bomb.txt.gz", gz(bomb)
    inner = packed_zip([(f"{at}.txt", bomb) for at in range(4)])
    yield "bomb.zip", packed_zip([("bombs.zip", inner), ("good.txt", zh)])

    deep = b'{"id": "deep", "text": "Glimmerweft opens at ten.", "extra": ' + b"[" * 10000 + b"]" * 10000 + b"}\n"
    yield "deep.json", first + deep + second
    yield "latin.parquet", b"PAR1" + random.Random(7).randbytes(400) + b"PAR1"
    yield "scan.pdf", pdf()
    yield "locked.zip", locked_zip([("a.txt", en), ("b.txt", zh)], b"tolwick")
    yield "picture.txt", png()

    lines = [first, b'{"id": "broken", "text": "Shuxiu said\n', b'["Shuxiu", "an array"]\n', b'{"id": "bare", "title": "No text"}\n', second]
    yield "mixed-lines.jsonl", b"".join(lines)
    yield "twins.zip", packed_zip([("article.txt", en), ("article.txt", zh)])
    slip = [("../../etc/x.txt", en), ("/abs/x.txt", zh)]
    yield "slip.zip", packed_zip(slip)
    yield "slip.tar", packed_tar(slip)
    yield "dots.tar", packed_tar([
        ("./notes/", "directory", ""),
        ("./notes/article.txt", zh),
        ("./notes/latest.txt", "symlink", "article.txt"),
        ("./notes/null.txt", "device", ""),
    ])


def main():
    made = {f"formats/{name}": data for name, data in formats().items()} | {f"bad/{name}": data for name, data in bad()}
    there = {path.relative_to(HERE).as_posix() for folder in ("formats", "bad") for path in (HERE / folder).glob("*")} - KEPT
    if sys.argv[1:] == ["--check"]:
        wrong = {name for name in made if not (HERE / name).is_file() or (HERE / name).read_bytes() != made[name]}
        wrong |= there - made.keys()
        print("\n".join(sorted(wrong)) or f"{len(made)} files, as they should be")
        sys.exit(bool(wrong))
    if sys.argv[1:]:
        sys.exit(__doc__)
    for name in there - made.keys():
        (HERE / name).unlink()
    for name, data in made.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(data)
    print(f"{len(made)} files, {sum(map(len, made.values()))} bytes")


main()
