#!/usr/bin/env python3
"""Whether Lichang's solver reaches the optimum that scikit-learn's LogisticRegression reaches, on the same rows.

    pip install numpy scipy scikit-learn jieba
    benches/optimum.py LABELS.jsonl... [-C 3] [--tight]

The rows are those of a usual baseline: TF-IDF (sublinear, min_df 2) over words and pairs of words, with the target masked, of the text and of 3, 6 and 12 words on
each side of each mention. They are rounded to single precision first, so both solvers see the same numbers. Prints both objectives, mean loss + ‖W‖² / (2 C n), and
their relative difference; negative when Lichang's is lower. `--tight` lets scikit-learn go on to a gradient of 1e-8. About two minutes for 25,000 records.
"""
import argparse
import json
import logging
import pathlib
import re
import subprocess
import tempfile
import time

import jieba
import numpy as np
from sklearn.datasets import dump_svmlight_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

jieba.setLogLevel(logging.ERROR)
ROOT = pathlib.Path(__file__).resolve().parent.parent
TOKEN = re.compile(r"TARGET|[A-Za-z]+(?:'[a-z]+)?|[0-9]+|[一-鿿]+|[^\sA-Za-z0-9一-鿿]")
CLASSES = ["favor", "neutral", "against"]


def tokens(text):
    for token in TOKEN.findall(text):
        if "一" <= token[0] <= "鿿":
            yield from jieba.lcut(token)
        else:
            yield token if token == "TARGET" else token.lower()


def grams(words):
    return words + ["_".join(pair) for pair in zip(words, words[1:])]


def features(record):
    text, target = record["text"], record["target"]
    if "from" in record:
        text = text[: record["from"]] + " TARGET " + text[record["to"]:]
    words = list(tokens(text.replace(target, " TARGET ")))
    found = grams(words)
    for size in (3, 6, 12):
        for at in (i for i, word in enumerate(words) if word == "TARGET"):
            found += [f"{size}:{gram}" for gram in grams(words[max(0, at - size): at + size + 1])]
    return found


def objective(x, y, model, c):
    logits = x @ model.coef_.T + model.intercept_
    highest = logits.max(axis=1, keepdims=True)
    log_sum = (highest + np.log(np.exp(logits - highest).sum(axis=1, keepdims=True)))[:, 0]
    return (log_sum - logits[np.arange(len(y)), y]).mean() + (model.coef_ ** 2).sum() / (2 * c * len(y))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="+")
    parser.add_argument("-C", type=float, default=3.0)
    parser.add_argument("--tight", action="store_true")
    args = parser.parse_args()
    records = [json.loads(line) for path in args.labels for line in open(path, encoding="utf8") if line.strip()]
    y = np.array([CLASSES.index(record["label"]) for record in records])
    x = TfidfVectorizer(analyzer=features, sublinear_tf=True, min_df=2).fit_transform(records)
    x = x.astype(np.float32).astype(np.float64)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/rows.svmlight"
        # repr has enough digits for single precision to come back as it was.
        dump_svmlight_file(x, y, path)
        command = ["cargo", "bench", "--quiet", "--bench", "optimum", "--", path, str(args.C)]
        ours = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    start, busy = time.perf_counter(), time.process_time()
    model = LogisticRegression(C=args.C, tol=1e-8 if args.tight else 1e-4, max_iter=10_000 if args.tight else 300)
    model.fit(x, y)
    theirs = objective(x, y, model, args.C)
    print(f"{x.shape[0]:,} records, {x.shape[1]:,} features, {x.nnz:,} values, C = {args.C:g}")
    print(f"lichang       {ours['objective']:.10f}  {ours['epochs']} epochs, {ours['seconds']:.2f} s")
    print(
        f"scikit-learn  {theirs:.10f}  {model.n_iter_[0]} iterations, {time.perf_counter() - start:.2f} s"
        f" ({time.process_time() - busy:.2f} s of CPU)"
    )
    print(f"relative difference {ours['objective'] / theirs - 1:+.1e}")


if __name__ == "__main__":
    main()
