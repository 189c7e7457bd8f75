"""Runs the recipe of README.md beside this file on the example of six outlets, and checks its figures.

    python examples/duckdb/test.py [BINARY]

Needs duckdb from PyPI; is passed over without.
"""

import json
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUTLETS = ROOT / "data/examples/outlets"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (HERE / "README.md").read_text(), re.M | re.S)


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values) if values else None


def near(found, expected):
    return found == expected if None in (found, expected) else math.isclose(found, expected, abs_tol=1e-9)


def main():
    try:
        import duckdb
    except ImportError:
        print("passed over: no duckdb")
        return
    binary = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/lichang").resolve()

    with tempfile.TemporaryDirectory() as folder:
        # The commands of the README, where their relative paths mean something and outputs are in nobody's way.
        os.chdir(folder)
        Path("data").symlink_to(ROOT / "data")
        for line in blocks("sh")[0].splitlines():
            program, *arguments = shlex.split(line)
            assert program == "lichang"
            subprocess.run([binary, *arguments], check=True, stderr=subprocess.DEVNULL)

        # The same scores by another way: JSON lines, read by Python.
        call = [binary, "score", OUTLETS / "articles.jsonl", "--targets", OUTLETS / "targets.toml"]
        call += ["--format", "ndjson", "--with-text"]
        lines = subprocess.run(call, check=True, capture_output=True, text=True).stdout.splitlines()
        rows = [json.loads(line) for line in lines]
        articles = [row for row in rows if row["kind"] == "article"]
        paragraphs = defaultdict(list)
        for row in rows:
            if row["kind"] != "article":
                paragraphs[row["doc"], row["target"]].append(row)

        base = duckdb.connect()
        for block in blocks("sql"):
            base.sql(block)
        pivot = next(block for block in blocks("sql") if block.startswith("PIVOT"))

        def table(query):
            result = base.sql(query)
            return [dict(zip(result.columns, row)) for row in result.fetchall()]

        cells = table("FROM cells")
        groups = defaultdict(list)
        for row in articles:
            groups[row["outlet"], row["target"]].append(row)
        assert len(cells) == len(groups) > 20, len(cells)
        for cell in cells:
            group = groups[cell["outlet"], cell["target"]]
            assert cell["articles"] == len(group), cell
            assert near(cell["mean"], mean(row["score"] for row in group)), cell
            assert near(cell["favor"], mean(row["label"] == "favor" for row in group)), cell
            assert near(cell["against"], mean(row["label"] == "against" for row in group)), cell
            assert near(cell["abstained"], mean(row["abstain"] for row in group)), cell
        wide = table(pivot)
        assert {row["outlet"] for row in wide} == {outlet for outlet, _ in groups}
        assert len(wide[0]) == 1 + len({target for _, target in groups})
        print(f"{len(cells)} cells, as Python computes them")

        trend = table("FROM trend")
        months = defaultdict(list)
        for row in articles:
            year, month, _ = map(int, row["date"].split("-"))
            months[row["target"], 12 * year + month - 1].append(row["score"])
        assert len(trend) == len(months)
        for row in trend:
            at = 12 * row["month"].year + row["month"].month - 1
            three = [score for back in range(3) for score in months.get((row["target"], at - back), [])]
            assert row["articles"] == len(months[row["target"], at]), row
            assert near(row["mean"], mean(months[row["target"], at])), row
            assert near(row["mean_of_three"], mean(three)), row
        print(f"{len(trend)} months of companies, as Python computes them")

        evidence = table("FROM evidence")
        against = {(r["doc"], r["target"]): r for r in articles if r["label"] == "against"}
        assert {(row["doc"], row["target"]) for row in evidence} == set(against) and evidence
        for row in evidence:
            behind = paragraphs[row["doc"], row["target"]]
            worst = min(behind, key=lambda paragraph: paragraph["score"])
            assert row["paragraphs"] == len(behind) == against[row["doc"], row["target"]]["paragraphs"], row
            assert near(row["worst"], worst["score"]) and row["text"] and row["paragraph"] is not None, row
        print(f"{len(evidence)} articles with their paragraphs, as Python finds them")
        print("3 passed, 0 failed")


if __name__ == "__main__":
    main()
