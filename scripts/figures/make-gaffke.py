"""Figures that Gaffke's bound is checked against: `python3 make-gaffke.py > gaffke.json` (mpmath 1.4, NumPy).
Few draws: the partial fractions of P(least E0 + sum xi Ei <= 0), the sum over the negative weights w of the products
of w / (w - v) over all others v, with 1,500 digits, because equal weights are set apart by 1e-40 of their size.
Many: the inversion formula of Gil-Pelaez (Biometrika 38, 1951) along the real axis, in doubles."""

import json
import random

import numpy
from mpmath import mp, mpf

mp.dps = 1500
random.seed(20241129)


def by_fractions(weights):
    """Weights as (value, count)."""
    apart = [mpf(value) * (1 + mpf(10) ** -40 * k) for value, count in weights if value for k in range(count)]
    total = mpf(0)
    for j, w in enumerate(apart):
        if w < 0:
            product = mpf(1)
            for k, v in enumerate(apart):
                if k != j:
                    product *= w / (w - v)
            total += product
    return float(total)


def by_inversion(weights):
    values = numpy.array([value for value, _ in weights])
    counts = numpy.array([count for _, count in weights])
    spread = numpy.sqrt((counts * values**2).sum())
    # The characteristic function is below 1e-14 beyond.
    end = 1.0 / spread
    while -(counts * numpy.log1p((end * values) ** 2)).sum() / 2 > -33:
        end *= 1.1
    nodes = 200_000
    t = (numpy.arange(nodes) + 0.5) * end / nodes
    size, angle = numpy.zeros(nodes), numpy.zeros(nodes)
    for value, count in zip(values, counts):
        size -= count * numpy.log1p((t * value) ** 2) / 2
        angle += count * numpy.arctan(t * value)
    return float(0.5 - (numpy.exp(size) * numpy.sin(angle) / t).sum() * end / nodes / numpy.pi)


def case(draws, least, compute):
    counted = {}
    for draw in draws:
        counted[draw] = counted.get(draw, 0) + 1
    return {
        "draws": [{"value": value, "count": count} for value, count in sorted(counted.items())],
        "least": least,
        "p": compute(list({**counted, least: counted.get(least, 0) + 1}.items())),
    }


def drawn(n, margin, kind):
    if kind == "losses":
        return [round(margin - (random.random() < margin / 2) * random.choice([1, 0.99, 0.5]), 3) for _ in range(n)]
    if kind == "scores":
        difference = lambda: random.betavariate(2, 2) - random.betavariate(2, 2)
        return [round(margin + difference(), 2) for _ in range(n)]
    return [round(margin + random.choice([-0.5, -0.1, 0, 0, 0, 0.1, 0.5]), 3) for _ in range(n)]


kinds = ("losses", "scores", "steps")
print(
    json.dumps(
        [
            case(drawn(n, margin, kind), round(margin - 1, 3), by_fractions)
            for n in (1, 2, 5, 20)
            for margin in (0.02, 0.1, 0.5)
            for kind in kinds
        ]
        + [
            case(drawn(n, margin, kind), round(margin - 1, 3), by_inversion)
            for n, margins in ((100, (0.02, 0.1)), (1000, (0.005, 0.02)), (20_000, (0.001, 0.003)))
            for margin in margins
            for kind in kinds
        ],
        indent=1,
    )
)
