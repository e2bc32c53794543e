# torch==2.13.0 transformers==5.23.0 peft==0.21.2 numpy==2.4.6 scipy==1.17.1
"""Laplace approximations of the tiny adapters, by plain autograd in float64.

Nothing here is clever: Jacobians are one backward pass an example and answer, curvatures dense
matrices, posteriors their inverses, expectations of a softmax adaptive or dense sums.
"""

import itertools

import numpy as np
import scipy.integrate
import scipy.optimize
import torch
from peft import PeftModel
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

import common

MODEL = common.GOLDEN / "Models" / "llama2"
OUTPUT = common.GOLDEN / "Laplace"
ADAPTERS = ["adapter", "adapter-all", "adapter-head"]
ANSWERS = [5, 9, 17]
LABELS = [0, 2, 1]
SEQUENCES = [
    [1, 17, 42, 3, 8, 30, 11],
    [1, 17, 42, 3, 55, 2, 61, 7, 19, 44, 23],
    [1, 17, 42, 3, 29, 29, 6, 50, 13, 37, 58, 4, 21, 33, 9, 48],
]
PRECISIONS = [0.01, 1.0, 30.0]
PREDICTIVE_PRECISION = 0.7


class Sides:
    """The inputs of an adapter matrix and the gradients with respect to its outputs, by token."""

    def __init__(self, module):
        module.register_forward_hook(self.keep)

    def keep(self, _, inputs, output):
        self.input, self.output = inputs[0].detach()[0], output  # [tokens, in], [1, tokens, out]


def load(name):
    base = AutoModelForCausalLM.from_pretrained(MODEL, attn_implementation="eager")
    model = PeftModel.from_pretrained(base, MODEL / name, is_trainable=True).double().eval()
    matrices, sides = {}, {}
    for path, parameter in model.named_parameters():
        if parameter.requires_grad:
            matrices[path.replace(".default", "")] = parameter
            module = model.get_submodule(path.removesuffix(".weight"))
            sides[path.replace(".default", "")] = Sides(module)
    return model, matrices, sides


def on_last_token_only(name):
    """Whether the library runs this layer on the last token alone."""
    is_behind = ".layers.1." in name and not any(f".{p}_proj." in name for p in "qkv")
    return is_behind or ".lm_head." in name


def measure(name):
    """Logits and Jacobians of every example; Fisher matrix, diagonal and by Kronecker factors."""
    model, matrices, sides = load(name)
    names = sorted(matrices)
    logits, jacobians = [], []  # [examples, answers]; [examples, answers, parameters]
    inputs = {n: [] for n in names}
    outputs = {n: torch.zeros(matrices[n].shape[0], matrices[n].shape[0]).double() for n in names}
    for tokens in SEQUENCES:
        answer_logits = model(torch.tensor([tokens])).logits[0, -1, ANSWERS]
        log_probabilities = answer_logits.log_softmax(0)
        logits.append(answer_logits.detach())
        rows = []
        for answer in range(len(ANSWERS)):
            options = dict(retain_graph=True)
            gradients = torch.autograd.grad(
                answer_logits[answer], [matrices[n] for n in names], **options
            )
            rows.append(torch.cat([g.flatten() for g in gradients]))
            weight = log_probabilities[answer].detach().exp()
            by_token = torch.autograd.grad(
                log_probabilities[answer], [sides[n].output for n in names], **options
            )
            for n, gradient in zip(names, by_token):
                outputs[n] += weight * gradient[0].T @ gradient[0]
        jacobians.append(torch.stack(rows))
        for n in names:
            inputs[n].append(sides[n].input[-1:] if on_last_token_only(n) else sides[n].input)
    inputs = {n: torch.cat(rows) for n, rows in inputs.items()}
    averages = {n: rows.T @ rows / len(rows) for n, rows in inputs.items()}
    logits, jacobians = torch.stack(logits), torch.stack(jacobians)

    p = logits.softmax(1)
    # grad log p_c = J_c - sum over k of p_k J_k
    scores = jacobians - (p.unsqueeze(2) * jacobians).sum(1, keepdim=True)
    diagonal = (p.unsqueeze(2) * scores**2).sum((0, 1))
    dense = torch.block_diag(*[torch.kron(outputs[n], averages[n]) for n in names])
    mean = torch.cat([matrices[n].detach().flatten() for n in names])
    shapes = {n: list(matrices[n].shape) for n in names}
    return shapes, mean, logits, jacobians, diagonal, dense, outputs, averages


def log_evidence(curvature, mean, logits, precision):
    identity = torch.eye(len(mean)).double()
    posterior = torch.linalg.slogdet(curvature + precision * identity)[1]
    prior = len(mean) * np.log(precision)
    likelihood = sum(logits.log_softmax(1)[i, label] for i, label in enumerate(LABELS))
    return (likelihood - 0.5 * (posterior - prior + precision * (mean**2).sum())).item()


def evidence_golden(curvature, mean, logits):
    def loss(log_precision):
        return -log_evidence(curvature, mean, logits, np.exp(log_precision))

    best = scipy.optimize.minimize_scalar(loss, bounds=(-12, 12), options=dict(xatol=1e-10))
    assert -11 < best.x < 11, "the optimum lies inside the bounds"
    values = [log_evidence(curvature, mean, logits, p) for p in PRECISIONS]
    return {"values": values, "best_precision": float(np.exp(best.x)), "best": -best.fun}


def predictive_golden(curvature, jacobians):
    """Covariance of the centred logits."""
    precision = curvature + PREDICTIVE_PRECISION * torch.eye(len(curvature)).double()
    centred = jacobians - jacobians.mean(1, keepdim=True)
    covariance = centred @ torch.linalg.solve(precision, centred.transpose(1, 2))
    return covariance.tolist()


def make_adapter(name):
    shapes, mean, logits, jacobians, diagonal, dense, outputs, averages = measure(name)
    tensors, start = {}, 0
    for n, shape in shapes.items():
        end = start + shape[0] * shape[1]
        part = jacobians[:, :, start:end].reshape(len(SEQUENCES), len(ANSWERS), *shape)
        tensors[f"jacobian.{n}"] = part
        tensors[f"fisher.{n}"] = diagonal[start:end].reshape(shape)
        tensors[f"output.{n}"], tensors[f"input.{n}"] = outputs[n], averages[n]
        assert diagonal[start:end].max() > 1e-3, "a Fisher matrix near zero tests nothing"
        start = end
    (OUTPUT / name).mkdir(parents=True, exist_ok=True)
    tensors = {n: t.float().contiguous() for n, t in tensors.items()}
    save_file(tensors, OUTPUT / name / "golden.safetensors")
    curvatures = {"diagonal": torch.diag(diagonal), "kronecker": dense}
    golden = {
        "sequences": SEQUENCES,
        "answers": ANSWERS,
        "labels": LABELS,
        "precisions": PRECISIONS,
        "predictive_precision": PREDICTIVE_PRECISION,
        "logits": logits.tolist(),
    }
    for kind, curvature in curvatures.items():
        golden[kind] = evidence_golden(curvature, mean, logits)
        golden[kind]["covariance"] = predictive_golden(curvature, jacobians)
    common.write_json(OUTPUT / name / "golden.json", golden)
    best = {kind: round(golden[kind]["best_precision"], 4) for kind in curvatures}
    print(f"{name}: {len(mean)} parameters, best precisions {best}")


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def entropy(p):
    return -(p * np.log(np.clip(p, 1e-300, 1))).sum(-1)


def expectation(mean, covariance):
    """E softmax and mutual information for normal logits."""
    values, vectors = np.linalg.eigh(covariance)
    # The shift of all logits, an eigenvector with eigenvalue 0, is left out.
    root = (vectors * np.sqrt(np.clip(values, 0, None)))[:, 1:]
    if len(mean) == 2:
        return expectation_on_line(mean, root[:, 0])
    # A dense grid: Gauss-Hermite sums converge slowly where a softmax is steep.
    places = np.linspace(-8, 8, {3: 801, 4: 161}[len(mean)])
    points = np.array(list(itertools.product(places, repeat=len(mean) - 1)))
    mass = np.exp(-0.5 * (points**2).sum(1))
    mass /= mass.sum()
    p = softmax(mean + points @ root.T)
    average = mass @ p
    return average.tolist(), float(entropy(average) - mass @ entropy(p))


def expectation_on_line(mean, direction):
    def integral(function):
        def integrand(z):
            density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
            return density * function(softmax(mean + z * direction))

        return scipy.integrate.quad(integrand, -12, 12, epsabs=1e-13, epsrel=1e-11, limit=500)[0]

    average = np.array([integral(lambda p: p[0]), integral(lambda p: p[1])])
    return average.tolist(), float(entropy(average) - integral(entropy))


def make_softmax():
    generator = np.random.default_rng(5)
    cases = []
    for count, scale in [(2, 0.5), (2, 3.0), (3, 0.3), (3, 2.0), (4, 1.5)]:
        mean = generator.normal(size=count)
        factor = scale * generator.normal(size=(count, count))
        covariance = factor @ factor.T
        centre = np.eye(count) - 1 / count
        for variance_scale in [0.3, 1.0]:
            centred = centre @ covariance @ centre
            p, information = expectation(mean, variance_scale * centred)
            cases.append(
                {
                    "mean": mean.tolist(),
                    "covariance": covariance.tolist(),
                    "variance_scale": variance_scale,
                    "probabilities": p,
                    "mutual_information": information,
                }
            )
    common.write_json(OUTPUT / "softmax.json", cases)


def make_moment():
    """Rows, and the sum of their outer products after each incremental SVD of a rank."""
    side, rank, piece = 24, 5, 64
    generator = np.random.default_rng(6)
    # Directions of falling size, so that the rows kept are well determined.
    rows = generator.normal(size=(200, side)) * 0.8 ** np.arange(side)
    rows = rows.astype(np.float32).astype(np.float64)
    kept = np.zeros((0, side))
    for start in range(0, len(rows), piece):
        _, sizes, right = np.linalg.svd(
            np.concatenate([kept, rows[start : start + piece]]), full_matrices=False
        )
        kept = sizes[:rank, None] * right[:rank]
    golden = {"side": side, "rank": rank, "rows": rows.tolist(), "sum": (kept.T @ kept).tolist()}
    common.write_json(OUTPUT / "moment.json", golden)


def main():
    common.deterministic()
    for name in ADAPTERS:
        make_adapter(name)
    make_softmax()
    make_moment()


if __name__ == "__main__":
    main()
