"""Scores a table of articles with Lichang on a Spark cluster; README.md says how to call it."""

import argparse
import queue
import re
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

import pyarrow as pa
from pyarrow import csv
from pyspark import SparkFiles
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

# What Lichang reads of an article; `id` and `text` must be there.
FIELDS = ("id", "title", "text", "outlet", "author", "date", "lang", "url")

# What comes back of it, a row an (article, company).
SCORES = pa.schema(
    [
        ("doc", pa.string()),
        ("outlet", pa.string()),
        ("date", pa.string()),
        ("lang", pa.string()),
        ("target", pa.string()),
        ("label", pa.string()),
        ("score", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("abstain", pa.bool_()),
        ("paragraphs", pa.int32()),
        ("mentions", pa.int32()),
        ("model", pa.string()),
    ]
)
# Failed records are rows of the same table, so that one job writes both and commits both at once.
ROWS = SCORES.append(pa.field("error", pa.string())).append(pa.field("kind", pa.string()))
NAMES = {pa.string(): "string", pa.float64(): "double", pa.bool_(): "boolean", pa.int32(): "int"}

FAILURE = re.compile(r"error: (?:-:(\d+): )?(.*)")
SUMMARY = re.compile(r"(\d+) read, (\d+) skipped, (\d+) failed")


class Filter:
    """One process of Lichang: records go in on a thread, complaints come out on another, rows where they are wanted."""

    def __init__(self, command, batches):
        self.ids = []  # of the records that were sent, by line
        self.failed = queue.SimpleQueue()  # (doc, what is wrong)
        self.counted = None  # what the process says it has read, and what failed
        self.complaints = 0
        self.said = deque(maxlen=5)
        self.upstream = None
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.threads = [
            threading.Thread(target=self.feed, args=(batches,), daemon=True),
            threading.Thread(target=self.listen, daemon=True),
        ]
        for thread in self.threads:
            thread.start()

    def feed(self, batches):
        """Writes the records of `batches` as they come; the pipe makes it wait for the process."""
        stdin = self.process.stdin
        try:
            for batch in batches:
                for doc, record, error in zip(*(batch.column(name).to_pylist() for name in ("doc", "record", "error"))):
                    if error:
                        self.failed.put((doc, error))
                    else:
                        self.ids.append(doc)
                        stdin.write(record.encode() + b"\n")
            stdin.close()
        except BrokenPipeError:
            pass  # The exit status says why.
        except BaseException as error:
            self.upstream = error
            self.process.kill()

    def listen(self):
        """Takes what stands on standard error: failed records, the count, and the rest for the executor's log."""
        for line in self.process.stderr:
            line = line.decode(errors="replace").rstrip("\n")
            if failure := FAILURE.fullmatch(line):
                self.complaints += 1
                number, error = failure.groups()
                at = int(number or 0)
                self.failed.put((self.ids[at - 1] if 0 < at <= len(self.ids) else None, error))
            elif summary := SUMMARY.fullmatch(line):
                read, _, failed = map(int, summary.groups())
                self.counted = (read, failed)
                continue
            self.said.append(line)
            print(f"lichang: {line}", file=sys.stderr)

    def rows(self):
        """Batches of rows, until the process has ended; raises when it has not ended well, so that Spark tries again."""
        torn = None
        try:
            reader = csv.open_csv(
                self.process.stdout,
                read_options=csv.ReadOptions(use_threads=False),
                parse_options=csv.ParseOptions(newlines_in_values=True),
                convert_options=csv.ConvertOptions(
                    column_types=SCORES, include_columns=SCORES.names, null_values=[""], strings_can_be_null=True
                ),
            )
            while True:
                try:
                    batch = reader.read_next_batch()
                except StopIteration:
                    break
                if batch.num_rows:
                    yield scores(batch)
                yield from self.failures()
        except pa.ArrowInvalid as error:
            torn = error
        for thread in self.threads:
            thread.join()
        status = self.process.wait()
        if self.upstream:
            raise self.upstream
        if status not in (0, 2):
            raise RuntimeError(f"lichang ended with {status}: {' / '.join(self.said)}")
        if torn:
            raise torn
        # A single article that was read needs no count.
        read, failed = self.counted or (1, 0)
        if read + failed != len(self.ids) or failed != self.complaints:
            raise RuntimeError(
                f"{len(self.ids)} records were sent, {read} read, {failed} failed, {self.complaints} reported"
            )
        yield from self.failures()

    def failures(self):
        found = []
        while not self.failed.empty():
            found.append(self.failed.get())
        if found:
            yield errors(found)

    def close(self):
        self.process.kill()
        self.process.wait()


def scores(batch):
    columns = [batch.column(name) for name in SCORES.names]
    rest = [pa.nulls(batch.num_rows, pa.string()), pa.array(["scores"] * batch.num_rows, pa.string())]
    return pa.RecordBatch.from_arrays(columns + rest, schema=ROWS)


def errors(found):
    rows = [{"doc": doc, "error": error, "kind": "errors"} for doc, error in found]
    return pa.RecordBatch.from_pylist(rows, schema=ROWS)


def ready(batches, held):
    """The batches from the first on that has something to send; what fails before goes to `held`."""
    for batch in batches:
        if batch.column("error").null_count:
            yield batch
            yield from batches
            return
        held.extend(zip(batch.column("doc").to_pylist(), batch.column("error").to_pylist()))


def score(program, options):
    """What scores a partition. `program` and the values of `options` are names of files that Spark has shipped."""

    def partition(batches):
        held = []
        batches = ready(batches, held)
        first = next(batches, None)
        if held:
            yield errors(held)
        if first is None:
            return  # Nothing to send.

        def all_batches():
            yield first
            yield from batches

        command = [SparkFiles.get(program), "--threads", "1", "score", "-", "--format", "csv", "--per", "article"]
        for option, name in options.items():
            command += [option, SparkFiles.get(name)]
        work = Filter(command, all_batches())
        try:
            yield from work.rows()
        finally:
            work.close()

    return partition


def scored(articles: DataFrame, program="lichang", options=None) -> DataFrame:
    """Rows of `ROWS` for articles with columns of `FIELDS`; a column `broken` holds what was no record at all."""
    have = [F.col(name).cast("string").alias(name) for name in FIELDS if name in articles.columns]
    broken = F.col("broken") if "broken" in articles.columns else F.lit(None).cast("string")
    doc = F.col("id").cast("string")
    error = (
        F.when(broken.isNotNull(), F.concat(F.lit("not a JSON object: "), F.substring(broken, 1, 200)))
        .when(F.trim(F.coalesce(doc, F.lit(""))) == "", F.lit("no id"))
        .otherwise(F.lit(None))
    )
    records = articles.select(doc.alias("doc"), F.to_json(F.struct(*have)).alias("record"), error.alias("error"))
    schema = ", ".join(f"{field.name} {NAMES[field.type]}" for field in ROWS)
    return records.mapInArrow(score(program, options or {}), schema)


def read(spark, path) -> DataFrame:
    """Articles of a Parquet table, or of JSON lines if the path says so."""
    if not re.search(r"\.(jsonl|ndjson|json)(\.\w+)?/?$", path):
        return spark.read.parquet(path)
    schema = ", ".join(f"`{name}` string" for name in (*FIELDS, "broken"))
    return spark.read.json(path, schema=schema, mode="PERMISSIVE", columnNameOfCorruptRecord="broken")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", help="Parquet table with columns id, text, …, or JSON lines (*.jsonl, *.ndjson, *.json)")
    parser.add_argument("output", help="folder to make; kind=scores and kind=errors will be in it")
    parser.add_argument("--program", default="lichang", help="name of the binary among --files")
    parser.add_argument("--targets", help="name of a table of companies among --files")
    parser.add_argument("--model", help="name of a model among --files")
    parser.add_argument("--aggregates", help="folder to make for what aggregate.sql finds")
    args = parser.parse_args()

    spark = (
        SparkSession.builder.appName("lichang")
        # Articles are long: 500 of them are enough for a batch.
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 500)
        # Scores and errors are written side by side instead of sorted first.
        .config("spark.sql.maxConcurrentOutputFileWriters", 2)
        .getOrCreate()
    )
    options = {f"--{name}": value for name, value in (("targets", args.targets), ("model", args.model)) if value}
    scored(read(spark, args.articles), args.program, options).write.partitionBy("kind").parquet(args.output)

    schema = ", ".join(f"{field.name} {NAMES[field.type]}" for field in ROWS)
    rows = spark.read.schema(schema).parquet(args.output)
    counts = {row["kind"]: row["count"] for row in rows.groupBy("kind").count().collect()}
    print(f"{counts.get('scores', 0)} scores, {counts.get('errors', 0)} failed records", file=sys.stderr)
    if args.aggregates:
        rows.where("kind = 'scores'").createOrReplaceTempView("scores")
        spark.sql((Path(__file__).parent / "aggregate.sql").read_text()).coalesce(1).write.parquet(args.aggregates)
    spark.stop()


if __name__ == "__main__":
    main()
