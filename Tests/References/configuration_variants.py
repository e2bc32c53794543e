"""The first half of make_configurations.py's table: changes to settings, by their kind."""

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
variant(
    "theta beside rope_parameters, no scaling key",
    config={"rope_theta": 100.0, "rope_parameters": ROPE, "rope_scaling": ABSENT},
)
variant(
    "rope_parameters without theta",
    config={
        "rope_theta": 100.0,
        "rope_parameters": {"rope_type": "default"},
        "rope_scaling": ABSENT,
    },
)
variant(
    "rope_parameters with theta null",
    config={"rope_theta": 100.0, "rope_parameters": {"rope_type": "default", "rope_theta": None}},
)
variant("rope_parameters null", config={"rope_theta": 100.0, "rope_parameters": None})
variant("rope_parameters empty", config={"rope_theta": 100.0, "rope_parameters": {}})
variant(
    "rope_scaling empty beside rope_parameters",
    config={"rope_scaling": {}, "rope_parameters": ROPE},
)
variant(
    "rope_scaling beside rope_parameters",
    config={"rope_scaling": {"rope_type": "linear", "factor": 4.0}, "rope_parameters": ROPE},
)
variant(
    "rope_scaling with theta of its own",
    config={
        "rope_scaling": {"rope_type": "linear", "factor": 4.0, "rope_theta": 700.0},
        "rope_theta": 100.0,
    },
)
variant(
    "rope_scaling with type and rope_type",
    config={"rope_scaling": {"type": "linear", "rope_type": "default", "factor": 4.0}},
)
variant(
    "rope_scaling with type and rope_type, other way",
    config={"rope_scaling": {"type": "default", "rope_type": "linear", "factor": 4.0}},
)
variant(
    "rope_type null, type linear",
    config={"rope_scaling": {"type": "linear", "rope_type": None, "factor": 4.0}},
)
variant("rope_scaling without a type", config={"rope_scaling": {"factor": 4.0}})
variant("rope type none", config={"rope_scaling": {"type": "none"}})
variant("linear without factor", config={"rope_scaling": {"type": "linear"}})
variant("linear with an integer factor", config={"rope_scaling": {"type": "linear", "factor": 2}})
variant("linear factor below 1", config={"rope_scaling": {"type": "linear", "factor": 0.5}})
variant("llama3 scaling", config={"rope_scaling": LLAMA3})
variant(
    "llama3 scaling, old length at the top",
    config={
        "rope_scaling": {k: v for k, v in LLAMA3.items() if k[0] != "o"},
        "original_max_position_embeddings": 16,
    },
)
variant(
    "llama3 scaling, old length at both places",
    config={"rope_scaling": LLAMA3, "original_max_position_embeddings": 32},
)
variant(
    "llama3 scaling without old length",
    config={"rope_scaling": {k: v for k, v in LLAMA3.items() if k[0] != "o"}},
)
variant(
    "llama3 without low factor",
    config={"rope_scaling": {k: v for k, v in LLAMA3.items() if k[0] != "l"}},
)
for kind in ["dynamic", "yarn", "longrope", "mrope"]:
    variant(
        f"rope type {kind}",
        config={
            "rope_scaling": {
                "rope_type": kind,
                "factor": 4.0,
                "short_factor": [1.0] * 4,
                "long_factor": [1.0] * 4,
                "mrope_section": [1, 1, 2],
            }
        },
    )
variant("theta absent", config={"rope_theta": ABSENT})
variant("theta null", config={"rope_theta": None})
variant("theta an integer", config={"rope_theta": 100})
variant("theta a text", config={"rope_theta": "100"})
variant("theta 0", config={"rope_theta": 0})
variant("theta negative", config={"rope_theta": -5.0})
variant("partial rotary factor", config={"partial_rotary_factor": 0.5})
variant("partial rotary factor 1", config={"partial_rotary_factor": 1.0})
variant(
    "partial rotary factor in rope_parameters",
    config={"rope_parameters": ROPE | {"partial_rotary_factor": 0.5}},
)
variant("rope_parameters by layer type", config={"rope_parameters": {"full_attention": ROPE}})
variant(
    "rope_parameters by layer type, declared",
    config={"layer_types": ["full_attention"] * 2, "rope_parameters": {"full_attention": ROPE}},
)
variant(
    "qwen2 rope_parameters by layer type",
    "qwen2",
    config={"rope_parameters": {"full_attention": ROPE, "sliding_attention": ROPE}},
)
variant("mistral theta in both", "mistral", config={"rope_theta": 100.0, "rope_parameters": ROPE})

# Numbers in other spellings.
variant(
    "sizes as 32.0", config={"hidden_size": 32.0, "num_attention_heads": 4.0, "vocab_size": 64.0}
)
variant("layers as 2.0", config={"num_hidden_layers": 2.0})
variant("intermediate as 48.0", config={"intermediate_size": 48.0})
variant("length as 64.0", config={"max_position_embeddings": 64.0})
variant("hidden as 32.5", config={"hidden_size": 32.5})
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
for key in [
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "max_position_embeddings",
    "hidden_act",
    "tie_word_embeddings",
]:
    variant(f"{key} absent", config={key: ABSENT})
for key in ["num_key_value_heads", "max_position_embeddings", "hidden_act"]:
    variant(f"{key} null", config={key: None})
variant("mistral num_key_value_heads absent", "mistral", config={"num_key_value_heads": ABSENT})
variant("mistral num_key_value_heads null", "mistral", config={"num_key_value_heads": None})
variant(
    "mistral eight heads, keys absent",
    "mistral",
    config={"num_key_value_heads": ABSENT, "num_attention_heads": 8, "head_dim": 4},
)
# Gemma 3's blocks with a window have a base of their own, and no scaling.
GEMMA3 = {"rope_parameters": ABSENT, "rope_theta": 1000.0, "rope_local_base_freq": 50.0}
LINEAR = {"rope_type": "linear", "factor": 4.0}
variant("gemma3 as it is", "gemma3")
variant("gemma3 in the older spelling", "gemma3", config=GEMMA3)
variant("gemma3, older, scaled", "gemma3", config=GEMMA3 | {"rope_scaling": LINEAR})
variant("gemma3, older, usual base", "gemma3", config=GEMMA3 | {"rope_local_base_freq": ABSENT})

variant("mistral sliding_window absent", "mistral", config={"sliding_window": ABSENT})
variant("mistral sliding_window 5", "mistral", config={"sliding_window": 5})
variant("mistral sliding_window 0", "mistral", config={"sliding_window": 0})
variant(
    "mistral layer_types",
    "mistral",
    config={"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 5},
)
variant("llama sliding_window 5", config={"sliding_window": 5})
variant("qwen2 num_key_value_heads absent", "qwen2", config={"num_key_value_heads": ABSENT})
variant("qwen2 num_key_value_heads null", "qwen2", config={"num_key_value_heads": None})
variant(
    "qwen2 window of 5 in use",
    "qwen2",
    config={"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 0},
)
variant(
    "qwen2 window in use, behind all layers",
    "qwen2",
    config={"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 2},
)
variant(
    "qwen2 window in use, max_window_layers absent",
    "qwen2",
    config={"use_sliding_window": True, "sliding_window": 5, "max_window_layers": ABSENT},
)
variant(
    "qwen2 window not in use",
    "qwen2",
    config={"use_sliding_window": False, "sliding_window": 5, "max_window_layers": 0},
)
variant(
    "qwen2 layer_types sliding, window not in use",
    "qwen2",
    config={
        "use_sliding_window": False,
        "sliding_window": 5,
        "layer_types": ["sliding_attention"] * 2,
    },
)
variant(
    "qwen2 layer_types full",
    "qwen2",
    config={"use_sliding_window": True, "sliding_window": 5, "layer_types": ["full_attention"] * 2},
)
variant("head_dim null", config={"head_dim": None})
variant("head_dim explicit", config={"head_dim": 8})
variant("qwen2 head_dim null", "qwen2", config={"head_dim": None})
variant("heads that do not divide", config={"num_attention_heads": 3})
variant("fewer key heads, shapes differ", config={"num_key_value_heads": 2})
variant(
    "other head counts of the same width",
    config={"num_attention_heads": 8, "num_key_value_heads": 8},
)
variant(
    "other heads, keys fewer wide",
    config={"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16},
)

# Functions and families.
for act in ["swish", "SiLU", "silu", "gelu"]:
    variant(f"hidden_act {act}", config={"hidden_act": act})
variant("hidden_activation beside hidden_act", config={"hidden_activation": "gelu"})
variant("hidden_act list", config={"hidden_act": ["silu"]})
variant("model_type absent", config={"model_type": ABSENT})
variant("model_type absent, mistral", "mistral", config={"model_type": ABSENT})
variant(
    "model_type and architectures absent", config={"model_type": ABSENT, "architectures": ABSENT}
)
variant("model_type null", config={"model_type": None})
variant("architectures absent", config={"architectures": ABSENT})
variant("architectures of another family", config={"architectures": ["MistralForCausalLM"]})
variant(
    "architectures of a classifier", config={"architectures": ["LlamaForSequenceClassification"]}
)
variant(
    "llama as mistral",
    config={
        "model_type": "mistral",
        "num_key_value_heads": 4,
        "architectures": ["MistralForCausalLM"],
    },
)
variant("llama as qwen2", config={"model_type": "qwen2"})
variant("qwen2 as llama", "qwen2", config={"model_type": "llama"})
variant(
    "qwen2 as llama with attention_bias",
    "qwen2",
    config={"model_type": "llama", "attention_bias": True},
)
variant("model_type Llama", config={"model_type": "Llama"})
variant("model_type qwen3", "qwen2", config={"model_type": "qwen3"})
variant("dtype beside torch_dtype", config={"dtype": "bfloat16", "torch_dtype": "float16"})
variant("pretraining_tp 2", config={"pretraining_tp": 2})
variant("attention_dropout 0.5", config={"attention_dropout": 0.5})
variant(
    "attention_multiplier",
    config={
        "attention_multiplier": 3.0,
        "logits_scaling": 2.0,
        "embedding_multiplier": 3.0,
        "residual_multiplier": 0.5,
    },
)
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
variant(
    "qwen2 with biases of o_proj",
    "qwen2",
    tensors=[add(f"model.layers.{i}.self_attn.o_proj.bias", [32], "BF16") for i in range(2)],
)

# Lists of layer types that are not in the base's config.json.
NO_LIST = {"layer_types": ABSENT, "use_sliding_window": True, "sliding_window": 5}
variant("qwen2 no list, window in all", "qwen2", config=NO_LIST | {"max_window_layers": 0})
variant("qwen2 no list, window in the last", "qwen2", config=NO_LIST | {"max_window_layers": 1})
variant("qwen2 no list, window in none", "qwen2", config=NO_LIST | {"max_window_layers": 2})
variant(
    "qwen2 no list, max_window_layers absent",
    "qwen2",
    config=NO_LIST | {"max_window_layers": ABSENT},
)
variant(
    "qwen2 no list, not in use",
    "qwen2",
    config=NO_LIST | {"use_sliding_window": False, "max_window_layers": 0},
)
variant(
    "qwen2 no list, long window",
    "qwen2",
    config=NO_LIST | {"sliding_window": 4096, "max_window_layers": 0},
)
variant(
    "qwen2 list of both",
    "qwen2",
    config=NO_LIST | {"layer_types": ["full_attention", "sliding_attention"]},
)
variant("qwen2 partial rotary factor", "qwen2", config={"partial_rotary_factor": 0.5})
variant("mistral partial rotary factor", "mistral", config={"partial_rotary_factor": 0.5})
variant(
    "mistral llama3 scaling, old length at the top",
    "mistral",
    config={
        "rope_scaling": {k: v for k, v in LLAMA3.items() if k[0] != "o"},
        "original_max_position_embeddings": 16,
    },
)
variant(
    "qwen2 names with model.language_model.",
    "qwen2",
    tensors=[rename("model.", "model.language_model.")],
)
variant("qwen2 swish", "qwen2", config={"hidden_act": "swish"})
variant("qwen2 tie absent", "qwen2-tied", config={"tie_word_embeddings": ABSENT})

# The kinds above, of other families.
for base, key_heads in [("qwen3", 32), ("smollm3", 4), ("granite", None)]:
    variant(f"{base} as it is", base)
    variant(f"{base} swish", base, config={"hidden_act": "swish"})
    variant(
        f"{base} theta at both places", base, config={"rope_theta": 9.0, "rope_parameters": ROPE}
    )
    variant(
        f"{base} both rotary keys", base, config={"rope_scaling": LLAMA3, "rope_parameters": ROPE}
    )
    variant(f"{base} key heads absent", base, config={"num_key_value_heads": ABSENT})
    variant(f"{base} sizes as 48.0", base, config={"intermediate_size": 48.0})
    variant(f"{base} no model_type", base, config={"model_type": ABSENT})
    variant(f"{base} names without model.", base, tensors=[rename("model.", "")])
    variant(f"{base} names with language_model.", base, tensors=[rename("", "language_model.")])
    variant(f"{base} tie absent", base, config={"tie_word_embeddings": ABSENT})
    for key, values in {
        "layer_types absent": {"layer_types": ABSENT},
        "window in the last": {
            "layer_types": ABSENT,
            "max_window_layers": 1,
            "use_sliding_window": True,
        },
        "window in none": {
            "layer_types": ABSENT,
            "max_window_layers": 9,
            "use_sliding_window": True,
        },
    }.items():
        variant(f"{base} {key}", base, config={"sliding_window": 5} | values)
for key in [
    "embedding_multiplier",
    "attention_multiplier",
    "residual_multiplier",
    "logits_scaling",
]:
    variant(f"granite {key} absent", "granite", config={key: ABSENT})
    variant(f"granite {key} 3", "granite", config={key: 3})
variant("smollm3 no_rope_layers absent", "smollm3", config={"no_rope_layers": ABSENT})
variant("smollm3 no_rope_layers null", "smollm3", config={"no_rope_layers": None})
variant(
    "smollm3 interval 2", "smollm3", config={"no_rope_layers": None, "no_rope_layer_interval": 2}
)
variant("smollm3 interval 2 beside a list", "smollm3", config={"no_rope_layer_interval": 2})
variant("smollm3 no_rope_layers of another length", "smollm3", config={"no_rope_layers": [1]})
variant("qwen3 head_dim absent", "qwen3", config={"head_dim": ABSENT})
variant("qwen3 head_dim null", "qwen3", config={"head_dim": None})

# Qwen3.5: linear attention, whose sizes are settings of their own, and attention with a gate.
QWEN35_ROPE = {"rope_type": "default", "rope_theta": 10000.0}
for name, config in {
    "as it is": {},
    "without layer_types": {"layer_types": ABSENT},
    "every second": {"layer_types": ABSENT, "full_attention_interval": 2},
    "layer_types too short": {"layer_types": ["linear_attention", "full_attention"]},
    "layer_types sliding": {"layer_types": ["linear_attention", "sliding_attention"] * 2},
    "four value heads of two": {"linear_num_value_heads": 2},
    "three value heads": {"linear_num_value_heads": 3},
    "value heads absent": {"linear_num_value_heads": ABSENT},
    "wider keys": {"linear_key_head_dim": 16},
    "a tap more": {"linear_conv_kernel_dim": 5},
    "half of a head rotates": {"rope_parameters": QWEN35_ROPE | {"partial_rotary_factor": 0.5}},
    "share beside rope_parameters": {
        "partial_rotary_factor": 0.5, "rope_parameters": QWEN35_ROPE,
    },
    "whole heads rotate": {"rope_parameters": QWEN35_ROPE | {"partial_rotary_factor": 1.0}},
    "sections of positions": {
        "rope_parameters": QWEN35_ROPE | {"mrope_section": [1, 1, 0], "mrope_interleaved": True},
    },
    "linear scaling": {
        "rope_parameters": QWEN35_ROPE | {"rope_type": "linear", "factor": 2.0},
    },
    "old spelling": {"rope_parameters": ABSENT, "rope_theta": 100.0},
    "epsilon": {"rms_norm_eps": 0.01},
    "heads of half the size": {"head_dim": 8},
    "attention_bias without tensors": {"attention_bias": True},
    "hidden_act gelu": {"hidden_act": "gelu"},
    "tied, head stored": {"tie_word_embeddings": True},
    "as qwen3": {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]},
}.items():
    variant(f"qwen3.5 {name}", "qwen3_5", config)
variant("qwen3.5 guesses ahead", "qwen3_5", tensors=[add("mtp.fc.weight", [32, 64])])
variant("qwen3.5 without dt_bias", "qwen3_5",
        tensors=[remove("model.layers.0.linear_attn.dt_bias")])  # fmt: skip
