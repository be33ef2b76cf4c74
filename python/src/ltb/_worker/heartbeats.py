"""Keeps worker and leases alive."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from .._calls import backoff
from .._generated import models
from ..client import Client
from ..errors import LtbError
from .leases import Leases
from .log import log

MAX_PAUSE_S = 2.0


class Beating(Protocol):
    """The part of the worker that heartbeats need."""

    leases: Leases
    closed: threading.Event

    def renewed(self) -> None:
        """Called after each heartbeat, which may have renewed leases."""
        ...

    def ordered(self, drain: bool) -> None: ...

    def unknown(self) -> None: ...


def beat(
    client: Client, worker_id: str, lease_s: float, interval: Callable[[], float], beating: Beating
) -> None:
    """Sends heartbeats until the worker is closed, for leases that wait, run or are being delivered.

    It runs in a thread of its own, so a handler that blocks its thread or loop keeps its lease. They come at
    the interval that the service asks for, or three times per lease if that is shorter.
    """
    failures = 0
    pause = min(interval(), lease_s / 3)
    while not beating.closed.wait(pause):
        pause = min(interval(), lease_s / 3)
        try:
            _heartbeat(client, worker_id, lease_s, max(pause, 1.0), beating)
            failures = 0
        except LtbError as error:
            if beating.closed.is_set():
                return
            failures += 1
            pause = min(pause, MAX_PAUSE_S, backoff(failures))
            if error.code == "NOT_FOUND":
                beating.unknown()
            else:
                log.warning("the heartbeat failed; trying again: %s", error)


def _heartbeat(client: Client, worker_id: str, lease_s: float, timeout: float, beating: Beating) -> None:
    leases = beating.leases
    held = leases.held
    sent_at = time.monotonic()
    answer = client.workers.heartbeat(
        worker_id,
        leases=[models.LeaseRef(job_id=one.job.id, epoch=one.job.epoch) for one in held],
        lease=lease_s,
        cpu=_processor_use(),
        memory=_memory_use(),
        timeout=timeout,
    )
    leases.drop_each(answer.cancelled, "cancelled")
    leases.drop_each(answer.lost, "lost")
    if answer.expires_in is not None:
        for one in held:
            one.expires_at = sent_at + answer.expires_in.total_seconds()
    beating.renewed()
    beating.ordered(answer.drain)


def _processor_use() -> float | None:
    try:
        return min(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    except (OSError, AttributeError):
        return None  # Windows has no load.


def _memory_use() -> float | None:
    try:
        lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
        kilobytes = {words[0]: int(words[1]) for words in lines}
        # Containers may be told of more that is free than there is.
        return max(0.0, 1 - kilobytes["MemAvailable:"] / kilobytes["MemTotal:"])
    except (OSError, ValueError, KeyError, IndexError, ZeroDivisionError):
        return None  # Only Linux has it.
