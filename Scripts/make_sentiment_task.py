#!/usr/bin/env python3
"""Makes the demo's tasks from rated texts: is a text positive or negative?

Usage: make_sentiment_task.py ARCHIVE OUTPUT

ARCHIVE is the source archive of vaderSentiment 3.3.2 (MIT licence), which holds the texts of
C. J. Hutto and E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of
Social Media Text", ICWSM 2014: here sentences about films, tweets, and sentences about products,
each rated by about 20 people from -4 to 4. OUTPUT is a new folder; it gets four tasks,

    sentiment/{train,validation,test}.jsonl     films
    tweets/test.jsonl, amazon/test.jsonl        the same question about other kinds of text
    products/{train,validation,test}.jsonl      sentences about products, longer ones too

of one JSON object a line:

    {"id": "movie-17", "prompt": "Review: ...\\nSentiment:",
     "choices": ["negative", "positive"], "label": 1}

Every file is balanced: one half of its rows has each label. No text is in two files, but that those
of amazon can be in products.
"""

import hashlib
import html
import io
import json
import os
import re
import sys
import tarfile

# A mean rating has a standard error of 0.2 on average (0.9 / sqrt(18)): from 0.5 on, its sign is
# certain by two standard errors, and mildly worded sentences, which are hard, stay in.
SMALLEST_RATING = 0.5

SEED = "varlora sentiment 1"
CHOICES = ["negative", "positive"]
INNER_ARCHIVE = "additional_resources/hutto_ICWSM_2014.tar.gz"

# Of each task: the file of texts, what ids begin with, the most words (costs are proportional to
# tokens), the rows of each part. A text that several files have is the first one's, so a file added
# here leaves those above it as they are.
TASKS = {
    "sentiment": (
        "movieReviewSnippets_GroundTruth.txt",
        "movie",
        10,
        {"train": 96, "validation": 300, "test": 1000},
    ),
    "tweets": ("tweets_GroundTruth.txt", "tweet", 10, {"test": 250}),
    "amazon": ("amazonReviewSnippets_GroundTruth.txt", "amazon", 10, {"test": 250}),
    "products": (
        "amazonReviewSnippets_GroundTruth.txt",
        "amazon",
        20,
        {"train": 256, "validation": 20, "test": 500},
    ),
}


def read_member(archive, ending):
    """The bytes of the one file of a tar archive whose path ends so."""
    for member in archive.getmembers():
        if member.isfile() and ("/" + member.name).endswith("/" + ending):
            return archive.extractfile(member).read()
    raise SystemExit(f"make_sentiment_task: {archive.name} has no {ending}")


def clean(text):
    """The text in plain characters: no HTML entities, no doubled quotes or spaces."""
    text = html.unescape(text).replace("''", '"').replace("``", '"')
    return " ".join(text.split())


def key(text):
    """What two copies of a text have in common: its letters and digits."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def rank(identifier):
    """A pseudo-random place in the order of drawing, whatever the order of the file."""
    return hashlib.sha256(f"{SEED}/{identifier}".encode()).hexdigest()


def examples(data, file, prefix, most_words):
    """Rated texts as rows, without the weakly rated and the long ones."""
    # The files are UTF-8 (with lines of id, mean rating, text), not Latin-1.
    for number, line in enumerate(data.decode("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) != 3:
            found = f"expected 3 fields, found {len(fields)}"
            raise SystemExit(f"make_sentiment_task: {file} line {number}: {found}")
        rating, text = float(fields[1]), clean(fields[2])
        if abs(rating) < SMALLEST_RATING or not key(text) or len(text.split()) > most_words:
            continue
        yield {
            "id": f"{prefix}-{fields[0].strip()}",
            "prompt": f"Review: {text}\nSentiment:",
            "choices": CHOICES,
            "label": int(rating > 0),
        }


def draw(rows, sizes, taken):
    """Disjoint balanced parts of `rows`, without the texts in `taken`, which gets all of them."""
    pools = {0: [], 1: []}
    for row in sorted(rows, key=lambda row: rank(row["id"])):
        text = key(row["prompt"])
        if text not in taken:
            taken.add(text)
            pools[row["label"]].append(row)
    parts = {}
    for part, count in sizes.items():
        half = count // 2
        for label, pool in pools.items():
            if len(pool) < half:
                raise SystemExit(
                    f"make_sentiment_task: {part} needs {half} rows with label {label}, "
                    f"found {len(pool)}"
                )
        chosen = [row for pool in pools.values() for row in pool[:half]]
        pools = {label: pool[half:] for label, pool in pools.items()}
        parts[part] = sorted(chosen, key=lambda row: rank(row["id"]))
    return parts


def write(rows, path):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def main(archive_path, output):
    try:
        with tarfile.open(archive_path) as outer:
            inner = io.BytesIO(read_member(outer, INNER_ARCHIVE))
        with tarfile.open(fileobj=inner) as resources:
            texts = {file: read_member(resources, file) for file, *_ in TASKS.values()}
    except (OSError, tarfile.TarError) as error:
        raise SystemExit(f"make_sentiment_task: cannot read {archive_path}: {error}")
    drawn_from = {}  # by file, the texts of it and of the files before
    for task, (file, prefix, most_words, sizes) in TASKS.items():
        os.makedirs(os.path.join(output, task))
        rows = examples(texts[file], file, prefix, most_words)
        taken = set().union(*(seen for other, seen in drawn_from.items() if other != file))
        for part, chosen in draw(rows, sizes, taken).items():
            write(chosen, os.path.join(output, task, part + ".jsonl"))
        drawn_from[file] = taken


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__.strip())
    main(*sys.argv[1:])
