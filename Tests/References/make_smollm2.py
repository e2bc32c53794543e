# torch==2.13.0 transformers==5.23.0 peft==0.21.2 gguf==0.19.0 tokenizers==0.23.3 ivon-opt==0.1.3
"""make_smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf: writes Golden/SmolLM2/golden.json.

The file is de-quantised by transformers and run in float32 with eager attention. Recorded are token
ids, some logits, and the gradients of a LoRA adapter whose matrices follow a formula (see `fill`).
"""

import hashlib
import math
import pathlib
import sys

import numpy as np
import tokenizers.pre_tokenizers as pre
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

import common

ARC = (
    "Select one of the choices that answers the following question: Which object attracts iron "
    "nails? Choices: A. A glass marble. B. A bar magnet. C. A wooden spoon. D. A rubber ball. "
    "Answer:"
)
ARC_NUMBERS = (
    "Select one of the choices that answers the following question: A cart moves 120 m in 8 s. "
    "What is its mean speed? Choices: A. 15 m/s. B. 96 m/s. C. 112 m/s. D. 960 m/s. Answer:"
)
WINOGRANDE = (
    "Select one of the choices that answers the following question: The cup did not fit in the box "
    "because the _ was too small. Choices: A. cup. B box. Answer:"
)
BOOLQ = (
    "Answer the question with only True or False: is a tomato botanically a fruit Context: "
    "Botanically, a fruit is the ripened ovary of a flowering plant, together with its seeds. The "
    "tomato grows from the ovary of the tomato flower and holds the seeds of the plant."
)
TEXTS = {
    "arc": ARC,
    "boolq": BOOLQ,
    "short": "Hello",
    "unicode": "Ångström naïve café – 東京は日本の首都です。 😀👍🏽 ½ ² ٣ e\u0301",
    "code": "def add(a, b):\n    return a + b  # it's 2024\n\n\tprint(add(10, 32))\r\n",
    "chat": "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n",
}
# prompt, choices, index of the right one
QUESTIONS = [
    (ARC, [" A", " B", " C", " D"], 1),
    (ARC_NUMBERS, [" A", " B", " C", " D"], 0),
    (WINOGRANDE, [" A", " B"], 1),
    (BOOLQ, [" False", " True"], 1),
]
TARGETS = ["q_proj", "v_proj"]
RANK, ALPHA = 8, 16
GRADIENT_LAYERS = [0, 14, 29]
FORMULA = (
    "phase = layer + (0.5 for v_proj, 0 for q_proj); "
    "A[i,j] = sin(1 + i + 3*j + phase) / sqrt(columns of A); "
    "B[i,j] = 0.02 * cos(1 + 2*i + j + phase); in float64, then rounded to float32"
)


def digits(values):
    """Seven significant digits hold a float32 well within its own error here."""
    return [float(f"{value:.7g}") for value in values]


def load(path):
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    )
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    # The file names the pre-tokenizer "smollm", which transformers reads as plain byte-level. The
    # tokenizer.json of SmolLM2 splits every number character first; it matters for "½" and "²".
    tokenizer.backend_tokenizer.pre_tokenizer = pre.Sequence(
        [pre.Digits(individual_digits=True), pre.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    return model.eval(), tokenizer


@torch.no_grad()
def text_rows(model, tokenizer, probes):
    rows = []
    for name, text in TEXTS.items():
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text, name
        logits = model(torch.tensor([ids])).logits[0]  # [length, vocabulary]
        length = len(ids)
        # Last position first, then three inner ones; a text of one token has only the last.
        positions = list(dict.fromkeys([length - 1, length // 4, length // 2, 3 * length // 4]))
        rows.append({
            "name": name,
            "text": text,
            "ids": ids,
            "positions": [position_row(logits[p], p, probes) for p in positions],
        })  # fmt: skip
    return rows


def position_row(logits, position, probes):
    top = logits.topk(20)
    return {
        "position": position,
        "top_ids": top.indices.tolist(),
        "top_logits": digits(top.values.tolist()),
        "probe_logits": digits(logits[probes].tolist()),
    }


def fill(model):
    """Sets every LoRA matrix by FORMULA."""
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        layer = int(name.split(".layers.")[1].split(".")[0])
        rows, columns = np.indices(parameter.shape).astype(np.float64)
        phase = layer + (0.5 if "v_proj" in name else 0.0)
        if "lora_A" in name:
            value = np.sin(1 + rows + 3 * columns + phase) / math.sqrt(parameter.shape[1])
        else:
            value = 0.02 * np.cos(1 + 2 * rows + columns + phase)
        parameter.data = torch.from_numpy(value.astype(np.float32))


def answer_tokens(tokenizer, prompt, choices):
    """Ids of the choices as they follow the prompt; each must be one token."""
    start = tokenizer.encode(prompt)
    tails = [tokenizer.encode(prompt + choice) for choice in choices]
    assert all(tail[:-1] == start for tail in tails), prompt
    return [tail[-1] for tail in tails]


def adapter_row(model, tokenizer):
    config = LoraConfig(
        task_type="CAUSAL_LM", r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules=TARGETS
    )
    model = get_peft_model(model, config).eval()
    fill(model)
    questions, total = [], 0.0
    for prompt, choices, label in QUESTIONS:
        ids = tokenizer.encode(prompt)
        answers = answer_tokens(tokenizer, prompt, choices)
        with torch.no_grad(), model.disable_adapter():
            base = model(torch.tensor([ids])).logits[0, -1, answers]
        logits = model(torch.tensor([ids])).logits[0, -1, answers]
        loss = torch.nn.functional.cross_entropy(logits[None], torch.tensor([label]))
        (loss / len(QUESTIONS)).backward()
        total += loss.item() / len(QUESTIONS)
        questions.append({
            "prompt": prompt,
            "ids": ids,
            "choices": choices,
            "answer_tokens": answers,
            "label": label,
            "logits": digits(logits.tolist()),
            "base_logits": digits(base.tolist()),
            "loss": loss.item(),
        })  # fmt: skip
    gradients = {}
    for name, parameter in model.named_parameters():
        recorded = any(f".layers.{layer}." in name for layer in GRADIENT_LAYERS)
        if recorded and parameter.requires_grad:
            gradients[name.replace(".default", "")] = {
                "norm": digits([parameter.grad.double().norm().item()])[0],
                "first": digits(parameter.grad.flatten()[:8].tolist()),
            }
    return {
        "rank": RANK, "alpha": ALPHA, "targets": TARGETS, "formula": FORMULA,
        "questions": questions, "mean_loss": total, "gradients": gradients,
    }  # fmt: skip


def main():
    common.deterministic()
    path = pathlib.Path(sys.argv[1])
    model, tokenizer = load(path)
    generator = torch.Generator().manual_seed(64)
    probes = torch.randperm(model.config.vocab_size, generator=generator)[:64]
    golden = {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "probe_ids": probes.tolist(),
        "texts": text_rows(model, tokenizer, probes),
        "adapter": adapter_row(model, tokenizer),
    }
    common.write_json(common.GOLDEN / "SmolLM2" / "golden.json", golden)


if __name__ == "__main__":
    main()
