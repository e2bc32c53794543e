# torch==2.13.0 transformers==5.23.0 peft==0.21.2 gguf==0.19.0 tokenizers==0.23.3 ivon-opt==0.1.3
"""Writes Golden/Models: tiny random checkpoints, LoRA adapters and a GGUF file, with their logits.

Logits come from transformers in float32 (eager attention) and, for Llama and its next of kin,
are checked against `plain_llama`, an independent float64 forward pass that reads the files only.
"""

import json
import shutil
import sys

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText

import common
import plain_llama
from make_adapters import FUSED, LINEAR_ATTENTION, make_adapters
from make_gguf import make_gguf

FOLDER = common.GOLDEN / "Models"
PREFIX = [1, 17, 42, 3]
SEQUENCES = [
    PREFIX + [8, 30, 11],
    PREFIX + [55, 2, 61, 7, 19, 44, 23],
    PREFIX + [29, 29, 6, 50, 13, 37, 58, 4, 21, 33, 9, 48],
]
LLAMA3_ROPE = {
    "rope_theta": 500000.0,
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    # With head_dim 16 the eight waves cover all three cases: kept, interpolated, slowed.
    "original_max_position_embeddings": 48,
}
BASE = dict(
    vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=64, rms_norm_eps=1e-5,
    tie_word_embeddings=False, bos_token_id=1, eos_token_id=2,
)  # fmt: skip


# Mistral 7B v0.1 has a sliding window longer than any test sequence; later ones have none.
GROUPED = dict(num_key_value_heads=2)
LLAMA3 = GROUPED | dict(vocab_size=96, hidden_size=64, tie_word_embeddings=True)
SMOLLM2 = dict(
    vocab_size=96, hidden_size=48, intermediate_size=80, num_attention_heads=6,
    num_key_value_heads=2, tie_word_embeddings=True,
)  # fmt: skip
NOPE = GROUPED | dict(tie_word_embeddings=True, no_rope_layers=[1, 0], pad_token_id=0)
MULTIPLIERS = GROUPED | dict(
    embedding_multiplier=3.0, attention_multiplier=0.2, residual_multiplier=0.4, logits_scaling=0.5
)
BIASES = GROUPED | dict(attention_bias=True, mlp_bias=True)

GEMMA = GROUPED | dict(head_dim=12, sliding_window=5, query_pre_attn_scalar=20, pad_token_id=0)
GEMMA2 = GEMMA | dict(attn_logit_softcapping=3.0, final_logit_softcapping=8.0)
LOCAL = ["sliding_attention", "full_attention"]
YARN = dict(
    rope_type="yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=4.0, beta_slow=1.0
)
MINISTRAL_YARN = YARN | dict(
    original_max_position_embeddings=32, mscale=1.0, mscale_all_dim=0.8, llama_4_scaling_beta=0.1
)
OLMO3_ROPE = {
    "full_attention": YARN | {"rope_theta": 500000.0, "attention_factor": 1.2},
    "sliding_attention": {"rope_type": "default", "rope_theta": 500000.0},
}
GEMMA3_ROPE = {
    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
}
LONGROPE = dict(
    rope_type="longrope", short_factor=[1.0, 1.1, 1.5], long_factor=[1.0, 3.0, 9.0],
    partial_rotary_factor=0.75,
)  # fmt: skip
PHI = GROUPED | dict(pad_token_id=0)
PHI4 = PHI | dict(original_max_position_embeddings=32, tie_word_embeddings=True)

# Of three blocks the second has attention, the others a gated delta rule in chunks of 64 tokens.
DELTA = GROUPED | dict(
    head_dim=16, num_hidden_layers=3, max_position_embeddings=256, linear_num_key_heads=2,
    linear_num_value_heads=4, linear_key_head_dim=8, linear_value_head_dim=12, pad_token_id=0,
    layer_types=["linear_attention", "full_attention", "linear_attention"],
)  # fmt: skip

# A Gemma 3 inside of a model for images and text.
VISION = dict(
    hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, image_size=14,
    patch_size=14,
)  # fmt: skip
WRAPPER = dict(
    text_config=BASE | GEMMA | {"layer_types": LOCAL}, vision_config=VISION, image_token_index=63,
    boi_token_index=61, eoi_token_index=62, mm_tokens_per_image=1,
)  # fmt: skip
QWEN_VISION = dict(
    hidden_size=8, intermediate_size=8, depth=1, num_heads=1, patch_size=2, spatial_merge_size=1,
    temporal_patch_size=1, out_hidden_size=32, num_position_embeddings=4,
)  # fmt: skip
QWEN_WRAPPER = dict(
    text_config=BASE | DELTA | dict(
        layer_types=["linear_attention", "full_attention"], num_hidden_layers=2, head_dim=12,
        linear_key_head_dim=12,
        rope_parameters=dict(
            rope_type="default", rope_theta=1e7, partial_rotary_factor=0.5, mrope_section=[1, 1, 1],
            mrope_interleaved=True,
        ),
    ),
    vision_config=QWEN_VISION, image_token_id=63, video_token_id=62, vision_start_token_id=61,
    vision_end_token_id=60, tie_word_embeddings=True,
)  # fmt: skip
WRAPPED = ("gemma3-images", "qwen3_5-images")

# name: (family, settings, rope settings, stored type, spelling of config.json, seed)
# Seeds of models whose adapters are compared in 16 bits are such that PyTorch's own gradients in
# bfloat16 have a cosine of 0.99 with those in float32, which not all of these tiny ones have.
# Spelling "new" is transformers 5 (rope_parameters, dtype); "rope_type" and "type" are older.
MODELS = {
    "llama2": ("llama", {}, {}, torch.float32, "rope_type", 1),
    "llama3": ("llama", LLAMA3, LLAMA3_ROPE, torch.bfloat16, "rope_type", 2),
    "smollm2": ("llama", SMOLLM2, {"rope_theta": 100000.0}, torch.float32, "new", 3),
    "mistral": ("mistral", GROUPED | {"sliding_window": None}, {}, torch.float16, "rope_type", 4),
    "mistral-short-window": (
        "mistral", GROUPED | {"sliding_window": 5}, {}, torch.float32, "rope_type", 70
    ),
    "mistral-window": ("mistral", GROUPED | {"sliding_window": 4096}, {}, torch.float16, "new", 4),
    "llama-bias": ("llama", BIASES, {}, torch.bfloat16, "new", 5),
    "llama-head-dim": ("llama", GROUPED | {"head_dim": 12}, {}, torch.float32, "new", 6),
    "llama-linear": (
        "llama", GROUPED, {"rope_type": "linear", "factor": 2.0}, torch.float32, "type", 7
    ),
    "qwen2": ("qwen2", GROUPED, {"rope_theta": 1000000.0}, torch.bfloat16, "rope_type", 9),
    "qwen3": ("qwen3", GROUPED | {"head_dim": 12}, {}, torch.bfloat16, "new", 12),
    "smollm3": ("smollm3", NOPE, {"rope_theta": 50000.0}, torch.float32, "rope_type", 13),
    "granite": ("granite", MULTIPLIERS, {}, torch.float16, "rope_type", 14),
    "qwen2-window": (
        "qwen2", GROUPED | dict(use_sliding_window=True, sliding_window=4, max_window_layers=1),
        {}, torch.float32, "new", 19,
    ),
    "ministral3": (
        "ministral3", GROUPED | {"head_dim": 12}, MINISTRAL_YARN, torch.bfloat16, "new", 55
    ),
    "olmo2": ("olmo2", GROUPED | dict(pad_token_id=0), {}, torch.bfloat16, "rope_type", 21),
    "olmo3": (
        "olmo3", GROUPED | dict(pad_token_id=0, sliding_window=5, layer_types=LOCAL), OLMO3_ROPE,
        torch.float32, "new", 22,
    ),
    "phi3": ("phi3", PHI | {"sliding_window": 6}, {}, torch.bfloat16, "rope_type", 23),
    "phi4-mini": ("phi3", PHI4, LONGROPE, torch.float32, "new", 53),
    "gemma2": ("gemma2", GEMMA2, {}, torch.bfloat16, "new", 25),
    "gemma3": (
        "gemma3_text", GEMMA | {"layer_types": LOCAL}, GEMMA3_ROPE, torch.float32, "new", 26
    ),
    "gemma3-images": ("gemma3", WRAPPER, {}, torch.float32, "new", 31),
    "qwen3_5": ("qwen3_5_text", DELTA, {}, torch.bfloat16, "new", 68),
    "qwen3_5-images": ("qwen3_5", QWEN_WRAPPER, {}, torch.float32, "new", 64),
    "qwen2-tied": ("qwen2", GROUPED | {"tie_word_embeddings": True}, {}, torch.float32, "new", 10),
}  # fmt: skip
# What `plain_llama` does not know: windows, other scalings of positions, other blocks.
UNCHECKED = {
    "mistral-short-window", "qwen2-window", "ministral3", "olmo2", "olmo3", "phi3", "phi4-mini",
    "gemma2", "gemma3", "qwen3_5", *WRAPPED,
}  # fmt: skip
SHARDED = {"mistral-window": "12KB"}
ADAPTED = [
    "llama2", "smollm2", "qwen2", "qwen3", "smollm3", "granite", "ministral3", "olmo2", "olmo3",
    "phi4-mini", "gemma2", "gemma3", "qwen3_5", "mistral-short-window", "phi3",
]  # fmt: skip
# folder: (architecture, seed)
GGUFS = {
    "gguf": ("llama", 8), "gguf-qwen2": ("qwen2", 11), "gguf-qwen3": ("qwen3", 15),
    "gguf-smollm3": ("smollm3", 16), "gguf-granite": ("granite", 17), "gguf-olmo2": ("olmo2", 27),
    "gguf-phi3": ("phi3", 28), "gguf-gemma2": ("gemma2", 29), "gguf-gemma3": ("gemma3", 30),
    "gguf-phi4-mini": ("phi3", 57, "longrope"), "gguf-ministral3": ("mistral3", 58, "ministral"),
    "gguf-qwen3-yarn": ("qwen3", 59, "yarn"), "gguf-qwen3_5": ("qwen35", 62),
}  # fmt: skip


def sequences(name):
    """Those of a model: longer than two chunks where it has chunks."""
    if not name.startswith("qwen3_5"):
        return SEQUENCES
    generator = torch.Generator().manual_seed(1)
    return [
        tokens + torch.randint(1, 60, (length,), generator=generator).tolist()
        for tokens, length in zip(SEQUENCES, (0, 65, 140))
    ]


def build(family, settings, rope, seed):
    """A model with random weights, wide enough that logits are far from zero and from uniform."""
    if family in ("gemma3", "qwen3_5"):
        config = AutoConfig.for_model(family, **settings)
        model = AutoModelForImageTextToText.from_config(config)
    else:
        if "full_attention" not in rope:
            rope = {"rope_type": "default", "rope_theta": 10000.0} | rope
        config = AutoConfig.for_model(family, **(BASE | settings), rope_parameters=rope)
        model = AutoModelForCausalLM.from_config(config)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        # Stored factors of these are what comes to 1, but for those of the delta rule's results.
        is_offset = family.startswith(("gemma", "qwen3_5")) and "linear_attn" not in name
        center = 0 if is_offset else 1
        # A recurrence amplifies roundings more than attention does.
        scale = 0.2 if "norm" in name or family.startswith("qwen3_5") else 0.3
        parameter.data = (center if "norm" in name else 0) + scale * noise
    return model


def respell(folder, spelling):
    """Rewrites config.json as files of transformers 4 have it; keeps the new spelling beside it."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    common.write_json(folder / "config.transformers5.json", config, indent=2)
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    kind = rope.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {spelling: kind} | rope
    config["torch_dtype"] = config.pop("dtype")
    if config.get("head_dim") == config["hidden_size"] // config["num_attention_heads"]:
        del config["head_dim"]
    if config.get("use_sliding_window") is False:
        config["sliding_window"] = 4  # files of transformers 4 name a window that is not used
    common.write_json(path, config, indent=2)


def load(folder):
    kind = AutoModelForImageTextToText if folder.name in WRAPPED else AutoModelForCausalLM
    return kind.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()


@torch.no_grad()
def write_logits(folder, model):
    """golden.json (token sequences) and golden.safetensors (their logits, float32)."""
    config, tensors = plain_llama.read_folder(folder)
    results, difference = {}, 0.0
    for index, tokens in enumerate(sequences(folder.name)):
        logits = model(torch.tensor([tokens])).logits[0]  # [length, vocabulary]
        if folder.name not in UNCHECKED:
            exact = plain_llama.logits(config, tensors, tokens)
            difference = max(difference, np.abs(logits.numpy() - exact).max())
        results[f"logits.{index}"] = logits.contiguous()
    assert difference < 1e-4, difference
    save_file(results, folder / "golden.safetensors")
    common.write_json(folder / "golden.json", {"sequences": sequences(folder.name)})
    largest = max(value.abs().max().item() for value in results.values())
    print(f"{folder.name}: float32 - float64 {difference:.1e}, largest logit {largest:.2f}")


def make_model(name):
    family, settings, rope, dtype, spelling, seed = MODELS[name]
    folder = FOLDER / name
    model = build(family, settings, rope, seed).to(dtype)
    model.save_pretrained(folder, max_shard_size=SHARDED.get(name, "1GB"))
    (folder / "generation_config.json").unlink()
    if name == "qwen3_5-images":
        # Released files have a part that guesses several tokens at once.
        file = folder / "model.safetensors"
        save_file(load_file(file) | {"mtp.fc.weight": torch.ones(32, 64)}, file, {"format": "pt"})
    if spelling != "new":
        respell(folder, spelling)
    write_logits(folder, load(folder))


def main(names):
    """Makes the folders of the given names, or all."""
    common.deterministic()
    for name in names or [*MODELS, *GGUFS]:
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        if name in GGUFS:
            make_gguf(FOLDER / name, SEQUENCES, *GGUFS[name])
            continue
        make_model(name)
        if name in ADAPTED:
            make_adapters(
                FOLDER / name, SEQUENCES, FUSED if name.startswith("phi") else {},
                LINEAR_ATTENTION if name.startswith("qwen3_5") else [],
            )


if __name__ == "__main__":
    main(sys.argv[1:])
