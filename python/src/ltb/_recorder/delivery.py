"""Sends what a run recorded. Everything may be sent again: nothing is stored twice."""

from __future__ import annotations

import logging
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
        self.rejected = 0
        """Those that can never be stored."""

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
            created = self._call("CreateBenchmark", body)
            self._start(str(created["benchmark"]["id"]))
        except LtbError as error:
            if error.code == "ALREADY_EXISTS":
                # An earlier attempt, another process of this run, or a run that goes on.
                self._start(error.metadata.get("id", ""))
            elif may_come_right(error):
                raise
            else:
                log.warning("ltb: the benchmark cannot be created: %s", error)

    def _start(self, benchmark_id: str) -> None:
        if benchmark_id:
            try:
                self._call("UpdateBenchmark", to_json({"id": benchmark_id, "status": _RUNNING}))
            except LtbError as error:
                if error.code != "FAILED_PRECONDITION":  # It is running, or has ended.
                    raise

    def _update(self, body: str) -> None:
        try:
            self._call("UpdateBenchmark", body)
        except LtbError as error:
            if may_come_right(error):
                raise
            # The answer to an earlier attempt may have been lost.
            if not error.metadata.get("from") or error.metadata.get("from") != error.metadata.get("to"):
                log.warning("ltb: the benchmark cannot be ended: %s", error)

    def _store(self, items: list[str]) -> None:
        try:
            answer = self._call("BatchCreateEvaluations", batch_body(items, None))
        except LtbError as error:
            if may_come_right(error):
                raise
            if len(items) > 1:
                # Halving finds the item that spoils the request.
                self._store(items[: len(items) // 2])
                self._store(items[len(items) // 2 :])
            else:
                self.reject(items[0], str(error))
            return
        results: list[dict[str, Any]] = answer["results"]
        for item, result in zip(items, results, strict=True):
            match result["outcome"]:
                case "EVALUATION_OUTCOME_REJECTED":
                    self.reject(item, f"{result.get('field', '')}: {result.get('reason', '')}")
                case "EVALUATION_OUTCOME_CONFLICT":
                    self.conflicts += 1
                    if self.conflicts <= MOST_WARNINGS:
                        log.warning("ltb: the first result stands: %s", result.get("reason", ""))
                case _:
                    self.stored += 1

    def reject(self, item: str, reason: str) -> None:
        """Keeps and tells an evaluation that can never be stored."""
        self.rejected += 1
        try:
            path: object = keep_rejected(item, reason)
        except OSError as error:
            path = f"no file ({error})"
        if self.rejected <= MOST_WARNINGS:
            log.warning("ltb: an evaluation was refused and is kept in %s: %s", path, reason)

    def _call(self, method: str, body: str) -> dict[str, Any]:
        return self._caller.transport.unary(_SERVICE + method, body, {}, CALL_TIMEOUT_S)


def may_come_right(error: LtbError) -> bool:
    """Whether the same request may succeed later: also with another key, or a service that was mended."""
    return may_repeat(error, is_safe=True) or error.code in (
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
        "DEADLINE_EXCEEDED",
        "CANCELLED",
        "INTERNAL",
        "UNKNOWN",
        "UNIMPLEMENTED",
    )


def batch_of(entries: list[Entry]) -> list[Entry]:
    """The entries at the beginning that go out together."""
    size = 0
    for at, entry in enumerate(entries):
        size += len(entry.body)
        is_alone = entry.kind != "evaluation" or entries[0].kind != "evaluation"
        if at > 0 and (is_alone or at >= BATCH_ITEMS or size > BATCH_CHARS):
            return entries[:at]
    return entries
