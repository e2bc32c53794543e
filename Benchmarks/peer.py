"""The same fine-tuning with PEFT, ivon-opt and Transformers, as their users write it.

Prompts are padded on the left to a multiple of 8; the model computes the logits of every position
(with --tuned of the last one only), of which the loss reads the last one's answer tokens. That is
how the code published with arXiv 2411.04421 trains, here in float32, or with --bfloat16 with the
model, but for the adapters, in 16 bits. Prints one line of JSON:

    seconds_per_step, examples_per_second    over the steps after the warm-up ones
    first_step_at                            Unix time at the end of the first step
    peak_memory_bytes                        up to the end of training: of the process, or of the
                                             device where that is another
    mean_seconds, draws_seconds              of the test questions, where asked for
"""

import argparse
import contextlib
import json
import pathlib
import random
import resource
import sys
import time

import ivon
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

LETTERS = "ABCD"


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a Hugging Face folder")
    parser.add_argument("--task", choices=["arc-easy", "boolq", "rows"], required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="the task's folder")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--warmup", type=int, default=20, help="steps that are not timed")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--limit-train", type=int, default=80, help="the first N examples")
    parser.add_argument("--max-length", type=int, default=320)
    parser.add_argument("--test", type=int, default=0, help="evaluate the first N test questions")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--tuned", action="store_true", help="logits of the last position only")
    parser.add_argument("--bfloat16", action="store_true", help="the model in 16 bits")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    return parser.parse_args()


def arc_question(row):
    """Prompt and label; nothing for a question without four choices, which the paper leaves out."""
    choices = row["question"]["choices"]
    if len(choices) != len(LETTERS):
        return None
    listed = " ".join(f"{letter}. {as_sentence(c['text'])}" for letter, c in zip(LETTERS, choices))
    prompt = "Select one of the choices that answers the following question: "
    prompt += f"{row['question']['stem']} Choices: {listed} Answer:"
    return prompt, [choice["label"] for choice in choices].index(row["answerKey"])


def as_sentence(text):
    text = text if text.endswith(".") else text + "."
    return text[:1].upper() + text[1:]


def rows_question(row):
    return row["prompt"], row["label"]


def boolq_question(row):
    prompt = "Answer the question with only True or False: "
    return prompt + f"{row['question']} Context: {row['passage']}", int(row["answer"])


class Task:
    """Encoded questions and the tokens of their answers."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.tokenizer = AutoTokenizer.from_pretrained(arguments.model, padding_side="left")
        if self.tokenizer.pad_token is None:
            first = self.tokenizer.convert_ids_to_tokens(0)
            self.tokenizer.pad_token = self.tokenizer.eos_token or first
        self.question, answers = {
            "arc-easy": (arc_question, list(LETTERS)),
            "boolq": (boolq_question, ["False", "True"]),
            "rows": (rows_question, ["A", "B"]),
        }[arguments.task]
        # An answer follows a space, which byte-level vocabularies keep inside its token.
        encoded = [self.tokenizer.encode(f" {a}", add_special_tokens=False) for a in answers]
        self.answers = [tokens[-1] for tokens in encoded]

    def load(self, part, limit):
        with open(self.arguments.data / f"{part}.jsonl", encoding="utf-8") as lines:
            questions = [self.question(json.loads(line)) for line in lines]
        length = {"truncation": True, "max_length": self.arguments.max_length}
        chosen = [question for question in questions if question][:limit]
        return [(self.tokenizer(prompt, **length)["input_ids"], label) for prompt, label in chosen]

    def batch(self, examples):
        inputs = {"input_ids": [tokens for tokens, _ in examples]}
        padded = self.tokenizer.pad(inputs, return_tensors="pt", pad_to_multiple_of=8)
        labels = torch.tensor([label for _, label in examples])
        return padded.to(self.arguments.device), labels.to(self.arguments.device)


def make_model(folder, dtype=torch.float32, device="cpu"):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(device)
    adapter = LoraConfig(
        task_type="CAUSAL_LM",
        r=8,
        lora_alpha=16,
        lora_dropout=0.1,
        target_modules=["q_proj", "v_proj"],
    )
    return get_peft_model(model, adapter)


def answer_logits(model, task, inputs):
    extra = {"logits_to_keep": 1} if task.arguments.tuned else {}
    return model(**inputs, **extra).logits[:, -1, task.answers].float()


def shuffled_batches(examples, size, seed):
    """Batches without end: the examples in a new order in every pass."""
    order = random.Random(seed)
    while True:
        examples = order.sample(examples, len(examples))
        for start in range(0, len(examples) - size + 1, size):
            yield examples[start : start + size]


def now(device):
    """Seconds, once the device has done what it was asked for."""
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


def train(model, task, optimizer):
    arguments = task.arguments
    examples = task.load("train", arguments.limit_train)
    batches = shuffled_batches(examples, arguments.batch_size, arguments.seed)
    fall = lambda step: 1 - step / arguments.steps
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, fall)
    model.train()
    first_step_at = None
    start = now(arguments.device)
    for step in range(arguments.steps):
        if step == arguments.warmup:
            start = now(arguments.device)
        inputs, labels = task.batch(next(batches))
        with optimizer.sampled_params(train=True):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(answer_logits(model, task, inputs), labels)
            loss.backward()
        optimizer.step()
        schedule.step()
        first_step_at = first_step_at or time.time()
    seconds = (now(arguments.device) - start) / (arguments.steps - arguments.warmup)
    return {
        "seconds_per_step": seconds,
        "examples_per_second": arguments.batch_size / seconds,
        "first_step_at": first_step_at,
        "peak_memory_bytes": peak_memory(arguments.device),
        "loss": loss.item(),
    }


def peak_memory(device):
    if device != "cpu":
        return torch.cuda.max_memory_allocated()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def probabilities(model, task, examples):
    size = task.arguments.batch_size
    parts = []
    with torch.inference_mode():
        for start in range(0, len(examples), size):
            inputs, _ = task.batch(examples[start : start + size])
            parts.append(answer_logits(model, task, inputs).softmax(-1))
    return torch.cat(parts)


def evaluate(model, task, optimizer):
    arguments = task.arguments
    examples = task.load("test", arguments.test)
    model.eval()
    seconds = {}
    for key, draws in (("mean_seconds", 0), ("draws_seconds", arguments.draws)):
        start = now(arguments.device)
        total = 0
        for _ in range(max(1, draws)):
            with optimizer.sampled_params() if draws else contextlib.nullcontext():
                total = total + probabilities(model, task, examples)
        seconds[key] = now(arguments.device) - start
    return seconds


def main():
    arguments = options()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    task = Task(arguments)
    dtype = torch.bfloat16 if arguments.bfloat16 else torch.float32
    model = make_model(arguments.model, dtype, arguments.device)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    is_arc = arguments.task == "arc-easy"
    optimizer = ivon.IVON(
        trainable,
        lr=0.03,
        ess=1e6 if is_arc else 1e7,
        hess_init=1e-3 if is_arc else 3e-4,
        clip_radius=1e-3,
        beta2=0.99999,
        weight_decay=0,
        rescale_lr=False,
    )
    result = train(model, task, optimizer)
    if arguments.test:
        result |= evaluate(model, task, optimizer)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
