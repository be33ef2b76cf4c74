"""The thread that sends what runs record."""

from __future__ import annotations

import atexit
import itertools
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable

from .._calls import Caller, backoff
from ..errors import LtbError
from .delivery import BATCH_CHARS, BATCH_ITEMS, Delivery, batch_of, log
from .spool import Entry, Spool

# What is recorded goes out after that time, or when a batch is full.
LINGER_S = 0.5
# Beyond that many characters in memory, evaluations go to the spool.
MOST_CHARS = 64 * 1024 * 1024

# Between attempts, once a service is known to be away.
MAX_PAUSE_S = 1.0
EXIT_TIMEOUT_S = 10.0

_senders: dict[Caller, Sender] = {}
_registered_by = 0
before_close: list[Callable[[], None]] = []
"""What has to happen at the end of the process, before the last entries are sent."""


def sender_of(caller: Caller, url: str) -> Sender:
    """Returns the one sender of a client."""
    return _senders.get(caller) or _senders.setdefault(caller, Sender(caller, url))


def exit_timeout() -> float:
    """Seconds that the end of a run or process waits at most: LTB_EXIT_TIMEOUT, 10 by default."""
    try:
        return max(0.0, float(os.environ.get("LTB_EXIT_TIMEOUT", EXIT_TIMEOUT_S)))
    except ValueError:
        return EXIT_TIMEOUT_S


def register_exit() -> None:
    """Has this process send its last entries when it ends, once."""
    global _registered_by
    if _registered_by == os.getpid():
        return
    _registered_by = os.getpid()
    atexit.register(_close_all)
    # Children of multiprocessing end without the functions of atexit.
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, _close_all, exitpriority=0)


def _close_all() -> None:
    for hook in before_close:
        hook()
    end = time.monotonic() + exit_timeout()
    for sender in list(_senders.values()):
        sender.close(max(0.0, end - time.monotonic()))


def _after_fork() -> None:
    for sender in list(_senders.values()):
        sender.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Sender:
    """Queues what runs record, and sends it behind them. Its thread begins with the first entry.

    Entries are in the order of recording, so a benchmark is created before its evaluations and ended after
    them. Those in the spool come after those in memory, and before the end of any benchmark.
    """

    def __init__(self, caller: Caller, url: str) -> None:
        self.delivery = Delivery(caller)
        self._url = url
        self.spool = Spool(url)
        self._reset()

    def _reset(self) -> None:
        self._change = threading.Condition(threading.Lock())
        self._queue: deque[Entry] = deque()
        self._chars = 0
        self._sending: list[Entry] = []
        self._announced: set[str] = set()
        self._thread: threading.Thread | None = None
        self._is_asleep = False
        self._is_hurried = False
        self._failure: Exception | None = None
        self._lost = 0
        self._is_closed = False

    def after_fork(self) -> None:
        """Forgets what the parent will send."""
        self.spool.reset()
        self._reset()

    def put(self, entry: Entry, *, durable: bool = False) -> None:
        """Adds an entry, and before it its benchmark. Raises OSError only if `durable`."""
        if durable:
            self.spool.append(entry, durable=True)
        with self._change:
            if entry.create not in self._announced:
                self._announced.add(entry.create)
                self._queue.append(Entry("create", entry.create, entry.create))
            is_full = self._is_closed or (entry.kind == "evaluation" and self._chars > MOST_CHARS)
            if entry.kind != "create" and not durable and not is_full:
                self._queue.append(entry)
                self._chars += len(entry.body)
            if self._is_asleep or len(self._queue) == BATCH_ITEMS:
                self._is_asleep = False
                self._change.notify_all()
            elif self._thread is None:
                self._begin()
        if is_full and not durable:
            self._keep(entry)

    def flush(self, timeout: float) -> bool:
        """Waits until everything is sent, or the time is over; tells which."""
        with self._change:
            self._is_hurried = True
            self._change.notify_all()
            done = self._change.wait_for(self._is_done, timeout)
            self._is_hurried = False
            return done

    def spill(self) -> None:
        """Puts everything that is not known to be stored into the spool, where the thread goes on with it."""
        with self._change:
            # What is being sent is among it: sent twice it is stored once.
            entries = [*self._sending, *self._queue]
            self._sending = []
            self._queue.clear()
            self._chars = 0
        for entry in entries:
            self._keep(entry)

    def close(self, timeout: float) -> None:
        """Sends what it can in that time, keeps the rest in the spool, and says so."""
        with self._change:
            has_more = bool(self._queue or self._sending)
        if has_more and not self.flush(timeout):
            self.spill()
        count, path = self.spool.waiting, self.spool.path
        is_left = not self.spool.is_empty
        self._is_closed = True
        self.spool.close()
        if is_left:
            why = f" ({self._failure})" if self._failure else ""
            _tell(f"{count} evaluations are not sent{why}. They are in {path}: send them by ltb-sync")
        if self._lost:
            _tell(f"{self._lost} evaluations are lost, because the spool could not be written")

    def _is_done(self) -> bool:
        return not self._queue and not self._sending and self.spool.is_empty

    def _keep(self, entry: Entry) -> None:
        try:
            self.spool.append(entry)
        except OSError as error:
            self._lost += entry.kind == "evaluation"
            if self._lost == 1:
                log.warning("ltb: the spool cannot be written: %s", error)

    def _begin(self) -> None:
        register_exit()
        self._thread = threading.Thread(target=self._work, name="ltb-sender", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._thread = None  # The interpreter is ending, and what is in memory goes to the spool.

    def _work(self) -> None:
        failures = 0
        while True:
            entries, end = self._next()
            try:
                self.delivery.send(entries)
            except Exception as error:
                failures += 1
                self._note(error)
                self._put_back(entries, end)
                wanted = error.retry_after if isinstance(error, LtbError) else None
                time.sleep((wanted or 0) + min(MAX_PAUSE_S, backoff(failures)))
                continue
            failures, self._failure = 0, None
            if end is not None:
                self.spool.sent(end, sum(entry.kind == "evaluation" for entry in entries))
            with self._change:
                self._sending = []
                if self._is_done():
                    self._change.notify_all()

    def _note(self, error: Exception) -> None:
        known, self._failure = self._failure, error
        if not isinstance(error, LtbError):
            # The thread has to live on: what it could not send is told at the end.
            log.error("ltb: evaluations could not be sent", exc_info=error)
        elif not isinstance(known, LtbError) or known.code != error.code:
            log.warning("ltb: evaluations wait, because %s", error)

    def _next(self) -> tuple[list[Entry], int | None]:
        """Waits for entries. Those of the spool come with the place where they end there."""
        with self._change:
            while True:
                if self._queue and self._queue[0].kind == "evaluation":
                    self._linger()
                head = self._queue[0].kind if self._queue else None
                if head in (None, "update") and not self.spool.is_empty:
                    found = self.spool.peek(BATCH_ITEMS, BATCH_CHARS)
                    batch = batch_of([entry for entry, _ in found])
                    if batch:
                        return batch, found[len(batch) - 1][1]
                if head is not None:
                    some = list(itertools.islice(self._queue, BATCH_ITEMS + 1))
                    self._sending = batch_of(some)
                    for entry in self._sending:
                        self._queue.popleft()
                        self._chars -= len(entry.body)
                    return self._sending, None
                self._is_asleep = True
                self._change.wait()

    def _linger(self) -> None:
        """Waits until a batch is full, somebody is in a hurry, or the first entry is old enough."""
        end = time.monotonic() + LINGER_S
        while (len(self._queue) < BATCH_ITEMS and self._chars < BATCH_CHARS and not self._is_hurried) and (
            left := end - time.monotonic()
        ) > 0:
            self._change.wait(left)

    def _put_back(self, entries: list[Entry], end: int | None) -> None:
        with self._change:
            # Whoever spilled meanwhile has put them into the spool.
            if end is None and self._sending:
                self._queue.extendleft(reversed(entries))
                self._chars += sum(len(entry.body) for entry in entries)
            self._sending = []


def _tell(message: str) -> None:
    try:
        print(f"ltb: {message}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass  # Nobody reads it any more.
