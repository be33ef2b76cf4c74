"""What a paired comparison shows. The rule is that of `ltb compare`, in src/statistics/verdict.ts of the
service, which tests hold this to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .._generated.models import BenchmarkComparison, Bounds

Verdict = Literal["better", "worse", "may be worse", "no significant difference", "no pairs"]
Way = Literal["better", "worse", "equal"]


@dataclass(frozen=True)
class Deciding:
    """What verdicts go by."""

    alpha: float
    """The level of significance, above 0 and below 0.5."""
    lower_is_better: bool


@dataclass(frozen=True)
class Contradiction:
    """What the signed-rank test says, if it is significant, and the mean."""

    test: Way | None
    mean: Way
    is_harm: bool


def leave_open(bounds: Bounds | None) -> bool:
    """Whether missing samples leave open what a mean is."""
    return bounds is not None and bounds.low < bounds.high


def verdict_of(figures: BenchmarkComparison, deciding: Deciding) -> Verdict:
    """Better or worse only where the adjusted p-value is below alpha and the mean goes the way of the test,
    and, with bounds, where their interval is on one side. What is better only as it failed early is not
    better, nor worse what a baseline is quicker than only as that did.
    """
    verdict = _own_verdict(figures, deciding)
    if figures.without_failed is None or verdict not in ("better", "worse"):
        return verdict
    is_alike = verdict_of(figures.without_failed, deciding) == verdict
    counts_alone = verdict == "better" or only_baseline_failed(figures)
    return "no significant difference" if counts_alone and not is_alike else verdict


def only_baseline_failed(figures: BenchmarkComparison) -> bool:
    """Whether the candidate failed in no pair, so that its own values are what they are."""
    return figures.without_failed is not None and figures.candidate_with_error == 0


def _own_verdict(figures: BenchmarkComparison, deciding: Deciding) -> Verdict:
    if figures.adjusted_p_value is None:
        return "no pairs"
    difference = figures.mean_difference or 0.0
    verdict: Verdict = "no significant difference"
    if (
        figures.adjusted_p_value < deciding.alpha
        and difference != 0
        and contradiction_of(figures, deciding) is None
    ):
        verdict = "worse" if (difference > 0) == deciding.lower_is_better else "better"
    if figures.bounds is not None and leave_open(figures.bounds):
        return _verdict_within(figures.bounds, verdict, deciding.lower_is_better)
    return verdict


def _verdict_within(bounds: Bounds, of_pairs: Verdict, lower_is_better: bool) -> Verdict:
    low_end = bounds.low if bounds.ci95_low is None else bounds.ci95_low
    high_end = bounds.high if bounds.ci95_high is None else bounds.ci95_high
    # Turned so that more is better.
    worst, worst_end, best_end = (
        (-bounds.high, -high_end, -low_end) if lower_is_better else (bounds.low, low_end, high_end)
    )
    if of_pairs == "better" and worst_end > 0:
        return "better"
    if of_pairs == "worse" and best_end < 0:
        return "worse"
    # The interval about the worst mean reaches as far above it as below.
    is_worst_harm = worst + (worst - worst_end) < 0
    return "may be worse" if of_pairs == "worse" or is_worst_harm else "no significant difference"


def contradiction_of(figures: BenchmarkComparison, deciding: Deciding) -> Contradiction | None:
    """Tells where the signed-rank test and the mean do not say the same, as a few large differences can make
    it be: neither is then the verdict, and it is harm if either is significant and finds the candidate worse.
    """
    if figures.test != "WILCOXON_SIGNED_RANK" or figures.adjusted_p_value is None:
        return None

    def way_of(difference: float) -> Way:
        if difference == 0:
            return "equal"
        return "worse" if (difference > 0) == deciding.lower_is_better else "better"

    of_test, mean = way_of(figures.rank_biserial or 0.0), way_of(figures.mean_difference or 0.0)
    of_mean = figures.adjusted_paired_t_p_value
    is_mean_proven = of_mean is not None and of_mean < deciding.alpha
    if figures.adjusted_p_value >= deciding.alpha:
        return Contradiction(None, mean, mean == "worse") if is_mean_proven else None
    if of_test == mean:
        return None
    return Contradiction(of_test, mean, of_test == "worse" or (mean == "worse" and is_mean_proven))
