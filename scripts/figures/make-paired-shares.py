"""Figures that the test of no harm of shares is checked against: `python3 make-paired-shares.py > paired-shares.json`
(Python alone). All that can be found is gone through, with the score of Tango (Statistics in Medicine 17, 1998) by
his own formula, and the share of wins with the greatest chance is looked for on a finer grid."""

import json
from math import comb, sqrt


def score(wins, losses, n, difference):
    """Formula (5) of Tango, with the estimate of formula (6)."""
    a = 2 * n
    b = -wins - losses + (2 * n - wins + losses) * difference
    c = -losses * difference * (1 - difference)
    share = (sqrt(max(0, b * b - 4 * a * c)) - b) / (2 * a)
    return (wins - losses - n * difference) / sqrt(n * (2 * share + difference * (1 - difference)))


def p_value(wins, losses, n, margin, grid=400):
    least = score(wins, losses, n, -margin) - 1e-9
    found = [
        (w, l) for w in range(n + 1) for l in range(n + 1 - w) if score(w, l, n, -margin) >= least
    ]
    ways = [(w, l, comb(n, w) * comb(n - w, l)) for w, l in found]
    greatest = 0
    for step in range(grid + 1):
        won = (1 - margin) / 2 * (step / grid) ** 2
        lost = won + margin
        tied = max(0, 1 - won - lost)
        greatest = max(greatest, sum(k * won**w * lost**l * tied ** (n - w - l) for w, l, k in ways))
    return greatest


cases = [
    [wins, losses, n, margin, p_value(wins, losses, n, margin)]
    for n, margin in ((7, 0.3), (30, 0.1), (55, 0.05), (80, 0.02))
    for wins, losses in ((0, 0), (0, 1), (1, 0), (2, 1), (3, 4), (n // 2, 2), (n, 0))
    if wins + losses <= n
]
print(json.dumps(cases, indent=1))
