#!/usr/bin/env python3
"""Holds the estimates of `varlora sensitivity` against what they estimate, on the demo's data.

    sensitivity.py retrain OUTPUT    trains again without each row, and compares the row's loss
    sensitivity.py flipped OUTPUT    trains on rows with wrong labels, and looks where they rank

Needs `Scripts/fetch-demo` and a built tool. OUTPUT is a folder; runs that are finished in it are
taken as they are, so that what was stopped goes on. Prints a table and writes it, with the numbers
behind it, to OUTPUT/results.json. Everything runs at the mean of the posterior and in one thread.
"""

import argparse
import json
import math
import random
import subprocess
import sys
from pathlib import Path

DATA = Path(".deps/demo/sentiment")
RESAMPLES = 10_000
# Of a comparison, whose posteriors rank the rows with flipped labels.
METHODS = ["ivon", "laplace-diagonal", "laplace-kfac"]


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def note(text):
    print(f"sensitivity: {text}", file=sys.stderr, flush=True)


def call(tool, *arguments):
    """Runs the tool, whose words count where it fails alone."""
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"sensitivity: {' '.join(map(str, arguments))}\n{done.stderr}")


def train(tool, folder, rows, validation, *settings):
    """A run of the demo's recipe on rows; its folder."""
    run = folder / "run"
    if not (run / "metrics.json").exists():
        note(f"training {folder.name}")
        write(folder / "task/train.jsonl", rows)
        write(folder / "task/validation.jsonl", validation)
        call(
            tool, "train", "--recipe", "sentiment-ivon", "--task", folder / "task", "--threads", 1,
            "--output", run, "--force", *settings,
        )  # fmt: skip
    return run


def ranking(tool, run, file):
    """What the tool says of each training row, the most sensitive first; kept in a file."""
    call(tool, "sensitivity", run, "--threads", 1, "--output", file)
    return read(file)


def losses(run):
    """The loss of each row of a run's validation part at the mean, in nats, by id."""
    return {
        row["id"]: -math.log(row["mean_probabilities"][row["label"]])
        for row in read(run / "predictions/validation.jsonl")
    }


def ranks(values):
    """Ranks from 1, equal values sharing the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            found[place] = (start + end + 1) / 2
        start = end
    return found


def correlation(first, second):
    """Pearson's; nan where one of them is constant."""
    mean_first, mean_second = sum(first) / len(first), sum(second) / len(second)
    pairs = [(a - mean_first, b - mean_second) for a, b in zip(first, second)]
    size = math.sqrt(sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs))
    return sum(a * b for a, b in pairs) / size if size else math.nan


def spearman(first, second):
    return correlation(ranks(first), ranks(second))


def interval(values):
    """The bounds of the middle 95%."""
    known = sorted(value for value in values if not math.isnan(value))
    return [known[round(share * (len(known) - 1))] for share in (0.025, 0.975)]


def compared(name, estimate, loss, actual):
    """Rank correlations with an actual change, of its estimate and of the loss alone, and by how
    much the estimate's is higher; with intervals over resampled rows."""
    generator = random.Random(1)
    triples = list(zip(estimate, loss, actual))
    drawn = []
    for _ in range(RESAMPLES):
        columns = list(zip(*generator.choices(triples, k=len(triples))))
        drawn.append([spearman(column, columns[2]) for column in columns[:2]])
    both = [spearman(column, actual) for column in (estimate, loss)]
    found = {
        "estimate": [both[0], interval([pair[0] for pair in drawn])],
        "loss": [both[1], interval([pair[1] for pair in drawn])],
        "difference": [both[0] - both[1], interval([pair[0] - pair[1] for pair in drawn])],
    }
    print(f"rank correlation with the actual change of the {name}")
    for key, (value, (low, high)) in found.items():
        print(f"  {key:12} {value:.2f} [{low:.2f}, {high:.2f}]")
    return found


def log_odds(loss):
    return math.log(math.exp(-loss) / -math.expm1(-loss))


def retrain(tool, output, count, steps):
    """The change of every row's loss when it is left out, beside its estimate."""
    rows = read(DATA / "train.jsonl")[:count]
    # All rows in every step and no dropout: runs with and without a row differ by it alone.
    settings = ["--steps", steps, "--dropout", 0, "--limit-validation", count]
    run = train(tool, output / "all", rows, rows, "--batch-size", count, *settings)
    before = losses(run)
    after = {}
    for row in rows:
        rest = [other for other in rows if other is not row]
        folder = output / f"without-{row['id']}"
        without = train(tool, folder, rest, [row], "--batch-size", count - 1, *settings)
        after |= losses(without)
    told = {row["id"]: row for row in ranking(tool, run, output / "sensitivity.jsonl")}
    found = [
        {
            "id": row["id"],
            "loss": before[row["id"]],
            "sensitivity": told[row["id"]]["sensitivity"],
            "loss_change": after[row["id"]] - before[row["id"]],
            "log_odds_estimate": told[row["id"]]["log_odds_change"],
            "log_odds_change": log_odds(after[row["id"]]) - log_odds(before[row["id"]]),
        }
        for row in rows
    ]

    def column(name, sign=1):
        return [sign * row[name] for row in found]

    loss = column("loss")
    results = {
        "rows": found,
        "loss_change": compared("loss", column("sensitivity"), loss, column("loss_change")),
        # Both fall where a row is left out.
        "log_odds_change": compared(
            "log-odds", column("log_odds_estimate", -1), loss, column("log_odds_change", -1)
        ),
    }
    for name in ("sensitivity", "loss_change", "log_odds_estimate", "log_odds_change"):
        print(f"mean {name:18} {sum(column(name)) / count:.4g}")
    return results


def flipped(tool, output, seeds, share):
    """How many of the wrong labels stand at the top of a ranking, among as many rows and twice."""
    results = []
    for seed in seeds:
        rows = read(DATA / "train.jsonl")
        count = round(share * len(rows))
        for place in random.Random(seed).sample(range(len(rows)), count):
            rows[place] |= {"label": 1 - rows[place]["label"], "id": f"flipped-{place}"}
        folder = output / f"seed-{seed}"
        note(f"training on the flipped labels of seed {seed}")
        write(folder / "task/train.jsonl", rows)
        write(folder / "task/validation.jsonl", read(DATA / "validation.jsonl")[:10])
        call(
            tool, "compare", "--recipe", "sentiment-demo", "--task", folder / "task",
            "--methods", ",".join(METHODS), "--eval-every", 0, "--threads", 1, "--resume",
            "--output", folder / "comparison",
        )  # fmt: skip
        print(f"seed {seed}, {count} of {len(rows)} flipped; in the first {count}, {2 * count}:")

        def found(name, order):
            is_flipped = [row["id"].startswith("flipped") for row in order]
            tops = [sum(is_flipped[:top]) for top in (count, 2 * count)]
            print(f"  {name:30} {tops[0]}, {tops[1]}")
            results.append({"seed": seed, "ranking": name, "found": tops})

        for method in METHODS:
            run = folder / f"comparison/task/seed-21/{method}"
            told = ranking(tool, run, folder / f"{method}.jsonl")
            found(f"{method}, sensitivity", told)
            found(f"{method}, loss", sorted(told, key=lambda row: row["probability"]))
    names = list(dict.fromkeys(row["ranking"] for row in results))
    print(f"all seeds, of {count * len(seeds)}:")
    for name in names:
        own = [row["found"] for row in results if row["ranking"] == name]
        tops = [sum(column) for column in zip(*own)]
        print(f"  {name:30} {tops[0]}, {tops[1]}")
    chance = count * len(seeds) * count / len(rows)
    print(f"  {'random':30} {chance:.1f}, {2 * chance:.1f}")
    return {"rows": len(rows), "flipped": count, "found": results}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("check", choices=["retrain", "flipped"])
    parser.add_argument("output", type=Path)
    parser.add_argument("--tool", default=".build/release/varlora")
    parser.add_argument("--rows", type=int, default=20, help="rows to leave out, one by one")
    parser.add_argument("--steps", type=int, default=25, help="steps of each of these runs")
    parser.add_argument("--seeds", default="1,2,3", help="of the labels that are flipped")
    parser.add_argument("--share", type=float, default=0.1, help="of labels that are flipped")
    given = parser.parse_args()
    if given.check == "retrain":
        results = retrain(given.tool, given.output, given.rows, given.steps)
    else:
        seeds = [int(seed) for seed in given.seeds.split(",")]
        results = flipped(given.tool, given.output, seeds, given.share)
    (given.output / "results.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
