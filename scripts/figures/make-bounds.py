"""Figures that bounds of a mean over missing samples are checked against (scipy 1.17):
`python3 make-bounds.py > bounds.json`.

The least mean is that of all samples with each missing one at the lower end of the range, the greatest that
with each at the upper end (Manski 1989). The interval goes from the lower end of the 95 % interval of the one
to the upper end of that of the other (Horowitz and Manski 2000), within the range.
"""

import json
import math
import random

import numpy
import scipy
from scipy import stats

random.seed(20240320)


def interval(values, is_share):
    if len(values) < 2:
        return None
    if is_share and set(values) <= {0, 1}:
        found = stats.binomtest(int(sum(values)), len(values)).proportion_ci(0.95, "wilson")
        return found.low, found.high
    if min(values) == max(values):
        return None
    return stats.t.interval(0.95, len(values) - 1, numpy.mean(values), stats.sem(values))


def case(metric, values, missing, low, high):
    least, greatest = values + [low] * missing, values + [high] * missing
    below, above = (interval(filled, metric == "score") for filled in (least, greatest))
    return {
        "metric": metric,
        "values": values,
        "missing": missing,
        "range": [low, high],
        "low": math.fsum(least) / len(least),
        "high": math.fsum(greatest) / len(greatest),
        "ci_low": None if below is None else max(low, float(below[0])),
        "ci_high": None if above is None else min(high, float(above[1])),
    }


def binary(n, share):
    return [int(random.random() < share) for _ in range(n)]


def between(n, low, high):
    return [round(random.uniform(low, high), 3) for _ in range(n)]


print(
    json.dumps(
        {
            "scipy": scipy.__version__,
            "bounds": [
                case("score", binary(40, 0.7), 10, 0, 1),
                case("score", binary(200, 0.5), 200, 0, 1),
                case("score", binary(30, 0.9), 0, 0, 1),
                case("score", [1] * 20, 30, 0, 1),
                case("score", [0] * 20, 1, 0, 1),
                case("score", [], 7, 0, 1),
                case("score", [], 1, 0, 1),
                case("score", between(25, 0, 1), 15, 0, 1),
                # The interval of Student's t would end beyond 1, and below 0.
                case("score", [0.6, 0.95, 0.99, 0.98], 1, 0, 1),
                case("score", [0.4, 0.05, 0.01, 0.02], 1, 0, 1),
                case("score", between(30, 1, 10), 12, 1, 10),
                case("score", binary(30, 0.4), 12, -1, 2),
                case("latency_ms", between(12, 100, 900), 5, 0, 30_000),
                case("latency_ms", [1, 1, 1, 5000], 1, 0, 5000),
                case("latency_ms", binary(20, 0.5), 4, 0, 1),
                case("score", [0.25] * 9, 0, 0, 1),
            ],
        }
    )
)
