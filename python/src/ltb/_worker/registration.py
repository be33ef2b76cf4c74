"""The worker's place in the registry."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .._calls import backoff
from ..client import Client
from ..errors import LtbError
from .log import log
from .settings import Settings

TIMEOUT_S = 10.0
LEAVE_TIMEOUT_S = 2.0
MAX_PAUSE_S = 2.0
HOPELESS = ("INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED")


class Registration:
    """Registers a worker, again where the service does not know it, and takes it off at the end."""

    def __init__(
        self, client: Client, settings: Settings, job_types: list[str], closed: threading.Event
    ) -> None:
        self._client, self._settings, self._job_types = client, settings, job_types
        self._closed = closed
        self._again = threading.Lock()
        self.heartbeat_interval_s = 5.0
        self.is_registered = False

    def register(self, stopping: threading.Event) -> None:
        """Registers, however long the service takes to come up, and gives up when the worker stops.

        Raises LtbError if it never can, for example with a wrong key.
        """
        attempt = 0
        while not stopping.is_set():
            try:
                self._register()
                return
            except LtbError as error:
                if error.code in HOPELESS:
                    raise
                attempt += 1
                log.warning("could not register yet; trying again: %s", error)
            stopping.wait(min(MAX_PAUSE_S, backoff(attempt)))

    def register_again(self) -> None:
        """Registers after the service did not know the worker. Never raises: the next call tells again."""
        if not self._again.acquire(blocking=False):
            return
        try:
            if not self._closed.is_set():
                self._register()
                log.warning("the service did not know this worker; registered again")
        except LtbError as error:
            log.warning("could not register again yet: %s", error)
        finally:
            self._again.release()

    def refuse_jobs(self) -> None:
        """Tells the service that no more jobs are wanted, which ends a claim that waits."""
        self._try("tell that it stops", self._client.workers.drain_worker)

    def deregister(self) -> None:
        """Leaves the registry, if the service can be reached. Jobs still held go to others at once."""
        # A registration that is under way would come after it.
        self._again.acquire(timeout=LEAVE_TIMEOUT_S)
        for attempt in range(1, 4):
            if self._try("deregister", self._client.workers.deregister_worker):
                return
            time.sleep(min(1.0, backoff(attempt)))

    def _try(self, what: str, call: Callable[..., object]) -> bool:
        try:
            call(self._settings.worker_id, reason="the worker stopped", timeout=LEAVE_TIMEOUT_S)
        except LtbError as error:
            if error.code != "NOT_FOUND":
                log.warning("could not %s: %s", what, error)
                return False
        return True

    def _register(self) -> None:
        settings = self._settings
        answer = self._client.workers.register_worker(
            settings.worker_id,
            capacity=settings.capacity + settings.prefetch,
            tags=settings.tags,
            job_types=self._job_types,
            metadata=settings.metadata,
            version=settings.version,
            timeout=TIMEOUT_S,
        )
        self.is_registered = True
        # A service that names none sends nothing, which reads as 0.
        self.heartbeat_interval_s = answer.heartbeat_interval.total_seconds() or self.heartbeat_interval_s
