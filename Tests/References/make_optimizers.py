# torch==2.13.0 transformers==5.23.0 peft==0.21.2 gguf==0.19.0 tokenizers==0.23.3 ivon-opt==0.1.3
"""Writes Golden/Optimizers: ten steps of IVON, AdamW and SGD on a quadratic, learning-rate factors.

The loss is 0.5 * sum(curvature * (theta - target)^2) over two parameters, [3, 4] and [5], so the
gradient is curvature * (theta - target). Vectors are flat: the first parameter row by row, then the
second. All numbers are exact: a float32 value is written as the double that equals it.
"""

from unittest import mock

import ivon
import torch
import transformers

import common

FOLDER = common.GOLDEN / "Optimizers"
SHAPES = [[3, 4], [5]]
COUNT = 17
STEPS = 10

# The learning rate is multiplied by 1 - step / 10 where "linear_decay" is set.
IVON_DEFAULTS = dict(
    lr=0.1, ess=100.0, hess_init=1.0, beta1=0.9, beta2=0.99, weight_decay=0.0, mc_samples=1,
    hess_approx="price", clip_radius=float("inf"), debias=True, rescale_lr=False,
)  # fmt: skip
IVON_SETTINGS = {
    "plain": {},
    "clipped": dict(clip_radius=1e-3),
    "recipe": dict(  # the settings of 2411.04421 for ARC
        lr=0.03, ess=1e6, hess_init=1e-3, beta2=0.99999, clip_radius=1e-3, linear_decay=True
    ),
    "rescaled": dict(rescale_lr=True, hess_init=0.5, weight_decay=0.01),
    "weight-decay": dict(weight_decay=0.1),
    "weight-decay-clipped": dict(weight_decay=0.1, clip_radius=0.5),
    "two-samples": dict(mc_samples=2, ess=20.0),
    "no-debias": dict(debias=False),
    "betas": dict(beta1=0.5, beta2=0.8, ess=50.0),
    "no-momentum": dict(beta1=0.0),
    "small-hessian": dict(hess_init=0.05, ess=10.0, beta2=0.9, lr=0.01),
}
ADAMW_SETTINGS = {
    "plain": dict(lr=0.01, weight_decay=0.0),
    "weight-decay": dict(lr=0.01, weight_decay=0.01),
    "betas": dict(lr=0.1, weight_decay=0.01, betas=(0.8, 0.95), eps=1e-6),
}
SGD_SETTINGS = {
    "plain": dict(lr=0.1, momentum=0.0, weight_decay=0.0),
    "momentum": dict(lr=0.05, momentum=0.9, weight_decay=0.0),
    "weight-decay": dict(lr=0.05, momentum=0.8, weight_decay=0.1),
}
SCHEDULES = ["constant", "constant_with_warmup", "linear", "cosine"]


def make_problem():
    """Numbers that float32 holds exactly, so both precisions start from the same problem."""
    generator = torch.Generator().manual_seed(11)
    return {
        "shapes": SHAPES,
        "initial": torch.randn(COUNT, generator=generator).tolist(),
        "target": torch.randn(COUNT, generator=generator).tolist(),
        "curvature": (0.1 + 2 * torch.rand(COUNT, generator=generator)).tolist(),
    }


def make_parameters(problem, dtype):
    parts = torch.tensor(problem["initial"], dtype=dtype).split([12, 5])
    return [torch.nn.Parameter(part.reshape(shape)) for part, shape in zip(parts, SHAPES)]


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def set_gradients(parameters, problem):
    """Gradients as autograd would leave them, returned flat."""
    dtype = parameters[0].dtype
    curvature = torch.tensor(problem["curvature"], dtype=dtype)
    gradient = curvature * (flat(parameters) - torch.tensor(problem["target"], dtype=dtype))
    for parameter, part in zip(parameters, gradient.split([12, 5])):
        parameter.grad = part.reshape(parameter.shape).clone()
    return gradient


def run_ivon(problem, settings, noise, dtype):
    settings = IVON_DEFAULTS | settings
    decay = settings.pop("linear_decay", False)
    parameters = make_parameters(problem, dtype)
    optimizer = ivon.IVON(parameters, **settings)
    group = optimizer.param_groups[0]
    rows = []
    for step in range(STEPS):
        group["lr"] = settings["lr"] * (1 - step / STEPS if decay else 1)
        draws = []
        for draw in range(settings["mc_samples"]):
            epsilon = torch.tensor(noise[step][draw], dtype=dtype)
            with mock.patch.object(torch, "randn", lambda *size, **options: epsilon):
                with optimizer.sampled_params(train=True):
                    sampled = flat(parameters)
                    gradient = set_gradients(parameters, problem)
            draws.append({"parameters": sampled.tolist(), "gradient": gradient.tolist()})
        optimizer.step()
        rows.append({
            "lr": group["lr"],
            "draws": draws,
            "parameters": flat(parameters).tolist(),
            "momentum": group["momentum"].tolist(),
            "hessian": group["hess"].tolist(),
        })  # fmt: skip
    return rows


def make_ivon(problem):
    generator = torch.Generator().manual_seed(12)
    noise = torch.randn(STEPS, 2, COUNT, generator=generator).tolist()
    common.write_json(FOLDER / "ivon-noise.json", noise)
    for dtype, name in [(torch.float32, "float32"), (torch.float64, "float64")]:
        runs = []
        for title, settings in IVON_SETTINGS.items():
            written = IVON_DEFAULTS | {"linear_decay": False} | settings
            if written["clip_radius"] == float("inf"):
                written["clip_radius"] = None  # JSON has no infinity
            steps = run_ivon(problem, settings, noise, dtype)
            assert all(min(step["hessian"]) + written["weight_decay"] > 0 for step in steps), title
            runs.append({"name": title, "settings": written, "steps": steps})
        common.write_json(FOLDER / f"ivon-{name}.json", runs)


def run_adamw(problem, settings, dtype):
    parameters = make_parameters(problem, dtype)
    optimizer = torch.optim.AdamW(parameters, foreach=False, **settings)
    rows = []
    for _ in range(STEPS):
        set_gradients(parameters, problem)
        optimizer.step()
        state = [optimizer.state[parameter] for parameter in parameters]
        rows.append({
            "parameters": flat(parameters).tolist(),
            "first_moment": flat([s["exp_avg"] for s in state]).tolist(),
            "second_moment": flat([s["exp_avg_sq"] for s in state]).tolist(),
        })  # fmt: skip
    return rows


def make_adamw(problem):
    defaults = dict(betas=(0.9, 0.999), eps=1e-8)
    runs = []
    for name, settings in ADAMW_SETTINGS.items():
        runs.append({
            "name": name,
            "settings": defaults | settings,
            "float32": run_adamw(problem, settings, torch.float32),
            "float64": run_adamw(problem, settings, torch.float64),
        })  # fmt: skip
    common.write_json(FOLDER / "adamw.json", runs)


def run_sgd(problem, settings):
    parameters = make_parameters(problem, torch.float64)
    optimizer = torch.optim.SGD(parameters, foreach=False, **settings)
    rows = []
    for _ in range(STEPS):
        set_gradients(parameters, problem)
        optimizer.step()
        rows.append({"parameters": flat(parameters).tolist()})
    return rows


def make_sgd(problem):
    runs = [
        {"name": name, "settings": settings, "float64": run_sgd(problem, settings)}
        for name, settings in SGD_SETTINGS.items()
    ]
    common.write_json(FOLDER / "sgd.json", runs)


def make_schedules(total=20):
    """Factors for steps 0 ... total; step 0 is the first update."""
    rows = []
    for name in SCHEDULES:
        for warmup in (0, 5):
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
            schedule = transformers.get_scheduler(name, optimizer, warmup, total)
            factors = [schedule.lr_lambdas[0](step) for step in range(total + 1)]
            rows.append({"name": name, "warmup": warmup, "total": total, "factors": factors})
    common.write_json(FOLDER / "schedules.json", rows)


def main():
    common.deterministic()
    problem = make_problem()
    common.write_json(FOLDER / "problem.json", problem)
    make_ivon(problem)
    make_adamw(problem)
    make_sgd(problem)
    make_schedules()


if __name__ == "__main__":
    main()
