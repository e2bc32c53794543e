#!/usr/bin/env python3
"""How much could a posterior add? The exact normal posterior of a linearised model.

Usage: kernel.py MODEL_FOLDER GGUF TASK [--test 400] [--seeds 5] [--labels 16 64 256]

For a task with two answers (as Scripts/make_budget_tasks.py writes it) the difference of the two
answers' logits is linearised in the adapters' matrices B (rank 8, queries and values) around
their first values, where B is 0. Under a normal prior of B that difference is a Gaussian process
around the untouched model's, and its posterior needs no training: Laplace's approximation of it,
by Newton's method in the space of the labels (Rasmussen and Williams 2006, algorithms 3.1 and
3.2). So this posterior contracts as it should, whatever the number of parameters.

The prior has one number, the mean variance s of the difference over the texts, and the posterior
one more, a temperature t that its variance is multiplied by. The table has, for each s, the
accuracy, the log evidence, and the NLL of the mean (t = 0) and of the averaged answers for some
t. Both as the mean over the draws of labels, which are those of `varlora` for the same seeds,
with the NLL's standard error.

Needs torch, transformers and gguf; one pass forward and one backward for each text.
"""

import argparse
import json
import math
import pathlib

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

RANK, SCALE = 8, 2  # alpha 16
WORD = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
PRIORS = (1, 3, 10, 30)
TEMPERATURES = (0, 0.1, 0.3, 1)


def mixed(bits):
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & WORD
    return bits ^ (bits >> 31)


class SplitMix64:
    """The generator of Sources/Randomness."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        while True:
            self.state = (self.state + GOLDEN) & WORD
            product = bound * mixed(self.state)
            if product & WORD >= (1 << 64) % bound:
                return product >> 64

    def permutation(self, count):
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


def label_order(labels, seed):
    """The rows in the order in which a budget of `varlora` draws them."""
    name = 0xCBF29CE484222325
    for byte in b"labels":
        name = ((name ^ byte) * 0x100000001B3) & WORD
    state = mixed((mixed((seed + GOLDEN) & WORD) ^ name) + GOLDEN & WORD)
    turns, drawn = {}, []
    for place, row in enumerate(SplitMix64(state).permutation(len(labels))):
        turn = turns.get(labels[row], 0)
        turns[labels[row]] = turn + 1
        drawn.append((turn, place, row))
    return [row for _, _, row in sorted(drawn)]


def gradients(folder, gguf, rows):
    """The untouched difference of each row's logits, and its gradient in all matrices B."""
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=gguf)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf, dtype=torch.float32)
    model.eval().requires_grad_(False)
    layers = [
        getattr(block.self_attn, name)
        for block in model.model.layers
        for name in ("q_proj", "v_proj")
    ]
    generator = torch.Generator().manual_seed(0)
    first = [
        (torch.rand(RANK, layer.in_features, generator=generator) * 2 - 1) / layer.in_features**0.5
        for layer in layers
    ]
    passed = {}

    def record(number):
        def hook(_, inputs, output):
            passed[number] = [inputs[0][0] @ first[number].T]
            output.register_hook(lambda gradient: passed[number].append(gradient[0]))

        return hook

    for number, layer in enumerate(layers):
        layer.register_forward_hook(record(number))
    negative, positive = (
        tokenizer(f" {choice}", add_special_tokens=False).input_ids[0]
        for choice in rows[0]["choices"]
    )
    offsets, features = [], []
    for row in rows:
        ids = tokenizer(row["prompt"], return_tensors="pt").input_ids
        inputs = model.model.embed_tokens(ids).requires_grad_(True)
        logits = model(inputs_embeds=inputs, logits_to_keep=1).logits[0, -1]
        difference = logits[positive] - logits[negative]
        difference.backward()
        offsets.append(difference.item())
        features.append(
            torch.cat([
                (SCALE * gradient.T @ reduced.detach()).flatten()
                for reduced, gradient in (passed[number] for number in range(len(layers)))
            ])
        )
    return torch.tensor(offsets, dtype=torch.float64), torch.stack(features)


def log_likelihood(signs, logits):
    return -torch.nn.functional.softplus(-signs * logits).sum()


def fitted(kernel, offset, labels):
    """Weights of the training rows, roots of their curvature, a factor, and the log evidence."""
    signs, weights = 2 * labels - 1, torch.zeros_like(labels)

    def objective(weights):
        latent = kernel @ weights
        return log_likelihood(signs, offset + latent) - weights @ latent / 2

    def factor(weights):
        probability = torch.sigmoid(offset + kernel @ weights)
        root = (probability * (1 - probability)).sqrt()
        matrix = torch.eye(len(labels), dtype=torch.float64) + root[:, None] * kernel * root
        return probability, root, torch.linalg.cholesky(matrix)

    for _ in range(100):
        probability, root, lower = factor(weights)
        target = root**2 * (kernel @ weights) + labels - probability
        solved = torch.cholesky_solve((root * (kernel @ target))[:, None], lower)[:, 0]
        step = target - root * solved - weights
        while objective(weights + step) < objective(weights) - 1e-12:
            step = step / 2
        weights = weights + step
        if step.abs().max() < 1e-9:
            break
    _, root, lower = factor(weights)
    return weights, root, lower, (objective(weights) - lower.diagonal().log().sum()).item()


def answers(kernel, offset, labels, train, test):
    """Mean and variance of the test rows' differences, and the log evidence."""
    weights, root, lower, evidence = fitted(kernel[train][:, train], offset[train], labels[train])
    cross = kernel[test][:, train]
    solved = torch.linalg.solve_triangular(lower, root[:, None] * cross.T, upper=False)
    variance = (kernel.diagonal()[test] - (solved**2).sum(0)).clamp(min=0)
    return offset[test] + cross @ weights, variance, evidence


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("gguf")
    parser.add_argument("task", type=pathlib.Path)
    parser.add_argument("--test", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--labels", type=int, nargs="+", default=[16, 64, 256])
    options = parser.parse_args()
    parts = [
        [json.loads(line) for line in (options.task / f"{part}.jsonl").read_text().splitlines()]
        for part in ("train", "test")
    ]
    parts[1] = parts[1][: options.test]
    rows = parts[0] + parts[1]
    offset, features = gradients(options.folder, options.gguf, rows)
    kernel = (features @ features.T).double()
    kernel /= kernel.diagonal()[: len(parts[0])].mean()
    labels = torch.tensor([row["label"] for row in rows], dtype=torch.float64)
    test = torch.arange(len(parts[0]), len(rows))
    nodes, shares = (torch.tensor(x) for x in np.polynomial.hermite_e.hermegauss(40))
    shares /= math.sqrt(2 * math.pi)
    untouched = -log_likelihood(2 * labels[test] - 1, offset[test]) / len(test)
    print(f"{options.task}: {len(test)} texts, NLL of the untouched model {untouched:.3f}")
    print("| labels | s | ACC | log evidence | " + " | ".join(f"t = {t}" for t in TEMPERATURES))
    order = [label_order([row["label"] for row in parts[0]], s + 1) for s in range(options.seeds)]
    for count in options.labels:
        for prior in PRIORS:
            found = []
            for rows_in_order in order:
                train = torch.tensor(sorted(rows_in_order[:count]))
                mean, variance, evidence = answers(prior * kernel, offset, labels, train, test)
                right = (mean > 0) == (labels[test] > 0.5)
                losses = []
                for temperature in TEMPERATURES:
                    spread = (temperature * variance).sqrt()
                    draws = torch.sigmoid(mean[:, None] + spread[:, None] * nodes) @ shares
                    likelihood = torch.where(labels[test] > 0.5, draws, 1 - draws)
                    losses.append(-likelihood.log().mean().item())
                found.append([right.double().mean().item(), evidence] + losses)
            found = np.array(found)
            error = found.std(0, ddof=1) / math.sqrt(len(found))
            cells = [f"{m:.3f} ± {e:.3f}" for m, e in zip(found.mean(0)[2:], error[2:])]
            accuracy, evidence = found.mean(0)[:2]
            print(
                f"| {count} | {prior} | {accuracy:.3f} | {evidence:.1f} | " + " | ".join(cells),
                flush=True,
            )


if __name__ == "__main__":
    main()
