# torch==2.13.0 transformers==5.23.0 peft==0.21.2 gguf==0.19.0 tokenizers==0.23.3 ivon-opt==0.1.3
"""What the scripts share: determinism, the place of the golden files, how they are written."""

import json
import pathlib

import torch

GOLDEN = pathlib.Path(__file__).parent / "Golden"


def deterministic():
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float32)


def write_json(path, value, indent=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    separators = (",", ":") if indent is None else None
    options = dict(ensure_ascii=False, sort_keys=True, allow_nan=False)
    text = json.dumps(value, indent=indent, separators=separators, **options)
    path.write_text(text + "\n", encoding="utf-8")
