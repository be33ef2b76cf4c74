"""How calls are made: their deadlines, repetitions, pages and streams."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, NamedTuple, TypeVar
from weakref import ref

from ._codec import Fields, M, Message, decode, encode, encode_message, to_json
from ._ids import uuid7
from ._transport import Stream, Transport
from .errors import LtbError

DEFAULT_TIMEOUT_S = 30.0
MAX_ATTEMPTS = 5
FIRST_PAUSE_S = 0.1
MAX_PAUSE_S = 5.0
# A message may have 4 MiB, with up to four bytes for each character, and 1,000 evaluations.
UPLOAD_CHARS = 1_000_000
UPLOAD_ITEMS = 1_000

T = TypeVar("T")


class Method(NamedTuple):
    """A method of the contract."""

    path: str
    response: type[Message]
    repeat: Literal["always", "with request_id", "never"]
    """Whether a call may be repeated that was perhaps carried out, by the service configs in `examples/`."""
    fields: Fields
    asks_for_text: bool


class Caller:
    """Makes calls over a transport, and repeats those that failed for a passing reason, if that is safe."""

    def __init__(
        self, transport: Transport, headers: Mapping[str, str], timeout: float | None, attempts: int
    ) -> None:
        self.transport = transport
        self._headers = headers
        self._timeout = timeout
        self._attempts = attempts
        self.streams: set[ref[Watch[Any]]] = set()
        """Those that may still run."""

    def end_streams(self) -> None:
        """Ends watches and exports, also for threads that wait in them."""
        for known in list(self.streams):
            stream = known()
            if stream is not None:
                stream.cancel()

    def close(self) -> None:
        """Ends streams and connections. May be called again."""
        self.end_streams()
        self.transport.close()

    def call(self, method: Method, values: dict[str, Any], timeout: float | None, response: type[M]) -> M:
        if method.repeat == "with request_id" and not values.get("request_id"):
            values["request_id"] = uuid7()
        return decode(response, self._answer(method, values, timeout))

    def _answer(self, method: Method, values: dict[str, Any], timeout: float | None) -> dict[str, Any]:
        body = to_json(encode(method.fields, values, method.asks_for_text))
        return self.send(method.path, body, timeout, is_safe=method.repeat != "never")

    def send(self, path: str, body: str, timeout: float | None, *, is_safe: bool) -> dict[str, Any]:
        """Sends JSON text. A deadline is for all repetitions together."""
        deadline = _deadline_of(self._timeout if timeout is None else timeout)
        attempt = 1
        while True:
            try:
                return self.transport.unary(path, body, self._headers, _left(deadline))
            except LtbError as error:
                if attempt >= self._attempts or not may_repeat(error, is_safe=is_safe):
                    raise
                pause = (error.retry_after or 0) + backoff(attempt)
                if deadline is not None and time.monotonic() + pause >= deadline:
                    raise
            time.sleep(pause)
            attempt += 1

    def pages(
        self, method: Method, values: dict[str, Any], timeout: float | None
    ) -> Iterator[dict[str, Any]]:
        """Reads page after page."""
        while True:
            page = self._answer(method, values, timeout)
            yield page
            token = page.get("nextPageToken")
            if not token:
                return
            values["page_token"] = token

    def watch(
        self, method: Method, values: dict[str, Any], timeout: float | None, response: type[M]
    ) -> Watch[M]:
        """Reads a stream of changes, and resumes it after the last message."""

        def read(message: dict[str, Any]) -> M:
            values["after_cursor"] = message.get("cursor")
            return decode(response, message)

        return Watch(self, method, values, timeout, read, None)

    def export(self, method: Method, values: dict[str, Any], timeout: float | None) -> Watch[dict[str, Any]]:
        """Reads a stream of chunks, and resumes it after the last one."""

        def read(chunk: dict[str, Any]) -> dict[str, Any]:
            values["page_token"] = chunk.get("nextPageToken", "")
            return chunk

        # The last chunk has none, and a stream without one would begin anew.
        values["page_token"] = values.get("page_token") or None
        return Watch(self, method, values, timeout, read, self._attempts, lambda: values["page_token"] == "")

    def open(self, method: Method, values: Mapping[str, Any], timeout: float | None) -> Stream:
        body = to_json(encode(method.fields, values, method.asks_for_text))
        return self.transport.stream(method.path, body, self._headers, timeout)

    def upload(
        self,
        method: Method,
        items: Iterable[Message],
        benchmark_id: str | None,
        timeout: float | None,
        response: type[M],
    ) -> M:
        """Sends evaluations as a stream. It is not repeated, because its items are read once."""
        bodies = upload_bodies((to_json(encode_message(item)) for item in items), benchmark_id)
        return decode(response, self.transport.upload(method.path, bodies, self._headers, timeout))


def batch_body(items: Iterable[str], benchmark_id: str | None, request_id: str | None = None) -> str:
    """The request that stores evaluations, of which each is JSON text already."""
    benchmark = f'"benchmarkId":{to_json(benchmark_id)},' if benchmark_id else ""
    request = f'"requestId":{to_json(request_id)},' if request_id else ""
    return f'{{{benchmark}{request}"evaluations":[{",".join(items)}]}}'


def upload_bodies(items: Iterable[str], benchmark_id: str | None) -> Iterator[str]:
    """Puts evaluations into messages of a good size."""
    batch: list[str] = []
    size = 0
    for item in items:
        if batch and (size + len(item) > UPLOAD_CHARS or len(batch) >= UPLOAD_ITEMS):
            yield batch_body(batch, benchmark_id)
            batch, size = [], 0
        batch.append(item)
        size += len(item)
    if batch:
        yield batch_body(batch, benchmark_id)


class Watch(Generic[T]):
    """An iterator over a stream that begins again where it broke. `cancel` ends it from any thread."""

    def __init__(
        self,
        caller: Caller,
        method: Method,
        values: dict[str, Any],
        timeout: float | None,
        read: Callable[[dict[str, Any]], T],
        attempts: int | None,
        is_whole: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_whole = is_whole
        self._open = lambda: caller.open(method, values, _left(self._deadline))
        self._deadline = _deadline_of(timeout)
        self._read = read
        self._attempts = attempts
        self._stream: Stream | None = None
        self._cancelled = threading.Event()
        caller.streams.add(ref(self, caller.streams.discard))

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        failures = 0
        while True:
            try:
                stream = self._stream
                if stream is None and not self._cancelled.is_set():
                    stream = self._stream = self._open()
                # It may have been cancelled while it was opened, before there was anything to end.
                if stream is None or self._cancelled.is_set():
                    self._drop()
                    raise StopIteration
                return self._read(next(stream))
            except LtbError as error:
                self._drop()
                if self._cancelled.is_set() or self._is_whole():
                    raise StopIteration from error
                failures += 1
                is_last = self._attempts is not None and failures >= self._attempts
                if is_last or not may_repeat(error, is_safe=True):
                    raise
                pause = (error.retry_after or 0) + backoff(failures)
                if self._deadline is not None and time.monotonic() + pause >= self._deadline:
                    raise
            self._cancelled.wait(pause)

    def cancel(self) -> None:
        """Ends the stream, also for a thread that waits in it, and returns at once."""
        self._cancelled.set()
        self._drop()

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.cancel()

    def __del__(self) -> None:
        self._drop()


class Items(Generic[M]):
    """An iterator over the items of all pages of a list, which are read as they are needed."""

    def __init__(self, pages: Iterator[dict[str, Any]], method: Method, item: type[M], field: str) -> None:
        self.item = item
        """The class of each."""
        # Name in JSON of the field that has them.
        fields = method.response._fields  # pyright: ignore[reportPrivateUsage]
        self._wire = next(wire for name, wire, _ in fields if name == field)
        self._pages = pages
        self._page: Iterator[dict[str, Any]] = iter(())

    def __iter__(self) -> Iterator[M]:
        return self

    def __next__(self) -> M:
        while (one := next(self._page, None)) is None:
            self._page = iter(next(self._pages).get(self._wire, ()))
        return decode(self.item, one)

    def objects(self) -> Iterator[list[dict[str, Any]]]:
        """JSON objects of those that were not read yet, by pages. It takes less time than messages do."""
        yield list(self._page)
        for page in self._pages:
            yield page.get(self._wire, [])


class Export(Items[M]):
    """An iterator over the items of all chunks of a stream."""

    def __init__(self, chunks: Watch[dict[str, Any]], method: Method, item: type[M], field: str) -> None:
        super().__init__(chunks, method, item, field)
        self.cancel = chunks.cancel
        """Ends the stream, also for a thread that waits in it."""


def may_repeat(error: LtbError, *, is_safe: bool) -> bool:
    """Whether a failure may pass, where `is_safe` says that the call may be carried out twice."""
    # The service did nothing: it was too busy to begin, or undid its work.
    if error.code == "RESOURCE_EXHAUSTED":
        return error.retry_after is not None
    if error.code == "ABORTED":
        return error.reason == "CONFLICT"
    return error.code == "UNAVAILABLE" and is_safe


def backoff(attempt: int) -> float:
    """Seconds before repetition number `attempt`: doubled each time, less a random part of up to a half."""
    return min(MAX_PAUSE_S, FIRST_PAUSE_S * 2 ** min(attempt - 1, 20)) * (0.5 + random.random() / 2)


def _deadline_of(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.001, deadline - time.monotonic())


class Calls:
    """The base of each service's methods."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def _call(self, method: Method, response: type[M], values: dict[str, Any], timeout: float | None) -> M:
        return self._caller.call(method, values, timeout, response)

    def _pages(
        self, method: Method, item: type[M], field: str, values: dict[str, Any], timeout: float | None
    ) -> Items[M]:
        return Items(self._caller.pages(method, values, timeout), method, item, field)

    def _export(
        self, method: Method, item: type[M], field: str, values: dict[str, Any], timeout: float | None
    ) -> Export[M]:
        return Export(self._caller.export(method, values, timeout), method, item, field)

    def _watch(
        self, method: Method, response: type[M], values: dict[str, Any], timeout: float | None
    ) -> Watch[M]:
        return self._caller.watch(method, values, timeout, response)

    def _upload(
        self,
        method: Method,
        response: type[M],
        evaluations: Iterable[Message],
        benchmark_id: str | None,
        timeout: float | None,
    ) -> M:
        return self._caller.upload(method, evaluations, benchmark_id, timeout, response)
