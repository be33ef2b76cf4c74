"""Sends what a run recorded. Everything may be sent again: nothing is stored twice."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._calls import Caller, batch_body, may_repeat
from .._codec import to_json
from ..errors import LtbError
from .spool import Entry, keep_rejected

log = logging.getLogger("ltb")

_SERVICE = "/ltb.v1.BenchmarkService/"
_RUNNING = "BENCHMARK_STATUS_RUNNING"
# A silent service is given up after that, and asked again later.
CALL_TIMEOUT_S = 30.0
BATCH_ITEMS = 1_000
# Characters, of which each may take four bytes; a message may have 4 MiB.
BATCH_CHARS = 1_000_000
# Of each kind that many are told, the others only counted.
MOST_WARNINGS = 5


class Delivery:
    """Sends entries, and counts what became of them."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.stored = 0
        """Evaluations that are stored, also those that were before."""
        self.conflicts = 0
        """Those whose sample is stored with other content, which stays."""
        self._numbers = itertools.count(1)
        self.rejected = 0
        """Those that can never be stored."""
        self._is_loss_told = False

    def send(self, entries: list[Entry]) -> None:
        """Sends entries of one kind. Raises LtbError if it makes sense to send them again later."""
        match entries[0].kind:
            case "create":
                self._create(entries[0].body)
            case "update":
                self._update(entries[0].body)
            case "evaluation":
                self._store([entry.body for entry in entries])

    def _create(self, body: str) -> None:
        try:
            running = to_json({"id": json.loads(body)["id"], "status": _RUNNING})
            try:
                self._call("CreateBenchmark", body, "benchmark")
            except LtbError as error:
                # An earlier attempt, another process of this run, or a run that goes on.
                if error.code != "ALREADY_EXISTS":
                    raise
            self._call("UpdateBenchmark", running, "benchmark")
        except Exception as error:
            if may_come_right(error):
                raise
            # It may be running, or have ended.
            if not isinstance(error, LtbError) or error.code != "FAILED_PRECONDITION":
                log.warning("ltb: the benchmark cannot be begun: %s", error)

    def _update(self, body: str) -> None:
        try:
            self._call("UpdateBenchmark", body, "benchmark")
        except Exception as error:
            if may_come_right(error):
                raise
            # The answer to an earlier attempt may have been lost.
            facts: Mapping[str, str] = error.metadata if isinstance(error, LtbError) else {}
            if "from" not in facts or facts["from"] != facts.get("to"):
                log.warning("ltb: the benchmark cannot be ended: %s", error)

    def _store(self, items: list[str]) -> None:
        try:
            results: list[dict[str, Any]] = self._call(
                "BatchCreateEvaluations", batch_body(items, None), "results"
            )
        except Exception as error:
            if may_come_right(error):
                raise
            if len(items) > 1:
                # Halving finds the item that spoils the request.
                self._store(items[: len(items) // 2])
                self._store(items[len(items) // 2 :])
            else:
                self.reject(json.loads(items[0]), str(error))
            return
        if len(results) != len(items):
            raise LtbError("INTERNAL", f"expected {len(items)} results in the answer, got {len(results)}")
        for item, result in zip(items, results, strict=True):
            match result["outcome"]:
                case "EVALUATION_OUTCOME_REJECTED":
                    self.reject(json.loads(item), f"{result.get('field', '')}: {result.get('reason', '')}")
                case "EVALUATION_OUTCOME_CONFLICT":
                    self.conflicts += 1
                    if self.conflicts <= MOST_WARNINGS:
                        log.warning("ltb: the first result stands: %s", result.get("reason", ""))
                case _:
                    self.stored += 1

    def reject(self, evaluation: Mapping[str, object], reason: str) -> None:
        """Keeps and tells an evaluation that can never be stored, given as its fields. It never raises."""
        # Threads that record do so, too, beside the one that sends.
        self.rejected = number = next(self._numbers)
        try:
            path: object = keep_rejected(evaluation, reason)
            is_told = number <= MOST_WARNINGS
        except Exception as error:
            path = f"no file ({error})"
            # The first that is not kept is always told.
            is_told = number <= MOST_WARNINGS or not self._is_loss_told
            self._is_loss_told = True
        if is_told:
            log.warning("ltb: an evaluation was refused and is kept in %s: %s", path, reason)

    def _call(self, method: str, body: str, field: str) -> Any:
        """Returns a field of the answer."""
        answer = self._caller.transport.unary(_SERVICE + method, body, {}, CALL_TIMEOUT_S)
        if field not in answer:
            # What else may be at the address for a while answers as well.
            raise LtbError("INTERNAL", f"expected {field} in the answer to {method}, got {answer!r:.200}")
        return answer[field]


def may_come_right(error: Exception) -> bool:
    """Whether the same request may succeed later: also with another key, or a service that was mended."""
    if not isinstance(error, LtbError):
        # Of its own accord the client refuses only texts and JSON that are none.
        return not isinstance(error, ValueError | TypeError)
    return may_repeat(error, is_safe=True) or error.code in (
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
        "DEADLINE_EXCEEDED",
        "CANCELLED",
        "INTERNAL",
        "UNKNOWN",
        "UNIMPLEMENTED",
    )


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries in lists that go out together."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        is_alone = batch and (entry.kind != "evaluation" or batch[0].kind != "evaluation")
        if is_alone or len(batch) >= BATCH_ITEMS or (batch and size + len(entry.body) > BATCH_CHARS):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += len(entry.body)
    if batch:
        yield batch


def batch_of(entries: Iterable[Entry]) -> list[Entry]:
    """The entries at the beginning that go out together."""
    for batch in batches(entries):
        return batch
    return []
