"""A comparison as text, with the columns of `ltb compare`."""

from __future__ import annotations

from collections.abc import Sequence

from .._generated.models import CompareBenchmarksResponse, ComparisonTest
from .verdict import Verdict

_TESTS: dict[ComparisonTest, str] = {"MCNEMAR_EXACT": "McNemar", "WILCOXON_SIGNED_RANK": "Wilcoxon"}


def text_of(answer: CompareBenchmarksResponse, verdict: Verdict, alpha: float) -> str:
    """A table of the figures, what they could have shown, and the samples that got worst."""
    one = answer.comparisons[0]
    lines = [
        f"{answer.metric}, {'lower' if answer.lower_is_better else 'higher'} is better, "
        f"baseline {answer.baseline_id}, candidate {one.candidate_id}",
        "",
    ]
    interval = "-" if one.ci95_low is None else f"{_number(one.ci95_low, 3)} … {_number(one.ci95_high, 3)}"
    test = "-" if one.p_value is None else f"{_number(one.p_value, 3)} ({_TESTS.get(one.test, one.test)})"
    row = {
        "n": str(one.n_paired),
        "baseline": _number(one.baseline_mean),
        "candidate": _number(one.candidate_mean),
        "difference": _number(one.mean_difference),
        "95 % CI": interval,
        "p (t)": _number(one.paired_t_p_value, 3),
        "win/loss/tie": f"{one.wins}/{one.losses}/{one.ties}",
        "p (test)": test,
        "p (Holm)": _number(one.adjusted_p_value, 3),
        "verdict": verdict,
    }
    lines += _table([list(row), list(row.values())])
    lines += ["", *_power_of(answer, alpha)]
    if one.regressed:
        lines += ["", f"worst of {one.losses} regressed samples"]
        samples = [
            [
                sample.sample_id,
                *map(_number, (sample.baseline_value, sample.candidate_value, sample.difference)),
            ]
            for sample in one.regressed
        ]
        lines += _table([["sample", "baseline", "candidate", "difference"], *samples])
    return "\n".join(lines).rstrip()


def _power_of(answer: CompareBenchmarksResponse, alpha: float) -> list[str]:
    """What so many pairs can show: a difference that was not found is no proof that there is none."""
    one = answer.comparisons[0]
    lines: list[str] = []
    # The least p-value of both exact tests, that of pairs which all go one way.
    if one.n_paired > 0 and 2.0 ** (1 - one.n_paired) >= alpha:
        lines.append(
            f"{one.n_paired} pair{'' if one.n_paired == 1 else 's'} cannot show any difference: even if all "
            f"were worse, p would not be below {alpha}"
        )
    if one.detectable_difference is not None:
        lines.append(
            f"{one.n_paired} pairs show a difference of {_number(one.detectable_difference, 3)} or more with "
            "a probability of 80 %"
        )
    if one.baseline_unpaired + one.candidate_unpaired > 0:
        lines.append(
            f"left out for want of a partner: {one.baseline_unpaired} of the baseline, "
            f"{one.candidate_unpaired} of the candidate"
        )
    return lines


def _number(value: float | None, digits: int = 5) -> str:
    return "-" if value is None else f"{value:.{digits}g}"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
