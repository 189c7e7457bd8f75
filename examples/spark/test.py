"""Scores 200,000 short records by the binary alone and by Spark, kills a process of Lichang and an executor on the way, and compares.

    python examples/spark/test.py [BINARY]

Needs pyspark, pandas, pyarrow and Java 17 or later; is passed over without.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGETS = ROOT / "data/examples/outlets/targets.toml"
RECORDS = 200_000
LIMIT = 200  # seconds that Spark may take

COMPANIES = {
    "en": ["Hollinreed", "Lithwell", "Brindlework", "Juchuan Auto", "Paozao"],
    "zh": ["霍林里德", "砾维", "布林沃克", "炬川汽车", "跑灶"],
}
SENTENCES = {
    "en": [
        "{} opened a second office on Monday.",
        "{} shipped exactly what it had promised, and early.",
        "Nobody at {} has apologised to the customers it misled.",
        "The new service of {} is the best that this reviewer has used.",
        "{} and {} signed an agreement about spare parts.",
        "Analysts expect {} to report in May.",
        "{} has cheated its suppliers for years, and it shows.",
        "Unlike {}, {} answered every question, \"even the rude ones\".",
        "The harbour was quiet, and the ferries ran on time.",
    ],
    "zh": [
        "{}周一发布了季度报告。",
        "{}的服务令人失望，客户纷纷离开。",
        "{}的新产品做得非常出色，值得称赞。",
        "{}与{}签署了合作协议。",
        "{}隐瞒事故，欺骗了所有人。",
        "港口很安静，渡轮准点。",
    ],
}


def passed_over(why):
    print(f"passed over: {why}")
    sys.exit(0)


def java():
    """Whether there is a Java that Spark 4 runs on."""
    home = os.environ.get("JAVA_HOME")
    program = f"{home}/bin/java" if home else shutil.which("java")
    if not program or not Path(program).exists():
        return False
    said = subprocess.run([program, "-version"], capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', said)
    return bool(version) and int(version[1]) >= 17


def records():
    """Records by a seed: most are articles, some in each thousand are none."""
    chance = random.Random(20260601)
    for number in range(RECORDS):
        lang = chance.choice(("en", "en", "zh"))
        names = COMPANIES[lang]
        text = "\n\n".join(
            chance.choice(SENTENCES[lang]).format(*chance.sample(names, 2)) for _ in range(chance.randint(1, 3))
        )
        record = {
            "id": f"r{number:06}",
            "outlet": chance.choice(["North Quay Post", "Ledger, Late", "晨星日报", None]),
            "date": f"2026-{chance.randint(1, 6):02}-{chance.randint(1, 28):02}",
            "text": text if number % 1000 else "  ",
        }
        line = json.dumps(record, ensure_ascii=False)
        yield record["id"], line if number % 1000 != 500 else line[:40]


def commands():
    """The command lines of all processes."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # It has ended.


def below(root):
    """The processes below one, as (pid, command line), and who started whom."""
    parents, lines = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                lines[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # It has ended.
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])

    def ancestors(pid):
        while pid in parents:
            pid = parents[pid]
            yield pid

    return {pid: (lines[pid], set(ancestors(pid))) for pid in lines if root in ancestors(pid)}


def wound(spark, output):
    """Kills one process of Lichang, then, after a task has been committed, an executor at work. Gives what was killed."""
    killed = []
    while spark.poll() is None and len(killed) < 2:
        time.sleep(0.1)
        tree = below(spark.pid)
        executors = [pid for pid, (command, _) in tree.items() if "CoarseGrainedExecutorBackend" in command]
        filters = [(pid, above) for pid, (command, above) in tree.items() if " score - --format csv" in command]
        if not filters:
            continue
        pid, above = filters[0]
        if not killed:
            os.kill(pid, signal.SIGKILL)
            killed.append("a process of lichang")
        elif any(output.glob("_temporary/0/task_*")):
            victims = above.intersection(executors)
            if victims:
                os.kill(victims.pop(), signal.SIGKILL)
                killed.append("an executor")
    return killed


def failures(log):
    """How tasks ended that did not end well, and what executors were lost, by Spark's event log."""
    reasons, lost = [], 0
    for line in log.read_text().splitlines():
        event = json.loads(line)
        if event["Event"] == "SparkListenerExecutorRemoved":
            lost += 1
        elif event["Event"] == "SparkListenerTaskEnd" and event["Task End Reason"]["Reason"] != "Success":
            reasons.append((event["Task End Reason"]["Reason"], json.dumps(event["Task End Reason"])))
    return reasons, lost


def main():
    try:
        import pandas  # noqa: F401, Spark wants it
        import pyarrow as pa
        import pyarrow.dataset as dataset
        import pyspark
        from pyarrow import csv
    except ImportError as error:
        passed_over(f"no {error.name}")
    if not java():
        passed_over("no Java 17 or later")
    binary = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/lichang")

    sys.path.insert(0, str(HERE))
    from score import SCORES

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        articles, output, events = work / "articles.jsonl", work / "scores", work / "events"
        events.mkdir()
        ids = []
        with articles.open("w") as file:
            for name, line in records():
                ids.append(name)
                file.write(line + "\n")

        start = time.monotonic()
        with articles.open("rb") as stdin, (work / "alone.csv").open("wb") as stdout:
            call = [binary, "--threads", "2", "score", "-", "--targets", TARGETS, "--format", "csv"]
            alone = subprocess.run(call, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True)
        assert alone.returncode == 2, alone.stderr[-500:]
        print(f"alone: {time.monotonic() - start:.1f} s")

        (work / "ship").mkdir()
        shutil.copy(binary, work / "ship/lichang")
        shutil.copy(TARGETS, work / "ship/targets.toml")
        settings = {
            "spark.ui.enabled": "false",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": events.as_uri(),
            "spark.eventLog.compress": "false",
            "spark.eventLog.rolling.enabled": "false",
            "spark.sql.files.maxPartitionBytes": "3m",
            "spark.sql.files.openCostInBytes": "0",
            "spark.sql.shuffle.partitions": "4",
            "spark.local.dir": str(work / "local"),
        }
        call = [Path(pyspark.__file__).parent / "bin/spark-submit", "--master", "local-cluster[2,1,1024]"]
        for key, value in settings.items():
            call += ["--conf", f"{key}={value}"]
        call += ["--files", f"{work}/ship/lichang,{work}/ship/targets.toml", HERE / "score.py", articles, output]
        call += ["--targets", "targets.toml", "--aggregates", work / "aggregates"]
        environment = {
            **os.environ,
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        start = time.monotonic()
        with (work / "log").open("wb") as log:
            spark = subprocess.Popen(call, stdout=log, stderr=log, cwd=work, env=environment)
            signal.signal(signal.SIGALRM, lambda *_: spark.kill())
            signal.alarm(LIMIT)
            killed = wound(spark, output)
            status = spark.wait()
            signal.alarm(0)
        said = (work / "log").read_text(errors="replace")
        assert status == 0, f"Spark ended with {status}: {said[-3000:]}"
        print(f"Spark, with {' and '.join(killed)} killed: {time.monotonic() - start:.1f} s")

        log = next(events.iterdir())
        # A local cluster leaves its executors' folders in Spark's own.
        shutil.rmtree(Path(pyspark.__file__).parent / "work" / log.name, ignore_errors=True)
        reasons, lost = failures(log)
        print("tasks that failed:", ", ".join(reason for reason, _ in reasons), f"; executors lost: {lost}")
        assert killed == ["a process of lichang", "an executor"]
        assert any("lichang ended with -9" in text for _, text in reasons), reasons
        assert any(reason == "ExecutorLostFailure" for reason, _ in reasons), reasons
        time.sleep(1)
        left = [command for command in commands() if f"{work}/local" in command]
        assert not left, f"still running: {left}"

        options = csv.ConvertOptions(
            column_types=SCORES, include_columns=SCORES.names, null_values=[""], strings_can_be_null=True
        )
        order = [("doc", "ascending"), ("target", "ascending")]
        expected = csv.read_csv(work / "alone.csv", convert_options=options).sort_by(order)
        parts = dataset.dataset(output / "kind=scores", format="parquet")
        found = parts.to_table(columns=SCORES.names).sort_by(order)
        assert found.group_by(["doc", "target"]).aggregate([([], "count_all")]).num_rows == found.num_rows, "rows twice"
        assert found.cast(SCORES).equals(expected.cast(SCORES)), (found.num_rows, expected.num_rows)
        print(f"{found.num_rows} rows in {len(parts.files)} parts, exactly those of the binary alone")

        numbers = [int(number) for number in re.findall(r"^error: -:(\d+): no text", alone.stderr, re.M)]
        errors = dataset.dataset(output / "kind=errors", format="parquet").to_table().to_pylist()
        without_text = sorted(row["doc"] for row in errors if row["error"].startswith("no text"))
        assert without_text == [ids[number - 1] for number in numbers], without_text[:5]
        broken = sum(row["error"].startswith("not a JSON object") for row in errors)
        assert broken == len(re.findall("not a JSON object", alone.stderr)) == RECORDS // 1000
        assert len(errors) == broken + len(without_text)
        print(f"{len(errors)} failed records, none of them lost")

        sums = found.group_by(["outlet", "target"]).aggregate([("score", "mean"), ("score", "count")]).to_pylist()
        cells = dataset.dataset(work / "aggregates", format="parquet").to_table().to_pylist()
        means = {(cell["outlet"], cell["target"]): (cell["mean"], cell["articles"]) for cell in cells}
        assert len(means) == len(sums)
        for row in sums:
            mean, count = means[row["outlet"], row["target"]]
            assert abs(mean - row["score_mean"]) < 6e-5 and count == row["score_count"], row
        print(f"{len(cells)} aggregates, as pyarrow computes them")

        start = time.monotonic()
        call = [binary, "compare", output / "kind=scores", "--format", "csv", "--replicates", "100", "--permutations", "0"]
        compared = subprocess.run(call, capture_output=True, text=True)
        assert compared.returncode == 0, compared.stderr[-500:]
        assert len(compared.stdout.splitlines()) == 1 + len([row for row in sums if row["outlet"]]), compared.stdout[:500]
        print(f"lichang compare of the parts: {time.monotonic() - start:.1f} s")
        print("5 passed, 0 failed")


if __name__ == "__main__":
    main()
