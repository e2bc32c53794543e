extension ConfigurationTests {
    /// What the sentence has, by variant that is refused.
    static let refused: [String: String] = [
        "linear without factor": #"expected a value for "factor", found none"#,
        "llama3 without low factor": #"expected a value for "low_freq_factor", found none"#,
        "rope type longrope": #"rope_scaling.rope_type: "longrope" is not supported"#,
        "rope type mrope": #"rope_scaling.rope_type: "mrope" is not supported"#,
        "theta a text": "rope_theta: expected a number",
        "theta 0": "rope_theta: expected a positive number, found 0.0",
        "theta negative": "rope_theta: expected a positive number, found -5.0",
        "rope_parameters by layer type":
            "rope_parameters: expected settings of all blocks, found some of each kind",
        "rope_parameters by layer type, declared":
            "rope_parameters: expected settings of all blocks, found some of each kind",
        "qwen2 rope_parameters by layer type":
            "rope_parameters: expected settings of all blocks, found some of each kind",
        "hidden as 32.5": "hidden_size: expected an integer",
        "hidden as true": "num_key_value_heads: expected an integer",
        "epsilon as text": "rms_norm_eps: expected a number",
        "epsilon 0": "rms_norm_eps: expected a positive number, found 0.0",
        "epsilon negative": "rms_norm_eps: expected a positive number, found -0.001",
        "tie as 0": "tie_word_embeddings: expected true or false",
        "bias as 0": "attention_bias: expected true or false",
        "vocab_size absent": #"expected a value for "vocab_size", found none"#,
        "hidden_size absent": #"expected a value for "hidden_size", found none"#,
        "intermediate_size absent": #"expected a value for "intermediate_size", found none"#,
        "num_hidden_layers absent": #"expected a value for "num_hidden_layers", found none"#,
        "num_attention_heads absent": #"expected a value for "num_attention_heads", found none"#,
        "mistral num_key_value_heads absent":
            "key head count should be a divisor of the 4 query heads, found 8",
        "mistral num_key_value_heads null":
            "model.layers.0.self_attn.k_proj.weight has shape [16, 32]",
        "mistral eight heads, keys absent":
            "model.layers.0.self_attn.k_proj.weight has shape [16, 32]",
        "mistral sliding_window 0":
            "sliding_window: expected an integer from 1 to 1073741824, found 0",
        "mistral layer_types":
            #"layer_types[1]: "full_attention" is not supported; supported: sliding_attention"#,
        "qwen2 num_key_value_heads absent":
            "key head count should be a divisor of the 4 query heads, found 32",
        "qwen2 num_key_value_heads null":
            "model.layers.0.self_attn.k_proj.weight has shape [16, 32]",
        "qwen2 layer_types sliding, window not in use":
            #"layer_types[0]: "sliding_attention" is not supported; supported: full_attention"#,
        "heads that do not divide":
            "key head count should be a divisor of the 3 query heads, found 4",
        "fewer key heads, shapes differ":
            "model.layers.0.self_attn.k_proj.weight has shape [32, 32]",
        "hidden_act SiLU": #"hidden_act: "SiLU" is not supported"#,
        "hidden_act gelu": #"hidden_act: "gelu" is not supported"#,
        "hidden_act list": "hidden_act: expected a string",
        "model_type and architectures absent": #"expected a value for "model_type", found none"#,
        "llama as qwen2": "tensor model.layers.0.self_attn.q_proj.bias is missing",
        "qwen2 as llama": "does not use, such as model.layers.0.self_attn.k_proj.bias",
        "qwen2 as llama with attention_bias":
            "tensor model.layers.0.self_attn.o_proj.bias is missing",
        "model_type Llama": #"model_type: "Llama" is not supported; supported: gemma2, gemma3"#,
        "model_type qwen3": "tensor model.layers.0.self_attn.q_norm.weight is missing",
        "per_layer_config":
            "per_layer_config: expected none: all blocks are alike here, found an object",
        "qwen2 with biases of o_proj": "does not use, such as model.layers.0.self_attn.o_proj.bias",
        "tied, head of another shape": "lm_head.weight has shape [60, 32]",
        "not tied, head absent": "tensor lm_head.weight is missing",
        "tie absent, head absent": "tensor lm_head.weight is missing",
        "not tied, embedding absent": "tensor model.embed_tokens.weight is missing",
        "head bias": "does not use, such as lm_head.bias",
        "vocabulary larger than the table": "model.embed_tokens.weight has shape [64, 32]",
        "vocabulary smaller than the table": "model.embed_tokens.weight has shape [64, 32]",
        "names with module.": "tensor model.embed_tokens.weight is missing",
        "names with _orig_mod.": "tensor model.embed_tokens.weight is missing",
        "norm stored under both names, other values": "model.norm.weight and norm.weight",
        "a layer stored under both names":
            "layers.0.mlp.up_proj.weight and model.layers.0.mlp.up_proj.weight",
        "norm stored under both names, same values": "model.norm.weight and norm.weight",
        "norm also with language_model.": "language_model.model.norm.weight and model.norm.weight",
        "gamma for weight": "tensor model.norm.weight is missing",
        "also model.layers.2.input_layernorm.weight":
            "does not use, such as model.layers.2.input_layernorm.weight",
        "also model.extra.weight": "does not use, such as model.extra.weight",
        "also score.weight": "does not use, such as score.weight",
        "also model.layers.0.self_attn.q_proj.bias":
            "does not use, such as model.layers.0.self_attn.q_proj.bias",
        "also vision_tower.x.weight": "does not use, such as vision_tower.x.weight",
        "a missing norm": "tensor model.norm.weight is missing",
        "a missing projection": "tensor model.layers.0.self_attn.v_proj.weight is missing",
        "one layer too few": "tensor model.layers.2.self_attn.q_proj.weight is missing",
        "one layer too many": "does not use, such as model.layers.1.input_layernorm.weight",
        "no layers": "num_hidden_layers: expected an integer from 1 to 10000, found 0",
        "attention_bias without tensors": "tensor model.layers.0.self_attn.q_proj.bias is missing",
        "mlp_bias without tensors": "tensor model.layers.0.mlp.gate_proj.bias is missing",
        "a transposed projection": "model.layers.0.mlp.up_proj.weight has shape [32, 48]",
        "a norm as a matrix": "model.norm.weight has shape [1, 32]",
        "a loading LoRA": "does not use, such as model.layers.0.self_attn.q_proj.lora_A.weight",
        "PEFT base_layer names": "tensor model.layers.0.self_attn.q_proj.weight is missing",
        "a surplus of I32": "does not use, such as model.extra",
        "a norm in I32": "quantised (it holds model.norm.weight of type I32",
        "a norm in F8": "quantised (it holds model.norm.weight of type F8_E4M3",
        "two shards, no index": "there is no model.safetensors or model.safetensors.index.json",
        "index without weight_map": #"expected a value for "weight_map", found none"#,
        "index empty map": "tensor model.embed_tokens.weight is missing",
        "index names an absent tensor that is needed":
            #"model-00001-of-00002.safetensors: there is no tensor "model.norm.weight""#,
        "index names an absent tensor":
            #"model-00002-of-00002.safetensors: there is no tensor "model.extra""#,
        "index leaves out a needed tensor":
            "tensor model.layers.0.input_layernorm.weight is missing",
        "missing shard":
            "model-00002-of-00002.safetensors: cannot be read: No such file or directory",
        "index with a shard out of the folder":
            #"model.safetensors.index.json: weight_map: the file "../x.safetensors" of tenso"#,
        "a tensor in two shards, the first named":
            #"model-00002-of-00002.safetensors: tensor "model.norm.weight" is in model-00001"#,
        "a tensor in two shards, the second named":
            #"model-00001-of-00002.safetensors: tensor "model.norm.weight" is in model-00002"#,
        "qwen2 tie absent": "tensor lm_head.weight is missing",
        "mlx config": "quantised (it has quantization",
        "mlx tensors": "quantised (it holds model.layers.0.self_attn.q_proj.scales of type F16",
        "quantization_config bitsandbytes load_in_4bit":
            #"quantised (quantization_config.quant_method is "bitsandbytes""#,
        "quantization_config bitsandbytes load_in_8bit":
            #"quantised (quantization_config.quant_method is "bitsandbytes""#,
        "quantization_config awq bits": #"quantised (quantization_config.quant_method is "awq""#,
        "quantization_config gptq bits/group_size":
            #"quantised (quantization_config.quant_method is "gptq""#,
        "quantization_config fp8 weight_block_size":
            #"quantised (quantization_config.quant_method is "fp8""#,
        "quantization_config compressed-tensors format":
            #"quantised (quantization_config.quant_method is "compressed-tensors""#,
        "quantization_config mxfp4 ": #"quantised (quantization_config.quant_method is "mxfp4""#,
        "quantization_config without a method": "quantised (it has quantization_config",
        "quantization_config empty": "quantised (it has quantization_config",
        "gptq tensors": "quantised (it holds model.layers.0.self_attn.q_proj.g_idx of type I32",
        "compression_config":
            #"quantised (compression_config.quant_method is "compressed-tensors""#,
        "bitsandbytes 4 bit tensors":
            "quantised (it holds model.layers.0.self_attn.q_proj.weight of type U8",
        "awq tensors": "quantised (it holds model.layers.0.self_attn.q_proj.qweight of type I32",
        "compressed tensors":
            "quantised (it holds model.layers.0.self_attn.q_proj.weight_packed of type I32",
        "bitsandbytes 8 bit tensors":
            "quantised (it holds model.layers.0.self_attn.q_proj.SCB of type F32",
        "compressed 8 bit": "quantised (it holds model.layers.0.self_attn.q_proj.weight of type I8",
        "fp8 tensors": "quantised (it holds model.layers.0.self_attn.q_proj.weight of type F8_E4M3",
        "fp8 without scales":
            "quantised (it holds model.layers.0.self_attn.q_proj.weight of type F8_E4M3",
        "qwen3 key heads absent":
            "key head count should be a divisor of the 4 query heads, found 32",
        "qwen3 head_dim absent": "model.layers.0.self_attn.q_norm.weight has shape [12]",
        "qwen3 head_dim null": "model.layers.0.self_attn.q_norm.weight has shape [12]",
        "smollm3 key heads absent": "model.layers.0.self_attn.k_proj.weight has shape [16, 32]",
        "smollm3 no_rope_layers of another length":
            "no_rope_layers: expected 2 numbers, found 1",
        "granite key heads absent": "model.layers.0.self_attn.k_proj.weight has shape [16, 32]",
        "qwen3.5 without layer_types":
            "tensor model.layers.1.linear_attn.A_log is missing",
        "qwen3.5 layer_types too short": "layer_types: expected 3 texts, found 2",
        "qwen3.5 layer_types sliding":
            #"layer_types[1]: "sliding_attention" is not supported; supported: linear_attention"#,
        "qwen3.5 four value heads of two": "model.layers.0.linear_attn.A_log has shape [4]",
        "qwen3.5 three value heads":
            "linear_num_value_heads: expected a multiple of the 2 key heads, found 3",
        "qwen3.5 value heads absent": "model.layers.0.linear_attn.A_log has shape [4]",
        "qwen3.5 wider keys": "model.layers.0.linear_attn.conv1d.weight has shape [80, 1, 4]",
        "qwen3.5 a tap more": "model.layers.0.linear_attn.conv1d.weight has shape [80, 1, 4]",
        "qwen3.5 heads of half the size":
            "model.layers.1.self_attn.q_norm.weight has shape [16]",
        "qwen3.5 attention_bias without tensors":
            "tensor model.layers.1.self_attn.q_proj.bias is missing",
        "qwen3.5 hidden_act gelu": #"hidden_act: "gelu" is not supported"#,
        "qwen3.5 as qwen3": #"layer_types[0]: "linear_attention" is not supported"#,
        "qwen3.5 without dt_bias": "tensor model.layers.0.linear_attn.dt_bias is missing",
    ]

    /// What Transformers 5.23 refuses and can mean but one thing: the variant that says it plainly.
    static let readAs: [String: String] = [
        "rope_parameters with theta null": "rope_parameters without theta",
        "rope_type null, type linear": "rope_scaling with type and rope_type, other way",
        "rope type none": "llama2 as it is",
        "theta null": "llama2 as it is",
        "sizes as 32.0": "llama2 as it is",
        "layers as 2.0": "llama2 as it is",
        "intermediate as 48.0": "llama2 as it is",
        "length as 64.0": "llama2 as it is",
        "epsilon null": "epsilon absent",
        "bias as null": "llama2 as it is",
        "tie as null": "llama2 as it is",
        "hidden_act null": "llama2 as it is",
        "max_position_embeddings null": "llama2 as it is",
        "qwen2 head_dim null": "qwen2 as it is",
        "model_type absent, mistral": "mistral as it is",
        "model_type absent": "llama2 as it is",
        "model_type null": "llama2 as it is",
        "text_config beside": "a comment key",
        "names with language_model.": "llama2 as it is",
        "names with language_model.model only": "llama2 as it is",
        "names with model.language_model.": "llama2 as it is",
        "mistral names with language_model.": "mistral as it is",
        "qwen2 names with language_model.": "qwen2 as it is",
        "two shards, no metadata": "llama2 as it is",
        "qwen2 names with model.language_model.": "qwen2 as it is",
        "qwen3 sizes as 48.0": "qwen3 as it is",
        "qwen3 no model_type": "qwen3 as it is",
        "qwen3 names with language_model.": "qwen3 as it is",
        "smollm3 sizes as 48.0": "smollm3 as it is",
        "smollm3 no model_type": "smollm3 as it is",
        "smollm3 names with language_model.": "smollm3 as it is",
        "granite sizes as 48.0": "granite as it is",
        "granite no model_type": "granite as it is",
        "granite names with language_model.": "granite as it is",
    ]
}
