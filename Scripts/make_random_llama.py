#!/usr/bin/env python3
"""Writes a Llama checkpoint of any size with random weights, to measure memory and time with.

    Scripts/make_random_llama.py FOLDER                      the shape of Llama 2 7B, 13.5 GB
    Scripts/make_random_llama.py FOLDER --layers 4           the same, four blocks of it

The weights are bfloat16 numbers of either sign and of magnitudes from 2^-7 to 2^-5, in a shard a
block; memory stays small. Without --tokenizer the tokenizer is one of bytes. FOLDER/task is a task
of two answers with prompts of about --tokens tokens of it. Needs Python's standard library only.
"""

import argparse
import json
import random
import shutil
import struct
from pathlib import Path

CHUNK = 1 << 24

# A bfloat16 number's second byte: sign and seven of the eight exponent bits. These leave 120 and
# 121 as the biased exponent.
SIGNED = bytes(0x3C | (byte & 0x80) for byte in range(256))


def random_weights(count, generator):
    """Chunks of bytes of `count` bfloat16 numbers."""
    for start in range(0, 2 * count, CHUNK):
        chunk = bytearray(generator.randbytes(min(CHUNK, 2 * count - start)))
        chunk[1::2] = chunk[1::2].translate(SIGNED)
        yield chunk


def ones(count):
    yield b"\x80\x3f" * count


def write_shard(path, tensors, generator):
    """`tensors`: names and shapes; those of one dimension are norms."""
    header, offset = {}, 0
    for name, shape in tensors:
        end = offset + 2 * count_of(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, shape in tensors:
            count = count_of(shape)
            for chunk in ones(count) if len(shape) == 1 else random_weights(count, generator):
                file.write(chunk)


def count_of(shape):
    count = 1
    for size in shape:
        count *= size
    return count


def block(layer, options):
    hidden, inner = options.hidden, options.intermediate
    keys = options.key_heads * (hidden // options.heads)
    shapes = {
        "self_attn.q_proj": [hidden, hidden], "self_attn.k_proj": [keys, hidden],
        "self_attn.v_proj": [keys, hidden], "self_attn.o_proj": [hidden, hidden],
        "mlp.gate_proj": [inner, hidden], "mlp.up_proj": [inner, hidden],
        "mlp.down_proj": [hidden, inner], "input_layernorm": [hidden],
        "post_attention_layernorm": [hidden],
    }  # fmt: skip
    return [(f"model.layers.{layer}.{name}.weight", shape) for name, shape in shapes.items()]


def write_weights(folder, options):
    generator = random.Random(options.seed)
    table = [options.vocabulary, options.hidden]
    shards = [block(layer, options) for layer in range(options.layers)]
    shards.append(
        [
            ("model.embed_tokens.weight", table),
            ("model.norm.weight", [options.hidden]),
            ("lm_head.weight", table),
        ]
    )
    weight_map = {}
    for number, tensors in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        write_shard(folder / name, tensors, generator)
        weight_map |= {tensor: name for tensor, _ in tensors}
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1))


def write_configuration(folder, options):
    configuration = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": options.hidden, "intermediate_size": options.intermediate,
        "num_hidden_layers": options.layers, "num_attention_heads": options.heads,
        "num_key_value_heads": options.key_heads, "vocab_size": options.vocabulary,
        "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(configuration, indent=1))


def byte_tokenizer():
    """A byte-level BPE with a token for each byte, and for each answer of the task."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    alphabet = {byte: chr(byte) for byte in plain}
    alphabet |= {byte: chr(256 + place) for place, byte in enumerate(others)}
    vocabulary = {alphabet[byte]: 3 + byte for byte in range(256)}
    space = alphabet[ord(" ")]
    vocabulary |= {space + "A": 259, space + "B": 260}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {
                "id": number, "content": content, "single_word": False, "lstrip": False,
                "rstrip": False, "normalized": False, "special": True,
            }
            for number, content in enumerate(["<unk>", "<s>", "</s>"])
        ],
        "normalizer": None,
        "pre_tokenizer": level | {"use_regex": True},
        "post_processor": None,
        "decoder": level | {"use_regex": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "vocab": {"<unk>": 0, "<s>": 1, "</s>": 2} | vocabulary,
            "merges": [f"{space} A", f"{space} B"],
        },
    }  # fmt: skip


def write_task(folder, options):
    generator = random.Random(options.seed)
    folder.mkdir(exist_ok=True)
    for part, count in [("train", 64), ("validation", 4), ("test", 4)]:
        with open(folder / f"{part}.jsonl", "w", encoding="utf-8") as file:
            for number in range(count):
                # The first letter differs, so that prompts have no beginning in common.
                start = "abcdefghijklmnopqrstuvwxyz"[number % 26]
                rest = "".join(generator.choices("abcdefgh ", k=max(1, options.tokens - 1)))
                line = {"id": f"{part}-{number}", "prompt": start + rest, "choices": ["A", "B"]}
                file.write(json.dumps(line | {"label": generator.randrange(2)}) + "\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    for name, value in [
        ("layers", 32), ("hidden", 4096), ("intermediate", 11008), ("heads", 32),
        ("key-heads", 32), ("vocabulary", 32000), ("tokens", 60), ("seed", 1),
    ]:  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=value, help=f"(default: {value})")
    parser.add_argument("--tokenizer", type=Path, help="a folder with a tokenizer.json")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.tokenizer:
        shutil.copy(options.tokenizer / "tokenizer.json", options.folder)
    else:
        (options.folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer(), indent=1))
    write_configuration(options.folder, options)
    write_task(options.folder / "task", options)
    write_weights(options.folder, options)


if __name__ == "__main__":
    main()
