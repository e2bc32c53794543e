"""Answers of a server, one at a time and at saturation, beside Transformers without one."""

import statistics

from serve_latency import measure
from turns import in_turns

CONNECTIONS = 8


def measure_serving(runner, sizes, repetitions):
    def run(method):
        options = ["--method", method]
        name = f"served-{method}"
        return runner.train(name, "arc-easy", 4, warmup=False, options=options)["folder"]

    folders = {method: run(method) for method in ("adamw", "ivon")}

    def ours():
        result = {}
        with runner.serve("server", folders.values(), sizes.draws) as port:
            for key, method, count in [
                ("mean", "adamw", sizes.requests),
                ("draws", "ivon", sizes.drawn_requests),
            ]:
                name = folders[method].name
                measure(port, name, 1, 1)  # Not the first, which takes longer.
                alone = measure(port, name, 1, count)
                result |= {f"{key}_median": alone["median"], f"{key}_high": alone["high"]}
                result[f"{key}_rate"] = measure(port, name, CONNECTIONS, count)["rate"]
        return result

    def tuned():
        result = {}
        for key, seconds in runner.peer_answers("served, peer", sizes).items():
            seconds.sort()
            result |= {
                f"{key}_median": seconds[len(seconds) // 2],
                f"{key}_high": seconds[int(len(seconds) * 0.99)],
                f"{key}_rate": 1 / statistics.mean(seconds),
            }
        return result

    return in_turns(repetitions, {"serving": ours, "serving, tuned": tuned})
