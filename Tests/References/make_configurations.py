# torch==2.13.0 transformers==5.23.0 safetensors==0.8.0
"""Writes Golden/Configurations/variants.json: what Transformers makes of changed checkpoints.

A variant is a tiny checkpoint of Golden/Models with another config.json and changed tensors, and
either the logits behind the last token of two sequences or Transformers' refusal. A model with
weights that were made up, since the file lacks them, counts as refused.
"""

import json
import pathlib
import shutil
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

import common
from tensor_variants import ABSENT, VARIANTS

SEQUENCES = [[1, 17, 42, 3, 55, 2, 61, 7], [9, 9, 30, 4, 11, 63, 5, 22, 18, 40, 33, 12, 8]]
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64,
          "I32": torch.int32, "I64": torch.int64, "U8": torch.uint8, "I8": torch.int8,
          "U32": torch.uint32, "BOOL": torch.bool, "F8_E4M3": torch.float8_e4m3fn}  # fmt: skip


def changed(tensors, operations):
    """File name -> tensors of a checkpoint after the operations."""
    files = {"model.safetensors": dict(tensors)}
    whole = files["model.safetensors"]
    for x in operations:
        if "rename" in x:
            for name in [n for n in whole if n.startswith(x["rename"])]:
                whole[x["to"] + name.removeprefix(x["rename"])] = whole.pop(name)
        elif "copy" in x:
            whole[x["to"]] = whole[x["copy"]] * x["factor"]
        elif "remove" in x:
            for name in [n for n in whole if n.startswith(x["remove"])]:
                del whole[name]
        elif "add" in x:
            whole[x["add"]] = torch.zeros(x["shape"]).to(DTYPES[x["dtype"]])
        elif "cast" in x:
            for name in [n for n in whole if n.startswith(x["cast"])]:
                whole[name] = whole[name].double()
        else:
            for name in [n for n in whole if n.startswith(x["move"])]:
                files.setdefault(x["file"], {})[name] = whole.pop(name)
    return {name: tensors for name, tensors in files.items() if tensors}


def config_text(variant):
    if variant["text"] is not None:
        return variant["text"]
    config = json.loads((common.GOLDEN / "Models" / variant["base"] / "config.json").read_text())
    for key, value in variant["config"].items():
        config.pop(key, None)
        if value is not ABSENT:
            config[key] = value
    return json.dumps(config, sort_keys=True)


@torch.no_grad()
def logits(folder, seed):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    return [
        [round(x, 6) for x in model(torch.tensor([s])).logits[0, -1].double().tolist()]
        for s in SEQUENCES
    ]


def result(variant, folder):
    base = common.GOLDEN / "Models" / variant["base"]
    for name, tensors in changed(load_file(base / "model.safetensors"), variant["tensors"]).items():
        tensors = {n: t.contiguous().clone() for n, t in tensors.items()}
        save_file(tensors, folder / name, metadata={"format": "pt"})
    text = config_text(variant)
    (folder / "config.json").write_text(text)
    if variant["index"] is not None:
        (folder / "model.safetensors.index.json").write_text(variant["index"])
    entry = {"name": variant["name"], "base": variant["base"], "config": text}
    entry |= {k: variant[k] for k in ("tensors", "index") if variant[k]}
    try:
        first, second = logits(folder, 1), logits(folder, 2)
    except Exception as error:
        return entry | {"refused": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
    if first != second or any(x != x for row in first for x in row):
        return entry | {"refused": "weights that are made up"}
    return entry | {"logits": first}


def shortened(results):
    """Logits once: later variants name the first of the same ones."""
    first = {}
    for entry in results:
        if "logits" in entry:
            name = first.setdefault(json.dumps(entry["logits"]), entry["name"])
            if name != entry["name"]:
                del entry["logits"]
                entry["as"] = name
    return results


def main(names):
    common.deterministic()
    transformers.logging.set_verbosity_error()
    results = []
    for item in VARIANTS:
        if names and item["name"] not in names:
            continue
        folder = pathlib.Path(tempfile.mkdtemp()) / "checkpoint"
        folder.mkdir()
        results.append(result(item, folder))
        shutil.rmtree(folder.parent)
        print(
            item["name"], "->", results[-1].get("refused", results[-1].get("logits", [[]])[0][:3])
        )
    if not names:
        common.write_json(
            common.GOLDEN / "Configurations" / "variants.json",
            {"sequences": SEQUENCES, "variants": shortened(results)},
        )


if __name__ == "__main__":
    main(sys.argv[1:])
