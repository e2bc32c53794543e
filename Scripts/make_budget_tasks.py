#!/usr/bin/env python3
"""Makes the tasks that methods are compared on under a budget of labels.

Usage: make_budget_tasks.py SENTIMENT CLINC150 BANKING77 ARC_EASY OUTPUT

SENTIMENT is the archive that make_sentiment_task.py reads, CLINC150 and BANKING77 are the folders
that make_intent_tasks.py reads, ARC_EASY that of the data set's parts. OUTPUT is a new folder; it
gets

    films/ tweets/ products/       is a text positive or negative? 740 or 600 texts to draw from
    banking/ travel/               15 intents of a domain of CLINC150, 100 texts of each
    domains/                       the ten domains themselves, 100 texts of each
    clinc-oos.jsonl                1,000 texts of no intent
    banking77/                     77 intents, all texts of the training file
    science/                       questions of ARC-Easy, whose answers are texts, mostly four

each with a train, a validation (100 texts and more) and a test part (450 to 1,000 texts); the key
`labels` of a recipe draws a budget from the first. The first texts of a part have its answers
mixed, so that a limit leaves a sample. Films have at most 10 words, and the demo's test
part; tweets and products at most 20. Which texts are in which part depends on the texts alone.
"""

import hashlib
import json
import pathlib
import sys
import tarfile

import make_intent_tasks as intents
import make_sentiment_task as sentiment

# Of each task: the file of texts, what ids begin with, the most words, and the parts in the order
# of drawing. The films' are the demo's, with what it leaves over.
RATED = {
    "films": (
        "movieReviewSnippets_GroundTruth.txt",
        "movie",
        10,
        {"train": 96, "validation": 300, "test": 1000, "more": 444},
    ),
    "tweets": (
        "tweets_GroundTruth.txt",
        "tweet",
        20,
        {"train": 600, "validation": 100, "test": 800},
    ),
    "products": (
        "amazonReviewSnippets_GroundTruth.txt",
        "amazon",
        20,
        {"train": 600, "validation": 100, "test": 800},
    ),
}
VALIDATION = 100
DOMAINS = ["banking", "travel"]


def write_rated(archive, output):
    with tarfile.open(archive) as outer:
        inner = outer.extractfile(sentiment_member(outer)).read()
    taken = set()
    for task, (file, prefix, words, sizes) in RATED.items():
        with tarfile.open(fileobj=sentiment.io.BytesIO(inner)) as resources:
            data = sentiment.read_member(resources, file)
        parts = sentiment.draw(sentiment.examples(data, file, prefix, words), sizes, taken)
        spare = parts["validation"][VALIDATION:] + parts.pop("more", [])
        parts["train"] += spare
        parts["validation"] = parts["validation"][:VALIDATION]
        (output / task).mkdir()
        for part, rows in parts.items():
            # Where one answer is rarer, those of the other have the earlier ranks.
            if task != "films":
                rows.sort(key=lambda row: hashlib.sha256(row["id"].encode()).hexdigest())
            sentiment.write(rows, output / task / f"{part}.jsonl")
            print(f"{output / task / part}.jsonl: {len(rows)} rows")


def sentiment_member(archive):
    return next(
        member for member in archive.getmembers() if member.name.endswith(sentiment.INNER_ARCHIVE)
    )


def write_domains(clinc, output):
    parts = json.loads((clinc / "data_full.json").read_text(encoding="utf-8"))
    domains = json.loads((clinc / "domains.json").read_text(encoding="utf-8"))
    for domain in DOMAINS:
        for part, name in [("train", "train"), ("val", "validation"), ("test", "test")]:
            rows = [row for row in parts[part] if row[1] in domains[domain]]
            intents.write(output / domain / f"{name}.csv", intents.chosen(rows, len(rows))[0])
    of = {intent: domain for domain, all in domains.items() for intent in all}
    for part, name in [("train", "train"), ("val", "validation"), ("test", "test")]:
        rows = [(text, of[intent]) for text, intent in parts[part]]
        intents.write(output / "domains" / f"{name}.csv", intents.chosen(rows, VALIDATION)[0])
    strangers, _ = intents.chosen([(text, "none") for text, _ in parts["oos_test"]], 1000)
    lines = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for text, _ in strangers)
    (output / "clinc-oos.jsonl").write_text("".join(lines), encoding="utf-8")


def write_banking77(banking, output):
    train, test = (intents.table(banking / f"{part}.csv") for part in ("train", "test"))
    validation, train = intents.chosen(train, 4)
    intents.write(output / "banking77/train.csv", train)
    intents.write(output / "banking77/validation.csv", validation)
    intents.write(output / "banking77/test.csv", intents.chosen(test, 10)[0])


def write_science(arc, output):
    for part, name in [("train", "train"), ("dev", "validation"), ("test", "test")]:
        with open(arc / f"{part}.jsonl", encoding="utf-8") as lines:
            rows = [science(json.loads(line)) for line in lines]
        rows.sort(key=lambda row: hashlib.sha256(row["id"].encode()).hexdigest())
        (output / "science").mkdir(exist_ok=True)
        sentiment.write(rows, output / "science" / f"{name}.jsonl")
        print(f"{output / 'science' / name}.jsonl: {len(rows)} rows")


def science(row):
    choices = row["question"]["choices"]
    return {
        "id": row["id"],
        "prompt": f"Question: {row['question']['stem']}\nAnswer:",
        "choices": [choice["text"] for choice in choices],
        "label": [choice["label"] for choice in choices].index(row["answerKey"]),
    }


def main(archive, clinc, banking, arc, output):
    output.mkdir(parents=True)
    write_rated(archive, output)
    write_domains(clinc, output)
    write_banking77(banking, output)
    write_science(arc, output)


if __name__ == "__main__":
    if len(sys.argv) != 6:
        raise SystemExit(__doc__.strip())
    main(*map(pathlib.Path, sys.argv[1:]))
