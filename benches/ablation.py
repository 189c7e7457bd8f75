#!/usr/bin/env python3
"""Trains the default model in variants and measures each on labelled articles that no model is trained on.

    python3 benches/ablation.py ../shared/articles_dev [VARIANT...]

The folder holds pairs.jsonl (id, doc, lang, text, target, label), sentiment.jsonl (id, par, sentiment) and articles/ID.json. For each variant: macro-F1 of
stance and of sentiment in English and in Chinese, and its difference to the default with a 95 % interval from 1,000 bootstrap
replicates that draw articles, the same for both models. Needs nothing but Python; about a minute a variant.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
NGRAMS = "paragraph sentence window3 window6 window12 before after characters near-characters".split()
ARTICLES, PARAGRAPHS = "data/articles.jsonl", "--auxiliary data/paragraphs.jsonl=0.5"
SOURCES = "--sources data/sources.toml"


def without(*blocks):
    return [word for block in blocks for word in ("--without", block)]


# Name: flags, and the data when they are others than those of the default model.
VARIANTS = {
    "default": ([], None),
    "published labels": ([], f"{ARTICLES} {PARAGRAPHS} --sources {{published}}"),
    "no public sets": ([], f"{ARTICLES} {PARAGRAPHS}"),
    "no articles": ([], f"data/paragraphs.jsonl {SOURCES}"),
    "half of the articles": ([], f"{{half}} {PARAGRAPHS} {SOURCES}"),
    "no single paragraphs": ([], f"{ARTICLES} {SOURCES}"),
    "no lexicon, no skeleton": (without("lexicon", "skeleton"), None),
    "no skeleton": (without("skeleton"), None),
    "no word vectors": (without("vector-paragraph", "vector-before", "vector-after"), None),
    "no n-grams": (without(*NGRAMS), None),
    "no context": (["--context", "0"], None),
}


def macro_f1(rows):
    scores = []
    for label in sorted({gold for gold, _ in rows}):
        hits = sum(gold == named == label for gold, named in rows)
        scores.append(2 * hits / sum((gold == label) + (named == label) for gold, named in rows))
    return sum(scores) / len(scores)


def difference(one, other):
    """Macro-F1 of `other` less that of `one`, two dictionaries doc → rows, with its interval."""
    docs, draws = sorted(one), random.Random(0)
    flat = lambda table, drawn: macro_f1([row for doc in drawn for row in table[doc]])
    found = []
    for _ in range(1000):
        drawn = draws.choices(docs, k=len(docs))
        found.append(flat(other, drawn) - flat(one, drawn))
    found.sort()
    return flat(other, docs) - flat(one, docs), found[25], found[974]


def measure(folder, model, work):
    """Rows (gold, named) by (task, language) and document."""
    tables = {}
    languages = {}
    pairs = [json.loads(line) for line in open(folder / "pairs.jsonl", encoding="utf8")]
    gold = {(r["id"], r["target"]): (r["doc"], r["label"]) for r in pairs}
    for r in pairs:
        languages[r["doc"]] = "en" if r["lang"] == "en" else "zh"
    tones = work / "tones.jsonl"
    with open(tones, "w", encoding="utf8") as out:
        for line in open(folder / "sentiment.jsonl", encoding="utf8"):
            r = json.loads(line)
            article = json.load(open(folder / "articles" / f"{r['id']}.json", encoding="utf8"))
            languages.setdefault(r["id"], "en" if article["lang"] == "en" else "zh")
            text = article["paragraphs"][r["par"]]
            text = text if isinstance(text, str) else text["text"]
            record = {"id": f"{r['id']}-{r['par']}", "doc": r["id"], "text": text, "label": r["sentiment"]}
            gold[record["id"], None] = (r["id"], r["sentiment"])
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    for task, file in (("stance", folder / "pairs.jsonl"), ("sentiment", tones)):
        predictions = work / "predictions.jsonl"
        command = ["cargo", "run", "--release", "--locked", "--quiet", "--", "evaluate", file, "--model", model]
        subprocess.run([*command, "--predictions", predictions], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        for line in open(predictions, encoding="utf8"):
            r = json.loads(line)
            doc, label = gold[r["id"], r.get("target")]
            tables.setdefault((task, languages[doc]), {}).setdefault(doc, []).append((label, r["label"]))
    return tables


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    names = sys.argv[2:] or list(VARIANTS)
    if "default" not in names:
        names.insert(0, "default")
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        articles = [json.loads(line) for line in open(ROOT / ARTICLES, encoding="utf8")]
        docs = sorted({r["doc"] for r in articles})
        kept = set(docs[::2])
        with open(work / "half.jsonl", "w", encoding="utf8") as out:
            out.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in articles if r["doc"] in kept)
        listed = (ROOT / "data/sources.toml").read_text(encoding="utf8").splitlines(keepends=True)
        (work / "published.toml").write_text("".join(line for line in listed if not line.startswith("labels")), encoding="utf8")
        results = {}
        for name in names:
            flags, data = VARIANTS[name]
            environment = dict(os.environ)
            if data:
                environment["LICHANG_DATA"] = data.format(half=work / "half.jsonl", published=work / "published.toml")
            model = work / "model.lichang"
            subprocess.run([ROOT / ".ci/train-default", model, *flags], env=environment, check=True, capture_output=True)
            results[name] = measure(folder, model, work)
            cells = []
            for key in [("stance", "en"), ("stance", "zh"), ("sentiment", "en"), ("sentiment", "zh")]:
                rows = [row for doc in results[name][key].values() for row in doc]
                cell = f"{macro_f1(rows):.3f}"
                if name != "default":
                    cell += " {:+.3f} [{:+.3f}, {:+.3f}]".format(*difference(results["default"][key], results[name][key]))
                cells.append(cell)
            print("| " + " | ".join([name, *cells]) + " |", flush=True)


if __name__ == "__main__":
    main()
