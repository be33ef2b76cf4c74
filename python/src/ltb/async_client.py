"""The client for asyncio."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Literal, Self

from ._async_calls import in_own_thread
from ._calls import DEFAULT_TIMEOUT_S, MAX_ATTEMPTS
from ._endpoint import TlsFiles, endpoint_of
from ._generated import async_services as aio
from .client import caller_to

# Each call, waiting claim and watch that runs holds a thread.
MAX_THREADS = 64


class AsyncClient:
    """The client for asyncio, with the arguments of :class:`Client`. Any event loop may use it.

    Calls run in threads. One that is cancelled goes on there until its answer or its deadline; a watch ends.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        tls: TlsFiles | None = None,
        timeout: float | None = DEFAULT_TIMEOUT_S,
        attempts: int = MAX_ATTEMPTS,
        read_from: Literal["primary", "replica"] = "primary",
    ) -> None:
        caller = caller_to(endpoint_of(url, api_key, tls), timeout, attempts, read_from)
        self._caller = caller
        self._threads = ThreadPoolExecutor(MAX_THREADS, "ltb-client")
        self.benchmarks = aio.AsyncBenchmarkService(caller, self._threads)
        self.jobs = aio.AsyncJobService(caller, self._threads)
        self.workers = aio.AsyncWorkerService(caller, self._threads)
        self.users = aio.AsyncUserService(caller, self._threads)
        self.audit = aio.AsyncAuditService(caller, self._threads)
        self.system = aio.AsyncSystemService(caller, self._threads)

    async def aclose(self) -> None:
        """Ends streams, waits for running calls, and ends the connections. May be called again."""
        self._caller.end_streams()
        await in_own_thread(self._threads.shutdown)
        self._caller.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
