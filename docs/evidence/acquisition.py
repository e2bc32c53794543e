#!/usr/bin/env python3
"""Measures what choosing rows to label is worth: accuracy and NLL against the number of labels.

Usage: acquisition.py VARLORA MODEL TASK OUTPUT [--seeds 1,2,3] [--rules RULE,...]

TASK is a folder of texts with labels in train.csv and test.csv (make_budget_tasks.py makes some). A
seed draws two texts of every label and a pool of 300 others. A model is trained on the first by
`ivon-auto`, 100 steps of 8, and tested on 300 texts; `varlora acquire` chooses 30 of the pool, the
labels of which are then looked at, and all that is labelled is trained on from the start; two
rounds. OUTPUT gets a folder a training and results.json; what is there is not repeated.
"""

import argparse
import csv
import json
import pathlib
import random
import shutil
import subprocess

ROUNDS, COUNT, POOL, EACH = 2, 30, 300, 2


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header, rows


def write(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def start_and_pool(rows, label, seed):
    """Two rows of every label, and others to choose from."""
    rows = sorted(rows)
    random.Random(seed).shuffle(rows)
    taken, start, pool = {}, [], []
    for row in rows:
        taken[row[label]] = taken.get(row[label], 0) + 1
        (start if taken[row[label]] <= EACH else pool).append(row)
    return start, pool[:POOL]


def train(options, data, run, seed):
    if not (run / "metrics.json").exists():
        subprocess.run(
            [options.varlora, "train", "--model", options.model, "--task", data, "--output", run,
             "--method", "ivon-auto", "--steps", "100", "--batch-size", "8", "--draws", "6",
             "--seed", str(seed), "--limit-validation", "20", "--limit-test", "300",
             "--compute", "bfloat16", "--base-precision", "bfloat16", "--threads", "1", "--force"],
            check=True,
        )
    test = json.loads((run / "metrics.json").read_text())["test"]["draws"]
    return {name: test[name]["value"] for name in ("accuracy", "nll")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("varlora", "model", "task", "output"):
        parser.add_argument(name)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--rules", default="mutual-information,entropy,random")
    options = parser.parse_args()
    task, output = pathlib.Path(options.task), pathlib.Path(options.output)
    header, rows = rows_of(task / "train.csv")
    results = []
    for seed in map(int, options.seeds.split(",")):
        start, pool = start_and_pool(rows, len(header) - 1, seed)
        for rule in options.rules.split(","):
            labelled, rest = list(start), list(pool)
            for turn in range(ROUNDS + 1):
                # The first training is the same for all rules.
                name = f"seed-{seed}-start" if turn == 0 else f"seed-{seed}-{rule}-{turn}"
                data = output / name / "data"
                data.mkdir(parents=True, exist_ok=True)
                write(data / "train.csv", header, labelled)
                for part in ("validation.csv", "test.csv"):
                    shutil.copy(task / part, data / part)
                found = train(options, data, output / name / "run", seed)
                results.append({"rule": rule, "seed": seed, "labels": len(labelled), **found})
                if turn == ROUNDS:
                    break
                place = output / f"seed-{seed}-{rule}-{turn + 1}"
                place.mkdir(parents=True, exist_ok=True)
                write(place / "pool.csv", header, rest)
                subprocess.run(
                    [options.varlora, "acquire", output / name / "run",
                     "--pool", place / "pool.csv", "--count", str(COUNT), "--by", rule,
                     "--seed", str(seed),
                     "--output", place / "chosen.csv", "--rest", place / "rest.csv",
                     "--threads", "1"],
                    check=True, stdout=subprocess.DEVNULL,
                )
                labelled += rows_of(place / "chosen.csv")[1]
                rest = rows_of(place / "rest.csv")[1]
    (output / "results.json").write_text(json.dumps(results, indent=1) + "\n")


main()
