"""Delivers the outcomes of jobs to the service, and ends their leases when it has answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._generated import models
from ..client import Client
from .claims import Claims
from .job import PermanentError
from .leases import Held, Leases
from .log import log
from .outbox import MAX_ITEMS, Entry, Kind, Outbox
from .outcome import Completed, Failed, Outcome, Released, failed

# Bytes of a batch, below the 4 MiB that the service accepts by default.
BATCH_BYTES = 3 * 1024 * 1024
TIMEOUT_S = 30.0


class Deliveries:
    """The outcomes that have no answer yet."""

    def __init__(self, client: Client, worker_id: str, leases: Leases, claims: Claims) -> None:
        self._client, self._worker_id = client, worker_id
        self._leases, self._claims = leases, claims
        self._outbox = Outbox(self._send, self._answered, self._refused, self._delayed, leases.changed)
        self.start, self.abandon = self._outbox.start, self._outbox.abandon
        self.hurry = self._outbox.hurry

    @property
    def size(self) -> int:
        """Number of outcomes without an answer."""
        return self._outbox.size

    def deliver(self, held: Held, outcome: Outcome) -> None:
        """Has an outcome sent until the service has accepted or refused it."""
        match outcome:
            case None:
                self._leases.remove(held)
            case Completed(item, size):
                weight = size / BATCH_BYTES + len(item.evaluations) / MAX_ITEMS
                self._outbox.add(Entry("result", held, item, weight))
            case Failed(item):
                # A character of the error takes up to three bytes.
                self._outbox.add(Entry("failure", held, item, len(item.error) * 3 / BATCH_BYTES))
            case Released(delay, hold_limit_key):
                item = models.ReleaseJobsItem(
                    job_id=held.job.id, epoch=held.job.epoch, delay=delay, hold_limit_key=hold_limit_key
                )
                self._outbox.add(Entry("release", held, item, 0))

    def _send(self, kind: Kind, batch: list[Entry]) -> Sequence[Any]:
        jobs, worker_id = self._client.jobs, self._worker_id
        items = [entry.item for entry in batch]
        if kind == "release":
            return jobs.release_jobs(worker_id, items=items, timeout=TIMEOUT_S).results
        send = jobs.complete_jobs if kind == "result" else jobs.fail_jobs
        return self._claims.reporting(
            len(items), lambda claim: send(worker_id, items=items, next=claim, timeout=TIMEOUT_S)
        ).results

    def _answered(self, entry: Entry, answer: Any) -> None:
        held = entry.held
        if answer.outcome == "REJECTED":
            log.error("the %s of %s was rejected, which ended the attempt: %s: %s",
                entry.kind, held.about, answer.field, answer.reason)  # fmt: skip
        elif answer.outcome != "OK":
            log.info("the %s of %s was not accepted, as the job is no longer ours: %s",
                entry.kind, held.about, answer.outcome)  # fmt: skip
        self._leases.remove(held)

    def _refused(self, entry: Entry, error: Exception) -> None:
        held = entry.held
        if entry.kind == "result":
            self.deliver(held, failed(held, PermanentError(f"the result was refused: {error}")))
            return
        log.error("the %s of %s was refused; its lease is left to expire: %s", entry.kind, held.about, error)
        self._leases.remove(held)

    def _delayed(self, error: Exception, count: int) -> None:
        log.warning("%d outcomes could not be delivered yet; trying again: %s", count, error)
