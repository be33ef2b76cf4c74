"""The settings of a worker, checked."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from .job import Job

Handler = Callable[[Job], Any]

MAX_CAPACITY = 10_000
MAX_NAME = 255
# Containers on their host's network share its name, and each may have a process 1.
_OWN = os.urandom(4).hex()


class Settings(NamedTuple):
    """All of them, with every default filled in."""

    worker_id: str
    capacity: int
    prefetch: int
    tags: list[str]
    metadata: Mapping[str, Any] | None
    version: str
    lease_s: float
    drain_s: float

    @classmethod
    def of(
        cls,
        worker_id: str | None,
        *,
        capacity: int,
        prefetch: int,
        tags: Iterable[str],
        metadata: Mapping[str, Any] | None,
        version: str,
        lease: float,
        drain_timeout: float,
    ) -> Settings:
        """Raises ValueError or TypeError that begins with the argument's name."""
        name = default_worker_id() if worker_id is None else worker_id
        if not 1 <= len(name) <= MAX_NAME:
            raise ValueError(f"worker_id: expected 1 to {MAX_NAME} characters, got {len(name)}")
        _expect_whole("capacity", capacity, 1, MAX_CAPACITY)
        _expect_whole("prefetch", prefetch, 0, MAX_CAPACITY - capacity)
        _expect_seconds("lease", lease, 1, 3600)
        _expect_seconds("drain_timeout", drain_timeout, 0, 1_000_000)
        if isinstance(tags, str):
            raise TypeError("tags: expected a list of texts, got one text")
        return cls(name, capacity, prefetch, list(tags), metadata, version, lease, drain_timeout)


def default_worker_id() -> str:
    """Host name, process id and what no other process has."""
    return f"{socket.gethostname()}-{os.getpid()}-{_OWN}"


class Handlers(dict[str, Handler]):
    """The handler of each type of jobs. That of `*` runs all other types."""

    def of(self, job_type: str) -> Handler | None:
        return self.get(job_type) or self.get("*")

    @property
    def claimed(self) -> list[str]:
        """The types to claim; empty: every type."""
        return [] if "*" in self else list(self)


def _expect_whole(name: str, value: object, least: int, most: int) -> None:
    if not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name}: expected a whole number from {least} to {most}, got {value!r}")


def _expect_seconds(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name}: expected seconds from {least} to {most}, got {value!r}")
