"""The same calls for asyncio: each runs in a thread of the client's own.

urllib3 and grpcio's channels serve any number of event loops that way, one after another or at once, which
grpc.aio does not.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, ParamSpec, Protocol, TypeVar

from ._calls import Caller, Export, Items, Method
from ._codec import M, Message, decode

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


def _next(items: Iterator[T]) -> list[T]:
    """The next item in a list; an empty one at the end, because a coroutine cannot raise StopIteration."""
    return list(itertools.islice(items, 1))


async def in_own_thread(work: Callable[[], T]) -> T:
    """Runs it in a thread that waits for no others, as those of an executor that is full would."""
    executor = ThreadPoolExecutor(1)
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
    finally:
        executor.shutdown(wait=False)


class AsyncCalls:
    """The base of each service's methods."""

    def __init__(self, caller: Caller, executor: Executor) -> None:
        self._caller = caller
        self._executor = executor

    async def _run(self, function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        work = functools.partial(function, *args, **named)
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def _call(
        self, method: Method, response: type[M], values: dict[str, Any], timeout: float | None
    ) -> M:
        return await self._run(self._caller.call, method, values, timeout, response)

    async def _pages(
        self, method: Method, item: type[M], field: str, values: dict[str, Any], timeout: float | None
    ) -> AsyncIterator[M]:
        items = Items(self._caller.pages(method, values, timeout), method, item, field)
        pages = items.objects()
        while page := await self._run(_next, pages):
            for one in page[0]:
                yield decode(item, one)

    def _export(
        self, method: Method, item: type[M], field: str, values: dict[str, Any], timeout: float | None
    ) -> AsyncIterator[M]:
        return self._each(Export(self._caller.export(method, values, timeout), method, item, field))

    def _watch(
        self, method: Method, response: type[M], values: dict[str, Any], timeout: float | None
    ) -> AsyncIterator[M]:
        return self._each(self._caller.watch(method, values, timeout, response))

    async def _each(self, items: Cancellable[T]) -> AsyncIterator[T]:
        try:
            while item := await self._run(_next, items):
                yield item[0]
        finally:
            items.cancel()

    async def _upload(
        self,
        method: Method,
        response: type[M],
        evaluations: Iterable[Message],
        benchmark_id: str | None,
        timeout: float | None,
    ) -> M:
        return await self._run(self._caller.upload, method, evaluations, benchmark_id, timeout, response)


class Cancellable(Protocol[T_co]):
    """An iterator that another thread can end."""

    def __iter__(self) -> Iterator[T_co]: ...

    def __next__(self) -> T_co: ...

    def cancel(self) -> None: ...
