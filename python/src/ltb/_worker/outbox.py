"""Sends what has to arrive."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Literal

from .._calls import backoff
from ..errors import LtbError
from .leases import Held
from .log import log

# Batches that may be on their way at once, because a slow one should not delay the others.
SENDERS = 4
# Seconds that items gather while another batch is on its way.
GATHER_S = 0.005
LONGEST_PAUSE_S = 1.0
LONGEST_PAUSE_SUSPECT_S = 10.0
MAX_ITEMS = 1_000

Kind = Literal["result", "failure", "release"]


class Entry:
    """The outcome of a job. Those of a batch have one kind, and weights that add up to at most 1."""

    def __init__(self, kind: Kind, held: Held, item: Any, weight: float) -> None:
        self.kind: Kind = kind
        self.held = held
        self.item = item
        self.weight = max(weight, 1 / MAX_ITEMS)
        self.most = MAX_ITEMS
        """The batch that it goes with has at most so many."""
        self.attempts = 0
        self.due = 0.0
        """Not before that time of `time.monotonic()`."""


class Outbox:
    """Sends entries in batches: at once if none is on its way, else gathered for a few milliseconds.

    A batch that fails for a passing reason is sent again, until it is abandoned. A refused one is halved
    until the wrong entry stands alone. What a callback raises is logged, and changes nothing else.

    Args:
        send: Sends a batch. Its answers are in the order of the batch.
        answered: Called with each entry and its answer.
        refused: Called for an entry that the service will never accept.
        delayed: Called when a batch could not be sent and will be tried again.
        settled: Called after each entry that was answered or refused.
    """

    def __init__(
        self,
        send: Callable[[Kind, list[Entry]], Sequence[Any]],
        answered: Callable[[Entry, Any], None],
        refused: Callable[[Entry, Exception], None],
        delayed: Callable[[Exception, int], None],
        settled: Callable[[], None],
    ) -> None:
        self._send, self._answered, self._refused = send, answered, refused
        self._delayed, self._settled = delayed, settled
        self._change = threading.Condition()
        self._waiting: deque[Entry] = deque()
        self._sending = 0
        self._unsettled = 0
        self._failures = 0
        self._resume_at = 0.0
        self._wanted_by = math.inf
        self._is_abandoned = False

    @property
    def size(self) -> int:
        """Number of entries without an answer."""
        return self._unsettled

    def start(self) -> None:
        for number in range(1, SENDERS + 1):
            threading.Thread(target=self._work, name=f"ltb-outbox-{number}", daemon=True).start()

    def add(self, entry: Entry) -> None:
        with self._change:
            self._unsettled += 1
            self._waiting.append(entry)
            self._change.notify()

    def hurry(self, seconds: float) -> None:
        """Says what time is left. The service may ask to wait for half of it each time, and no longer."""
        with self._change:
            self._wanted_by = time.monotonic() + seconds
            latest = time.monotonic() + seconds / 2
            self._resume_at = min(self._resume_at, latest)
            for entry in self._waiting:
                entry.due = min(entry.due, latest)
            self._change.notify_all()

    def abandon(self) -> None:
        """Gives up the entries without an answer."""
        with self._change:
            self._is_abandoned = True
            self._waiting.clear()
            self._change.notify_all()

    def _work(self) -> None:
        while batch := self._next_batch():
            try:
                self._deliver(batch)
            finally:
                with self._change:
                    self._sending -= 1

    def _next_batch(self) -> list[Entry]:
        """Waits for a batch; an empty one when all is abandoned."""
        while True:
            with self._change:
                pause = self._until_due()
                if self._is_abandoned:
                    return []
                if pause is None or pause > 0:
                    self._change.wait(pause)
                    continue
                if self._sending == 0:
                    return self._take()
            time.sleep(GATHER_S)
            with self._change:
                if batch := self._take():
                    return batch

    def _until_due(self) -> float | None:
        """Seconds until something is due; None: nothing waits."""
        if not self._waiting:
            return None
        due = min(entry.due for entry in self._waiting)
        return max(due, self._resume_at) - time.monotonic()

    def _take(self) -> list[Entry]:
        now = time.monotonic()
        batch: list[Entry] = []
        kept: deque[Entry] = deque()
        weight, most = 0.0, MAX_ITEMS
        while self._waiting:
            entry = self._waiting.popleft()
            fits = (
                now >= max(entry.due, self._resume_at)
                and (not batch or entry.kind == batch[0].kind)
                and (not batch or weight + entry.weight <= 1)
                and len(batch) < min(most, entry.most)
            )
            if not fits:
                kept.append(entry)
                continue
            batch.append(entry)
            weight, most = weight + entry.weight, min(most, entry.most)
        self._waiting = kept
        if batch:
            self._sending += 1
        if kept:
            self._change.notify()
        return batch

    def _deliver(self, batch: list[Entry]) -> None:
        try:
            answers = self._send(batch[0].kind, batch)
            if len(answers) != len(batch):
                raise LtbError("INTERNAL", f"{len(batch)} items got {len(answers)} answers")
        except Exception as error:
            self._take_back(batch, error)
            return
        with self._change:
            self._failures, self._resume_at = 0, 0.0
            self._change.notify()
        for entry, answer in zip(batch, answers, strict=True):
            self._settle(self._answered, entry, answer)

    def _take_back(self, batch: list[Entry], error: Exception) -> None:
        verdict = judge(error)
        if verdict == "refused" and len(batch) == 1:
            self._settle(self._refused, batch[0], error)
            return
        retry_after = (error.retry_after or 0.0) if isinstance(error, LtbError) else 0.0
        with self._change:
            if self._is_abandoned:
                return
            retry_after = min(retry_after, max(0.0, self._wanted_by - time.monotonic()) / 2)
            if verdict == "later":
                self._failures += 1
                pause = min(LONGEST_PAUSE_S, backoff(self._failures))
                self._resume_at = time.monotonic() + retry_after + pause
            elif len(batch) > 1:
                for entry in batch:
                    entry.most = len(batch) // 2
            else:
                batch[0].attempts += 1
                pause = min(LONGEST_PAUSE_SUSPECT_S, backoff(batch[0].attempts))
                batch[0].due = time.monotonic() + retry_after + pause
            self._waiting.extendleft(reversed(batch))
            self._change.notify()
        if verdict == "later" or len(batch) == 1:
            _call(self._delayed, error, len(batch))

    def _settle(self, report: Callable[[Entry, Any], None], entry: Entry, answer: Any) -> None:
        _call(report, entry, answer)
        with self._change:
            self._unsettled -= 1
        _call(self._settled)


def _call(callback: Callable[..., None], *arguments: Any) -> None:
    """Calls that, and logs what it raises: nothing more would be delivered by a thread that it ended."""
    try:
        callback(*arguments)
    except Exception as fault:
        log.error("a fault after outcomes were sent", exc_info=fault)


def judge(error: Exception) -> Literal["later", "refused", "suspect"]:
    """Judges a batch by its error.

    `later`: the error says nothing about the batch. `refused`: the service will never accept an entry of it.
    `suspect`: perhaps one entry is wrong, so each should be tried alone.
    """
    if not isinstance(error, LtbError):
        return "refused"  # It cannot even be written down.
    match error.code:
        case "RESOURCE_EXHAUSTED":
            return "refused" if error.retry_after is None else "later"
        # A revoked key or a removed worker may come back.
        case "UNAVAILABLE" | "ABORTED" | "CANCELLED" | "UNAUTHENTICATED" | "PERMISSION_DENIED" | "NOT_FOUND":
            return "later"
        case "INVALID_ARGUMENT" | "OUT_OF_RANGE" | "FAILED_PRECONDITION":
            return "refused"
        case _:
            return "suspect"
