"""Writes measurements as a page of Markdown."""

import os
import platform
import statistics
import subprocess

from runs import PROJECT


def spread(values, form):
    """The median, and the smallest and largest value where there are several."""
    if not values:
        return "not recorded"
    middle = form(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({form(min(values))} to {form(max(values))})"


def decimals(count, factor=1.0, unit=""):
    return lambda value: f"{value * factor:.{count}f}{unit}"


GIGABYTES = decimals(2, 1e-9, " GB")


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |"]
    lines.append("| --- |" + " ---: |" * (len(header) - 1))
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def ratio(ours, theirs, more_is_better):
    """How many times better our median is."""
    if not ours or not theirs:
        return ""
    quotient = statistics.median(ours) / statistics.median(theirs)
    return f"{quotient if more_is_better else 1 / quotient:.2f}x"


def precisions(rows):
    """A table of (what, form, whether more is better, in float32, in bfloat16) of our own."""
    return table(
        ["ARC-Easy", "float32", "bfloat16", "gain"],
        [
            [what, spread(single, form), spread(short, form), ratio(short, single, more)]
            for what, form, more, single, short in rows
        ],
    )


def times(values, first):
    """How many times the median of `first` the median is."""
    if not values or not first:
        return ""
    return f"{statistics.median(values) / statistics.median(first):.2f}"


def comparison(rows):
    """A table of (what, form, whether more is better, ours, the peer's, the tuned peer's)."""
    header = ["", "varlora", "peer", "peer, tuned", "gain", "gain, tuned"]
    return table(
        header,
        [
            [what, *(spread(values, form) if values else "" for values in (ours, peer, tuned))]
            + [ratio(ours, peer, more), ratio(ours, tuned, more)]
            for what, form, more, ours, peer, tuned in rows
        ],
    )


def growth(what, points, form=decimals(3)):
    """A table of (value, seconds of each repetition), with times relative to the first value."""
    first = points[0][1]
    return table(
        [what, "seconds", "relative"],
        [
            [str(value), spread(seconds, form), times(seconds, first)] for value, seconds in points
        ],
    )


def estimates(runs):
    """A table of (estimate, results of the runs it was for) by name."""
    rows = []

    def add(what, said, measured, form):
        difference = f"{said / statistics.median(measured) - 1:+.0%}" if measured else ""
        rows.append([what, form(said), spread(measured, form), difference])

    for name, (estimate, results) in runs.items():
        seconds = [result["seconds_per_step"] for result in results]
        peaks = [result["peak_memory_bytes"] for result in results]
        add(f"{name}: a step", estimate["step_seconds"], seconds, decimals(3, unit=" s"))
        add(f"{name}: peak memory", estimate["memory"]["total"], peaks, GIGABYTES)
    return table(["", "estimate", "measured", "difference"], rows)


def large(runs):
    """A table of runs of a large model by name."""
    if not runs:
        return "Not measured: the full measurement does, where the disk has 20 GB."
    return table(
        ["base", "peak memory", "seconds a step"],
        [
            [
                name,
                spread([result["peak_memory_bytes"] for result in results], GIGABYTES),
                spread([result["seconds_per_step"] for result in results], decimals(1)),
            ]
            for name, results in runs.items()
        ],
    )


def text_of(command):
    try:
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def processor():
    if platform.system() == "Darwin":
        return text_of(["sysctl", "-n", "machdep.cpu.brand_string"])
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            facts = dict(line.strip().split(":", 1) for line in file if ":" in line)
    except OSError:
        return platform.machine()
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    has = facts.get("flags", "").split()
    sixteen = "AMX" if "amx_bf16" in has else "AVX-512" if "avx512_bf16" in has else "none"
    return f"{facts.get('model name', platform.machine())}, bfloat16 products: {sixteen}"


def machine(tool, threads):
    """Processor, cores, system, commit and libtorch, one line each."""
    git = ["git", "-c", "safe.directory=*"]
    commit = text_of([*git, "rev-parse", "--short", "HEAD"]) or "unknown"
    if text_of([*git, "status", "--porcelain", "--untracked-files=no"]):
        commit += ", with changes"
    findings = dict(
        line.split("  ", 1) for line in text_of([str(tool), "doctor"]).splitlines() if "  " in line
    )
    return "\n".join(
        [
            f"- processor: {processor()}, {os.cpu_count()} cores; {threads} threads used",
            f"- system: {platform.system()} {platform.machine()}",
            f"- commit: {commit}",
            f"- libtorch: {findings.get('libtorch', 'unknown').strip()}, vector instructions: "
            + findings.get("vector instructions", "unknown").strip(),
        ]
    )


def command_list(commands):
    blocks = [f"{name}:\n\n```\n{command}\n```" for name, command in commands.items()]
    return "\n\n".join(blocks)
