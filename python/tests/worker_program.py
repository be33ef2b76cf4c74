"""The worker of the scenarios that every runtime is held to: test/worker-scenarios/README.md.

Its handler is a plain function, and with the argument `async` a coroutine.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import ltb


def tell(job: ltb.Job, event: str) -> None:
    sys.stdout.write(json.dumps({"job": job.id, "event": event}) + "\n")
    sys.stdout.flush()


class Pause:
    """Something to wait for: heedful of the runtime, heedless, or with the whole thread."""

    def __init__(self, kind: str, seconds: float) -> None:
        self.kind = kind
        self.seconds = seconds


def steps(job: ltb.Job) -> Iterator[Pause | ltb.Result]:
    """What the job asks for, with its result at the end, apart from how a thread or a coroutine waits."""
    tell(job, "started")
    tasks: list[dict[str, Any]] = job.payload["do"]
    task = tasks[min(job.attempt, len(tasks)) - 1]
    times: int = task.get("report", 0)
    for time_of in range(1, times + 1):
        job.progress(time_of / times, f"{time_of} of {times}")
        yield Pause("ignore", task["during"] / times)
    if "fail" in task:
        raise failure_of(task)
    for kind in ("wait", "ignore"):
        if kind in task:
            yield Pause(kind, task[kind])
            tell(job, "returned")
    if "block" in task:
        yield Pause("block", task["block"])
    result = task.get("return")
    if "bytes" in task:
        result = result * task["bytes"]
    if task.get("oddly"):
        result = float("nan")
    yield ltb.Result(result, [ltb.models.NewEvaluation(**one) for one in task.get("evaluations", [])])


def failure_of(task: dict[str, Any]) -> Exception:
    text: str = task["fail"]
    if task.get("oddly"):
        return RuntimeError(f"{text} \0 \ud800 {'x' * 100_000}")
    if task.get("forGood"):
        return ltb.PermanentError(text)
    return ltb.RetryLater(task["later"], text) if "later" in task else RuntimeError(text)


def block(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def in_thread(job: ltb.Job) -> object:
    for step in steps(job):
        if isinstance(step, ltb.Result):
            return step
        if step.kind == "block":
            block(step.seconds)
        elif step.kind == "ignore":
            time.sleep(step.seconds)
        elif job.cancelled.wait(step.seconds):
            tell(job, str(job.cause))
            job.check()
    return None


async def in_loop(job: ltb.Job) -> object:
    for step in steps(job):
        if isinstance(step, ltb.Result):
            return step
        if step.kind == "block":
            block(step.seconds)
            continue
        until = time.monotonic() + step.seconds
        while (left := until - time.monotonic()) > 0:
            try:
                await asyncio.sleep(left)
            except asyncio.CancelledError:
                if step.kind == "wait":
                    tell(job, str(job.cause))
                    raise
    return None


logging.basicConfig(level=logging.DEBUG)
logging.getLogger("urllib3").setLevel(logging.INFO)
options = json.loads(os.environ["LTB_WORKER"])
worker = ltb.Worker(
    options["workerId"],
    capacity=options["capacity"],
    prefetch=options["prefetch"],
    lease=options["leaseSeconds"],
    drain_timeout=options["drainSeconds"],
    tags=options["tags"],
)
worker.job(options["jobType"])(in_loop if "async" in sys.argv else in_thread)
worker.run()
