"""What handlers get, return and raise."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal

from .._generated import models

Cause = Literal["cancelled", "lost", "timeout", "stopped"]
"""Why a handler should stop. `cancelled`: somebody cancelled the job. `lost`: the lease is no longer this
worker's. `timeout`: the job's timeout_seconds are over, which the service records by itself. `stopped`: the
worker stops and cannot wait any longer; the job is given back."""


class Job:
    """A job that runs, for its handler."""

    id: str
    type: str
    payload: dict[str, Any]
    """Its input. Whole numbers have all of their digits."""
    metadata: dict[str, Any]
    benchmark_id: str
    """The benchmark of its evaluations; empty: none."""
    attempt: int
    """Number of the attempt, from 1 on."""
    epoch: int
    """Number of the lease, which no other attempt of the job has."""
    message: models.Job
    """Every field of the contract."""
    cancelled: threading.Event
    """Set when the work is no longer of use. Then `cause` says why."""
    cause: Cause | None

    def __init__(self, lease: models.Lease, report: Callable[[float | None, str | None], None]) -> None:
        job = lease.job
        self.id, self.type, self.benchmark_id, self.message = job.id, job.job_type, job.benchmark_id, job
        self.payload, self.metadata = job.payload or {}, job.metadata or {}
        self.attempt, self.epoch = lease.attempt, lease.epoch
        self.cancelled = threading.Event()
        self.cause = None
        self._report = report

    def progress(self, fraction: float | None = None, message: str | None = None) -> None:
        """Reports how far it is: a share from 0 to 1, and a message of at most 1024 characters.

        None leaves either as it was. The service gets the latest report, at most once a second, however often
        this is called. It waits for nothing and never raises.
        """
        self._report(fraction, message)

    def check(self) -> None:
        """Raises JobAborted if the work is no longer of use. Handlers in threads call it now and then."""
        if self.cause is not None:
            raise JobAborted(self.cause)

    def __repr__(self) -> str:
        return f"Job({self.id}, {self.type!r}, attempt={self.attempt})"


class Result:
    """A handler's result with evaluations, which are stored together, and only once.

    Args:
        value: Any JSON: what `json.dumps` takes, without numbers that are not finite. At most 1 MiB.
        evaluations: At most 1000. Their benchmark is that of the job unless they name another.
    """

    def __init__(self, value: Any = None, evaluations: Sequence[models.NewEvaluation] = ()) -> None:
        self.value = value
        self.evaluations = list(evaluations)


class PermanentError(Exception):
    """A failure that no retry would mend: the job fails for good, even if retries are left."""


class RetryLater(Exception):  # noqa: N818 - it says what to do
    """Gives the job back for later: the answer to a provider's 429.

    That costs no retry, as often as the job's `max_snoozes` allows; more often it is a failed attempt.

    Args:
        seconds: Until the job is due again, at most 7 days; a longer time is shortened. A text such as that
            of the header Retry-After is read if it is a number.
        message: For the worker's log.
        hold_limit_key: Keeps all jobs with this one's limit key from starting meanwhile, on every worker, for
            at most an hour at a time.

    Raises:
        ValueError, TypeError: `seconds` is no number.
    """

    def __init__(
        self,
        seconds: float | str,
        message: str = "to be retried later",
        *,
        hold_limit_key: bool = True,
    ) -> None:
        super().__init__(message)
        self.hold_limit_key = hold_limit_key
        try:
            self.seconds = float(seconds)
        except (ValueError, TypeError) as error:
            raise type(error)(f"seconds: expected a number, got {seconds!r:.100}") from None
        if math.isnan(self.seconds):
            raise ValueError("seconds: expected a number, got nan")


class JobAborted(BaseException):
    """Raised by `Job.check`. No `except Exception` holds it up, like `asyncio.CancelledError`."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause
