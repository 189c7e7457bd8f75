#!/usr/bin/env python3
"""Speed, memory and size of the program, whole processes, against the peer and the floors that take turns with it in the same run.

    benches/run.sh [--short | --scale] [--full] [--only PARTS] [--readme] [--json FILE]

`run.sh` installs the peer's packages and calls this, which needs the standard library alone. Data and peer are read from

    LICHANG_SOURCES    public labelled sets          default ../shared/datasets
    LICHANG_ARTICLES   real articles, for --scale    default ../shared/articles_dev/articles, else data/examples/outlets
    LICHANG_PEER       the peer's script             default ../shared/peers/sklearn_peer.py
    LICHANG_BIN        the program                   default target/release/lichang, which is built
    LICHANG_BENCH      benches/speed.rs, built       default `cargo bench --bench speed`

and what needs one that is missing is passed over. Figures are medians of rounds in which what is compared takes turns; a ratio is the median of the
ratios of the rounds. Where one thread works, times are processor times, which other programs disturb little; otherwise they are times by the clock, and say so.
"""

import argparse
import gzip
import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

# What `lichang train` is told so that it does what the peer does, or as near as its options come.
LIKE_PEER = " ".join(
    ["-C 3 --class-weight 0 --count-ratio 0 --calibration-folds 0 --no-offsets --context 0"]
    + [f"--scale {block}=0.5" for block in ("paragraph", "window3", "window6", "window12")]
    + [f"--without {block}" for block in ("sentence", "before", "after", "characters", "near-characters", "spelling", "language")]
    + [f"--without {block}" for block in ("skeleton", "lexicon", "vector-paragraph", "vector-before", "vector-after")]
)
LICHANG_TRAIN = shlex.split(os.environ.get("LICHANG_TRAIN", LIKE_PEER))
# What is added to what the peer is told in training.
PEER_TRAIN = []

# The marks to reach. `None`: none is set, the figure is shown.
TIMES_PEER = {"zh": 45, "en": 40}  # scoring, against the whole process of the peer
TRAIN_PEER = 1 / 12  # training, time as a share of the peer's
COLD_CHINESE = 60  # ms
COLD_ENGLISH = 15  # ms more than a program that reads the file
BINARY = 40  # MB
THREADS = 1.85
GROWTH = 1.5  # a unit of the largest input against one of the smallest, or peak memory of the longest stream against the shortest

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
LICHANG = Path(os.environ.get("LICHANG_BIN", TARGET / "release/lichang"))
SOURCES = Path(os.environ.get("LICHANG_SOURCES", ROOT / "../shared/datasets"))
PEER = Path(os.environ.get("LICHANG_PEER", ROOT / "../shared/peers/sklearn_peer.py"))
ARTICLES = Path(os.environ.get("LICHANG_ARTICLES", ROOT / "../shared/articles_dev/articles"))
EXPECTED = ROOT / "benches/expected.json"

PRONOUNS = set(
    "he she it they we i you him her them us me his their its our my your who this that these those".split()
)

# Runs a command and says what it took. A process's peak memory counts that of the process which it was forked from, so a small one starts it.
STARTER = """
import json, os, sys, time
command, out, err = json.loads(sys.argv[1])
actions = [(os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)]
actions += [(os.POSIX_SPAWN_OPEN, 2, err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)]
start = time.perf_counter()
pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
_, status, used = os.wait4(pid, 0)
wall = time.perf_counter() - start
print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, os.waitstatus_to_exitcode(status)]))
"""


class Took:
    """What a process took: seconds by the clock, seconds of the processor, MB at the peak."""

    def __init__(self, wall, cpu, memory, said):
        self.wall, self.cpu, self.memory, self.said = wall, cpu, memory, said

    @property
    def own(self):
        """The seconds that the peer says it took, without its start."""
        return float(re.search(r"records in ([0-9.]+) s", self.said)[1])


def run(command, folder, stdin=None, threads="1", output="/dev/null"):
    """Runs a command. `stdin` is a file or an iterable of bytes."""
    command = [str(part) for part in command]
    command[0] = shutil.which(command[0]) or command[0]
    error = Path(folder) / "stderr"
    call = [sys.executable, "-I", "-S", "-c", STARTER, json.dumps([command, str(output), str(error)])]
    environment = {**os.environ, "NO_COLOR": "1", "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    if stdin is None or isinstance(stdin, Path):
        with open(stdin or os.devnull, "rb") as file:
            done = subprocess.run(call, stdin=file, stdout=subprocess.PIPE, env=environment, check=True)
            said = done.stdout
    else:
        starter = subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        for part in stdin:
            starter.stdin.write(part)
        starter.stdin.close()
        said = starter.stdout.read()
        starter.wait()
    wall, cpu, memory, status = json.loads(said)
    text = error.read_text(errors="replace")
    if status != 0:
        sys.exit(f"{' '.join(command)} ended with {status}: {text[-800:]}")
    return Took(wall, cpu, memory, text)


def turns(jobs, rounds, warm=True):
    """Runs jobs by turns; for each what it took in each round. The first turn, where it warms up, is not counted."""
    found = [[] for _ in jobs]
    for number in range(rounds + warm):
        for job, took in zip(jobs, found):
            one = job()
            if number >= warm:
                took.append(one)
    return found


def median(took, what):
    return statistics.median(getattr(one, what) for one in took)


def ratio(of, to, what, other=None):
    return statistics.median(getattr(a, what) / getattr(b, other or what) for a, b in zip(of, to))


HEAD = "| what | Lichang | compared with | ratio | mark | reached |\n|---|---|---|---|---|---|"


def line(row):
    value = "" if row["ratio"] is None else f"{row['ratio']:.3g} {row['unit']}"
    reached = {None: "", True: "yes", False: "no"}[row["reached"]]
    return "| " + " | ".join([row["what"], row["lichang"], row["other"], value, row["mark"], reached]) + " |"


def write_readme(rows):
    """Puts the rows between the marks of benches/README.md."""
    file = ROOT / "benches/README.md"
    before, rest = file.read_text().split("<!-- speed.py --readme -->\n")
    after = rest.split("<!-- end -->\n")[1]
    table = "\n".join([HEAD, *map(line, rows)])
    file.write_text(f"{before}<!-- speed.py --readme -->\n{table}\n<!-- end -->\n{after}")


class Table:
    """The rows, as Markdown or JSON."""

    def __init__(self):
        self.rows = []

    def add(self, name, what, lichang, other="", ratio=None, mark=None, least=False, unit="×"):
        """A row; `mark` is the most that `ratio` may be, or the least."""
        self.rows.append(
            {
                "id": name,
                "what": what,
                "lichang": lichang,
                "other": other,
                "ratio": ratio,
                "unit": unit,
                "mark": "" if mark is None else f"{'≥' if least else '≤'} {mark:g} {unit}",
                "reached": None if mark is None or ratio is None else (ratio >= mark if least else ratio <= mark),
            }
        )
        self.show(self.rows[-1])

    def extend(self, rows):
        for row in rows:
            self.rows.append({"unit": "×", **row})
            self.show(self.rows[-1])

    def head(self):
        print(HEAD, flush=True)

    def show(self, row):
        print(line(row), flush=True)


def passed_over(what, why):
    print(f"passed over: {what}: {why}", file=sys.stderr)


class Bench:
    """What the parts share: a folder, the peer and its models, tables of companies."""

    def __init__(self, options, folder, table):
        self.options, self.folder, self.table = options, Path(folder), table
        self.python = options.peer_python
        self.peers = {}

    def sets(self, names, splits=("train", "dev")):
        """A file with the records of public sets; `None` where one is missing."""
        file = self.folder / f"{'-'.join(names)}.{'-'.join(splits)}.jsonl"
        paths = [SOURCES / name / f"{split}.jsonl" for name in names for split in splits]
        missing = [path for path in paths if not path.exists()]
        if missing:
            passed_over(" + ".join(names), f"no {missing[0]}")
            return None
        if not file.exists():
            with file.open("wb") as out:
                for path in paths:
                    with path.open("rb") as source:
                        shutil.copyfileobj(source, out)
        return file

    def targets(self, labels, language):
        """A table with the targets of records, without pronouns, single Chinese characters and names that the built-in table has already."""
        known = re.findall(r'"((?:[^"\\]|\\.)*)"', (ROOT / "data/targets.toml").read_text())
        key = lambda name: unicodedata.normalize("NFKC", name).strip().casefold()
        known = {key(name) for name in known} | PRONOUNS
        names = {}
        for line in labels.read_text().splitlines():
            name = json.loads(line).get("target")
            short = language == "zh" and len(name.strip()) < 2 if name else True
            if not short and any(c.isalnum() for c in name) and key(name) not in known:
                names.setdefault(key(name), name.strip())
        file = self.folder / f"targets-{language}.toml"
        names = set(names.values())
        while True:
            companies = (f"[[company]]\nname = {json.dumps(n)}\n{language} = [{json.dumps(n)}]\n" for n in sorted(names))
            file.write_text("".join(companies))
            checked = subprocess.run([LICHANG, "targets", "check", file], capture_output=True, text=True)
            if checked.returncode == 0:
                return file
            # Names that are one once they are brought to the spelling of texts.
            found = re.findall(r"^(?:error: .*?: )?(.+?): (?:the company stands|has no name|`)", checked.stderr, re.M)
            if not names.intersection(found):
                sys.exit(f"a table of the targets cannot be made: {checked.stderr}")
            names.difference_update(found)

    def peer(self, command, *arguments):
        return [self.python, PEER, command, *arguments]

    def has_peer(self, what):
        if not self.python:
            passed_over(f"the peer of {what}", "its packages are not installed")
        elif not PEER.is_file():
            passed_over(f"the peer of {what}", f"no {PEER}")
        return bool(self.python) and PEER.is_file()

    def peer_model(self, names):
        """A model of the peer, trained on sets."""
        name = "-".join(names)
        if name not in self.peers:
            model = self.folder / f"{name}.joblib"
            labels = self.sets(names, ("train",))
            run(self.peer("train", labels, "--model", model, *PEER_TRAIN), self.folder)
            self.peers[name] = model
        return self.peers[name]

    # The parts.

    def inside(self, rounds, only=None):
        """The figures of benches/speed.rs."""
        file = self.folder / "inside.json"
        built = os.environ.get("LICHANG_BENCH")
        call = [built] if built else ["cargo", "bench", "-q", "--bench", "speed", "--"]
        call += ["--json", file, "--rounds", str(rounds)] + (["--only", only] if only else []) + (["--million"] if self.options.full else [])
        subprocess.run(call, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        self.table.extend(json.loads(file.read_text()))

    def scoring(self, rounds, short=False):
        """Scoring on one thread, English and Chinese; in short only by `score`, whole processes."""
        for language, names in (("zh", ["cfsc_absa"]), ("en", ["sentfin", "newsmtsc_rw"])):
            labels = self.sets(names)
            if not labels:
                continue
            count = sum(1 for _ in labels.open("rb"))
            targets = self.targets(labels, language)
            score = [LICHANG, "score", "-", "--format", "ndjson", "--threads", "1", "--targets", targets]
            judge = [LICHANG, "evaluate", labels, "--predictions", self.folder / "predictions", "--threads", "1"]
            if not short:
                like_peer = self.folder / f"like-peer-{language}"
                run([LICHANG, "train", self.sets(names, ("train",)), "--output", like_peer, *LICHANG_TRAIN], self.folder)
                judge += ["--model", like_peer]
            scores = self.folder / "scores"
            run(score, self.folder, stdin=labels, output=scores)
            pairs = sum(b'"kind":"paragraph"' in line for line in scores.open("rb"))
            jobs = [lambda: run(score, self.folder, stdin=labels)]
            peer = self.has_peer(f"scoring, {language}")
            if peer:
                one = self.folder / "one-record.jsonl"
                with labels.open("rb") as file:
                    one.write_bytes(file.readline())
                command = self.peer("score", labels, "--model", self.peer_model(names))
                start = self.peer("score", one, "--model", self.peer_model(names))
                jobs.append(lambda: run(command, self.folder))
                if not short:
                    jobs.append(lambda: run(score, self.folder, stdin=one))
                    jobs.append(lambda: run(start, self.folder))
            if not short:
                jobs.append(lambda: run(judge, self.folder))
            scored, *found = turns(jobs, rounds)
            per_second = lambda took: f"{count / median(took, 'cpu'):,.0f} records/s ({median(took, 'cpu'):.2f} s)"
            what = f"score {count:,} records ({' + '.join(names)}), one thread, whole process"
            more = f"{what}: toward all companies of the set's table, {pairs:,} scores, and articles (`score`)"
            same = f"{what}: each toward its one target, a model with the features of the peer, with metrics and intervals (`evaluate`)"
            if not peer:
                self.table.add(f"score_{language}", more, per_second(scored))
                self.table.add(f"judge_{language}", same, per_second(found[0]))
                continue
            theirs = found[0]
            own = statistics.median(one.own for one in theirs)
            whole = f"peer {per_second(theirs)}"
            self.table.add(
                f"score_{language}", more, per_second(scored), whole, ratio(theirs, scored, "cpu"), TIMES_PEER[language], least=True
            )
            self.table.add(
                f"score_{language}_each",
                "the same by scores: of the peer one for each record, of Lichang one for each company in a paragraph",
                f"{pairs / median(scored, 'cpu'):,.0f} scores/s",
                f"peer {count / median(theirs, 'cpu'):,.0f} scores/s",
                ratio(theirs, scored, "cpu") * pairs / count,
                TIMES_PEER[language],
                least=True,
            )
            if short:
                continue
            _, started, their_start, judged = found
            net = [[all.cpu - one.cpu for all, one in zip(*pair)] for pair in ((scored, started), (theirs, their_start))]
            mine, other = (statistics.median(each) for each in net)
            self.table.add(
                f"score_{language}_net",
                "the same without the start of either (what one record takes)",
                f"{count / mine:,.0f} records/s ({mine:.2f} s)",
                f"peer {count / other:,.0f} records/s ({other:.2f} s)",
                statistics.median(b / a for a, b in zip(*net)),
                TIMES_PEER[language],
                least=True,
            )
            self.table.add(
                f"score_{language}_own",
                "the same by the clock, the peer without its start and reading, Lichang with all",
                f"{count / median(scored, 'wall'):,.0f} records/s ({median(scored, 'wall'):.2f} s)",
                f"peer {count / own:,.0f} records/s ({own:.2f} s)",
                ratio(theirs, scored, "own", "wall"),
            )
            self.table.add(
                f"judge_{language}", same, per_second(judged), whole, ratio(theirs, judged, "cpu"), TIMES_PEER[language], least=True
            )

    def lines(self):
        """Records of both languages for streams, as bytes: those of the public sets, or our own paragraphs."""
        path = self.sets(["cfsc_absa", "sentfin", "newsmtsc_rw"]) or ROOT / "data/paragraphs.jsonl"
        lines = [line if line.endswith(b"\n") else line + b"\n" for line in path.open("rb")]
        # In an order in which each part of a stream is like each other.
        return [line for start in range(97) for line in lines[start::97]]

    def stream(self, size, lines):
        """`size` records, in parts."""
        while size > 0:
            part = lines[: min(size, len(lines))]
            for start in range(0, len(part), 4096):
                yield b"".join(part[start : start + 4096])
            size -= len(part)

    def threads(self, rounds):
        """Two threads against one, whole processes."""
        lines, size = self.lines(), 40_000
        call = lambda threads: [LICHANG, "score", "-", "--format", "ndjson", "--threads", threads]
        job = lambda threads: lambda: run(call(threads), self.folder, stdin=self.stream(size, lines))
        one, two = turns([job(1), job(2)], rounds)
        self.table.add(
            "threads_process",
            f"score {size:,} records on two threads, whole process, by the clock",
            f"{median(two, 'wall'):.2f} s",
            f"one thread {median(one, 'wall'):.2f} s",
            ratio(one, two, "wall"),
            THREADS,
            least=True,
        )

    def floor(self):
        """A program that does nothing but read a file; `None` without rustc."""
        source, program = self.folder / "floor.rs", self.folder / "floor"
        source.write_text("fn main() { std::fs::read(std::env::args().nth(1).unwrap()).unwrap(); }")
        if not shutil.which("rustc"):
            return None
        built = subprocess.run(["rustc", "-O", source, "-o", program], capture_output=True)
        return program if built.returncode == 0 else None

    def cold(self, rounds):
        """One article, whole process, by the clock, and its memory."""
        floor = self.floor()
        milliseconds = lambda took, what: f"{1e3 * median(took, what):,.0f} ms"
        took = lambda t: f"{milliseconds(t, 'wall')} ({milliseconds(t, 'cpu')} of processors), {median(t, 'memory'):.0f} MB"
        for language, file, names in (
            ("en", ROOT / "seeds/report-en.txt", ["sentfin", "newsmtsc_rw"]),
            ("zh", ROOT / "seeds/polemic-zh.md", ["cfsc_absa"]),
        ):
            jobs = [lambda: run([LICHANG, "score", file], self.folder)]
            jobs += [lambda: run([floor, file], self.folder)] if floor else []
            article, *empty = turns(jobs, rounds)
            other = [f"a program that reads it {1e3 * median(empty[0], 'wall'):.1f} ms"] if empty else []
            if self.sets(names) and self.has_peer(f"one article, {language}"):
                record = self.folder / f"one-{language}.jsonl"
                record.write_text(json.dumps({"id": "1", "text": file.read_text(), "target": "DeepSeek"}) + "\n")
                command = self.peer("score", record, "--model", self.peer_model(names))
                theirs = turns([lambda: run(command, self.folder)], max(rounds // 5, 3))[0]
                other.append(f"peer {took(theirs)}")
            name = {"en": "English", "zh": "Chinese"}[language]
            time = 1e3 * median(article, "wall")
            self.table.add(
                f"cold_{language}",
                f"one {name} article ({file.stat().st_size / 1e3:.1f} kB), cold start, by the clock, median of {rounds}",
                took(article),
                "; ".join(other),
                time,
                COLD_CHINESE if language == "zh" else COLD_ENGLISH + 1e3 * median(empty[0], "wall") if empty else None,
                unit="ms",
            )

    def training(self, rounds):
        """Training, labels to model, all threads."""
        names = ["sentfin", "cfsc_absa", "newsmtsc_rw"]
        labels = self.sets(names, ("train",))
        if not labels:
            return
        count, model = sum(1 for _ in labels.open("rb")), self.folder / "trained"
        train = lambda *more: lambda: run([LICHANG, "train", labels, "--output", model, *more], self.folder)
        jobs = [train(*LICHANG_TRAIN), train()]
        peer = self.has_peer("training")
        if peer:
            command = self.peer("train", labels, "--model", model, *PEER_TRAIN)
            jobs.append(lambda: run(command, self.folder, threads=str(os.cpu_count())))
        ours, default, *theirs = turns(jobs, rounds, warm=False)
        took = lambda t: f"{median(t, 'wall'):.1f} s ({median(t, 'cpu'):.1f} s of processors), {median(t, 'memory'):.0f} MB"
        what = f"train on {count:,} records ({' + '.join(names)}), by the clock, all threads"
        for name, how, mine, mark in (
            ("train", f"features and regularisation of the peer", ours, TRAIN_PEER),
            ("train_default", "default settings", default, None),
        ):
            if peer:
                other = f"peer {took(theirs[0])}"
                self.table.add(name, f"{what}, {how}", took(mine), other, ratio(mine, theirs[0], "wall"), mark)
            else:
                self.table.add(name, f"{what}, {how}", took(mine))
        if peer:
            self.table.add(
                "train_memory",
                f"the same, peak memory, features and regularisation of the peer",
                f"{median(ours, 'memory'):.0f} MB",
                f"peer {median(theirs[0], 'memory'):.0f} MB",
                ratio(ours, theirs[0], "memory"),
            )

    def growth(self):
        """Streams, long articles and training of several sizes."""
        lines = self.lines()
        sizes = [1_000, 10_000, 100_000, 1_000_000]
        call = [LICHANG, "score", "-", "--format", "ndjson", "--threads", "1"]
        start = min(run(call, self.folder, stdin=self.stream(1, lines)).cpu for _ in range(5))
        took = [run(call, self.folder, stdin=self.stream(size, lines)) for size in sizes]
        each = [(one.cpu - start) / size * 1e6 for one, size in zip(took, sizes)]
        self.table.add(
            "growth_stream",
            "score a stream of records, one thread, time for each without the start",
            ", ".join(f"{size:,}: {time:.1f} µs" for size, time in zip(sizes, each)),
            f"a record of {sizes[1]:,}",
            max(each[2:]) / each[1],
            GROWTH,
        )
        self.table.add(
            "memory_stream",
            "the same, peak memory",
            ", ".join(f"{size:,}: {one.memory:.0f} MB" for size, one in zip(sizes, took)),
            f"{sizes[1]:,} records",
            max(one.memory for one in took[2:]) / took[1].memory,
            GROWTH,
        )
        texts = [json.loads(line)["text"] for line in (ROOT / "data/paragraphs.jsonl").read_text().splitlines()]
        texts = ["DeepSeek: " + text.replace("\n", " ") for text in dict.fromkeys(texts)]
        file, found = self.folder / "article.txt", []
        sizes = [1_000, 10_000, 100_000]
        for size in sizes:
            file.write_text("\n\n".join((texts * (size // len(texts) + 1))[:size]))
            took = run([LICHANG, "score", file, "--threads", "1", "--max-document", "1GiB"], self.folder)
            found.append((took, file.stat().st_size))
        self.table.add(
            "memory_article",
            "one article of many paragraphs, peak memory",
            ", ".join(f"{size:,}: {one.memory:.0f} MB" for size, (one, _) in zip(sizes, found)),
            f"the article has {found[-1][1] / 1e6:.0f} MB",
        )
        self.table.add(
            "growth_article",
            "the same, time for each paragraph without the start",
            ", ".join(f"{size:,}: {(one.cpu - start) / size * 1e6:.1f} µs" for size, (one, _) in zip(sizes, found)),
            f"a paragraph of {sizes[0]:,}",
            (found[-1][0].cpu - start) / sizes[-1] / ((found[0][0].cpu - start) / sizes[0]),
            GROWTH,
        )
        self.train_growth()

    def train_growth(self):
        """Training on 5,000 and 50,000 records, and with --full on 500,000."""
        names = ["newsmtsc_rw", "sentfin", "finentity", "cfsc_absa", "finnews_zh", "finnsp", "sohu2022", "nlpcc2016_4a"]
        labels = self.sets(names + ["semeval2016_6a"], ("train",))
        if not labels:
            return
        lines = [json.loads(line) for line in labels.read_text().splitlines()]
        sizes = [5_000, 50_000] + ([500_000] if self.options.full else [])
        found = []
        for size in sizes:
            file = self.folder / "grown.jsonl"
            with file.open("w") as out:
                for number in range(size):
                    copy, at = divmod(number * (1 if size > len(lines) else len(lines) // size), len(lines))
                    record = dict(lines[at])
                    # A text that comes again gets the beginning of another one, so that it is a text of its own.
                    if copy:
                        record["text"] += " " + lines[(at + 7919 * copy) % len(lines)]["text"][:60]
                        record["id"] = f"{record.get('id')}-{copy}"
                    out.write(json.dumps(record, ensure_ascii=False) + "\n")
            found.append(run([LICHANG, "train", file, "--output", self.folder / "grown", *LICHANG_TRAIN], self.folder))
        each = [one.cpu / size * 1e6 for one, size in zip(found, sizes)]
        self.table.add(
            "growth_train",
            f"train on records of nine sets, features and regularisation of the peer, processor time for each record",
            ", ".join(f"{s:,}: {t:.0f} µs, {o.memory:.0f} MB" for s, t, o in zip(sizes, each, found)),
            f"a record of {sizes[0]:,}",
            each[-1] / each[0],
            GROWTH,
        )

    def size(self):
        """The size of the program."""
        size = LICHANG.stat().st_size / 1e6
        self.table.add("binary", "size of the program", f"{size:.1f} MB", "", size, BINARY, unit="MB")

    # --scale

    def articles(self):
        """Real articles as records with `title` and `text`, or those of the example."""
        if ARTICLES.is_dir():
            found = [json.loads(path.read_text()) for path in sorted(ARTICLES.glob("*.json"))]
            keys = ("id", "outlet", "date", "title", "lang")
            return [{**{k: a.get(k) for k in keys}, "text": "\n\n".join(a["paragraphs"])} for a in found], "real articles"
        passed_over("real articles", f"no {ARTICLES}")
        lines = (ROOT / "data/examples/outlets/articles.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines], "articles of data/examples/outlets"

    def scale(self, rounds):
        """What benches/SCALE.md projects from."""
        articles, kind = self.articles()
        times = -(-2_000 // len(articles))
        count = times * len(articles)
        records = [{**a, "id": f"{a['id']}-{copy}"} for copy in range(times) for a in articles]
        letters = [len(a["text"]) for a in articles]
        paragraphs = sum(a["text"].count("\n\n") + 1 for a in articles) / len(articles)
        self.table.add(
            "scale_articles",
            f"{len(articles)} {kind}, {times} times each",
            f"{statistics.mean(letters):,.0f} characters and {paragraphs:.0f} paragraphs an article, median {statistics.median(letters):,.0f}",
        )
        lines = self.folder / "articles.jsonl"
        lines.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))
        inputs = [("JSON lines", lines)]
        packed = self.folder / "articles.jsonl.gz"
        packed.write_bytes(gzip.compress(lines.read_bytes(), 6))
        inputs.append(("JSON lines, gzip", packed))
        parquet = self.folder / "articles.parquet"
        writer = (
            "import json, sys, pyarrow as pa, pyarrow.parquet as pq\n"
            "pq.write_table(pa.Table.from_pylist([json.loads(l) for l in open(sys.argv[1])]), sys.argv[2], row_group_size=1000)"
        )
        if self.python and subprocess.run([self.python, "-c", writer, lines, parquet], capture_output=True).returncode == 0:
            inputs.append(("Parquet", parquet))
        else:
            passed_over("Parquet", "no pyarrow")
        for name, padding in (("WARC, gzip, bare pages", 0), ("WARC, gzip, pages of 100 kB of markup and scripts", 100_000)):
            file = self.folder / f"articles-{padding}.warc.gz"
            self.warc(file, records, padding)
            inputs.append((name, file))
        outputs = self.folder / "scores.ndjson"
        per = lambda file: [LICHANG, "score", file, "--format", "ndjson", "--threads", "1", "--per", "article"]
        jobs = [lambda file=file: run(per(file), self.folder, output=outputs) for _, file in inputs]
        start = min(run(per(self.one(records)), self.folder).cpu for _ in range(3))
        for (name, file), took in zip(inputs, turns(jobs, rounds, warm=False)):
            each = (median(took, "cpu") - start) / count
            self.table.add(
                f"scale_{re.sub('[^a-z]+', '_', name.lower()).strip('_')}",
                f"score {count:,} of them, one thread, {name} ({file.stat().st_size / count / 1e3:.1f} kB an article)",
                f"{1 / each:,.0f} articles/s, {median(took, 'memory'):.0f} MB",
                f"{each * 1e6 / 3600:.2f} core hours a million",
                each * 1e6 / 3600,
                unit="core hours",
            )
        run(per(lines), self.folder, output=outputs)
        scores = [line for line in outputs.read_bytes().splitlines(keepends=True) if b'"score"' in line]
        rows = len(scores) / count
        self.table.add("scale_rows", "rows of scores, NDJSON, `--per article`", f"{rows:.1f} rows, {outputs.stat().st_size / count / 1e3:.2f} kB an article")
        taken = []
        for size in (50_000, 200_000):
            file = self.folder / "compared.ndjson"
            with file.open("wb") as out:
                for number in range(size):
                    row = json.loads(scores[number % len(scores)])
                    row["doc"] = f"{row['doc']}-{number // len(scores)}"
                    out.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            took = run([LICHANG, "compare", file, "--by", "outlet", "--threads", "1", "--format", "json"], self.folder)
            taken.append((size, took))
        (small, first), (large, second) = taken
        self.table.add(
            "scale_compare",
            "compare rows of scores by outlet, one thread",
            f"{small:,} rows: {first.cpu:.1f} s, {first.memory:.0f} MB; {large:,} rows: {second.cpu:.1f} s, {second.memory:.0f} MB",
            f"{(second.memory - first.memory) / (large - small) * 1e6:.0f} MB and {(second.cpu - first.cpu) / (large - small) * 1e6:.0f} s for a million more",
        )

    def one(self, records):
        """A file with one record, for the time of the start."""
        file = self.folder / "one.jsonl"
        file.write_text("".join(json.dumps({"text": "OpenAI 发布新模型。"}, ensure_ascii=False) + "\n"))
        return file

    def warc(self, file, records, padding):
        """Pages as a crawler would store them, each a gzip member of its own."""
        link = '<li class="menu-item"><a href="/section/{0}/index.html" title="Section {0}">Section {0}</a></li>'
        menu = "<nav><ul>" + "".join(link.format(n) for n in range(padding // 1_000)) + "</ul></nav>"
        words = "function track(){var a=document.createElement('script');a.async=true;a.src='/static/js/main.%d.js';}\n"
        script = "<script>" + "".join(words % n for n in range((padding - len(menu)) // len(words))) + "</script>"
        with file.open("wb") as out:
            for record in records:
                body = "".join(f"<p>{part}</p>" for part in record["text"].replace("&", "&amp;").replace("<", "&lt;").split("\n\n"))
                head = f'<head><meta charset="utf-8"><title>{record["title"]}</title>{script if padding else ""}</head>'
                page = f"<!doctype html><html>{head}<body>{menu if padding else ''}<article><h1>{record['title']}</h1>{body}</article></body></html>"
                payload = page.encode()
                response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(payload)
                host = re.sub("[^a-z]", "", record["outlet"].lower()) or "outlet"
                fields = [
                    "WARC/1.0",
                    "WARC-Type: response",
                    f"WARC-Target-URI: https://{host}.example/{record['id']}",
                    "WARC-Date: 2026-01-01T00:00:00Z",
                    f"WARC-Record-ID: <urn:uuid:{record['id']}>",
                    "Content-Type: application/http; msgtype=response",
                    f"Content-Length: {len(response) + len(payload)}",
                    "\r\n",
                ]
                out.write(gzip.compress("\r\n".join(fields).encode() + response + payload + b"\r\n\r\n", 6))

    # --short

    def short(self):
        """The ratios that CI watches."""
        self.inside(3, "chinese")
        if self.has_peer("scoring"):
            self.scoring(3, short=True)


def compare(rows, expected):
    """What is worse than twice what is expected."""
    found = []
    for name, wanted in expected.items():
        row = next((row for row in rows if row["id"] == name), None)
        if row is None or row["ratio"] is None:
            continue
        lower = wanted["better"] == "lower"
        worse = row["ratio"] > 2 * wanted["ratio"] if lower else row["ratio"] < wanted["ratio"] / 2
        if worse:
            found.append(f"{name}: {row['ratio']:.2f} ×, expected about {wanted['ratio']} × ({wanted['better']} is better): {row['what']}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="only the ratios of benches/expected.json, compared with it")
    parser.add_argument("--update", action="store_true", help="with --short: write the ratios to benches/expected.json")
    parser.add_argument("--scale", action="store_true", help="only what benches/SCALE.md projects from")
    parser.add_argument("--full", action="store_true", help="half a million records to train on and a million in-process, too")
    parser.add_argument("--only", help="parts, separated by commas: inside, scoring, threads, cold, training, growth, size")
    parser.add_argument("--readme", action="store_true", help="put the table of a whole run into benches/README.md")
    parser.add_argument("--rounds", type=int, default=5, help="how often what is compared takes its turn [default: 5]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there")
    parser.add_argument("--peer-python", metavar="PYTHON", help="a Python with the peer's packages")
    options = parser.parse_args()
    if not LICHANG.exists():
        sys.exit(f"there is no {LICHANG}; build it with `cargo build --release` or name it in LICHANG_BIN")
    table = Table()
    table.head()
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder, table)
        if options.short:
            bench.short()
            if options.update:
                lower = lambda row: row["id"].startswith("jieba")
                watched = [row for row in table.rows if row["id"] in ("jieba_score", "score_zh", "score_en")]
                ratios = {r["id"]: {"ratio": round(r["ratio"], 2), "better": "lower" if lower(r) else "higher"} for r in watched}
                EXPECTED.write_text(json.dumps(ratios, indent=2) + "\n")
            expected = json.loads(EXPECTED.read_text())
            failed = compare(table.rows, expected)
            if failed:
                # A neighbour on the machine may have disturbed it: what is worse twice is worse.
                print("worse than twice what is expected, measured once more", file=sys.stderr)
                table.rows.clear()
                bench.short()
                failed = compare(table.rows, expected)
        elif options.scale:
            bench.scale(max(options.rounds // 2, 1))
        else:
            parts = {
                "inside": lambda: bench.inside(options.rounds),
                "scoring": lambda: bench.scoring(options.rounds),
                "threads": lambda: bench.threads(options.rounds),
                "cold": lambda: bench.cold(5 * options.rounds),
                "training": lambda: bench.training(max(options.rounds // 2, 1)),
                "growth": bench.growth,
                "size": bench.size,
            }
            for name in (options.only or ",".join(parts)).split(","):
                if name not in parts:
                    sys.exit(f"`{name}` is no part; there are {', '.join(parts)}")
                parts[name]()
    if options.readme:
        if options.short or options.scale or options.only:
            parser.error("--readme is for a whole run")
        write_readme(table.rows)
    if options.json:
        options.json.write_text(json.dumps(table.rows, ensure_ascii=False, indent=2) + "\n")
    if failed:
        sys.exit("slower than half of what is expected, twice:\n" + "\n".join(failed))


if __name__ == "__main__":
    main()
