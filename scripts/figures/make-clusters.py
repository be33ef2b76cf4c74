"""Figures that clustered errors and pairs with repetitions are checked against (statsmodels 0.15, scipy 1.17):
`python3 make-clusters.py > clusters.json`."""

import json
import random
from fractions import Fraction

import numpy
import scipy
import statsmodels
import statsmodels.api
from scipy import stats

random.seed(20240320)


def clustered(values, clusters, shift=0.0):
    """The mean with its error by CR1. A value without a cluster is one of its own.

    `shift` is taken off before and added to the mean: it changes no error but those of rounding.
    """
    own = [f"own {place}" if cluster is None else cluster for place, cluster in enumerate(clusters)]
    codes = {cluster: code for code, cluster in enumerate(dict.fromkeys(own))}
    groups = numpy.array([codes[cluster] for cluster in own])
    y = numpy.array([value - shift for value in values])
    fit = statsmodels.api.OLS(y, numpy.ones(len(y))).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    low, high = fit.conf_int(0.05)[0]
    return {
        "count": len(codes),
        "mean": float(fit.params[0]) + shift,
        "stderr": float(fit.bse[0]),
        "low": float(low) + shift,
        "high": float(high) + shift,
        "p": float(fit.pvalues[0]),
    }


def case(name, sizes, draw, shift=0.0, unnamed=0):
    """Values of as many clusters as there are sizes, in mixed order, and `unnamed` of none."""
    rows = [(cluster, draw(cluster)) for cluster, size in enumerate(sizes) for _ in range(size)]
    rows += [(None, draw(-place)) for place in range(1, unnamed + 1)]
    random.shuffle(rows)
    clusters, values = [cluster for cluster, _ in rows], [value for _, value in rows]
    return {"name": name, "clusters": clusters, "values": values, **clustered(values, clusters, shift)}


def around(spread, digits=3):
    """Values that differ by cluster more than within one."""
    centers = {}

    def draw(cluster):
        centers.setdefault(cluster, random.gauss(0.4, spread))
        return round(random.gauss(centers[cluster], 0.2), digits)

    return draw


def share(cluster):
    """0 or 1, as most of the cluster."""
    return int(random.random() < (0.8 if cluster % 3 else 0.2))


def large(_):
    """About a billion, and exact in binary."""
    return 1e9 + random.randrange(-4096, 4096) / 1024


def sizes(number, most):
    return [random.randint(1, most) for _ in range(number)]


def pairs(samples, most_baseline, most_candidate, clusters):
    """Samples with unequal repetitions on both sides, each of which counts once, by its mean."""
    exact = lambda text: Fraction(text)
    rows, means = [], []
    for place in range(samples):
        center = random.random()
        side = lambda most, more: [
            f"{random.gauss(center + more, 0.2):.2f}" for _ in range(random.randint(1, most))
        ]
        baseline, candidate = side(most_baseline, 0), side(most_candidate, 0.06)
        rows.append(
            {
                "cluster": place % clusters if place % 7 else None,
                "baseline": [float(value) for value in baseline],
                "candidate": [float(value) for value in candidate],
            }
        )
        mean = lambda values: sum(map(exact, values)) / len(values)
        means.append((mean(baseline), mean(candidate)))
    baseline, candidate = ([float(pair[side]) for pair in means] for side in (0, 1))
    differences = [float(after - before) for before, after in means]
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    return {
        "samples": rows,
        "t_p": float(stats.ttest_rel(candidate, baseline).pvalue),
        "ci": [float(interval.low), float(interval.high)],
        "wilcoxon_p": float(stats.wilcoxon(differences, correction=False, method="approx").pvalue),
        "clustered": clustered(differences, [row["cluster"] for row in rows]),
        "clustered_baseline": clustered(baseline, [row["cluster"] for row in rows]),
        "clustered_candidate": clustered(candidate, [row["cluster"] for row in rows]),
    }


print(
    json.dumps(
        {
            "statsmodels": statsmodels.__version__,
            "scipy": scipy.__version__,
            "means": [
                case("random sizes", sizes(40, 12), around(0.3)),
                case("one large cluster", [60, *sizes(15, 3)], around(0.3)),
                case("clusters of one", [1] * 50, around(0.3)),
                case("some without a cluster", sizes(12, 6), around(0.3), unnamed=20),
                case("two clusters", [5, 8], around(0.3)),
                case("nine clusters", sizes(9, 5), around(0.1)),
                case("0 and 1", sizes(30, 8), share),
                case("little within clusters", sizes(20, 6), around(0.5, 1)),
                case("large numbers", sizes(25, 7), large, shift=1e9),
                case("tiny numbers", sizes(25, 7), lambda _: random.randrange(1, 1000) * 1e-9),
                *[case(f"random {n}", sizes(random.randint(2, 80), random.randint(1, 20)), around(random.random()))
                  for n in range(12)],
            ],
            "pairs": [pairs(150, 6, 4, 20), pairs(200, 1, 5, 60), pairs(120, 5, 5, 8)],
        },
        separators=(",", ":"),
    )
)
