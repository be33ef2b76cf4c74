"""Records what `deepeval.evaluate` returned."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from .._recorder.run import Run, run
from ..client import Client

# DeepEval numbers cases that were given no name, so that their names change with their order.
_NUMBERED = re.compile(r"(conversational_)?test_case_\d+")


class EvaluationResult(Protocol):
    """What `deepeval.evaluate` returns, as far as it is read here."""

    @property
    def test_results(self) -> Sequence[Any]:
        """One for each test case."""
        ...


def record(
    result: EvaluationResult,
    name: str,
    *,
    model: str,
    dataset: str,
    provider: str | None = None,
    labels: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    client: Client | None = None,
) -> Run:
    """Records a result as a benchmark, and returns its run, which has ended.

    Each test case is an evaluation, whose score is 1 if all its metrics passed and 0 if not. A case of which
    a metric could not be measured has an error and no score. Samples are found again by the name of their
    case, or by its input and expected output if it was given none.

    Args:
        result: What `deepeval.evaluate` returned.
        name: As in `ltb.run`, like all other arguments.
    """
    seen: Counter[str] = Counter()
    with run(
        name,
        model=model,
        dataset=dataset,
        provider=provider,
        labels={"source": "deepeval", **(labels or {})},
        total=len(result.test_results),
        metadata=metadata,
        client=client,
    ) as own:
        for case in sorted(result.test_results, key=lambda one: one.index or 0):
            sample_id = _id_of(case)
            own.log(sample_id=sample_id, repetition=seen[sample_id], **_values_of(case))
            seen[sample_id] += 1
    return own


def _id_of(case: Any) -> str:
    if not _NUMBERED.fullmatch(case.name):
        return case.name
    asked = [case.input, case.expected_output]
    if case.turns:
        asked = [[turn.role, turn.content] for turn in case.turns if turn.role == "user"]
    return hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()[:32]


def _values_of(case: Any) -> dict[str, Any]:
    measured: list[Any] = case.metrics_data or []
    errors = [f"{one.name}: {one.error}" for one in measured if one.error]
    given: dict[str, Any] = {
        "context": case.context,
        "retrieval_context": case.retrieval_context,
        "metadata": case.metadata,
    }
    # What a judge cost is no cost of the model under test.
    details = {
        one.name: one.model_dump(
            include={"success", "threshold", "reason", "evaluation_cost"}, exclude_none=True
        )
        for one in measured
    }
    return {
        "input": case.turns or case.input or "",
        "output": case.actual_output,
        "expected": case.expected_output,
        "score": None if errors else float(case.success),
        "metrics": {one.name: one.score for one in measured if one.score is not None and not one.error},
        "error": "; ".join(errors) or None,
        "metadata": {**{key: one for key, one in given.items() if one}, "deepeval": details},
    }
