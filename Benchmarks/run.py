#!/usr/bin/env python3
"""Measures the tool against PEFT + ivon-opt + Transformers and writes docs/benchmarks.md.

Usage: Scripts/bench [--quick | --short] [--repetitions N] [--threads N] [--output FILE]

ARC-Easy and BoolQ are read from the folder that VARLORA_DATA names. Runs of both sides take turns,
so that a machine that gets slower or faster does so for all. A full measurement takes about an
hour on two cores, a short one about a quarter of it and leaves out the 7B; --quick takes two steps
of everything, once, to see that all works, and writes .deps/bench/quick.md.
"""

import argparse
import os
import pathlib
import sys

import report
from growth import measure_growth, measure_large
from report import decimals
from runs import PROJECT, Runner
from serving import CONNECTIONS, measure_serving
from turns import FAILURES, in_turns, note

BENCH = PROJECT / ".deps" / "bench"
GGUF = ".deps/demo/SmolLM2-135M-Instruct.Q4_1.gguf"


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two steps of everything, once")
    parser.add_argument("--short", action="store_true", help="fewer examples, each thing twice")
    parser.add_argument("--repetitions", type=int)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--tool", type=pathlib.Path, default=PROJECT / ".build/release/varlora")
    parser.add_argument("--model", type=pathlib.Path, default=PROJECT / GGUF)
    parser.add_argument("--peer-model", type=pathlib.Path, default=BENCH / "model")
    parser.add_argument("--python", default=sys.executable, help="with the peer's packages")
    arguments = parser.parse_args()
    for path in (arguments.tool, arguments.model, arguments.peer_model):
        if not path.exists():
            parser.error(f"{path} is not there: Scripts/bench makes it")
    data = os.environ.get("VARLORA_DATA", "")
    arguments.data = pathlib.Path(data).absolute()
    for task in ("arc-easy", "boolq"):
        if not data or not (arguments.data / task / "train.jsonl").is_file():
            parser.error(f"VARLORA_DATA is \"{data}\": expected a folder with {task}/train.jsonl")
    arguments.size = "quick" if arguments.quick else "short" if arguments.short else "full"
    if arguments.repetitions is None:
        arguments.repetitions = {"quick": 1, "short": 2, "full": 3}[arguments.size]
    default = BENCH / "quick.md" if arguments.quick else PROJECT / "docs" / "benchmarks.md"
    arguments.output = (arguments.output or default).absolute()
    return arguments


class Sizes:
    """How much is measured: examples of a pass, test questions, and the values of each growth."""

    def __init__(self, size, threads):
        def pick(quick, short, full):
            return {"quick": quick, "short": short, "full": full}[size]

        self.arc, self.boolq = pick(4, 40, 80), pick(4, 16, 40)
        self.growth, self.long = pick(4, 16, 32), pick(4, 8, 24)
        self.questions, self.draws = pick(4, 32, 64), pick(2, 10, 10)
        self.requests, self.drawn_requests = pick(4, 30, 100), pick(2, 10, 30)
        self.tokens = pick([40, 80], [80, 160, 320], [40, 80, 160, 320])
        self.layers = pick([2, 4], [8, 30], [8, 15, 30])
        self.large_layers = pick(1, 0, 32)  # 0: not measured
        self.batches = pick([2, 4], [1, 4, 16], [1, 2, 4, 8, 16])
        self.ranks = pick([2, 8], [8, 64], [2, 8, 32, 64])
        self.train_draws = pick([1, 2], [1, 2], [1, 2, 4])
        self.predict_draws = pick([1, 2], [1, 10], [1, 2, 5, 10])
        powers = [1 << shift for shift in range(8) if 1 << shift <= threads]
        self.threads = sorted({*powers, threads})


def column(results, key):
    return [result[key] for result in results if key in result]


def measure_arc(runner, sizes, repetitions):
    questions, draws = sizes.questions, sizes.draws

    def ours():
        result = runner.train(
            "ARC-Easy with IVON", "arc-easy", sizes.arc, options=["--profile"]
        )
        point = runner.train(
            "ARC-Easy with AdamW", "arc-easy", 4, warmup=False, options=["--method", "adamw"]
        )
        rounded = runner.train(
            "ARC-Easy with IVON, int8-dynamic",
            "arc-easy",
            4,
            warmup=False,
            options=["--base-precision", "int8-dynamic"],
        )
        short = runner.train(
            "ARC-Easy with IVON, bfloat16",
            "arc-easy",
            sizes.arc,
            options=["--compute", "bfloat16"],
        )
        mean = runner.evaluate("evaluation of one model", point["folder"], questions)
        name = "evaluation of the mean and draws"
        return result | {
            "mean_seconds": mean,
            "draws_seconds": runner.evaluate(name, result["folder"], questions, draws),
            "rounded_seconds": runner.evaluate(
                "evaluation with int8-dynamic", rounded["folder"], questions, draws
            ),
            "short_rate": short["examples_per_second"],
            "short_peak": short["peak_memory_bytes"],
            "short_seconds": runner.evaluate(
                "evaluation in bfloat16", short["folder"], questions, draws
            ),
        }

    def peer(name, extra):
        evaluation = ["--test", str(questions), "--draws", str(draws)]
        return runner.peer(name, "arc-easy", sizes.arc // 2, sizes.arc, [*evaluation, *extra])

    return in_turns(
        repetitions,
        {
            "ARC-Easy with IVON": ours,
            "ARC-Easy, peer": lambda: peer("ARC-Easy, peer", []),
            "ARC-Easy, peer, tuned": lambda: peer("ARC-Easy, peer, tuned", ["--tuned"]),
            "ARC-Easy, peer, tuned, bfloat16": lambda: peer(
                "ARC-Easy, peer, tuned, bfloat16", ["--tuned", "--bfloat16"]
            ),
        },
    )


def measure_boolq(runner, sizes, repetitions):
    def peer(name, extra):
        return runner.peer(name, "boolq", sizes.boolq // 2, sizes.boolq, extra)

    return in_turns(
        repetitions,
        {
            "BoolQ with IVON": lambda: runner.train("BoolQ with IVON", "boolq", sizes.boolq),
            "BoolQ, peer": lambda: peer("BoolQ, peer", []),
            "BoolQ, peer, tuned": lambda: peer("BoolQ, peer, tuned", ["--tuned"]),
        },
    )


def measure_start(runner, repetitions):
    return in_turns(
        repetitions,
        {
            "start": lambda: runner.train("start", "arc-easy", 4, warmup=False),
            "start, peer": lambda: runner.peer("start, peer", "arc-easy", 2, 4),
        },
    )


def measure_estimates(runner, sizes, arc, boolq):
    """What the tool says before a run, beside what the runs above took."""
    return {
        "ARC-Easy": (runner.estimate("arc-easy", sizes.arc), arc["ARC-Easy with IVON"]),
        "BoolQ": (runner.estimate("boolq", sizes.boolq), boolq["BoolQ with IVON"]),
    }


def page(arguments, runner, sizes, machine, arc, boolq, start, serving, estimates, growth, large):
    def row(what, form, more_is_better, key, results, sides=3, own_key=None):
        keys = [own_key or key, key, key]
        columns = [column(side, k) for side, k in zip(list(results.values())[:sides], keys)]
        return (what, form, more_is_better, *columns, *([[]] * (3 - sides)))

    def row_in_bfloat16(what, form, more_is_better, own_key, key):
        ours = column(arc["ARC-Easy with IVON"], own_key)
        tuned = column(arc["ARC-Easy, peer, tuned, bfloat16"], key)
        return (what + ", bfloat16", form, more_is_better, ours, [], tuned)

    seconds, gigabytes = decimals(2, unit=" s"), report.GIGABYTES
    questions = f"{sizes.questions} questions of ARC-Easy"
    rows = [
        row("ARC-Easy: training examples/s", decimals(2), True, "examples_per_second", arc),
        row_in_bfloat16(
            "ARC-Easy: training examples/s", decimals(2), True, "short_rate", "examples_per_second"
        ),
        row("BoolQ: training examples/s", decimals(2), True, "examples_per_second", boolq),
        row(f"{questions}, one model", seconds, False, "mean_seconds", arc),
        row(f"{questions}, {sizes.draws} draws", seconds, False, "draws_seconds", arc),
        row_in_bfloat16(
            f"{questions}, {sizes.draws} draws", seconds, False, "short_seconds", "draws_seconds"
        ),
        row(
            f"{questions}, {sizes.draws} draws, int8-dynamic",
            seconds,
            False,
            "draws_seconds",
            arc,
            own_key="rounded_seconds",
        ),
        row("ARC-Easy: peak memory of training", gigabytes, False, "peak_memory_bytes", arc),
        row_in_bfloat16(
            "ARC-Easy: peak memory of training", gigabytes, False, "short_peak", "peak_memory_bytes"
        ),
        row("BoolQ: peak memory of training", gigabytes, False, "peak_memory_bytes", boolq),
        row("start to end of the first step", seconds, False, "first_step_seconds", start, 2),
    ]
    milliseconds, each = decimals(0, 1e3, " ms"), decimals(2)
    served, sides = [], {"ours": serving["serving"], "peer": [], "tuned": serving["serving, tuned"]}
    for key, what in [("mean", "one model"), ("draws", f"{sizes.draws} draws")]:
        many = f"{what}: questions/s, {CONNECTIONS} connections"
        served += [
            row(f"{what}: median", milliseconds, False, f"{key}_median", sides),
            row(f"{what}: 99%", milliseconds, False, f"{key}_high", sides),
            row(many, each, True, f"{key}_rate", sides),
        ]
    ivon = arc["ARC-Easy with IVON"]
    precisions = [
        (what, form, more, column(ivon, single), column(ivon, short))
        for what, form, more, single, short in [
            ("training examples/s", decimals(2), True, "examples_per_second", "short_rate"),
            (f"{sizes.draws} draws", seconds, False, "draws_seconds", "short_seconds"),
            ("peak memory of training", gigabytes, False, "peak_memory_bytes", "short_peak"),
        ]
    ]
    limit = [
        [what, report.spread(column(ivon, key), form)]
        for what, key, form in [
            ("products alone", "gigaflops", decimals(0, unit=" GFLOP/s")),
            ("needed by a step", "needed", decimals(1, unit=" GFLOP")),
            ("share of the step", "limit_share", decimals(0, 100, "%")),
        ]
    ]
    shares = [
        ["draw", report.spread(column(ivon, "draw_seconds"), decimals(2, 1e3, " ms"))],
        ["step", report.spread(column(ivon, "step_seconds"), decimals(2, 1e3, " ms"))],
        ["share of both", report.spread(column(ivon, "optimizer_share"), decimals(2, 100, "%"))],
    ]
    text = (PROJECT / "Benchmarks" / "page.md").read_text(encoding="utf-8")
    parts = {
        "REPETITIONS": str(arguments.repetitions),
        "MACHINE": machine,
        "COMPARISON": report.comparison(rows),
        "PRECISIONS": report.precisions(precisions),
        "SERVING": report.comparison(served),
        "OPTIMIZER": report.table(["ARC-Easy, batch of 4", "a step"], shares),
        "LIMIT": report.table(["ARC-Easy, batch of 4", ""], limit),
        "ESTIMATES": report.estimates(estimates),
        "LARGE": report.large(large),
        "COMMANDS": report.command_list(runner.commands),
    }
    for what, points in growth.items():
        parts["GROWTH IN " + what.upper()] = report.growth(what, points)
    for name, part in parts.items():
        text = text.replace("{{" + name + "}}", part)
    return text


def main():
    arguments = options()
    sizes = Sizes(arguments.size, arguments.threads)
    runner = Runner(arguments)
    machine = report.machine(arguments.tool, arguments.threads)
    try:
        arc = measure_arc(runner, sizes, arguments.repetitions)
        boolq = measure_boolq(runner, sizes, arguments.repetitions)
        start = measure_start(runner, arguments.repetitions)
        serving = measure_serving(runner, sizes, arguments.repetitions)
        estimates = measure_estimates(runner, sizes, arc, boolq)
        growth = measure_growth(runner, sizes, arguments.repetitions)
        large = measure_large(runner, sizes.large_layers) if sizes.large_layers else {}
    finally:
        runner.close()
    text = page(
        arguments, runner, sizes, machine, arc, boolq, start, serving, estimates, growth, large
    )
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(text, encoding="utf-8")
    note(f"wrote {arguments.output}")
    if FAILURES:
        raise SystemExit(f"bench: failed, and not on the page: {', '.join(FAILURES)}")


if __name__ == "__main__":
    main()
