"""Reports the progress of jobs."""

from __future__ import annotations

import math
import threading
import time

from .._generated import models
from ..client import Client
from ..errors import LtbError
from .leases import Held, Leases
from .log import log
from .outbox import MAX_ITEMS
from .outcome import well_formed

# Shortest time between reports. Only the latest report of each job is sent.
INTERVAL_S = 1.0
TIMEOUT_S = 10.0
MAX_MESSAGE = 1024


class ProgressReports:
    """Reports to the service, and learns whether jobs were cancelled or lost.

    A report that cannot be sent is dropped in favour of the next.
    """

    def __init__(
        self, client: Client, worker_id: str, lease_s: float, leases: Leases, closed: threading.Event
    ) -> None:
        self._client, self._worker_id, self._lease_s = client, worker_id, lease_s
        self._leases, self._closed = leases, closed
        self._latest: dict[Held, models.UpdateJobProgressItem] = {}
        self._some = threading.Event()

    def report(self, held: Held, fraction: float | None, message: str | None) -> None:
        """Notes how far a job is. Never raises."""
        with self._leases.changes:
            if held.state != "running":
                return
            item = self._latest.setdefault(
                held, models.UpdateJobProgressItem(job_id=held.job.id, epoch=held.job.epoch)
            )
            try:
                if fraction is not None and not math.isnan(fraction):
                    item.progress = min(1.0, max(0.0, float(fraction)))
                if message is not None:
                    item.message = well_formed(str(message)[:MAX_MESSAGE])
            except Exception as error:
                log.warning("%s: its progress cannot be told: %s", held.about, error)
        self._some.set()

    def work(self) -> None:
        """Sends reports until the worker is closed."""
        while not self._closed.is_set():
            self._some.wait()
            self._some.clear()
            self._send()
            self._closed.wait(INTERVAL_S)

    def close(self) -> None:
        self._some.set()

    def _send(self) -> None:
        with self._leases.changes:
            running = [(held, item) for held, item in self._latest.items() if held.state == "running"]
            batch, rest = running[:MAX_ITEMS], running[MAX_ITEMS:]
            self._latest = dict(rest)
        if rest:
            self._some.set()
        if not batch:
            return
        sent_at = time.monotonic()
        try:
            answer = self._client.jobs.update_job_progress(
                self._worker_id, items=[item for _, item in batch], lease=self._lease_s, timeout=TIMEOUT_S
            )
        except LtbError as error:
            log.debug("progress could not be reported: %s", error)
            return
        for (held, _), result in zip(batch, answer.results, strict=False):
            if result.cancel_requested or result.outcome == "CANCELLED":
                self._leases.drop(held, "cancelled")
            elif result.outcome == "OK":
                if result.expires_in is not None:
                    held.expires_at = sent_at + result.expires_in.total_seconds()
            elif result.outcome != "REJECTED":
                self._leases.drop(held, "lost")
