#!/usr/bin/env python3
"""Checks what `swift format` does not: long lines (comments too), long files, forbidden calls,
scripts that cannot be started."""

import os
import re
import subprocess
import sys
from pathlib import Path

MOST_COLUMNS = 100
MOST_LINES = 500
ENDINGS = {".swift", ".cpp", ".h", ".py", ".sh"}

# Their texts are test data that line breaks would change.
LONG_LINES = [
    f"Tests/References/{name}.py"
    for name in ["make_tokenizers", "make_tokenizer_stages", "chat_template_cases"]
]

# Libraries never print and never exit. The tool may print, and misuse of a tensor traps here:
TOOL = "Sources/varlora/"
TRAP = "Sources/Torch/TorchError.swift"
FORBIDDEN = re.compile(r"(?<![\w.])(?<!func )(print|debugPrint|fatalError|exit|abort)\(")


def project_files():
    """Files in git or not yet, without the ignored ones."""
    # The checkout may belong to another user than the one who runs this, as in containers.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(
        command + ["--cached", "--others", "--exclude-standard"], check=True, capture_output=True
    ).stdout.decode()
    paths = sorted({Path(name) for name in listed.split("\0") if name})
    return [path for path in paths if path.is_file() and is_source(path)]


def is_source(path):
    return path.suffix in ENDINGS or path.parts[0] in ("Scripts", ".ci", "Makefile")


def faults(path):
    """Pairs of a line number and what is wrong with it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > MOST_LINES:
        yield len(lines), f"the file has {len(lines)} lines, at most {MOST_LINES} are allowed"
    if lines and lines[0].startswith("#!") and not os.access(path, os.X_OK):
        yield 1, "the file begins with #! and is not executable"
    name = path.as_posix()
    library = path.suffix == ".swift" and name.startswith("Sources/") and not name.startswith(TOOL)
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_COLUMNS and name not in LONG_LINES:
            yield number, f"the line has {len(line)} columns, at most {MOST_COLUMNS} are allowed"
        call = FORBIDDEN.search(line) if library else None
        if call and not line.lstrip().startswith("//"):
            if not (call[1] == "fatalError" and name == TRAP):
                yield number, f"a library calls {call[1]}(); throw an error instead"


def main():
    found = [(path, *fault) for path in project_files() for fault in faults(path)]
    for path, number, fault in found:
        print(f"{path}:{number}: {fault}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
