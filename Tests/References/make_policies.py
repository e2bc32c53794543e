"""Writes Golden/Metrics/policies.json: policies of answering or abstaining, by NumPy and SciPy.

Run: python make_policies.py   (numpy 2.4, scipy 1.17; no model, no network)
"""

import json
import math
import pathlib

import numpy
from make_metrics import SplitMix64, permutation, stream
from scipy.stats import beta, binom

OUT = pathlib.Path(__file__).parent / "Golden" / "Metrics"


def interval(count, total):
    """Clopper and Pearson's 95% interval as quantiles of the beta distribution."""
    lower = beta.ppf(0.025, count, total - count + 1) if count > 0 else 0
    upper = beta.ppf(0.975, count + 1, total - count) if count < total else 1
    return [float(lower), float(upper)]


def entropy(p):
    return -sum(q * math.log(q) for q in p if q > 0)


SCORES = {
    "confidence": lambda row: max(row["probabilities"]),
    "entropy": lambda row: -entropy(row["probabilities"]),
    "mutual_information": lambda row: -row["mutual_information"],
}


def columns(rows, score):
    """Certainties and whether answers are wrong."""
    certainty = numpy.array([SCORES[score](row) for row in rows])
    wrong = numpy.array([int(numpy.argmax(row["probabilities"])) != row["label"] for row in rows])
    return certainty, wrong


def aurc(rows, score):
    certainty, wrong = columns(rows, score)
    risks = []
    for count, threshold in enumerate(numpy.sort(certainty)[::-1], 1):
        above, equal = certainty > threshold, certainty == threshold
        errors = wrong[above].sum() + (count - above.sum()) * wrong[equal].mean()
        risks.append(errors / count)
    return numpy.mean(risks)


def best_score(rows):
    names = [n for n in SCORES if n != "mutual_information" or "mutual_information" in rows[0]]
    best = names[0]
    for name in names[1:]:
        if aurc(rows, name) < aurc(rows, best) - 1e-12:
            best = name
    return best


def tally(rows, score, threshold):
    certainty, wrong = columns(rows, score)
    answered = certainty >= threshold
    return int(answered.sum()), int(wrong[answered].sum())


def outcome(rows, score, threshold):
    answered, errors = tally(rows, score, threshold)
    found = {"examples": len(rows), "answered": answered, "wrong": errors}
    found["coverage"] = interval(answered, len(rows))
    if answered:
        found["error"] = interval(errors, answered)
    return found


def certified(rows, limit, confidence):
    drawn = permutation(SplitMix64(stream(0, "split")), len(rows))
    chosen = set(drawn[: math.ceil(len(rows) / 4)])
    choosing = [row for i, row in enumerate(rows) if i in chosen]
    testing = [row for i, row in enumerate(rows) if i not in chosen]
    score = best_score(choosing)
    ranked = sorted((SCORES[score](row) for row in choosing), reverse=True)
    steps = min(50, len(ranked))
    ranks = [math.ceil((step + 1) * len(ranked) / steps) for step in range(steps)]
    candidates = sorted({ranked[rank - 1] for rank in ranks}, reverse=True) + [-math.inf]

    def hoped(threshold):
        answered, errors = tally(choosing, score, threshold)
        rate = (errors + 1) / (answered + 2)
        return binom.cdf(int(rate * answered * 3), answered * 3, limit)

    hopes = [hoped(threshold) for threshold in candidates]
    start = max(i for i, hope in enumerate(hopes) if hope <= min(hopes) * (1 + 1e-9))
    found = math.inf
    for threshold in candidates[start:]:
        answered, errors = tally(testing, score, threshold)
        if answered == 0 or binom.cdf(errors, answered, limit) > 1 - confidence:
            break
        found = threshold
    needed = None
    if found == math.inf:
        answered, errors = tally(testing, score, candidates[start])
        if answered and errors / answered < limit:
            rate = errors / answered
            passes = lambda n: binom.cdf(math.ceil(rate * n), n, limit) <= 1 - confidence
            upper = answered
            while not passes(upper):
                upper *= 2
            lower = upper // 2
            while upper - lower > 1:
                middle = (lower + upper) // 2
                lower, upper = (lower, middle) if passes(middle) else (middle, upper)
            needed = math.ceil(upper * len(testing) / answered * 4 / 3)
    return score, found, testing, needed


def mean_payoff(rows, answers, costs):
    right = [int(numpy.argmax(row["probabilities"])) == row["label"] for row in rows]
    each = [
        (costs["right"] if good else costs["wrong"]) if answers(row) else costs["abstain"]
        for row, good in zip(rows, right)
    ]
    return float(numpy.mean(each))


def paying(rows, costs):
    score = best_score(rows)
    thresholds = sorted({SCORES[score](row) for row in rows}, reverse=True)
    values = [math.inf] + thresholds
    payoffs = [
        mean_payoff(rows, lambda row: SCORES[score](row) >= value, costs) for value in values
    ]
    best = max(i for i, payoff in enumerate(payoffs) if payoff >= max(payoffs) - 1e-9)
    return score, -math.inf if best == len(thresholds) else values[best]


def policy(name, promise, validation, test):
    needed = None
    if "error" in promise:
        score, threshold, used, needed = certified(validation, **{
            "limit": promise["error"], "confidence": promise["confidence"]
        })
    else:
        score, threshold = paying(validation, promise["payoffs"])
        used = validation
    case = {
        "name": name,
        "promise": promise,
        "validation_rows": validation,
        "test_rows": test,
        "score": score,
        "answers": "some" if math.isfinite(threshold) else "all" if threshold < 0 else "none",
        "rows_needed": needed,
    }
    if math.isfinite(threshold):
        case["threshold"] = float(threshold if score == "confidence" else -threshold)
    for part, rows in (("validation", used), ("test", test)):
        case[part] = outcome(rows, score, threshold)
        if "payoffs" in promise:
            costs = promise["payoffs"]
            even = (costs["abstain"] - costs["wrong"]) / (costs["right"] - costs["wrong"])
            case[part]["payoff"] = {
                "policy": mean_payoff(rows, lambda row: SCORES[score](row) >= threshold, costs),
                "closed_form": mean_payoff(rows, lambda r: max(r["probabilities"]) >= even, costs),
                "answering_all": mean_payoff(rows, lambda row: True, costs),
            }
    return case


def rows(random, count, classes, scale, sharpness=1.0, informed=False):
    """Labels are drawn from the softmax of the logits; answers are made of sharper ones."""
    found = []
    for i in range(count):
        logits = random.normal(size=classes) * scale
        true = numpy.exp(logits) / numpy.exp(logits).sum()
        given = numpy.exp(logits * sharpness) / numpy.exp(logits * sharpness).sum()
        row = {
            "id": f"e{i}",
            "label": int(random.choice(classes, p=true)),
            "probabilities": [round(float(p), 4) for p in given],
        }
        if informed:
            # What the draws disagree about is the chance to be wrong, with some noise.
            doubt = 1 - true.max() + 0.05 * random.random()
            row["mutual_information"] = round(float(doubt), 4)
        found.append(row)
    return found


def main():
    random = numpy.random.default_rng(34)
    made = lambda *a, **k: (rows(random, *a, **k), rows(random, 150, *a[1:], **k))
    error = lambda limit, confidence=0.95: {"error": limit, "confidence": confidence}
    costs = lambda right, wrong, abstain: {
        "payoffs": {"right": right, "wrong": wrong, "abstain": abstain}
    }
    cases = [
        policy("calibrated", error(0.05), *made(400, 2, 4)),
        policy("overconfident", error(0.1), *made(400, 3, 2, 3)),
        policy("three answers, nine of ten", error(0.2, 0.9), *made(300, 3, 2)),
        policy("draws know better", error(0.1), *made(400, 3, 1.5, 0.2, informed=True)),
        policy("everything may be answered", error(0.3), *made(300, 2, 6)),
        policy("too few rows", error(0.05), *made(40, 2, 6)),
        policy("nothing keeps it", error(0.01), *made(200, 4, 0.5)),
        policy("two rows", error(0.5), *made(2, 2, 3)),
        policy("costs", costs(1, -5, 0), *made(300, 2, 2)),
        policy("costs of an overconfident model", costs(1, -5, 0), *made(300, 3, 2, 4)),
        policy("abstaining costs most", costs(1, 0, -1), *made(100, 3, 1)),
        policy("abstaining pays most", costs(1, -1, 2), *made(100, 3, 1)),
        policy("costs and draws", costs(1, -3, 0), *made(200, 3, 1.5, 0.2, informed=True)),
    ]
    tails = [
        [k, n, p, float(binom.cdf(k, n, p))]
        for n in (1, 7, 100, 5000)
        for p in (0.001, 0.05, 0.5, 0.97)
        for k in sorted({0, n // 50, n // 20, n // 2, n - 1, n})
    ]
    shares = [
        [k, n, *interval(k, n)]
        for n in (1, 2, 10, 59, 1000, 20000)
        for k in sorted({0, 1, n // 20, n // 2, n - 1, n})
    ]
    golden = {"cases": cases, "tails": tails, "shares": shares}
    (OUT / "policies.json").write_text(json.dumps(golden) + "\n")
    for case in cases:
        print(
            case["name"], case["score"], case["answers"], case.get("threshold"),
            case["rows_needed"], case["validation"], case["test"],
        )


if __name__ == "__main__":
    main()
