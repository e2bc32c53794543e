#!/usr/bin/env python3
"""Prints, as a Markdown table, what data-parallel training on many ranks can be expected to reach.

It is a calculation from one measured number, the seconds of a step on one rank, and from the bytes
that a step adds up over the ranks. Assumptions:

* Every rank has the same share of examples a step however many ranks there are (the batch grows
  with the ranks), and the same speed: no rank waits for a slower one.
* Each rank has a network link of its own with the given bandwidth in each direction.
* Gloo's ring: 2 (R - 1) rounds, in each of which every rank sends 1 / R of the vector and waits
  for its neighbour; a round costs the latency on top. Nothing of it is hidden behind computation.

efficiency = step / (step + 2 (R - 1) / R * bytes / bandwidth + 2 (R - 1) * latency)

Examples:
  Benchmarks/scaling.py --step-seconds 0.2 --parameters 460800
  Benchmarks/scaling.py --run runs/ivon --parameters 460800 --method ivon
"""

import argparse
import json
import statistics
from pathlib import Path

RANKS = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
GIGABITS = [1, 10, 100]

# Vectors of a step: IVON adds up gradients and products of gradients and noise.
VECTORS = {"ivon": 2, "adamw": 1}
# Beside the vectors: the loss and the wish to stop.
NUMBERS = 2


def step_bytes(parameters, method):
    """Bytes that a step adds up: float32."""
    return 4 * (VECTORS[method] * parameters + NUMBERS)


def communication_seconds(ranks, size, gigabits, latency):
    """Seconds of a ring all-reduce of `size` bytes."""
    bandwidth = gigabits * 1e9 / 8  # bytes a second
    return 2 * (ranks - 1) / ranks * size / bandwidth + 2 * (ranks - 1) * latency


def efficiency(step, ranks, size, gigabits, latency):
    """The share of a step that is computation."""
    return step / (step + communication_seconds(ranks, size, gigabits, latency))


def median_step(run):
    """Median seconds of a step of a run, over the intervals of its timings."""
    lines = (Path(run) / "timings.jsonl").read_text(encoding="utf-8").splitlines()
    points = [(row["step"], row["seconds"]) for row in map(json.loads, lines)]
    steps = [
        (second - first) / (later - earlier)
        for (earlier, first), (later, second) in zip(points, points[1:])
        if later > earlier and second > first
    ]
    if not steps:
        raise SystemExit(f"{run}: timings.jsonl: expected at least two intervals, found fewer")
    return statistics.median(steps)


def table(step, size, latency):
    """Rows of Markdown: ranks by bandwidth."""
    yield "| ranks | " + " | ".join(f"{rate} Gbit/s" for rate in GIGABITS) + " |"
    yield "| ---: |" + " ---: |" * len(GIGABITS)
    for ranks in RANKS:
        cells = [f"{efficiency(step, ranks, size, rate, latency):.1%}" for rate in GIGABITS]
        yield f"| {ranks} | " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--step-seconds", type=float, help="seconds of a step on one rank")
    source.add_argument("--run", help="a run folder of one rank: the median of its intervals")
    parser.add_argument("--parameters", type=int, required=True, help="trainable parameters")
    parser.add_argument("--method", choices=sorted(VECTORS), default="ivon")
    parser.add_argument(
        "--latency", type=float, default=5e-5, help="seconds a round costs beside its bytes"
    )
    options = parser.parse_args()
    step = options.step_seconds or median_step(options.run)
    size = step_bytes(options.parameters, options.method)
    print(
        f"Step {step * 1e3:.1f} ms, {size / 1e6:.2f} MB a step ({options.method},"
        f" {options.parameters} parameters), {options.latency * 1e6:.0f} us a round:\n"
    )
    print("\n".join(table(step, size, options.latency)))


if __name__ == "__main__":
    main()
