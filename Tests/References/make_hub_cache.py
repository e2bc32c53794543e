# huggingface_hub==2.4.0
"""Writes Golden/HubCache/folders.json: where huggingface_hub keeps models, by environment."""

import itertools
import os
import subprocess
import sys

import common

VALUES = {
    "HF_HUB_CACHE": [None, "/hub", "~/hub", "$DISK/hub", "${DISK}/${NONE}/hub", "~", "/a/$"],
    "HUGGINGFACE_HUB_CACHE": [None, "/old", "~/old"],
    "HF_HOME": [None, "/hf", "~/hf", "$DISK/hf"],
    "XDG_CACHE_HOME": [None, "/xdg", "$HOME/xdg"],
}
PROGRAM = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"


def main():
    results = []
    for values in itertools.product(*VALUES.values()):
        # One variable in many spellings beside all others, and the usual spellings of all.
        if sum(v is not None and v != VALUES[k][1] for k, v in zip(VALUES, values)) > 1:
            continue
        environment = {k: v for k, v in zip(VALUES, values) if v is not None}
        environment |= {"HOME": "/home/user", "DISK": "/disk"}
        command = [sys.executable, "-c", PROGRAM]
        folder = subprocess.run(
            command, env=environment | {"PATH": os.environ["PATH"]}, capture_output=True, text=True
        ).stdout.strip()
        results.append({"environment": environment, "folder": os.path.normpath(folder)})
    common.write_json(common.GOLDEN / "HubCache" / "folders.json", results, indent=0)


if __name__ == "__main__":
    main()
