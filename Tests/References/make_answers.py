# torch==2.13.0 transformers==5.23.0 peft==0.21.2
"""Answers of several tokens: log probabilities, loss and its gradients, one answer at a time.

Every answer is a forward pass of its own over prompt and answer, nothing shared: the sum of the log
probabilities of its tokens, normalised over the question's answers."""

import pathlib

import torch
from peft import PeftModel
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

import common

# Model and adapter by the name of the file.
MODELS = {
    "llama2": ("llama2", "adapter-all"), "gemma2": ("gemma2", "adapter-all"),
    "qwen3": ("qwen3", "adapter-all"), "gemma2-head": ("gemma2", "adapter-head"),
    "qwen3_5": ("qwen3_5", "adapter-all"),
}  # fmt: skip
STATE = [int(17 + 13 * i) % 60 + 1 for i in range(19)]
# Two questions about one state, one with targets, and one by itself; answers of 1 to 5 tokens that
# begin alike, none of which is the beginning of another.
EXAMPLES = [
    {
        "state": "s", "tokens": STATE + [4, 8], "label": 1,
        "answers": [[5, 9, 3], [5, 9, 4, 11, 7], [5, 2], [6], [31, 5, 9]],
    },
    {
        "state": "s", "tokens": STATE + [4, 21, 2], "label": 0, "targets": [0.5, 0.125, 0.375],
        "answers": [[7, 7, 7], [7, 12], [8]],
    },
    {"tokens": [9, 3, 40], "label": 2, "answers": [[5, 9, 3], [5, 9, 4], [12, 2, 2, 5]]},
]  # fmt: skip


def log_probability(model, prompt, answer):
    logits = model(torch.tensor([prompt + answer])).logits[0].float().log_softmax(-1)
    return sum(logits[len(prompt) - 1 + i, token] for i, token in enumerate(answer))


def main(root):
    for name, (model_name, adapter) in MODELS.items():
        folder = root / "Models" / model_name
        base = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager"
        )
        model = PeftModel.from_pretrained(base, folder / adapter, is_trainable=True).eval()
        loss, results = 0, {}
        for index, example in enumerate(EXAMPLES):
            logs = torch.stack(
                [log_probability(model, example["tokens"], a) for a in example["answers"]]
            ).log_softmax(0)
            results[f"log_probabilities.{index}"] = logs.detach()
            targets = torch.nn.functional.one_hot(torch.tensor(example["label"]), len(logs)).float()
            if "targets" in example:
                targets = torch.tensor(example["targets"])
            loss = loss - (targets * logs).sum()
        loss.backward()
        results["loss"] = loss.detach().reshape(1)
        for path, parameter in model.named_parameters():
            if parameter.requires_grad:
                results[f"grad.{path.replace('.default', '')}"] = parameter.grad
        save_file(results, root / "Answers" / f"{name}.safetensors")
        print(name, loss.item(), [results[f"log_probabilities.{i}"].exp() for i in range(3)])
    common.write_json(root / "Answers" / "examples.json", EXAMPLES)


if __name__ == "__main__":
    main(pathlib.Path(__file__).parent / "Golden")
