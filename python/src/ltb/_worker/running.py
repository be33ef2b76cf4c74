"""A worker that runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from .._generated import models
from ..client import Client
from .claims import Claims
from .deliveries import Deliveries
from .heartbeats import beat
from .job import Job, PermanentError
from .leases import Held, Leases
from .log import log
from .outcome import Outcome, Released, failed
from .progress import ProgressReports
from .registration import Registration
from .settings import Handlers, Settings
from .threads import Runner

# Seconds at a stop for a claim to end, for aborted handlers to return, and then for outcomes to be delivered.
CLAIM_GRACE_S = 2.0
ABORT_GRACE_S = 1.0
DELIVERY_GRACE_S = 5.0
# How exactly handlers are told that their time is over. The service itself ends attempts to the second.
DEADLINE_CHECK_S = 0.25
# How soon a signal is heeded that another thread got.
SIGNAL_CHECK_S = 0.25


class Running:
    """One run of a worker, from its registration until it has left."""

    def __init__(
        self,
        client: Client,
        settings: Settings,
        handlers: Handlers,
        ends: SimpleQueue[Exception | None],
    ) -> None:
        self._ends = ends
        self._client, self._settings, self._handlers = client, settings, handlers
        worker_id, lease_s = settings.worker_id, settings.lease_s
        self.stopping = threading.Event()
        """Ends claims."""
        self.closed = threading.Event()
        """Ends everything."""
        self._drains = False
        self.leases = Leases(settings.capacity, settings.prefetch)
        claims = Claims(client, worker_id, handlers.claimed, lease_s, self)
        self._claims = claims
        self._outcomes = Deliveries(client, worker_id, self.leases, claims)
        self._progress = ProgressReports(client, worker_id, lease_s, self.leases, self.closed)
        self._registration = Registration(client, settings, handlers.claimed, self.closed)
        self._runner = Runner(self._ended)

    def run(self) -> None:
        """Works until `ends` has something, and stops in order: None, or an exception, which it raises."""
        self._spawn("claims", self._work)
        try:
            failure = self._end()
            self._stop()
            if failure is not None:
                raise failure
        finally:
            self.stopping.set()
            self.closed.set()
            self._outcomes.abandon()
            self._progress.close()
            self._runner.close()
            self.leases.changed()

    def _end(self) -> Exception | None:
        # The system may give a signal to any thread, and that wakes no other: its handler, which has the
        # worker stop, runs once the main thread does something.
        while True:
            try:
                return self._ends.get(timeout=SIGNAL_CHECK_S)
            except Empty:
                continue

    def wanted(self, freed: int) -> int:
        return 0 if self._drains or self.stopping.is_set() else self.leases.wanted_after(freed)

    def received(self, leases: list[models.Lease], received_at: float) -> None:
        for lease in leases:
            self.leases.add(self._hold(lease, received_at))
        if self.stopping.is_set():
            self._give_back_queued()
        else:
            self._start_jobs()

    def renewed(self) -> None:
        self._start_jobs()
        if self._runner.loop.is_stuck():
            log.warning("the event loop has run nothing since the last heartbeat: a handler blocks it")

    def ordered(self, drain: bool) -> None:
        if drain == self._drains or self.stopping.is_set():
            return
        self._drains = drain
        log.info("told to drain: no more jobs are claimed" if drain else "the drain has ended")
        if drain:
            self._give_back_queued()
        self.leases.changed()

    def failed(self, fault: Exception) -> None:
        log.error("jobs that were claimed could not be taken, so the worker stops", exc_info=fault)
        self.stopping.set()
        self._ends.put(fault)

    def unknown(self) -> None:
        self._registration.register_again()

    def _work(self) -> None:
        settings, registration = self._settings, self._registration
        registration.register(self.stopping)
        if self.stopping.is_set():
            return
        log.info("registered as %s for %s", settings.worker_id, self._handlers.claimed or "every type")
        self._outcomes.start()
        self._spawn("progress", self._progress.work)
        self._spawn("deadlines", self._watch_deadlines)
        self._spawn(
            "heartbeats",
            lambda: beat(
                self._client,
                settings.worker_id,
                settings.lease_s,
                lambda: registration.heartbeat_interval_s,
                self,
            ),
        )
        self._claims.poll()

    def _hold(self, lease: models.Lease, received_at: float) -> Held:
        def report(fraction: float | None, message: str | None) -> None:
            self._progress.report(held, fraction, message)

        held = Held(lease, Job(lease, report), received_at)
        return held

    def _start_jobs(self) -> None:
        while (held := self.leases.start()) is not None:
            handler = self._handlers.of(held.job.type)
            if handler is None:
                message = f"this worker has no handler for jobs of type {held.job.type!r}"
                self._deliver(held, failed(held, PermanentError(message)))
                continue
            try:
                self._runner.run(held, handler)
            except Exception as error:
                # A worker that gets neither a thread nor an event loop would fail one job after the other.
                self._ends.put(error)
                self._deliver(held, Released())
                return

    def _ended(self, held: Held, outcome: Outcome) -> None:
        self._deliver(held, outcome)
        self._start_jobs()

    def _deliver(self, held: Held, outcome: Outcome) -> None:
        if self.leases.ended(held):
            self._outcomes.deliver(held, outcome)

    def _give_back_queued(self) -> None:
        for held in self.leases.take_queued():
            self._outcomes.deliver(held, Released())

    def _watch_deadlines(self) -> None:
        while not self.closed.wait(DEADLINE_CHECK_S):
            self.leases.abort_overdue()

    def _stop(self) -> None:
        self.stopping.set()
        self.leases.changed()
        if not self._registration.is_registered:
            return
        self._spawn("stop", self._registration.refuse_jobs)
        self._finish()
        self.closed.set()
        self._registration.deregister()

    def _finish(self) -> None:
        leases, drain_s = self.leases, self._settings.drain_s
        started = time.monotonic()
        self._give_back_queued()
        if not leases.until(lambda: leases.running == 0, drain_s):
            log.warning("%d jobs still run; aborting them", leases.running)
            for held in leases.held:
                if held.state == "running":
                    held.abort("stopped")
            leases.until(lambda: leases.running == 0, ABORT_GRACE_S)
        leases.until(lambda: not self._claims.is_asking, CLAIM_GRACE_S)
        left = max(drain_s - (time.monotonic() - started), DELIVERY_GRACE_S)
        self._outcomes.hurry(left)
        if not leases.until(lambda: self._outcomes.size == 0, left):
            log.error(
                "%d outcomes could not be delivered in time; the jobs will run again", self._outcomes.size
            )

    def _spawn(self, name: str, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception as error:
                # A worker that lacks one of its threads would hang on to its jobs.
                self._ends.put(error)

        threading.Thread(target=guarded, name=f"ltb-{name}", daemon=True).start()
