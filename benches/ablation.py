#!/usr/bin/env python3
"""Trains the default model in variants and measures each on labelled articles that no model is trained on.

    python3 benches/ablation.py ../shared/articles_dev [VARIANT...]
    python3 benches/ablation.py ../shared/articles_dev --curve

The folder holds pairs.jsonl (id, doc, lang, text, target, label), sentiment.jsonl (id, par, sentiment) and articles/ID.json. For each variant: macro-F1 of
stance and of sentiment in English and in Chinese, and its difference to the default with a 95 % interval from 1,000 bootstrap
replicates that draw articles, the same for both models. With --curve instead the learning curve: means over five draws of a share of our own articles, with
their standard errors. Needs nothing but Python; about half a minute a model.
"""
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WINDOWS, SIDES, CHARACTERS = ["window3", "window6", "window12"], ["before", "after"], ["characters", "near-characters"]
NGRAMS = ["paragraph", "sentence", *WINDOWS, *SIDES, *CHARACTERS]
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
    "no n-grams of windows": (without(*WINDOWS), None),
    "no n-grams of sides": (without(*SIDES), None),
    "no n-grams of characters": (without(*CHARACTERS), None),
    "no context": (["--context", "0"], None),
}


# The task and language of each column.
COLUMNS = [("stance", "en"), ("stance", "zh"), ("sentiment", "en"), ("sentiment", "zh")]
SHARES, DRAWS = (0.125, 0.25, 0.5, 0.75), 5


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


def figures(folder, work, flags=(), data=None):
    """What `measure` finds of the default model trained with other flags and data."""
    environment = dict(os.environ)
    if data:
        environment["LICHANG_DATA"] = data
    model = work / "model.lichang"
    subprocess.run([ROOT / ".ci/train-default", model, *flags], env=environment, check=True, capture_output=True)
    return measure(folder, model, work)


def rows_of(table):
    return [row for doc in table.values() for row in doc]


def ablation(folder, work, names, keep):
    listed = (ROOT / "data/sources.toml").read_text(encoding="utf8").splitlines(keepends=True)
    (work / "published.toml").write_text("".join(line for line in listed if not line.startswith("labels")), encoding="utf8")
    half = keep(lambda docs: docs[::2])
    results = {}
    for name in dict.fromkeys(["default", *names]):
        flags, data = VARIANTS[name]
        results[name] = figures(folder, work, flags, data and data.format(half=half, published=work / "published.toml"))
        cells = []
        for key in COLUMNS:
            cell = f"{macro_f1(rows_of(results[name][key])):.3f}"
            if name != "default":
                cell += " {:+.3f} [{:+.3f}, {:+.3f}]".format(*difference(results["default"][key], results[name][key]))
            cells.append(cell)
        print("| " + " | ".join([name, *cells]) + " |", flush=True)


def curve(folder, work, keep):
    for share in SHARES:
        draws = []
        for seed in range(DRAWS):
            kept = keep(lambda docs: random.Random(seed).sample(docs, round(len(docs) * share)))
            found = figures(folder, work, data=f"{kept} {PARAGRAPHS} {SOURCES}")
            draws.append([macro_f1(rows_of(found[key])) for key in COLUMNS])
        cells = [f"{statistics.mean(of):.3f} ± {statistics.stdev(of) / DRAWS**0.5:.3f}" for of in zip(*draws)]
        print("| " + " | ".join([f"{share:g}", *cells]) + " |", flush=True)
    found = figures(folder, work)
    print("| " + " | ".join(["1", *(f"{macro_f1(rows_of(found[key])):.3f}" for key in COLUMNS)]) + " |")


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    articles = [json.loads(line) for line in open(ROOT / ARTICLES, encoding="utf8")]
    docs = sorted({r["doc"] for r in articles})
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)

        def keep(choose):
            """A file with the articles of ours that are chosen."""
            kept = set(choose(docs))
            with open(work / "kept.jsonl", "w", encoding="utf8") as out:
                out.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in articles if r["doc"] in kept)
            return work / "kept.jsonl"

        if sys.argv[2:] == ["--curve"]:
            curve(folder, work, keep)
        else:
            ablation(folder, work, sys.argv[2:] or list(VARIANTS), keep)


if __name__ == "__main__":
    main()
