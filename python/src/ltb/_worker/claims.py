"""Claims jobs while there is room for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from .._calls import backoff
from .._generated import models
from .._ids import uuid7
from ..client import Client
from ..errors import LtbError
from .leases import Leases
from .log import log
from .outbox import MAX_ITEMS

# Longest wait of a claim for a job: less than the service allows, as proxies often cut calls at 30 s.
WAIT_S = 20.0
TIMEOUT_S = WAIT_S + 10.0
# Shortest time between empty answers; sooner ones would make a busy loop.
EMPTY_S = 0.1
MAX_PAUSE_S = 1.0


class Granted(Protocol):
    """What an answer with leases has."""

    leases: list[models.Lease]
    drain: bool


A = TypeVar("A", bound=Granted)


class Claimant(Protocol):
    """The part of the worker that claims need."""

    leases: Leases
    stopping: threading.Event

    def wanted(self, freed: int) -> int:
        """Number of jobs that there is room for once `freed` of those held have ended; 0: claim none."""
        ...

    def received(self, leases: list[models.Lease], received_at: float) -> None: ...

    def ordered(self, drain: bool) -> None: ...

    def unknown(self) -> None: ...

    def failed(self, fault: Exception) -> None:
        """Called if it could not take jobs that it was given."""
        ...


class Claims:
    """Claims along with reports that make room, and else by one long poll after another.

    One claim is under way at a time. One whose answer was lost is sent again with the same request id, by
    either way, and so gets the same leases.
    """

    def __init__(
        self, client: Client, worker_id: str, job_types: list[str], lease_s: float, claimant: Claimant
    ) -> None:
        self._client, self._worker_id = client, worker_id
        self._job_types, self._lease_s = job_types, lease_s
        self._claimant = claimant
        self._changes = claimant.leases.changes
        self._request_id = uuid7()
        self._most = MAX_ITEMS
        self.is_asking = False

    def reporting(self, freed: int, send: Callable[[models.NextClaim | None], A]) -> A:
        """Sends a report that frees so many places, with a claim for these if none is under way."""
        claim = self._ask(freed)
        return send(None) if claim is None else self._claim(lambda: send(claim))

    def poll(self) -> None:
        """Claims by long polls until the worker stops."""
        vain = 0
        stopping = self._claimant.stopping
        while not stopping.is_set():
            claim = self._ask(0)
            if claim is None:
                with self._changes:
                    self._changes.wait_for(lambda: stopping.is_set() or self._may_ask(0))
                continue
            asked = 0.0
            sent_at = time.monotonic()
            try:
                granted = self._claim(lambda claim=claim: self._wait_for(claim))
                is_empty = not granted.leases and time.monotonic() - sent_at < EMPTY_S
                vain = vain + 1 if is_empty else 0
            except LtbError as error:
                if stopping.is_set():
                    return
                vain += 1
                asked = error.retry_after or 0.0
                self._failed(error, claim.max_jobs)
            if vain > 0:
                stopping.wait(asked + min(MAX_PAUSE_S, backoff(vain)))

    def _wait_for(self, claim: models.NextClaim) -> models.ClaimJobsResponse:
        return self._client.jobs.claim_jobs(
            self._worker_id,
            request_id=claim.request_id,
            max_jobs=claim.max_jobs,
            job_types=claim.job_types,
            lease=claim.lease,
            wait=WAIT_S,
            timeout=TIMEOUT_S,
        )

    def _failed(self, error: LtbError, max_jobs: int) -> None:
        if error.code == "NOT_FOUND":
            self._claimant.unknown()
        else:
            log.warning("could not claim jobs; trying again: %s", error)
        if error.code == "RESOURCE_EXHAUSTED" and error.retry_after is None:
            # The answer was too large, and the next would be as large. The leases of this one expire.
            self._request_id = uuid7()
            self._most = max(1, max_jobs // 2)

    def _may_ask(self, freed: int) -> bool:
        return not self.is_asking and self._claimant.wanted(freed) > 0

    def _ask(self, freed: int) -> models.NextClaim | None:
        """Begins a claim, unless one is under way or there is no room."""
        with self._changes:
            if not self._may_ask(freed):
                return None
            self.is_asking = True
            return models.NextClaim(
                request_id=self._request_id,
                max_jobs=min(self._claimant.wanted(freed), self._most),
                job_types=self._job_types,
                lease=self._lease_s,
            )

    def _claim(self, send: Callable[[], A]) -> A:
        try:
            answer = send()
            self._request_id = uuid7()
            self._most = min(self._most * 2, MAX_ITEMS)
            try:
                self._claimant.received(answer.leases, time.monotonic())
                self._claimant.ordered(answer.drain)
            except Exception as fault:
                # What came with the claim has been accepted, and is not to be taken for refused.
                self._claimant.failed(fault)
            return answer
        finally:
            with self._changes:
                self.is_asking = False
                self._changes.notify_all()
