"""Makes benchmarks and evaluations of results of lm-evaluation-harness, field by field as `ltb import` does.

Golden files in `test/data/lm_eval_rows` hold both to the same.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeGuard, cast

from .._codec import EPOCH, to_json
from .bounds import SAMPLE_ID_CHARS, sha256
from .finish import Json, finished_benchmark, finished_evaluation
from .json_text import NOT_FINITE, double_of

Reader = Callable[[Any], tuple[Json, Json]]
"""Makes JSON, and marks for its metadata, of a sample as a run has it."""

_LABEL_CHARS = 255
# In the order in which lm-eval looks for a name, see `lm_eval/loggers/evaluation_tracker.py`.
_MODEL_ARGS = ("peft", "delta", "pretrained", "model", "path", "engine")
_BY_TASK = ("configs", "versions", "n-shot", "higher_is_better", "n-samples", "task_hashes")
_NO_METRICS = ("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter")


class Found(NamedTuple):
    """A benchmark, and what it consists of."""

    key: str
    """What `ltb import` makes its id of."""
    values: Json
    """By the names of the service's fields."""
    evaluations: Iterable[Json]
    """By the names of the arguments of `Run.log`."""


class _Part(NamedTuple):
    """What one filter made of a task. It scores every document once more, under the same id."""

    task: str
    filter: str
    samples: Sequence[Any]


def benchmarks_of(
    results: Json, samples: Mapping[str, Sequence[Any]], read: Reader, *, score: str | None = None
) -> Iterator[Found]:
    """Makes a benchmark of each filter of each task. Tasks of a group that has an average are one.

    Args:
        results: What a run returned, as JSON. Its `samples` are not read.
        samples: Those by task. Empty if the run has not kept them.
        read: Reads a sample.
        score: Metric that is the score. Default: the first that is a number, or NaN, of any sample.
    """
    configs = results.get("configs")
    tasks = [task for task in results["results"] if not configs or task in configs]
    parts = {task: [*_parts_of(task, results, samples.get(task) or ())] for task in tasks}

    def evaluations(part: _Part, prefix: str) -> Iterator[Json]:
        main = score or _main_metric(part.samples, read)
        return (_evaluation_of(read(one), part.task, main, prefix) for one in part.samples)

    for group, members in _groups_of(results, tasks):
        if not any(samples.get(task) for task in members):
            continue
        found = [part for task in members for part in parts.pop(task)]
        filters = list(dict.fromkeys(part.filter for part in found))
        for one in filters:
            own = [part for part in found if part.filter == one]
            values = _benchmark(
                results,
                group,
                own,
                is_only=len(filters) == 1,
                metadata=_about(results),
                kept=results["results"],
            )
            rows = (row for part in own for row in evaluations(part, f"{part.task}/"))
            yield Found(_key(results, group, one), values, rows)
    for task, found in parts.items():
        for part in found:
            values = _benchmark(
                results,
                task,
                [part],
                is_only=len(found) == 1,
                metadata=_about_task(results, task),
                kept=results["results"][task],
            )
            yield Found(_key(results, task, part.filter), values, evaluations(part, ""))


def _parts_of(task: str, results: Json, samples: Sequence[Any]) -> Iterator[_Part]:
    by_filter: dict[str, list[Any]] = {}
    for one in samples:
        by_filter.setdefault(one.get("filter", "none"), []).append(one)
    if not by_filter:
        names = [key.partition(",")[2] for key in results["results"][task] if "," in key]
        by_filter = {name: [] for name in names or ["none"]}
    for name, own in by_filter.items():
        yield _Part(task, name, own)


def _groups_of(results: Json, tasks: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The groups that have results of their own and are in no other such group, each with all its tasks."""
    below: Json = results.get("group_subtasks") or {}

    def tasks_of(name: str, seen: tuple[str, ...] = ()) -> list[str]:
        if name in tasks:
            return [name]
        inner: list[str] = [] if name in seen else below.get(name) or []
        return [task for one in inner for task in tasks_of(one, (*seen, name))]

    def is_averaged(name: str) -> bool:
        own: Json = results["results"].get(name) or {}
        return name not in tasks and any("," in key and _is_number(one) for key, one in own.items())

    groups = [(name, list(dict.fromkeys(tasks_of(name)))) for name in below if is_averaged(name)]
    groups = [(name, members) for name, members in groups if len(members) > 1]
    for name, members in groups:
        if not any(set(members) < set(others) for _, others in groups):
            yield name, members


def _key(results: Json, task: str, filter: str) -> str:
    return f"{to_json(results['date'])}/{task}/{filter}"


def _about_task(results: Json, task: str) -> Json:
    """All but the results, and of the sections by task only what is this one's."""
    about = _about(results)
    for key in _BY_TASK:
        if isinstance(about.get(key), dict):
            about[key] = {task: about[key].get(task)}
    return about


def _about(results: Json) -> Json:
    return {key: one for key, one in results.items() if key not in ("results", "samples")}


def _benchmark(
    results: Json, name: str, parts: Sequence[_Part], *, is_only: bool, metadata: Json, kept: Json
) -> Json:
    """What is known of parts with the same filter.

    Args:
        name: Of the task or the group.
        is_only: Whether it has no other filter.
        kept: What is stored as its results.
    """
    provider, model = _model_of(results)
    filter = parts[0].filter
    own: Json = results["results"].get(name) or {}
    counts: Json = results.get("n-samples") or {}
    planned: list[int | None] = [counts.get(one.task, {}).get("effective") for one in parts]
    start = results["date"]
    seconds = results.get("total_evaluation_time_seconds")
    title = name if is_only else f"{name}[{filter}]"
    total = sum(one or 0 for one in planned) if None not in planned else None
    return finished_benchmark(
        {
            "name": f"{title}:{model}" if model else title,
            "provider": provider or "unknown",
            "model": model or "unknown",
            "dataset": name,
            "total_iterations": total,
            "planned_samples": total,
            "labels": {"source": "lm-eval", "filter": filter[:_LABEL_CHARS]},
            "metadata": metadata,
            "started_at": _time(start),
            "completed_at": None if seconds is None else _time(start + float(seconds)),
            "metrics": _numbers({key: one for key, one in own.items() if key.partition(",")[2] == filter}),
            "results": kept,
        }
    )


def _model_of(results: Json) -> tuple[str | None, str | None]:
    """Provider and model. The provider is the program that ran it: the first part of a name is none."""
    config: Json = results.get("config") or {}
    args = config.get("model_args")

    def named(name: str) -> str | None:
        if isinstance(args, dict):
            return _text(cast("Json", args).get(name))
        found = re.search(rf"(?:^|,){name}=([^,]+)", _text(args) or "")
        return found[1] if found else None

    model = next((one for one in map(named, _MODEL_ARGS) if one), None)
    if config.get("model") and not model:
        return None, config["model"]
    return config.get("model") or results.get("model_source"), model or results.get("model_name")


def _main_metric(samples: Sequence[Any], read: Reader) -> str | None:
    """The first metric that is a number of any sample.

    One that is NaN of all samples is the main metric still: the next one would be another score.
    """
    known: dict[str, bool] = {}
    for one in samples:
        record, _ = read(one)
        for name in _metric_names(record):
            value = record.get(name)
            known[name] = known.get(name, False) or _is_number(value) or value in NOT_FINITE
        if next(iter(known.values()), False):
            break
    return next((name for name, is_number in known.items() if is_number), None)


def _evaluation_of(read: tuple[Json, Json], task: str, main: str | None, prefix: str) -> Json:
    record, marks = read
    metrics = _metrics_of(record)
    score = None if main is None else metrics.get(main)
    responses = record.get("filtered_resps")
    if isinstance(responses, list) and len(cast("list[Any]", responses)) == 1:
        (responses,) = cast("list[Any]", responses)
    output = _text(responses)
    problems: list[str | None] = []
    if main is not None and score is None:
        shown = json.dumps(record[main], ensure_ascii=False) if main in record else "missing"
        problems.append(f"metric {main}: {shown}, not a number")
    if output is None:
        problems.append("no response")
    used = {"doc_id", "target", "filter", "filtered_resps", *metrics}
    rest = {key: one for key, one in record.items() if key not in used}
    finished = finished_evaluation(
        {
            "sample_id": str(record["doc_id"]),
            "input": _prompt_of(record.get("arguments")),
            "output": output,
            "expected": _text(record.get("target")),
            "score": score,
            "metrics": metrics,
        },
        problems,
        {"task": task, **rest, **marks},
    )
    sample_id = prefix + finished["sample_id"]
    if prefix and len(sample_id) > SAMPLE_ID_CHARS:
        sample_id = f"sha256:{sha256(sample_id)}"
    return {**finished, "sample_id": sample_id}


def _prompt_of(value: Any) -> str:
    """The prompt in `{gen_args_0: {arg_0: prompt, …}, …}`, in older versions `[[prompt, …], …]`."""
    for name in ("gen_args_0", "arg_0"):
        if isinstance(value, list):
            items = cast("list[Any]", value)
            value = items[0] if items else None
        elif isinstance(value, dict):
            value = cast("Json", value).get(name)
    return _text(value) or ""


def _metric_names(record: Json) -> list[str]:
    names: list[str] | None = record.get("metrics")
    return [key for key in record if key not in _NO_METRICS] if names is None else names


def _metrics_of(record: Json) -> dict[str, int | float]:
    return _numbers({name: record.get(name) for name in _metric_names(record)})


def _numbers(found: Json) -> dict[str, int | float]:
    return {name: double_of(+one) for name, one in found.items() if _is_number(one)}


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else to_json(value)


def _time(seconds: float) -> datetime | None:
    """To the microsecond, rounded as the importer does."""
    if not 0 < seconds < 253_402_300_800:
        return None
    whole = math.floor(seconds)
    micros = min(999_999, math.floor((seconds - whole) * 1e6 + 0.5))
    return datetime.fromtimestamp(whole, EPOCH.tzinfo).replace(microsecond=micros)
