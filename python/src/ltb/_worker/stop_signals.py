"""Stops a worker by a signal."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Generator[None]:
    """Calls `stop` at the first SIGTERM or SIGINT. The next does what it did before, and so does each in a
    process that was forked off, such as one of a pool of multiprocessing, which would not end otherwise.

    Only the main thread of a process can listen; elsewhere this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.getsignal(number) for number in SIGNALS}

    def forget() -> None:
        for number, handler in former.items():
            # One that was not set from Python cannot be set again.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    own = os.getpid()

    def listen(number: int, _frame: FrameType | None) -> None:
        forget()
        if os.getpid() == own:
            stop()
        else:
            signal.raise_signal(number)

    for number in SIGNALS:
        signal.signal(number, listen)
    try:
        yield
    finally:
        forget()
