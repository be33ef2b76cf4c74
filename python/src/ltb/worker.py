"""Runs jobs of the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from ._endpoint import TlsFiles
from ._worker.running import Running
from ._worker.settings import Handler, Handlers, Settings, default_worker_id
from ._worker.stop_signals import stopped_by_signals
from .client import Client

H = TypeVar("H", bound=Handler)


class Worker:
    """Runs jobs of the queue until it is stopped.

    It survives restarts of the service and network failures: jobs keep running, and outcomes are sent until
    the service has accepted or refused them. Heartbeats come from a thread of their own, so a handler that
    blocks keeps its lease. When an operator drains the worker, it finishes running jobs, gives back jobs that
    have not started, and stays registered without work until it is stopped or registers again.

    Args:
        worker_id: Name of the worker, 1 to 255 characters: unique to a running process, and best the same
            after a restart. Default: host name, process id and eight random hex digits.
        url: Address of the service, as that of :class:`Client`. Default: LTB_URL.
        api_key: Key of a user of role `worker` or `admin`. Default: LTB_API_KEY.
        tls: Files of certificates. Default: LTB_TLS_CA_FILE and the like.
        capacity: Most jobs that run at the same time, 1 to 10000. Default: 1.
        prefetch: Number of jobs held ready beyond the running ones, so that short jobs (below about 100 ms)
            follow each other without a pause. Their timeouts run while they wait, and no other worker can
            take them. At most 10000 together with `capacity`. Default: 0.
        tags: Tags that the worker offers. It only gets jobs whose required tags are all among them.
        metadata: Data that is stored with the registration. Default: none.
        version: Version of the worker's software. Default: none.
        lease: Seconds of silence after which others get the worker's jobs, 1 to 3600. Default: 30.
        drain_timeout: Seconds that jobs may run on after a stop, before they are aborted and given back.
            Default: 30.

    Raises:
        ValueError, TypeError: An argument is wrong; the message begins with its name.
    """

    def __init__(
        self,
        worker_id: str | None = None,
        *,
        url: str | None = None,
        api_key: str | None = None,
        tls: TlsFiles | None = None,
        capacity: int = 1,
        prefetch: int = 0,
        tags: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        version: str = "",
        lease: float = 30.0,
        drain_timeout: float = 30.0,
    ) -> None:
        self._has_own_name = worker_id is not None
        self._settings = Settings.of(
            worker_id,
            capacity=capacity,
            prefetch=prefetch,
            tags=tags,
            metadata=metadata,
            version=version,
            lease=lease,
            drain_timeout=drain_timeout,
        )
        # The worker itself repeats its calls, for longer than a client would.
        self._client = Client(url, api_key=api_key, tls=tls, attempts=1)
        self._handlers = Handlers()
        self._ends: SimpleQueue[Exception | None] = SimpleQueue()

    @property
    def worker_id(self) -> str:
        """Its name in the registry."""
        return self._settings_here().worker_id

    def job(self, job_type: str) -> Callable[[H], H]:
        """Makes a function the handler of a type of jobs; `"*"`: of all types that have no other.

        It gets a :class:`Job`, and what it returns is the job's result: any JSON, or a :class:`Result` that
        has evaluations besides. Plain functions run in threads, and coroutines in one event loop, which has a
        thread of its own. An exception fails the attempt with its traceback; see :class:`PermanentError` and
        :class:`RetryLater`. Where the work is no longer of use (`job.cause`), a coroutine is cancelled, and a
        plain function should end when `job.cancelled` is set: by `job.check()`. One that does not keeps its
        place until it returns.
        """

        def register(handler: H) -> H:
            if job_type in self._handlers:
                raise ValueError(f"job_type: {job_type!r} has a handler already")
            self._handlers[job_type] = handler
            return handler

        return register

    def run(self) -> None:
        """Works until `stop()`; in the main thread also until SIGTERM or SIGINT, of which a second kills.

        At a stop it claims no more, gives back jobs that have not started, waits for running jobs, delivers
        their outcomes and leaves the registry.

        Raises:
            ValueError: There is no handler.
            LtbError: The service refuses its key or one of its arguments.
            OSError, RuntimeError: The system allows no thread or event loop for handlers.
        """
        if not self._handlers:
            raise ValueError("expected a handler at least: @worker.job(…)")
        try:
            with stopped_by_signals(self.stop):
                Running(self._client, self._settings_here(), self._handlers, self._ends).run()
        finally:
            self._client.close()
            self._forget_ends()

    def stop(self) -> None:
        """Has `run()` stop, and returns at once. Any thread and any signal handler may call it."""
        self._ends.put(None)

    def _settings_here(self) -> Settings:
        if self._has_own_name:
            return self._settings
        # A process that was forked off since is a worker of its own.
        return self._settings._replace(worker_id=default_worker_id())

    def _forget_ends(self) -> None:
        try:
            while True:
                self._ends.get_nowait()
        except Empty:
            pass
