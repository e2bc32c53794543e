# torch==2.13.0 transformers==5.23.0
"""Prints the memory of a training step, as `varlora estimate` has it, for a model of every family.

    estimate_families.py VARLORA GGUF TASK

The models are shapes of released ones: their config.json, and files whose headers are whole and
whose weights are holes in a sparse file. GGUF is SmolLM2's, whose tokenizer all of them get.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

# name: (model type, sizes in the order of SIZES, other settings)
SIZES = (
    "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "vocab_size",
)  # fmt: skip
TIED, UNTIED = dict(tie_word_embeddings=True), dict(tie_word_embeddings=False)
LINEAR = dict(linear_num_key_heads=16, linear_num_value_heads=16)
MODELS = {
    "Gemma 2 2B": ("gemma2", (2304, 9216, 26, 8, 4, 256, 256000), TIED),
    "Gemma 3 1B": ("gemma3_text", (1152, 6912, 26, 4, 1, 256, 262144), TIED),
    "Granite 3.3 2B": ("granite", (2048, 8192, 40, 32, 8, 64, 49159), TIED),
    "Llama 3.2 1B": ("llama", (2048, 8192, 16, 32, 8, 64, 128256), TIED),
    "Llama 2 7B": ("llama", (4096, 11008, 32, 32, 32, 128, 32000), UNTIED),
    "Mistral 7B": ("mistral", (4096, 14336, 32, 32, 8, 128, 32768), UNTIED),
    "Ministral 3 3B": ("ministral3", (3072, 9216, 26, 32, 8, 128, 131072), TIED),
    "OLMo 2 1B": ("olmo2", (2048, 8192, 16, 16, 16, 128, 100352), UNTIED),
    "OLMo 3 7B": ("olmo3", (4096, 11008, 32, 32, 32, 128, 100278), UNTIED),
    "Phi-4-mini": ("phi3", (3072, 8192, 32, 24, 8, 128, 200064), TIED),
    "Qwen2.5 0.5B": ("qwen2", (896, 4864, 24, 14, 2, 64, 151936), TIED),
    "Qwen3 0.6B": ("qwen3", (1024, 3072, 28, 16, 8, 128, 151936), TIED),
    "Qwen3.5 0.8B": ("qwen3_5_text", (1024, 3584, 24, 8, 2, 256, 248320), TIED | LINEAR),
    "SmolLM2 135M": ("llama", (576, 1536, 30, 9, 3, 64, 49152), TIED),
    "SmolLM3 3B": ("smollm3", (2048, 11008, 36, 16, 4, 128, 128256), TIED),
}  # fmt: skip


def write_shape(folder, kind, sizes, others):
    """config.json, and a checkpoint of so many bytes without weights; the number of parameters."""
    config = AutoConfig.for_model(
        kind, **dict(zip(SIZES, sizes)), **others, pad_token_id=0, bos_token_id=1, eos_token_id=2
    )
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    config.save_pretrained(folder)
    header, offset = {}, 0
    shared = {"lm_head.weight"} if others["tie_word_embeddings"] else set()
    for name, tensor in model.state_dict().items():
        if name in shared:
            continue
        end = offset + 2 * tensor.numel()
        header[name] = dict(dtype="BF16", shape=list(tensor.shape), data_offsets=[offset, end])
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + offset)
    return offset // 2


def estimate(varlora, folder, task, kind, base):
    command = [
        varlora, "estimate", "--model", folder, "--task", task, "--json", "--batch-size", "8",
        "--base-precision", base, "--compute", "bfloat16",
        "--target-modules", "qkv_proj" if kind == "phi3" else "q_proj,v_proj",
    ]  # fmt: skip
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output)["memory"]["total"]


def main(varlora, gguf, task):
    gguf = pathlib.Path(gguf).resolve()
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    print("| shape of | `model_type` | parameters | 16 bits | 8 bits |")
    print("| --- | --- | ---: | ---: | ---: |")
    for name, (kind, sizes, others) in MODELS.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            tokenizer.save_pretrained(folder)
            count = write_shape(folder, kind, sizes, others)
            bytes_of = [
                estimate(varlora, folder, task, kind, base) / 1e9 for base in ("bfloat16", "int8")
            ]
        memory = " | ".join(f"{gigabytes:.1f} GB" for gigabytes in bytes_of)
        print(f"| {name} | `{kind}` | {count / 1e9:.2f} B | {memory} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
