# numpy==2.4.6 safetensors==0.8.0
"""A forward pass of Llama and its kin in float64 numpy, from config.json and safetensors alone.

Written from the published architecture, with no model library, to confirm that a checkpoint folder
means what its files say: every tensor is read by name, and an unread one is an error.
"""

import json
import math

import numpy as np
from safetensors.torch import load_file


def read_folder(folder):
    """config.json as a dictionary and all tensors as float64 arrays."""
    config = json.loads((folder / "config.json").read_text())
    tensors = {}
    for file in sorted(folder.glob("model*.safetensors")):
        tensors |= {name: value.double().numpy() for name, value in load_file(file).items()}
    return config, tensors


def rope_settings(config):
    """(theta, scaling) from either spelling: rope_parameters, or rope_theta and rope_scaling."""
    if "rope_parameters" in config:
        scaling = config["rope_parameters"]
        return scaling["rope_theta"], scaling
    return config["rope_theta"], config.get("rope_scaling") or {}


def inverse_frequencies(config, head_dim):
    theta, scaling = rope_settings(config)
    frequencies = theta ** (-np.arange(0, head_dim, 2) / head_dim)  # [head_dim / 2]
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    if kind == "linear":
        return frequencies / scaling["factor"]
    if kind == "llama3":
        # Long waves are slowed by `factor`, short ones kept, those between are interpolated.
        turns = scaling["original_max_position_embeddings"] * frequencies / (2 * math.pi)
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        keep = np.clip((turns - low) / (high - low), 0, 1)
        return keep * frequencies + (1 - keep) * frequencies / scaling["factor"]
    assert kind == "default", kind
    return frequencies


def rms_norm(x, weight, epsilon):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * weight


def rotate(x, angles):
    """Rotary embedding in the half-split layout; x is [heads, length, head_dim]."""
    first, second = np.split(x, 2, -1)
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], -1)


def logits(config, tensors, tokens):
    """Logits [length, vocabulary] of one sequence."""
    unread = set(tensors)

    def get(name):
        unread.discard(name)
        return tensors[name]

    def linear(x, name):
        y = x @ get(f"{name}.weight").T
        return y + get(f"{name}.bias") if f"{name}.bias" in tensors else y

    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    head_dim = config.get("head_dim") or config["hidden_size"] // heads
    epsilon, length = config["rms_norm_eps"], len(tokens)
    angles = np.outer(np.arange(length), inverse_frequencies(config, head_dim))
    hidden = np.triu(np.full((length, length), -np.inf), 1)  # [length, length], causal
    x = get("model.embed_tokens.weight")[tokens]  # [length, width]
    x = x * config.get("embedding_multiplier", 1)
    scale = config.get("attention_multiplier", 1 / math.sqrt(head_dim))
    branch = config.get("residual_multiplier", 1)
    for layer in range(config["num_hidden_layers"]):
        block = f"model.layers.{layer}"
        y = rms_norm(x, get(f"{block}.input_layernorm.weight"), epsilon)
        q, k, v = (
            linear(y, f"{block}.self_attn.{name}").reshape(length, -1, head_dim).swapaxes(0, 1)
            for name in ("q_proj", "k_proj", "v_proj")
        )
        if f"{block}.self_attn.q_norm.weight" in tensors:
            q = rms_norm(q, get(f"{block}.self_attn.q_norm.weight"), epsilon)
            k = rms_norm(k, get(f"{block}.self_attn.k_norm.weight"), epsilon)
        if (config.get("no_rope_layers") or {layer: 1})[layer]:
            q, k = rotate(q, angles), rotate(k, angles)
        k, v = np.repeat(k, heads // groups, 0), np.repeat(v, heads // groups, 0)
        scores = q @ k.swapaxes(1, 2) * scale + hidden
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        y = (weights @ v).swapaxes(0, 1).reshape(length, -1)
        x = x + branch * linear(y, f"{block}.self_attn.o_proj")
        y = rms_norm(x, get(f"{block}.post_attention_layernorm.weight"), epsilon)
        gate = linear(y, f"{block}.mlp.gate_proj")
        y = gate / (1 + np.exp(-gate)) * linear(y, f"{block}.mlp.up_proj")
        x = x + branch * linear(y, f"{block}.mlp.down_proj")
    x = rms_norm(x, get("model.norm.weight"), epsilon)
    tied = config.get("tie_word_embeddings", False)
    result = x @ get("model.embed_tokens.weight" if tied else "lm_head.weight").T
    result = result / config.get("logits_scaling", 1)
    assert not unread, f"tensors nobody reads: {sorted(unread)}"
    return result
