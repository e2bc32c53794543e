"""A folder with a tiny model, its data and finished runs, in which the tool is run and judged."""

import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
TOKENIZER = PROJECT / "Tests/References/Golden/Tokenizers/smollm2.tokenizer.json"

# Longer than anything here takes on a busy machine: who needs more hangs.
PATIENCE = 120

# What a process may not say, however it ends: traces and texts that are not for people.
NOT_SENTENCES = re.compile(
    r"Fatal error|Backtrace|Thread \d+ crashed|NSError|NSCocoaError|Error Domain|"
    r"operation could|what\(\):|Intel oneMKL|\bc10::|\.swift:\d"
)

# Files that hold times, or are made from them.
WITH_TIMES = {
    "timings.jsonl", "cost.json", "results.json", "summary.json", "report.html",
    "table.csv", "table.md", "table.tex", "table.txt", ".launcher",
}  # fmt: skip


class Finding(Exception):
    """What the tool should not have done."""


class LeftOut(Exception):
    """A fault that this command, or this machine, does not know, or that was not reached."""


@dataclass
class Outcome:
    code: int
    output: str
    errors: str

    @property
    def sentences(self):
        return [line for line in self.errors.splitlines() if line.startswith("Error: ")]


@dataclass
class Subject:
    """A command: what is there before it, its arguments, and the files that it leaves."""

    name: str
    arguments: list
    before: list = field(default_factory=list)
    after: list = field(default_factory=list)
    seconds: float = 0
    expected: dict = field(default_factory=dict)


class Ground:
    def __init__(self, folder, tool, seed):
        self.folder = Path(folder)
        self.tool = str(Path(tool).resolve())
        self.random = random.Random(seed)
        self.place = self.folder / "place"
        self.inputs = self.folder / "inputs"
        self.log = self.folder / "failed-calls"
        self.shim = self.folder / "shim.so"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.inputs.mkdir(parents=True)
        self.place.mkdir()
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", HERE / "shim.c", "-o", self.shim, "-ldl"],
            check=True,
        )
        write_model(self.inputs / "model")
        write_task(self.inputs / "task")
        self.settings = [
            "--model", f"{self.place}/model", "--task", f"{self.place}/task", "--threads", "1",
            "--draws", "2", "--save-every", "3", "--log-every", "5",
        ]  # fmt: skip
        self.subjects = self.make_subjects()

    def make_subjects(self):
        """The commands, each run once without a fault: its seconds, and what it leaves."""
        place, settings = self.place, self.settings
        subjects = [
            Subject(
                "train",
                ["train", "--resume", "--output", f"{place}/run", "--steps", "40"] + settings,
                after=["run"],
            ),
            Subject(
                "compare",
                ["compare", "--resume", "--output", f"{place}/methods", "--steps", "12"]
                + ["--methods", "base,map,swag,temperature,ivon", "--seeds", "1"] + settings,
                after=["methods"],
            ),
            Subject(
                "evaluate",
                ["evaluate", f"{place}/run", "--threads", "1"]
                + ["--predictions", f"{place}/answers/test.jsonl"],
                before=["run"],
                after=["answers"],
            ),
            Subject(
                "predict",
                ["predict", f"{place}/run", "--threads", "1", "--input", f"{place}/task/test.jsonl"]
                + ["--output", f"{place}/answers/new.jsonl"],
                before=["run"],
                after=["answers"],
            ),
            Subject("report", ["report", f"{place}/run"], before=["run"], after=["run"]),
        ]  # fmt: skip
        for subject in subjects:
            self.lay(subject)
            start = time.monotonic()
            outcome = self.run(subject.arguments)
            subject.seconds = time.monotonic() - start
            if outcome.code != 0:
                raise SystemExit(f"faults: {subject.name} fails without a fault: {outcome.errors}")
            subject.expected = self.contents(subject)
            if subject.name == "train":
                shutil.copytree(place / "run", self.inputs / "run")
        return subjects

    def lay(self, subject):
        """Empties the place and lays out what the command needs."""
        shutil.rmtree(self.place)
        (self.place / "answers").mkdir(parents=True)
        for name in ["model", "task"] + subject.before:
            shutil.copytree(self.inputs / name, self.place / name)

    def start(self, arguments, **environment):
        self.log.unlink(missing_ok=True)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("VARLORA_", "HF_", "FAULT_"))
        }
        inherited |= {"SWIFT_BACKTRACE": "enable=no", "OMP_WAIT_POLICY": "PASSIVE"}
        if environment:
            preloaded = {"LD_PRELOAD": self.shim, "FAULT_LOG": self.log} if any(
                name.startswith("FAULT_") for name in environment
            ) else {}
            inherited |= {k: str(v) for k, v in (preloaded | environment).items()}
        return subprocess.Popen(
            [self.tool] + [str(argument) for argument in arguments],
            env=inherited,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd=self.folder,
        )

    def end(self, process, patience=PATIENCE):
        """What a process left; a finding where it does not end."""
        try:
            output, errors = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Finding(f"it hangs for more than {patience} seconds") from None
        return Outcome(process.returncode, output, errors)

    def run(self, arguments, **environment):
        return self.end(self.start(arguments, **environment))

    def failed_calls(self):
        return len(self.log.read_text().split()) if self.log.exists() else 0

    def contents(self, subject):
        """The bytes of what a command leaves, by name, but files that hold times."""
        files = {}
        for folder in subject.after:
            for path in sorted((self.place / folder).rglob("*")):
                if path.is_file() and path.name not in WITH_TIMES:
                    files[path.relative_to(self.place).as_posix()] = path.read_bytes()
        return files

    def lacks_test(self, subject):
        """Whether the command has made runs whose task has no test part."""
        files = [(self.place / folder).rglob("metrics.json") for folder in subject.after]
        results = [json.loads(file.read_text()) for some in files for file in some]
        return any(result.get("test") is None for result in results)

    def check_sentence(self, outcome, killed=False):
        """A process ends well or with one sentence, unless it was killed."""
        if killed and outcome.code == -signal.SIGKILL:
            return
        if found := NOT_SENTENCES.search(outcome.errors):
            raise Finding(f"it says {found[0]!r}: {outcome.errors.strip()[-300:]}")
        if outcome.code == 0:
            return
        if outcome.code != 1 or len(outcome.sentences) != 1:
            said = outcome.errors.strip()[-300:]
            raise Finding(f"exit code {outcome.code}, {len(outcome.sentences)} sentences: {said}")

    def check_leftovers(self, subject):
        for name in self.contents(subject):
            if any(part.startswith(".") for part in name.split("/")) or "partial" in name:
                raise Finding(f"{name} is left over")

    def check_goes_on(self, subject, ignoring=None):
        """The same command, now without a fault, ends in the same bytes, but below `ignoring`."""
        outcome = self.run(subject.arguments)
        if outcome.code != 0:
            raise Finding(f"it does not go on: {outcome.errors.strip()[-300:]}")
        found = self.contents(subject)
        for name in sorted(found.keys() | subject.expected.keys()):
            if ignoring in name.split("/"):
                continue
            if found.get(name) != subject.expected.get(name):
                state = "differs" if name in found and name in subject.expected else (
                    "is left over" if name in found else "is missing"
                )
                raise Finding(f"{name} {state} after going on")


def write_model(folder):
    """A Llama of two layers with the vocabulary of the small tokenizer of the tests."""
    folder.mkdir()
    shutil.copy(TOKENIZER, folder / "tokenizer.json")
    configuration = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 32,
        "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "vocab_size": 600, "max_position_embeddings": 256,
        "tie_word_embeddings": True, "rms_norm_eps": 1e-5,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(configuration))
    shapes = {"model.embed_tokens.weight": [600, 32], "model.norm.weight": [32]}
    for layer in range(2):
        block = {
            "self_attn.q_proj": [32, 32], "self_attn.k_proj": [16, 32],
            "self_attn.v_proj": [16, 32], "self_attn.o_proj": [32, 32],
            "mlp.gate_proj": [48, 32], "mlp.up_proj": [48, 32], "mlp.down_proj": [32, 48],
            "input_layernorm": [32], "post_attention_layernorm": [32],
        }  # fmt: skip
        shapes |= {f"model.layers.{layer}.{name}.weight": shape for name, shape in block.items()}
    generator, header, data = random.Random(1), {}, bytearray()
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) == 2 else 1)
        values = [generator.uniform(-0.5, 0.5) if len(shape) == 2 else 1 for _ in range(count)]
        start = len(data)
        data += struct.pack(f"<{count}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_task(folder):
    folder.mkdir()
    for part, count in [("train", 20), ("validation", 8), ("test", 8)]:
        rows = [
            {
                "id": f"{part}-{i}", "prompt": f"The sum of {i % 7} and {i % 3} is",
                "choices": ["even", "odd"], "label": (i % 7 + i % 3) % 2,
            }
            for i in range(count)
        ]  # fmt: skip
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{part}.jsonl").write_text(lines)
