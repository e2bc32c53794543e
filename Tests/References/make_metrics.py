"""Writes Golden/Metrics: metrics of small prediction sets, by NumPy, SciPy and scikit-learn.

Run: python make_metrics.py   (numpy 2.4, scipy 1.17, scikit-learn 1.9; no model, no network)
"""

import json
import math
import pathlib
import warnings

import numpy
import scipy.stats
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

OUT = pathlib.Path(__file__).parent / "Golden" / "Metrics"
MASK = 2**64 - 1


def mix(bits):
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
    return bits ^ (bits >> 31)


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        return mix(self.state)

    def below(self, bound):
        """Lemire's method, with Python's unbounded integers."""
        while True:
            product = self.next() * bound
            if product % 2**64 >= 2**64 % bound:
                return product >> 64


def stream(seed, name, *indices):
    fnv = 0xCBF29CE484222325
    for byte in name.encode():
        fnv = ((fnv ^ byte) * 0x100000001B3) & MASK
    state = mix((seed + 0x9E3779B97F4A7C15) & MASK)
    for part in (fnv, *indices):
        state = mix(((state ^ (part & MASK)) + 0x9E3779B97F4A7C15) & MASK)
    return state


def permutation(generator, count):
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = generator.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def equal_width(correct, confidence, bins):
    edges = numpy.arange(bins + 1) / bins  # not linspace: that rounds 3/10 to 0.30000000000000004
    error = 0.0
    for lower, upper in zip(edges[:-1], edges[1:]):
        inside = (confidence > lower) & (confidence <= upper)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return error


def equal_count(correct, confidence, bins):
    order = numpy.lexsort((correct, confidence))
    count = len(order)
    error = 0.0
    for k in range(bins):
        inside = order[k * count // bins : (k + 1) * count // bins]
        if len(inside):
            error += len(inside) / count * abs(correct[inside].mean() - confidence[inside].mean())
    return error


def metrics(rows):
    labels = numpy.array([row["label"] for row in rows])
    picked = [numpy.array(row["probabilities"]) for row in rows]
    targets = [
        numpy.array(row.get("targets", numpy.eye(len(p))[row["label"]]))
        for row, p in zip(rows, picked)
    ]
    answers = numpy.array([p.argmax() for p in picked])
    confidence = numpy.array([p.max() for p in picked])
    correct = (answers == labels).astype(float)
    with numpy.errstate(divide="ignore"):
        nll = float(numpy.mean([-t[t > 0] @ numpy.log(p[t > 0]) for p, t in zip(picked, targets)]))
    squares = [((p - t) ** 2).sum() for p, t in zip(picked, targets)]
    is_hard = not any("targets" in row for row in rows)
    counts = {len(p) for p in picked}
    if len(counts) == 1 and max(counts) > 1 and math.isfinite(nll) and is_hard:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = log_loss(labels, numpy.stack(picked), labels=range(len(picked[0])))
        assert abs(theirs - nll) < 1e-9, (theirs, nll)
    found = {
        "accuracy": float(accuracy_score(labels, answers)),
        "ece": float(equal_width(correct, confidence, 10)),
        "ece15": float(equal_width(correct, confidence, 15)),
        "adaptive_ece": float(equal_count(correct, confidence, 15)),
        "nll": "inf" if math.isinf(nll) else nll,
        "brier": float(numpy.mean(squares)),
    }
    soft = [i for i, row in enumerate(rows) if "targets" in row]
    if soft:
        with numpy.errstate(divide="ignore"):
            kl = float(numpy.mean([scipy.stats.entropy(targets[i], picked[i]) for i in soft]))
        found["kl"] = "inf" if math.isinf(kl) else kl
    ordered = [i for i, row in enumerate(rows) if row.get("ordered")]
    if ordered:
        level = lambda p: p @ numpy.arange(len(p))
        gaps = [abs(level(picked[i]) - level(targets[i])) for i in ordered]
        found["mae"] = float(numpy.mean(gaps))
        ranked = [
            ((picked[i].cumsum() - targets[i].cumsum()) ** 2).sum() / max(1, len(picked[i]) - 1)
            for i in ordered
        ]
        found["rps"] = float(numpy.mean(ranked))
    return found


def selective(rows_):
    """Risk at every coverage; examples of equal confidence count with their mean error."""
    confidence = numpy.array([max(row["probabilities"]) for row in rows_])
    wrong = numpy.array([numpy.argmax(row["probabilities"]) != row["label"] for row in rows_])
    risks = []
    for count, threshold in enumerate(numpy.sort(confidence)[::-1], 1):
        above, equal = confidence > threshold, confidence == threshold
        errors = wrong[above].sum() + (count - above.sum()) * wrong[equal].mean()
        risks.append(float(errors / count))
    kept = {percent: -(-len(rows_) * percent // 100) for percent in (80, 90)}
    return {
        "risks": risks,
        "aurc": float(numpy.mean(risks)),
        "accuracy": {str(percent): 1 - risks[count - 1] for percent, count in kept.items()},
        "coverage_at_5": max([k for k, r in enumerate(risks, 1) if r <= 0.05], default=0)
        / len(risks),
    }


def classes(rows_):
    """Each answer by itself, and the pairs that were confused; numbers without a base are null."""
    labels = [row["label"] for row in rows_]
    picked = [row["probabilities"] for row in rows_]
    answers = [int(numpy.argmax(p)) for p in picked]
    names = list(range(len(picked[0])))
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, answers, labels=names, zero_division=numpy.nan
    )
    gaps = [
        [max(p) - (a == l) for p, a, l in zip(picked, answers, labels) if a == name]
        for name in names
    ]
    known = lambda value: None if math.isnan(value) else float(value)
    table = confusion_matrix(labels, answers, labels=names)
    return {
        "predictions": rows_,
        "classes": [
            {
                "support": int(support[i]),
                "answered": len(gaps[i]),
                "precision": known(precision[i]),
                "recall": known(recall[i]),
                "f1": known(f1[i]),
                "overconfidence": float(numpy.mean(gaps[i])) if gaps[i] else None,
            }
            for i in names
        ],
        "confusions": [
            [i, j, int(table[i, j])] for i in names for j in names if i != j and table[i, j]
        ],
    }


def rows(probabilities, labels):
    return [
        {"id": f"e{i}", "label": int(l), "probabilities": [float(v) for v in p]}
        for i, (p, l) in enumerate(zip(probabilities, labels))
    ]


def softened(row, targets):
    """The row with soft labels, the mode of which is its label."""
    targets = [float(t) for t in targets]
    return row | {"label": int(numpy.argmax(targets)), "targets": targets}


def softmax_rows(random, count, classes, scale):
    logits = random.normal(size=(count, classes)) * scale
    p = numpy.exp(logits - logits.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def interval(rows_, resamples, seed):
    generator = SplitMix64(stream(seed, "bootstrap"))
    drawn = []
    for _ in range(resamples):
        drawn.append(metrics([rows_[generator.below(len(rows_))] for _ in rows_]))
    return {
        name: [float(numpy.percentile([d[name] for d in drawn], q)) for q in (2.5, 97.5)]
        for name in drawn[0]
    }


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    random = numpy.random.default_rng(20)
    edges = [[c, 1 - c] for c in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)]
    thirds = [[k / 15, *[(1 - k / 15) / 14] * 14] for k in range(2, 15)]
    four = softmax_rows(random, 100, 4, 1.5)
    labels = [random.choice(4, p=p) if i % 3 else random.integers(4) for i, p in enumerate(four)]
    mixed = [softmax_rows(random, 1, int(random.integers(2, 7)), 2)[0] for _ in range(60)]
    cases = {
        "one example": rows([[0.2, 0.8]], [1]),
        "one wrong example": rows([[0.2, 0.8]], [0]),
        "confidence on tenths": rows(edges, [0, 1, 0, 0, 1, 0]),
        "confidence on fifteenths": rows(thirds, [0, 3, 0, 0, 7, 0, 0, 0, 1, 0, 0, 2, 0]),
        "three tenths of four": rows([[0.3, 0.3, 0.2, 0.2], [0.3, 0.2, 0.3, 0.2]], [0, 0]),
        "tied answers": rows([[0.5, 0.5], [0.5, 0.5], [0.25] * 4], [0, 1, 2]),
        "tied confidences": rows([[0.8, 0.2]] * 31, [i % 3 == 0 for i in range(31)]),
        "all right": rows([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 1, 0]),
        "all wrong": rows([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [1, 0, 1]),
        "certain and right": rows([[1, 0], [0, 1]], [0, 1]),
        "certain and wrong": rows([[1, 0], [0, 1]], [0, 0]),
        "four answers": rows(four, labels),
        "two to six answers": rows(mixed, [random.integers(len(p)) for p in mixed]),
    }
    soft = numpy.random.default_rng(21)
    cases |= {
        "soft labels": [
            softened(r, soft.dirichlet([0.6] * 3))
            for r in rows(softmax_rows(soft, 40, 3, 1), [0] * 40)
        ],
        "soft labels with zeros": [
            softened(r, t)
            for r, t in zip(
                rows([[1, 0], [0.25, 0.75], [0, 1]], [0] * 3), [[1, 0], [0.5, 0.5], [0.5, 0.5]]
            )
        ],
        "ordered": [
            r | {"ordered": True}
            for r in rows(softmax_rows(soft, 30, 5, 1.5), soft.integers(5, size=30))
        ],
        "soft, ordered and plain": [
            softened(r, soft.dirichlet([1] * len(r["probabilities"]))) if i % 3 == 0 else r
            for i, r in enumerate(
                r | ({"ordered": True} if i % 4 < 2 else {})
                for i, r in enumerate(
                    rows([softmax_rows(soft, 1, 2 + i % 5, 1)[0] for i in range(50)], [1] * 50)
                )
            )
        ],
        "one level": [{"id": "e0", "label": 0, "probabilities": [1.0], "ordered": True}],
    }
    golden = {
        "cases": [
            {"name": n, "predictions": r, "metrics": metrics(r), "selective": selective(r)}
            for n, r in cases.items()
        ],
        "bootstrap": {
            "case": "four answers",
            "resamples": 200,
            "seed": 42,
            "intervals": interval(cases["four answers"], 200, 42),
        },
    }
    draws = softmax_rows(random, 5, 4, 2)
    entropy = lambda p: float(-(p[p > 0] * numpy.log(p[p > 0])).sum())
    expected = float(numpy.mean([entropy(d) for d in draws]))
    golden["uncertainty"] = {
        "draws": draws.tolist(),
        "entropy_of_mean": entropy(draws.mean(0)),
        "mutual_information": entropy(draws.mean(0)) - expected,
    }
    (OUT / "metrics.json").write_text(json.dumps(golden) + "\n")
    confused = numpy.random.default_rng(22)
    seven = softmax_rows(confused, 120, 7, 2)
    seven[:, 5] = 0  # never answered
    drawn = [int(confused.choice([0, 1, 2, 3, 5], p=p[[0, 1, 2, 3, 5]] / p[[0, 1, 2, 3, 5]].sum()))
             for p in seven + 0.05]
    by_class = [
        classes(rows([p / p.sum() for p in seven], drawn)),
        classes(rows(four, labels)),
        classes(rows([[0.9, 0.1, 0.0]], [0])),
    ]
    (OUT / "classes.json").write_text(json.dumps(by_class) + "\n")

    generator = SplitMix64(1234567)
    randomness = {
        "words": [str(generator.next()) for _ in range(20)],
        "below": [
            [b, [SplitMix64(s).below(b) for s in range(8)]] for b in (1, 2, 3, 10, 2**62 + 1)
        ],
        "permutation": permutation(SplitMix64(7), 25),
        "streams": [
            {"name": n, "seed": str(s), "indices": i, "derived": str(stream(s, n, *i))}
            for n in ("order", "split", "bootstrap", "dropout", "posterior", "initialisation")
            for s, i in ((0, []), (42, [3]), (MASK, [1, -2]))
        ],
    }
    (OUT / "randomness.json").write_text(json.dumps(randomness) + "\n")


if __name__ == "__main__":
    main()
