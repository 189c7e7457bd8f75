"""Sends label files through the tools whose forms they have: labels.py TOOL LICHANG FOLDER.

Exit status 0 when all came back as it was, 77 when TOOL (label-studio or doccano) is not installed, 1 otherwise.
label-studio is its SDK, which holds the converter of its exports; doccano is the whole program, with a database in FOLDER.
"""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ITEMS = [
    {"id": "a", "doc": "d1", "text": "🌸 Glimmerweft “again” delivers,\nit says.", "target": "Glimmerweft", "from": 2, "to": 13,
     "label": "favor", "annotator": "li@elm.example", "outlet": "Elm"},
    {"id": "b", "doc": "d1", "text": "漱岫智能又一次推迟了𝒳岫听。", "target": "漱岫智能", "aliases": ["岫听"], "label": "against",
     "also": "neutral", "weight": 0.5, "annotator": "li@elm.example", "outlet": "南坞晚报", "n": 7},
    {"id": "c", "text": "Ostervane opened \"an\" office; it's #1.", "target": "Ostervane", "label": "neutral",
     "annotator": "li@elm.example", "outlet": "Elm"},
]
TODO = [
    {"id": "d", "text": "Shuxiu is late again.", "target": "Shuxiu", "label": None, "outlet": "Elm",
     "suggestion": {"label": "against", "p": {"favor": 0.125, "neutral": 0.25, "against": 0.625}, "model": "m1"}},
]
SPANS = {"id": 7, "text": "🌸 Glimmerweft beats 漱岫智能", "label": [[2, 13, "favor"], [20, 24, "反对"]]}


def write(path, records):
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


class Lichang:
    def __init__(self, program, folder):
        self.program, self.folder, self.made = program, folder, 0

    def convert(self, path, to="jsonl", form=None, *more):
        """The path of what `path` becomes in the form `to`; `form` is what must be found in it."""
        self.made += 1
        output = self.folder / f"made-{self.made}.{'json' if to.startswith('label-studio') else to}"
        command = [self.program, "labels", "convert", str(path), "--to", to, "--output", str(output), *more]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        if form:
            assert f": {form}," in done.stderr, f"{form} expected\n{done.stderr}"
        return output

    def items(self, path, form, *more):
        text = self.convert(path, "jsonl", form, *more).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


def same(found, expected, fields=None):
    """Fails unless the items are the same in these fields, or in all."""
    only = lambda item: {k: v for k, v in item.items() if v is not None and (fields is None or k in fields)}
    found, expected = [only(item) for item in found], [only(item) for item in expected]
    assert found == expected, f"\nfound    {found}\nexpected {expected}"


WHAT = ["id", "doc", "text", "target", "aliases", "from", "to", "label", "also", "weight", "annotator", "outlet", "n"]


def label_studio(lichang, folder):
    from label_studio_sdk.converter import Converter
    from label_studio_sdk.label_interface import LabelInterface

    config = """<View><Header value="$target"/><Text name="text" value="$text"/>
      <Choices name="label" toName="text" choice="single"><Choice value="favor"/><Choice value="neutral"/><Choice value="against"/></Choices>
    </View>"""
    path = lichang.convert(write(folder / "items.jsonl", ITEMS + TODO), "label-studio")
    tasks = json.loads(path.read_text(encoding="utf-8"))
    interface = LabelInterface(config)
    interface.validate()
    for number, task in enumerate(tasks, 1):
        assert interface.validate_task({"data": task["data"]}), task
        assert all(interface.validate_annotation(annotation) for annotation in task.get("annotations", [])), task
        assert all(interface.validate_prediction(prediction) for prediction in task.get("predictions", [])), task
        # What the server adds.
        task["id"] = number
        for annotation in task.setdefault("annotations", []):
            annotation.update(id=100 + number, created_at="2026-01-02T03:04:05Z", updated_at="2026-01-02T03:04:05Z", lead_time=1.5)
    exported = folder / "export.json"
    exported.write_text(json.dumps(tasks, indent=1), encoding="utf-8")
    same(lichang.items(exported, "label-studio"), ITEMS + TODO, WHAT + ["suggestion"])

    converter = Converter(config, str(folder), download_resources=False)
    converter.convert_to_json_min(str(exported), str(folder / "min"), is_dir=False)
    same(lichang.items(folder / "min" / "result.json", "label-studio-min"), [{**item, "id": str(n)} for n, item in enumerate(ITEMS + TODO, 1)], WHAT)
    # Lists are written there in a notation of their own, so texts with aliases are left out.
    plain = [item for item in ITEMS if "aliases" not in item]
    tasks = [task for task in tasks if "aliases" not in task["data"] and task["annotations"]]
    exported.write_text(json.dumps(tasks), encoding="utf-8")
    for separator, form in ((",", "csv"), ("\t", "tsv")):
        converter.convert_to_csv(str(exported), str(folder / form), is_dir=False, sep=separator, header=True)
        found = lichang.items(folder / form / "result.csv", form)
        same(found, plain, [field for field in WHAT if field != "id"])

    # Regions, whose offsets count what JavaScript counts.
    config = """<View><Labels name="company" toName="text"><Label value="Company"/></Labels><Text name="text" value="$text"/>
      <Choices name="stance" toName="text" perRegion="true"><Choice value="favor"/><Choice value="反对"/></Choices></View>"""
    interface = LabelInterface(config)
    result = []
    for at, (start, end, stance) in enumerate(SPANS["label"]):
        name = SPANS["text"][start:end]
        units = lambda text: len(text.encode("utf-16-le")) // 2
        place = {"start": units(SPANS["text"][:start]), "end": units(SPANS["text"][:end]), "text": name}
        shared = {"id": f"r{at}", "to_name": "text"}
        result.append({**shared, "from_name": "company", "type": "labels", "value": {**place, "labels": ["Company"]}})
        result.append({**shared, "from_name": "stance", "type": "choices", "value": {**place, "choices": [stance]}})
        assert interface.validate_region(result[-2]), result[-2]
    # In JSON-MIN a choice does not say whose it is, so the stances are the labels of the regions there.
    own = [{**r, "value": {**r["value"], "labels": [stance]}} for r, (_, _, stance) in zip(result[::2], SPANS["label"])]
    for form, result in (("label-studio", result), ("label-studio-min", own)):
        task = {"id": 7, "data": {"text": SPANS["text"]}, "annotations": [{"id": 1, "completed_by": 3, "result": result}]}
        exported.write_text(json.dumps([task]), encoding="utf-8")
        if form == "label-studio-min":
            Converter(config, str(folder), download_resources=False).convert_to_json_min(str(exported), str(folder), is_dir=False)
        path = folder / "result.json" if form == "label-studio-min" else exported
        same(lichang.items(path, form), targets("3"), ["id", "text", "target", "from", "to", "label", "annotator"])


def targets(annotator=None):
    """The items that SPANS are."""
    text, labels = SPANS["text"], ["favor", "against"]
    return [
        {"id": f"7/{at + 1}", "text": text, "target": text[start:end], "from": start, "to": end, "label": labels[at], "annotator": annotator}
        for at, (start, end, _) in enumerate(SPANS["label"])
    ]


def doccano(lichang, folder):
    sys.path.insert(0, str(pathlib.Path(importlib.util.find_spec("backend").origin).parent))
    os.environ.update(
        DATABASE_URL=f"sqlite:///{folder / 'doccano.sqlite3'}", DJANGO_SETTINGS_MODULE="config.settings.base", SECRET_KEY="x", DEBUG="False"
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("create_roles", verbosity=0)
    from data_export.celery_tasks import create_individual_dataset
    from data_export.pipeline.factories import create_formatter, create_writer
    from data_import.datasets import load_dataset
    from data_import.pipeline.catalog import create_file_format
    from data_import.pipeline.readers import FileName
    from django.contrib.auth import get_user_model
    from projects.models import ProjectType, SequenceLabelingProject, TextClassificationProject

    user = get_user_model().objects.create_user("wang", "wang@elm.example", "x")

    def through(kind, project_type, task, path, forms):
        """The files that doccano exports of what it has imported."""
        project = kind.objects.create(name=task, description="x", guideline="", created_by=user, project_type=project_type)
        project.add_admin()
        dataset = load_dataset(task, create_file_format("JSONL"), [FileName(str(path), "x", path.name)], project, encoding="utf-8")
        dataset.save(user, batch_size=100)
        assert not dataset.errors, [error.dict() for error in dataset.errors]
        for form in forms:
            output = pathlib.Path(tempfile.mkdtemp(dir=folder))
            create_individual_dataset(project, str(output), False, create_formatter(project, form), create_writer(form))
            yield next(output.iterdir())

    items = ITEMS + TODO
    path = lichang.convert(write(folder / "items.jsonl", items), "doccano")
    classification = TextClassificationProject, ProjectType.DOCUMENT_CLASSIFICATION, "DocumentClassification"
    jsonl, array, table = through(*classification, path, ["JSONL", "JSON", "CSV"])
    assert jsonl.name == "wang.jsonl"
    for exported in (jsonl, array):
        same(lichang.items(exported, "doccano"), items, WHAT + ["suggestion"])
    same(lichang.items(table, "csv"), items, ["id", "doc", "text", "target", "label", "outlet"])
    plain = write(folder / "plain.jsonl", [{"id": "a", "text": "It fell again", "label": "negative"}])
    plain = lichang.convert(plain, "doccano")
    (fasttext,) = through(*classification, plain, ["fastText"])
    same(lichang.items(fasttext, "fasttext"), [{"text": "It fell again", "label": "negative"}], ["text", "label"])

    path = write(folder / "spans.jsonl", [SPANS])
    (exported,) = through(SequenceLabelingProject, ProjectType.SEQUENCE_LABELING, "SequenceLabeling", path, ["JSONL"])
    same(lichang.items(exported, "doccano"), targets(), ["id", "text", "target", "from", "to", "label"])


TOOLS = {
    "label-studio": (["label_studio_sdk", "label_studio_sdk.converter"], label_studio),
    "doccano": (["django", "backend", "backend.data_export"], doccano),
}


def main():
    tool, program, folder = sys.argv[1:]
    packages, run = TOOLS[tool]
    # In this order, as looking for a part needs the whole.
    if any(importlib.util.find_spec(package) is None for package in packages):
        sys.exit(77)
    folder = pathlib.Path(folder)
    run(Lichang(program, folder), folder)


if __name__ == "__main__":
    main()
