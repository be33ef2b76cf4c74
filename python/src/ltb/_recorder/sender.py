"""The thread that sends what runs record."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from itertools import islice
from weakref import WeakValueDictionary

from .._calls import Caller, backoff
from ..errors import LtbError
from .delivery import BATCH_CHARS, BATCH_ITEMS, CALL_TIMEOUT_S, Delivery, batch_of, log
from .spool import Entry, Spool

# What is recorded goes out after that time, or when a batch is full.
LINGER_S = 0.5
# Beyond that many characters in memory, or attempts that failed in a row, evaluations go to the spool.
MOST_CHARS = 64 * 1024 * 1024
MOST_FAILURES = 3

# Between attempts, once a service is known to be away.
MAX_PAUSE_S = 1.0
# Of what a service asks callers to wait: so long one that does not answer takes to fail, too.
MOST_ASKED_S = CALL_TIMEOUT_S
EXIT_TIMEOUT_S = 10.0
# Of the time for the last entries, this part is left for writing what is not sent.
SENDING_SHARE = 0.9
# Entries that are written to the spool at once.
SPILLED_ITEMS = 1_000

# A thread that had nothing to send for so long ends, and begins again with the next entry.
IDLE_S = 60.0

# A sender is there as long as a run of its client, or its thread.
_senders: WeakValueDictionary[Caller, Sender] = WeakValueDictionary()
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
    # Children of multiprocessing end without the functions of atexit.
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        sys.modules["multiprocessing.util"].Finalize(None, _close_all, exitpriority=0)
    else:
        atexit.register(_close_all)


def _close_all() -> None:
    for hook in before_close:
        hook()
    end = time.monotonic() + exit_timeout()
    for sender in list(_senders.values()):
        sender.close(max(0.0, end - time.monotonic()))


def _after_fork() -> None:
    for sender in list(_senders.values()):
        sender.after_fork()


os.register_at_fork(after_in_child=_after_fork)


class Sender:
    """Queues what runs record, and sends it behind them. Its thread begins with the first entry.

    Entries are in the order of recording, so a benchmark is created before its evaluations and ended after
    them. Memory and spool take turns, and the spool is empty before any benchmark in memory ends. The lock is
    one that a handler of a signal may take again, because it may record in the middle of a `log`.
    """

    def __init__(self, caller: Caller, url: str) -> None:
        self.delivery = Delivery(caller)
        self.spool = Spool(url)
        self._reset()

    def _reset(self) -> None:
        self._change = threading.Condition()
        self._queue: deque[Entry] = deque()
        self._chars = 0
        self._sending: list[Entry] = []
        self._announced: set[str] = set()
        self._queued = 0
        """Entries that ever were in memory."""
        self._settled = 0
        """Those of them that are stored, refused, or in the spool."""
        self._spilled_to = 0
        """The place in the spool before which everything is that came out of memory."""
        self._thread: threading.Thread | None = None
        self._is_asleep = False
        self._is_spools_turn = False
        self._hurries = 0
        self._failures = 0
        """Attempts that failed in a row."""
        self._resumption = threading.Condition()
        self._resume_at = 0.0
        """When the next attempt is made after one that failed."""
        self._wanted_by = 0.0
        """Until when somebody waits for what is to be sent."""
        self._failure: Exception | None = None
        self._lost = 0
        self._is_spool_broken = False
        self._is_closed = False

    def __del__(self) -> None:
        self.spool.close()

    def after_fork(self) -> None:
        """Forgets what the parent will send."""
        self.spool.reset()
        self._reset()

    def put(self, entry: Entry, *, durable: bool = False) -> None:
        """Adds an entry, and before it its benchmark. Raises OSError only if `durable`."""
        if durable:
            self.spool.append(entry, durable=True)
        is_kept = durable or (self._is_for_spool(entry) and self._keep(entry))
        with self._change:
            if not is_kept:
                self._enqueue(entry)
            if self._is_asleep or len(self._queue) >= BATCH_ITEMS:
                self._is_asleep = False
                self._change.notify_all()
            elif self._thread is None:
                self._begin()

    def _is_for_spool(self, entry: Entry) -> bool:
        is_large = self._failures >= MOST_FAILURES or self._chars > MOST_CHARS
        return self._is_closed or (is_large and entry.kind == "evaluation")

    def _enqueue(self, entry: Entry) -> None:
        if self._is_closed or (entry.kind == "evaluation" and self._chars > MOST_CHARS):
            self._lost += entry.kind == "evaluation"
            return
        if entry.create not in self._announced:
            self._add(Entry("create", entry.create, entry.create))
            # Only now, because a handler of a signal may come between.
            self._announced.add(entry.create)
        if entry.kind != "create":
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        self._queue.append(entry)
        self._queued += 1
        self._chars += len(entry.body)

    def flush(self, timeout: float) -> bool:
        """Waits until everything that was put before is sent, or the time is over; tells which."""
        with self._change:
            queued, kept = self._queued, self.spool.end

            def is_done() -> bool:
                return self._settled >= queued and self.spool.sent_to >= max(kept, self._spilled_to)

            if self._thread is None or self._is_closed:
                return is_done()
            self._hurries += 1
            self._resume_within(timeout)
            try:
                self._change.notify_all()
                return self._change.wait_for(is_done, timeout)
            finally:
                self._hurries -= 1

    def send_or_spill(self, timeout: float) -> bool:
        """Sends everything in that time, or puts into the spool what is left then; tells which."""
        if self.flush(timeout * SENDING_SHARE):
            return True
        self.spill()
        return False

    def spill(self) -> None:
        """Puts everything that is not known to be stored into the spool, where the thread goes on with it.

        What the disk does not take stays in memory.
        """
        with self._change:
            # What is being sent is among it: sent twice it is stored once.
            entries = deque([*self._sending, *self._queue])
            self._sending = []
            self._queue.clear()
            self._chars = 0
            # What is recorded from now on may be sent before the spool, and needs its benchmark.
            self._announced.clear()
        count, size = len(entries), SPILLED_ITEMS
        while entries and size:
            some = list(islice(entries, size))
            if self._keep(*some):
                for _ in some:
                    entries.popleft()
            else:
                # A disk that is nearly full takes fewer.
                size = min(size, len(some)) // 2
        with self._change:
            self._settled += count - len(entries)
            self._spilled_to = self.spool.end
            self._restore(entries)
            self._is_asleep = False
            self._change.notify_all()

    def close(self, timeout: float) -> None:
        """Sends what it can in that time, keeps the rest in the spool, and says so."""
        with self._change:
            # For what a run has given up nobody waits again.
            is_given_up = self.spool.sent_to < self._spilled_to
            is_idle = not self._queue and not self._sending and (self.spool.is_empty or is_given_up)
        if not is_idle:
            self.send_or_spill(timeout)
        count, path = self.spool.waiting, self.spool.path
        is_left = not self.spool.is_empty
        with self._change:
            self._is_closed = True
            self._lost += sum(entry.kind == "evaluation" for entry in self._queue)
        self.spool.close()
        if is_left:
            why = f" ({self._failure})" if self._failure else ""
            if count:
                tell(f"{count} evaluations are not sent{why}. They are in {path}: send them by ltb-sync")
            else:
                tell(f"the begin or end of a run is not sent{why}. It is in {path}: send it by ltb-sync")
        if self._lost:
            tell(f"{self._lost} evaluations are lost, because the spool could not be written")

    def _keep(self, *entries: Entry) -> bool:
        """Puts entries into the spool: all of them, or none."""
        try:
            self.spool.append(*entries)
        except Exception as error:
            # Of several fewer are tried next.
            if len(entries) == 1:
                if not self._is_spool_broken:
                    log.warning("ltb: the spool cannot be written: %s", error)
                self._is_spool_broken = True
            return False
        self._is_spool_broken = False
        return True

    def _begin(self) -> None:
        register_exit()
        self._thread = threading.Thread(target=self._work, name="ltb-sender", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._thread = None  # The interpreter is ending, and what is in memory goes to the spool.

    def _work(self) -> None:
        while True:
            try:
                found = self._next()
                if found is None:
                    return
                entries, end = found
                if entries:
                    self.delivery.send(entries)
                if end is not None:
                    self.spool.sent(end, sum(entry.kind == "evaluation" for entry in entries))
            except Exception as error:
                self._failures += 1
                self._note(error)
                with self._change:
                    # Whoever spilled meanwhile has put them into the spool.
                    self._restore(self._sending)
                    self._sending = []
                if self._failures >= MOST_FAILURES:
                    self.spill()
                self._pause(error)
                continue
            self._failures, self._failure = 0, None
            with self._change:
                self._settled += len(self._sending)
                self._sending = []
                self._change.notify_all()

    def _pause(self, error: Exception) -> None:
        """Waits before the next attempt for as long as the service asks, within bounds."""
        asked = (error.retry_after or 0.0) if isinstance(error, LtbError) else 0.0
        with self._resumption:
            now = time.monotonic()
            wanted_in = self._wanted_by - now
            asked = min(asked, wanted_in / 2 if wanted_in > 0 else MOST_ASKED_S)
            self._resume_at = now + asked + min(MAX_PAUSE_S, backoff(self._failures))
            while (left := self._resume_at - time.monotonic()) > 0:
                self._resumption.wait(left)

    def _resume_within(self, timeout: float) -> None:
        """Somebody waits for so long, so the next attempt is made within half of that."""
        with self._resumption:
            now = time.monotonic()
            self._wanted_by = max(self._wanted_by, now + timeout)
            self._resume_at = min(self._resume_at, now + timeout / 2)
            self._resumption.notify_all()

    def _note(self, error: Exception) -> None:
        known, self._failure = self._failure, error
        if isinstance(error, LtbError):
            if not isinstance(known, LtbError) or known.code != error.code:
                log.warning("ltb: evaluations wait, because %s", error)
        elif type(known) is not type(error):
            # The thread has to live on: what it could not send is told at the end.
            log.error("ltb: evaluations could not be sent", exc_info=error)

    def _next(self) -> tuple[list[Entry], int | None] | None:
        """Waits for entries. Those of the spool come with the place where they end there.

        Returns None if the thread shall end, after which another one may begin.
        """
        with self._change:
            while True:
                if self._is_closed:
                    return None
                head = self._queue[0].kind if self._queue else None
                if not self.spool.is_empty and (head in (None, "update") or self._is_spools_turn):
                    self._is_spools_turn = False
                    break
                if head == "evaluation":
                    self._linger()
                if self._queue:
                    self._is_spools_turn = True
                    self._sending = batch_of(self._queue)
                    for entry in self._sending:
                        self._queue.popleft()
                        self._chars -= len(entry.body)
                    return self._sending, None
                self._is_asleep = True
                if not self._change.wait(IDLE_S) and self._is_asleep:
                    self._is_asleep, self._thread = False, None
                    return None
        # Whoever records does not wait for the disk.
        found = self.spool.peek(BATCH_ITEMS, BATCH_CHARS)
        batch = batch_of(entry for entry, _ in found)
        return batch, found[len(batch) - 1][1] if batch else None

    def _linger(self) -> None:
        """Waits until a batch is full, somebody is in a hurry, or the first entry is old enough."""
        end = time.monotonic() + LINGER_S
        while (0 < len(self._queue) < BATCH_ITEMS and self._chars < BATCH_CHARS and not self._hurries) and (
            left := end - time.monotonic()
        ) > 0:
            self._change.wait(left)

    def _restore(self, entries: Collection[Entry]) -> None:
        """Puts entries before the others in memory."""
        self._queue.extendleft(reversed([*entries]))
        self._chars += sum(len(entry.body) for entry in entries)


def tell(message: str) -> None:
    """Says something on stderr, where there is one."""
    try:
        print(f"ltb: {message}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass  # Nobody reads it any more.
