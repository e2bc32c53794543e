#!/usr/bin/env python3
"""Checks the tool on a device against the processor, and measures it there: one page of Markdown.

Usage: Scripts/gpu-check TOOL [--device cuda] [--sizes 135M,7B] [--minutes 8] [--output FILE]

TOOL is a release build, or what Scripts/package made. Models have random weights in the shapes of
SmolLM2-135M and Llama 2 7B. Exactness is that of float32: gradients are what one step of SGD adds.
The peer (peer.py) runs where this Python has torch with the device, transformers, peft, ivon-opt.
Nothing new is begun after that many minutes; the page says what was left out. Exits with 1 when a
check failed.
"""

import argparse
import importlib.util
import json
import math
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import report
from growth import WIDTHS
from turns import note

PROJECT = pathlib.Path(__file__).resolve().parent.parent
SHAPES = {
    "tiny": ["--hidden", "64", "--intermediate", "128", "--heads", "4", "--key-heads", "2"]
    + ["--layers", "2"],
    "135M": [*WIDTHS, "--layers", "30"],
    "7B": [],
}
# What is measured of each shape: a name, and the flags of it.
VARIANTS = {
    "float32": ["--compute", "float32"],
    "bfloat16": ["--compute", "bfloat16", "--base-precision", "bfloat16"],
    "bfloat16 without our kernels": ["--compute", "bfloat16", "--base-precision", "bfloat16"],
    "int8": ["--compute", "bfloat16", "--base-precision", "int8"],
    "int8-wide": ["--compute", "bfloat16", "--base-precision", "int8-wide"],
}
NO_KERNELS = "VARLORA_CUDA_KERNELS"  # "0" has libtorch's operations run in their place
PEER = {"float32": [], "bfloat16": ["--bfloat16"]}


class Failed(Exception):
    """A command that ended badly; its last words."""


class Check:
    """Runs the tool in a scratch folder and collects lines of the page."""

    def __init__(self, arguments):
        self.tool, self.device = str(arguments.tool.resolve()), arguments.device
        self.end = time.monotonic() + 60 * arguments.minutes
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="varlora-gpu-"))
        self.models, self.lines, self.failed = {}, [], []

    def run(self, *command, tool=True):
        command = [str(part) for part in ([self.tool, *command] if tool else command)]
        # A device that hangs must not take more than the time that was given.
        left = max(60, self.end - time.monotonic())
        options = {"cwd": self.scratch, "capture_output": True, "text": True, "timeout": left}
        try:
            done = subprocess.run(command, **options)
        except subprocess.TimeoutExpired:
            raise Failed(f"ended after {left:.0f} s: {command}") from None
        if done.returncode != 0:
            raise Failed(" ".join(done.stderr.split()[-40:]))
        return done.stdout + done.stderr

    def model(self, shape):
        if shape not in self.models:
            note(f"making a model of shape {shape}")
            script = PROJECT / "Scripts" / "make_random_llama.py"
            self.run(sys.executable, script, self.scratch / shape, *SHAPES[shape], tool=False)
            self.models[shape] = self.scratch / shape
        return self.models[shape]

    def training(self, shape, folder, device, *options):
        """The command of a training of a random model on its own task."""
        model = self.model(shape)
        shutil.rmtree(self.scratch / folder, ignore_errors=True)
        command = ["train", "--model", model, "--task", model / "task", "--batch-size", 4]
        command += ["--limit-validation", 1, "--limit-test", 1, "--device", device]
        return [*command, "--output", folder, *options]

    def expect(self, what, found, most):
        """A line of the page: what was found, and whether it is at most so much."""
        holds = found <= most
        self.lines.append([what, f"{found:.2g}", f"{most:g}", "yes" if holds else "**no**"])
        if not holds:
            self.failed.append(what)

    def attempt(self, what, body):
        """Goes on with the rest of the page where a part of it fails, or time is up."""
        note(what)
        if time.monotonic() > self.end:
            self.failed.append(f"{what}: no time was left")
            return None
        try:
            return body()
        except (Failed, OSError, ArithmeticError, LookupError, ValueError) as error:
            self.failed.append(f"{what}: {error}")
            return None


def tensors(path):
    """The numbers of a file of float32 tensors, by name."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header, found = json.loads(data[8 : 8 + size]), {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            found[name] = struct.unpack(f"<{(end - start) // 4}f", data[start:end])
    return found


def adapter(check, folder):
    return check.scratch / folder / "adapter_model.safetensors"


def distance(ours, theirs):
    """The norm of a difference over the norm, over all tensors whose name has `lora_B` in it."""
    names = [name for name in theirs if "lora_B" in name]
    pairs = [pair for name in names for pair in zip(ours[name], theirs[name])]
    length = math.hypot(*(b for _, b in pairs))
    return math.hypot(*(a - b for a, b in pairs)) / length if length else math.inf


def check_kernels(check):
    """Whether kernels of our own run there."""
    found = json.loads(check.run("doctor", "--json"))["CUDA kernels"]
    if check.device.startswith("cuda") and found != "compiled for the card":
        raise Failed(found)


def check_gradients(check, shape, dropout):
    """One step of SGD from B = 0: what it adds to B is the gradient, times the rate."""
    flags = ["--method", "sgd", "--learning-rate", 1, "--steps", 1, "--dropout", dropout]
    for device in ("cpu", check.device):
        check.run(*check.training(shape, f"gradient-{device}", device, *flags))
    ours, theirs = (tensors(adapter(check, f"gradient-{d}")) for d in (check.device, "cpu"))
    what = f"{shape}: gradients, relative" + (", the same dropout" if dropout else "")
    check.expect(what, distance(ours, theirs), 1e-3)


def check_answers(check, shape):
    """Probabilities of the same run by both devices."""
    found = {}
    for device in ("cpu", check.device):
        output = check.scratch / f"answers-{device}.jsonl"
        output.unlink(missing_ok=True)
        task = check.model(shape) / "task" / "train.jsonl"
        command = ["predict", "gradient-cpu", "--input", task, "--output", output]
        check.run(*command, "--device", device)
        rows = [json.loads(line) for line in output.read_text().splitlines()]
        found[device] = [p for row in rows for p in probabilities(row)]
    pairs = list(zip(found["cpu"], found[check.device], strict=True))
    worst = max(abs(math.log(a / b)) for a, b in pairs)
    check.expect(f"{shape}: log probabilities of {len(rows)} answers", worst, 1e-4)


def probabilities(row):
    values = row["probabilities"]
    return values.values() if isinstance(values, dict) else values


def check_repeats(check, shape):
    """The same bytes twice, and after a stop in the middle."""
    flags = ["--method", "ivon", "--steps", 40, "--log-every", 1, *VARIANTS["bfloat16"]]
    for folder in ("once", "twice"):
        check.run(*check.training(shape, folder, check.device, *flags))
    stop(check, [str(part) for part in check.training(shape, "stopped", check.device, *flags)])
    check.run("train", "--resume", "--output", "stopped", "--device", check.device)
    bytes_of = {name: adapter(check, name).read_bytes() for name in ("once", "twice", "stopped")}
    for name in ("twice", "stopped"):
        differ = sum(a != b for a, b in zip(bytes_of["once"], bytes_of[name]))
        check.expect(f"{shape}: bytes that differ, {name}", differ, 0)


def stop(check, command):
    """Starts a training and stops it once it has taken some steps."""
    pipe, away = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(
        [check.tool, *command], cwd=check.scratch, stdout=away, stderr=pipe, text=True
    ) as process:
        for line in process.stderr:
            if line.startswith("step 5/"):
                process.send_signal(signal.SIGTERM)
    if process.returncode not in (1, 128 + signal.SIGTERM):
        raise Failed(f"a stopped training ended with {process.returncode}")


def measure(check, shape, variant):
    """Milliseconds of a step and of its parts, gigabytes, and seconds of 64 questions."""
    os.environ[NO_KERNELS] = "0" if "without" in variant else "1"
    steps, folder = 24, f"{shape}-{variant}"
    flags = ["--method", "ivon", "--steps", steps, "--log-every", steps // 2, "--profile"]
    flags += ["--draws", 1, *VARIANTS[variant]]
    text = check.run(*check.training(shape, folder, check.device, *flags))
    lines = (check.scratch / folder / "timings.jsonl").read_text().splitlines()
    first, last = map(json.loads, lines)
    step = (last["seconds"] - first["seconds"]) / (steps // 2)
    own = (last["draw_seconds"] + last["step_seconds"]) / (steps // 2)
    peak = re.search(rf"peak memory of {check.device}\S* (\d+) MB", text)
    peak = peak or re.search(r"peak memory (\d+) MB", text)
    answers = check.scratch / "answers.jsonl"
    seconds = []
    for draws in ("1", "10"):
        answers.unlink(missing_ok=True)
        task = check.model(shape) / "task" / "train.jsonl"
        started = time.monotonic()
        check.run(
            "predict", folder, "--input", task, "--output", answers, "--draws", draws,
            "--device", check.device,
        )  # fmt: skip
        seconds.append(time.monotonic() - started)
    return [
        f"{shape}, {variant}", f"{1e3 * step:.1f}", f"{1e3 * own:.2f}",
        f"{int(peak[1]) / 1e3:.2f}" if peak else "", *(f"{value:.2f}" for value in seconds),
    ]  # fmt: skip


def measure_peer(check, shape, variant):
    model = check.model(shape)
    command = [sys.executable, PROJECT / "Benchmarks/peer.py", "--model", model, "--task", "rows"]
    command += ["--data", model / "task", "--device", check.device, "--steps", 24, "--warmup", 12]
    text = check.run(*command, "--tuned", *PEER[variant], tool=False)
    found = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
    step, peak = found["seconds_per_step"], found["peak_memory_bytes"]
    name = f"{shape}, {variant}, PEFT + ivon-opt, tuned"
    return [name, f"{1e3 * step:.1f}", "", f"{peak / 1e9:.2f}", "", ""]


def page(check, measured):
    card = report.text_of(
        ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    )
    parts = [
        "# On a device",
        f"- device: {check.device}, {card or 'no nvidia-smi'}",
        report.machine(check.tool, os.cpu_count() or 1),
        "## Against the processor\n\nFloat32 but for the bytes, which are those of bfloat16.",
        report.table(["", "found", "at most", "holds"], check.lines),
        "## Speed\n\nIVON, rank 8 on queries and values, batches of 4 prompts of 60 bytes; steps 13"
        " to 24. Predictions: 64 prompts, whole processes with the loading of the model.",
        report.table(
            ["", "ms a step", "draw and step", "peak GB", "mean and a draw, s", "and 10 draws, s"],
            measured,
        ),
    ]
    if check.failed:
        parts.append("## Not so\n\n" + "\n".join(f"- {text}" for text in check.failed))
    return "\n\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tool", type=pathlib.Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--sizes", default="135M,7B", help="of tiny, 135M, 7B")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--output", type=pathlib.Path, help="(default: the standard output)")
    arguments = parser.parse_args()
    check = Check(arguments)
    sizes = arguments.sizes.split(",")
    measured = []
    has_peer = all(map(importlib.util.find_spec, ("torch", "transformers", "peft", "ivon")))
    try:
        check.attempt("kernels", lambda: check_kernels(check))
        check.attempt("dropout", lambda: check_gradients(check, sizes[0], 0.1))
        check.attempt("gradients", lambda: check_gradients(check, sizes[0], 0))
        check.attempt("answers", lambda: check_answers(check, sizes[0]))
        check.attempt("repeats", lambda: check_repeats(check, sizes[0]))
        for shape in sizes:
            for variant in VARIANTS if shape != "7B" else list(VARIANTS)[1:]:
                name = f"{shape}, {variant}"
                measured.append(check.attempt(name, lambda: measure(check, shape, variant)))
                if has_peer and variant in PEER:
                    body = lambda: measure_peer(check, shape, variant)
                    measured.append(check.attempt(name + ", peer", body))
        text = page(check, [row for row in measured if row])
    finally:
        shutil.rmtree(check.scratch, ignore_errors=True)
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
