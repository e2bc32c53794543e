"""The second half of make_configurations.py's table: changes to tensors, their names and files."""

import json

from safetensors import safe_open

import common
from configuration_variants import ABSENT, VARIANTS, add, cast, copy, move, remove, rename, variant

# Heads and embeddings.
HEAD = "lm_head.weight"
EMBEDDING = "model.embed_tokens.weight"
variant("tied, head absent", config={"tie_word_embeddings": True}, tensors=[remove(HEAD)])
variant("tied, other head stored", config={"tie_word_embeddings": True})
variant(
    "tied, the same head stored",
    config={"tie_word_embeddings": True},
    tensors=[copy(EMBEDDING, HEAD)],
)
variant(
    "tied, only the head stored", config={"tie_word_embeddings": True}, tensors=[remove(EMBEDDING)]
)
variant(
    "tied, head of another shape",
    config={"tie_word_embeddings": True},
    tensors=[add(HEAD, [60, 32])],
)
variant("not tied, head absent", tensors=[remove(HEAD)])
variant("tie absent, head absent", config={"tie_word_embeddings": ABSENT}, tensors=[remove(HEAD)])
variant("not tied, embedding absent", tensors=[remove(EMBEDDING)])
variant("qwen2-tied, other head stored", "qwen2-tied", tensors=[copy(EMBEDDING, HEAD, 0.5)])
variant("head bias", tensors=[add("lm_head.bias", [64])])
variant("vocabulary larger than the table", config={"vocab_size": 70})
variant("vocabulary smaller than the table", config={"vocab_size": 60})

# Names.
variant("names without model.", tensors=[rename("model.", "")])
variant(
    "names without model., no head, tied",
    config={"tie_word_embeddings": True},
    tensors=[rename("model.", ""), remove(HEAD)],
)
variant("some names without model.", tensors=[rename("model.layers.1.", "layers.1.")])
variant("only the norm without model.", tensors=[rename("model.norm", "norm")])
variant("names with language_model.", tensors=[rename("", "language_model.")])
variant("names with language_model.model only", tensors=[rename("model.", "language_model.model.")])
variant("names with model.language_model.", tensors=[rename("model.", "model.language_model.")])
variant("names with model.model.", tensors=[rename("model.", "model.model.")])
variant("names with module.", tensors=[rename("", "module.")])
variant("names with _orig_mod.", tensors=[rename("", "_orig_mod.")])
variant("head as model.lm_head", tensors=[rename("lm_head.", "model.lm_head.")])
variant("qwen2 names without model.", "qwen2", tensors=[rename("model.", "")])
variant("qwen2 names with language_model.", "qwen2", tensors=[rename("", "language_model.")])
variant("mistral names with language_model.", "mistral", tensors=[rename("", "language_model.")])
variant(
    "norm stored under both names, other values",
    tensors=[copy("model.norm.weight", "norm.weight", 2.0)],
)
variant(
    "norm stored under both names, same values", tensors=[copy("model.norm.weight", "norm.weight")]
)
variant(
    "a layer stored under both names",
    tensors=[copy("model.layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.weight", 2.0)],
)
variant(
    "norm also with language_model.",
    tensors=[copy("model.norm.weight", "language_model.model.norm.weight", 2.0)],
)
variant("gamma for weight", tensors=[rename("model.norm.weight", "model.norm.gamma")])

# Surplus and missing tensors, left-over buffers.
A = "model.layers.0.self_attn."
for name, shape, kind in [
    (A + "rotary_emb.inv_freq", [4], "F32"),
    ("model.rotary_emb.inv_freq", [4], "F32"),
    (A + "masked_bias", [], "F32"),
    (A + "bias", [1, 1, 8, 8], "BOOL"),
    (A + "attn.masked_bias", [], "F32"),
    (A + "rotary_emb.cos_cached", [8, 4], "F32"),
    ("model.position_ids", [1, 8], "I64"),
    ("model.layers.2.input_layernorm.weight", [32], "F32"),
    ("model.extra.weight", [3], "F32"),
    ("score.weight", [2, 32], "F32"),
    (A + "q_proj.bias", [32], "F32"),
    ("vision_tower.x.weight", [4], "F32"),
]:
    variant(f"also {name}", tensors=[add(name, shape, kind)])
variant("qwen2 also inv_freq", "qwen2", tensors=[add(A + "rotary_emb.inv_freq", [4])])
variant("a missing norm", tensors=[remove("model.norm.weight")])
variant("a missing projection", tensors=[remove(A + "v_proj")])
variant("one layer too few", config={"num_hidden_layers": 3})
variant("one layer too many", config={"num_hidden_layers": 1})
variant("no layers", config={"num_hidden_layers": 0})
variant("attention_bias without tensors", config={"attention_bias": True})
variant("mlp_bias without tensors", config={"mlp_bias": True})
variant("a norm as a matrix", tensors=[add("model.norm.weight", [1, 32])])
variant("a transposed projection", tensors=[add("model.layers.0.mlp.up_proj.weight", [32, 48])])
variant("a loading LoRA", tensors=[add("model.layers.0.self_attn.q_proj.lora_A.weight", [2, 32])])
variant(
    "PEFT base_layer names",
    tensors=[
        rename(
            "model.layers.0.self_attn.q_proj.weight",
            "model.layers.0.self_attn.q_proj.base_layer.weight",
        )
    ],
)

# Element types.
variant("F64", tensors=[cast("")])
variant("F64 norms", tensors=[cast("model.norm"), cast("model.layers.0.input")])
variant("a surplus of I32", tensors=[add("model.extra", [3], "I32")])
variant("a norm in I32", tensors=[add("model.norm.weight", [32], "I32")])
variant("a norm in F8", tensors=[add("model.norm.weight", [32], "F8_E4M3")])

# Index files.
SHARDS = [
    move("model.layers.0.", "model-00001-of-00002.safetensors"),
    move("", "model-00002-of-00002.safetensors"),
]
FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
with safe_open(common.GOLDEN / "Models" / "llama2" / "model.safetensors", "pt") as file:
    MAP = {n: FIRST if n.startswith("model.layers.0.") else SECOND for n in file.keys()}
variant(
    "two shards",
    tensors=SHARDS,
    index=json.dumps({"metadata": {"total_size": 1}, "weight_map": MAP}),
)
variant("two shards, no metadata", tensors=SHARDS, index=json.dumps({"weight_map": MAP}))
variant("two shards, no index", tensors=SHARDS)
variant("index without weight_map", tensors=SHARDS, index=json.dumps({"metadata": {}}))
variant("index empty map", tensors=SHARDS, index=json.dumps({"metadata": {}, "weight_map": {}}))
variant(
    "index names an absent tensor",
    tensors=SHARDS,
    index=json.dumps({"metadata": {}, "weight_map": MAP | {"model.extra": SECOND}}),
)
variant(
    "index names an absent tensor that is needed",
    tensors=SHARDS + [],
    index=json.dumps({"metadata": {}, "weight_map": MAP | {"model.norm.weight": FIRST}}),
)
variant(
    "index leaves out a needed tensor",
    tensors=SHARDS,
    index=json.dumps(
        {"metadata": {}, "weight_map": {k: v for k, v in MAP.items() if "norm" not in k}}
    ),
)
variant(
    "index leaves out a surplus tensor",
    tensors=[add("model.layers.0.extra", [3])] + SHARDS,
    index=json.dumps({"metadata": {}, "weight_map": MAP}),
)
variant(
    "missing shard",
    tensors=SHARDS[:1] + [remove("")],
    index=json.dumps({"metadata": {}, "weight_map": MAP}),
)
variant("index beside one file", tensors=[], index=json.dumps({"metadata": {}, "weight_map": MAP}))
variant(
    "index of one whole file of another name",
    tensors=[move("", "weights.safetensors")],
    index=json.dumps({"metadata": {}, "weight_map": dict.fromkeys(MAP, "weights.safetensors")}),
)
variant(
    "index with a shard out of the folder",
    tensors=SHARDS,
    index=json.dumps(
        {"metadata": {}, "weight_map": MAP | {"model.norm.weight": "../x.safetensors"}}
    ),
)
TWICE = [
    copy("model.norm.weight", "x", 2.0),
    move("model.norm.", FIRST),
    rename("x", "model.norm.weight"),
]
variant(
    "a tensor in two shards, the first named",
    tensors=TWICE + SHARDS,
    index=json.dumps({"metadata": {}, "weight_map": MAP | {"model.norm.weight": FIRST}}),
)
variant(
    "a tensor in two shards, the second named",
    tensors=TWICE + SHARDS,
    index=json.dumps({"metadata": {}, "weight_map": MAP}),
)
variant(
    "a surplus tensor in two shards",
    tensors=[add("x", [3]), move("x", FIRST), add("x", [3])] + SHARDS,
    index=json.dumps({"metadata": {}, "weight_map": MAP}),
)

# Quantised.
variant("mlx config", config={"quantization": {"group_size": 64, "bits": 4}})
variant(
    "mlx tensors",
    tensors=[
        add("model.layers.0.self_attn.q_proj.weight", [32, 4], "U32"),
        add("model.layers.0.self_attn.q_proj.scales", [32, 1], "F16"),
        add("model.layers.0.self_attn.q_proj.biases", [32, 1], "F16"),
    ],
)
for method, extra in [
    ("bitsandbytes", {"load_in_4bit": True}),
    ("bitsandbytes", {"load_in_8bit": True}),
    ("gptq", {"bits": 4, "group_size": 128}),
    ("awq", {"bits": 4}),
    ("compressed-tensors", {"format": "pack-quantized"}),
    ("fp8", {"weight_block_size": [128, 128]}),
    ("mxfp4", {}),
]:
    variant(
        f"quantization_config {method} {'/'.join(extra)}",
        config={"quantization_config": {"quant_method": method} | extra},
    )
variant("quantization_config null", config={"quantization_config": None})
variant(
    "quantization_config without a method", config={"quantization_config": {"load_in_8bit": True}}
)
variant("quantization_config empty", config={"quantization_config": {}})
variant("compression_config", config={"compression_config": {"quant_method": "compressed-tensors"}})
Q = "model.layers.0.self_attn.q_proj."
variant(
    "gptq tensors",
    tensors=[remove(Q)]
    + [add(Q + n, [4, 32], "I32") for n in ["qweight", "qzeros"]]
    + [add(Q + "scales", [1, 32], "F16"), add(Q + "g_idx", [32], "I32")],
)
variant(
    "awq tensors",
    tensors=[remove(Q)]
    + [add(Q + n, [32, 4], "I32") for n in ["qweight", "qzeros"]]
    + [add(Q + "scales", [1, 32], "F16")],
)
variant(
    "bitsandbytes 4 bit tensors",
    tensors=[
        add(Q + "weight", [512, 1], "U8"),
        add(Q + "weight.absmax", [16]),
        add(Q + "weight.quant_state.bitsandbytes__nf4", [8], "U8"),
    ],
)
variant(
    "bitsandbytes 8 bit tensors", tensors=[add(Q + "weight", [32, 32], "I8"), add(Q + "SCB", [32])]
)
variant(
    "compressed tensors",
    tensors=[
        remove(Q),
        add(Q + "weight_packed", [32, 4], "I32"),
        add(Q + "weight_scale", [32, 1], "BF16"),
        add(Q + "weight_shape", [2], "I64"),
    ],
)
variant(
    "compressed 8 bit",
    tensors=[add(Q + "weight", [32, 32], "I8"), add(Q + "weight_scale", [32, 1], "BF16")],
)
variant(
    "fp8 tensors",
    tensors=[add(Q + "weight", [32, 32], "F8_E4M3"), add(Q + "weight_scale_inv", [1, 1])],
)
variant("fp8 without scales", tensors=[add(Q + "weight", [32, 32], "F8_E4M3")])
