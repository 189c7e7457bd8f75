#!/usr/bin/env python3
"""Learning curves of `lichang train --base default`: N labels of another field, against the base and against training on the same labels alone.

    benches/retraining.py ../shared/datasets [--sets phrasebank_66,cfsc_absa,sohu2022] [--sizes 50,100,200,400,800] [--seeds 5]

For each set and size, N records are drawn from train.jsonl (once a seed) and both models measured on dev.jsonl: macro-F1, the mean over seeds. The interval is that
of the mean paired difference over seeds (Student's t, 95 %), so it says how much the draw of the labels matters, not how much the dev split does.
"""

import argparse
import json
import pathlib
import random
import statistics
import subprocess
import tempfile

LICHANG = pathlib.Path(__file__).resolve().parent.parent / "target/release/lichang"
# Student's t at 97.5 % by degrees of freedom.
T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def run(*arguments):
    return subprocess.run([LICHANG, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def macro_f1(dev, model, plain):
    """Of the task that the set labels; sets of plain sentiment have no target."""
    found = json.loads(run("evaluate", dev, "--format", "json", *(["--model", model] if model else [])))
    return found["sentiment" if plain else "stance"]["macro_f1"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", type=pathlib.Path)
    parser.add_argument("--sets", default="phrasebank_66,cfsc_absa,sohu2022")
    parser.add_argument("--sizes", default="50,100,200,400,800")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    print("set              labels   base  alone  from base  from base − alone, 95 %", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        labels, model = folder / "labels.jsonl", folder / "model.lichang"
        for name in options.sets.split(","):
            lines = (options.datasets / name / "train.jsonl").read_text().splitlines()
            plain = "target" not in json.loads(lines[0])
            dev = options.datasets / name / "dev.jsonl"
            base = macro_f1(dev, None, plain)
            for size in map(int, options.sizes.split(",")):
                pairs = []
                for seed in range(options.seeds):
                    drawn = random.Random(seed).sample(lines, size)
                    labels.write_text("\n".join(drawn) + "\n")
                    pair = []
                    for more in ([], ["--base", "default"]):
                        run("train", labels, "--output", model, *more)
                        pair.append(macro_f1(dev, model, plain))
                    pairs.append(pair)
                gains = [adapted - alone for alone, adapted in pairs]
                mean = statistics.mean(gains)
                half = T[len(gains) - 1] * statistics.stdev(gains) / len(gains) ** 0.5
                alone, adapted = (statistics.mean(pair[i] for pair in pairs) for i in (0, 1))
                print(
                    f"{name:<16} {size:>6}  {base:.3f}  {alone:.3f}      {adapted:.3f}  "
                    f"{mean:+.3f} [{mean - half:+.3f}, {mean + half:+.3f}]",
                    flush=True,
                )


if __name__ == "__main__":
    main()
