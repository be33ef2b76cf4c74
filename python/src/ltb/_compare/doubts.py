"""Why a candidate does not pass a gate. The rule is that of `ltb compare --fail-on-regression`, in
src/cli/compare/ of the service, which tests hold this to.
"""

from __future__ import annotations

from .._generated.models import BenchmarkComparison, Missing
from .verdict import (
    Contradiction,
    Deciding,
    Verdict,
    contradiction_of,
    only_baseline_failed,
    verdict_of,
)

HARMS: tuple[Verdict, ...] = ("worse", "may be worse", "no pairs")
"""Verdicts with which a candidate is not known to do no harm."""


def failures_of(
    figures: BenchmarkComparison,
    deciding: Deciding,
    missing: Missing | None,
    allow_different_inputs: bool,
) -> list[str]:
    """Why the candidate is not known to do no harm; empty if it passes."""
    verdict = verdict_of(figures, deciding)
    if verdict == "no pairs":
        return [
            *_of_inputs(figures, allow_different_inputs),
            "no sample has a value on both sides, so that nothing is known: "
            "samples are paired by their sample_id",
        ]
    if verdict in HARMS:
        return ["the candidate is worse" if verdict == "worse" else "the candidate may be worse"]
    contradiction = _contradiction(figures, deciding)
    if contradiction and contradiction.is_harm:
        return [
            f"the signed-rank test says {contradiction.test or 'no difference'} and the mean "
            f"{contradiction.mean}, as a few large differences outweigh many small ones: look at the samples "
            "that changed most"
        ]
    return [
        *_of_missing(figures, missing, allow_different_inputs),
        *_of_failed(figures, deciding, missing),
        *_of_inputs(figures, allow_different_inputs),
    ]


def _of_missing(figures: BenchmarkComparison, missing: Missing | None, is_asked_alike: bool) -> list[str]:
    """What nobody knows of samples and repetitions that the candidate lacks."""
    if missing == "EXCLUDE":
        return []
    found: list[str] = []
    coverage = figures.baseline_coverage
    apart = 0 if is_asked_alike else figures.different_inputs
    lacking = (coverage.scored if coverage else 0) - figures.n_paired - apart
    if missing is None and lacking > 0 and figures.n_paired > 0:
        found.append(
            f"the candidate lacks a value of {_samples(lacking)} that the baseline has one of ({_REMEDY})"
        )
    if figures.candidate_short > 0:
        found.append(
            f"the candidate lacks repetitions of {_samples(figures.candidate_short)} ({_REMEDY})"
            if missing is None
            else f"the candidate lacks repetitions of {_samples(figures.candidate_short)}"
        )
    base, ours = figures.baseline_repetitions, figures.candidate_repetitions
    if (
        missing is None
        and ours is not None
        and ours.least != ours.most
        and figures.candidate_short <= 0
        and (base is None or base.least == base.most)
    ):
        found.append(
            f"the candidate has {ours.least} to {ours.most} values of a sample, unlike the baseline, as "
            f"where only failures were tried again ({_REMEDY})"
        )
    if ours is not None and ours.samples_beyond > 0:
        found.append(
            f"{_samples(ours.samples_beyond)} of the candidate have more repetitions than declared, or than "
            "others (missing EXCLUDE lets them count)"
        )
    return found


def _of_failed(figures: BenchmarkComparison, deciding: Deciding, missing: Missing | None) -> list[str]:
    found: list[str] = []
    others = None if missing == "EXCLUDE" else figures.without_failed
    if others is not None and _is_harm(others, deciding):
        found.append("failures make the candidate look better than it is: run again what failed")
    difference = figures.mean_difference or 0.0
    is_worse = difference > 0 if deciding.lower_is_better else difference < 0
    if figures.stderr == 0 and is_worse and (figures.adjusted_p_value or 0.0) >= deciding.alpha:
        found.append(f"all {figures.n_paired} pairs are worse by the same, and too few to prove it")
    return found


def _of_inputs(figures: BenchmarkComparison, is_asked_alike: bool) -> list[str]:
    if is_asked_alike or figures.different_inputs == 0:
        return []
    return [
        f"{_samples(figures.different_inputs)} have other inputs or expected answers than in the baseline, "
        "and no figure counts them (allow_different_inputs compares them all the same)"
    ]


def _contradiction(figures: BenchmarkComparison, deciding: Deciding) -> Contradiction | None:
    # What the baseline failed in says nothing of a candidate.
    others = figures.without_failed if only_baseline_failed(figures) else None
    return contradiction_of(figures if others is None else others, deciding)


def _is_harm(figures: BenchmarkComparison, deciding: Deciding) -> bool:
    contradiction = _contradiction(figures, deciding)
    return verdict_of(figures, deciding) in HARMS or (contradiction is not None and contradiction.is_harm)


_REMEDY = (
    "missing AS_WORST counts each as the worst value, BOUNDS allows for any value, EXCLUDE leaves them out"
)


def _samples(count: int) -> str:
    return f"{count} sample{'' if count == 1 else 's'}"
