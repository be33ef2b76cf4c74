"""What the service's importer does with the benchmarks and evaluations of every log."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from typing import Any

from .bounds import ERROR_BYTES, SAMPLE_ID_CHARS, bound_json, cut_bytes, json_size, sha256
from .bounds import JSON_BYTES as MOST_RESULTS_BYTES
from .secrets import without_secrets

Json = dict[str, Any]


def imported_id(user_id: str, source: str, run: str) -> str:
    """The id of the benchmark that `ltb import` makes of a log.

    Args:
        user_id: Who imports it. Empty where nobody is asked who he is.
        source: What wrote the log, such as "inspect".
        run: What the log calls its run.
    """
    key = run if len(run) <= 200 else f"sha256:{sha256(run)}"
    seed = f"llm-test-bench import\0{user_id}\0{source}:{key}"
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "big")
    number = number & ~(0xF << 76) | 0x8 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))


def finished_benchmark(found: Json) -> Json:
    """Makes a benchmark fit the service's limits, without secrets and without the fields that are None."""
    results = found.get("results")
    is_too_large = json_size(results) > MOST_RESULTS_BYTES
    omitted = {"ltb_omitted_results": True} if is_too_large else {}
    error = found.get("error")
    finished = {
        **found,
        **{name: without_secrets(found[name]) for name in ("name", "provider", "model")},
        "metadata": without_secrets(bound_json({**found["metadata"], **omitted})),
        "error": without_secrets(cut_bytes(error, ERROR_BYTES)) if error else None,
        "metrics": bound_json(found["metrics"]) or None,
        "results": None if is_too_large else without_secrets(results),
    }
    return {name: one for name, one in finished.items() if one is not None}


def finished_evaluation(found: Json, problems: Iterable[str | None], metadata: Json) -> Json:
    """Does the same for an evaluation. The first of the problems becomes its error."""
    own: Json = {}
    sample_id: str = found["sample_id"]
    if len(sample_id) > SAMPLE_ID_CHARS:
        own["ltb_sample_id"] = sample_id
        sample_id = f"sha256:{sha256(sample_id)}"
    error = next((one for one in problems if one is not None), None)
    if error is not None and len(error.encode()) > ERROR_BYTES:
        own["ltb_error"] = error
        hint = " … (whole text in metadata.ltb_error)"
        error = cut_bytes(error, ERROR_BYTES - len(hint.encode())) + hint
    finished = {
        **found,
        "sample_id": sample_id,
        "metrics": found["metrics"] or None,
        "error": without_secrets(error),
        "metadata": without_secrets(bound_json({**metadata, **own})) or None,
    }
    return {name: one for name, one in finished.items() if one is not None}
