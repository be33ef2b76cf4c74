"""How a run of a handler ended, ready to be sent."""

from __future__ import annotations

import json
import traceback
from typing import NamedTuple

from .._codec import encode_message, to_json
from .._generated import models
from .job import PermanentError, Result, RetryLater
from .leases import Held
from .log import log
from .settings import Handler

# What the service stores of an error, in bytes of UTF-8. A longer one keeps its end too, because the last
# line of a traceback says what happened.
MAX_ERROR_BYTES = 65_536
TAIL_BYTES = 16_384
MIN_DELAY_S = 0.001
MAX_DELAY_S = 7 * 24 * 3600.0


class Completed(NamedTuple):
    """A result to be stored."""

    item: models.CompleteJobsItem
    size: int
    """Bytes of it as it is sent."""


class Failed(NamedTuple):
    """A failure to be stored."""

    item: models.FailJobsItem


class Released(NamedTuple):
    """The job is given back: for later as its handler said, or at once as it was stopped before its end."""

    delay: float | None = None
    """Seconds until it is due again."""
    hold_limit_key: bool = False


Outcome = Completed | Failed | Released | None
"""None: nothing is sent, as the service ends attempts at their timeout itself, and records that."""


def run(held: Held, handler: Handler) -> Outcome:
    """Runs a handler to its end. Never raises."""
    try:
        return _completed(held, handler(held.job))
    except BaseException as error:
        return _ended_by(held, error)


async def run_async(held: Held, handler: Handler) -> Outcome:
    """Runs a handler that is a coroutine to its end. Never raises."""
    try:
        return _completed(held, await handler(held.job))
    except BaseException as error:
        return _ended_by(held, error)


def failed(held: Held, error: BaseException) -> Failed:
    """The failure that an exception stands for."""
    try:
        text = _text_of(error)
    except Exception as fault:
        # A class of the handler's own may have a `__str__` that raises.
        text = _text_of(fault)
    return Failed(
        models.FailJobsItem(
            job_id=held.job.id,
            epoch=held.job.epoch,
            error=text,
            retryable=not isinstance(error, PermanentError),
        )
    )


def well_formed(text: str) -> str:
    """The text with U+FFFD for what the service cannot store: half a surrogate pair, and NUL."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


def _completed(held: Held, returned: object) -> Completed:
    result = returned if isinstance(returned, Result) else Result(returned)
    try:
        item = models.CompleteJobsItem(
            job_id=held.job.id,
            epoch=held.job.epoch,
            result=_storable(result.value),
            evaluations=result.evaluations,
        )
        return Completed(item, len(to_json(encode_message(item)).encode()))
    except Exception as error:
        raise PermanentError(f"the result cannot be sent: {error}") from error


def _storable(value: object) -> object:
    """The value without halves of surrogate pairs, which a model's answer may have if it was cut."""
    text = to_json(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(well_formed(text))
    return value


def _ended_by(held: Held, error: BaseException) -> Outcome:
    if held.job.cause == "timeout":
        return None
    if held.job.cause == "stopped":
        return Released()
    if isinstance(error, RetryLater) and held.job.cause is None:
        try:
            delay = min(max(error.seconds, MIN_DELAY_S), MAX_DELAY_S)
            log.info("%s is given back for %g s: %s", held.about, delay, error)
            return Released(delay, error.hold_limit_key)
        except Exception as fault:
            # A class of the handler's own may lack what this one has.
            error = fault
    outcome = failed(held, error)
    # That of a job that was cancelled or lost is of no use any more.
    if held.job.cause is None:
        log.warning("%s failed: %s", held.about, outcome.item.error)
    return outcome


def _text_of(error: BaseException) -> str:
    """The error of the attempt: a traceback for people, but only the message of what was raised for us."""
    if isinstance(error, PermanentError):
        text = str(error) or type(error).__name__
    else:
        # The first frame is ours.
        trace = error.__traceback__.tb_next if error.__traceback__ is not None else None
        text = "".join(traceback.format_exception(type(error), error, trace)).rstrip("\n")
    content = well_formed(text).encode()
    if len(content) > MAX_ERROR_BYTES:
        head = content[: MAX_ERROR_BYTES - TAIL_BYTES - len("…".encode())]
        content = head.rstrip() + "…".encode() + content[-TAIL_BYTES:]
    # A character that was cut in two is left out.
    return content.decode(errors="ignore")
