# torch==2.13.0 transformers==5.23.0 peft==0.21.2 gguf==0.19.0 tokenizers==0.23.3 ivon-opt==0.1.3
"""check_peft.py ADAPTER MODEL PREDICTIONS.jsonl PROMPTS.jsonl [TOLERANCE]

Loads an adapter folder with PEFT on a Hugging Face model folder and compares the probabilities of
the answer tokens with those in PREDICTIONS. Exits 1 when they differ by more than 1e-4.

PROMPTS: {"id", "prompt", "choices": [" A", ...]}; PREDICTIONS: {"id", "label", "probabilities"}.
"""

import json
import pathlib
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer



def read_rows(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").split("\n")
    rows = [json.loads(line) for line in lines if line]
    by_id = {str(row["id"]): row for row in rows}
    if len(by_id) != len(rows):
        sys.exit(f"{path}: an id occurs twice")
    return by_id


def answer_tokens(tokenizer, prompt, choices):
    """The first token each choice adds to the prompt."""
    start = tokenizer.encode(prompt)
    tokens = []
    for choice in choices:
        whole = tokenizer.encode(prompt + choice)
        if whole[: len(start)] != start or len(whole) == len(start):
            sys.exit(f"choice {choice!r} changes the tokens of the prompt it follows")
        tokens.append(whole[len(start)])
    return start, tokens


@torch.inference_mode()
def probabilities(model, tokenizer, row):
    ids, answers = answer_tokens(tokenizer, row["prompt"], row["choices"])
    logits = model(torch.tensor([ids]), logits_to_keep=1).logits[0, -1, answers]
    return logits.softmax(-1).tolist()


def main():
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    adapter, model_folder, predictions_path, prompts_path = sys.argv[1:5]
    tolerance = float(sys.argv[5]) if len(sys.argv) == 6 else 1e-4
    torch.use_deterministic_algorithms(True)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    base = AutoModelForCausalLM.from_pretrained(
        model_folder, dtype=torch.float32, attn_implementation="eager"
    )
    model = PeftModel.from_pretrained(base, adapter).eval()
    prompts, predictions = read_rows(prompts_path), read_rows(predictions_path)
    if prompts.keys() != predictions.keys() or not prompts:
        sys.exit("prompts and predictions must hold the same ids, at least one")
    worst, worst_id = -1.0, None
    for row_id, prompt in prompts.items():
        expected = probabilities(model, tokenizer, prompt)
        found = predictions[row_id]["probabilities"]
        if len(expected) != len(found):
            sys.exit(f"{row_id}: {len(found)} probabilities for {len(expected)} choices")
        # A NaN must not pass as equal.
        gaps = [abs(a - b) for a, b in zip(expected, found)]
        difference = max(gap if gap >= 0 else float("inf") for gap in gaps)
        if difference > worst:
            worst, worst_id = difference, row_id
    print(f"{len(prompts)} prompts, largest difference {worst:.2e} ({worst_id})", end="")
    print(f", tolerance {tolerance:g}")
    sys.exit(0 if worst <= tolerance else 1)


if __name__ == "__main__":
    main()
