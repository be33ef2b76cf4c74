"""Compares a benchmark with a baseline, and tells whether it is worse."""

from __future__ import annotations

from functools import cached_property

from .._generated import models as m
from .._recorder.run import client_of_environment
from ..client import Client
from ..errors import LtbError
from .doubts import failures_of
from .table import text_of
from .verdict import Deciding, Verdict, verdict_of

# Samples that got worse, of which text and errors show the worst.
SAMPLES = 5


def compare(
    baseline: str,
    candidate: str,
    *,
    metric: str = "score",
    lower_is_better: bool | None = None,
    alpha: float = 0.05,
    missing: m.Missing | None = None,
    allow_different_inputs: bool = False,
    client: Client | None = None,
) -> Comparison:
    """Compares two benchmarks sample by sample, as `ltb compare` does.

    Args:
        baseline: Id of the benchmark to compare with.
        candidate: Id of the benchmark that may be worse.
        metric: Name of the metric. Default: score.
        lower_is_better: Default: true of latency_ms, input_tokens, output_tokens and cost_usd alone.
        alpha: Better or worse takes an adjusted p-value below this; above 0 and below 0.5. Default: 0.05.
        missing: What becomes of samples without a value: EXCLUDE, AS_WORST or BOUNDS. Default: they are left
            out, and with one that the candidate alone lacks `assert_no_regression` fails.
        allow_different_inputs: Also compares samples whose inputs or expected answers differ. Default: they
            are left out, and with one `assert_no_regression` fails.
        client: Where from. Default: the client of the environment.

    Raises:
        LtbError: A benchmark is not there, an argument is wrong, or the service does not answer.
    """
    answer = (client or client_of_environment()).benchmarks.compare_benchmarks(
        baseline,
        candidate_ids=[candidate],
        metric=metric,
        lower_is_better=lower_is_better,
        alpha=alpha,
        missing=missing,
        allow_different_inputs=allow_different_inputs or None,
        page_size=SAMPLES,
    )
    if len(answer.comparisons) != 1:
        raise LtbError("INTERNAL", f"expected 1 comparison in the answer, got {len(answer.comparisons)}")
    return Comparison(answer, Deciding(alpha, answer.lower_is_better), missing, allow_different_inputs)


class Comparison:
    """What came of a comparison. Its text is a table, as `ltb compare` prints it."""

    def __init__(
        self,
        answer: m.CompareBenchmarksResponse,
        deciding: Deciding,
        missing: m.Missing | None,
        allow_different_inputs: bool,
    ) -> None:
        self.answer = answer
        """All that the service says."""
        self.figures = answer.comparisons[0]
        """The figures of the candidate."""
        self._deciding = deciding
        self._missing: m.Missing | None = missing
        self._allow_different_inputs = allow_different_inputs

    @cached_property
    def verdict(self) -> Verdict:
        """What the figures show."""
        return verdict_of(self.figures, self._deciding)

    @cached_property
    def failures(self) -> list[str]:
        """Why the candidate is not known to do no harm; empty if it passes."""
        return failures_of(self.figures, self._deciding, self._missing, self._allow_different_inputs)

    def assert_no_regression(self) -> None:
        """Raises AssertionError, with the table, if the candidate is worse or nobody can know it is not: it
        lacks samples, they were asked something else, or failures make it look better.
        """
        if self.failures:
            raise AssertionError("\n".join([*self.failures, "", str(self)]))

    def __str__(self) -> str:
        return text_of(self.answer, self.verdict, self._deciding.alpha)
