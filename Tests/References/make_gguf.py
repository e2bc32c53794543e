# torch==2.13.0 transformers==5.23.0 peft==0.21.2 gguf==0.19.0 tokenizers==0.23.3 ivon-opt==0.1.3
"""A tiny GGUF file with a byte-level tokenizer: F32, F16, Q8_0 and Q4_1 tensors.

In a Llama's, rows of attn_q and attn_k are permuted as llama.cpp's converter does: within a head,
the two halves of the rotary embedding are interleaved.
"""

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

import common
import plain_llama

CONFIG = dict(
    hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=False,
)  # fmt: skip
MERGES = ["Ġ t", "h e", "Ġt he", "Ġ A", "i n", "Ġ B"]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEXTS = ["the thin man in the hat", "Answer: A", " B", "In 2024: ½ naïve café 😀\n"]
F32, F16 = gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.F16
Q8_0, Q4_1 = gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q4_1

# architecture: (how words are cut, layers with interleaved rows, layers with a bias)
ROTATED = ("attn_q", "attn_k")
ARCHITECTURES = {
    "gemma2": ("gpt-2", (), ()),
    "gemma3": ("gpt-2", (), ()),
    "granite": ("gpt-2", ROTATED, ()),
    "llama": ("gpt-2", ROTATED, ()),
    "mistral3": ("gpt-2", ROTATED, ()),
    "olmo2": ("gpt-2", (), ()),
    "phi3": ("gpt-2", (), ()),
    "qwen2": ("qwen2", (), ("attn_q", "attn_k", "attn_v")),
    "qwen3": ("qwen2", (), ()),
    "qwen35": ("qwen35", (), ()),
    "smollm3": ("llama-bpe", ROTATED, ()),
}
# Those whose GGUF files Transformers does not read, or without the size of heads: their model is
# made of the same weights.
UNREAD = (
    "gemma2", "gemma3", "granite", "mistral3", "olmo2", "phi3", "qwen3", "qwen35", "smollm3",
)  # fmt: skip
# What `plain_llama` does not know.
UNCHECKED = ("gemma2", "gemma3", "mistral3", "olmo2", "phi3", "qwen35")
MODEL_TYPES = {"gemma3": "gemma3_text", "mistral3": "ministral3", "qwen35": "qwen3_5_text"}

# architecture: settings that only it has, as config.json and as GGUF names them
MULTIPLIERS = dict(
    embedding_multiplier=("embedding_scale", 3.0), attention_multiplier=("attention.scale", 0.25),
    residual_multiplier=("residual_scale", 0.5), logits_scaling=("logit_scale", 0.5),
)  # fmt: skip
GEMMA = {"sliding_window": ("attention.sliding_window", 5)}
CAPS = dict(
    attn_logit_softcapping=("attn_logit_softcapping", 3.0),
    final_logit_softcapping=("final_logit_softcapping", 8.0),
)
# Key heads, value heads and the size of both; a block behind the last guesses tokens ahead.
DELTA_KEYS, DELTA_VALUES, STATE = 2, 4, 16
DELTA = dict(
    linear_num_key_heads=("ssm.group_count", DELTA_KEYS),
    linear_num_value_heads=("ssm.time_step_rank", DELTA_VALUES),
    linear_key_head_dim=("ssm.state_size", STATE), linear_conv_kernel_dim=("ssm.conv_kernel", 4),
    num_nextn_predict_layers=("nextn_predict_layers", 1),
)  # fmt: skip
OWN_SETTINGS = {
    "granite": MULTIPLIERS, "gemma2": GEMMA | CAPS, "gemma3": GEMMA,
    "phi3": {"sliding_window": ("attention.sliding_window", 6)}, "qwen35": DELTA,
}  # fmt: skip
# Positions of longer prompts than the model was first trained on, in both formats.
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16, rope_theta=10000.0)
YARN_KEYS = {
    "type": "yarn", "factor": 4.0, "original_context_length": 16, "yarn_beta_fast": 24.0,
    "yarn_beta_slow": 2.0,
}  # fmt: skip
FACTORS = {"short": [1.0, 1.1, 1.5, 1.6, 2.0, 2.5], "long": [1.0, 3.0, 9.0, 10.0, 11.0, 12.0]}
SCALINGS = {
    "yarn": dict(
        settings=dict(rope_parameters=YARN | dict(beta_fast=24.0, beta_slow=2.0)), keys=YARN_KEYS
    ),
    "ministral": dict(
        settings=dict(
            rope_parameters=YARN | dict(
                beta_fast=32.0, beta_slow=1.0, mscale=1.0, mscale_all_dim=0.8,
                original_max_position_embeddings=32, llama_4_scaling_beta=0.1,
            )
        ),
        keys=YARN_KEYS | {
            "yarn_beta_fast": 32.0, "yarn_beta_slow": 1.0, "yarn_log_multiplier": 0.8,
            "original_context_length": 32,
        },
    ),
    "longrope": dict(
        settings=dict(
            rope_parameters=dict(
                rope_type="longrope", short_factor=FACTORS["short"], long_factor=FACTORS["long"],
                rope_theta=10000.0, partial_rotary_factor=0.75,
            ),
            max_position_embeddings=64, original_max_position_embeddings=32,
        ),
        # Converters write no type; sqrt(1 + log(64 / 32) / log(32)).
        keys={"original_context_length": 32, "attn_factor": 1.2**0.5},
        tensors={f"rope_factors_{name}": values for name, values in FACTORS.items()},
        rotated=12,
    ),
}  # fmt: skip
# What GGUF files of these architectures do not say.
IMPLIED = {
    "gemma2": dict(query_pre_attn_scalar=16, tie_word_embeddings=True),
    "gemma3": dict(
        query_pre_attn_scalar=16, tie_word_embeddings=True, rope_theta=None,
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": 10000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        },
    ),
    "smollm3": dict(no_rope_layers=[1, 1, 1, 0]), "qwen35": dict(linear_value_head_dim=STATE),
}  # fmt: skip
# So that not all of them see a window, or know positions.
LAYERS = {"smollm3": 4, "gemma3": 6, "qwen35": 4}

# GGUF name: (Hugging Face name, shape, stored type); blk.N is model.layers.N.
WIDTH, HIDDEN, KEYS, HEAD = 64, 96, 32, 16
BLOCK = {
    "attn_norm": ("input_layernorm", (WIDTH,), F32),
    "attn_q": ("self_attn.q_proj", (WIDTH, WIDTH), Q8_0),
    "attn_k": ("self_attn.k_proj", (KEYS, WIDTH), F16),
    "attn_v": ("self_attn.v_proj", (KEYS, WIDTH), Q4_1),
    "attn_output": ("self_attn.o_proj", (WIDTH, WIDTH), F16),
    "ffn_norm": ("post_attention_layernorm", (WIDTH,), F32),
    "ffn_gate": ("mlp.gate_proj", (HIDDEN, WIDTH), Q8_0),
    "ffn_up": ("mlp.up_proj", (HIDDEN, WIDTH), F32),
    "ffn_down": ("mlp.down_proj", (WIDTH, HIDDEN), Q8_0),
}
BEHIND = {
    "post_attention_norm": ("post_attention_layernorm", (WIDTH,), F32),
    "post_ffw_norm": ("post_feedforward_layernorm", (WIDTH,), F32),
}


def head_norms(queries, keys):
    return {
        "attn_q_norm": ("self_attn.q_norm", (queries,), F32),
        "attn_k_norm": ("self_attn.k_norm", (keys,), F32),
    }


GEMMA_BLOCK = BLOCK | BEHIND | {"ffn_norm": ("pre_feedforward_layernorm", (WIDTH,), F32)}


def without(*names):
    return {name: value for name, value in BLOCK.items() if name not in names}


# Those whose blocks are others.
BLOCKS = {
    "gemma2": GEMMA_BLOCK,
    "gemma3": GEMMA_BLOCK | head_norms(HEAD, HEAD),
    "olmo2": without("attn_norm", "ffn_norm") | BEHIND | head_norms(WIDTH, KEYS),
    "phi3": without("attn_q", "attn_k", "attn_v", "ffn_gate") | {
        "attn_qkv": ("self_attn.qkv_proj", (WIDTH + 2 * KEYS, WIDTH), Q8_0),
        "ffn_up": ("mlp.gate_up_proj", (2 * HIDDEN, WIDTH), F16),
    },
    "qwen3": BLOCK | head_norms(HEAD, HEAD),
}
DELTA_WIDTH = STATE * DELTA_VALUES
LINEAR_ATTENTION = {
    "attn_qkv": ("linear_attn.in_proj_qkv", (2 * STATE * DELTA_KEYS + DELTA_WIDTH, WIDTH), Q8_0),
    "attn_gate": ("linear_attn.in_proj_z", (DELTA_WIDTH, WIDTH), F16),
    "ssm_beta": ("linear_attn.in_proj_b", (DELTA_VALUES, WIDTH), F32),
    "ssm_alpha": ("linear_attn.in_proj_a", (DELTA_VALUES, WIDTH), F32),
    "ssm_conv1d": ("linear_attn.conv1d", (2 * STATE * DELTA_KEYS + DELTA_WIDTH, 4), F32),
    "ssm_norm": ("linear_attn.norm", (STATE,), F32),
    "ssm_out": ("linear_attn.out_proj", (WIDTH, DELTA_WIDTH), Q8_0),
    "ssm_a": ("linear_attn.A_log", (DELTA_VALUES,), F32),
    "ssm_dt.bias": ("linear_attn.dt_bias", (DELTA_VALUES,), F32),
}
QWEN35 = without("ffn_norm") | {
    "attn_q": ("self_attn.q_proj", (2 * WIDTH, WIDTH), Q8_0),
    "post_attention_norm": BEHIND["post_attention_norm"],
} | head_norms(HEAD, HEAD)


def block(architecture, layer):
    if architecture != "qwen35":
        return BLOCKS.get(architecture, BLOCK)
    if layer == 3:
        return QWEN35
    attention = ("attn_q", "attn_k", "attn_v", "attn_output", "attn_q_norm", "attn_k_norm")
    return {n: v for n, v in QWEN35.items() if n not in attention} | LINEAR_ATTENTION


def byte_characters():
    """GPT-2's printable character for each of the 256 bytes."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in kept]
    return [chr(byte) for byte in kept] + [chr(256 + index) for index in range(len(others))]


def configuration(architecture, scaling=None):
    """Settings as config.json has them."""
    own = {name: value for name, (_, value) in OWN_SETTINGS.get(architecture, {}).items()}
    layers = LAYERS.get(architecture, CONFIG["num_hidden_layers"])
    own |= {"num_hidden_layers": layers, "head_dim": HEAD} | IMPLIED.get(architecture, {})
    return CONFIG | own | SCALINGS.get(scaling, {}).get("settings", {})


def tensor_table(vocabulary, architecture):
    table = {"token_embd": ("model.embed_tokens", (vocabulary, WIDTH), Q8_0)}
    for layer in range(configuration(architecture)["num_hidden_layers"]):
        for name, (path, shape, kind) in block(architecture, layer).items():
            table[f"blk.{layer}.{name}"] = (f"model.layers.{layer}.{path}", shape, kind)
    table["output_norm"] = ("model.norm", (WIDTH,), F32)
    if not configuration(architecture)["tie_word_embeddings"]:
        table["output"] = ("lm_head", (vocabulary, WIDTH), F16)
    return table


def permuted(rows, heads):
    """Half-split rotary rows to interleaved ones."""
    return rows.reshape(heads, 2, -1, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def unpermuted(rows, heads):
    return rows.reshape(heads, -1, 2, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def tiled(name, value, back=False):
    """Value heads of one key head side by side to the first of each in front, or back."""

    def reordered(rows):
        groups = (DELTA_KEYS, DELTA_VALUES // DELTA_KEYS)
        heads = rows.reshape(*(reversed(groups) if back else groups), -1)
        return heads.swapaxes(0, 1).reshape(rows.shape)

    layer = name.split(".", 2)[-1]
    if layer == "ssm_out":
        return reordered(value.T).T
    if layer in ("attn_qkv", "ssm_conv1d"):
        keys = 2 * STATE * DELTA_KEYS
        return np.concatenate([value[:keys], reordered(value[keys:])])
    others = ("attn_gate", "ssm_beta", "ssm_alpha", "ssm_a", "ssm_dt.bias")
    return reordered(value) if layer in others else value


def add_scaling(writer, architecture, scaling):
    own = SCALINGS.get(scaling, {})
    usual = HEAD // 4 if architecture == "qwen35" else HEAD
    writer.add_rope_dimension_count(own.get("rotated", usual))
    adds = {int: writer.add_uint32, float: writer.add_float32, str: writer.add_string}
    for name, value in own.get("keys", {}).items():
        adds[type(value)](f"{architecture}.rope.scaling.{name}", value)
    for name, values in own.get("tensors", {}).items():
        writer.add_tensor(f"{name}.weight", np.array(values, np.float32))


def add_metadata(writer, tokens, pre, architecture, scaling):
    writer.add_name("tiny")
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    own = {key for key, _ in OWN_SETTINGS.get(architecture, {}).values()}
    ahead = 1 if "nextn_predict_layers" in own else 0
    writer.add_block_count(configuration(architecture)["num_hidden_layers"] + ahead)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(CONFIG["num_attention_heads"])
    writer.add_head_count_kv(CONFIG["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(CONFIG["rms_norm_eps"])
    writer.add_rope_freq_base(CONFIG["rope_theta"])
    add_scaling(writer, architecture, scaling)
    writer.add_key_length(HEAD)
    for name, value in OWN_SETTINGS.get(architecture, {}).values():
        add = writer.add_uint32 if isinstance(value, int) else writer.add_float32
        add(f"{architecture}.{name}", value)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer.add_token_types([control if token in SPECIAL else normal for token in tokens])
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(len(tokens) - 2)
    writer.add_eos_token_id(len(tokens) - 1)
    writer.add_add_bos_token(False)


def make_gguf(folder, sequences, architecture, seed, scaling=None):
    pre, interleaved, biased = ARCHITECTURES[architecture]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny.gguf"
    tokens = byte_characters() + [merge.replace(" ", "") for merge in MERGES] + SPECIAL
    writer = gguf.GGUFWriter(path, architecture)
    add_metadata(writer, tokens, pre, architecture, scaling)
    random = np.random.default_rng(seed)
    weights = {}  # Hugging Face names, after de-quantisation
    heads = {"attn_q": CONFIG["num_attention_heads"], "attn_k": CONFIG["num_key_value_heads"]}
    for name, (path_name, shape, kind) in tensor_table(len(tokens), architecture).items():
        noise = random.standard_normal(shape)
        value = (1 + 0.2 * noise if len(shape) == 1 else 0.3 * noise).astype(np.float32)
        layer = name.split(".")[-1]
        head_count = heads[layer] if layer in interleaved else None
        value = permuted(value, head_count) if head_count else value
        is_delta = architecture == "qwen35" and "linear_attn" in path_name
        value = np.ascontiguousarray(tiled(name, value)) if is_delta else value
        is_rate, is_step = name.endswith("ssm_a"), name.endswith("ssm_dt.bias")
        stored = gguf.quantize(-np.exp(value) if is_rate else value, kind)
        whole = name if is_rate or is_step else f"{name}.weight"
        writer.add_tensor(whole, stored, raw_dtype=kind)
        if is_rate or is_step:
            weights[path_name] = tiled(name, value, back=True)
            continue
        value = gguf.dequantize(stored, kind)
        value = unpermuted(value, head_count) if head_count else value
        value = tiled(name, value, back=True) if is_delta else value
        # llama.cpp's converter adds the 1 that Gemma's norms have besides.
        has_offset = architecture.startswith(("gemma", "qwen35")) and not is_delta
        value = value - 1 if has_offset and len(shape) == 1 else value
        weights[f"{path_name}.weight"] = value[:, None] if "conv1d" in name else value
        if layer in biased:
            bias = (0.3 * random.standard_normal(shape[0])).astype(np.float32)
            writer.add_tensor(f"{name}.bias", bias)
            weights[f"{path_name}.bias"] = bias
    if architecture == "qwen35":
        ahead = f"blk.{LAYERS[architecture]}"
        writer.add_tensor(f"{ahead}.nextn.eh_proj.weight", np.ones((WIDTH, 2 * WIDTH), np.float32))
        writer.add_tensor(f"{ahead}.attn_norm.weight", np.ones(WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    write_golden(folder, path.name, weights, sequences, architecture, scaling)


def load(folder, file, weights, architecture, scaling):
    """The model that Transformers reads from the file, or makes of the weights."""
    if architecture not in UNREAD and not scaling:
        return AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=file, dtype=torch.float32, attn_implementation="eager"
        )
    vocabulary = len(weights["model.embed_tokens.weight"])
    settings = configuration(architecture, scaling) | {"vocab_size": vocabulary, "pad_token_id": 0}
    kind = MODEL_TYPES.get(architecture, architecture)
    config = AutoConfig.for_model(kind, **settings)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    tensors = {name: torch.tensor(value) for name, value in weights.items()}
    missing, surplus = model.load_state_dict(tensors, strict=False)
    assert not surplus and set(missing) <= {"lm_head.weight"}, (missing, surplus)
    return model


@torch.no_grad()
def write_golden(folder, file, weights, sequences, architecture, scaling):
    model = load(folder, file, weights, architecture, scaling).eval()
    loaded = model.state_dict()
    for name, value in weights.items():
        assert np.array_equal(loaded[name].float().numpy(), value), name
    exact_weights = {name: value.astype(np.float64) for name, value in weights.items()}
    results, difference = {}, 0.0
    for index, tokens in enumerate(sequences):
        logits = model(torch.tensor([tokens])).logits[0].contiguous()
        if architecture not in UNCHECKED and not scaling:
            exact = plain_llama.logits(configuration(architecture), exact_weights, tokens)
            difference = max(difference, np.abs(logits.numpy() - exact).max())
        results[f"logits.{index}"] = logits
    assert difference < 1e-4, difference
    save_file(results, folder / "golden.safetensors")
    texts = []
    if architecture not in UNREAD:
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
        texts = [{"text": text, "ids": tokenizer.encode(text)} for text in TEXTS]
    for row in texts:
        assert tokenizer.decode(row["ids"]) == row["text"], row
    common.write_json(folder / "golden.json", {"sequences": sequences, "texts": texts})
    print(f"{folder.name}: float32 - float64 {difference:.1e}")
