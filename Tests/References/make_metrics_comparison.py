"""Writes Golden/Metrics/comparison.json: what compares methods, by NumPy, SciPy and scikit-learn.

Run: python make_metrics_comparison.py   (numpy 2.4, scipy 1.17, scikit-learn 1.9, torchmetrics 1.9)
"""

import json
import math

import numpy
import torch
from scipy.optimize import brentq, minimize_scalar
from scipy.special import logsumexp
from scipy.stats import entropy, sem
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
from torchmetrics.classification import BinaryAUROC, BinaryAveragePrecision

from make_metrics import OUT, SplitMix64, metrics, rows, selective, softmax_rows, stream


def all_metrics(rows_):
    chosen = selective(rows_)
    return metrics(rows_) | {
        "aurc": chosen["aurc"],
        "accuracy_at_80": chosen["accuracy"]["80"],
        "accuracy_at_90": chosen["accuracy"]["90"],
        "coverage_at_5": chosen["coverage_at_5"],
    }


def detection(in_task, out_of_task):
    truth = [0] * len(in_task) + [1] * len(out_of_task)
    scores = [*in_task, *out_of_task]
    # Without dropping points: on a slanted line one of those could be the lowest rate asked for.
    false_rate, true_rate, _ = roc_curve(truth, scores, drop_intermediate=False)
    result = {
        "auroc": float(roc_auc_score(truth, scores)),
        "aupr": float(average_precision_score(truth, scores)),
        "fpr95": float(false_rate[true_rate >= 0.95].min()),
    }
    # torchmetrics would take scores outside 0...1 for logits; only their order counts.
    order = torch.tensor(numpy.unique(scores, return_inverse=True)[1] / len(scores))
    for name, metric in (("auroc", BinaryAUROC()), ("aupr", BinaryAveragePrecision())):
        assert abs(metric(order, torch.tensor(truth)).item() - result[name]) < 1e-5, name
    return result


def uncertainty_rows(random, count, scale):
    """Predictions of four answers averaged over draws, with their mutual information."""
    found = []
    for index in range(count):
        draws = softmax_rows(random, 4, 4, scale)
        mean = draws.mean(0)
        information = entropy(mean) - numpy.mean([entropy(draw) for draw in draws])
        row = {"id": f"e{index}", "probabilities": mean.tolist()}
        found.append(row | {"mutual_information": float(information)})
    return found


def out_of_distribution(in_task, out_of_task):
    scores = {
        "max_probability": lambda row: 1 - max(row["probabilities"]),
        "entropy": lambda row: entropy(row["probabilities"]),
        "mutual_information": lambda row: row["mutual_information"],
    }
    return {
        name: detection([score(row) for row in in_task], [score(row) for row in out_of_task])
        for name, score in scores.items()
    }


def intervals(method, reference, resamples, seed):
    """Value and interval of each metric of `method`, and of its difference to `reference`.

    A resample has one draw of the examples for all lists, and all seeds but one, drawn with
    replacement, the same of both methods.
    """
    count, seeds = len(reference[0]), len(reference)
    places = lambda lists: [{row["id"]: row for row in rows_} for rows_ in lists]
    lists = places(method), places(reference)
    ids = [row["id"] for row in reference[0]]

    def means(examples, drawn):
        chosen = [ids[i] for i in examples]
        own, other = (
            [all_metrics([seeds_[s][i] for i in chosen]) for s in drawn] for seeds_ in lists
        )
        mean = {n: float(numpy.mean([v[n] for v in own])) for n in own[0]}
        return mean, {n: mean[n] - float(numpy.mean([v[n] for v in other])) for n in mean}

    examples = SplitMix64(stream(seed, "bootstrap"))
    over = SplitMix64(stream(seed, "bootstrap", 1))
    drawn = [
        means(
            [examples.below(count) for _ in ids],
            [over.below(seeds) for _ in range(max(1, seeds - 1))],
        )
        for _ in range(resamples)
    ]
    result = []
    for place, whole in enumerate(means(range(count), range(seeds))):
        found = {n: [d[place][n] for d in drawn] for n in whole}
        result.append({
            n: [value, *(float(numpy.percentile(found[n], q)) for q in (2.5, 97.5))]
            for n, value in whole.items()
        })
    return dict(zip(("values", "differences"), result))


def check_variance():
    """The variance of such resamples of a mean is what weights of both kinds give, and without
    interaction the sum of the variances of seeds and examples alone."""
    random = numpy.random.default_rng(3)
    seeds, count, m = 4, 30, 3
    table = random.normal(size=(seeds, 1)) + random.normal(size=(1, count))
    v = random.multinomial(count, [1 / count] * count, 200_000) / count
    u = random.multinomial(m, [1 / seeds] * seeds, 200_000) / m
    found = numpy.einsum("ri,ij,rj->r", u, table, v).var()
    expected = table.mean(1).var(ddof=1) / seeds + table.mean(0).var(ddof=0) / count
    assert abs(found / expected - 1) < 0.02, (found, expected)


def temperature(logits, labels):
    """The root of the NLL's slope in 1/T, checked with a minimiser on log T."""
    logits = numpy.array(logits)
    picked = logits[numpy.arange(len(labels)), labels]

    def loss(log_temperature):
        value = math.exp(log_temperature)
        return numpy.mean(logsumexp(logits / value, axis=1) - picked / value)

    def slope(inverse):
        weights = numpy.exp(inverse * logits - logsumexp(inverse * logits, axis=1, keepdims=True))
        return numpy.mean((weights * logits).sum(1) - picked)

    found = 1 / brentq(slope, 1 / 20, 20, xtol=1e-15, rtol=1e-15)
    limits = (math.log(0.05), math.log(20))
    minimum = minimize_scalar(loss, bounds=limits, method="bounded", options={"xatol": 1e-10})
    assert abs(minimum.x - math.log(found)) < 1e-6, (minimum.x, math.log(found))
    return float(found)


def scaled(logits, value):
    return [float(v) for v in numpy.array(logits) / value - logsumexp(numpy.array(logits) / value)]


def main():
    random = numpy.random.default_rng(31)
    tied = lambda count, top: [float(v) for v in random.integers(0, top, count) / 8]
    pairs = {
        "one of each, right": ([0.1], [0.2]),
        "one of each, wrong": ([0.2], [0.1]),
        "one of each, equal": ([0.2], [0.2]),
        "all equal": ([0.5] * 7, [0.5] * 5),
        "apart": ([0.1, 0.2, 0.3], [0.4, 0.5]),
        "the wrong way round": ([0.4, 0.5, 0.6], [0.1, 0.2]),
        "twenty positives, one low": ([0.3, 0.35, 0.1], [0.0] + [0.4] * 19),
        "nineteen positives, one low": ([0.3, 0.35, 0.1], [0.0] + [0.4] * 18),
        "many ties": (tied(60, 9), tied(45, 12)),
        "no ties": (random.normal(size=80).tolist(), (random.normal(size=50) + 1).tolist()),
        "large numbers": ([-1.0, float(2**60), 3.0], [4.0, 3.0, float(2**70)]),
    }
    golden = {
        "detection": [
            {"name": n, "in_task": a, "out_of_task": b, "expected": detection(a, b)}
            for n, (a, b) in pairs.items()
        ]
    }
    own, other = uncertainty_rows(random, 40, 2.0), uncertainty_rows(random, 30, 1.2)
    golden["out_of_distribution"] = {
        "in_task": own,
        "out_of_task": other,
        "expected": out_of_distribution(own, other),
    }

    labels = random.integers(0, 3, 48)
    logits = random.normal(size=(48, 3)) + 1.2 * numpy.eye(3)[labels]

    def seeds(scale, count):
        found = []
        for _ in range(count):
            noisy = scale * (logits + 0.3 * random.normal(size=logits.shape))
            p = numpy.exp(noisy - logsumexp(noisy, axis=1, keepdims=True))
            # Equal confidences, too.
            p[:6] = [0.5, 0.25, 0.25]
            found.append(rows(p, labels))
        return found

    check_variance()
    method, reference = seeds(1.0, 3), seeds(3.0, 3)
    method[1] = [method[1][i] for i in random.permutation(48)]
    golden["paired"] = {
        "method": method,
        "reference": reference,
        "resamples": 200,
        "seed": 7,
        "expected": intervals(method, reference, 200, 7),
        "one_seed": intervals(method[:1], reference[:1], 200, 7),
    }
    golden["values"] = [
        {"predictions": rows_, "expected": all_metrics(rows_)}
        for rows_ in (method[0], reference[1])
    ]

    values = [0.871, 0.884, 0.859, 0.9]
    golden["seeds"] = {
        "values": values,
        "mean": float(numpy.mean(values)),
        "standard_error": float(sem(values)),
    }

    sharp = {"too sharp": 6 * logits, "too flat": 0.2 * logits, "as it is": logits}
    golden["temperature"] = [
        {
            "name": name,
            "logits": values.tolist(),
            "labels": labels.tolist(),
            "temperature": (found := temperature(values, labels)),
            "scaled": scaled(values[0], found),
        }
        for name, values in sharp.items()
    ]
    (OUT / "comparison.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
