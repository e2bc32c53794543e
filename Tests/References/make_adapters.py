# torch==2.13.0 transformers==5.23.0 peft==0.21.2 gguf==0.19.0 tokenizers==0.23.3 ivon-opt==0.1.3
"""PEFT adapters with random A and B, and what they give: answer logits, loss and its gradients."""

import json

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

import common

ANSWER_TOKENS = [5, 9, 17]
LABELS = [0, 2, 1]
EVERY_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

# folder: settings. Pattern keys are regular expressions for the end of a module's path.
ADAPTERS = {
    "adapter": dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]),
    "adapter-patterns": dict(
        r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], use_rslora=True,
        rank_pattern={"layers.1.self_attn.v_proj": 2}, alpha_pattern={"q_proj": 12},
    ),
    "adapter-all": dict(r=3, lora_alpha=6, target_modules=EVERY_LINEAR),
    # The head alone is adapted where it is the table of embeddings, too; PEFT stores its weight
    # beside the adapter.
    "adapter-head": dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "lm_head"]),
}  # fmt: skip


# Layers of Phi-3, which has several in one, in place of those above.
FUSED = {
    "q_proj": "qkv_proj", "k_proj": "qkv_proj", "v_proj": "o_proj", "gate_proj": "gate_up_proj",
    "up_proj": "gate_up_proj",
}  # fmt: skip


# Layers that Qwen3.5 has besides.
LINEAR_ATTENTION = ["in_proj_qkv", "in_proj_z", "in_proj_b", "in_proj_a", "out_proj"]


def make_adapters(model_folder, sequences, names, others):
    """`names` are other names of layers, and `others` further ones, where the model has any."""
    for index, (name, settings) in enumerate(ADAPTERS.items()):
        text = json.dumps(settings)
        for usual, own in names.items():
            text = text.replace(f'"{usual}"', f'"{own}"').replace(f".{usual}", f".{own}")
        settings = json.loads(text)
        more = others if name == "adapter-all" else []
        settings["target_modules"] = sorted({*settings["target_modules"], *more})
        make_adapter(model_folder, name, settings, sequences, seed=100 + index)


def make_adapter(model_folder, name, settings, sequences, seed):
    base = AutoModelForCausalLM.from_pretrained(
        model_folder, dtype=torch.float32, attn_implementation="eager"
    )
    config = LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, **settings)
    model = get_peft_model(base, config).eval()
    generator = torch.Generator().manual_seed(seed)
    matrices = {n: p for n, p in sorted(model.named_parameters()) if p.requires_grad}
    for parameter in matrices.values():
        parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)

    folder = model_folder / name
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    settle_config(folder / "adapter_config.json")

    logits = torch.stack(
        [model(torch.tensor([tokens])).logits[0, -1, ANSWER_TOKENS] for tokens in sequences]
    )  # [sequences, answers]
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(LABELS))
    loss.backward()
    # The file drops the adapter's name, "default", from each path.
    gradients = {f"grad.{n.replace('.default', '')}": p.grad for n, p in matrices.items()}
    results = {"answer_logits": logits.detach(), "loss": loss.detach().reshape(1)}
    save_file(results | gradients, folder / "golden.safetensors")
    golden = {"answer_tokens": ANSWER_TOKENS, "labels": LABELS, "sequences": sequences}
    common.write_json(folder / "golden.json", golden)
    smallest = min(g.abs().max().item() for g in gradients.values())
    assert smallest > 1e-2, "a gradient near zero tests nothing"
    print(f"{model_folder.name}/{name}: loss {loss.item():.4f}")


def settle_config(path):
    """PEFT writes target_modules in no fixed order, and this machine's path as the base model."""
    config = json.loads(path.read_text())
    config["target_modules"] = sorted(config["target_modules"])
    config["base_model_name_or_path"] = path.parent.parent.name
    common.write_json(path, config, indent=2)
