"""Makes benchmarks and evaluations of Inspect's logs, field by field as `ltb import` does.

Golden files in `test/data/inspect_rows` hold both to the same.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from .._codec import to_json
from .finish import Json, finished_benchmark, finished_evaluation
from .json_text import double_of, rewrite

STATUSES: dict[str, Literal["COMPLETED", "CANCELLED", "FAILED"]] = {
    "success": "COMPLETED",
    "cancelled": "CANCELLED",
    "error": "FAILED",
}
_MANY_IDS = 1000
_ATTACHMENT = "attachment://"
# Events repeat the messages, so with attachments resolved they would take many times their size.
_CONDENSED = ("attachments", "events", "events_data", "timelines")
_LETTERS = {"C": 1, "P": 0.5, "I": 0, "N": 0}
_WORDS = {"yes": 1, "true": 1, "no": 0, "false": 0}
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE | re.ASCII)
_NO_CATEGORY = re.compile(
    r"\s*(nan|[+-]?(inf(inity)?|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?))?\s*", re.IGNORECASE | re.ASCII
)
# Metrics that count the samples of each category.
_CATEGORY_METRICS = re.compile(r'"(?:inspect_ai/)?(?:frequency|category_rate)"')


def benchmark_of(header: Json, marks: Mapping[str, Any]) -> Json:
    """What a log without its samples says of its benchmark, by the names of the service's fields."""
    run: Json = header["eval"]
    provider, slash, model = run["model"].partition("/")
    if not (slash and provider and model):
        provider, model = "unknown", run["model"]
    results: Json | None = header.get("results")
    stats: Json = _part(header, "stats")
    kept = ("status", "results", "samples", "reductions")
    metadata = {key: one for key, one in _without_many_ids(header).items() if key not in kept}
    total, planned, epochs = _planned(run, results or {})
    found = {
        "name": f"{run['task']}:{run['model']}",
        "provider": provider,
        "model": model,
        "dataset": run["task"],
        "total_iterations": total,
        "repetitions": epochs,
        "planned_samples": planned,
        "labels": {"source": "inspect"},
        "metadata": {**metadata, **marks},
        "error": _part(header, "error").get("message"),
        "started_at": _time(stats.get("started_at") or run.get("created")),
        "completed_at": _time(stats.get("completed_at")),
        "metrics": _published(results or {}),
        "results": results,
    }
    return finished_benchmark(found)


def _without_many_ids(header: Json) -> Json:
    """Leaves out a long list of sample ids: the samples have them, and it would crowd out the rest."""
    run = header["eval"]
    dataset = run.get("dataset")
    if not isinstance(dataset, dict) or len(cast("Json", dataset).get("sample_ids") or []) <= _MANY_IDS:
        return header
    rest = {key: one for key, one in cast("Json", dataset).items() if key != "sample_ids"}
    return {**header, "eval": {**run, "dataset": rest}}


def _planned(run: Json, results: Json) -> tuple[int | None, int | None, int | None]:
    """Evaluations, samples and epochs that were to be made."""
    epochs = _part(run, "config").get("epochs")
    dataset: Json = _part(run, "dataset")
    total = results.get("total_samples")
    # It lists the samples that a limit has left; the size of the dataset is that before it.
    if dataset.get("sample_ids") is not None:
        samples = len(dataset["sample_ids"])
    elif total is not None:
        samples = math.ceil(total / (epochs or 1))
    else:
        samples = dataset.get("samples")
    if total is None and samples is not None:
        total = samples * (epochs or 1)
    return total, samples, epochs


def _published(results: Json) -> Json:
    scores = _parts(results, "scores")
    published: Json = {}
    for score in scores:
        name, reducer = score["name"], score.get("reducer")
        several = sum(other["name"] == name for other in scores) > 1
        prefix = f"{name}.{reducer}" if several and reducer else name
        for metric, one in score["metrics"].items():
            published[f"{prefix}.{metric}"] = one.get("value")
    return published


@dataclass(frozen=True)
class InspectRun:
    """What the header of a log says about its samples."""

    model: str
    scorers: tuple[str, ...]
    """Names of scorers or metrics, in order of preference. The first that a sample has is its score."""
    categorical: frozenset[str]
    """Scorers whose texts are categories, also those that would stand for a number."""


def run_of(header: Json) -> InspectRun:
    """Reads what the samples' evaluations depend on."""
    run: Json = header["eval"]
    scorers = _parts(run, "scorers")
    scores = _parts(_part(header, "results"), "scores")
    first = scores[0] if scores else {}
    name = scorers[0].get("name") if scorers else None
    names = [name, name.rpartition("/")[2] if name else None, first.get("scorer"), first.get("name")]
    counted = (one.get("name") for one in scorers if _CATEGORY_METRICS.search(json.dumps(one.get("metrics"))))
    return InspectRun(
        run["model"], tuple(one for one in names if one is not None), frozenset(one for one in counted if one)
    )


def evaluation_of(record: Json, marks: Mapping[str, Any], run: InspectRun) -> Json:
    """What a sample's evaluation is, by the names of the arguments of `Run.log`.

    Epoch n is repetition n - 1, and tokens and cost are those of the model under test. The rest is kept in
    the metadata, with attachments resolved outside the events.
    """
    sample = _with_attachments(record)
    scores: Json = _part(sample, "scores")
    metrics = _metrics(scores, run.categorical)
    only = next(iter(scores)) if len(scores) == 1 else None
    scorer = next((name for name in run.scorers if name in metrics or name in scores), only)
    value = metrics.get(scorer) if scorer is not None else None
    output: Json = _part(sample, "output")
    completion = _completion(output)
    problems = [
        _part(sample, "error").get("message"),
        output.get("error"),
        _unscored(scorer, scores) if value is None else None,
        _silent(sample.get("limit")) if completion is None else None,
    ]
    target = sample.get("target")
    is_text = {"input": isinstance(sample["input"], str), "target": isinstance(target, str)}
    known = {"id", "epoch", *(name for name, is_known in is_text.items() if is_known)}
    metadata = {key: one for key, one in sample.items() if key not in known}
    used: Json = _part(_part(sample, "model_usage"), run.model)
    seconds = sample.get("total_time")
    found = {
        "sample_id": str(sample["id"]),
        "repetition": (sample.get("epoch") or 1) - 1,
        "input": sample["input"] if is_text["input"] else _conversation(sample["input"]),
        "output": completion,
        "expected": _text(None if target == "" else target),
        "score": value if isinstance(value, int | float) else None,
        "metrics": metrics,
        "latency_ms": seconds * 1000 if isinstance(seconds, int | float) else None,
        "input_tokens": used.get("input_tokens"),
        "output_tokens": used.get("output_tokens"),
        "cost_usd": used.get("total_cost"),
        "created_at": _time(sample.get("completed_at")),
    }
    return finished_evaluation(found, problems, {**metadata, **marks})


def score_value(value: Any) -> int | float | None:
    """The number that a score's value stands for, if it does."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return double_of(value)
    if not isinstance(value, str):
        return None
    known = _LETTERS.get(value, _WORDS.get(value.lower()))
    if known is not None or not _NUMBER.fullmatch(value):
        return known
    number = float(value)
    return number if math.isfinite(number) else None


def _category(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > 255 or _NO_CATEGORY.fullmatch(value):
        return None
    return value


def _metrics(scores: Json, categorical: frozenset[str]) -> dict[str, int | float | str]:
    metrics: dict[str, int | float | str] = {}
    for scorer, score in scores.items():
        value = score.get("value")
        parts: Iterable[tuple[str, Any]]
        if isinstance(value, dict):
            parts = ((f"{scorer}.{key}", one) for key, one in cast("Json", value).items())
        elif isinstance(value, list):
            parts = ((f"{scorer}.{index}", one) for index, one in enumerate(cast("list[Any]", value)))
        else:
            parts = [(scorer, value)]
        for name, part in parts:
            found = _category(part) if scorer in categorical else None
            if found is None:
                number = score_value(part)
                found = _category(part) if number is None else number
            if found is not None:
                metrics[name] = found
    return metrics


def _unscored(scorer: str | None, scores: Json) -> str | None:
    if scorer is None:
        return None
    score = _part(scores, scorer)
    value = score.get("value", "missing")
    if isinstance(value, dict | list):
        return None
    shown = "null" if value is None else str(value)[:100]
    return f"scorer {scorer}: its value is {shown}, not a number"


def _silent(limit: Json | None) -> str:
    return f"stopped by its {limit['type']} limit without an output" if limit else "no output"


def _completion(output: Json) -> str | None:
    choices = _parts(output, "choices")
    completion: str | None = output.get("completion")
    # Logs without choices have an empty completion if the model gave none.
    if not choices:
        return completion or None
    return _content(_part(choices[0], "message").get("content")) if completion is None else completion


def _conversation(messages: list[Json]) -> str:
    if len(messages) == 1 and messages[0].get("role") == "user":
        return _content(messages[0].get("content"))
    return "\n\n".join(f"{one.get('role', 'unknown')}: {_content(one.get('content'))}" for one in messages)


def _content(content: Any) -> str:
    if not isinstance(content, list):
        return _text(content) or ""
    parts = (cast("Json", one) for one in cast("list[Any]", content) if isinstance(one, dict))
    return "\n".join(
        (_text(one.get("text")) or "") if one.get("type") == "text" else f"[{_text(one.get('type'))}]"
        for one in parts
    )


def _part(owner: Json, name: str) -> Json:
    return owner.get(name) or {}


def _parts(owner: Json, name: str) -> list[Json]:
    return owner.get(name) or []


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else to_json(value)


def _with_attachments(record: Json) -> Json:
    attachments = record.get("attachments")
    if not isinstance(attachments, dict):
        return record
    found = cast("Json", attachments)

    def resolve(text: str) -> str:
        if not text.startswith(_ATTACHMENT):
            return text
        attached = found.get(text.removeprefix(_ATTACHMENT))
        return attached if isinstance(attached, str) else text

    return {key: one if key in _CONDENSED else rewrite(one, resolve) for key, one in record.items()}


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
