"""Where handlers run: plain ones in threads, coroutines in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import Callable
from queue import SimpleQueue

from .leases import Held
from .outcome import Outcome, run, run_async
from .settings import Handler


class Threads:
    """Threads that are kept for the next handler. One that hangs does not hold the process at its end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = 0
        self._all = 0

    def run(self, work: Callable[[], None]) -> None:
        """Runs that in a thread of its own. It must not raise.

        Raises RuntimeError if the system does not allow a single thread.
        """
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            else:
                self._begin()
        self._work.put(work)

    def _begin(self) -> None:
        thread = threading.Thread(target=self._serve, name=f"ltb-job-{self._all + 1}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The system allows no more threads. The work waits for one of those that there are.
            if self._all == 0:
                raise
            return
        self._all += 1

    def close(self) -> None:
        """Ends the threads, each when its handler has returned."""
        for _ in range(self._all):
            self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            with self._lock:
                self._idle += 1


class Loop:
    """An event loop in a thread of its own, which the first coroutine starts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = asyncio.Event()
        self._is_late = False

    def run(self, held: Held, handler: Handler, ended: Callable[[Held, Outcome], None]) -> None:
        """Runs a coroutine of the handler, and calls `ended` from the loop's thread.

        Raises OSError or RuntimeError if the system allows no more files or threads.
        """

        async def work() -> None:
            task = asyncio.current_task()
            assert task is not None
            held.on_abort(lambda: _call(loop, task.cancel))
            ended(held, await run_async(held, handler))

        with self._lock:
            loop = self._loop or self._start()
        asyncio.run_coroutine_threadsafe(work(), loop)

    def is_stuck(self) -> bool:
        """Whether the loop has run nothing since the last call of this."""
        if self._loop is None:
            return False
        was_late, self._is_late = self._is_late, True

        def be_on_time() -> None:
            self._is_late = False

        _call(self._loop, be_on_time)
        return was_late

    def close(self) -> None:
        """Ends the loop. Coroutines that still run are cancelled."""
        if self._loop is not None:
            _call(self._loop, self._closed.set)

    def _start(self) -> asyncio.AbstractEventLoop:
        # It is made here, because nobody would see its thread fail.
        loop = asyncio.new_event_loop()

        def serve() -> None:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(self._closed.wait())

        try:
            threading.Thread(target=serve, name="ltb-loop", daemon=True).start()
        except RuntimeError:
            loop.close()
            raise
        self._loop = loop
        return loop


class Runner:
    """Runs handlers wherever they belong."""

    def __init__(self, ended: Callable[[Held, Outcome], None]) -> None:
        self._ended = ended
        self._threads = Threads()
        self.loop = Loop()

    def run(self, held: Held, handler: Handler) -> None:
        """Runs a handler, and calls `ended` when it has."""
        if is_async(handler):
            self.loop.run(held, handler, self._ended)
        else:
            self._threads.run(lambda: self._ended(held, run(held, handler)))

    def close(self) -> None:
        self._threads.close()
        self.loop.close()


def is_async(handler: Handler) -> bool:
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - an object whose __call__ is a coroutine
    )


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    # The loop may be closed already.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function)
