"""Records what `lm_eval.simple_evaluate` returned."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import lm_eval.utils

from .._ids import uuid7
from .._logs.finish import imported_id
from .._logs.json_text import parse
from .._logs.lm_eval_log import benchmarks_of
from .._recorder.arguments import NAME_CHARS, PROVIDER_CHARS, labels_of, named, text_of
from .._recorder.run import Run, client_of_environment
from .._recorder.sender import exit_timeout
from ..client import Client
from ..errors import LtbError

log = logging.getLogger("ltb")
# Its functions have no types.
_lm_eval: Any = lm_eval.utils

MIN_TIMEOUT_S = 0.1
_AT_THE_END = ("started_at", "completed_at", "metrics", "results")


def record(
    results: Mapping[str, Any] | None,
    *,
    model: str | None = None,
    provider: str | None = None,
    score: str | None = None,
    labels: Mapping[str, str] | None = None,
    client: Client | None = None,
) -> list[Run]:
    """Records results as benchmarks, and returns their runs, which have ended.

    Each filter of a task is a benchmark; the tasks of a group of which lm-eval gives the average, such as
    MMLU, are one. `ltb import` of the results that lm-eval saves finds the same, if it is the same user's.
    Without `log_samples=True` they have no evaluations.

    It waits for LTB_EXIT_TIMEOUT (10 s) at most. What could not be sent by then is kept as that of `ltb.run`
    is. If the service could not say who the user is, the benchmarks have ids of their own, which `ltb import`
    does not find.

    Args:
        results: What `simple_evaluate` or `evaluate` returned. None, as in all processes but the first of a
            run with several, records nothing.
        model: Model under test, 1 to 255 characters. Default: what the arguments of the model name, else
            what lm-eval calls the model.
        provider: Provider of the model, 1 to 100 characters. Default: the program that ran it, such as `hf`.
        score: Metric that is the score. Default: the first that is a number, or NaN, of any sample.
        labels: Further labels to find the benchmarks by.
        client: Where to. Default: the client of the environment.

    Raises:
        ValueError: LTB_URL, or what a benchmark would be called, is wrong; the message names it.
    """
    if results is None:
        return []
    own = {"source": "lm-eval", **({} if labels is None else named("labels", labels_of, labels))}
    given: dict[str, str] = {}
    if model is not None:
        given["model"] = named("model", lambda one: text_of(one, 1, NAME_CHARS), model)
    if provider is not None:
        given["provider"] = named("provider", lambda one: text_of(one, 1, PROVIDER_CHARS), provider)
    end = time.monotonic() + exit_timeout()
    client = client or client_of_environment()
    user_id = _user_id(client)
    samples: Mapping[str, Sequence[Any]] = results.get("samples") or {}
    # `lm_eval.evaluate` does not tell when it began.
    about, _ = _as_saved({"date": time.time(), **results, "samples": None})
    runs: list[Run] = []
    for key, found, evaluations in benchmarks_of(about, samples, _read, score=score):
        id = uuid7() if user_id is None else imported_id(user_id, "lm-eval", key)
        values = {**found, **given, "id": id, "labels": {**found["labels"], **own}}
        one = Run(client, {**values, "name": values["name"][:NAME_CHARS]})
        for evaluation in evaluations:
            one.log(**evaluation)
        ended = {name: found[name] for name in _AT_THE_END if name in found}
        one._end("COMPLETED", "", **ended)  # pyright: ignore[reportPrivateUsage]
        runs.append(one)
    for one in runs:
        one.finish(timeout=max(0.0, end - time.monotonic()))
    return runs


def _user_id(client: Client) -> str | None:
    try:
        return client.users.who_am_i(timeout=max(MIN_TIMEOUT_S, exit_timeout())).user.id
    except LtbError as error:
        log.warning("ltb: results are recorded with ids of their own, because %s", error)
        return None


def _read(sample: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A sample as lm-eval saves it, which changes it in place: it may have been saved before."""
    arguments = sample["arguments"]
    if not isinstance(arguments, dict):
        arguments = {
            f"gen_args_{place}": {f"arg_{index}": one for index, one in enumerate(call)}
            for place, call in enumerate(arguments)
        }
    lists = {name: _lm_eval.sanitize_list(sample[name]) for name in ("resps", "filtered_resps")}
    return _as_saved({**sample, **lists, "arguments": arguments, "target": str(sample["target"])})


def _as_saved(value: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    # Keys that JSON does not know would keep all else from being recorded.
    return parse(json.dumps(value, default=_lm_eval.handle_non_serializable, skipkeys=True))
