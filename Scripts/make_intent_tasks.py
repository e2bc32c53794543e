#!/usr/bin/env python3
"""Makes tasks of few labels from two data sets of intents: which of them does a text have?

Usage: make_intent_tasks.py CLINC150 BANKING77 OUTPUT

CLINC150 is a folder with data_full.json and domains.json (clinc/oos-eval, CC BY 3.0; Larson et al.
2019), BANKING77 one with train.csv and test.csv (PolyAI-LDN/task-specific-datasets, CC BY 4.0;
Casanueva et al. 2020). OUTPUT is a new folder; it gets

    clinc-banking/{train,validation,test}.csv    15 intents, 10 texts of each to train on
    clinc-oos.jsonl                              texts of no intent
    banking77/{train,validation,test}.csv        77 intents, 10 texts of each to train on

the tables with the columns text and category, whose underscores are spaces. Which texts are chosen
depends on the texts alone.
"""

import csv
import hashlib
import json
import os
import pathlib
import sys

DOMAIN = "banking"
TRAIN, VALIDATION = 10, 10  # texts an intent


def chosen(rows, count):
    """So many rows of each label, in an order that their hashes decide, and the others."""
    order = sorted(rows, key=lambda row: hashlib.sha256(row[0].encode()).hexdigest())
    taken, counts, others = [], {}, []
    for text, label in order:
        counts[label] = counts.get(label, 0) + 1
        (taken if counts[label] <= count else others).append((text, label))
    return taken, others


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with open(partial, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["text", "category"])
        table.writerows((text, label.replace("_", " ")) for text, label in rows)
    os.replace(partial, path)
    print(f"{path}: {len(rows)} rows")


def table(path):
    """Texts and their labels."""
    with open(path, newline="", encoding="utf-8") as file:
        return [(row["text"].strip(), row["category"]) for row in csv.DictReader(file)]


def main(clinc, banking, output):
    if output.exists():
        raise SystemExit(f"make_intent_tasks: {output}: expected a new folder, and it is there")
    parts = json.loads((clinc / "data_full.json").read_text(encoding="utf-8"))
    domains = json.loads((clinc / "domains.json").read_text(encoding="utf-8"))
    own = {part: [row for row in rows if row[1] in domains[DOMAIN]] for part, rows in parts.items()}
    write(output / "clinc-banking/train.csv", chosen(own["train"], TRAIN)[0])
    write(output / "clinc-banking/validation.csv", chosen(own["val"], VALIDATION)[0])
    write(output / "clinc-banking/test.csv", chosen(own["test"], 30)[0])
    strangers, _ = chosen([(text, "none") for text, _ in parts["oos_test"]], 300)
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text, _ in strangers)
    (output / "clinc-oos.jsonl").write_text(lines, encoding="utf-8")

    train, others = chosen(table(banking / "train.csv"), TRAIN)
    write(output / "banking77/train.csv", train)
    write(output / "banking77/validation.csv", chosen(others, 4)[0])
    write(output / "banking77/test.csv", chosen(table(banking / "test.csv"), 10)[0])


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit("usage: make_intent_tasks.py CLINC150 BANKING77 OUTPUT")
    main(*map(pathlib.Path, sys.argv[1:]))
