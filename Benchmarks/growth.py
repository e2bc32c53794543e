"""How the tool's cost grows with one setting at a time, and what a model of 7B takes."""

import contextlib
import json
import shutil
import subprocess
import sys

from turns import in_turns, note

# SmolLM2-135M's widths, for random models of other depths.
WIDTHS = ["--hidden", "576", "--intermediate", "1536", "--heads", "9", "--key-heads", "3"]

# The shape of Llama 2 7B: what the run is called, and its options.
LARGE = [
    ("int8", ["--base-precision", "int8"]),
    ("int8, checkpointing", ["--base-precision", "int8", "--gradient-checkpointing", "true"]),
    ("int8-dynamic", ["--base-precision", "int8-dynamic"]),
]
LARGE_BYTES = 20e9  # what the disk must have


def write_long_prompts(runner, count):
    """A task of BoolQ's longest texts, all of which are longer than any length measured."""
    with open(runner.data / "boolq" / "train.jsonl", encoding="utf-8") as lines:
        rows = sorted(map(json.loads, lines), key=lambda row: -len(row["passage"]))[: count + 1]
    folder = runner.scratch / "long"
    folder.mkdir(exist_ok=True)
    texts = [
        json.dumps(
            {
                "prompt": f"Answer with only True or False: {row['question']} {row['passage']}",
                "choices": ["False", "True"],
                "label": int(row["answer"]),
            }
        )
        for row in rows
    ]
    (folder / "train.jsonl").write_text("\n".join(texts[:count]) + "\n", encoding="utf-8")
    (folder / "validation.jsonl").write_text(texts[count] + "\n", encoding="utf-8")
    return folder


@contextlib.contextmanager
def neighbours(count):
    """So many processes that keep a core each busy, while the body of the statement runs."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield


def measure_growth(runner, sizes, repetitions):
    """Seconds of a step, or of an evaluation, as one setting grows."""
    long = write_long_prompts(runner, sizes.long)

    def step(name, options, **settings):
        arguments = {"recipe": "arc-easy", "examples": sizes.growth} | settings
        return runner.train(name, options=options, **arguments)["seconds_per_step"]

    def tokens(length):
        cut = ["--max-length", str(length)]
        result = runner.train("growth in tokens", "boolq", sizes.long, task=long, options=cut)
        train = [line for line in result["report"].splitlines() if line.startswith("train:")]
        if not train or f" {sizes.long} truncated" not in train[0]:
            raise SystemExit(f"bench: not all prompts have {length} tokens: {result['report']}")
        return result["seconds_per_step"]

    def layers(count):
        model = runner.random_model([*WIDTHS, "--layers", str(count)])
        options = ["--method", "ivon"]
        return step("growth in layers", options, recipe=None, model=model, task=model / "task")

    def ranks(count):
        threads = ["--threads", str(max(1, sizes.threads[-1] // count))]
        # A name of its own, so that the launcher's command is shown, too.
        name = "growth in ranks" if count == 1 else "growth in ranks, several"
        return step(name, threads, ranks=count)

    def beside(count):
        with neighbours(count):
            return step("growth in neighbours", [])

    trained = runner.train("growth in draws of a prediction, training", "arc-easy", 4, warmup=False)

    def predict(draws):
        name = "growth in draws of a prediction"
        return runner.evaluate(name, trained["folder"], sizes.questions, draws)

    flags = {"rank": "--rank", "draws of a step": "--train-draws", "threads": "--threads"}
    settings = [
        ("tokens", sizes.tokens, tokens),
        ("batch", sizes.batches, lambda n: step("growth in batch", [], batch=n)),
        ("layers", sizes.layers, layers),
        ("rank", sizes.ranks, None),
        ("draws of a step", sizes.train_draws, None),
        ("threads", sizes.threads, None),
        ("ranks", sizes.threads, ranks),
        ("neighbours", [0, 1], beside),
        ("draws of a prediction", sizes.predict_draws, predict),
    ]
    found = {}
    for what, values, run in settings:
        flag = flags.get(what)
        run = run or (lambda n, what=what, flag=flag: step(f"growth in {what}", [flag, str(n)]))
        variants = {f"{what} {value}": lambda run=run, value=value: run(value) for value in values}
        found[what] = list(zip(values, in_turns(repetitions, variants).values()))
    return found


def measure_large(runner, layers):
    """Two steps of a random model of Llama 2 7B's shape, or of some of its blocks, by base."""
    if shutil.disk_usage(runner.scratch).free < LARGE_BYTES:
        note(f"no 7B: it needs {LARGE_BYTES / 1e9:.0f} GB of disk")
        return {}
    model = runner.random_model(["--layers", str(layers)])

    def run(options):
        return lambda: runner.train(
            "7B", None, 4, model=model, task=model / "task",
            options=["--method", "ivon", "--draws", "1", *options],
        )

    return in_turns(1, {f"7B, {name}": run(options) for name, options in LARGE})
