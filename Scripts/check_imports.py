#!/usr/bin/env python3
"""Checks that every target declares what its sources import, and nothing else.

`swift build --explicit-target-dependency-import-check` lets pass what another target declares.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

IMPORT = re.compile(
    r"^(?:@\w+ )*(?:public |package |internal |private )?import (?:\w+ )?(\w+)$", re.MULTILINE
)


def folder(target):
    home = "Tests" if target["type"] == "test" else "Sources"
    return Path(target.get("path") or f"{home}/{target['name']}")


def declared(target):
    """Names of the targets and products that a target depends on."""
    return {next(iter(dependency.values()))[0] for dependency in target["dependencies"]}


def imported(target):
    texts = (path.read_text(encoding="utf-8") for path in folder(target).rglob("*.swift"))
    return {name for text in texts for name in IMPORT.findall(text)}


def main():
    dump = subprocess.run(
        ["swift", "package", "dump-package"], check=True, capture_output=True
    ).stdout
    targets = json.loads(dump)["targets"]
    known = {target["name"] for target in targets}
    known |= {name for target in targets for name in declared(target)}
    faults = []
    for target in targets:
        name, allowed = target["name"], declared(target)
        found = imported(target) & known - {name}
        undeclared = found - allowed
        faults += [f"{name} imports {other}, which it does not declare" for other in undeclared]
        # Tests of the tool need its binary alone.
        unused = allowed - found - {"varlora"}
        faults += [f"{name} declares {other}, which it does not import" for other in unused]
    for fault in sorted(faults):
        print(f"Package.swift: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
