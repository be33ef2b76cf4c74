"""The leases that a worker holds."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Literal

from .._generated import models
from .job import Cause, Job


class Held:
    """A lease and its state here.

    It is `queued` until there is room to run it, `running`, `delivering` until the service has answered its
    outcome, then `gone`; also as soon as it is known to be cancelled or lost. Times are of `time.monotonic()`
    and only hints, because the service's clock decides.
    """

    state: Literal["queued", "running", "delivering", "gone"] = "queued"

    def __init__(self, lease: models.Lease, job: Job, received_at: float) -> None:
        self.job = job
        self.expires_at = received_at + lease.expires_in.total_seconds()
        limit = lease.deadline_in
        self.deadline_at = math.inf if limit is None else received_at + limit.total_seconds()
        self._lock = threading.Lock()
        self._heed: Callable[[], None] | None = None

    @property
    def about(self) -> str:
        """For the log."""
        return f"job {self.job.id} (attempt {self.job.attempt})"

    def abort(self, cause: Cause) -> None:
        """Tells the handler to stop. The first cause stays."""
        with self._lock:
            if self.job.cause is not None:
                return
            self.job.cause = cause
            heed = self._heed
        self.job.cancelled.set()
        if heed is not None:
            heed()

    def on_abort(self, heed: Callable[[], None]) -> None:
        """Has that called when the handler should stop, also if that was told before."""
        with self._lock:
            self._heed = heed
            is_late = self.job.cause is not None
        if is_late:
            heed()


class Leases:
    """The leases of a worker and how many of them run. Threads may share it."""

    def __init__(self, capacity: int, prefetch: int) -> None:
        self.changes = threading.Condition()
        """Notified after every change, and held by who looks at several things together."""
        self.running = 0
        """Number of running handlers, with or without a lease."""
        self._capacity = capacity
        self._prefetch = prefetch
        self._held: dict[str, Held] = {}
        self._queue: list[Held] = []
        # Handlers that still run although their lease is gone.
        self._stray = 0

    @property
    def held(self) -> list[Held]:
        """In the order of their claims."""
        with self.changes:
            return list(self._held.values())

    def wanted_after(self, freed: int) -> int:
        """Number of jobs to ask for once `freed` of those held are gone.

        It is 0 while many fetched ahead are left, as few large claims are cheaper.
        """
        with self.changes:
            if len(self._queue) > self._prefetch / 2:
                return 0
            return self._capacity + self._prefetch + freed - len(self._held) - self._stray

    def add(self, held: Held) -> None:
        """Takes a lease, unless it is held already."""
        with self.changes:
            former = self._held.get(held.job.id)
            if former is not None:
                if former.job.epoch == held.job.epoch:
                    return
                # The service would not lease a job again that is still ours.
                self.drop(former, "lost")
            self._held[held.job.id] = held
            self._queue.append(held)

    def start(self) -> Held | None:
        """Takes the next job if there is room. One whose lease seems expired waits for news of it."""
        with self.changes:
            if self.running >= self._capacity:
                return None
            now = time.monotonic()
            held = next((held for held in self._queue if held.expires_at > now), None)
            if held is not None:
                self._queue.remove(held)
                held.state = "running"
                self.running += 1
            return held

    def ended(self, held: Held) -> bool:
        """Notes that a handler has ended. Returns whether its outcome is still wanted."""
        with self.changes:
            self.running -= 1
            is_wanted = held.state == "running"
            if is_wanted:
                held.state = "delivering"
            else:
                self._stray -= 1
            self.changes.notify_all()
            return is_wanted

    def drop(self, held: Held, cause: Cause) -> None:
        """Notes that the service no longer knows the lease. An outcome under way gets its own answer."""
        with self.changes:
            if held.state in ("gone", "delivering"):
                return
            if held.state == "running":
                self._stray += 1
            else:
                self._queue.remove(held)
            self.remove(held)
        held.abort(cause)

    def remove(self, held: Held) -> None:
        """Ends a lease after the service has answered its outcome."""
        with self.changes:
            held.state = "gone"
            if self._held.get(held.job.id) is held:
                del self._held[held.job.id]
            self.changes.notify_all()

    def take_queued(self) -> list[Held]:
        """Takes all jobs that have not been started."""
        with self.changes:
            queued, self._queue = self._queue, []
            for held in queued:
                held.state = "delivering"
            return queued

    def drop_each(self, refs: Iterable[models.LeaseRef], cause: Cause) -> None:
        """Drops the leases that the service names."""
        for ref in refs:
            held = self._held.get(ref.job_id)
            if held is not None and held.job.epoch == ref.epoch:
                self.drop(held, cause)

    def abort_overdue(self) -> None:
        """Tells handlers to stop whose time is over."""
        now = time.monotonic()
        for held in self.held:
            if held.state == "running" and held.deadline_at <= now:
                held.abort("timeout")

    def changed(self) -> None:
        """Wakes who waits for a change, after one elsewhere."""
        with self.changes:
            self.changes.notify_all()

    def until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Waits until the condition holds. Returns whether it does within so many seconds."""
        with self.changes:
            return self.changes.wait_for(condition, timeout)
