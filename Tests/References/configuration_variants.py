"""The table of make_configurations.py: changes to checkpoints, by the kind of what is changed."""

import json

from safetensors import safe_open

import common

VARIANTS = []
ABSENT = object()


def variant(name, base="llama2", config=None, tensors=(), index=None, text=None):
    """Adds a variant: keys of config.json, operations on tensors, the text of an index file."""
    VARIANTS.append(dict(name=name, base=base, config=config or {}, tensors=list(tensors),
                         index=index, text=text))  # fmt: skip


def rename(old, new):
    """Gives tensors whose names begin with `old` names that begin with `new`."""
    return {"rename": old, "to": new}


def copy(old, new, factor=1.0):
    """Stores a tensor once more, times a factor."""
    return {"copy": old, "to": new, "factor": factor}


def remove(name):
    """Leaves out the tensors whose names begin with `name`."""
    return {"remove": name}


def add(name, shape, dtype="F32"):
    """Stores a tensor of zeros."""
    return {"add": name, "shape": shape, "dtype": dtype}


def cast(name):
    """Stores the tensors whose names begin with `name` in float64."""
    return {"cast": name}


def move(name, file):
    """Puts the tensors whose names begin with `name` into another file."""
    return {"move": name, "file": file}


LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 16}  # fmt: skip
ROPE = {"rope_type": "default", "rope_theta": 500.0}

for base in ["llama2", "mistral", "qwen2", "qwen2-tied"]:
    variant(f"{base} as it is", base)

# Rotary settings in the old spelling, the new one, and both.
variant("theta beside rope_parameters", config={"rope_theta": 100.0, "rope_parameters": ROPE})
variant("theta beside rope_parameters, no scaling key", config={"rope_theta": 100.0, "rope_parameters": ROPE, "rope_scaling": ABSENT})
variant("rope_parameters without theta", config={"rope_theta": 100.0, "rope_parameters": {"rope_type": "default"}, "rope_scaling": ABSENT})
variant("rope_parameters with theta null", config={"rope_theta": 100.0, "rope_parameters": {"rope_type": "default", "rope_theta": None}})
variant("rope_parameters null", config={"rope_theta": 100.0, "rope_parameters": None})
variant("rope_parameters empty", config={"rope_theta": 100.0, "rope_parameters": {}})
variant("rope_scaling empty", config={"rope_theta": 100.0, "rope_scaling": {}})
variant("rope_scaling empty beside rope_parameters", config={"rope_scaling": {}, "rope_parameters": ROPE})
variant("rope_scaling beside rope_parameters", config={"rope_scaling": {"rope_type": "linear", "factor": 4.0}, "rope_parameters": ROPE})
variant("rope_scaling with theta of its own", config={"rope_scaling": {"rope_type": "linear", "factor": 4.0, "rope_theta": 700.0}, "rope_theta": 100.0})
variant("rope_scaling with type and rope_type", config={"rope_scaling": {"type": "linear", "rope_type": "default", "factor": 4.0}})
variant("rope_scaling with type and rope_type, other way", config={"rope_scaling": {"type": "default", "rope_type": "linear", "factor": 4.0}})
variant("rope_type null, type linear", config={"rope_scaling": {"type": "linear", "rope_type": None, "factor": 4.0}})
variant("rope_scaling without a type", config={"rope_scaling": {"factor": 4.0}})
variant("rope type none", config={"rope_scaling": {"type": "none"}})
variant("linear without factor", config={"rope_scaling": {"type": "linear"}})
variant("linear with an integer factor", config={"rope_scaling": {"type": "linear", "factor": 2}})
variant("linear factor below 1", config={"rope_scaling": {"type": "linear", "factor": 0.5}})
variant("llama3 scaling", config={"rope_scaling": LLAMA3})
variant("llama3 scaling, old length at the top", config={"rope_scaling": {k: v for k, v in LLAMA3.items() if k[0] != "o"}, "original_max_position_embeddings": 16})
variant("llama3 scaling, old length at both places", config={"rope_scaling": LLAMA3, "original_max_position_embeddings": 32})
variant("llama3 scaling without old length", config={"rope_scaling": {k: v for k, v in LLAMA3.items() if k[0] != "o"}})
variant("llama3 without low factor", config={"rope_scaling": {k: v for k, v in LLAMA3.items() if k[0] != "l"}})
for kind in ["dynamic", "yarn", "longrope", "proportional", "mrope", "foo"]:
    variant(f"rope type {kind}", config={"rope_scaling": {"rope_type": kind, "factor": 4.0, "short_factor": [1.0] * 4, "long_factor": [1.0] * 4, "mrope_section": [1, 1, 2]}})
variant("theta absent", config={"rope_theta": ABSENT})
variant("theta null", config={"rope_theta": None})
variant("theta an integer", config={"rope_theta": 100})
variant("theta a text", config={"rope_theta": "100"})
variant("theta 0", config={"rope_theta": 0})
variant("theta negative", config={"rope_theta": -5.0})
variant("partial rotary factor", config={"partial_rotary_factor": 0.5})
variant("partial rotary factor 1", config={"partial_rotary_factor": 1.0})
variant("partial rotary factor in rope_parameters", config={"rope_parameters": ROPE | {"partial_rotary_factor": 0.5}})
variant("rope_parameters by layer type", config={"rope_parameters": {"full_attention": ROPE}})
variant("rope_parameters by layer type, declared", config={"layer_types": ["full_attention"] * 2, "rope_parameters": {"full_attention": ROPE}})
variant("qwen2 rope_parameters by layer type", "qwen2", config={"rope_parameters": {"full_attention": ROPE, "sliding_attention": ROPE}})
variant("mistral theta in both", "mistral", config={"rope_theta": 100.0, "rope_parameters": ROPE})

# Numbers in other spellings.
variant("sizes as 32.0", config={"hidden_size": 32.0, "num_attention_heads": 4.0, "vocab_size": 64.0})
variant("layers as 2.0", config={"num_hidden_layers": 2.0})
variant("intermediate as 48.0", config={"intermediate_size": 48.0})
variant("length as 64.0", config={"max_position_embeddings": 64.0})
variant("hidden as 32.5", config={"hidden_size": 32.5})
variant("hidden as text", config={"hidden_size": "32"})
variant("hidden as true", config={"num_key_value_heads": True})
variant("epsilon as text", config={"rms_norm_eps": "1e-5"})
variant("epsilon 0", config={"rms_norm_eps": 0})
variant("epsilon negative", config={"rms_norm_eps": -1e-3})
variant("epsilon absent", config={"rms_norm_eps": ABSENT})
variant("epsilon null", config={"rms_norm_eps": None})
variant("tie as 0", config={"tie_word_embeddings": 0})
variant("tie as null", config={"tie_word_embeddings": None})
variant("bias as null", config={"attention_bias": None})
variant("bias as 0", config={"attention_bias": 0})

# Keys left out or null.
for key in ["vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "max_position_embeddings", "hidden_act", "tie_word_embeddings"]:
    variant(f"{key} absent", config={key: ABSENT})
    variant(f"{key} null", config={key: None})
variant("mistral num_key_value_heads absent", "mistral", config={"num_key_value_heads": ABSENT})
variant("mistral num_key_value_heads null", "mistral", config={"num_key_value_heads": None})
variant("mistral eight heads, keys absent", "mistral", config={"num_key_value_heads": ABSENT, "num_attention_heads": 8, "head_dim": 4})
variant("mistral sliding_window absent", "mistral", config={"sliding_window": ABSENT})
variant("mistral sliding_window 5", "mistral", config={"sliding_window": 5})
variant("mistral sliding_window 0", "mistral", config={"sliding_window": 0})
variant("mistral layer_types", "mistral", config={"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 5})
variant("llama sliding_window 5", config={"sliding_window": 5})
variant("qwen2 num_key_value_heads absent", "qwen2", config={"num_key_value_heads": ABSENT})
variant("qwen2 num_key_value_heads null", "qwen2", config={"num_key_value_heads": None})
variant("qwen2 window of 5 in use", "qwen2", config={"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 0})
variant("qwen2 window in use, behind all layers", "qwen2", config={"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 2})
variant("qwen2 window in use, max_window_layers absent", "qwen2", config={"use_sliding_window": True, "sliding_window": 5, "max_window_layers": ABSENT})
variant("qwen2 window not in use", "qwen2", config={"use_sliding_window": False, "sliding_window": 5, "max_window_layers": 0})
variant("qwen2 layer_types sliding, window not in use", "qwen2", config={"use_sliding_window": False, "sliding_window": 5, "layer_types": ["sliding_attention"] * 2})
variant("qwen2 layer_types full", "qwen2", config={"use_sliding_window": True, "sliding_window": 5, "layer_types": ["full_attention"] * 2})
variant("head_dim null", config={"head_dim": None})
variant("head_dim explicit", config={"head_dim": 8})
variant("qwen2 head_dim null", "qwen2", config={"head_dim": None})
variant("qwen2 head_dim explicit", "qwen2", config={"head_dim": 8})
variant("heads that do not divide", config={"num_attention_heads": 3})
variant("fewer key heads, shapes differ", config={"num_key_value_heads": 2})
variant("other head counts of the same width", config={"num_attention_heads": 8, "num_key_value_heads": 8})
variant("other heads, keys fewer wide", config={"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16})

# Functions and families.
for act in ["swish", "SiLU", "silu", "gelu", "relu", "gelu_pytorch_tanh"]:
    variant(f"hidden_act {act}", config={"hidden_act": act})
variant("hidden_activation beside hidden_act", config={"hidden_activation": "gelu"})
variant("hidden_act list", config={"hidden_act": ["silu"]})
variant("model_type absent", config={"model_type": ABSENT})
variant("model_type absent, mistral", "mistral", config={"model_type": ABSENT})
variant("model_type and architectures absent", config={"model_type": ABSENT, "architectures": ABSENT})
variant("model_type null", config={"model_type": None})
variant("architectures absent", config={"architectures": ABSENT})
variant("architectures of another family", config={"architectures": ["MistralForCausalLM"]})
variant("architectures of a classifier", config={"architectures": ["LlamaForSequenceClassification"]})
variant("llama as mistral", config={"model_type": "mistral", "num_key_value_heads": 4, "architectures": ["MistralForCausalLM"]})
variant("llama as qwen2", config={"model_type": "qwen2"})
variant("qwen2 as llama", "qwen2", config={"model_type": "llama"})
variant("qwen2 as llama with attention_bias", "qwen2", config={"model_type": "llama", "attention_bias": True})
variant("model_type Llama", config={"model_type": "Llama"})
variant("model_type qwen3", "qwen2", config={"model_type": "qwen3"})
variant("dtype beside torch_dtype", config={"dtype": "bfloat16", "torch_dtype": "float16"})
variant("pretraining_tp 2", config={"pretraining_tp": 2})
variant("attention_dropout 0.5", config={"attention_dropout": 0.5})
variant("attention_multiplier", config={"attention_multiplier": 3.0, "logits_scaling": 2.0, "embedding_multiplier": 3.0, "residual_multiplier": 0.5})
variant("logit softcapping", config={"final_logit_softcapping": 3.0})
variant("per_layer_config", config={"per_layer_config": {"0": {"rms_norm_eps": 0.5}}})
variant("per_layer_config empty", config={"per_layer_config": {}})
variant("n_layer beside", config={"n_layer": 7, "n_head": 9})
variant("text_config beside", config={"text_config": {"hidden_size": 7}})
variant("auto_map", config={"auto_map": {"AutoModelForCausalLM": "modeling.Model"}})
variant("is_decoder", config={"is_decoder": True})
variant("a comment key", config={"_name_or_path": "x", "foo": [1, 2]})
variant("mistral attention_bias", "mistral", config={"attention_bias": True})
variant("qwen2 attention_bias false", "qwen2", config={"attention_bias": False})
variant("qwen2 with biases of o_proj", "qwen2", tensors=[add(f"model.layers.{i}.self_attn.o_proj.bias", [32], "BF16") for i in range(2)])

# Heads and embeddings.
HEAD = "lm_head.weight"
EMBEDDING = "model.embed_tokens.weight"
variant("tied, head absent", config={"tie_word_embeddings": True}, tensors=[remove(HEAD)])
variant("tied, other head stored", config={"tie_word_embeddings": True})
variant("tied, the same head stored", config={"tie_word_embeddings": True}, tensors=[copy(EMBEDDING, HEAD)])
variant("tied, only the head stored", config={"tie_word_embeddings": True}, tensors=[remove(EMBEDDING)])
variant("tied, head of another shape", config={"tie_word_embeddings": True}, tensors=[add(HEAD, [60, 32])])
variant("not tied, head absent", tensors=[remove(HEAD)])
variant("tie absent, head absent", config={"tie_word_embeddings": ABSENT}, tensors=[remove(HEAD)])
variant("not tied, embedding absent", tensors=[remove(EMBEDDING)])
variant("qwen2-tied, other head stored", "qwen2-tied", tensors=[copy(EMBEDDING, HEAD, 0.5)])
variant("head bias", tensors=[add("lm_head.bias", [64])])
variant("vocabulary larger than the table", config={"vocab_size": 70})
variant("vocabulary smaller than the table", config={"vocab_size": 60})

# Names.
variant("names without model.", tensors=[rename("model.", "")])
variant("names without model., no head, tied", config={"tie_word_embeddings": True}, tensors=[rename("model.", ""), remove(HEAD)])
variant("some names without model.", tensors=[rename("model.layers.1.", "layers.1.")])
variant("only the norm without model.", tensors=[rename("model.norm", "norm")])
variant("names with language_model.", tensors=[rename("", "language_model.")])
variant("names with language_model.model only", tensors=[rename("model.", "language_model.model.")])
variant("names with model.language_model.", tensors=[rename("model.", "model.language_model.")])
variant("names with model.model.", tensors=[rename("model.", "model.model.")])
variant("names with transformer.", tensors=[rename("model.", "transformer.")])
variant("names with module.", tensors=[rename("", "module.")])
variant("names with base_model.model.", tensors=[rename("", "base_model.model.")])
variant("names with _orig_mod.", tensors=[rename("", "_orig_mod.")])
variant("head as model.lm_head", tensors=[rename("lm_head.", "model.lm_head.")])
variant("qwen2 names without model.", "qwen2", tensors=[rename("model.", "")])
variant("qwen2 names with language_model.", "qwen2", tensors=[rename("", "language_model.")])
variant("mistral names with language_model.", "mistral", tensors=[rename("", "language_model.")])
variant("norm stored under both names, other values", tensors=[copy("model.norm.weight", "norm.weight", 2.0)])
variant("norm stored under both names, same values", tensors=[copy("model.norm.weight", "norm.weight")])
variant("a layer stored under both names", tensors=[copy("model.layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.weight", 2.0)])
variant("norm also with language_model.", tensors=[copy("model.norm.weight", "language_model.model.norm.weight", 2.0)])
variant("gamma for weight", tensors=[rename("model.norm.weight", "model.norm.gamma")])

# Surplus and missing tensors, left-over buffers.
A = "model.layers.0.self_attn."
for name, shape, kind in [(A + "rotary_emb.inv_freq", [4], "F32"), ("model.rotary_emb.inv_freq", [4], "F32"), (A + "masked_bias", [], "F32"), (A + "bias", [1, 1, 8, 8], "BOOL"), (A + "attn.masked_bias", [], "F32"), (A + "rotary_emb.cos_cached", [8, 4], "F32"), ("model.position_ids", [1, 8], "I64"), ("model.layers.2.input_layernorm.weight", [32], "F32"), ("model.extra.weight", [3], "F32"), ("score.weight", [2, 32], "F32"), ("v_head.summary.weight", [1, 32], "F32"), (A + "q_proj.bias", [32], "F32"), (A + "q_norm.weight", [8], "F32"), ("model.mtp.0.weight", [4], "F32"), ("vision_tower.x.weight", [4], "F32")]:
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
variant("PEFT base_layer names", tensors=[rename("model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.q_proj.base_layer.weight")])

# Element types.
variant("F64", tensors=[cast("")])
variant("F64 norms", tensors=[cast("model.norm"), cast("model.layers.0.input")])
variant("a surplus of I32", tensors=[add("model.extra", [3], "I32")])
variant("a norm in I32", tensors=[add("model.norm.weight", [32], "I32")])
variant("a norm in F8", tensors=[add("model.norm.weight", [32], "F8_E4M3")])

# Index files.
SHARDS = [move("model.layers.0.", "model-00001-of-00002.safetensors"), move("", "model-00002-of-00002.safetensors")]
FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
with safe_open(common.GOLDEN / "Models" / "llama2" / "model.safetensors", "pt") as file:
    MAP = {n: FIRST if n.startswith("model.layers.0.") else SECOND for n in file.keys()}
variant("two shards", tensors=SHARDS, index=json.dumps({"metadata": {"total_size": 1}, "weight_map": MAP}))
variant("two shards, no metadata", tensors=SHARDS, index=json.dumps({"weight_map": MAP}))
variant("two shards, no index", tensors=SHARDS)
variant("index without weight_map", tensors=SHARDS, index=json.dumps({"metadata": {}}))
variant("index empty map", tensors=SHARDS, index=json.dumps({"metadata": {}, "weight_map": {}}))
variant("index names an absent tensor", tensors=SHARDS, index=json.dumps({"metadata": {}, "weight_map": MAP | {"model.extra": SECOND}}))
variant("index names an absent tensor that is needed", tensors=SHARDS + [], index=json.dumps({"metadata": {}, "weight_map": MAP | {"model.norm.weight": FIRST}}))
variant("index leaves out a needed tensor", tensors=SHARDS, index=json.dumps({"metadata": {}, "weight_map": {k: v for k, v in MAP.items() if "norm" not in k}}))
variant("index leaves out a surplus tensor", tensors=[add("model.layers.0.extra", [3])] + SHARDS, index=json.dumps({"metadata": {}, "weight_map": MAP}))
variant("missing shard", tensors=SHARDS[:1] + [remove("")], index=json.dumps({"metadata": {}, "weight_map": MAP}))
variant("index beside one file", tensors=[], index=json.dumps({"metadata": {}, "weight_map": MAP}))
variant("index of one whole file of another name", tensors=[move("", "weights.safetensors")], index=json.dumps({"metadata": {}, "weight_map": dict.fromkeys(MAP, "weights.safetensors")}))
variant("index with a shard out of the folder", tensors=SHARDS, index=json.dumps({"metadata": {}, "weight_map": MAP | {"model.norm.weight": "../x.safetensors"}}))
TWICE = [copy("model.norm.weight", "x", 2.0), move("model.norm.", FIRST), rename("x", "model.norm.weight")]
variant("a tensor in two shards, the first named", tensors=TWICE + SHARDS, index=json.dumps({"metadata": {}, "weight_map": MAP | {"model.norm.weight": FIRST}}))
variant("a tensor in two shards, the second named", tensors=TWICE + SHARDS, index=json.dumps({"metadata": {}, "weight_map": MAP}))
variant("a surplus tensor in two shards", tensors=[add("x", [3]), move("x", FIRST), add("x", [3])] + SHARDS, index=json.dumps({"metadata": {}, "weight_map": MAP}))

# Lists of layer types that are not in the base's config.json.
NO_LIST = {"layer_types": ABSENT, "use_sliding_window": True, "sliding_window": 5}
variant("qwen2 no list, window in all", "qwen2", config=NO_LIST | {"max_window_layers": 0})
variant("qwen2 no list, window in the last", "qwen2", config=NO_LIST | {"max_window_layers": 1})
variant("qwen2 no list, window in none", "qwen2", config=NO_LIST | {"max_window_layers": 2})
variant("qwen2 no list, max_window_layers absent", "qwen2", config=NO_LIST | {"max_window_layers": ABSENT})
variant("qwen2 no list, not in use", "qwen2", config=NO_LIST | {"use_sliding_window": False, "max_window_layers": 0})
variant("qwen2 no list, long window", "qwen2", config=NO_LIST | {"sliding_window": 4096, "max_window_layers": 0})
variant("qwen2 list of both", "qwen2", config=NO_LIST | {"layer_types": ["full_attention", "sliding_attention"]})
variant("qwen2 partial rotary factor", "qwen2", config={"partial_rotary_factor": 0.5})
variant("mistral partial rotary factor", "mistral", config={"partial_rotary_factor": 0.5})
variant("mistral llama3 scaling, old length at the top", "mistral", config={"rope_scaling": {k: v for k, v in LLAMA3.items() if k[0] != "o"}, "original_max_position_embeddings": 16})
variant("qwen2 names with model.language_model.", "qwen2", tensors=[rename("model.", "model.language_model.")])
variant("qwen2 swish", "qwen2", config={"hidden_act": "swish"})
variant("qwen2 tie absent", "qwen2-tied", config={"tie_word_embeddings": ABSENT})

# Quantised.
variant("mlx config", config={"quantization": {"group_size": 64, "bits": 4}})
variant("mlx tensors", tensors=[add("model.layers.0.self_attn.q_proj.weight", [32, 4], "U32"), add("model.layers.0.self_attn.q_proj.scales", [32, 1], "F16"), add("model.layers.0.self_attn.q_proj.biases", [32, 1], "F16")])
for method, extra in [("bitsandbytes", {"load_in_4bit": True}), ("bitsandbytes", {"load_in_8bit": True}), ("gptq", {"bits": 4, "group_size": 128}), ("awq", {"bits": 4}), ("compressed-tensors", {"format": "pack-quantized"}), ("fp8", {"weight_block_size": [128, 128]}), ("mxfp4", {}), ("hqq", {}), ("quanto", {"weights": "int8"}), ("torchao", {}), ("eetq", {}), ("aqlm", {})]:
    variant(f"quantization_config {method} {'/'.join(extra)}", config={"quantization_config": {"quant_method": method} | extra})
variant("quantization_config null", config={"quantization_config": None})
variant("quantization_config without a method", config={"quantization_config": {"load_in_8bit": True}})
variant("quantization_config empty", config={"quantization_config": {}})
variant("compression_config", config={"compression_config": {"quant_method": "compressed-tensors"}})
Q = "model.layers.0.self_attn.q_proj."
variant("gptq tensors", tensors=[remove(Q)] + [add(Q + n, [4, 32], "I32") for n in ["qweight", "qzeros"]] + [add(Q + "scales", [1, 32], "F16"), add(Q + "g_idx", [32], "I32")])
variant("awq tensors", tensors=[remove(Q)] + [add(Q + n, [32, 4], "I32") for n in ["qweight", "qzeros"]] + [add(Q + "scales", [1, 32], "F16")])
variant("bitsandbytes 4 bit tensors", tensors=[add(Q + "weight", [512, 1], "U8"), add(Q + "weight.absmax", [16]), add(Q + "weight.quant_state.bitsandbytes__nf4", [8], "U8")])
variant("bitsandbytes 8 bit tensors", tensors=[add(Q + "weight", [32, 32], "I8"), add(Q + "SCB", [32])])
variant("compressed tensors", tensors=[remove(Q), add(Q + "weight_packed", [32, 4], "I32"), add(Q + "weight_scale", [32, 1], "BF16"), add(Q + "weight_shape", [2], "I64")])
variant("compressed 8 bit", tensors=[add(Q + "weight", [32, 32], "I8"), add(Q + "weight_scale", [32, 1], "BF16")])
variant("fp8 tensors", tensors=[add(Q + "weight", [32, 32], "F8_E4M3"), add(Q + "weight_scale_inv", [1, 1])])
variant("fp8 without scales", tensors=[add(Q + "weight", [32, 32], "F8_E4M3")])
