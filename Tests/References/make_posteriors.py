# torch==2.13.0 numpy==2.4.6
"""Writes Golden/Posteriors/swag.json: the moments and the covariance of SWAG over snapshots.

Maddox et al. 2019 (arXiv 1902.02476), algorithm 1, in numpy: variances over all snapshots, the last
K deviations from the running mean, the covariance diag(variance) / 2 + D D^T / (2 (K - 1)).
"""

import numpy

import common

SNAPSHOTS, COUNT, RANK = 7, 6, 4


def main():
    generator = numpy.random.default_rng(3)
    # Far from 0 with small changes, as parameters late in training.
    snapshots = 2 + 0.01 * generator.standard_normal((SNAPSHOTS, COUNT)) * numpy.arange(1, 7)
    snapshots = snapshots.astype(numpy.float32).astype(numpy.float64)
    deviations = numpy.stack(
        [snapshots[i] - snapshots[: i + 1].mean(axis=0) for i in range(SNAPSHOTS)]
    )[-RANK:]
    variance = snapshots.var(axis=0)
    covariance = numpy.diag(variance) / 2 + deviations.T @ deviations / (2 * (RANK - 1))
    common.write_json(
        common.GOLDEN / "Posteriors" / "swag.json",
        {
            "snapshots": snapshots.tolist(),
            "rank": RANK,
            "mean": snapshots.mean(axis=0).tolist(),
            "variance": variance.tolist(),
            "deviations": deviations.tolist(),
            "covariance": covariance.tolist(),
        },
    )


if __name__ == "__main__":
    main()
