"""Runs the tool or the peer once and reads what the run took."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent


class Finished:
    """A process that ended well: its output, when it started, its peak memory in bytes."""

    def __init__(self, command, environment):
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            self.started_at = time.time()
            process = subprocess.Popen(
                command, cwd=PROJECT, env=environment, stdout=output, stderr=errors
            )
            # wait4 tells the peak memory of this process alone.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.output, self.errors = (read_all(file) for file in (output, errors))
        if process.returncode != 0:
            last = "\n".join(self.errors.splitlines()[-20:])
            raise SystemExit(f"{last}\nbench: exit code {process.returncode} of: {command}")
        self.peak_memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def read_all(file):
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def profile(text):
    """What --profile says of the matrix products, where it was asked for."""
    needed = re.search(r"^matrix products: ([\d.]+) GFLOP a step", text, re.MULTILINE)
    limit = re.search(r"^at this machine's (\d+) GFLOP/s: .* (\d+)% of", text, re.MULTILINE)
    if needed is None or limit is None:
        return {}
    share = float(limit[2]) / 100
    return {"needed": float(needed[1]), "gigaflops": float(limit[1]), "limit_share": share}


class Runner:
    """Runs commands with this machine's paths and remembers them with the paths of a reader."""

    def __init__(self, arguments):
        self.tool = str(arguments.tool)
        self.python = str(arguments.python)
        self.model = str(arguments.model)
        self.peer_model = str(arguments.peer_model)
        self.data = arguments.data
        self.threads = arguments.threads
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="varlora-bench-"))
        self.random_models = {}
        self.commands = {}

    def close(self):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def remember(self, name, command):
        """Lists a command with the paths of a reader; `name` says what it is for."""
        shown = " ".join(command)
        for path, short in [
            (str(self.data), "$VARLORA_DATA"),
            (str(self.scratch), "runs"),
            (self.python, "python"),
            (str(PROJECT) + "/", ""),
        ]:
            shown = shown.replace(path, short)
        self.commands.setdefault(name, shown)

    def run(self, name, command):
        """Runs a command to its end."""
        self.remember(name, command)
        return Finished(command, dict(os.environ, VARLORA_DATA=str(self.data)))

    def random_model(self, options):
        """The folder of a model with random weights; made once."""
        key = " ".join(options)
        if key not in self.random_models:
            folder = self.scratch / f"model-{len(self.random_models) + 1}"
            script = str(PROJECT / "Scripts" / "make_random_llama.py")
            self.run(f"random model, {key}", [self.python, script, str(folder), *options])
            self.random_models[key] = folder
        return self.random_models[key]

    def train(
        self,
        name,
        recipe,
        examples,
        batch=4,
        warmup=True,
        task=None,
        options=(),
        model=None,
        ranks=1,
    ):
        """One run of the tool: a pass over the examples that is not timed, and one that is.

        Both passes see the same examples, so that runs with other orders do the same work. Without
        warm-up it is the first step alone.
        """
        folder = self.scratch / name.replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        steps = examples // batch if warmup else 1
        command = [self.tool, "train", "--model", str(model or self.model)]
        if recipe is not None:
            command += ["--recipe", recipe]
        command += ["--steps", str(steps * (2 if warmup else 1)), "--log-every", str(steps)]
        command += ["--limit-train", str(examples), "--batch-size", str(batch)]
        command += ["--eval-every", "0", "--save-every", "0"]
        command += ["--limit-validation", "1", "--limit-test", "1"]
        command += [*options, "--output", str(folder)]
        if task is not None:
            command += ["--task", str(task)]
        if "--threads" not in options:
            command += ["--threads", str(self.threads)]
        if ranks > 1:
            launcher = [self.python, "-m", "torch.distributed.run", "--no-python"]
            command = [*launcher, "--nproc-per-node", str(ranks), *command]
        finished = self.run(name, command)
        file = folder / "timings.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        result = {"folder": folder, "report": finished.errors}
        if not warmup:
            # The file's one line is written at the end of the first step.
            return result | {"first_step_seconds": file.stat().st_mtime - finished.started_at}
        seconds = (lines[1]["seconds"] - lines[0]["seconds"]) / steps
        result |= {"seconds_per_step": seconds, "examples_per_second": batch / seconds}
        result["peak_memory_bytes"] = finished.peak_memory
        parts = [lines[1].get(key) for key in ("draw_seconds", "step_seconds")]
        passes = lines[1].get("forward_backward_seconds")
        if passes is not None and None not in parts:
            result["draw_seconds"], result["step_seconds"] = (part / steps for part in parts)
            result["optimizer_share"] = sum(parts) / (passes + sum(parts))
        return result | profile(finished.output + finished.errors)

    def estimate(self, recipe, examples):
        """What the tool says of a run as `train` makes it."""
        command = [self.tool, "estimate", "--recipe", recipe, "--model", self.model, "--json"]
        command += ["--limit-train", str(examples), "--steps", str(examples // 2)]
        command += ["--limit-validation", "1", "--limit-test", "1"]
        command += ["--threads", str(self.threads)]
        return json.loads(self.run("estimate", command).output)

    def evaluate(self, name, folder, questions, draws=None):
        """Seconds of evaluating the first test questions with a run of the tool."""
        command = [self.tool, "evaluate", str(folder), "--limit", str(questions), "--json"]
        command += ["--threads", str(self.threads)]
        if draws is not None:
            command += ["--draws", str(draws)]
        finished = self.run(name, command)
        found = re.search(r"^\d+ examples.*: ([\d.]+) s$", finished.errors, re.MULTILINE)
        if found is None:
            raise SystemExit(f"bench: evaluate did not say its time: {finished.errors}")
        return float(found[1])

    def peer(self, name, task, steps, examples, options=()):
        """One run of the peer; its own line of results, and the seconds to its first step."""
        script = str(PROJECT / "Benchmarks" / "peer.py")
        command = [self.python, script, "--model", self.peer_model, "--task", task]
        command += ["--data", str(self.data / task), "--threads", str(self.threads)]
        command += ["--limit-train", str(examples), "--steps", str(steps)]
        command += ["--warmup", str(steps // 2), *options]
        finished = self.run(name, command)
        result = json.loads(finished.output.splitlines()[-1])
        result["first_step_seconds"] = result["first_step_at"] - finished.started_at
        return result

    @contextlib.contextmanager
    def serve(self, name, folders, draws):
        """The port of a server of some runs, while the body of the statement runs."""
        command = [self.tool, "serve", *map(str, folders), "--draws", str(draws)]
        command += ["--port", "0", "--threads", str(self.threads)]
        self.remember(name, command)
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=PROJECT, stdout=pipe, stderr=pipe, text=True) as server:
            try:
                if not any(line.startswith("ready:") for line in server.stderr):
                    raise SystemExit(f"bench: the server ended: {command}")
                yield int(server.stdout.readline().rsplit(":", 1)[1])
            finally:
                server.terminate()

    def peer_answers(self, name, sizes):
        """Seconds of each question that Transformers answers, at the mean and over draws."""
        script = str(PROJECT / "Benchmarks" / "peer_answers.py")
        command = [self.python, script, "--model", self.peer_model, "--draws", str(sizes.draws)]
        command += ["--questions", str(sizes.requests), "--threads", str(self.threads)]
        command += ["--drawn-questions", str(sizes.drawn_requests)]
        return json.loads(self.run(name, command).output.splitlines()[-1])
