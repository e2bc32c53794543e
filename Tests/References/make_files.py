"""Writes Golden/Files: tensor files made and read by the reference libraries.

    python -m pip install gguf==0.19.0 numpy==2.4.6 safetensors==0.8.0 torch==2.13.0
    python make_files.py          # write
    python make_files.py --check  # make the files again and compare them with those on disk
"""

import argparse
import filecmp
import importlib.metadata
import json
import pathlib
import sys
import tempfile

import gguf
import numpy
import safetensors
import safetensors.torch
import torch

PINS = {"gguf": "0.19.0", "numpy": "2.4.6", "safetensors": "0.8.0", "torch": "2.13.0"}
FOLDER = pathlib.Path(__file__).parent / "Golden" / "Files"
ALL_TYPES = {
    "float32": torch.tensor([[0.5, -1.25, 3.0e38], [-0.0, 1.0e-45, float("inf")]]),
    "float16": torch.tensor([1.5, -65504.0, 6.0e-8], dtype=torch.float16),
    "bfloat16": torch.tensor([[[3.140625]], [[-1.0e30]]], dtype=torch.bfloat16),
    "float64": torch.tensor([0.1, -1.0e300], dtype=torch.float64),
    "float8_e4m3": torch.tensor([1.5, -448.0]).to(torch.float8_e4m3fn),
    "float8_e5m2": torch.tensor([1.5, -57344.0]).to(torch.float8_e5m2),
    "int16": torch.tensor([-(2**15), 2**15 - 1], dtype=torch.int16),
    "uint16": torch.tensor([2**16 - 1], dtype=torch.uint16),
    "uint32": torch.tensor([2**32 - 1], dtype=torch.uint32),
    "uint64": torch.tensor([2**63], dtype=torch.uint64),
    "int8": torch.tensor([-128, 0, 127], dtype=torch.int8),
    "uint8": torch.tensor([[0, 255]], dtype=torch.uint8),
    "int32": torch.tensor([-(2**31), 2**31 - 1], dtype=torch.int32),
    "int64": torch.tensor([-(2**63), 2**63 - 1], dtype=torch.int64),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(0.1),
    "empty": torch.zeros(0, 3),
    'q"uote\\ \n\u00fc\U0001f600': torch.tensor([7], dtype=torch.uint8),
}
# What gguf-py cannot make from numbers: random codes, with these byte offsets of half scales.
HALF_SCALES = {"Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
QUANTIZED = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]
ROWS, COLUMNS = 3, 512


def write_safetensors(folder):
    """A file of every element type, and its content as JSON read through the library."""
    path = folder / "all-types.safetensors"
    safetensors.torch.save_file(ALL_TYPES, path, metadata={"format": "pt \u00fc\n\"\\/\u0001"})
    expected = {}
    with safetensors.safe_open(path, "pt") as file:
        for name in file.keys():
            tensor = file.get_tensor(name)
            expected[name] = {
                "dtype": file.get_slice(name).get_dtype(),
                "shape": list(tensor.shape),
                "hexadecimal": tensor.reshape(-1).view(torch.uint8).numpy().tobytes().hex(),
            }
    (folder / "all-types.json").write_text(json.dumps(expected, indent=1) + "\n")


def write_shards(folder):
    """A folder of two shards with an index."""
    folder.mkdir()
    weight_map = {}
    shards = [["model.embed.weight", "model.norm.weight"], ["head.weight"]]
    for index, names in enumerate(shards, 1):
        shard = f"model-{index:05}-of-00002.safetensors"
        tensors = {
            name: torch.full((index, 2), 10.0 * index + number) for number, name in enumerate(names)
        }
        safetensors.torch.save_file(tensors, folder / shard, metadata={"format": "pt"})
        weight_map |= {name: shard for name in names}
    index = {"metadata": {"total_size": 32}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def block_bytes(name, random):
    """ROWS x COLUMNS weights of one format, as bytes."""
    kind = gguf.GGMLQuantizationType[name]
    weights, size = gguf.GGML_QUANT_SIZES[kind]
    if name in QUANTIZED:
        values = random.standard_normal((ROWS, COLUMNS)).astype(numpy.float32)
        return gguf.quants.quantize(values, kind).view(numpy.uint8).reshape(ROWS, -1)
    blocks = random.integers(0, 256, (ROWS * COLUMNS // weights, size), dtype=numpy.uint8)
    for offset in HALF_SCALES[name]:
        scales = random.standard_normal(len(blocks)).astype(numpy.float16)
        blocks[:, offset : offset + 2] = scales.view(numpy.uint8).reshape(-1, 2)
    return blocks.reshape(ROWS, -1)


def write_blocks(folder):
    """A GGUF file of every block format, and its weights as gguf-py decodes them."""
    random = numpy.random.default_rng(20)
    writer = gguf.GGUFWriter(folder / "blocks.gguf", "test")
    expected = {}
    for name in QUANTIZED + list(HALF_SCALES):
        data = block_bytes(name, random)
        kind = gguf.GGMLQuantizationType[name]
        writer.add_tensor(name, data, raw_dtype=kind)
        expected[name] = gguf.quants.dequantize(data, kind).reshape(ROWS, COLUMNS)
    unsupported = numpy.zeros((1, 66), dtype=numpy.uint8)
    writer.add_tensor("IQ2_XXS", unsupported, raw_dtype=gguf.GGMLQuantizationType.IQ2_XXS)
    finish(writer)
    tensors = {name: torch.from_numpy(values) for name, values in expected.items()}
    safetensors.torch.save_file(tensors, folder / "blocks.safetensors")


def write_metadata(path, endianess=gguf.GGUFEndian.LITTLE):
    """A GGUF file with metadata of every type, alignment 64 and two small tensors."""
    writer = gguf.GGUFWriter(path, "llama", endianess=endianess)
    writer.add_custom_alignment(64)
    writer.add_uint8("a.uint8", 255)
    writer.add_int8("a.int8", -128)
    writer.add_uint16("a.uint16", 65535)
    writer.add_int16("a.int16", -32768)
    writer.add_uint32("a.uint32", 2**32 - 1)
    writer.add_int32("a.int32", -(2**31))
    writer.add_float32("a.float32", 0.1)
    writer.add_bool("a.bool", True)
    writer.add_string("a.string", "h\u00e9llo\n\U0001f600")
    writer.add_uint64("a.uint64", 2**64 - 1)
    writer.add_int64("a.int64", -(2**63))
    writer.add_float64("a.float64", 0.1)
    writer.add_array("b.strings", ["a", "", "\u00df"])
    writer.add_array("b.integers", [3, -4])
    writer.add_array("b.doubles", [0.5, -2.0])
    writer.add_array("b.booleans", [True, False])
    writer.add_array("b.nested", [[1, 2], [3]])
    writer.add_array("b.bytes", b"\x00\xff")
    writer.add_tensor("one", numpy.arange(6, dtype=numpy.float32).reshape(2, 3))
    writer.add_tensor("two", numpy.arange(24, dtype=numpy.float16).reshape(2, 3, 4))
    finish(writer)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_all(folder):
    write_safetensors(folder)
    write_shards(folder / "sharded")
    write_blocks(folder)
    write_metadata(folder / "metadata-v3.gguf")
    write_metadata(folder / "metadata-big-endian.gguf", gguf.GGUFEndian.BIG)
    # Version 2 has the same layout; gguf-py writes the current version only.
    content = bytearray((folder / "metadata-v3.gguf").read_bytes())
    content[4:8] = (2).to_bytes(4, "little")
    (folder / "metadata-v2.gguf").write_bytes(content)


def check():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write_all(folder)
        made = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        kept = {path.relative_to(FOLDER) for path in FOLDER.rglob("*") if path.is_file()}
        different = made ^ kept | {
            path for path in made & kept
            if not filecmp.cmp(folder / path, FOLDER / path, shallow=False)
        }
    sys.exit(f"differ: {sorted(map(str, different))}" if different else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    for package, version in PINS.items():
        found = importlib.metadata.version(package).split("+")[0]
        if found != version:
            sys.exit(f"{package} {version} is needed, found {found}")
    if arguments.check:
        check()
    else:
        FOLDER.mkdir(parents=True)
        write_all(FOLDER)


if __name__ == "__main__":
    main()
